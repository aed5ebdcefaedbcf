package appeals_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	olga core.UserID = "usr_olga"
	pavl core.UserID = "usr_pavl"
)

// office is a store with five appeals, one in each of the states work begins in.
type office struct {
	*testing.T
	store store.Store
	clock *coretest.Clock
	bus   shown
	desk  *appeal.Service
	mass  *mass.Service
}

// shown is a publisher with nobody to show to.
type shown struct{ *coretest.Recorder }

func (shown) Broadcast(bus.Topic, any) error { return nil }

var states = []core.AppealState{core.AppealNew, core.AppealWaiting, core.AppealInWork, core.AppealForwarded, core.AppealAnswered}

func idOf(s core.AppealState) core.DocumentID { return core.DocumentID("doc_" + s) }

func newOffice(t *testing.T) *office {
	o := &office{T: t, clock: coretest.NewClock(), bus: shown{&coretest.Recorder{}}}
	o.store = coretest.Open(t, o.clock)
	o.desk = &appeal.Service{
		Bus: o.bus, Outgoing: &outgoing.Service{Store: o.store, Bus: o.bus},
		Carries: func(ch *core.Channel, p core.Purpose) bool { return ch.ID != "mail" || p != core.PurposeForward },
	}
	o.mass = mass.New(mass.Options{Store: o.store, Bus: o.bus}, appeals.Operations(o.desk)...)
	coretest.Update(t, o.store, func(tx store.Tx) error {
		errs := []error{
			store.Channels.Put(tx, &core.Channel{ID: "gis", Enabled: true}),
			store.Channels.Put(tx, &core.Channel{ID: "mail", Enabled: true, Notices: []core.NotifyWay{core.NotifyEmail}}),
			store.Users.Put(tx, &core.User{ID: olga, Login: "olga"}),
			store.Users.Put(tx, &core.User{ID: pavl, Login: "pavl"}),
			store.Documents.Put(tx, &core.Document{ID: "doc_letter", Direction: core.Incoming, State: core.DocumentRegistered}),
		}
		for _, s := range states {
			errs = append(errs, store.Documents.Put(tx, documentIn(s, tx.Now())))
		}
		return errors.Join(errs...)
	})
	return o
}

// documentIn is an appeal in the state; from in_work on it is Pavel's.
func documentIn(s core.AppealState, now time.Time) *core.Document {
	d := &core.Document{
		ID: idOf(s), Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentInWork, Thread: core.ThreadID(idOf(s)),
		Appeal: &core.Appeal{State: s, Line: "ent_1", Operator: pavl, TakenAt: &now, Transfers: 1},
	}
	switch s {
	case core.AppealNew, core.AppealWaiting:
		d.State, d.Appeal.Operator, d.Appeal.TakenAt = core.DocumentRegistered, "", nil
	case core.AppealAnswered:
		d.State, d.Appeal.AnsweredAt = core.DocumentAnswered, &now
	}
	if later := now.Add(time.Hour); s == core.AppealWaiting {
		d.Appeal.PlannedAt = &later
	}
	return d
}

func (o *office) order(by core.UserID, operation, args string, documents ...core.DocumentID) (*core.MassRun, error) {
	var r *core.MassRun
	ctx := core.WithActor(o.Context(), core.Actor{Kind: core.ActorUser, ID: string(by)})
	err := o.store.Update(ctx, func(tx store.Tx) (err error) {
		r, err = o.mass.Begin(tx, mass.Order{Operation: operation, Args: json.RawMessage(args), Documents: documents})
		return err
	})
	return r, err
}

// run works an order over all documents to its end.
func (o *office) run(by core.UserID, operation, args string) core.MassID {
	o.Helper()
	ids := []core.DocumentID{"doc_letter"}
	for _, s := range states {
		ids = append(ids, idOf(s))
	}
	r, err := o.order(by, operation, args, ids...)
	if err != nil {
		o.Fatal(err)
	}
	o.work()
	return r.ID
}

func (o *office) undo(id core.MassID) {
	o.Helper()
	if _, err := o.mass.Undo(o.Context(), id); err != nil {
		o.Fatal(err)
	}
	o.work()
}

func (o *office) work() {
	o.Helper()
	for worked := true; worked; {
		var err error
		if worked, err = o.mass.Step(o.Context()); err != nil {
			o.Fatal(err)
		}
	}
}

func (o *office) get(s core.AppealState) *core.Document {
	o.Helper()
	var d *core.Document
	coretest.View(o, o.store, func(tx store.Tx) (err error) {
		d, err = store.Documents.Get(tx, string(idOf(s)))
		return err
	})
	return d
}

