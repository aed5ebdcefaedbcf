package outgoing_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

const box core.ChannelID = "mail"

type desk struct {
	*testing.T
	store store.Store
	bus   *coretest.Recorder
	clock *coretest.Clock
	out   *outgoing.Service
	woken []core.ChannelID
	doc   *core.Document
}

// newDesk has one channel and one incoming document.
func newDesk(t *testing.T) *desk {
	clock := coretest.NewClock()
	d := &desk{T: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	d.out = &outgoing.Service{Store: d.store, Bus: d.bus, Wake: func(c core.ChannelID) { d.woken = append(d.woken, c) }}
	d.doc = &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Subject: "Течёт крыша", Channel: box, ExternalID: "<1@mail.test>", Thread: "doc_1",
		Sender: core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
	}
	coretest.Update(t, d.store, func(tx store.Tx) error {
		if err := store.Channels.Put(tx, &core.Channel{ID: box}); err != nil {
			return err
		}
		return store.Documents.Put(tx, d.doc)
	})
	return d
}

func (d *desk) answer() *core.Delivery {
	d.Helper()
	_, dlv, err := d.out.Answer(d.Context(), d.doc.ID, outgoing.Reply{Text: "Мастер придёт завтра"})
	if err != nil {
		d.Fatal(err)
	}
	return dlv
}

func (d *desk) claim() []core.Parcel {
	d.Helper()
	p, err := d.out.Claim(d.Context(), box, 10)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

func (d *desk) settle(o core.Outcome) *core.Delivery {
	d.Helper()
	if err := d.out.Settle(d.Context(), []core.Outcome{o}); err != nil {
		d.Fatal(err)
	}
	return d.delivery(o.Delivery)
}

func (d *desk) delivery(id core.DeliveryID) *core.Delivery {
	d.Helper()
	var got *core.Delivery
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		got, err = store.Deliveries.Get(tx, string(id))
		return err
	})
	return got
}

func (d *desk) document(id core.DocumentID) *core.Document {
	d.Helper()
	var got *core.Document
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		got, err = store.Documents.Get(tx, string(id))
		return err
	})
	return got
}

func TestReplyIsNumberedAndQueued(t *testing.T) {
	d := newDesk(t)
	doc, dlv, err := d.out.Answer(t.Context(), d.doc.ID, outgoing.Reply{Text: "Мастер придёт завтра", Author: "Иванова И. И."})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Number.Text != "Исх-2026/000001" || doc.Subject != "Re: Течёт крыша" || doc.Thread != d.doc.Thread ||
		doc.InReplyTo != d.doc.ID || doc.Recipients[0].Address(core.AddressEmail) != "anna@mail.test" {
		t.Errorf("document %+v", doc)
	}
	if dlv.State != core.DeliveryQueued || dlv.Purpose != core.PurposeAnswer || dlv.Channel != box {
		t.Errorf("delivery %+v", dlv)
	}
	if got := d.document(d.doc.ID).State; got != core.DocumentAnswered {
		t.Errorf("the document answered is %s", got)
	}
	if !slices.Equal(d.woken, []core.ChannelID{box}) {
		t.Errorf("woken %v", d.woken)
	}
	p := d.claim()
	if len(p) != 1 || p[0].Author != "Иванова И. И." || p[0].Origin.ID != d.doc.ID ||
		!slices.Equal(p[0].Thread.References, []string{"<1@mail.test>"}) || p[0].Delivery.Attempts != 1 {
		t.Errorf("parcel %+v", p)
	}
	if again := d.claim(); len(again) != 0 {
		t.Errorf("claimed twice: %+v", again)
	}
}

func TestReplyFaultsAllAtOnce(t *testing.T) {
	d := newDesk(t)
	_, _, err := d.out.Answer(t.Context(), d.doc.ID, outgoing.Reply{
		Text: " ", Channel: "nowhere", To: []core.Correspondent{{Name: "Без адреса"}},
	})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindInvalid || len(e.Faults) != 3 {
		t.Fatalf("got %v", err)
	}
	if p := d.claim(); len(p) != 0 {
		t.Error("a refused reply was queued")
	}
}

