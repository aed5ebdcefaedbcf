package signing_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

// channels answers for the channels that sign and verify, by a script.
type channels struct {
	mu    sync.Mutex
	asked []signing.Request
	next  []func() (signing.Answer, error) // then valid
}

func (c *channels) Ask(_ context.Context, r signing.Request) (signing.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	if len(c.next) > 0 {
		answer := c.next[0]
		c.next = c.next[1:]
		return answer()
	}
	if r.Service == "sign" {
		return signed()
	}
	return report("valid")()
}

func signed() (signing.Answer, error) {
	return signing.Answer{Files: []core.Attachment{{Hash: strings.Repeat("5", 64), Name: "план.txt.sig"}}}, nil
}

func report(statuses ...string) func() (signing.Answer, error) {
	return func() (signing.Answer, error) {
		var out []map[string]any
		for _, s := range statuses {
			out = append(out, map[string]any{"status": s, "der": "ignored"})
		}
		raw, err := json.Marshal(map[string]any{"reports": out})
		return signing.Answer{Output: raw}, err
	}
}

func failing(err error) func() (signing.Answer, error) {
	return func() (signing.Answer, error) { return signing.Answer{}, err }
}

type desk struct {
	*testing.T
	store    store.Store
	bus      *coretest.Recorder
	clock    *coretest.Clock
	channels *channels
	svc      *signing.Service
}

func newDesk(t *testing.T) *desk {
	clock := coretest.NewClock()
	d := &desk{T: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock, channels: &channels{}}
	d.svc = d.service()
	return d
}

// service is what a hub has after a start.
func (d *desk) service() *signing.Service {
	return signing.New(signing.Config{Store: d.store, Bus: d.bus, Desk: d.channels})
}

func plan() core.Attachment {
	return core.Attachment{Hash: strings.Repeat("1", 64), Name: "план.txt", Role: core.FileAttachment}
}

func (d *desk) sign() core.SignatureID {
	d.Helper()
	var id core.SignatureID
	coretest.Update(d.T, d.store, func(tx store.Tx) error {
		made, err := d.svc.Sign(tx, "usr_1", signing.Wanted{
			Target: signing.Target{Organization: "org_1", Document: "doc_1"}, Files: []core.Attachment{plan()}, Channel: "eds", Certificate: "00ff",
		})
		if err == nil {
			id = made[0].ID
		}
		return err
	})
	return id
}

func (d *desk) step() time.Duration {
	d.Helper()
	next, err := d.svc.Step(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	return next
}

func (d *desk) get(id core.SignatureID) (sig *core.Signature) {
	d.Helper()
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		sig, err = store.Signatures.Get(tx, string(id))
		return err
	})
	return sig
}

func TestFileIsSignedAndVerified(t *testing.T) {
	d := newDesk(t)
	id := d.sign()
	if next := d.step(); next != 0 {
		t.Errorf("the verification waits %s", next)
	}
	if next := d.step(); next != time.Minute {
		t.Errorf("nothing to do, yet it looks again in %s", next)
	}
	sig := d.get(id)
	if sig.State != core.SignatureVerified || sig.Status != core.SignatureValid || sig.Signature.Signs != "план.txt" || sig.Signature.Role != core.FileSignature {
		t.Errorf("%+v", sig)
	}
	if len(d.channels.asked) != 2 {
		t.Fatalf("asked %+v", d.channels.asked)
	}
	first, second := d.channels.asked[0], d.channels.asked[1]
	if first.Service != "sign" || first.Channel != "eds" || first.Organization != "org_1" || string(first.Input) != `{"certificate":"00ff"}` || first.Files[0] != plan() {
		t.Errorf("first asked %+v", first)
	}
	if second.Service != "verify" || second.Channel != "" || len(second.Files) != 2 || second.Files[0].Signs != "план.txt" || second.Files[1].Name != "план.txt" {
		t.Errorf("then asked %+v", second)
	}
	if n := len(d.bus.Take(bus.SignatureUpdated)); n != 3 {
		t.Errorf("%d events", n)
	}
}

