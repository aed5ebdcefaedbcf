package appeal_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

func TestBreachReturnsAnAppealToItsLineIfTheSettingSaysSo(t *testing.T) {
	for _, breach := range []string{settings.BreachNothing, settings.BreachRelease} {
		d := newDesk(t)
		doc := d.taken()
		d.update(settings.Seed)
		d.update(func(tx store.Tx) error {
			have, err := store.Documents.Get(tx, string(doc.ID))
			if err != nil {
				return err
			}
			have.Appeal.Line = "line_1"
			have.SetDeadline(&core.Deadline{StartAt: tx.Now(), DueAt: tx.Now().Add(time.Hour), Term: core.Term{Kind: core.TermHours, Amount: 1}, Basis: "правило"})
			if err := store.Documents.Put(tx, have); err != nil {
				return err
			}
			_, err = new(settings.Service).Put(tx, "terms", 1, []byte(`{"supervisors":true,"task_authors":true,"breach":"`+breach+`"}`))
			return err
		})
		watch := &schedule.Watcher{Store: d.store, Bus: d.bus, Sources: []schedule.Source{schedule.Documents}, Effects: []schedule.Effect{appeal.Release{Appeals: d.Service}}}
		d.clock.Add(2 * time.Hour)
		if _, broken, err := watch.Look(t.Context()); err != nil || broken != 1 {
			t.Fatal(broken, err)
		}
		for _, ev := range d.bus.Take(bus.DeadlineBroken) {
			var about bus.DeadlineEvent
			if err := ev.Decode(&about); err != nil {
				t.Fatal(err)
			}
			d.update(func(tx store.Tx) error { return watch.OnBroken(tx, about) })
		}
		got := d.read(doc.ID).Appeal
		wantState, wantOperator := core.AppealInWork, doc.Appeal.Operator
		if breach == settings.BreachRelease {
			wantState, wantOperator = core.AppealNew, ""
		}
		if got.State != wantState || got.Operator != wantOperator || got.Line != "line_1" {
			t.Errorf("%s: %s, operator %q, line %q", breach, got.State, got.Operator, got.Line)
		}
	}
}
