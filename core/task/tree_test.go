package task_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

func TestParentStaysOpenWithItsSubtasks(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	sub := d.create(anna, task.New{Kind: core.TaskPlain, Title: "Купить рубероид", Performer: boris.User, Parent: made.ID})
	if sub.Document != d.doc.ID || !sub.Deadline.DueAt.Equal(made.Deadline.DueAt) {
		t.Errorf("a subtask does not take over %+v", sub)
	}
	if len(d.told) != 1 {
		t.Errorf("the origin heard of a subtask: %q", d.told)
	}
	d.all(made.ID, step{anna, act{name: "done", reason: "Готово"}})
	_, err := d.act(control, made.ID, act{name: "close"})
	coretest.WantError(t, err, core.KindConflict, "task.subtasks")
	d.all(sub.ID, step{boris, act{name: "done", reason: "Купил"}})
	d.all(made.ID, step{control, act{name: "close"}})
	_, err = d.act(anna, sub.ID, act{name: "reopen", reason: "Мало"})
	coretest.WantError(t, err, core.KindConflict, "task.parent")
}

func TestReportDoesNotEndATaskWithOpenSubtasks(t *testing.T) {
	d := newDesk(t)
	made := d.create(boss, task.New{Kind: core.TaskPlain, Title: "x", Performer: anna.User})
	d.create(anna, task.New{Kind: core.TaskPlain, Title: "y", Performer: boris.User, Parent: made.ID})
	_, err := d.act(anna, made.ID, act{name: "done", reason: "Готово"})
	coretest.WantError(t, err, core.KindConflict, "task.subtasks")
}

func TestCancelTakesTheSubtasksAlong(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	sub := d.create(anna, task.New{Kind: core.TaskPlain, Title: "x", Performer: boris.User, Parent: made.ID})
	below := d.create(boris, task.New{Kind: core.TaskPlain, Title: "y", Performer: nobody.User, Parent: sub.ID})
	ready := d.create(anna, task.New{Kind: core.TaskPlain, Title: "z", Performer: boris.User, Parent: made.ID})
	d.all(ready.ID, step{boris, act{name: "done", reason: "Готово"}})
	d.all(made.ID, step{boss, act{name: "cancel", reason: "Дом снесён"}})
	for id, want := range map[core.TaskID]core.TaskState{
		made.ID: core.TaskCancelled, sub.ID: core.TaskCancelled, below.ID: core.TaskCancelled, ready.ID: core.TaskClosed,
	} {
		if got := d.task(id).State; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if got := d.all(made.ID, step{boss, act{name: "reopen", reason: "Не снесён"}}); got.State != core.TaskDraft || got.EndedAt != nil {
		t.Errorf("reopened %+v", got)
	}
	if got := d.task(sub.ID).State; got != core.TaskCancelled {
		t.Errorf("a subtask was reopened: %s", got)
	}
}

func TestSubtaskIsNotLaterThanItsParentUnlessSaid(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	late := task.New{Kind: core.TaskPlain, Title: "x", Performer: boris.User, Parent: made.ID, Deadline: d.due(100 * time.Hour)}
	_, err := d.do(func(tx store.Tx) (*core.Task, error) { return d.tasks.Create(tx, anna, late) })
	if got := coretest.FaultFields(err); !slices.Equal(got, []string{"due_at"}) {
		t.Fatalf("faults %q", got)
	}
	late.BeyondParent = true
	d.create(anna, late)
	early := d.create(anna, task.New{Kind: core.TaskPlain, Title: "y", Performer: boris.User, Parent: made.ID, Deadline: d.due(50 * time.Hour)})

	move := func(id core.TaskID, in time.Duration) error {
		_, err := d.do(func(tx store.Tx) (*core.Task, error) {
			return d.tasks.Update(tx, chief, task.Ref{ID: id}, task.Edit{Deadline: d.due(in), Reason: "Так надо"})
		})
		return err
	}
	if got := coretest.FaultFields(move(early.ID, 90*time.Hour)); !slices.Equal(got, []string{"due_at"}) {
		t.Errorf("faults %q", got)
	}
	coretest.WantError(t, move(made.ID, 20*time.Hour), core.KindConflict, "task.subtask_deadline")
	if err := move(made.ID, 60*time.Hour); err != nil {
		t.Error(err)
	}
}

func TestTreesHaveBounds(t *testing.T) {
	d := newDesk(t)
	top := d.create(boss, task.New{Kind: core.TaskPlain, Title: "x", Performer: boss.User})
	under := func(parent core.TaskID) (*core.Task, error) {
		return d.do(func(tx store.Tx) (*core.Task, error) {
			return d.tasks.Create(tx, boss, task.New{Kind: core.TaskPlain, Title: "x", Performer: boss.User, Parent: parent})
		})
	}
	at := top.ID
	for range task.MaxDepth {
		sub, err := under(at)
		if err != nil {
			t.Fatal(err)
		}
		at = sub.ID
	}
	_, err := under(at)
	coretest.WantError(t, err, core.KindConflict, "task.depth")
	for range task.MaxSubtasks - 1 {
		if _, err := under(top.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = under(top.ID)
	coretest.WantError(t, err, core.KindConflict, "task.subtasks_limit")
}

func TestStrangersDoNotSplitOrComment(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	_, err := d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Create(tx, nobody, task.New{Kind: core.TaskPlain, Title: "x", Performer: nobody.User, Parent: made.ID})
	})
	coretest.WantError(t, err, core.KindForbidden, "task.forbidden")
	comment := func(by core.Acting, text string) error {
		return d.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := d.tasks.Comment(tx, by, made.ID, text)
			return err
		})
	}
	coretest.WantError(t, comment(nobody, "Ого"), core.KindForbidden, "task.forbidden")
	coretest.WantError(t, comment(boris, "  "), core.KindInvalid, "task.invalid")
	for _, by := range []core.Acting{boss, anna, boris, control, chief} {
		if err := comment(by, "Вижу"); err != nil {
			t.Errorf("%s: %v", by.User, err)
		}
	}
	if got := d.task(made.ID); got.Version != 1 || len(d.comments(made.ID)) != 5 {
		t.Errorf("version %d, %d comments", got.Version, len(d.comments(made.ID)))
	}
}
