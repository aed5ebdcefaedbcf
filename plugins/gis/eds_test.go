package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// signing is the real signature connector as a process, with a key of an
// authority of its own.
func signing(t *testing.T, ca *edstest.PKI, own edstest.Holder) *sdktest.Hub {
	t.Helper()
	h := sdktest.Process(t, sdktest.Build(t, "../eds"), nil)
	err := h.Configure(map[string]any{
		"back_end": "openssl", "key": map[string]any{"certificate": string(edstest.Read(t, own.Certificate))},
		"trust": map[string]any{"roots": string(edstest.Read(t, ca.Root)), "lists": []any{ca.Write("own.crl", string(ca.CRL()))}},
	}, map[string]string{"key.key": string(edstest.Read(t, own.Key))})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// askOf hands a call of one connector on to another, as the hub does.
func askOf(signer *sdktest.Hub, service string) sdktest.Service {
	return func(ctx context.Context, call sdk.Call) (sdk.Result, error) {
		return signer.Do(ctx, sdk.OperationCall{Operation: service, Input: call.Input, Files: call.Files, Token: call.Token})
	}
}

// seenRequests keeps the requests of one kind as they came.
type seenRequests struct {
	sync.Mutex
	of  string
	raw [][]byte
}

func (s *seenRequests) observe(request, _ []byte) {
	s.Lock()
	defer s.Unlock()
	if bytes.Contains(request, []byte(s.of)) {
		s.raw = append(s.raw, request)
	}
}

func (s *seenRequests) all() [][]byte {
	s.Lock()
	defer s.Unlock()
	return s.raw
}

// TestRealConnectorSigns has the connectors of GIS and of the signature work
// together: GIS verifies with OpenSSL whatever it takes, a stranger's
// canonicaliser agrees, and what another authority vouches for is refused.
func TestRealConnectorSigns(t *testing.T) {
	for bits, kind := range map[string]edstest.Kind{"256": edstest.GOST(256, "TCA"), "512": edstest.GOST(512, "A")} {
		t.Run(bits, func(t *testing.T) {
			ca := edstest.New(t, kind)
			own := ca.Issue("own")
			judge := emulator.OpenSSL{Roots: ca.Root, Dir: t.TempDir()}
			seen := &seenRequests{of: "importAnswerRequest"}
			w := world(t, func(o *emulator.Options) { o.Verify, o.Digest, o.Observe = judge.Verify, judge.Digest, seen.observe })
			guid := w.Add(emulator.Appeal{})
			h := sdktest.InProcess(t, connector(systemClock()), nil)
			signer := signing(t, ca, own)
			for _, service := range []string{serviceCertificates, serviceHash, serviceSign} {
				h.Handle(service, askOf(signer, service))
			}
			h.OpenCalls()
			if err := h.Configure(config(w.URL, func(set map[string]any) { set["hash"] = "gost" + bits }), nil); err != nil {
				t.Fatal(err)
			}
			sent(t, h, answer(guid, "Свет <починен> & лампа новая\nв подъезде", sdk.Bytes("акт.pdf", []byte("акт"))))
			if got := w.Get(guid); got.Status != "Executed" || len(w.Answers(guid, true)) != 1 {
				t.Errorf("GIS has %+v", got)
			}

			stranger := &gostSigner{
				t: t, dir: t.TempDir(), bits: bits, der: certificateOf(t, own.Certificate), cert: own.Certificate,
				issuer: "CN=Test CA " + kind.Name + ",O=Test CA,C=RU",
			}
			if len(seen.all()) != 3 {
				t.Fatalf("%d requests", len(seen.all()))
			}
			for _, raw := range seen.all() {
				if err := stranger.foreign(raw); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestStrangersSignatureIsRefused by the emulator that verifies with OpenSSL:
// what is signed well with a certificate of another authority, and what was
// changed after.
func TestStrangersSignatureIsRefused(t *testing.T) {
	ca, other := edstest.New(t, edstest.GOST(256, "A")), edstest.New(t, edstest.GOST(256, "A"))
	own := ca.Issue("own")
	text := []byte("подписанное")
	value := ca.OpenSSL("dgst", "-md_gost12_256", "-sign", own.Key, ca.Write("text", string(text)))
	const algorithm = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34102012-gostr34112012-256"
	for name, c := range map[string]struct {
		roots, algorithm string
		signed           []byte
		refused          string
	}{
		"right":   {ca.Root, algorithm, text, ""},
		"other":   {other.Root, algorithm, text, "openssl verify"},
		"changed": {ca.Root, algorithm, append([]byte("не"), text...), "openssl dgst"},
		"method":  {ca.Root, "rsa", text, "another algorithm"},
	} {
		err := emulator.OpenSSL{Roots: c.roots, Dir: t.TempDir()}.Verify(c.algorithm, certificateOf(t, own.Certificate), c.signed, value)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
