package intake_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

const box core.ChannelID = "mail"

type desk struct {
	*testing.T
	store  store.Store
	bus    *coretest.Recorder
	clock  *coretest.Clock
	intake *intake.Service
	out    *outgoing.Service
	n      int
}

func newDesk(t *testing.T) *desk {
	clock := coretest.NewClock()
	d := &desk{T: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	d.out = &outgoing.Service{Store: d.store, Bus: d.bus}
	appeals := &appeal.Service{Bus: d.bus, Outgoing: d.out, Carries: func(*core.Channel, core.Purpose) bool { return false }}
	d.out.Answered = appeals.Answered
	d.intake = &intake.Service{Bus: d.bus, Forward: d.out.Forward, Arrive: appeals.Arrive}
	coretest.Update(t, d.store, func(tx store.Tx) error {
		return store.Channels.Put(tx, &core.Channel{ID: box, Organization: "org_1"})
	})
	return d
}

// letter is a message from the resident with what the test wants to differ.
func (d *desk) letter(edit func(*core.Message)) *core.Message {
	d.n++
	m := &core.Message{
		ID: core.MessageID(core.NewID("msg", d.clock.Now())), Channel: box,
		ExternalID: fmt.Sprintf("<%d@mail.test>", d.n), Kind: core.MessageLetter, Change: core.ChangeNew,
		At: d.clock.Now(), From: person("anna@mail.test"), Subject: "Течёт крыша", Text: "Пятый подъезд",
		Fields: map[string]string{"delivery_type": "Электронная почта"},
	}
	if edit != nil {
		edit(m)
	}
	return m
}

func person(mail string) core.Correspondent {
	return core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: mail}}}
}

// take stores the message and runs the handler as often as told.
func (d *desk) take(m *core.Message, times int) {
	d.Helper()
	coretest.Update(d.T, d.store, func(tx store.Tx) error { return store.Messages.Put(tx, m) })
	for range times {
		coretest.Update(d.T, d.store, func(tx store.Tx) error {
			return d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: m.Channel, Kind: m.Kind})
		})
	}
}

func (d *desk) documents() []*core.Document {
	d.Helper()
	var page store.Page[core.Document]
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		page, err = store.Documents.List(tx, store.Query[core.Document]{Limit: 100})
		return err
	})
	return page.Items
}

func (d *desk) last() *core.Document {
	d.Helper()
	all := d.documents()
	return all[len(all)-1]
}

// in registers a letter and gives its document; the clock moves on so that
// documents sort by age.
func (d *desk) in(edit func(*core.Message)) *core.Document {
	d.Helper()
	d.clock.Add(1e9)
	d.take(d.letter(edit), 1)
	return d.last()
}

func TestLetterBecomesNumberedDocument(t *testing.T) {
	d := newDesk(t)
	doc := d.in(nil)
	if doc.Number == nil || doc.Number.Text != "Вх-2026/000001" || doc.Number.Date != "2026-11-18" {
		t.Errorf("number is %+v", doc.Number)
	}
	if doc.State != core.DocumentRegistered || doc.Direction != core.Incoming || doc.Organization != "org_1" ||
		doc.Subject != "Течёт крыша" || doc.Text != "Пятый подъезд" || doc.Fields["delivery_type"] != "Электронная почта" {
		t.Errorf("document is %+v", doc)
	}
	if doc.Thread != core.ThreadID(doc.ID) {
		t.Errorf("a first document opens its own thread, not %s", doc.Thread)
	}
	evs := d.bus.Take(bus.DocumentRegistered)
	if len(evs) != 1 || evs[0].Key != string(doc.ID) {
		t.Errorf("events %+v", evs)
	}
}

func TestHandlerRunTwiceRegistersOnce(t *testing.T) {
	d := newDesk(t)
	d.take(d.letter(nil), 3)
	if n := len(d.documents()); n != 1 {
		t.Fatalf("%d documents", n)
	}
	if n := len(d.bus.Take(bus.DocumentRegistered)); n != 1 {
		t.Fatalf("%d events", n)
	}
}

func TestDayOfNumberIsTheOfficesDay(t *testing.T) {
	d := newDesk(t)
	d.clock.Set(d.clock.Now().AddDate(0, 1, 13).Truncate(24 * 3600 * 1e9).Add(22 * 3600 * 1e9)) // 31 December, 22:00 UTC
	if doc := d.in(nil); doc.Number.Text != "Вх-2027/000001" {
		t.Errorf("one o'clock in the night of Moscow's 1 January is numbered %s", doc.Number.Text)
	}
}

