package mass_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// recorder is a Publisher that remembers what was shown, too.
type recorder struct {
	coretest.Recorder
	mu    sync.Mutex
	shown []bus.MassEvent
}

func (r *recorder) Broadcast(_ bus.Topic, payload any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, payload.(bus.MassEvent))
	return nil
}

// office is a store with appeals, and the service over it.
type office struct {
	*testing.T
	store store.Store
	clock *coretest.Clock
	bus   *recorder
	mass  *mass.Service
	docs  []core.DocumentID
	fail  func(core.DocumentID) error // of the operation `mark`
	sees  map[string]mass.Sees        // by user

	appeals *appeal.Service
}

func newOffice(t *testing.T, documents int) *office {
	o := &office{T: t, clock: coretest.NewClock(), bus: &recorder{}}
	o.store = coretest.Open(t, o.clock)
	out := &outgoing.Service{Store: o.store, Bus: o.bus}
	o.appeals = &appeal.Service{
		Bus: o.bus, Outgoing: out,
		Carries: func(*core.Channel, core.Purpose) bool { return true },
	}
	sees := func(_ store.Tx, by core.Actor) (mass.Sees, error) { return o.sees[by.ID], nil }
	o.mass = mass.New(mass.Options{Store: o.store, Bus: o.bus, Sees: sees}, append(appeals.Operations(o.appeals), marking{o})...)
	coretest.Update(t, o.store, func(tx store.Tx) error {
		o.docs = nil
		for i := range documents {
			d := appealOf(fmt.Sprintf("doc_%05d", i))
			o.docs = append(o.docs, d.ID)
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

func appealOf(id string) *core.Document {
	return &core.Document{
		ID: core.DocumentID(id), Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered,
		Thread: core.ThreadID(id), Appeal: &core.Appeal{State: core.AppealNew, Line: "ent_line"},
	}
}

// marking writes first and then may refuse; it cannot be undone.
type marking struct{ office *office }

func (marking) Name() string                          { return "mark" }
func (marking) Title() string                         { return "Отметить" }
func (marking) Final() string                         { return "нельзя" }
func (marking) Check(store.Tx, json.RawMessage) error { return nil }
func (m marking) Work(json.RawMessage) (mass.Do, error) {
	return func(tx store.Tx, id core.DocumentID) (json.RawMessage, error) {
		if err := sign(tx, id); err != nil || m.office.fail == nil {
			return nil, err
		}
		return nil, m.office.fail(id)
	}, nil
}

// sign adds a sign to the subject of the document.
func sign(tx store.Tx, id core.DocumentID) error {
	d, err := store.Documents.Get(tx, string(id))
	if err != nil {
		return err
	}
	d.Subject += "+"
	return store.Documents.Put(tx, d)
}

func (marking) Undo(store.Tx, core.DocumentID, json.RawMessage) error { panic("not undoable") } // must never be called

var tagging = json.RawMessage(`{"add":["ent_flood"]}`)

func (o *office) begin(order mass.Order) *core.MassRun {
	o.Helper()
	var r *core.MassRun
	ctx := core.WithActor(o.Context(), core.Actor{Kind: core.ActorUser, ID: "usr_1"})
	err := o.store.Update(ctx, func(tx store.Tx) (err error) {
		r, err = o.mass.Begin(tx, order)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return r
}

// work steps until nothing is left to do.
func (o *office) work() {
	o.Helper()
	for worked := true; worked; {
		var err error
		if worked, err = o.mass.Step(o.Context()); err != nil {
			o.Fatal(err)
		}
	}
}

func (o *office) get(id core.MassID) *core.MassRun {
	o.Helper()
	r, err := o.mass.Get(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	return r
}

func (o *office) document(id core.DocumentID) *core.Document {
	o.Helper()
	var d *core.Document
	coretest.View(o, o.store, func(tx store.Tx) (err error) {
		d, err = store.Documents.Get(tx, string(id))
		return err
	})
	return d
}

func (o *office) items(id core.MassID, outcome core.MassOutcome, limit int) (out []core.MassItem) {
	o.Helper()
	for after := ""; ; {
		page, err := o.mass.Items(o.Context(), id, outcome, after, limit)
		if err != nil {
			o.Fatal(err)
		}
		if out = append(out, page.Items...); page.Next == "" {
			return out
		}
		after = page.Next
	}
}

func (o *office) tagged() (n int) {
	for _, id := range o.docs {
		if slices.Contains(o.document(id).Appeal.Tags, "ent_flood") {
			n++
		}
	}
	return n
}

func TestFilterIsWorkedInGroupsAndEachDocumentOnce(t *testing.T) {
	o := newOffice(t, 450)
	r := o.begin(mass.Order{Operation: "mark", Filter: &core.MassFilter{Direction: core.Incoming, AppealState: core.AppealNew, Line: "ent_line"}})
	late := appealOf("doc_99999")
	late.ID = core.DocumentID(core.NewID("doc", o.clock.Now().Add(1)))
	coretest.Update(t, o.store, func(tx store.Tx) error { return store.Documents.Put(tx, late) })
	steps := 0
	for worked := true; worked; steps++ {
		var err error
		if worked, err = o.mass.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r = o.get(r.ID); r.State != core.MassDone || r.Total != 450 || r.Done != 450 || r.EndedAt == nil {
		t.Fatalf("%+v", r)
	}
	if steps != 1+3+1+1 { // choosing, three groups, the end, nothing left
		t.Errorf("%d steps", steps)
	}
	for _, id := range o.docs {
		if d := o.document(id); d.Subject != "+" {
			t.Fatalf("%s was worked %q", id, d.Subject)
		}
	}
	if d := o.document(late.ID); d.Subject != "" {
		t.Error("a document that came later was worked")
	}
	if last := o.bus.shown[len(o.bus.shown)-1]; last.State != core.MassDone || last.Done != 450 || len(o.bus.shown) < 5 {
		t.Errorf("shown %+v", o.bus.shown)
	}
}

func TestWorkStandsInHistoryUnderThePersonsName(t *testing.T) {
	o := newOffice(t, 1)
	o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	o.work()
	coretest.View(t, o.store, func(tx store.Tx) error {
		var last store.Entry
		for e, err := range store.Documents.History(tx, string(o.docs[0])) {
			if err != nil {
				return err
			}
			last = e
		}
		if last.Actor.ID != "usr_1" {
			t.Errorf("changed by %+v", last.Actor)
		}
		return nil
	})
	if got := o.bus.Take(bus.DocumentUpdated); len(got) != 1 {
		t.Errorf("%d events", len(got))
	}
}

func TestRefusedDocumentIsUntouchedAndSaysWhy(t *testing.T) {
	o := newOffice(t, 250)
	o.fail = func(id core.DocumentID) error {
		switch id {
		case o.docs[7], o.docs[249]:
			return core.Conflict("appeal.transition", "обращение уже закрыто")
		case o.docs[8]:
			return errors.New("secret detail")
		case o.docs[9]:
			panic("thrown") // a defect in one document must fail that document only
		}
		return nil
	}
	r := o.begin(mass.Order{Operation: "mark", Documents: append([]core.DocumentID{"doc_none"}, o.docs...)})
	o.work()
	if r = o.get(r.ID); r.State != core.MassDone || r.Total != 251 || r.Done != 246 || r.Failed != 5 {
		t.Fatalf("%+v", r)
	}
	failed := o.items(r.ID, core.MassItemFailed, 2)
	var codes []string
	for _, item := range failed {
		codes = append(codes, item.Code)
		if item.Text == "" || item.Text == "secret detail" {
			t.Errorf("%+v", item)
		}
	}
	want := []string{"documents.not_found", "appeal.transition", "internal", "internal", "appeal.transition"}
	if !slices.Equal(codes, want) {
		t.Errorf("%q", codes)
	}
	for _, item := range failed[1:] {
		if d := o.document(item.Document); d.Subject != "" {
			t.Errorf("%s was changed although it was refused", item.Document)
		}
	}
}

func TestItemsAreReadPageByPage(t *testing.T) {
	o := newOffice(t, 450)
	r := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: append(slices.Clone(o.docs), o.docs[3])})
	if got := o.items(r.ID, "", 7); len(got) != 450 || got[0].Outcome != core.MassItemWaiting {
		t.Fatalf("%d items", len(got))
	}
	o.work()
	got := o.items(r.ID, core.MassItemDone, 133)
	if len(got) != 450 || got[0].Document != o.docs[0] || got[449].Document != o.docs[449] || got[0].Saved != nil {
		t.Fatalf("%d items, %+v", len(got), got[0])
	}
	for _, mark := range []string{"?", "LTE", "eHg"} {
		if _, err := o.mass.Items(t.Context(), r.ID, "", mark, 5); mark != "" && core.KindOf(err) != core.KindInvalid {
			t.Errorf("mark %q: %v", mark, err)
		}
	}
}

func TestUndoPutsBackWhatWasDoneAndNothingElse(t *testing.T) {
	o := newOffice(t, 250)
	coretest.Update(t, o.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(o.docs[5]))
		if err != nil {
			return err
		}
		d.Appeal.Tags = []core.EntryID{"ent_flood", "ent_old"}
		return store.Documents.Put(tx, d)
	})
	r := o.begin(mass.Order{Operation: "tag", Args: json.RawMessage(`{"add":["ent_flood"],"remove":["ent_old"]}`), Documents: o.docs})
	o.work()
	if o.tagged() != 250 {
		t.Fatalf("%d tagged", o.tagged())
	}
	coretest.Update(t, o.store, func(tx store.Tx) error { return store.Documents.Delete(tx, string(o.docs[249])) })
	if _, err := o.mass.Undo(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	o.work()
	if r = o.get(r.ID); r.State != core.MassUndone || r.Undone != 249 || r.Done != 250 {
		t.Fatalf("%+v", r)
	}
	o.docs = o.docs[:249]
	if tags := o.document(o.docs[5]).Appeal.Tags; !slices.Equal(tags, []core.EntryID{"ent_flood", "ent_old"}) || o.tagged() != 1 {
		t.Errorf("%q, %d tagged", tags, o.tagged())
	}
	if stuck := o.items(r.ID, core.MassItemStuck, 10); len(stuck) != 1 || stuck[0].Code != "documents.not_found" {
		t.Errorf("%+v", stuck)
	}
	if _, err := o.mass.Undo(t.Context(), r.ID); core.KindOf(err) != core.KindConflict {
		t.Errorf("undone twice: %v", err)
	}
}

func TestCancelStopsBetweenGroupsAndTheRestCanBeUndone(t *testing.T) {
	o := newOffice(t, 450)
	r := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	if _, err := o.mass.Undo(t.Context(), r.ID); core.KindOf(err) != core.KindConflict {
		t.Errorf("undone while it runs: %v", err)
	}
	if _, err := o.mass.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.mass.Cancel(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	o.work()
	if r = o.get(r.ID); r.State != core.MassCancelled || r.Done != mass.GroupSize || o.tagged() != mass.GroupSize {
		t.Fatalf("%+v", r)
	}
	if _, err := o.mass.Cancel(t.Context(), r.ID); core.KindOf(err) != core.KindConflict {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := o.mass.Undo(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	o.work()
	if r = o.get(r.ID); r.State != core.MassUndone || o.tagged() != 0 {
		t.Fatalf("%+v, %d tagged", r, o.tagged())
	}
}

func TestOrdersThatMakeNoSenseAreRefused(t *testing.T) {
	o := newOffice(t, 1)
	for name, order := range map[string]mass.Order{
		"unknown operation":  {Operation: "burn", Documents: o.docs},
		"nothing chosen":     {Operation: "tag", Args: tagging},
		"both ways":          {Operation: "tag", Args: tagging, Documents: o.docs, Filter: &core.MassFilter{}},
		"no arguments":       {Operation: "tag", Documents: o.docs},
		"unknown argument":   {Operation: "tag", Documents: o.docs, Args: json.RawMessage(`{"tags":["a"]}`)},
		"too many documents": {Operation: "tag", Args: tagging, Documents: make([]core.DocumentID, mass.MaxNamed+1)},
		"no date":            {Operation: "tag", Args: tagging, Filter: &core.MassFilter{From: "вчера"}},
	} {
		err := o.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := o.mass.Begin(tx, order)
			return err
		})
		if core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := o.begin(mass.Order{Operation: "mark", Documents: o.docs})
	o.work()
	if _, err := o.mass.Undo(t.Context(), r.ID); core.KindOf(err) != core.KindConflict {
		t.Errorf("what cannot be undone was: %v", err)
	}
}

func TestRunWorksWhatIsBegunAndEndsWithItsContext(t *testing.T) {
	o := newOffice(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.mass.Run(ctx) }()
	r := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	await(t, func() bool { return o.get(r.ID).State == core.MassDone })
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
