package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// slow is a back end whose owner confirms on a phone: it stands for the services
// that answer later.
type slow struct {
	*keyFile
	office *office
	asked  int
	docs   map[string][]sdk.File
}

func (s *slow) SignDocuments(_ context.Context, _ credential, docs []sdk.File, _ bool) (signing, error) {
	token := fmt.Sprint("op-", len(s.docs))
	kept := make([]sdk.File, len(docs))
	for i, f := range docs { // the files of the call are gone when it is over
		raw, err := readAll(f)
		if err != nil {
			return signing{}, err
		}
		kept[i] = sdk.Bytes(f.Name, raw)
	}
	s.docs[token] = kept
	return signing{Token: token, AskAfter: time.Millisecond}, nil
}

func (s *slow) Resume(ctx context.Context, token string) (signing, error) {
	if s.asked++; s.asked == 1 {
		return signing{Token: token}, nil
	}
	c, err := s.office.credential(ctx, "")
	if err != nil {
		return signing{}, err
	}
	var ord order
	for _, f := range s.docs[token] {
		sum, _, err := sumOf(f, c.Digest())
		if err != nil {
			return signing{}, err
		}
		ord.Sums = append(ord.Sums, sum)
	}
	return s.office.wrap(ctx, c, ord, s.docs[token], false)
}

// TestSignatureMayBePending signs two documents that a person confirms later; the
// connector itself keeps nothing but what is in the token.
func TestSignatureMayBePending(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	given, secrets := keySettingsOf(t, ca, ca.Issue("user"))
	c := connector()
	open := c.New
	c.New = func(ctx context.Context, s settings, env sdk.Env) (sdk.Channel, error) {
		ch, err := open(ctx, s, env)
		if o, ok := ch.(*office); ok {
			o.backEnd = &slow{keyFile: o.backEnd.(*keyFile), office: o, docs: map[string][]sdk.File{}}
		}
		return ch, err
	}
	h := sdktest.InProcess(t, c, nil)
	if err := h.Configure(given, secrets); err != nil {
		t.Fatal(err)
	}
	call := sdk.OperationCall{Operation: opSign, Files: []sdk.File{sdk.Bytes("a.txt", []byte("а")), sdk.Bytes("b.txt", []byte("б"))}}
	r, err := h.Do(t.Context(), call)
	for i := 0; err == nil && r.Pending; i++ {
		if r.AskAfter < time.Second || len(r.Files) > 0 || i > 2 {
			t.Fatalf("pending for the %d. time: %+v", i, r)
		}
		r, err = h.Do(t.Context(), sdk.OperationCall{Operation: opSign, Token: r.Token})
	}
	if err != nil || len(r.Files) != 2 || r.Files[1].Name != "b.txt.sig" {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, text := range []string{"а", "б"} {
		if err := ca.Verify(bytesOf(t, r.Files[i]), text); err != nil {
			t.Error(err)
		}
	}
}

// TestListsAreFetchedAndKept serves a revocation list and takes it away.
func TestListsAreFetchedAndKept(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	good, bad := ca.Issue("good"), ca.Issue("bad")
	raw, asked, down := ca.CRL(bad), 0, false
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.Write(raw) //nolint:errcheck // of a test
	}))
	defer web.Close()
	now := time.Now()
	l := &lists{log: hclog.NewNullLogger(), http: web.Client(), places: []string{web.URL + "/ca.crl", "/nonexistent"}, kept: map[string]*keptList{}, now: func() time.Time { return now }}
	c := certificateOf(t, good)
	for range 3 {
		if got := l.about(t.Context(), c); len(got) != 1 || got[0].Revoked(certificateOf(t, bad)) == nil {
			t.Fatalf("%d lists", len(got))
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times within ten minutes", asked)
	}
	down, now = true, now.Add(listAge)
	if got := l.about(t.Context(), c); len(got) != 1 || asked != 2 {
		t.Errorf("%d lists after the place went down, asked %d times", len(got), asked)
	}
}

// TestCertificatesDoNotNameFilesOfOurs has a certificate name a list on the disk.
func TestCertificatesDoNotNameFilesOfOurs(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	h := ca.Issue("user")
	list := ca.Write("own.crl", string(ca.CRL()))
	c := certificateOf(t, h)
	c.CRLDistributionPoints = []string{list, "file://" + list}
	l := &lists{log: hclog.NewNullLogger(), fromCertificates: true, kept: map[string]*keptList{}, now: time.Now}
	if got := l.about(t.Context(), c); len(got) != 0 {
		t.Errorf("%d lists read from the disk", len(got))
	}
}