func TestOutcomes(t *testing.T) {
	rejected := &core.Error{Kind: core.KindRejected, Text: "550 нет такого ящика"}
	busy := &core.Error{Kind: core.KindUnavailable, After: 7 * time.Minute}
	for _, c := range []struct {
		name     string
		outcome  core.Outcome
		state    core.DeliveryState
		document core.DocumentState
		attempts int
		later    bool
	}{
		{"sent", core.Outcome{State: core.DeliverySent, ExternalID: "<x@uk.test>"}, core.DeliverySent, core.DocumentSent, 1, false},
		{"empty means sent", core.Outcome{}, core.DeliverySent, core.DocumentSent, 1, false},
		{"submitted", core.Outcome{State: core.DeliverySubmitted, Token: "t"}, core.DeliverySubmitted, core.DocumentRegistered, 1, true},
		{"rejected", core.Outcome{Err: rejected}, core.DeliveryRejected, core.DocumentUndeliv, 1, false},
		{"unavailable", core.Outcome{Err: busy}, core.DeliveryQueued, core.DocumentRegistered, 1, true},
		{"plain error", core.Outcome{Err: errors.New("boom")}, core.DeliveryQueued, core.DocumentRegistered, 1, true},
		{"wrong password burns no attempt", core.Outcome{Err: &core.Error{Kind: core.KindConfig, Field: "smtp.password"}}, core.DeliveryQueued, core.DocumentRegistered, 0, false},
		{"answer lost", core.Outcome{Err: &core.Error{Kind: core.KindUnknown}}, core.DeliveryUnknown, core.DocumentRegistered, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			dlv := d.answer()
			d.claim()
			c.outcome.Delivery = dlv.ID
			got := d.settle(c.outcome)
			if got.State != c.state || got.Attempts != c.attempts || (got.NextAt != nil) != c.later {
				t.Errorf("delivery %+v", got)
			}
			if doc := d.document(dlv.Document); doc.State != c.document {
				t.Errorf("document is %s, want %s", doc.State, c.document)
			}
		})
	}
}

func TestRepeatedWhenDueAndGivenUpAfterDays(t *testing.T) {
	d := newDesk(t)
	dlv := d.answer()
	down := &core.Error{Kind: core.KindUnavailable, After: 7 * time.Minute, Text: "сервер не отвечает"}
	d.claim()
	d.settle(core.Outcome{Delivery: dlv.ID, Err: down})
	d.clock.Add(6 * time.Minute)
	if p := d.claim(); len(p) != 0 {
		t.Fatal("claimed before its time")
	}
	q, err := d.out.Pending(t.Context(), box)
	if err != nil || q.Waiting != 1 || !q.NextAt.Equal(d.clock.Now().Add(time.Minute)) {
		t.Fatalf("pending %+v, %v", q, err)
	}
	if q.Since == nil || q.Since.Sub(dlv.CreatedAt).Abs() > time.Second {
		t.Errorf("the oldest waits since %v, asked for at %v", q.Since, dlv.CreatedAt)
	}
	d.clock.Add(2 * time.Minute)
	if p := d.claim(); len(p) != 1 || p[0].Delivery.Attempts != 2 {
		t.Fatalf("claimed %+v", p)
	}
	d.clock.Add(5 * 24 * time.Hour)
	if got := d.settle(core.Outcome{Delivery: dlv.ID, Err: down}); got.State != core.DeliveryRejected || got.LastError != "сервер не отвечает" {
		t.Errorf("delivery %+v", got)
	}
}

