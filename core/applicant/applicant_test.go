package applicant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/applicant"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	lk    core.ChannelID = "lk"
	other core.ChannelID = "other"
)

type desk struct {
	*testing.T
	*applicant.Service
	store  store.Store
	clock  *coretest.Clock
	out    *outgoing.Service
	intake *intake.Service
}

func newDesk(t *testing.T) *desk {
	clock, rec := coretest.NewClock(), &coretest.Recorder{}
	d := &desk{T: t, store: coretest.Open(t, clock), clock: clock}
	d.out = &outgoing.Service{Store: d.store, Bus: rec, Wake: func(core.ChannelID) {}}
	appeals := &appeal.Service{Bus: rec, Outgoing: d.out, Carries: func(*core.Channel, core.Purpose) bool { return true }}
	d.out.Answered = appeals.Answered
	d.intake = &intake.Service{Bus: rec, Forward: d.out.Forward, Arrive: appeals.Arrive}
	d.Service = &applicant.Service{Store: d.store, Appeals: appeals}
	coretest.Update(t, d.store, func(tx store.Tx) error {
		if err := store.Channels.Put(tx, &core.Channel{ID: other, Enabled: true}); err != nil {
			return err
		}
		return store.Channels.Put(tx, &core.Channel{ID: lk, Enabled: true})
	})
	return d
}

// write has a resident write into a matter through a channel.
func (d *desk) write(channel core.ChannelID, resident, id, thread string) *core.Document {
	d.Helper()
	d.clock.Add(time.Second)
	m := &core.Message{
		ID: core.MessageID(core.NewID("msg", d.clock.Now())), Channel: channel, ExternalID: id, Kind: core.MessageAppeal,
		Change: core.ChangeNew, At: d.clock.Now(), Subject: "Течёт кран", Text: id, Thread: core.ThreadHint{External: thread},
		From: core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressOutside, Value: resident}}},
		Files: []core.Attachment{
			{Hash: "h" + id, Name: "фото.jpg", Size: 3, Role: core.FileAttachment},
			{Hash: "raw" + id, Name: "raw", Size: 3, Role: core.FileOriginal},
		},
	}
	var got *core.Document
	coretest.Update(d.T, d.store, func(tx store.Tx) error {
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		if err := d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: channel, Kind: m.Kind}); err != nil {
			return err
		}
		for doc, err := range store.Documents.Find(tx, "external", store.ExternalKey(channel, id)) {
			got = doc
			return err
		}
		return nil
	})
	return got
}

// answer writes an answer and hands it to the channel.
func (d *desk) answer(to core.DocumentID, text string) core.DeliveryID {
	d.Helper()
	_, dlv, err := d.out.Answer(d.Context(), to, outgoing.Reply{Text: text, Author: "Иванова"})
	if err != nil {
		d.Fatal(err)
	}
	return dlv.ID
}

func (d *desk) claim() {
	d.Helper()
	if _, err := d.out.Claim(d.Context(), lk, 10); err != nil {
		d.Fatal(err)
	}
}

type service func(context.Context, core.ChannelID, json.RawMessage) (json.RawMessage, error)

