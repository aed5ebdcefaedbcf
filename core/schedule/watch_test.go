package schedule_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// tower watches appeals; the clock begins on a Wednesday noon UTC.
type tower struct {
	*testing.T
	store store.Store
	clock *coretest.Clock
	bus   *coretest.Recorder
	watch *schedule.Watcher
}

func newTower(t *testing.T) *tower {
	w := &tower{T: t, clock: coretest.NewClock(), bus: &coretest.Recorder{}}
	w.store = coretest.Open(t, w.clock)
	coretest.Update(t, w.store, schedule.Seed)
	w.fresh()
	return w
}

// fresh is the watcher after a restart of the hub.
func (w *tower) fresh() {
	w.watch = &schedule.Watcher{Store: w.store, Bus: w.bus, Sources: []schedule.Source{schedule.Documents, schedule.Tasks}, Effects: []schedule.Effect{closing{}}}
}

func (w *tower) appeals(n, hours int, change func(*core.Document)) {
	w.Helper()
	coretest.Update(w, w.store, func(tx store.Tx) error {
		c, err := schedule.For(tx, "")
		if err != nil {
			return err
		}
		for i := range n {
			deadline, err := c.Start(tx.Now(), core.Term{Kind: core.TermHours, Amount: hours}, "Регламент")
			if err != nil {
				return err
			}
			d := &core.Document{ID: core.DocumentID(fmt.Sprintf("doc_%d_%04d", hours, i)), Appeal: &core.Appeal{State: core.AppealInWork}}
			d.SetDeadline(deadline)
			if change != nil {
				change(d)
			}
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *tower) look(warned, broken int) {
	w.Helper()
	gotWarned, gotBroken, err := w.watch.Look(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	if gotWarned != warned || gotBroken != broken {
		w.Errorf("%d warned of and %d broken, want %d and %d", gotWarned, gotBroken, warned, broken)
	}
	for topic, want := range map[bus.Topic]int{bus.DeadlineWarned: warned, bus.DeadlineBroken: broken} {
		if got := w.bus.Take(topic); len(got) != want {
			w.Errorf("%d events %s, want %d", len(got), topic, want)
		}
	}
}

// closing is an effect that closes the appeal.
type closing struct{}

func (closing) Name() string  { return "close" }
func (closing) Title() string { return "Закрыть" }
func (closing) Apply(tx store.Tx, ev bus.DeadlineEvent) error {
	d, err := store.Documents.Get(tx, ev.ID)
	if err != nil {
		return err
	}
	if err := d.Appeal.MoveTo(core.AppealClosed); err != nil {
		return err
	}
	return store.Documents.Put(tx, d)
}

func TestWarningComesBeforeTheBreachAndEachOnce(t *testing.T) {
	w := newTower(t)
	w.appeals(1, 10, nil)
	w.look(0, 0)
	w.clock.Add(8 * time.Hour) // a fifth is left
	w.look(1, 0)
	w.look(0, 0)
	w.fresh()
	w.look(0, 0)
	w.clock.Add(2 * time.Hour)
	w.look(0, 1)
	w.fresh()
	w.look(0, 0)
}

func TestBreachThatWasSleptThroughIsNoticedWithoutAWarning(t *testing.T) {
	w := newTower(t)
	w.appeals(450, 10, nil) // several transactions
	w.clock.Add(1000 * time.Hour)
	w.look(0, 450)
	w.look(0, 0)
}

func TestWhatWaitsForNobodyIsNotWatched(t *testing.T) {
	w := newTower(t)
	at := w.clock.Now()
	for i, change := range []func(*core.Document){
		func(d *core.Document) { d.Appeal.State = core.AppealClosed },
		func(d *core.Document) { d.Appeal.State = core.AppealRejected },
		func(d *core.Document) { d.Appeal.State = core.AppealAnswered },
		func(d *core.Document) { d.Deadline.Pauses = []core.Pause{{From: at, Reason: "ждём"}} },
		func(d *core.Document) { d.Deadline = nil },
	} {
		w.appeals(1, 10+i, change)
	}
	w.clock.Add(1000 * time.Hour)
	w.look(0, 0)
}

func TestExtendedDeadlineIsWatchedAnew(t *testing.T) {
	w := newTower(t)
	w.appeals(1, 10, nil)
	w.clock.Add(11 * time.Hour)
	w.look(0, 1)
	coretest.Update(t, w.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, "doc_10_0000")
		if err != nil {
			return err
		}
		c, err := schedule.Of(tx, d.Deadline, "")
		if err != nil {
			return err
		}
		if err := c.Extend(d.Deadline, tx.Now(), "usr_1", tx.Now().Add(10*time.Hour), "новые обстоятельства"); err != nil {
			return err
		}
		return store.Documents.Put(tx, d)
	})
	w.look(0, 0)
	w.clock.Add(9 * time.Hour)
	w.look(1, 0)
	w.clock.Add(9 * time.Hour)
	w.look(0, 1)
}

func TestBreachBringsAboutItsEffect(t *testing.T) {
	w := newTower(t)
	w.appeals(1, 10, func(d *core.Document) { d.Deadline.Effect = "close" })
	w.clock.Add(11 * time.Hour)
	if _, _, err := w.watch.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ev bus.DeadlineEvent
	if err := json.Unmarshal(w.bus.Take(bus.DeadlineBroken)[0].Payload, &ev); err != nil {
		t.Fatal(err)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error { return w.watch.OnBroken(tx, ev) })
	coretest.View(t, w.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, ev.ID)
		if err == nil && d.Appeal.State != core.AppealClosed {
			t.Errorf("%s", d.Appeal.State)
		}
		return err
	})
	ev.Effect = "unheard of"
	err := w.store.Update(t.Context(), func(tx store.Tx) error { return w.watch.OnBroken(tx, ev) })
	if core.KindOf(err) != core.KindConfig {
		t.Error(err)
	}
}

