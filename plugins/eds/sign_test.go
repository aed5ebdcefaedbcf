package main

import (
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// backEnds make a channel of each kind for a holder.
func backEnds() map[string]func(*testing.T, *edstest.PKI, edstest.Holder) (object, map[string]string) {
	return map[string]func(*testing.T, *edstest.PKI, edstest.Holder) (object, map[string]string){
		"openssl": keySettingsOf, "pkcs12": pkcs12Of, "cryptopro": cspOf,
	}
}

// gnuTLSKnows are the kinds that certtool can judge.
func gnuTLSKnows(kind string) bool {
	return kind == "gost256-A" || kind == "gost512-A" || kind == "rsa" || kind == "ecdsa-P-256"
}

// TestSignaturesVerifyElsewhere signs by every back end with every kind of key,
// and asks OpenSSL, GnuTLS and ourselves.
func TestSignaturesVerifyElsewhere(t *testing.T) {
	for _, kind := range []edstest.Kind{
		edstest.GOST(256, "A"), edstest.GOST(256, "TCA"), edstest.GOST(512, "A"), edstest.GOST(512, "C"), edstest.RSA(), edstest.ECDSA("P-256"),
	} {
		for name, settingsOf := range backEnds() {
			t.Run(name+"/"+kind.Name, func(t *testing.T) {
				ca := edstest.New(t, kind)
				holder := ca.Issue("user")
				settings, secrets := settingsOf(t, ca, holder)
				h := channel(t, settings, secrets)
				if err := h.Check(); err != nil {
					t.Fatal(err)
				}
				verifyEverywhere(t, h, ca, gnuTLSKnows(kind.Name))
				verifyRaw(t, h, ca, holder)
			})
		}
	}
}

func verifyEverywhere(t *testing.T, h *sdktest.Hub, ca *edstest.PKI, gnuTLS bool) {
	t.Helper()
	r := do(t, h, opSign, nil, sdk.Bytes("ответ.txt", []byte(letter)))
	if len(r.Files) != 1 || r.Files[0].Name != "ответ.txt.sig" || r.Files[0].Role != sdk.RoleSignature || r.Files[0].Signs != "ответ.txt" {
		t.Fatalf("files: %+v", r.Files)
	}
	sig := bytesOf(t, r.Files[0])
	if err := ca.Verify(sig, letter); err != nil {
		t.Error(err)
	}
	if err := ca.Verify(sig, letter+"!"); err == nil {
		t.Error("OpenSSL takes it for another document")
	}
	if gnuTLS {
		if err := ca.VerifyGnuTLS(sig, letter); err != nil {
			t.Error(err)
		}
	}
	if report := reportOf(t, h, sig, letter); report.Status != "valid" || report.Format != "CAdES-BES" {
		t.Errorf("%s %s %s", report.Status, report.Code, report.Format)
	}
	if report := reportOf(t, h, sig, letter+"!"); report.Status != "invalid" || report.Code != "hash_mismatch" {
		t.Errorf("changed: %s %s", report.Status, report.Code)
	}
	inside := bytesOf(t, do(t, h, opSign, sdk.Values{"attached": true}, sdk.Bytes("ответ.txt", []byte(letter))).Files[0])
	if got, err := ca.Content(inside); err != nil || got != letter {
		t.Errorf("OpenSSL finds %q inside, %v", got, err)
	}
	out := output[verifyOutput](t, do(t, h, opVerify, nil, signatureFile("ответ.txt.sig", "", inside)))
	if len(out.Reports) != 1 || out.Reports[0].Status != "valid" || !out.Reports[0].Attached {
		t.Errorf("attached: %+v", out.Reports)
	}
}

// verifyRaw signs bytes without an envelope and asks OpenSSL.
func verifyRaw(t *testing.T, h *sdktest.Hub, ca *edstest.PKI, holder edstest.Holder) {
	t.Helper()
	data := "<ds:SignedInfo/>"
	out := output[signOutput](t, do(t, h, opSign, sdk.Values{"format": "raw", "data": base64.StdEncoding.EncodeToString([]byte(data))}))
	if out.SignatureMethod == "" || out.DigestMethod == "" {
		t.Errorf("no URIs: %+v", out)
	}
	c, err := pki.ParseCertificate(unbase64(t, out.Certificate.DER))
	if err != nil {
		t.Fatal(err)
	}
	value := inDER(c, unbase64(t, out.Signature))
	md := map[string]string{"gost256": "-md_gost12_256", "gost512": "-md_gost12_512"}[out.Digest]
	if md == "" {
		md = "-" + out.Digest
	}
	ca.OpenSSL("x509", "-in", holder.Certificate, "-pubkey", "-noout", "-out", ca.Path("public.pem"))
	said, err := ca.Try("openssl", "dgst", md, "-verify", ca.Path("public.pem"), "-signature", ca.Write("value", string(value)), ca.Write("data", data))
	if err != nil {
		t.Errorf("raw: %v: %s", err, said)
	}
}

// inDER turns r ‖ s of XMLDSig into the form OpenSSL reads.
func inDER(c *pki.Certificate, value []byte) []byte {
	if _, ok := c.PublicKey.(*ecdsa.PublicKey); !ok {
		return value
	}
	number := func(b []byte) []byte {
		raw := new(big.Int).SetBytes(b).Bytes()
		if raw[0] >= 0x80 {
			raw = append([]byte{0}, raw...)
		}
		return append([]byte{2, byte(len(raw))}, raw...)
	}
	both := append(number(value[:len(value)/2]), number(value[len(value)/2:])...)
	return append([]byte{0x30, byte(len(both))}, both...)
}

func TestHashKnowsItsDefault(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(512, "A"))
	settings, secrets := keySettingsOf(t, ca, ca.Issue("user"))
	h := channel(t, settings, secrets)
	out := output[hashOutput](t, do(t, h, opHash, sdk.Values{"data": "YWJj"}))
	if out.Algorithm != "gost512" || out.Digests[0].Hex[:16] != "28156e28317da7c9" || out.Digests[0].Size != 3 {
		t.Errorf("%+v", out)
	}
	out = output[hashOutput](t, do(t, h, opHash, sdk.Values{"algorithm": "gost256"}, sdk.Bytes("a.txt", []byte("abc")), sdk.Bytes("b.txt", nil)))
	if len(out.Digests) != 2 || out.Digests[0].Hex[:16] != "4e2919cf137ed41e" || out.Digests[1].Name != "b.txt" || out.Digests[1].Hex[:16] != "3f539a213e97c802" {
		t.Errorf("%+v", out)
	}
	if raw := hex.EncodeToString(unbase64(t, out.Digests[0].Base64)); raw != out.Digests[0].Hex {
		t.Errorf("base64 and hex differ: %s", raw)
	}
}