// read asks a service and reads its answer.
func read[T any](d *desk, ask service, question string) (out T, err error) {
	raw, err := ask(d.Context(), lk, json.RawMessage(question))
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

func TestListShowsOwnAppealsOfTheChannelNewestFirst(t *testing.T) {
	d := newDesk(t)
	d.write(lk, "r1", "a1", "a1")
	d.write(lk, "r1", "a1.m1", "a1") // continues an open one: no appeal
	d.write(lk, "R1", "x1", "x1")    // somebody else, though the index thinks not
	d.write(other, "r1", "y1", "y1")
	d.write(lk, "r1", "a2", "a2")
	page, err := read[applicant.Page](d, d.List, `{"applicant":"r1","limit":1}`)
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "a2" || page.Next == "" {
		t.Fatalf("%+v %v", page, err)
	}
	page, err = read[applicant.Page](d, d.List, `{"applicant":"r1","after":"`+page.Next+`"}`)
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "a1" || page.Items[0].Number == "" || page.Items[0].State != core.AppealNew {
		t.Fatalf("%+v %v", page, err)
	}
}

func TestConversationHasWhatTheApplicantWroteAndWasSent(t *testing.T) {
	d := newDesk(t)
	doc := d.write(lk, "r1", "a1", "a1")
	d.write(lk, "r2", "a1.m0", "a1") // somebody else in the same matter
	dlv := d.answer(doc.ID, "Мастер придёт")
	const question = `{"applicant":"r1","id":"a1","full":true}`
	got, err := read[applicant.Appeal](d, d.Get, question)
	if err != nil || len(got.Messages) != 1 || len(got.Messages[0].Files) != 1 {
		t.Fatalf("before it was handed over: %+v %v", got, err)
	}
	d.claim()
	got, err = read[applicant.Appeal](d, d.Get, question)
	if err != nil || len(got.Messages) != 2 || got.State != core.AppealAnswered {
		t.Fatalf("%+v %v", got, err)
	}
	if m := got.Messages[1]; m.Delivery != dlv || m.Text != "Мастер придёт" || m.Author != "Иванова" || m.Direction != core.Outgoing || m.Number == "" {
		t.Errorf("answer %+v", m)
	}
}

func TestWhatIsNotTheApplicantsOwnDoesNotExist(t *testing.T) {
	d := newDesk(t)
	doc := d.write(lk, "r1", "a1", "a1")
	d.write(lk, "r2", "b1", "b1")
	d.answer(doc.ID, "да")
	for name, ask := range map[string]service{
		"get": d.Get, "rate": d.Rate,
		"file": func(ctx context.Context, c core.ChannelID, q json.RawMessage) (json.RawMessage, error) {
			_, err := d.File(ctx, c, q)
			return nil, err
		},
	} {
		for _, q := range []string{
			`{"applicant":"r2","id":"a1","hash":"ha1","score":5}`, `{"id":"a1","hash":"ha1","score":5}`, `{"applicant":"R1","id":"a1","hash":"ha1","score":5}`,
		} {
			if _, err := ask(t.Context(), lk, json.RawMessage(q)); core.KindOf(err) != core.KindNotFound {
				t.Errorf("%s %s: %v", name, q, err)
			}
		}
		if _, err := ask(t.Context(), other, json.RawMessage(`{"applicant":"r1","id":"a1","hash":"ha1","score":5}`)); core.KindOf(err) != core.KindNotFound {
			t.Errorf("%s by another channel: %v", name, err)
		}
		if _, err := ask(t.Context(), lk, json.RawMessage(`{`)); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s with a broken question: %v", name, err)
		}
	}
}

func TestFilesOfTheConversationAreGivenAndOriginalsAreNot(t *testing.T) {
	d := newDesk(t)
	d.write(lk, "r1", "a1", "a1")
	d.write(lk, "r1", "a1.m1", "a1")
	for hash, want := range map[string]bool{"ha1": true, "ha1.m1": true, "rawa1": false, "hb1": false} {
		f, err := d.File(t.Context(), lk, json.RawMessage(fmt.Sprintf(`{"applicant":"r1","id":"a1","hash":%q}`, hash)))
		if want && (err != nil || f.Hash != hash) || !want && core.KindOf(err) != core.KindNotFound {
			t.Errorf("%s: %+v %v", hash, f, err)
		}
	}
}

func TestRatingIsTakenWhenThereIsAnAnswer(t *testing.T) {
	d := newDesk(t)
	doc := d.write(lk, "r1", "a1", "a1")
	const question = `{"applicant":"r1","id":"a1","score":5,"comment":"спасибо"}`
	if _, err := read[applicant.Appeal](d, d.Rate, question); core.KindOf(err) != core.KindConflict {
		t.Errorf("before an answer: %v", err)
	}
	d.answer(doc.ID, "да")
	got, err := read[applicant.Appeal](d, d.Rate, question)
	if err != nil || got.Rating == nil || got.Rating.Score != 5 || got.Rating.Comment != "спасибо" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestLogTellsWhatWasDelivered(t *testing.T) {
	d := newDesk(t)
	doc := d.write(lk, "r1", "a1", "a1")
	first := d.answer(doc.ID, "раз")
	d.clock.Add(time.Hour)
	since := d.clock.Now()
	second := d.answer(doc.ID, "два")
	ids := func(question string) (out []core.DeliveryID) {
		log, err := read[applicant.Log](d, d.Log, question)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range log.Items {
			out = append(out, e.Delivery)
			if e.Applicant != "r1" || e.Appeal != "a1" || e.Purpose != core.PurposeAnswer || e.Message == "" || e.Number == "" {
				t.Errorf("entry %+v", e)
			}
		}
		return out
	}
	if got := ids(`{}`); !slices.Equal(got, []core.DeliveryID{first, second}) {
		t.Errorf("all: %v", got)
	}
	if got := ids(`{"since":"` + since.Format(time.RFC3339) + `"}`); !slices.Equal(got, []core.DeliveryID{second}) {
		t.Errorf("since: %v", got)
	}
	if _, err := d.Log(t.Context(), lk, json.RawMessage(`{"since":"вчера"}`)); core.KindOf(err) != core.KindInvalid {
		t.Errorf("a wrong moment: %v", err)
	}
}
