package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

const letter = "Ответ на обращение\n"

// object is a JSON object of settings.
type object = map[string]any

// trusting are settings that trust the authority and have its list.
func trusting(t *testing.T, ca *edstest.PKI, revoked ...edstest.Holder) object {
	t.Helper()
	list := ca.Write("list.crl", string(ca.CRL(revoked...)))
	return object{"roots": string(edstest.Read(t, ca.Root)), "lists": []string{list}}
}

// keySettingsOf are the settings of the back end openssl with the holder's key.
func keySettingsOf(t *testing.T, ca *edstest.PKI, h edstest.Holder) (settings object, secrets map[string]string) {
	t.Helper()
	return object{
		"back_end": "openssl", "trust": trusting(t, ca),
		"key": object{"certificate": string(edstest.Read(t, h.Certificate)) + string(edstest.Read(t, ca.Root))},
	}, map[string]string{"key.key": string(edstest.Read(t, h.Key))}
}

// pkcs12Of puts the holder's key in a container.
func pkcs12Of(t *testing.T, ca *edstest.PKI, h edstest.Holder) (settings object, secrets map[string]string) {
	t.Helper()
	file := ca.Path("holder.p12")
	ca.OpenSSL("pkcs12", "-export", "-inkey", h.Key, "-in", h.Certificate, "-certfile", ca.Root, "-passout", "pass:тайна", "-out", file)
	return object{"back_end": "pkcs12", "pkcs12": object{"file": file}, "trust": trusting(t, ca)}, map[string]string{"pkcs12.password": "тайна"}
}

// cspOf are the settings of CryptoPro's double.
func cspOf(t *testing.T, ca *edstest.PKI, h edstest.Holder) (settings object, secrets map[string]string) {
	t.Helper()
	folder := edstest.CSP(t, ca, "1234", ca.IssueFor("other", "plain"), h)
	return object{
		"back_end": "cryptopro", "trust": trusting(t, ca),
		"cryptopro": object{"folder": folder, "thumbprint": thumbprint(t, ca, h)},
	}, map[string]string{"cryptopro.pin": "1234"}
}

func thumbprint(t *testing.T, ca *edstest.PKI, h edstest.Holder) string {
	t.Helper()
	out := ca.OpenSSL("x509", "-in", h.Certificate, "-noout", "-fingerprint", "-sha1")
	_, print, _ := strings.Cut(strings.TrimSpace(string(out)), "=")
	return print
}

// channel is a configured connector in a hub in memory.
func channel(t *testing.T, settings object, secrets map[string]string) *sdktest.Hub {
	t.Helper()
	h := sdktest.InProcess(t, connector(), nil)
	if err := h.Configure(settings, secrets); err != nil {
		t.Fatalf("configure: %v", err)
	}
	return h
}

func do(t *testing.T, h *sdktest.Hub, operation string, in sdk.Values, files ...sdk.File) sdk.Result {
	t.Helper()
	r, err := h.Do(t.Context(), sdk.OperationCall{Operation: operation, Input: in, Files: files})
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return r
}

// output reads an output into the struct that describes it.
func output[T any](t *testing.T, r sdk.Result) (out T) {
	t.Helper()
	if err := r.Output.Decode(&out); err != nil {
		raw, _ := json.Marshal(r.Output)
		t.Fatalf("%v: %s", err, raw)
	}
	return out
}

func bytesOf(t *testing.T, f sdk.File) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func signatureFile(name, signs string, raw []byte) sdk.File {
	f := sdk.Bytes(name, raw)
	f.Role, f.Signs = sdk.RoleSignature, signs
	return f
}

// reportOf verifies a detached signature of a text.
func reportOf(t *testing.T, h *sdktest.Hub, sig []byte, text string) judge.Report {
	t.Helper()
	out := output[verifyOutput](t, do(t, h, opVerify, nil, sdk.Bytes("ответ.txt", []byte(text)), signatureFile("ответ.txt.sig", "", sig)))
	if len(out.Reports) != 1 {
		t.Fatalf("%d reports", len(out.Reports))
	}
	return out.Reports[0]
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func codeOf(err error) string {
	e, ok := err.(*sdk.Error)
	if !ok {
		return fmt.Sprint(err)
	}
	return e.Kind + " " + e.Code
}

func certificateOf(t *testing.T, h edstest.Holder) *pki.Certificate {
	t.Helper()
	all, err := pki.ParseCertificates(edstest.Read(t, h.Certificate))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d certificates, %v", len(all), err)
	}
	return all[0]
}