func TestCalendarsAreKeptPerOrganisationAndYear(t *testing.T) {
	w := newTower(t)
	def := schedule.Russia()
	def.ID, def.Organization = "office", "org_1"
	save := func(fn func(store.Tx) error) error { return w.store.Update(t.Context(), fn) }
	if err := save(func(tx store.Tx) error { return schedule.Save(tx, def) }); core.KindOf(err) != core.KindInvalid {
		t.Errorf("a calendar of nobody: %v", err)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		if err := store.Entries.Put(tx, &core.Entry{ID: "org_1", Directory: core.DirOrganizations, Values: map[string]any{"title": "УК"}}); err != nil {
			return err
		}
		if err := schedule.Save(tx, def); err != nil {
			return err
		}
		if err := schedule.SaveYear(tx, &core.CalendarYear{Calendar: core.CalendarRussia, Year: 2027, Basis: "Постановление", Days: []core.SpecialDay{
			{Date: "2027-03-01", Kind: core.DayOff},
		}}); err != nil {
			return err
		}
		return schedule.SaveYear(tx, &core.CalendarYear{Calendar: "office", Year: 2027, Basis: "Приказ", Days: []core.SpecialDay{
			{Date: "2027-03-02", Kind: core.DayOff},
		}})
	})
	off := func(organization core.OrganizationID, date string) (off bool) {
		coretest.View(t, w.store, func(tx store.Tx) error {
			c, err := schedule.For(tx, organization)
			if err == nil {
				off = c.Day(at(t, date+" 12:00")).Kind == core.DayOff
			}
			return err
		})
		return off
	}
	if !off("org_1", "2027-03-01") || !off("org_1", "2027-03-02") || !off("org_2", "2027-03-01") || off("org_2", "2027-03-02") {
		t.Error("years are not those of their calendars")
	}
	coretest.Update(t, w.store, func(tx store.Tx) error { return schedule.EraseYear(tx, "office", 2027) })
	if off("org_1", "2027-03-02") {
		t.Error("an erased year still counts")
	}
	if err := save(func(tx store.Tx) error { return schedule.Delete(tx, core.CalendarRussia) }); core.KindOf(err) != core.KindConflict {
		t.Errorf("the country's calendar was deleted: %v", err)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error { return schedule.Delete(tx, "office") })
	if !off("org_1", "2027-03-01") {
		t.Error("an organisation without a calendar does not use the country's")
	}
}