// TestPendingAnswerOutlivesARestart has a person confirm after the hub was
// started anew: the same token is asked with, and the file not sent again.
func TestPendingAnswerOutlivesARestart(t *testing.T) {
	d := newDesk(t)
	pending := func() (signing.Answer, error) {
		return signing.Answer{Pending: true, Token: "eds:7", AskAfter: 3 * time.Minute}, nil
	}
	d.channels.next = append(d.channels.next, pending, pending)
	id := d.sign()
	d.step()
	d.svc = d.service()
	if d.step(); len(d.channels.asked) != 1 {
		t.Fatal("asked before the time")
	}
	for range 2 {
		d.clock.Add(3 * time.Minute)
		d.step()
	}
	if r := d.channels.asked[2]; r.Token != "eds:7" || len(r.Files) != 0 || r.Input != nil {
		t.Errorf("asked %+v", r)
	}
	if sig := d.get(id); sig.State != core.SignatureVerifying || sig.Token != "" {
		t.Errorf("%+v", sig)
	}
}

func TestPendingAnswerIsAskedForWithinAnHour(t *testing.T) {
	for name, after := range map[string]time.Duration{"never": 1 << 62, "before": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.channels.next = append(d.channels.next, func() (signing.Answer, error) {
				return signing.Answer{Pending: true, Token: "eds:7", AskAfter: after}, nil
			})
			d.sign()
			d.step()
			if d.step(); len(d.channels.asked) != 1 {
				t.Error("asked again at once")
			}
			d.clock.Add(time.Hour)
			if d.step(); len(d.channels.asked) == 1 {
				t.Error("not asked within an hour")
			}
		})
	}
}