// want compares what became of each document with `outcome` or `outcome code`.
func (o *office) want(id core.MassID, want map[core.DocumentID]string) {
	o.Helper()
	page, err := o.mass.Items(o.Context(), id, "", "", 100)
	if err != nil {
		o.Fatal(err)
	}
	for _, item := range page.Items {
		got := string(item.Outcome)
		if item.Code != "" {
			got += " " + item.Code
		}
		wanted, special := want[item.Document]
		if !special {
			wanted = want["*"]
		}
		if got != wanted {
			o.Errorf("%s is %s (%s), want %s", item.Document, got, item.Text, wanted)
		}
	}
}

func handsOf(d *core.Document) string { return fmt.Sprintf("%+v", appeal.HandsOf(d.Appeal)) }

func TestTakingManyIsUndoneIntoTheHandsTheyWereIn(t *testing.T) {
	o := newOffice(t)
	before := map[core.AppealState]string{}
	for _, s := range states {
		before[s] = handsOf(o.get(s))
	}
	id := o.run(olga, "take", "")
	o.want(id, map[core.DocumentID]string{
		"*": "done", idOf(core.AppealInWork): "failed appeal.taken", "doc_letter": "failed appeals.not_found",
	})
	for _, s := range states {
		if d := o.get(s); s != core.AppealInWork && (d.Appeal.State != core.AppealInWork || d.Appeal.Operator != olga || d.Appeal.TakenAt == nil) {
			t.Errorf("%s: %+v", s, d.Appeal)
		}
	}
	coretest.Update(t, o.store, func(tx store.Tx) error { // Pavel is given one meanwhile
		_, err := o.desk.Transfer(tx, appeal.Ref{ID: idOf(core.AppealNew)}, "ent_1", pavl)
		return err
	})
	o.undo(id)
	o.want(id, map[core.DocumentID]string{
		"*": "undone", idOf(core.AppealNew): "stuck appeal.moved",
		idOf(core.AppealInWork): "failed appeal.taken", "doc_letter": "failed appeals.not_found",
	})
	for _, s := range states[1:] {
		if got := handsOf(o.get(s)); got != before[s] {
			t.Errorf("%s was put back into %s, was in %s", s, got, before[s])
		}
	}
}

func TestAssigningManyIsUndone(t *testing.T) {
	o := newOffice(t)
	before := map[core.AppealState]string{}
	for _, s := range states {
		before[s] = handsOf(o.get(s))
	}
	id := o.run(olga, "assign", `{"line":"ent_2","operator":"usr_olga"}`)
	o.want(id, map[core.DocumentID]string{"*": "done", "doc_letter": "failed appeals.not_found"})
	for _, s := range states {
		if d := o.get(s); d.Appeal.Line != "ent_2" || d.Appeal.Operator != olga || d.Appeal.Transfers != 2 {
			t.Errorf("%s: %+v", s, d.Appeal)
		}
	}
	o.undo(id)
	for _, s := range states {
		if got := handsOf(o.get(s)); got != before[s] {
			t.Errorf("%s was put back into %s, was in %s", s, got, before[s])
		}
	}
}

func TestWhoLeftIsGivenNothingBack(t *testing.T) {
	o := newOffice(t)
	id := o.run(olga, "assign", `{"operator":"usr_olga"}`)
	coretest.Update(t, o.store, func(tx store.Tx) error {
		u, err := store.Users.Get(tx, string(pavl))
		if err != nil {
			return err
		}
		u.State = core.UserDismissed
		return store.Users.Put(tx, u)
	})
	o.undo(id)
	o.want(id, map[core.DocumentID]string{
		"*": "undone", "doc_letter": "failed appeals.not_found", idOf(core.AppealInWork): "stuck appeal.invalid",
		idOf(core.AppealForwarded): "stuck appeal.invalid", idOf(core.AppealAnswered): "stuck appeal.invalid",
	})
}

