package appeal_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

func TestWhatComesInBecomesAnAppealWhereItIsOne(t *testing.T) {
	for name, tc := range map[string]struct {
		channel core.ChannelID
		kind    core.MessageKind
		edit    func(*core.Message)
		want    bool
	}{
		"an appeal":                        {post, core.MessageAppeal, nil, true},
		"a chat":                           {chat, core.MessageChat, nil, true},
		"a letter":                         {post, core.MessageLetter, nil, false},
		"a letter where all are appeals":   {mail, core.MessageLetter, nil, true},
		"a call where all are appeals":     {mail, core.MessageCall, nil, true},
		"a report where all are appeals":   {mail, core.MessageReport, nil, false},
		"an automatic letter":              {mail, core.MessageLetter, marked(core.MarkAutomatic), false},
		"a bounce that nobody could place": {mail, core.MessageLetter, marked(core.MarkBounce), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			doc := d.arrive(tc.channel, tc.kind, tc.edit)
			if (doc.Appeal != nil) != tc.want {
				t.Fatalf("appeal %+v", doc.Appeal)
			}
			if opened := d.told(bus.AppealOpened, doc.ID); (len(opened) == 1) != tc.want {
				t.Errorf("opened %v", opened)
			}
		})
	}
}

func marked(k core.MarkKind) func(*core.Message) {
	return func(m *core.Message) { m.Marks = []core.Mark{{Kind: k}} }
}

func TestAppealTakesOverWhatTheMessageSays(t *testing.T) {
	d := newDesk(t)
	due := d.clock.Now().Add(48 * time.Hour)
	doc := d.arrive(post, core.MessageAppeal, func(m *core.Message) {
		m.Fields, m.DueAt = map[string]string{"account": "100500", "address": "Ленина, 1"}, &due
	})
	a := doc.Appeal
	if a.Applicant.Name != "Анна" || a.Accounts[0].Number != "100500" || a.Premises.Text != "Ленина, 1" ||
		doc.Deadline.Term.Kind != core.TermOutside || !doc.DueAt.Equal(due) || a.State != core.AppealNew {
		t.Fatalf("%+v", a)
	}
}

func inThread(id string) func(*core.Message) {
	return func(m *core.Message) { m.Thread.External = id }
}

func TestFurtherLinesOfAChatAreCorrespondence(t *testing.T) {
	d := newDesk(t)
	first := d.arrive(chat, core.MessageChat, inThread("77"))
	if second := d.arrive(chat, core.MessageChat, inThread("77")); second.Appeal != nil || second.Thread != first.Thread {
		t.Fatalf("%+v", second)
	}
}

func TestWritingAgainWakesAnAnsweredAppeal(t *testing.T) {
	d := newDesk(t)
	first := d.arrive(chat, core.MessageChat, inThread("77"))
	d.do(func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(first), olga) })
	d.answer(first.ID, false)
	if got := d.read(first.ID); got.Appeal.State != core.AppealAnswered || got.State != core.DocumentAnswered || got.Appeal.AnsweredAt == nil {
		t.Fatalf("answered: %s %s", got.Appeal.State, got.State)
	}
	d.arrive(chat, core.MessageChat, inThread("77"))
	if got := d.read(first.ID); got.Appeal.State != core.AppealInWork || got.Appeal.Operator != olga || got.Appeal.Reopened != 0 {
		t.Fatalf("%+v", got.Appeal)
	}
}

func TestWritingAfterTheEndOpensTheNextOne(t *testing.T) {
	d := newDesk(t)
	first := d.arrive(chat, core.MessageChat, inThread("77"))
	d.closed(first)
	next := d.arrive(chat, core.MessageChat, inThread("77"))
	if next.Appeal == nil || !slices.Equal(next.Appeal.Related, []core.DocumentID{first.ID}) {
		t.Fatalf("%+v", next.Appeal)
	}
	if first = d.read(first.ID); first.Appeal.State != core.AppealClosed || !slices.Equal(first.Appeal.Related, []core.DocumentID{next.ID}) {
		t.Fatalf("%+v", first.Appeal)
	}
}

func TestAnyIncomingDocumentCanBeMadeAnAppeal(t *testing.T) {
	d := newDesk(t)
	doc := d.arrive(post, core.MessageLetter, nil)
	made := d.do(func(tx store.Tx) (*core.Document, error) { return d.Ensure(tx, doc) })
	if made.Appeal == nil || made.Version != doc.Version+1 || made.Number.Text != doc.Number.Text {
		t.Fatalf("%+v", made)
	}
	if again := d.do(func(tx store.Tx) (*core.Document, error) { return d.Ensure(tx, made) }); again.Version != made.Version {
		t.Error("made an appeal twice")
	}
	out := &core.Document{ID: "doc_out", Direction: core.Outgoing, Thread: "t"}
	_, err := d.try(func(tx store.Tx) (*core.Document, error) { return d.Ensure(tx, out) })
	wantError(t, err, core.KindConflict, "appeal.direction")
}
