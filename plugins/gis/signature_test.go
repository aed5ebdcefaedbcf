package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beevik/etree"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// gostSigner stands in for the signature connector with a key of OpenSSL's GOST
// engine.
type gostSigner struct {
	t         testing.TB
	dir       string
	bits      string // 256 or 512
	der       []byte
	issuer    string
	key, cert string // files
}

func newGOST(t testing.TB, bits, set string) *gostSigner {
	s := &gostSigner{
		t: t, dir: t.TempDir(), bits: bits,
		issuer: `1.2.643.100.1=1027700000000,1.2.840.113549.1.9.1=a@example.org,CN=Проба,O=Тест\, организация,C=RU`,
	}
	s.key, s.cert = filepath.Join(s.dir, "key.pem"), filepath.Join(s.dir, "cert.pem")
	s.openssl("genpkey", "-engine", "gost", "-algorithm", "gost2012_"+bits, "-pkeyopt", "paramset:"+set, "-out", s.key)
	s.openssl("req", "-engine", "gost", "-x509", "-new", "-key", s.key, "-days", "2", "-out", s.cert, "-utf8",
		"-subj", `/C=RU/O=Тест, организация/CN=Проба/emailAddress=a@example.org/1.2.643.100.1=1027700000000`)
	s.der = certificateOf(t, s.cert)
	return s
}

func certificateOf(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	return block.Bytes
}

func (s *gostSigner) openssl(args ...string) []byte {
	out, err := exec.Command("openssl", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		s.t.Errorf("openssl %s: %v", args[0], err)
		if exit != nil {
			s.t.Log(string(exit.Stderr))
		}
	}
	return out
}

func (s *gostSigner) file(data []byte) string {
	f, err := os.CreateTemp(s.dir, "data-*")
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		s.t.Fatal(err)
	}
	return f.Name()
}

func (s *gostSigner) digest(data []byte) []byte {
	return s.openssl("dgst", "-engine", "gost", "-md_gost12_"+s.bits, "-binary", s.file(data))
}

func (s *gostSigner) services() map[string]sdktest.Service {
	data := func(call sdk.Call) []byte {
		text, _ := call.Input["data"].(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			s.t.Error(err)
		}
		return raw
	}
	return map[string]sdktest.Service{
		serviceCertificates: func(context.Context, sdk.Call) (sdk.Result, error) {
			return sdk.Result{Output: sdk.Values{"certificates": []any{map[string]any{
				"thumbprint": "t", "der": base64.StdEncoding.EncodeToString(s.der),
				"algorithm": "gost2012-" + s.bits, "digest": "gost" + s.bits, "default": true, "raw": true,
			}}}}, nil
		},
		serviceHash: func(_ context.Context, call sdk.Call) (sdk.Result, error) {
			if call.Input["algorithm"] != "gost"+s.bits {
				return sdk.Result{}, fmt.Errorf("hash by %v", call.Input["algorithm"])
			}
			raw := data(call)
			if len(call.Files) == 1 {
				raw, _ = body(call.Files[0])
			}
			sum := s.digest(raw)
			return sdk.Result{Output: sdk.Values{"digests": []any{map[string]any{
				"hex": hex.EncodeToString(sum), "base64": base64.StdEncoding.EncodeToString(sum),
			}}}}, nil
		},
		serviceSign: func(_ context.Context, call sdk.Call) (sdk.Result, error) {
			if call.Token == "" { // a person confirms first
				return sdk.Result{Pending: true, Token: s.file(data(call)), AskAfter: 1}, nil
			}
			value := s.openssl("dgst", "-engine", "gost", "-md_gost12_"+s.bits, "-sign", s.key, "-binary", call.Token)
			return sdk.Result{Output: sdk.Values{"signature": base64.StdEncoding.EncodeToString(value)}}, nil
		},
	}
}

// verify checks with OpenSSL what another canonicaliser made.
func (s *gostSigner) verify(signed, value []byte) error {
	public := s.file(s.openssl("x509", "-engine", "gost", "-in", s.cert, "-noout", "-pubkey"))
	out, err := exec.Command("openssl", "dgst", "-engine", "gost", "-md_gost12_"+s.bits, "-verify", public,
		"-signature", s.file(value), s.file(signed)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("openssl: %w: %s", err, out)
	}
	return nil
}