func TestJournalOfTheChannel(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, func(tx store.Tx) error {
		if err := registry.Save(tx, &core.Journal{ID: "appeals", Title: "Обращения", Direction: core.Incoming, Template: "ОБР-{yyyy}-{n:04}", Yearly: true}); err != nil {
			return err
		}
		ch, err := store.Channels.Get(tx, string(box))
		if err != nil {
			return err
		}
		ch.Journal = "appeals"
		return store.Channels.Put(tx, ch)
	})
	if doc := d.in(nil); doc.Number.Text != "ОБР-2026-0001" {
		t.Errorf("number is %s", doc.Number.Text)
	}
}

func TestKnownAddressIsTheOrganisation(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, func(tx store.Tx) error {
		return store.Parties.Put(tx, &core.Party{ID: "pty_1", Kind: core.PartyOrganization, Name: "ООО «Лифт»", Addresses: []core.Contact{{Kind: core.AddressEmail, Value: "Office@Lift.test"}}})
	})
	doc := d.in(func(m *core.Message) { m.From = person("office@lift.test") })
	if doc.Sender.Party != "pty_1" || doc.Sender.Name != "ООО «Лифт»" || doc.Sender.Kind != core.PartyOrganization {
		t.Errorf("sender is %+v", doc.Sender)
	}
	if doc := d.in(nil); doc.Sender.Party != "" || doc.Sender.Name != "Анна" {
		t.Errorf("a stranger is %+v", doc.Sender)
	}
}

func TestThreadNeedsTwoProofs(t *testing.T) {
	for _, c := range []struct {
		name    string
		follow  func(first *core.Document) func(*core.Message)
		joins   bool
		perhaps bool
	}{
		{"reference and known sender", func(f *core.Document) func(*core.Message) {
			return func(m *core.Message) { m.Thread.References = []string{f.ExternalID} }
		}, true, false},
		{"reference to another name of it and known sender", func(*core.Document) func(*core.Message) {
			return func(m *core.Message) { m.Thread.References = []string{"<alias@mail.test>"} }
		}, true, false},
		{"number and known sender", func(f *core.Document) func(*core.Message) {
			return func(m *core.Message) { m.Thread.Numbers = []string{f.Number.Text} }
		}, true, false},
		{"reference and a stranger", func(f *core.Document) func(*core.Message) {
			return func(m *core.Message) {
				m.Thread.References = []string{f.ExternalID}
				m.From = person("other@mail.test")
			}
		}, false, true},
		{"number and a stranger", func(f *core.Document) func(*core.Message) {
			return func(m *core.Message) { m.Thread.Numbers = []string{f.Number.Text}; m.From = person("other@mail.test") }
		}, false, true},
		{"known sender and equal subject only", func(*core.Document) func(*core.Message) { return nil }, false, false},
		{"reference to nothing we know", func(*core.Document) func(*core.Message) {
			return func(m *core.Message) { m.Thread.References = []string{"<nowhere@mail.test>"} }
		}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			first := d.in(func(m *core.Message) { m.Thread.KnownAs = []string{"<alias@mail.test>"} })
			next := d.in(c.follow(first))
			if joined := next.Thread == first.Thread && next.InReplyTo == first.ID; joined != c.joins {
				t.Errorf("joined: %v", joined)
			}
			if perhaps := len(next.PerhapsBelongsTo) == 1 && next.PerhapsBelongsTo[0] == first.ID; perhaps != c.perhaps {
				t.Errorf("perhaps belongs to %v", next.PerhapsBelongsTo)
			}
			if next.Number.Seq != 2 {
				t.Errorf("number is %v", next.Number)
			}
		})
	}
}

func TestOutsideThreadIsProofEnough(t *testing.T) {
	d := newDesk(t)
	inThread := func(from string) func(*core.Message) {
		return func(m *core.Message) { m.Thread.External = "chat-7"; m.From = person(from) }
	}
	first, second := d.in(inThread("a@mail.test")), d.in(inThread("b@mail.test"))
	third := d.in(inThread("c@mail.test"))
	if second.Thread != first.Thread || third.Thread != first.Thread || third.InReplyTo != second.ID {
		t.Errorf("threads %s %s %s, the third continues %s", first.Thread, second.Thread, third.Thread, third.InReplyTo)
	}
}

