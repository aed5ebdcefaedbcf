package mass_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/store"
)

func TestSweepErasesWhatEndedLongAgo(t *testing.T) {
	o := newOffice(t, 3)
	many := make([]core.DocumentID, 0, mass.MaxNamed) // more groups than one transaction erases
	for len(many)+len(o.docs) < mass.MaxNamed {
		many = append(many, core.DocumentID(core.NewID("doc", o.clock.Now())))
	}
	old := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: append(many, o.docs...)})
	o.work()
	o.clock.Add(time.Hour)
	young := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	o.work()
	o.clock.Add(time.Minute)
	waiting := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	if swept, err := o.mass.Sweep(t.Context(), o.clock.Now().Add(-10*time.Minute)); err != nil || swept != 1 {
		t.Fatalf("swept %d, %v", swept, err)
	}
	var left []core.MassID
	coretest.View(t, o.store, func(tx store.Tx) error {
		for r, err := range store.MassRuns.All(tx) {
			if err != nil {
				return err
			}
			left = append(left, r.ID)
		}
		groups := 0
		for g, err := range store.MassGroups.All(tx) {
			if err != nil {
				return err
			}
			if groups++; g.Run == old.ID {
				t.Errorf("group %d is left", g.Index)
			}
		}
		if groups != 2 {
			t.Errorf("%d groups are left", groups)
		}
		return nil
	})
	if !slices.Equal(left, []core.MassID{young.ID, waiting.ID}) {
		t.Errorf("left %q", left)
	}
	o.clock.Add(time.Hour)
	if swept, err := o.mass.Sweep(t.Context(), o.clock.Now()); err != nil || swept != 1 {
		t.Errorf("swept %d, %v: what has not ended stays", swept, err)
	}
}

func TestRunTouchesOnlyWhatItsOwnerSees(t *testing.T) {
	o := newOffice(t, 250)
	o.sees = map[string]mass.Sees{"usr_1": func(d *core.Document) bool { return d.ID != o.docs[3] }}
	r := o.begin(mass.Order{Operation: "tag", Args: tagging, Filter: &core.MassFilter{Line: "ent_line"}})
	named := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs[:5]})
	o.work()
	if r = o.get(r.ID); r.Total != 249 || r.Done != 249 {
		t.Errorf("%+v", r)
	}
	failed := o.items(named.ID, core.MassItemFailed, 10)
	if len(failed) != 1 || failed[0].Document != o.docs[3] || failed[0].Code != "documents.not_found" {
		t.Errorf("%+v", failed)
	}
	if tags := o.document(o.docs[3]).Appeal.Tags; len(tags) != 0 {
		t.Errorf("what is not seen got %q", tags)
	}
}

func TestUndoWorksInTheNameOfWhoAsksForIt(t *testing.T) {
	o := newOffice(t, 1)
	r := o.begin(mass.Order{Operation: "tag", Args: tagging, Documents: o.docs})
	o.work()
	if _, err := o.mass.Undo(core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, ID: "usr_2"}), r.ID); err != nil {
		t.Fatal(err)
	}
	o.work()
	var who []string
	coretest.View(t, o.store, func(tx store.Tx) error {
		for e, err := range store.Documents.History(tx, string(o.docs[0])) {
			if err != nil {
				return err
			}
			who = append(who, e.Actor.ID)
		}
		return nil
	})
	if r = o.get(r.ID); r.UndoneBy == nil || r.UndoneBy.ID != "usr_2" || !slices.Equal(who[len(who)-2:], []string{"usr_1", "usr_2"}) {
		t.Errorf("%+v, %q", r, who)
	}
}

func TestEachFieldOfAFilterChooses(t *testing.T) {
	o := newOffice(t, 400)
	wanted := o.docs[77]
	coretest.Update(t, o.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(wanted))
		if err != nil {
			return err
		}
		d.State, d.Channel, d.Thread = core.DocumentInWork, "mail", "thr_1"
		a := d.Appeal
		a.State, a.Line, a.Operator, a.Tags = core.AppealInWork, "ent_other", "usr_1", []core.EntryID{"ent_tag"}
		a.ReasonGroup, a.Reason, a.Source = "ent_group", "ent_reason", "ent_source"
		return store.Documents.Put(tx, d)
	})
	for name, f := range map[string]core.MassFilter{
		"state":        {State: core.DocumentInWork},
		"channel":      {Channel: "mail"},
		"thread":       {Thread: "thr_1"},
		"appeal_state": {AppealState: core.AppealInWork},
		"line":         {Line: "ent_other"},
		"operator":     {Operator: "usr_1"},
		"reason_group": {ReasonGroup: "ent_group"},
		"reason":       {Reason: "ent_reason"},
		"source":       {Source: "ent_source"},
		"tag":          {Tag: "ent_tag"},
		"two":          {Direction: core.Incoming, AppealState: core.AppealInWork},
	} {
		r := o.begin(mass.Order{Operation: "tag", Args: tagging, Filter: &f})
		o.work()
		items := o.items(r.ID, "", 10)
		if len(items) != 1 || items[0].Document != wanted {
			t.Errorf("%s: %+v", name, items)
		}
	}
}
