package judge_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"io"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

const text = "Ответ на обращение\n"

// bench is a judge who trusts one authority and has its list.
func bench(t *testing.T, ca *edstest.PKI, revoked ...edstest.Holder) *judge.Judge {
	t.Helper()
	list, err := pki.ParseCRL(ca.CRL(revoked...), "тест")
	if err != nil {
		t.Fatal(err)
	}
	return &judge.Judge{
		Roots: certificates(t, ca.Root), Now: time.Now,
		Lists: func(context.Context, *pki.Certificate) []*pki.CRL { return []*pki.CRL{list} },
	}
}

func certificates(t *testing.T, path string) []*pki.Certificate {
	t.Helper()
	out, err := pki.ParseCertificates(edstest.Read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func document(text string) *judge.Document {
	return &judge.Document{Name: "ответ.txt", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewBufferString(text)), nil }}
}

func report(t *testing.T, j *judge.Judge, sig []byte, doc *judge.Document) judge.Report {
	t.Helper()
	all, err := j.Reports(t.Context(), "ответ.txt.sig", sig, doc, time.Now())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d reports, %v", len(all), err)
	}
	return all[0]
}

func expect(t *testing.T, r judge.Report, status, code string) {
	t.Helper()
	if r.Status != status || r.Code != code {
		t.Errorf("%s %q, want %s %q: %+v", r.Status, r.Code, status, code, r.Checks)
	}
}

func kinds() []edstest.Kind {
	return []edstest.Kind{
		edstest.GOST(256, "A"), edstest.GOST(256, "TCA"), edstest.GOST(256, "XA"), edstest.GOST(512, "A"), edstest.GOST(512, "C"),
		edstest.RSA(), edstest.ECDSA("P-256"),
	}
}

// TestSignaturesOfOpenSSLAreValid judges what OpenSSL signs in each shape that is
// met: DER and BER, attached, without attributes, in base64.
func TestSignaturesOfOpenSSLAreValid(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			ca := edstest.New(t, kind)
			signer, j := ca.Issue("user"), bench(t, ca)
			sig := ca.Sign(signer, text)
			expect(t, report(t, j, sig, document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.Sign(signer, text, "-stream"), document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.Sign(signer, text, "-nodetach"), nil), judge.Valid, "")
			expect(t, report(t, j, ca.Sign(signer, text, "-nodetach", "-stream"), nil), judge.Valid, "")
			expect(t, report(t, j, []byte(base64.StdEncoding.EncodeToString(sig)), document(text)), judge.Valid, "")
			expect(t, report(t, j, pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: sig}), document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.SignBare(signer, text), document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.SignBare(signer, text), document(text+" ")), judge.Invalid, "bad_signature")
			expect(t, report(t, j, sig, document(text+" ")), judge.Invalid, "hash_mismatch")
			expect(t, report(t, j, ca.Sign(signer, text, "-nodetach"), document("иное")), judge.Invalid, "hash_mismatch")
			expect(t, report(t, j, sig, nil), judge.Indeterminate, "document_missing")
		})
	}
}

// TestSignaturesOfGnuTLSAreValid judges what GnuTLS signs, with signed attributes
// and without.
func TestSignaturesOfGnuTLSAreValid(t *testing.T) {
	for _, kind := range []edstest.Kind{edstest.GOST(256, "A"), edstest.GOST(512, "A"), edstest.RSA(), edstest.ECDSA("P-256")} {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			ca := edstest.New(t, kind)
			signer, j := ca.Issue("user"), bench(t, ca)
			expect(t, report(t, j, ca.SignGnuTLS(signer, text, "--p7-time"), document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.SignGnuTLS(signer, text), document(text)), judge.Valid, "")
			expect(t, report(t, j, ca.SignGnuTLS(signer, text, "--p7-time"), document(text+" ")), judge.Invalid, "hash_mismatch")
			expect(t, report(t, j, ca.SignGnuTLS(signer, text), document(text+" ")), judge.Invalid, "bad_signature")
		})
	}
}