// xmllint is exclusive C14N by libxml2, which knows nothing of ours.
func xmllint(t testing.TB, el *etree.Element) []byte {
	t.Helper()
	doc := etree.NewDocumentWithRoot(el.Copy())
	for at := el.Parent(); at != nil; at = at.Parent() {
		for _, a := range at.Attr {
			if a.Space == "xmlns" && doc.Root().SelectAttr("xmlns:"+a.Key) == nil {
				doc.Root().CreateAttr("xmlns:"+a.Key, a.Value)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "element.xml")
	if err := doc.WriteToFile(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("xmllint", "--exc-c14n", path).Output()
	if err != nil {
		t.Fatal("xmllint:", err)
	}
	return out
}

// TestSignatureVerifiesElsewhere signs with GOST R 34.10-2012 of both sizes and
// verifies each request as a stranger would: libxml2 canonicalises, OpenSSL
// hashes and verifies. Changed by one letter, it does not verify.
func TestSignatureVerifiesElsewhere(t *testing.T) {
	for bits, set := range map[string]string{"256": "TCA", "512": "A"} {
		t.Run(bits, func(t *testing.T) {
			s := newGOST(t, bits, set)
			var mu sync.Mutex
			var requests [][]byte
			w := world(t, func(o *emulator.Options) {
				o.Verify, o.Observe = nil, func(request, _ []byte) {
					mu.Lock()
					defer mu.Unlock()
					if bytes.Contains(request, []byte("importAnswerRequest")) {
						requests = append(requests, request)
					}
				}
			})
			guid := w.Add(emulator.Appeal{})
			h := sdktest.InProcess(t, connector(systemClock()), nil)
			for name, f := range s.services() {
				h.Handle(name, f)
			}
			h.OpenCalls()
			if err := h.Configure(config(w.URL, func(set map[string]any) { set["hash"] = "gost" + bits }), nil); err != nil {
				t.Fatal(err)
			}
			sent(t, h, answer(guid, "Счёт < 5 & \"кавычки\" 'и'\nновая строка\tтаб", sdk.Bytes("акт.pdf", []byte("акт"))))
			mu.Lock()
			defer mu.Unlock()
			if len(requests) != 3 {
				t.Fatalf("%d requests", len(requests))
			}
			for _, raw := range requests {
				if err := s.foreign(raw); err != nil {
					t.Error(err)
				}
			}
			tampered := bytes.Replace(requests[0], []byte("новая"), []byte("Новая"), 1)
			if s.foreign(tampered) == nil {
				t.Error("a changed request verifies")
			}
			tampered = bytes.Replace(requests[0], []byte("SigningTime>2"), []byte("SigningTime>3"), 1)
			if s.foreign(tampered) == nil {
				t.Error("a changed signing time verifies")
			}
		})
	}
}

// foreign verifies both references and the value.
func (s *gostSigner) foreign(raw []byte) error {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return err
	}
	el := doc.FindElement("//Body/*")
	sig := el.FindElement("./Signature")
	props := sig.FindElement(".//SignedProperties")
	if err := s.certificate(props); err != nil {
		return err
	}
	info := sig.FindElement("./SignedInfo")
	refs := info.FindElements("./Reference")
	value, err := base64.StdEncoding.DecodeString(sig.FindElement("./SignatureValue").Text())
	if err != nil {
		return err
	}
	signed := xmllint(s.t, info)
	propsRaw := xmllint(s.t, props)
	el.RemoveChildAt(sig.Index())
	for i, canonical := range [][]byte{xmllint(s.t, el), propsRaw} {
		want := base64.StdEncoding.EncodeToString(s.digest(canonical))
		if got := refs[i].FindElement("./DigestValue").Text(); got != want {
			return fmt.Errorf("reference %d: digest %s, want %s", i, got, want)
		}
	}
	return s.verify(signed, value)
}

// certificate checks what the properties say about the certificate.
func (s *gostSigner) certificate(props *etree.Element) error {
	cert, err := x509.ParseCertificate(s.der)
	if err != nil {
		return err
	}
	want := base64.StdEncoding.EncodeToString(s.digest(s.der))
	if got := props.FindElement(".//CertDigest/DigestValue").Text(); got != want {
		return errors.New("the digest of the certificate is another")
	}
	if got := props.FindElement(".//X509SerialNumber").Text(); got != cert.SerialNumber.String() {
		return errors.New("serial number " + got)
	}
	if got := props.FindElement(".//X509IssuerName").Text(); got != s.issuer {
		return errors.New("issuer " + got)
	}
	return nil
}

// TestRequestsFitTheSchemas validates every request and answer of a whole story
// against the schemas of the operator, when they are at hand: UZEL_GIS_SCHEMA is
// an XSD of the SOAP envelope.
func TestRequestsFitTheSchemas(t *testing.T) {
	schema := os.Getenv("UZEL_GIS_SCHEMA")
	dir := t.TempDir()
	var mu sync.Mutex
	var files []string
	keep := func(raw []byte) {
		mu.Lock()
		defer mu.Unlock()
		path := filepath.Join(dir, fmt.Sprintf("%03d.xml", len(files)))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Error(err)
		}
		files = append(files, path)
	}
	w := world(t, func(o *emulator.Options) {
		o.Polls = 1
		o.Observe = func(request, answer []byte) { keep(request); keep(answer) }
	})
	story(t, w)
	mu.Lock() // the connector goes on asking
	kept := slices.Clone(files)
	mu.Unlock()
	if len(kept) < 30 {
		t.Fatalf("%d messages", len(kept))
	}
	if schema == "" {
		return // the emulator has held each request to the same structure
	}
	var of []string
	for _, f := range kept {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), "exportOrgRegistry") && !strings.Contains(string(raw), "exportNsiItem") && !strings.Contains(string(raw), "NsiItem") {
			of = append(of, f)
		}
	}
	out, err := exec.Command("xmllint", append([]string{"--noout", "--schema", schema}, of...)...).CombinedOutput()
	if err != nil {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}

