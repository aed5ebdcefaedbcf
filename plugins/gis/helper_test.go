package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

const (
	orgGUID    = "11111111-1111-4111-8111-111111111111"
	clerkGUID  = "77777777-0000-4000-8000-000000000001"
	masterGUID = "77777777-0000-4000-8000-000000000002"
)

// world starts an emulator that verifies signatures.
func world(t testing.TB, change func(*emulator.Options)) *emulator.World {
	t.Helper()
	o := emulator.Options{Orgs: []string{orgGUID}, Polls: -1, Verify: verifyRSA, Digest: digestRSA, Schema: os.Getenv("UZEL_GIS_SCHEMA")}
	if change != nil {
		change(&o)
	}
	w, err := emulator.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// config are settings of the account on an emulator, as JSON.
func config(url string, change ...func(map[string]any)) map[string]any {
	set := map[string]any{
		"url": url, "org": orgGUID, "answerer": clerkGUID,
		"performers": []any{map[string]any{"name": "Мастеров Пётр Ильич", "guid": masterGUID}},
		"receive":    map[string]any{"every": "1s", "reread": "1s"},
		"poll":       map[string]any{"first": "10ms", "most": "20ms", "wait": "5s"},
	}
	for _, c := range change {
		c(set)
	}
	return set
}

// hub is a hub in memory with the account configured and a signature connector
// beside it.
func hub(t testing.TB, w *emulator.World, change ...func(map[string]any)) *sdktest.Hub {
	t.Helper()
	h := sdktest.InProcess(t, connector(systemClock()), nil)
	return configured(t, h, w, change...)
}

func configured(t testing.TB, h *sdktest.Hub, w *emulator.World, change ...func(map[string]any)) *sdktest.Hub {
	t.Helper()
	for name, s := range services() {
		h.Handle(name, s)
	}
	if err := h.Configure(config(w.URL, change...), nil); err != nil {
		t.Fatal(err)
	}
	h.OpenCalls()
	return h
}

func services() map[string]sdktest.Service {
	s := signer()
	return map[string]sdktest.Service{
		serviceCertificates: s.certificates, serviceHash: s.hash, serviceSign: s.sign,
		serviceDocument: func(_ context.Context, call sdk.Call) (sdk.Result, error) {
			id, _ := call.Input["document"].(string)
			return sdk.Result{Output: sdk.Values{"external_id": id}}, nil
		},
	}
}

// rsaSigner stands in for the signature connector, with an RSA key.
type rsaSigner struct {
	key *rsa.PrivateKey
	der []byte
}

// signer makes the key once: all tests share it.
var signer = sync.OnceValue(func() *rsaSigner {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	name := pkix.Name{CommonName: `УЦ "Тест, проба"`, Organization: []string{"Test Org"}, Country: []string{"RU"}}
	cert := &x509.Certificate{SerialNumber: big.NewInt(62104), Subject: name, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &rsaSigner{key, der}
})

func (s *rsaSigner) certificates(context.Context, sdk.Call) (sdk.Result, error) {
	sum := sha1.Sum(s.der)
	return sdk.Result{Output: sdk.Values{"certificates": []any{map[string]any{
		"thumbprint": hex.EncodeToString(sum[:]), "der": base64.StdEncoding.EncodeToString(s.der), "chain": []any{},
		"algorithm": "rsa", "digest": "sha256", "default": true, "raw": true,
	}}}}, nil
}

func (s *rsaSigner) hash(_ context.Context, call sdk.Call) (sdk.Result, error) {
	text, _ := call.Input["data"].(string)
	data, err := base64.StdEncoding.DecodeString(text)
	if len(call.Files) == 1 {
		data, err = body(call.Files[0])
	}
	if err != nil {
		return sdk.Result{}, err
	}
	sum := sha256.Sum256(data)
	return sdk.Result{Output: sdk.Values{"algorithm": "sha256", "digests": []any{map[string]any{
		"name": "", "size": len(data), "hex": hex.EncodeToString(sum[:]), "base64": base64.StdEncoding.EncodeToString(sum[:]),
	}}}}, nil
}

func (s *rsaSigner) sign(_ context.Context, call sdk.Call) (sdk.Result, error) {
	text, _ := call.Input["data"].(string)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || call.Input["format"] != "raw" {
		return sdk.Result{}, errors.New("wrong input of sign")
	}
	sum := sha256.Sum256(data)
	value, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	return sdk.Result{Output: sdk.Values{"signature": base64.StdEncoding.EncodeToString(value)}}, err
}

func verifyRSA(algorithm string, certificate, signed, value []byte) error {
	cert, err := x509.ParseCertificate(certificate)
	if err != nil || algorithm != "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" {
		return fmt.Errorf("certificate or %s: %w", algorithm, err)
	}
	return cert.CheckSignature(x509.SHA256WithRSA, signed, value)
}

func digestRSA(method string, data []byte) ([]byte, error) {
	if method != "http://www.w3.org/2001/04/xmlenc#sha256" {
		return nil, errors.New("another digest: " + method)
	}
	sum := sha256.Sum256(data)
	return sum[:], nil
}

func body(f sdk.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	return io.ReadAll(r)
}

func mustBody(t testing.TB, f sdk.File) []byte {
	t.Helper()
	b, err := body(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bulk is a body of n bytes in which no part is like another.
func bulk(n int) []byte {
	sum := md5.Sum([]byte{byte(n)})
	out := bytes.Repeat(sum[:], n/16+1)[:n]
	for i := 0; i < n; i += 1000 {
		out[i] = byte(i / 1000)
	}
	return out
}

// answer is a dispatch that answers an appeal.
func answer(guid, text string, files ...sdk.File) sdk.Dispatch {
	return sdk.Dispatch{
		Delivery: "dlv_" + guid, Attempt: 1, Purpose: sdk.PurposeAnswer, Origin: guid, Files: files,
		Document: sdk.Document{ID: "doc_2", Number: "Исх-2026/000001", Text: text, Author: "Мастеров Пётр Ильич"},
	}
}

// sent sends and expects the delivery to be out.
func sent(t testing.TB, h *sdktest.Hub, d sdk.Dispatch) sdk.Receipt {
	t.Helper()
	r, err := h.Send(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != sdk.StateSent {
		t.Fatalf("receipt: %+v", r)
	}
	return r
}

// stored is a message the hub has, nil if it has none of that id.
func stored(h *sdktest.Hub, id string) *sdk.Message {
	for _, m := range h.Stored() {
		if m.ExternalID == id {
			return &m
		}
	}
	return nil
}