func TestCertificatesTellWhatSigns(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	holder := ca.Issue("user")
	settings, secrets := cspOf(t, ca, holder)
	out := output[certificatesOutput](t, do(t, channel(t, settings, secrets), opCertificates, nil))
	if len(out.Certificates) != 2 || !out.Certificates[0].Default || out.Certificates[1].Default {
		t.Fatalf("%+v", out.Certificates)
	}
	first := out.Certificates[0]
	if first.Algorithm != "gost2012-256" || first.Digest != "gost256" || first.Holder.Surname != "Иванов" || !first.Raw || first.Serial != "1002" && first.Serial != "1001" {
		t.Errorf("%+v", first)
	}
}

func TestWrongRequestsAreTold(t *testing.T) {
	ca := edstest.New(t, edstest.RSA())
	settings, secrets := keySettingsOf(t, ca, ca.Issue("user"))
	h := channel(t, settings, secrets)
	file := sdk.Bytes("a.txt", []byte("a"))
	for name, c := range map[string]struct {
		operation string
		in        sdk.Values
		files     []sdk.File
		want      string
	}{
		"no such certificate":  {opSign, sdk.Values{"certificate": "00"}, []sdk.File{file}, "invalid eds.certificate_not_found"},
		"nothing to sign":      {opSign, nil, nil, "invalid eds.data"},
		"CAdES of data":        {opSign, sdk.Values{"data": "YQ=="}, nil, "invalid eds.data"},
		"raw of two files":     {opSign, sdk.Values{"format": "raw"}, []sdk.File{file, file}, "invalid eds.data"},
		"not base64":           {opHash, sdk.Values{"data": "%%"}, nil, "invalid eds.data"},
		"data and a file":      {opHash, sdk.Values{"data": "YQ=="}, []sdk.File{file}, "invalid eds.data"},
		"no signature":         {opVerify, nil, []sdk.File{file}, "invalid eds.data"},
		"not a moment":         {opVerify, sdk.Values{"received_at": "вчера"}, []sdk.File{signatureFile("a.sig", "", nil)}, "invalid eds.data"},
		"a token of nobody":    {opSign, nil, nil, "invalid eds.data"},
		"an unknown algorithm": {opHash, sdk.Values{"algorithm": "crc32", "data": "YQ=="}, nil, "invalid input.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			call := sdk.OperationCall{Operation: c.operation, Input: c.in, Files: c.files}
			if name == "a token of nobody" {
				call.Token = "bm9ib2R5"
			}
			if _, err := h.Do(t.Context(), call); codeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestWrongKeysDegradeTheChannel(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	holder, other := ca.Issue("user"), ca.Issue("other")
	settings, secrets := keySettingsOf(t, ca, holder)
	foreign, _ := keySettingsOf(t, ca, other)
	container, _ := pkcs12Of(t, ca, holder)
	csp, _ := cspOf(t, ca, holder)
	noTool, _ := keySettingsOf(t, ca, holder)
	noTool["program"] = "/nonexistent/openssl"
	for name, c := range map[string]struct {
		settings object
		secrets  map[string]string
		want     string
	}{
		"garbage for a key":       {settings, map[string]string{"key.key": "garbage"}, "config eds.key"},
		"key of another":          {foreign, secrets, "config eds.key"},
		"wrong password":          {container, map[string]string{"pkcs12.password": "нет"}, "config eds.key"},
		"no program":              {noTool, secrets, "config eds.tool"},
		"no container of the CSP": {object{"back_end": "cryptopro", "cryptopro": object{"folder": csp["cryptopro"].(object)["folder"], "thumbprint": "00"}}, nil, "config eds.key"},
	} {
		t.Run(name, func(t *testing.T) {
			h := channel(t, c.settings, c.secrets)
			if err := h.Check(); codeOf(err) != c.want {
				t.Errorf("check: %v (%s), want %s", err, codeOf(err), c.want)
			}
		})
	}
	h := channel(t, csp, map[string]string{"cryptopro.pin": "0000"})
	_, err := h.Do(t.Context(), sdk.OperationCall{Operation: opSign, Files: []sdk.File{sdk.Bytes("a", []byte("a"))}})
	if codeOf(err) != "config eds.key" {
		t.Errorf("wrong PIN: %v", err)
	}
}

func TestOfficeMayOnlyVerify(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	h := channel(t, object{"back_end": "none", "trust": trusting(t, ca)}, nil)
	if err := h.Check(); err != nil {
		t.Fatal(err)
	}
	if r := reportOf(t, h, ca.Sign(ca.Issue("user"), letter), letter); r.Status != "valid" {
		t.Errorf("%s %s", r.Status, r.Code)
	}
	if _, err := h.Do(t.Context(), sdk.OperationCall{Operation: opCertificates}); codeOf(err) != "rejected eds.verify_only" {
		t.Errorf("certificates: %v", err)
	}
}
