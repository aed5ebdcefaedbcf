package appeal_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// terms knows that a leak takes four hours by mail and two days otherwise.
type terms struct{}

func (terms) SourceOf(_ store.Tx, ch *core.Channel, _ core.MessageKind) (core.EntryID, error) {
	return core.EntryID("from_" + ch.ID), nil
}

func (terms) Plannable(_ store.Tx, source core.EntryID) (bool, error) {
	return source != "from_mail", nil
}

func (terms) Term(_ store.Tx, reason, source core.EntryID) (*core.Term, string, error) {
	switch {
	case reason == "leak" && source == "from_mail":
		return &core.Term{Kind: core.TermHours, Amount: 4}, "причина", nil
	case reason == "leak" || reason == "roof":
		return &core.Term{Kind: core.TermHours, Amount: 48}, "причина", nil
	}
	return nil, "", nil
}

func newTermDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.Sources, d.Calendar, d.Directories = terms{}, schedule.Offices{}, nil
	return d
}

func (d *desk) reasoned(doc *core.Document, reason core.EntryID) *core.Document {
	d.Helper()
	return d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, appeal.Ref{ID: doc.ID}, func(d *core.Document) { d.Appeal.Reason = reason })
	})
}

// wantDue compares the term of a document with hours since its registration.
func wantDue(t *testing.T, doc *core.Document, hours int) {
	t.Helper()
	if doc.DueAt == nil || doc.Deadline == nil || !doc.DueAt.Equal(doc.Deadline.DueAt) ||
		!doc.DueAt.Equal(doc.CreatedAt.Add(time.Duration(hours)*time.Hour)) {
		t.Errorf("due %v, deadline %+v, want %d hours", doc.DueAt, doc.Deadline, hours)
	}
}

func TestReasonBringsItsTerm(t *testing.T) {
	d := newTermDesk(t)
	doc := d.letter()
	if doc.Appeal.Source != "from_mail" || doc.Deadline != nil {
		t.Fatalf("source %q, deadline %+v", doc.Appeal.Source, doc.Deadline)
	}
	d.clock.Add(time.Hour) // the term runs from the registration
	wantDue(t, d.reasoned(doc, "leak"), 4)
	wantDue(t, d.reasoned(doc, "roof"), 48)
	if doc = d.reasoned(doc, "heat"); doc.Deadline != nil || doc.DueAt != nil {
		t.Errorf("a reason without a term leaves %+v", doc.Deadline)
	}
}

func TestTermOfSomebodyElseStays(t *testing.T) {
	d := newTermDesk(t)
	due := d.clock.Now().Add(100 * time.Hour)
	outside := d.arrive(mail, core.MessageAppeal, func(m *core.Message) { m.DueAt = &due })
	if got := d.reasoned(outside, "leak"); !got.DueAt.Equal(due) || got.Deadline.Term.Kind != core.TermOutside {
		t.Errorf("%+v", got.Deadline)
	}
	extended := d.reasoned(d.letter(), "leak")
	d.update(func(tx store.Tx) error {
		moved := *extended.Deadline
		if err := (schedule.Offices{}).Move(tx, "", &moved, olga, due, "нужен осмотр"); err != nil {
			return err
		}
		now, err := store.Documents.Get(tx, string(extended.ID))
		if err != nil {
			return err
		}
		now.SetDeadline(&moved)
		return store.Documents.Put(tx, now)
	})
	if got := d.reasoned(extended, "roof"); !got.DueAt.Equal(due) {
		t.Errorf("%+v", got.Deadline)
	}
}

func TestOnlySomeSourcesArePlanned(t *testing.T) {
	d := newTermDesk(t)
	doc, at := d.letter(), d.clock.Now().Add(24*time.Hour)
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Plan(tx, ref(doc), at) })
	wantError(t, err, core.KindInvalid, "appeal.invalid")
}

func TestRulesChangeAnAppealAsPeopleDo(t *testing.T) {
	d := newTermDesk(t)
	doc := d.arrive(chat, core.MessageLetter, nil) // no appeal yet
	if doc.Appeal != nil {
		t.Fatal("a letter of this channel is an appeal")
	}
	sort := func(set func(*core.Document)) *core.Document {
		return d.do(func(tx store.Tx) (*core.Document, error) {
			now, err := store.Documents.Get(tx, string(doc.ID))
			if err != nil {
				return nil, err
			}
			return d.Sort(tx, now, set)
		})
	}
	got := sort(func(d *core.Document) { d.Appeal.Line, d.Appeal.Operator, d.Appeal.Reason = "line_1", olga, "leak" })
	if a := got.Appeal; a.State != core.AppealNew || a.Line != "line_1" || a.Operator != olga || a.Applicant.Name != "Анна" {
		t.Errorf("%+v", a)
	}
	wantDue(t, got, 48)
	if told := d.told(bus.AppealOpened, doc.ID); len(told) != 1 {
		t.Errorf("opened %v", told)
	}
	if sent := d.sent(doc.ID); len(sent) != 1 || sent[0] != "performer chat" {
		t.Errorf("the origin heard %v", sent)
	}
	sort(func(d *core.Document) { d.Appeal.Tags = []core.EntryID{"tag_1"} })
	if told := d.told(bus.AppealUpdated, doc.ID); len(told) != 1 {
		t.Errorf("updated %v", told)
	}
	d.closed(d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, appeal.Ref{ID: doc.ID}, olga) }))
	over := d.read(doc.ID)
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Sort(tx, over, func(*core.Document) {}) })
	wantError(t, err, core.KindConflict, "appeal.ended")
}
