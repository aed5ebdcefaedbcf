package intake_test

import (
	"encoding/json"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/intake"
)

func TestChannelLearnsTheOutsideNamesOfItsOwnDocumentsOnly(t *testing.T) {
	d := newDesk(t)
	d.take(d.letter(func(m *core.Message) { m.ExternalID, m.Thread.External = "guid-1", "matter-1" }), 1)
	doc := d.documents()[0]
	ask := func(channel core.ChannelID, id core.DocumentID) (out intake.Known, err error) {
		question, err := json.Marshal(intake.KnownQuery{Document: id})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := intake.Answer(t.Context(), d.store, channel, question)
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		return out, err
	}
	got, err := ask(box, doc.ID)
	want := intake.Known{ExternalID: "guid-1", Thread: "matter-1", Number: doc.Number.Text, State: core.DocumentRegistered}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := ask("other", doc.ID); core.KindOf(err) != core.KindNotFound {
		t.Errorf("another channel: %v", err)
	}
	if _, err := ask(box, "doc_none"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("no document: %v", err)
	}
}

// TestEditMovesTheOutsideTerm: the outside system has extended its term.
func TestEditMovesTheOutsideTerm(t *testing.T) {
	d := newDesk(t)
	due := d.clock.Now().AddDate(0, 0, 10)
	later := due.AddDate(0, 1, 0)
	first := d.letter(func(m *core.Message) { m.Kind, m.DueAt = core.MessageAppeal, &due })
	d.take(first, 1)
	d.take(d.letter(func(m *core.Message) {
		m.Kind, m.DueAt, m.Change, m.About = core.MessageAppeal, &later, core.ChangeEdited, first.ExternalID
	}), 1)
	doc := d.documents()[0]
	if doc.DueAt == nil || !doc.DueAt.Equal(later) || doc.Deadline == nil || !doc.Deadline.DueAt.Equal(later) {
		t.Errorf("due %v, deadline %+v", doc.DueAt, doc.Deadline)
	}
}