func TestClosingManyTellsApplicantsAndIsUndoneByOpeningAgain(t *testing.T) {
	o := newOffice(t)
	coretest.Update(t, o.store, func(tx store.Tx) error {
		for _, s := range states[1:] { // nobody knows how to reach the first applicant
			d, err := store.Documents.Get(tx, string(idOf(s)))
			if err != nil {
				return err
			}
			d.Appeal.Applicant.Addresses = []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	id := o.run(olga, "close", `{"text":"Отопление включено","notify":"email"}`)
	o.want(id, map[core.DocumentID]string{
		"*": "done", "doc_letter": "failed appeals.not_found", idOf(core.AppealNew): "failed appeal.notify",
	})
	if d := o.get(core.AppealWaiting); d.Appeal.Result.Text != "Отопление включено" || d.Appeal.Result.By != olga || d.State != core.DocumentClosed {
		t.Errorf("%+v", d.Appeal.Result)
	}
	if got := o.bus.Take(bus.DeliveryRequested); len(got) != 4 {
		t.Errorf("%d notices", len(got))
	}
	if got := o.bus.Take(bus.AppealUpdated); len(got) != 4 {
		t.Errorf("%d appeals told of", len(got))
	}
	o.clock.Add(time.Hour)
	coretest.Update(t, o.store, func(tx store.Tx) error { // a person opened and closed one again
		if _, err := o.desk.Reopen(tx, appeal.Ref{ID: idOf(core.AppealAnswered)}); err != nil {
			return err
		}
		_, err := o.desk.Close(tx, appeal.Ref{ID: idOf(core.AppealAnswered)}, appeal.Result{Text: "Ещё раз"})
		return err
	})
	o.undo(id)
	o.want(id, map[core.DocumentID]string{
		"*": "undone", "doc_letter": "failed appeals.not_found", idOf(core.AppealNew): "failed appeal.notify",
		idOf(core.AppealAnswered): "stuck appeal.moved",
	})
	for s, want := range map[core.AppealState]core.AppealState{
		core.AppealWaiting: core.AppealNew, core.AppealInWork: core.AppealInWork, core.AppealForwarded: core.AppealInWork,
		core.AppealAnswered: core.AppealClosed,
	} {
		if d := o.get(s); d.Appeal.State != want || want != core.AppealClosed && (d.Appeal.Result != nil || d.Appeal.Reopened != 1) {
			t.Errorf("%s: %+v", s, d.Appeal)
		}
	}
}

func TestForwardingManyIsFinalAndNotDoneTwice(t *testing.T) {
	o := newOffice(t)
	id := o.run(olga, "forward", `{"to":["gis"]}`)
	o.want(id, map[core.DocumentID]string{
		"*": "done", "doc_letter": "failed appeals.not_found", idOf(core.AppealAnswered): "failed appeal.transition",
	})
	if d := o.get(core.AppealNew); d.Appeal.State != core.AppealForwarded {
		t.Errorf("%+v", d.Appeal)
	}
	_, err := o.mass.Undo(t.Context(), id)
	if e, ok := errors.AsType[*core.Error](err); !ok || e.Code != "mass.not_undoable" || e.Text == "" {
		t.Errorf("undone: %v", err)
	}
	again := o.run(olga, "forward", `{"to":["gis"]}`)
	o.want(again, map[core.DocumentID]string{
		"*": "failed mass.forwarded", "doc_letter": "failed appeals.not_found", idOf(core.AppealAnswered): "failed appeal.transition",
	})
	if got := o.bus.Take(bus.DeliveryRequested); len(got) != 4 {
		t.Errorf("%d deliveries", len(got))
	}
}

func TestWrongArgumentsAreRefusedBeforeAnythingIsDone(t *testing.T) {
	o := newOffice(t)
	for name, tc := range map[string]struct{ operation, args, field string }{
		"no result":         {"close", `{}`, "args.text"},
		"no such way":       {"close", `{"text":"x","notify":"drum"}`, "args.notify"},
		"unknown argument":  {"close", `{"result":"x"}`, "args"},
		"not an object":     {"close", `[1]`, "args"},
		"nowhere":           {"assign", `{}`, "args.line"},
		"to a stranger":     {"assign", `{"operator":"usr_none"}`, "args.operator"},
		"no channel":        {"forward", `{}`, "args.to"},
		"no such channel":   {"forward", `{"to":["none"]}`, "args.to"},
		"it takes nothing":  {"forward", `{"to":["mail"]}`, "args.to"},
		"no tag":            {"tag", `{}`, "args.add"},
		"an empty tag":      {"tag", `{"remove":[""]}`, "args.add"},
		"take has no words": {"take", `{"operator":"usr_pavl"}`, "args"},
	} {
		_, err := o.order(olga, tc.operation, tc.args, idOf(core.AppealNew))
		e, ok := errors.AsType[*core.Error](err)
		if !ok || e.Kind != core.KindInvalid || e.Field != tc.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := o.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := o.mass.Begin(tx, mass.Order{Operation: "take", Documents: []core.DocumentID{idOf(core.AppealNew)}})
		return err
	})
	if core.KindOf(err) != core.KindInvalid {
		t.Errorf("nobody took: %v", err)
	}
}
