package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"sync"

	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

// keyFile signs with a private key held in memory: RSA and ECDSA by Go's own
// code, GOST by OpenSSL with its engine. The key is opened when it is first
// needed.
type keyFile struct {
	tool openssl
	load func(ctx context.Context, tool openssl) (key []byte, certificates []*pki.Certificate, err error)

	mu     sync.Mutex
	opened *openedKey
}

type openedKey struct {
	credential
	pem []byte        // PKCS#8, for OpenSSL
	std crypto.Signer // RSA and ECDSA
}

var (
	_ backEnd     = (*keyFile)(nil)
	_ valueSigner = (*keyFile)(nil)
)

// newKeyFile is the back end of a certificate and a key in PEM.
func newKeyFile(s settings) (*keyFile, error) {
	if s.Key.Certificate == "" {
		return nil, misconfigured(codeKey, "key.certificate", "не задан сертификат", nil)
	}
	if s.Key.Key.IsSet() == (s.Key.KeyFile != "") {
		return nil, misconfigured(codeKey, "key.key", "нужен либо ключ, либо путь к его файлу", nil)
	}
	certificates, err := pki.ParseCertificates([]byte(s.Key.Certificate))
	if err != nil || len(certificates) == 0 {
		return nil, misconfigured(codeKey, "key.certificate", "сертификат не читается", err)
	}
	load := func(ctx context.Context, tool openssl) ([]byte, []*pki.Certificate, error) {
		raw := []byte(s.Key.Key.Reveal())
		if s.Key.KeyFile != "" {
			var err error
			if raw, err = os.ReadFile(s.Key.KeyFile); err != nil {
				return nil, nil, misconfigured(codeKey, "key.key_file", "файл ключа не читается", err)
			}
		}
		key, err := tool.run(ctx, nil, [][]byte{raw, []byte(s.Key.Password.Reveal() + "\n")}, "pkey", "-in", "/dev/fd/3", "-passin", "fd:4")
		return key, certificates, unopened(err, "key.key", "ключ не открывается: проверьте его и пароль")
	}
	return &keyFile{tool: openssl{s.Program}, load: load}, nil
}

// newPKCS12 is the back end of a PKCS#12 file.
func newPKCS12(s settings) (*keyFile, error) {
	if s.PKCS12.File == "" {
		return nil, misconfigured(codeKey, "pkcs12.file", "не задан файл контейнера", nil)
	}
	load := func(ctx context.Context, tool openssl) ([]byte, []*pki.Certificate, error) {
		raw, err := os.ReadFile(s.PKCS12.File)
		if err != nil {
			return nil, nil, misconfigured(codeKey, "pkcs12.file", "файл контейнера не читается", err)
		}
		out, err := tool.run(ctx, raw, [][]byte{[]byte(s.PKCS12.Password.Reveal() + "\n")}, "pkcs12", "-nodes", "-passin", "fd:3")
		if err != nil {
			return nil, nil, unopened(err, "pkcs12.password", "контейнер не открывается: проверьте его и пароль")
		}
		certificates, err := pki.ParseCertificates(out)
		if err != nil {
			return nil, nil, misconfigured(codeKey, "pkcs12.file", "сертификат в контейнере не читается", err)
		}
		return keyBlock(out), certificates, nil
	}
	return &keyFile{tool: openssl{s.Program}, load: load}, nil
}

// unopened makes a program's refusal the fault of a setting; other errors stay.
func unopened(err error, field, text string) error {
	if refused := (*exitError)(nil); errors.As(err, &refused) {
		return misconfigured(codeKey, field, text, err)
	}
	return err
}

// keyBlock is the private key among other blocks of PEM.
func keyBlock(raw []byte) []byte {
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "PRIVATE KEY" {
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})
		}
	}
	return nil
}

// open opens the key once.
func (k *keyFile) open(ctx context.Context) (*openedKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened != nil {
		return k.opened, nil
	}
	key, certificates, err := k.load(ctx, k.tool)
	if err != nil {
		return nil, err
	}
	o, err := k.match(ctx, key, certificates)
	if err != nil {
		return nil, err
	}
	k.opened = o
	return o, nil
}

// match finds the certificate of the key by signing with it: the others are its
// chain.
func (k *keyFile) match(ctx context.Context, key []byte, certificates []*pki.Certificate) (*openedKey, error) {
	o := &openedKey{pem: key, std: standard(key)}
	probe := []byte(rand.Text())
	for i, c := range certificates {
		o.credential = credential{Certificate: c}
		value, err := k.signWith(ctx, o, probe)
		if err != nil {
			return nil, err
		}
		if value == nil || c.Verify(c.Digest(), c.Digest().Sum(probe), value) != nil {
			continue
		}
		o.Chain = append(append([]*pki.Certificate{}, certificates[:i]...), certificates[i+1:]...)
		return o, nil
	}
	return nil, misconfigured(codeKey, "", "закрытый ключ не подходит ни к одному сертификату", nil)
}

// standard is a key that Go knows, nil for others.
func standard(key []byte) crypto.Signer {
	block, _ := pem.Decode(key)
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	switch parsed.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
		return parsed.(crypto.Signer)
	}
	return nil
}

// signWith makes a value with the opened key; nil if the key is of another
// algorithm than the certificate.
func (k *keyFile) signWith(ctx context.Context, o *openedKey, data []byte) ([]byte, error) {
	algorithm := o.Algorithm()
	isGOST := algorithm == pki.KeyGOST256 || algorithm == pki.KeyGOST512
	switch {
	case isGOST && o.std == nil:
		value, err := k.tool.run(ctx, data, [][]byte{o.pem}, "dgst", opensslDigest(o.Digest()), "-sign", "/dev/fd/3")
		return value, unopened(err, "key.key", "openssl не может подписать этим ключом")
	case !isGOST && o.std != nil && algorithm != "":
		return o.std.Sign(rand.Reader, o.Digest().Sum(data), o.Digest().Std())
	}
	return nil, nil
}

func opensslDigest(d *pki.Digest) string {
	if d == pki.GOST512 {
		return "-md_gost12_512"
	}
	return "-md_gost12_256"
}

// Credentials is the one certificate of the key.
func (k *keyFile) Credentials(ctx context.Context) ([]credential, error) {
	o, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	return []credential{o.credential}, nil
}

// Check opens the key and signs with it.
func (k *keyFile) Check(ctx context.Context) error {
	o, err := k.open(ctx)
	if err != nil {
		return err
	}
	_, err = k.signWith(ctx, o, []byte("check"))
	return err
}

// SignValue signs with the key in memory.
func (k *keyFile) SignValue(ctx context.Context, c credential, data []byte) ([]byte, error) {
	o, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(o.Raw, c.Raw) {
		return nil, badInput(codeNotFound, "certificate", "нет сертификата с таким отпечатком")
	}
	return k.signWith(ctx, o, data)
}