func TestTroubleIsTriedAgainUnlessItIsFinal(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		state core.SignatureState
	}{
		"nobody there":   {core.Unavailable("call.nobody", "нет канала", nil), core.SignatureSigning},
		"wrong settings": {&core.Error{Kind: core.KindConfig, Text: "нет ключа"}, core.SignatureSigning},
		"a defect":       {errors.New("сбой"), core.SignatureSigning},
		"refused":        {&core.Error{Kind: core.KindRejected, Text: "сертификат истёк"}, core.SignatureFailed},
		"no such":        {core.Invalid("eds.certificate_not_found", "certificate", "нет такого"), core.SignatureFailed},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.channels.next = append(d.channels.next, failing(c.err))
			id := d.sign()
			d.step()
			sig := d.get(id)
			if sig.State != c.state || sig.Problem == "" {
				t.Errorf("%+v", sig)
			}
			d.clock.Add(time.Hour)
			d.step()
			if again := d.get(id); (again.State == core.SignatureVerifying) != (c.state == core.SignatureSigning) {
				t.Errorf("later: %+v", again)
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	d := newDesk(t)
	d.sign()
	var last time.Duration
	for range 12 {
		d.channels.next = append(d.channels.next, failing(core.Unavailable("call.nobody", "нет", nil)))
		d.step()
		sig := d.get(d.only())
		pause := sig.DueAt.Sub(d.clock.Now())
		if pause < last || pause > 10*time.Minute {
			t.Fatalf("after %d tries it waits %s, before %s", sig.Attempts, pause, last)
		}
		last = pause
		d.clock.Add(pause)
	}
	if last != 10*time.Minute {
		t.Errorf("the longest pause is %s", last)
	}
}

func (d *desk) only() (id core.SignatureID) {
	coretest.View(d.T, d.store, func(tx store.Tx) error {
		for sig, err := range store.Signatures.All(tx) {
			if err != nil {
				return err
			}
			id = sig.ID
		}
		return nil
	})
	return id
}

func TestWorstSignerDecides(t *testing.T) {
	for want, statuses := range map[core.SignatureStatus][]string{
		core.SignatureValid: {"valid", "valid"}, core.SignatureIndeterminate: {"valid", "indeterminate"},
		core.SignatureInvalid: {"indeterminate", "invalid", "valid"},
	} {
		d := newDesk(t)
		d.channels.next = append(d.channels.next, signed, report(statuses...))
		id := d.sign()
		d.step()
		d.step()
		if sig := d.get(id); sig.Status != want || len(sig.Reports) != len(statuses) {
			t.Errorf("%v: %s", statuses, sig.Status)
		}
	}
}

// TestArrivedSignaturesAreVerifiedOnce registers a document with signatures
// beside its files, and changes it twice.
func TestArrivedSignaturesAreVerifiedOnce(t *testing.T) {
	d := newDesk(t)
	doc := &core.Document{
		ID: "doc_1", Direction: core.Incoming, State: core.DocumentRegistered, Thread: "doc_1", Organization: "org_1",
		Files: []core.Attachment{
			plan(),
			{Hash: strings.Repeat("2", 64), Name: "план.txt.sig", Role: core.FileSignature, Signs: "план.txt"},
			{Hash: strings.Repeat("3", 64), Name: "Договор.PDF.P7S", Role: core.FileAttachment},
			{Hash: strings.Repeat("4", 64), Name: "фото.jpg", Role: core.FileAttachment},
		},
	}
	for range 3 {
		coretest.Update(t, d.store, func(tx store.Tx) error {
			if err := store.Documents.Put(tx, doc); err != nil {
				return err
			}
			return d.svc.OnDocument(tx, doc)
		})
	}
	d.step()
	var all []*core.Signature
	coretest.View(t, d.store, func(tx store.Tx) (err error) {
		all, err = signing.Of(tx, "doc_1")
		return err
	})
	if len(all) != 2 || all[0].File == nil || all[0].File.Name != "план.txt" || all[1].File != nil {
		t.Fatalf("%+v", all)
	}
	for _, sig := range all {
		if sig.Origin != core.SignatureArrived || sig.State != core.SignatureVerified || sig.Organization != "org_1" {
			t.Errorf("%+v", sig)
		}
	}
}

func TestCancelledMeanwhileStaysCancelled(t *testing.T) {
	d := newDesk(t)
	id := d.sign()
	d.channels.next = append(d.channels.next, func() (signing.Answer, error) {
		coretest.Update(t, d.store, func(tx store.Tx) error {
			sig, err := store.Signatures.Get(tx, string(id))
			if err != nil {
				return err
			}
			return d.svc.Cancel(tx, sig)
		})
		return signed()
	})
	d.step()
	if sig := d.get(id); sig.State != core.SignatureFailed || sig.Signature != nil {
		t.Errorf("%+v", sig)
	}
}

func TestRunWorksWhenItIsWoken(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.svc.Run(ctx) }()
	id := d.sign()
	for deadline := time.Now().Add(10 * time.Second); d.get(id).State != core.SignatureVerified; {
		if time.Now().After(deadline) {
			t.Fatalf("%+v", d.get(id))
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSheetsAreFiles(t *testing.T) {
	d := newDesk(t)
	blobs, err := fileblob.Open(t.TempDir(), fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close() //nolint:errcheck // of a test
	d.svc.Blobs = blobs
	draft := &core.Draft{ID: "drf_1", SignedAs: "Директор"}
	v := &core.DraftVersion{Number: 2, Subject: "О/крыше: \"срочно\"", Text: "Починим", To: []core.Correspondent{{Name: "Анна"}}, Files: []core.Attachment{plan()}}
	name, text := signing.DraftText(draft, v)
	if name != "Письмо О крыше срочно.txt" || text != "Кому: Анна\nТема: О/крыше: \"срочно\"\n\nПочиним\n\nДиректор\n" {
		t.Errorf("%q %q", name, text)
	}
	f, err := d.svc.Sheet(t.Context(), name, text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := blobs.Open(t.Context(), f.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	if raw, err := io.ReadAll(r); err != nil || string(raw) != text || f.Name != name {
		t.Errorf("%s, %v", raw, err)
	}
	one := &core.User{ID: "usr_1", Name: "Юрист"}
	_, a := signing.Visa(draft, v, one)
	v.Text = "Починим завтра"
	if _, b := signing.Visa(draft, v, one); a == b || !strings.Contains(a, strings.Repeat("1", 64)) {
		t.Errorf("the visa does not name the text and the files: %s", a)
	}
}