// story does everything the connector can do.
func story(t *testing.T, w *emulator.World) {
	t.Helper()
	photo := w.AddFile("фото.jpg", []byte("photo"))
	guids := []string{
		w.Add(emulator.Appeal{
			TopicCode: "1.1", TopicName: "Тема", Files: []emulator.File{{GUID: photo, Name: "фото.jpg"}}, Email: "a@example.org", Flat: "5",
			Until: w.Now(), Norm: "491", Mobile: true, Collective: true, Neighbours: true, Postal: "ул. Тестовая, 1", Phone: "+70000000000",
		}),
		w.Add(emulator.Appeal{Organization: masterGUID}), w.Add(emulator.Appeal{}), w.Add(emulator.Appeal{}), w.Add(emulator.Appeal{}),
	}
	h := hub(t, w, func(s map[string]any) {
		s["is_name"], s["is_operator"], s["operator"] = "Узел", "ООО «Узел»", true
	})
	h.Receive(sdktest.Reception{})
	h.Await(len(guids))
	sent(t, h, sdk.Dispatch{
		Delivery: "p", Attempt: 1, Purpose: sdk.PurposePerformer, Origin: guids[0], DueAt: w.Now(), Performer: &sdk.Party{Name: "Мастеров Пётр Ильич"},
	})
	sig := sdk.Bytes("акт.pdf.sig", []byte("signature"))
	sig.Role = sdk.RoleSignature
	sent(t, h, answer(guids[0], "Готово", sdk.Bytes("акт.pdf", []byte("акт")), sdk.Bytes("смета.xlsx", []byte("смета")), sig))
	w.Rate(guids[0], emulator.Rating{Score: 2, Comment: "Почти"})
	for operation, in := range map[string]struct {
		guid  string
		input sdk.Values
		files []sdk.File
		want  string
	}{
		stepRedirect:    {guids[1], sdk.Values{"receiver": masterGUID, "comment": "Не к нам"}, []sdk.File{sdk.Bytes("письмо.pdf", []byte("x"))}, "Получено, переадресовано"},
		stepExtend:      {guids[2], sdk.Values{"until": "2027-01-31", "comment": "Осмотр"}, []sdk.File{sdk.Bytes("план.pdf", []byte("x"))}, "Получено, срок продлён"},
		stepNotRequired: {guids[3], sdk.Values{"cause": "Нет вопроса"}, nil, "Получено, ответ не требуется"},
		stepClose:       {guids[4], nil, nil, "Выполнено"},
	} {
		for range 2 { // pressed twice, done once
			r, err := h.Do(t.Context(), sdk.OperationCall{Operation: operation, Document: in.guid, Input: in.input, Files: in.files, User: "usr_1"})
			if err != nil || r.Output["status"] != in.want {
				t.Errorf("%s: %v, %v, want %s", operation, r.Output, err, in.want)
			}
		}
		if n := len(w.Get(in.guid).History); n > 1 {
			t.Errorf("%s was done %d times", operation, n)
		}
	}
	await(t, "the rating", func() bool { return stored(h, guids[0]+"/rating/1") != nil })
}
