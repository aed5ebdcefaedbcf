package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// staff are people of two organisations; one has left.
func (w *tower) staff() {
	w.Helper()
	coretest.Update(w, w.store, func(tx store.Tx) error {
		for _, u := range []*core.User{
			{ID: "usr_olga", Lines: []core.EntryID{"line_1"}},
			{ID: "usr_pavel", Lines: []core.EntryID{"line_1"}, Organizations: []core.OrganizationID{"org_2"}},
			{ID: "usr_gone", Lines: []core.EntryID{"line_1"}, State: core.UserDismissed},
			{ID: "usr_head", Roles: []core.Role{core.RoleSupervisor}},
			{ID: "usr_boris"},
			{ID: "usr_vera"},
			{ID: "usr_anna"},
		} {
			u.Login = string(u.ID)
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// told are the users of the only notice since last asked.
func (w *tower) told() []core.UserID {
	w.Helper()
	got := w.bus.Take(bus.NoticeRaised)
	if len(got) != 1 {
		w.Fatalf("%d notices", len(got))
	}
	var notice bus.NoticeEvent
	if err := got[0].Decode(&notice); err != nil {
		w.Fatal(err)
	}
	slices.Sort(notice.Users)
	return notice.Users
}

func (w *tower) wantTold(want ...core.UserID) {
	w.Helper()
	if got := w.told(); !slices.Equal(got, want) {
		w.Errorf("%v were told, want %v", got, want)
	}
}

// task keeps a task that is due in ten hours.
func (w *tower) task(id core.TaskID, change func(*core.Task)) {
	w.Helper()
	coretest.Update(w, w.store, func(tx store.Tx) error {
		deadline, err := schedule.Offices{}.Deadline(tx, "", tx.Now(), core.Term{Kind: core.TermHours, Amount: 10}, "поручение")
		if err != nil {
			return err
		}
		t := &core.Task{
			ID: id, Kind: core.TaskAssignment, State: core.TaskInWork, Title: "Осмотр", Deadline: deadline,
			Author: "usr_anna", Performer: "usr_boris", CoPerformers: []core.UserID{"usr_gone"}, Controller: "usr_vera",
		}
		if change != nil {
			change(t)
		}
		return store.Tasks.Put(tx, t)
	})
}

func TestTaskIsWarnedOfAndItsBreachEscalated(t *testing.T) {
	w := newTower(t)
	w.staff()
	w.task("tsk_1", nil)
	w.clock.Add(8 * time.Hour)
	w.look(1, 0)
	w.wantTold("usr_boris")
	w.clock.Add(2 * time.Hour)
	w.look(0, 1)
	w.wantTold("usr_anna", "usr_boris", "usr_vera")
	w.look(0, 0)
}

func TestTaskThatWaitsForNobodyIsNotWatched(t *testing.T) {
	w := newTower(t)
	for i, state := range []core.TaskState{core.TaskDraft, core.TaskDone, core.TaskClosed, core.TaskCancelled} {
		w.task(core.TaskID("tsk_"+string(rune('a'+i))), func(t *core.Task) { t.State = state })
	}
	w.clock.Add(1000 * time.Hour)
	w.look(0, 0)
}

func TestAppealNobodyHasIsToldToItsLineAndItsBreachToSupervisors(t *testing.T) {
	w := newTower(t)
	w.staff()
	w.appeals(1, 10, func(d *core.Document) { d.Organization, d.Appeal.Line = "org_1", "line_1" })
	w.clock.Add(8 * time.Hour)
	w.look(1, 0)
	w.wantTold("usr_olga")
	w.clock.Add(2 * time.Hour)
	w.look(0, 1)
	w.wantTold("usr_head", "usr_olga")
}

func TestPlainDocumentIsWatchedUntilItIsAnswered(t *testing.T) {
	w := newTower(t)
	w.appeals(1, 10, func(d *core.Document) { d.Appeal, d.State = nil, core.DocumentRegistered })
	w.appeals(1, 11, func(d *core.Document) { d.Appeal, d.State = nil, core.DocumentAnswered })
	w.clock.Add(1000 * time.Hour)
	w.look(0, 1)
}

func TestMovedDeadlineTellsWhoAndIsLookedAtAnew(t *testing.T) {
	c := russia(t)
	start := at(t, "2026-11-18 12:00")
	d := c.ByHand(start, start.Add(100*time.Hour), "срок указан вручную")
	if d.WarnAt == nil || d.Term.Amount != 100 {
		t.Fatalf("%+v", d)
	}
	broken := start.Add(time.Hour)
	d.WarnedAt, d.BrokenAt = &broken, &broken
	c.Move(d, start.Add(2*time.Hour), "usr_anna", start.Add(20*time.Hour), "раньше")
	if !d.DueAt.Equal(start.Add(20*time.Hour)) || d.WarnedAt != nil || d.BrokenAt != nil || len(d.Extensions) != 1 || d.Extensions[0].By != "usr_anna" {
		t.Errorf("%+v", d)
	}
}

func TestChangedTermKeepsItsStart(t *testing.T) {
	c := russia(t)
	start := at(t, "2026-11-18 12:00")
	d, err := c.Start(start, core.Term{Kind: core.TermHours, Amount: 4}, "одна причина")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Change(d, start.Add(time.Hour), core.Term{Kind: core.TermHours, Amount: 24}, "другая"); err != nil {
		t.Fatal(err)
	}
	if !d.DueAt.Equal(start.Add(24*time.Hour)) || d.Basis != "другая" || !d.StartAt.Equal(start) {
		t.Errorf("%+v", d)
	}
}
