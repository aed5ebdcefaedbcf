package execution_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// desk is a hub's stages over a real store: letters are registered and routed.
type desk struct {
	testing.TB
	store  store.Store
	bus    *coretest.Recorder
	clock  *coretest.Clock
	intake *intake.Service
	rules  *execution.Service
	n      int
}

func newDesk(t testing.TB) *desk {
	clock := coretest.NewClock()
	d := &desk{TB: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	out := &outgoing.Service{Store: d.store, Bus: d.bus}
	appeals := &appeal.Service{Bus: d.bus, Outgoing: out, Carries: func(*core.Channel, core.Purpose) bool { return false }}
	d.intake = &intake.Service{Bus: d.bus, Forward: out.Forward, Arrive: appeals.Arrive}
	d.rules = &execution.Service{
		Store: d.store, Bus: d.bus, Forward: out.Forward, Appeals: appeals, Calendar: schedule.Offices{}, Fill: (&directory.Service{}).Fill,
		Reply: func(tx store.Tx, to core.DocumentID, subject, text string) error {
			_, _, err := out.Reply(tx, to, outgoing.Reply{Subject: subject, Text: text, Automatic: true})
			return err
		},
	}
	d.update(func(tx store.Tx) error {
		for _, id := range []core.ChannelID{"mail", "gis", "1c"} {
			if err := store.Channels.Put(tx, &core.Channel{ID: id, Organization: "org_1"}); err != nil {
				return err
			}
		}
		for _, id := range []core.UserID{"usr_anna", "usr_boris", "usr_vera"} {
			if err := store.Users.Put(tx, &core.User{ID: id, Login: string(id)}); err != nil {
				return err
			}
		}
		return nil
	})
	return d
}

func (d *desk) update(fn func(store.Tx) error) {
	d.Helper()
	coretest.Update(d, d.store, fn)
}

// set puts the rules in force.
func (d *desk) set(rules ...core.Rule) *core.RuleSet {
	d.Helper()
	var set *core.RuleSet
	d.update(func(tx store.Tx) (err error) {
		set, err = d.rules.Edit(tx, execution.AnyVersion, "", func([]core.Rule) ([]core.Rule, error) { return rules, nil })
		return err
	})
	return set
}

// register makes a document of a letter, not yet routed.
func (d *desk) register(edit func(*core.Message)) core.DocumentID {
	d.Helper()
	d.clock.Add(time.Second)
	d.n++
	m := &core.Message{
		ID: core.MessageID(core.NewID("msg", d.clock.Now())), Channel: "mail", ExternalID: fmt.Sprintf("<%d@mail.test>", d.n),
		Kind: core.MessageLetter, Change: core.ChangeNew, At: d.clock.Now(), Subject: "Течёт крыша", Text: "Пятый подъезд",
		From: core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@dom.example"}}},
	}
	if edit != nil {
		edit(m)
	}
	d.update(func(tx store.Tx) error {
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		return d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: m.Channel, Kind: m.Kind})
	})
	evs := d.bus.Take(bus.DocumentRegistered)
	var about bus.DocumentEvent
	if err := evs[len(evs)-1].Decode(&about); err != nil {
		d.Fatal(err)
	}
	return about.Document
}

func (d *desk) route(id core.DocumentID) {
	d.Helper()
	d.update(func(tx store.Tx) error {
		doc, err := store.Documents.Get(tx, string(id))
		if err != nil {
			return err
		}
		return d.rules.Route(tx, doc)
	})
}

// in registers and routes a letter.
func (d *desk) in(edit func(*core.Message)) *core.Document {
	d.Helper()
	id := d.register(edit)
	d.route(id)
	return d.document(id)
}

func (d *desk) document(id core.DocumentID) (doc *core.Document) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) (err error) {
		doc, err = store.Documents.Get(tx, string(id))
		return err
	})
	return doc
}

func (d *desk) decision(id core.DocumentID) (decided *core.Decision, steps []core.RuleStep) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) (err error) {
		decided, steps, err = d.rules.Decision(tx, id)
		return err
	})
	return decided, steps
}

func (d *desk) inForce() (set *core.RuleSet) {
	d.Helper()
	coretest.View(d, d.store, func(tx store.Tx) (err error) {
		set, err = d.rules.Rules(tx)
		return err
	})
	return set
}

