package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// OpenSSL verifies and hashes with the program openssl and its GOST engine, so
// that the emulator's word on a signature owes nothing to those who made it.
// Its methods are for the fields Verify and Digest of Options.
type OpenSSL struct {
	Roots string // path of PEM: authorities whose certificates are believed
	Dir   string // folder for the files of a call, which are erased after it
}

// The algorithms of XMLDSig for GOST R 34.10-2012 and 34.11-2012 end in the size.
const (
	gostSignature = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34102012-gostr34112012-"
	gostDigest    = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34112012-"
)

var gostSizes = map[string]string{"256": "-md_gost12_256", "512": "-md_gost12_512"}

// Verify checks the certificate's chain and the value over exactly signed.
func (o OpenSSL) Verify(algorithm string, certificate, signed, value []byte) error {
	digest := gostSizes[strings.TrimPrefix(algorithm, gostSignature)]
	if digest == "" {
		return errors.New("another algorithm: " + algorithm)
	}
	return o.among(map[string][]byte{
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), "value": value, "signed": signed,
	}, func(dir string) error {
		cert := filepath.Join(dir, "cert.pem")
		if _, err := openssl(nil, "verify", "-engine", "gost", "-CAfile", o.Roots, cert); err != nil {
			return err
		}
		public, err := openssl(nil, "x509", "-engine", "gost", "-in", cert, "-noout", "-pubkey")
		if err != nil {
			return err
		}
		key := filepath.Join(dir, "public.pem")
		if err := os.WriteFile(key, public, 0o600); err != nil {
			return err
		}
		_, err = openssl(nil, "dgst", "-engine", "gost", digest, "-verify", key, "-signature", filepath.Join(dir, "value"), filepath.Join(dir, "signed"))
		return err
	})
}

// Digest hashes by the URI of the method.
func (o OpenSSL) Digest(method string, data []byte) ([]byte, error) {
	if method == "http://www.w3.org/2001/04/xmlenc#sha256" {
		sum := sha256.Sum256(data)
		return sum[:], nil
	}
	digest := gostSizes[strings.TrimPrefix(method, gostDigest)]
	if digest == "" {
		return nil, errors.New("another digest: " + method)
	}
	return openssl(data, "dgst", "-engine", "gost", digest, "-binary")
}

// among runs do with the files in a folder of their own.
func (o OpenSSL) among(files map[string][]byte, do func(dir string) error) error {
	dir, err := os.MkdirTemp(o.Dir, "openssl-*")
	if err != nil {
		return err
	}
	for name, body := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), body, 0o600))
	}
	if err == nil {
		err = do(dir)
	}
	return errors.Join(err, os.RemoveAll(dir))
}

func openssl(in []byte, args ...string) ([]byte, error) {
	cmd := exec.Command("openssl", args...)
	var out, trouble bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &trouble
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("openssl %s: %w: %s%s", args[0], err, out.Bytes(), trouble.Bytes())
	}
	return out.Bytes(), nil
}