func TestAnswerToAnswerJoinsByDeliveryInsideMessageID(t *testing.T) {
	d := newDesk(t)
	first := d.in(nil)
	_, dlv, err := d.out.Answer(t.Context(), first.ID, outgoing.Reply{Text: "Мастер придёт завтра"})
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Add(1e9)
	// The receipt with the Message-ID was never settled; the id itself tells.
	d.take(d.letter(func(m *core.Message) { m.Thread.References = []string{"<" + string(dlv.ID) + ".1@uk.test>"} }), 1)
	if next := d.last(); next.Thread != first.Thread {
		t.Errorf("thread is %s, want %s", next.Thread, first.Thread)
	}
}

func TestEditAndWithdrawal(t *testing.T) {
	d := newDesk(t)
	first := d.in(nil)
	d.take(d.letter(func(m *core.Message) {
		m.Change, m.About, m.Text = core.ChangeEdited, first.ExternalID, "Шестой подъезд"
	}), 1)
	d.take(d.letter(func(m *core.Message) { m.Change, m.About = core.ChangeWithdrawn, first.ExternalID }), 2)
	all := d.documents()
	if len(all) != 1 {
		t.Fatalf("%d documents", len(all))
	}
	if all[0].Text != "Шестой подъезд" || len(all[0].Marks) != 1 || all[0].Marks[0].Kind != core.MarkWithdrawn {
		t.Errorf("document is %+v", all[0])
	}
	var before any
	coretest.View(t, d.store, func(tx store.Tx) error {
		for e, err := range store.Documents.History(tx, string(first.ID)) {
			if err != nil {
				return err
			}
			for _, c := range e.Changes {
				if c.Field == "text" {
					before = c.Before
				}
			}
		}
		return nil
	})
	if before != "Пятый подъезд" {
		t.Errorf("history keeps %v as the text before", before)
	}
}

func TestEditOfNothingWeKnowIsRegistered(t *testing.T) {
	d := newDesk(t)
	if doc := d.in(func(m *core.Message) { m.Change, m.About = core.ChangeEdited, "<gone@mail.test>" }); doc.Number.Seq != 1 {
		t.Errorf("number is %+v", doc.Number)
	}
}

func TestDeletedChannelDoesNotLoseItsMessages(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, func(tx store.Tx) error { return store.Channels.Delete(tx, string(box)) })
	if doc := d.in(nil); doc.Number.Seq != 1 {
		t.Errorf("number is %+v", doc.Number)
	}
}

func TestMessageIsNotTakenForAnotherKnownByItsID(t *testing.T) {
	d := newDesk(t)
	d.in(func(m *core.Message) { m.Thread.KnownAs = []string{"<1@mail.test>", "<2@mail.test>"} })
	d.in(nil) // its external id is <2@mail.test>
	if n := len(d.documents()); n != 2 {
		t.Errorf("%d documents of two messages", n)
	}
}

func TestWhatFollowsARegistrationCannotSpoilIt(t *testing.T) {
	for name, follow := range map[string]func() error{
		"error": func() error { return core.Conflict("test", "сейчас нельзя") },
		"panic": func() error { panic("defect") }, // must not spoil the registration
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.intake.Follow = func(tx store.Tx, doc *core.Document) error {
				doc.Subject = "изменено"
				if err := store.Documents.Put(tx, doc); err != nil {
					t.Error(err)
				}
				return follow()
			}
			doc := d.in(nil)
			if doc.Subject != "Течёт крыша" || doc.Version != 1 || doc.Number == nil {
				t.Errorf("the document is %+v", doc)
			}
			if evs := d.bus.Take(bus.DocumentUnrouted); len(evs) != 1 || evs[0].Key != string(doc.ID) {
				t.Errorf("it comes again by %+v", evs)
			}
		})
	}
}

func TestWhatFollowsARegistrationIsInItsTransaction(t *testing.T) {
	d := newDesk(t)
	d.intake.Follow = func(tx store.Tx, doc *core.Document) error {
		doc.Subject = "изменено"
		return store.Documents.Put(tx, doc)
	}
	if doc := d.in(nil); doc.Subject != "изменено" {
		t.Errorf("the document is %+v", doc)
	}
	if evs := d.bus.Take(bus.DocumentUnrouted); len(evs) != 0 {
		t.Errorf("it comes again by %+v", evs)
	}
}