func doing(title string, when *core.Condition, then ...core.Action) core.Rule {
	return core.Rule{Title: title, On: true, When: when, Then: then}
}

func subject(words ...string) *core.Condition {
	return &core.Condition{Field: core.FieldSubject, Is: core.IsWords, Values: words}
}

func setLine(id core.EntryID) core.Action { return core.Action{Do: core.ActSetLine, Line: id} }

func operators(choice core.OperatorChoice, users ...core.UserID) core.Action {
	return core.Action{Do: core.ActSetOperator, Choice: choice, Users: users}
}

func TestRulesAreCarriedOutAndExplained(t *testing.T) {
	d := newDesk(t)
	set := d.set(
		doing("Лифт", subject("лифт"), setLine("lifts")),
		doing("Крыша", subject("крыша"), setLine("repairs"), operators(core.ChooseFixed, "usr_anna"), core.Action{Do: core.ActSetReason, Reason: "roof", ReasonGroup: "house"},
			core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"urgent"}}, core.Action{Do: core.ActSetTerm, Term: &core.Term{Kind: core.TermHours, Amount: 4}},
			core.Action{Do: core.ActForward, Channels: []core.ChannelID{"gis"}}, core.Action{Do: core.ActNotify, Users: []core.UserID{"usr_vera"}, Text: "Крыша"}),
		doing("Остальное", nil, setLine("common")),
	)
	doc := d.in(nil)
	a := doc.Appeal
	if a == nil || a.State != core.AppealNew || a.Line != "repairs" || a.Operator != "usr_anna" || a.Reason != "roof" || a.ReasonGroup != "house" || len(a.Tags) != 1 || a.Applicant.Name != "Анна" {
		t.Errorf("appeal %+v", a)
	}
	if doc.DueAt == nil || !doc.DueAt.Equal(d.clock.Now().Add(4*time.Hour)) {
		t.Errorf("due %v", doc.DueAt)
	}
	if n := len(d.bus.Take(bus.DeliveryRequested)); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	if n := len(d.bus.Take(bus.NoticeRaised)); n != 2 { // the rule's own, and the operator's that the appeal is hers
		t.Errorf("%d notices", n)
	}
	if n := len(d.bus.Take(bus.DocumentUpdated)); n != 1 {
		t.Errorf("%d updates", n)
	}
	decided, steps := d.decision(doc.ID)
	if decided.RuleSet != set.Number || len(decided.Effects) != 8 {
		t.Fatalf("decision %+v", decided)
	}
	for _, e := range decided.Effects[:7] {
		if !e.Done || e.Title != "Крыша" {
			t.Errorf("effect %+v", e)
		}
	}
	if last := decided.Effects[7]; last.Done || last.Note != "линия уже назначена" {
		t.Errorf("last effect %+v", last)
	}
	if steps[0].Outcome != core.RuleMissed || steps[1].Outcome != core.RuleMatched || steps[1].Why != "подошло условие: тема содержит слова «крыша»" {
		t.Errorf("steps %+v", steps)
	}
}

func TestDocumentIsRoutedOnce(t *testing.T) {
	d := newDesk(t)
	d.set(doing("всем", nil, core.Action{Do: core.ActForward, Channels: []core.ChannelID{"gis"}}, core.Action{Do: core.ActReply, Text: "Получили"}))
	doc := d.in(nil)
	d.route(doc.ID)
	d.set(doing("иначе", nil, core.Action{Do: core.ActForward, Channels: []core.ChannelID{"1c"}}))
	d.route(doc.ID)
	if n := len(d.bus.Take(bus.DeliveryRequested)); n != 2 {
		t.Errorf("%d deliveries", n)
	}
}

func TestWithoutRulesNothingIsWritten(t *testing.T) {
	d := newDesk(t)
	doc := d.in(nil)
	if decided, _ := d.decision(doc.ID); decided != nil || doc.Version != 1 {
		t.Errorf("decision %+v, version %d", decided, doc.Version)
	}
}

