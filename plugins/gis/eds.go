package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/gost94"
	"github.com/uzel-hub/uzel/plugins/gis/internal/xades"
	"github.com/uzel-hub/uzel/sdk"
)

// The services this connector asks of the hub: those of the electronic
// signature, and the hub's own about documents.
const (
	serviceCertificates = "certificates"
	serviceHash         = "hash"
	serviceSign         = "sign"
	serviceDocument     = "document"
)

// eds hashes and signs with the connector of the electronic signature.
type eds struct {
	call        func(context.Context, sdk.Call) (sdk.Result, error)
	certificate string // thumbprint; "" = the default one
	wait        func(context.Context, time.Duration, <-chan struct{}) error

	mu     sync.Mutex
	key    xades.Key
	thumb  string
	expire time.Time // the key is asked for again
}

var _ xades.Signer = (*eds)(nil)

// keyAge is how long a certificate is believed to be the one.
const keyAge = 10 * time.Minute

// ask calls a service to its end: a person may have to confirm a signature.
func (e *eds) ask(ctx context.Context, call sdk.Call, out any) error {
	for {
		r, err := e.call(ctx, call)
		if err != nil {
			return fmt.Errorf("call %s: %w", call.Service, err)
		}
		if !r.Pending {
			return read(r.Output, out)
		}
		call = sdk.Call{Service: call.Service, Token: r.Token}
		if err := e.wait(ctx, max(r.AskAfter, time.Second), nil); err != nil {
			return err
		}
	}
}

// Key implements xades.Signer.
func (e *eds) Key(ctx context.Context) (xades.Key, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Now().Before(e.expire) {
		return e.key, nil
	}
	var out struct {
		Certificates []struct {
			Thumbprint, DER, Algorithm, Digest string
			Default, Raw                       bool
		}
	}
	if err := e.ask(ctx, sdk.Call{Service: serviceCertificates}, &out); err != nil {
		return xades.Key{}, err
	}
	for _, c := range out.Certificates {
		if c.Thumbprint != e.certificate && (e.certificate != "" || !c.Default) {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(c.DER)
		if err != nil {
			return xades.Key{}, fmt.Errorf("read certificate: %w", err)
		}
		e.key, e.thumb = xades.Key{DER: der, Algorithm: c.Algorithm, Digest: c.Digest}, c.Thumbprint
		e.expire = time.Now().Add(keyAge)
		return e.key, nil
	}
	return xades.Key{}, &sdk.Error{
		Kind: "config", Code: "gis.certificate", Field: "certificate", Source: "plugin",
		Text: "в коннекторе электронной подписи нет такого сертификата",
	}
}

type digests struct {
	Digests []struct{ Hex, Base64 string }
}

// Digest implements xades.Signer.
func (e *eds) Digest(ctx context.Context, k xades.Key, data []byte) ([]byte, error) {
	var out digests
	err := e.ask(ctx, sdk.Call{Service: serviceHash, Input: sdk.Values{
		"algorithm": k.Digest, "data": base64.StdEncoding.EncodeToString(data),
	}}, &out)
	if err != nil {
		return nil, err
	}
	if len(out.Digests) != 1 {
		return nil, fmt.Errorf("call %s: %d digests", serviceHash, len(out.Digests))
	}
	return base64.StdEncoding.DecodeString(out.Digests[0].Base64)
}

// Sign implements xades.Signer.
func (e *eds) Sign(ctx context.Context, _ xades.Key, data []byte) ([]byte, error) {
	e.mu.Lock()
	thumb := e.thumb
	e.mu.Unlock()
	var out struct{ Signature string }
	err := e.ask(ctx, sdk.Call{Service: serviceSign, Input: sdk.Values{
		"format": "raw", "certificate": thumb, "data": base64.StdEncoding.EncodeToString(data),
	}}, &out)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(out.Signature)
}

// fileHash is the hash of an attachment in hex, by the algorithm of the
// settings. GOST R 34.11-94 is too old for the signature connector.
func (e *eds) fileHash(ctx context.Context, algorithm string, f sdk.File) (string, error) {
	if algorithm == "gost94" {
		r, err := f.Open()
		if err != nil {
			return "", err
		}
		defer r.Close() //nolint:errcheck // only read
		h := gost94.New()
		if _, err := io.Copy(h, r); err != nil {
			return "", err
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	var out digests
	if err := e.ask(ctx, sdk.Call{Service: serviceHash, Input: sdk.Values{"algorithm": algorithm}, Files: []sdk.File{f}}, &out); err != nil {
		return "", err
	}
	if len(out.Digests) != 1 || out.Digests[0].Hex == "" {
		return "", fmt.Errorf("call %s: %d digests", serviceHash, len(out.Digests))
	}
	return string(bytes.ToLower([]byte(out.Digests[0].Hex))), nil
}