// TestNothingIsGivenUpWhileTheOutsideIsDown: a week in which the whole system
// cannot be reached. The pauses grow to an hour, what waits is counted with its
// next moment, and then it goes out.
func TestNothingIsGivenUpWhileTheOutsideIsDown(t *testing.T) {
	d := newDesk(t)
	dlv := d.answer()
	down := &core.Error{Kind: core.KindUnavailable, Code: core.CodeUnreachable, Text: "система недоступна"}
	began, last := d.clock.Now(), time.Duration(0)
	for d.clock.Now().Sub(began) < 7*24*time.Hour {
		if p := d.claim(); len(p) != 1 {
			t.Fatalf("claimed %d after %v", len(p), d.clock.Now().Sub(began))
		}
		if got := d.settle(core.Outcome{Delivery: dlv.ID, Err: down}); got.State != core.DeliveryQueued {
			t.Fatalf("%s after %v", got.State, d.clock.Now().Sub(began))
		}
		q, err := d.out.Pending(t.Context(), box)
		pause := q.NextAt.Sub(d.clock.Now())
		if err != nil || q.Waiting != 1 || pause < last*4/5 || pause > time.Hour {
			t.Fatalf("%d wait, the next in %v after %v, %v", q.Waiting, pause, last, err)
		}
		last = pause
		d.clock.Add(pause + time.Second)
	}
	d.claim()
	if got := d.settle(core.Outcome{Delivery: dlv.ID, State: core.DeliverySent}); got.State != core.DeliverySent {
		t.Errorf("delivery %+v", got)
	}
}

func TestWhatACrashLeftIsUnknownUnlessIdempotent(t *testing.T) {
	for idempotent, want := range map[bool]core.DeliveryState{false: core.DeliveryUnknown, true: core.DeliveryQueued} {
		d := newDesk(t)
		dlv := d.answer()
		d.claim()
		if err := d.out.Recover(t.Context(), box, idempotent); err != nil {
			t.Fatal(err)
		}
		if got := d.delivery(dlv.ID).State; got != want {
			t.Errorf("idempotent %v: %s", idempotent, got)
		}
	}
}