func TestOperatorsInTurnLeaveOutWhoIsGone(t *testing.T) {
	d := newDesk(t)
	d.set(doing("по очереди", nil, operators(core.ChooseTurn, "usr_anna", "usr_boris", "usr_vera")))
	var got []core.UserID
	for i := range 7 {
		if i == 4 {
			d.update(func(tx store.Tx) error {
				u, err := store.Users.Get(tx, "usr_boris")
				if err != nil {
					return err
				}
				u.State = core.UserLocked
				return store.Users.Put(tx, u)
			})
		}
		got = append(got, d.in(nil).Appeal.Operator)
	}
	if want := "[usr_anna usr_boris usr_vera usr_anna usr_vera usr_anna usr_vera]"; fmt.Sprint(got) != want {
		t.Errorf("%v", got)
	}
}

func TestOperatorByLoadIsWhoHasLeast(t *testing.T) {
	d := newDesk(t)
	d.set(doing("по загрузке", nil, operators(core.ChooseLoad, "usr_anna", "usr_boris")))
	first := d.in(nil)
	second, third := d.in(nil), d.in(nil)
	if first.Appeal.Operator != "usr_anna" || second.Appeal.Operator != "usr_boris" || third.Appeal.Operator != "usr_anna" {
		t.Fatalf("%s %s %s", first.Appeal.Operator, second.Appeal.Operator, third.Appeal.Operator)
	}
	d.update(func(tx store.Tx) error {
		for _, id := range []core.DocumentID{first.ID, third.ID} {
			doc, err := store.Documents.Get(tx, string(id))
			if err != nil {
				return err
			}
			doc.Appeal.State = core.AppealClosed
			if err := store.Documents.Put(tx, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if got := d.in(nil).Appeal.Operator; got != "usr_anna" {
		t.Errorf("after two were closed %s", got)
	}
}

func TestAutomaticAnswerGoesOnceInAMatterAndNeverToMachines(t *testing.T) {
	d := newDesk(t)
	d.set(doing("ответ", nil, core.Action{Do: core.ActReply, Title: "Обращение {number}", Text: "{name}, мы получили письмо «{subject}»"}))
	inThread := func(m *core.Message) { m.Thread.External = "chat-1" }
	note := func(doc *core.Document) string {
		decided, _ := d.decision(doc.ID)
		return decided.Effects[0].Note
	}
	first := d.in(inThread)
	if n := note(first); n != "" {
		t.Fatalf("not answered: %s", n)
	}
	var answer *core.Document
	coretest.View(t, d.store, func(tx store.Tx) error {
		for doc, err := range store.Documents.Find(tx, "direction", string(core.Outgoing)) {
			if err != nil {
				return err
			}
			answer = doc
		}
		return nil
	})
	if answer.Subject != "Обращение "+first.Number.Text || answer.Text != "Анна, мы получили письмо «Течёт крыша»" || len(answer.Marks) != 1 {
		t.Errorf("answer %+v", answer)
	}
	if doc := d.document(first.ID); doc.State != core.DocumentRegistered {
		t.Errorf("an automatic answer made the document %s", doc.State)
	}
	d.route(answer.ID) // an outgoing document is not answered either
	if n := note(d.in(inThread)); !strings.HasPrefix(n, "в этой переписке") {
		t.Errorf("second letter of the matter: %q", n)
	}
	if n := note(d.in(func(m *core.Message) { m.Marks = []core.Mark{{Kind: core.MarkAutomatic}} })); !strings.HasPrefix(n, "документ отправлен автоматически") {
		t.Errorf("letter of a machine: %q", n)
	}
	if n := note(d.in(func(m *core.Message) { m.From.Addresses = nil })); !strings.HasPrefix(n, "ответ не отправлен") {
		t.Errorf("letter from nowhere: %q", n)
	}
	d.clock.Add(25 * time.Hour)
	if n := note(d.in(inThread)); n != "" {
		t.Errorf("a day later: %q", n)
	}
	var last string
	for range 12 {
		last = note(d.in(nil))
	}
	if !strings.HasPrefix(last, "от этого отправителя слишком много") {
		t.Errorf("twelfth letter of an hour: %q", last)
	}
}

func TestHistoryOfTheSenderCountsWhatCameBefore(t *testing.T) {
	d := newDesk(t)
	d.set(
		doing("часто", &core.Condition{Field: core.FieldAppeals, Is: core.IsAtLeast, Days: 7, Number: 2}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"often"}}),
		doing("открытые", &core.Condition{Field: core.FieldOpenAppeals, Is: core.IsAtLeast, Number: 1}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"open"}}),
		doing("всем", nil, setLine("common")),
	)
	tags := func(doc *core.Document) string { return fmt.Sprint(doc.Appeal.Tags) }
	if got := tags(d.in(nil)); got != "[]" {
		t.Errorf("first %s", got)
	}
	if got := tags(d.in(nil)); got != "[open]" {
		t.Errorf("second %s", got)
	}
	if got := tags(d.in(nil)); got != "[often open]" {
		t.Errorf("third %s", got)
	}
	other := func(m *core.Message) { m.From.Addresses[0].Value = "boris@dom.example" }
	if got := tags(d.in(other)); got != "[]" {
		t.Errorf("another sender %s", got)
	}
	d.clock.Add(8 * 24 * time.Hour)
	if got := tags(d.in(nil)); got != "[open]" {
		t.Errorf("a week later %s", got)
	}
}