func TestEachCheckStandsApart(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	signer := ca.Issue("user")
	r := report(t, bench(t, ca), ca.Sign(signer, text), document("другой"))
	want := map[string]string{
		judge.CheckIntegrity: judge.Failed, judge.CheckSignature: judge.Passed, judge.CheckCertificateID: judge.Passed,
		judge.CheckChain: judge.Passed, judge.CheckValidity: judge.Passed, judge.CheckRevocation: judge.Passed,
		judge.CheckTimestamp: judge.Absent, judge.CheckQualification: judge.Passed,
	}
	for _, c := range r.Checks {
		if c.Status != want[c.Name] {
			t.Errorf("%s: %s, want %s", c.Name, c.Status, want[c.Name])
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestSignerIsNamed(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	r := report(t, bench(t, ca), ca.Sign(ca.Issue("user"), text), document(text))
	want := pki.Holder{
		Name: "Иванов Иван Иванович", Surname: "Иванов", GivenName: "Иван Иванович", Position: "Председатель правления",
		Organization: "ТСЖ «Ромашка»", INN: "770000000012", INNLE: "7700000001", OGRN: "1027700132195", SNILS: "11223344595",
	}
	if r.Signer != want {
		t.Errorf("%+v", r.Signer)
	}
	if r.Kind != "qualified" || r.Certificate.Class != "КС2" || r.Certificate.SignTool != "Тестовое СКЗИ" || r.Format != "CAdES-BES" {
		t.Errorf("%s, %s, %s, %+v", r.Kind, r.Format, r.Certificate.Class, r.Certificate)
	}
	if r.ClaimedAt == "" || r.JudgedAt == "" || r.Revocation.Source != "тест" || r.Digests.Size != len(text) {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeTrustedIsNotValid(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	signer := ca.Issue("user")
	sig := ca.Sign(signer, text)
	for name, c := range map[string]struct {
		judge        func() *judge.Judge
		at           time.Time
		sig          []byte
		status, code string
	}{
		"unknown root": {
			judge:  func() *judge.Judge { j := bench(t, ca); j.Roots = nil; return j },
			status: judge.Indeterminate, code: "untrusted_chain",
		},
		"another authority of that name": {
			judge: func() *judge.Judge {
				j := bench(t, ca)
				j.Roots = certificates(t, edstest.New(t, edstest.GOST(256, "A")).Root)
				return j
			},
			status: judge.Indeterminate, code: "untrusted_chain",
		},
		"no list": {
			judge: func() *judge.Judge {
				j := bench(t, ca)
				j.Lists = func(context.Context, *pki.Certificate) []*pki.CRL { return nil }
				return j
			},
			status: judge.Indeterminate, code: "revocation_unknown",
		},
		"old list": {
			judge: func() *judge.Judge { return bench(t, ca) }, at: time.Now().AddDate(0, 1, 0),
			status: judge.Indeterminate, code: "revocation_unknown",
		},
		"revoked": {
			judge:  func() *judge.Judge { return bench(t, ca, signer) },
			status: judge.Invalid, code: "cert_revoked",
		},
		"expired":       {at: time.Now().AddDate(2, 0, 0), status: judge.Invalid, code: "cert_expired"},
		"not yet valid": {at: time.Now().AddDate(0, 0, -1), status: judge.Invalid, code: "cert_not_yet_valid"},
		"not for signing": {
			sig:    signedBy(t, ca, ca.IssueFor("web", "server")),
			status: judge.Invalid, code: "wrong_usage",
		},
		"garbage":     {sig: []byte("garbage"), status: judge.Invalid, code: "malformed"},
		"bit flipped": {sig: flipped(sig), status: judge.Invalid, code: "bad_signature"},
	} {
		t.Run(name, func(t *testing.T) {
			j, at, s := bench(t, ca), time.Now(), sig
			if c.judge != nil {
				j = c.judge()
			}
			if !c.at.IsZero() {
				at = c.at
				j.Now = func() time.Time { return at }
			}
			if c.sig != nil {
				s = c.sig
			}
			all, err := j.Reports(t.Context(), "x.sig", s, document(text), at)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, all[0], c.status, c.code)
		})
	}
}

// signedBy makes OpenSSL sign with a certificate that is not meant for it.
func signedBy(t *testing.T, ca *edstest.PKI, h edstest.Holder) []byte {
	t.Helper()
	return ca.Sign(h, text)
}

// flipped changes the last byte, which belongs to the signature value.
func flipped(sig []byte) []byte {
	out := bytes.Clone(sig)
	out[len(out)-1] ^= 1
	return out
}

// TestEveryFlippedByteIsNoticed goes through a whole signature: no change may
// leave it valid, except in the copies of certificates and in what CMS does not
// sign.
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	signer, j := ca.Issue("user"), bench(t, ca)
	sig := ca.Sign(signer, text)
	certificate := certificates(t, signer.Certificate)[0].Raw
	at := bytes.Index(sig, certificate)
	for i := at + len(certificate) + 40; i < len(sig); i += 3 {
		bad := bytes.Clone(sig)
		bad[i] ^= 0x04
		all, err := j.Reports(t.Context(), "x.sig", bad, document(text), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if all[0].Status == judge.Valid && !parameters(sig, i) {
			t.Errorf("byte %d of %d (%#x → %#x): still valid", i, len(sig), sig[i], bad[i])
		}
	}
}

// parameters tells whether the byte belongs to the identifiers of algorithms,
// whose parameters say nothing.
func parameters(sig []byte, i int) bool {
	near := sig[max(0, i-14):min(len(sig), i+14)]
	return bytes.Contains(near, []byte{0x2A, 0x85, 0x03, 0x07, 0x01, 0x01})
}

func TestTimeStampSetsTheMoment(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	signer, tsa, j := ca.Issue("user"), ca.IssueFor("tsa", "tsa"), bench(t, ca)
	plain := ca.Sign(signer, text)
	stamped := withStamp(t, plain, func(value []byte) []byte { return ca.Stamp(tsa, value) })
	r := report(t, j, stamped, document(text))
	expect(t, r, judge.Valid, "")
	if r.Format != "CAdES-T" || r.StampedBy != "Test tsa" || r.StampedAt == "" || r.JudgedAt != r.StampedAt {
		t.Errorf("%s by %q at %q, judged at %q", r.Format, r.StampedBy, r.StampedAt, r.JudgedAt)
	}
	late, err := j.Reports(t.Context(), "x.sig", stamped, document(text), time.Now().AddDate(2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, late[0], judge.Valid, "")
	foreign := withStamp(t, plain, func([]byte) []byte { return ca.Stamp(tsa, []byte("другая подпись")) })
	expect(t, report(t, j, foreign, document(text)), judge.Invalid, "bad_timestamp")
	byUser := withStamp(t, plain, func(value []byte) []byte {
		other := edstest.New(t, edstest.GOST(256, "A"))
		return other.Stamp(other.IssueFor("tsa", "tsa"), value)
	})
	expect(t, report(t, j, byUser, document(text)), judge.Indeterminate, "timestamp_unknown")
}

func TestEverySignerHasAReport(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	first, second := ca.Issue("first"), ca.IssueFor("second", "plain")
	sig := ca.Sign(first, text, "-signer", second.Certificate, "-inkey", second.Key)
	all, err := bench(t, ca).Reports(t.Context(), "x.sig", sig, document(text), time.Now())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d reports, %v", len(all), err)
	}
	kinds := map[string]int{}
	for _, r := range all {
		expect(t, r, judge.Valid, "")
		kinds[r.Kind]++
	}
	if kinds["qualified"] != 1 || kinds["unqualified"] != 1 {
		t.Errorf("kinds: %v", kinds)
	}
}