func TestUnknownIsTrackedBeforeItIsSentAgain(t *testing.T) {
	d := newDesk(t)
	dlv := d.answer()
	d.claim()
	d.settle(core.Outcome{Delivery: dlv.ID, Err: &core.Error{Kind: core.KindUnknown}})
	if p := d.claim(); len(p) != 0 {
		t.Fatal("an unknown delivery was handed out again")
	}
	ask := func() []core.Delivery {
		list, err := d.out.ToTrack(t.Context(), box, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := ask(); len(list) != 1 || list[0].ID != dlv.ID {
		t.Fatalf("to track %+v", list)
	}
	d.settle(core.Outcome{Delivery: dlv.ID, State: core.DeliveryUnknown})
	if list := ask(); len(list) != 0 {
		t.Fatal("asked again without a pause")
	}
	d.clock.Add(time.Minute)
	if list := ask(); len(list) != 1 {
		t.Fatal("not asked again")
	}
	d.settle(core.Outcome{Delivery: dlv.ID, State: core.DeliveryQueued}) // the other side does not have it
	if p := d.claim(); len(p) != 1 {
		t.Fatal("not sent again")
	}
}

func TestCancelAndRetry(t *testing.T) {
	d := newDesk(t)
	dlv := d.answer()
	if _, err := d.out.Cancel(t.Context(), dlv.ID); err != nil {
		t.Fatal(err)
	}
	if p := d.claim(); len(p) != 0 {
		t.Fatal("a cancelled delivery was handed out")
	}
	if _, err := d.out.Retry(t.Context(), dlv.ID); err != nil {
		t.Fatal(err)
	}
	d.claim()
	for name, act := range map[string]func() error{
		"cancel": func() error { _, err := d.out.Cancel(t.Context(), dlv.ID); return err },
		"retry":  func() error { _, err := d.out.Retry(t.Context(), dlv.ID); return err },
	} {
		if err := act(); core.KindOf(err) != core.KindConflict {
			t.Errorf("%s while sending: %v", name, err)
		}
	}
}

func TestBounceRejectsTheDelivery(t *testing.T) {
	d := newDesk(t)
	dlv := d.answer()
	d.claim()
	d.settle(core.Outcome{Delivery: dlv.ID, State: core.DeliverySent, ExternalID: "<out@uk.test>"})
	d.status(&core.Message{
		About: "<out@uk.test>", Status: &core.OutsideStatus{State: core.DeliveryRejected, Code: "5.1.1", Text: "550 no such user"},
	})
	got := d.delivery(dlv.ID)
	if got.State != core.DeliveryRejected || got.OutsideCode != "5.1.1" {
		t.Errorf("delivery %+v", got)
	}
	if doc := d.document(dlv.Document); doc.State != core.DocumentUndeliv || doc.ExternalID != "<out@uk.test>" {
		t.Errorf("document %+v", doc)
	}
}

func TestStatusOfNothingWeKnowIsPassedOn(t *testing.T) {
	d := newDesk(t)
	d.status(&core.Message{About: "<who@uk.test>", Status: &core.OutsideStatus{State: core.DeliveryRejected}})
	if n := len(d.bus.Take(bus.MessageUnplaced)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// status stores a status message and handles it.
func (d *desk) status(m *core.Message) {
	d.Helper()
	m.ID, m.Channel, m.ExternalID = core.MessageID(core.NewID("msg", d.clock.Now())), box, core.NewID("ext", d.clock.Now())
	m.Kind, m.Change = core.MessageStatus, core.ChangeNew
	coretest.Update(d.T, d.store, func(tx store.Tx) error {
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		return d.out.OnStatus(tx, bus.MessageEvent{Message: m.ID, Channel: m.Channel, Kind: m.Kind})
	})
}

func TestForwardGoesToEveryChannelNamed(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, func(tx store.Tx) error {
		return d.out.Forward(tx, d.doc, []core.ChannelID{"archive", "dispatch"})
	})
	for _, ch := range []core.ChannelID{"archive", "dispatch"} {
		p, err := d.out.Claim(t.Context(), ch, 10)
		if err != nil || len(p) != 1 || p[0].Delivery.Purpose != core.PurposeForward {
			t.Errorf("%s: %+v %v", ch, p, err)
		}
	}
}

// TestDeliveryLife walks random sequences of everything that can happen to a
// delivery and checks what must hold after each step.
func TestDeliveryLife(t *testing.T) {
	outcomes := []core.Outcome{
		{State: core.DeliverySent},
		{State: core.DeliverySubmitted, Token: "t"},
		{State: core.DeliveryDelivered},
		{State: core.DeliveryUnknown},
		{State: core.DeliveryRead},
		{State: core.DeliveryRejected},
		{State: core.DeliveryQueued},
		{Err: errors.New("boom")},
		{Err: &core.Error{Kind: core.KindRejected}},
		{Err: &core.Error{Kind: core.KindUnknown}},
		{Err: &core.Error{Kind: core.KindConfig}},
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		id := d.answer().ID
		handed := 0 // how often a connector was given it and may have sent it
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			before := d.delivery(id)
			switch rapid.SampledFrom([]string{"claim", "settle", "recover", "cancel", "retry", "wait"}).Draw(rt, "step") {
			case "claim":
				p := d.claim()
				handed += len(p)
				if len(p) == 1 && before.State != core.DeliveryQueued {
					rt.Fatalf("handed out from %s", before.State)
				}
			case "settle":
				o := rapid.SampledFrom(outcomes).Draw(rt, "outcome")
				o.Delivery = id
				if before.State == core.DeliveryQueued || before.State == core.DeliveryCancelled {
					continue // only what was handed out has an outcome
				}
				d.settle(o)
			case "recover":
				if err := d.out.Recover(t.Context(), box, false); err != nil {
					rt.Fatal(err)
				}
			case "cancel":
				_, err := d.out.Cancel(t.Context(), id)
				d.allowed(rt, err)
			case "retry":
				_, err := d.out.Retry(t.Context(), id)
				d.allowed(rt, err)
			case "wait":
				d.clock.Add(2 * time.Hour)
			}
			after := d.delivery(id)
			if after.State == core.DeliveryQueued && before.State == core.DeliveryUnknown && after.Attempts > before.Attempts {
				rt.Fatal("an unknown delivery went out without tracking")
			}
			if after.Attempts > handed {
				rt.Fatalf("%d attempts of %d handed out", after.Attempts, handed)
			}
		}
	})
}

func (d *desk) allowed(rt *rapid.T, err error) {
	if err != nil && core.KindOf(err) != core.KindConflict {
		rt.Fatal(err)
	}
}