func TestVersionsAreKeptAndGoneBackTo(t *testing.T) {
	d := newDesk(t)
	one := d.set(doing("раз", nil, setLine("one")))
	two := one.Rules[0]
	two.Then = []core.Action{setLine("two")}
	d.set(two, doing("два", nil, setLine("x")))
	d.update(func(tx store.Tx) error {
		set, err := d.rules.Revert(tx, 2, 1)
		if err == nil && (set.Number != 3 || len(set.Rules) != 1 || set.Rules[0].Then[0].Line != "one" || set.Rules[0].ID != one.Rules[0].ID || set.Rules[0].Changed != 3) {
			t.Errorf("reverted to %+v", set)
		}
		return err
	})
	if line := d.in(nil).Appeal.Line; line != "one" {
		t.Errorf("routed to %s", line)
	}
	err := d.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := d.rules.Revert(tx, 2, 1)
		return err
	})
	e, _ := errors.AsType[*core.Error](err)
	if core.KindOf(err) != core.KindConflict || len(e.Faults) != 2 ||
		e.Faults[0] != (core.FieldFault{Field: "rules." + string(two.ID), Text: "изменено в версии 3"}) || e.Faults[1].Text != "удалено до версии 3" {
		t.Errorf("stale edit: %+v", e)
	}
}

func TestRulesThatNameNothingAreRefusedAtOnce(t *testing.T) {
	d := newDesk(t)
	d.rules.Entries = func(_ store.Tx, _ core.DirectoryName, id core.EntryID) (bool, error) { return id == "known", nil }
	bad := doing("плохое", nil,
		core.Action{Do: core.ActForward, Channels: []core.ChannelID{"mail", "nowhere"}}, operators(core.ChooseTurn, "usr_ghost", "usr_anna"),
		core.Action{Do: core.ActCreateTask, Title: "Осмотр", Performer: "usr_ghost"}, core.Action{Do: core.ActReply, Template: "known"}, setLine("unknown"), setLine("known"))
	err := d.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := d.rules.Edit(tx, 0, "", func([]core.Rule) ([]core.Rule, error) { return []core.Rule{bad}, nil })
		return err
	})
	want := []string{"then.0.channels.1", "then.1.users.0", "then.2.do", "then.2.performer", "then.3.template", "then.4.line"}
	for _, field := range want {
		if err == nil || !strings.Contains(err.Error(), "rules.0."+field) {
			t.Errorf("%s is not told: %v", field, err)
		}
	}
	if n := d.inForce().Number; n != 0 {
		t.Errorf("version %d", n)
	}
}

func TestTasksAreCreatedByTheirOwner(t *testing.T) {
	d := newDesk(t)
	made := &tasks{}
	d.rules.Tasks = made
	d.set(doing("осмотр", nil, core.Action{Do: core.ActCreateTask, Title: "Осмотреть крышу", Performer: "usr_vera", Term: &core.Term{Kind: core.TermWorkingHours, Amount: 10}}))
	doc := d.in(nil)
	if len(made.all) != 1 || made.all[0].Document != doc.ID || made.all[0].Deadline == nil {
		t.Fatalf("%+v", made.all)
	}
	// The desk's Wednesday noon UTC is 15:00 of the office: three hours today, and tomorrow seven and a pause.
	if due := made.all[0].Deadline.DueAt.In(core.OfficeZone); due.Day() != 19 || due.Hour() != 17 {
		t.Errorf("due %v", due)
	}
}

type tasks struct{ all []execution.Task }

func (t *tasks) Create(_ store.Tx, task execution.Task) error {
	t.all = append(t.all, task)
	return nil
}
