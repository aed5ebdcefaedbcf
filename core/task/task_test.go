package task_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

func TestAssignmentFromHandToHand(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	if made.State != core.TaskAssigned || made.Organization != "org_1" || made.AssignedAt == nil {
		t.Fatalf("made %+v", made)
	}
	if n := len(d.bus.Take(bus.TaskAssigned)); n != 1 {
		t.Errorf("%d events of assignment", n)
	}
	got := d.all(made.ID,
		step{anna, act{name: "accept"}},
		step{anna, act{name: "start"}},
		step{anna, act{name: "done", reason: "Залатали"}},
		step{control, act{name: "return", reason: "Опять течёт"}},
		step{anna, act{name: "done", reason: "Перекрыли заново"}},
		step{control, act{name: "close", reason: "Принято"}},
	)
	if got.State != core.TaskClosed || got.Result.Text != "Перекрыли заново" || got.Returned != 1 || got.EndedAt == nil {
		t.Errorf("task %+v", got)
	}
	if n := len(d.bus.Take(bus.TaskUpdated)); n != 6 {
		t.Errorf("%d events of change, want 6", n)
	}
	var heard []core.UserID
	for _, ev := range d.bus.Take(bus.NoticeRaised) {
		var notice bus.NoticeEvent
		if err := ev.Decode(&notice); err != nil || notice.Notice != core.NoticeControl || notice.Task != made.ID {
			t.Errorf("%+v %v", notice, err)
		}
		heard = append(heard, notice.Users...)
	}
	if !slices.Equal(heard, []core.UserID{control.User, anna.User, control.User}) {
		t.Errorf("of results and returns hear %v", heard)
	}
	var said []core.TaskAct
	for _, c := range d.comments(made.ID) {
		said = append(said, c.Act)
	}
	if !slices.Equal(said, []core.TaskAct{core.TaskActReturn, core.TaskActClose}) {
		t.Errorf("comments %v", said)
	}
}

func TestDelegationIsAChainAndTheOriginHearsOfEachPerformer(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	got := d.all(made.ID,
		step{anna, act{name: "delegate", to: boris.User, reason: "Отпуск"}},
		step{boris, act{name: "accept"}},
		step{boris, act{name: "delegate", to: nobody.User}},
	)
	if got.Performer != nobody.User || len(got.Delegations) != 2 || got.Delegations[0].From != anna.User ||
		got.Delegations[1].By != boris.User || len(got.CoPerformers) != 0 || got.State != core.TaskAssigned {
		t.Errorf("task %+v", got)
	}
	want := []string{"doc_1 Имя usr_anna", "doc_1 Имя usr_boris", "doc_1 Имя usr_nobody"}
	if !slices.Equal(d.told, want) {
		t.Errorf("told %q", d.told)
	}
	for _, until := range d.until {
		if made.Deadline == nil || until == nil || !until.Equal(made.Deadline.DueAt) {
			t.Errorf("told until %v, want %v", until, made.Deadline)
		}
	}
	if n := len(d.bus.Take(bus.TaskAssigned)); n != 3 {
		t.Errorf("%d events of assignment, want 3", n)
	}
	if _, err := d.act(boris, made.ID, act{name: "start"}); core.KindOf(err) != core.KindForbidden {
		t.Errorf("the former performer starts: %v", err)
	}
}

func TestDelegationEndsSomewhere(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	for i := range task.MaxDelegations {
		to := boris.User
		if i%2 == 1 {
			to = anna.User
		}
		if _, err := d.act(boss, made.ID, act{name: "delegate", to: to}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.act(boss, made.ID, act{name: "delegate", to: boris.User})
	coretest.WantError(t, err, core.KindConflict, "task.delegations")
}

func TestDocumentIsInWorkWhenSomebodyWorksOnIt(t *testing.T) {
	for name, c := range map[string]struct {
		doc  core.Document
		kind core.TaskKind
		want core.DocumentState
		told int
	}{
		"letter":   {core.Document{Direction: core.Incoming, State: core.DocumentRegistered}, core.TaskAssignment, core.DocumentInWork, 1},
		"answered": {core.Document{Direction: core.Incoming, State: core.DocumentAnswered}, core.TaskAssignment, core.DocumentAnswered, 1},
		"appeal":   {core.Document{Direction: core.Incoming, State: core.DocumentRegistered, Appeal: &core.Appeal{State: core.AppealNew}}, core.TaskPlain, core.DocumentRegistered, 1},
		"our own":  {core.Document{Direction: core.Outgoing, State: core.DocumentRegistered}, core.TaskPlain, core.DocumentRegistered, 1},
		"control":  {core.Document{Direction: core.Incoming, State: core.DocumentRegistered}, core.TaskControl, core.DocumentRegistered, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c.doc.ID = "doc_2"
			d.update(func(tx store.Tx) error { return store.Documents.Put(tx, &c.doc) })
			d.create(boss, task.New{Kind: c.kind, Title: "x", Document: "doc_2", Performer: anna.User, Controller: control.User, Deadline: d.due(time.Hour)})
			coretest.View(t, d.store, func(tx store.Tx) error {
				doc, err := store.Documents.Get(tx, "doc_2")
				if err == nil && doc.State != c.want {
					t.Errorf("document is %s, want %s", doc.State, c.want)
				}
				return err
			})
			if len(d.told) != c.told {
				t.Errorf("told %q", d.told)
			}
		})
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	everyone := []core.Acting{boss, anna, boris, control, chief, nobody}
	reach := map[core.TaskState][]step{
		core.TaskAssigned: nil,
		core.TaskDeclined: {{anna, act{name: "decline", reason: "Не моё"}}},
		core.TaskDone:     {{anna, act{name: "done", reason: "Готово"}}},
		core.TaskClosed:   {{anna, act{name: "done", reason: "Готово"}}, {control, act{name: "close"}}},
	}
	for _, c := range []struct {
		act  act
		from core.TaskState
		may  []core.Acting
	}{
		{act{name: "accept"}, core.TaskAssigned, []core.Acting{anna}},
		{act{name: "decline", reason: "Не моё"}, core.TaskAssigned, []core.Acting{anna}},
		{act{name: "start"}, core.TaskAssigned, []core.Acting{anna, chief}},
		{act{name: "done", reason: "Готово"}, core.TaskAssigned, []core.Acting{anna, chief}},
		{act{name: "delegate", to: boris.User}, core.TaskAssigned, []core.Acting{boss, anna, chief}},
		{act{name: "cancel", reason: "Не нужно"}, core.TaskAssigned, []core.Acting{boss, chief}},
		{act{name: "assign", to: boris.User}, core.TaskDeclined, []core.Acting{boss, chief}},
		{act{name: "close"}, core.TaskDone, []core.Acting{boss, control, chief}},
		{act{name: "return", reason: "Плохо"}, core.TaskDone, []core.Acting{boss, control, chief}},
		{act{name: "reopen", reason: "Опять"}, core.TaskClosed, []core.Acting{boss, control, chief}},
	} {
		for _, by := range everyone {
			t.Run(c.act.name+" by "+string(by.User), func(t *testing.T) {
				d := newDesk(t)
				made := d.assignment()
				d.all(made.ID, reach[c.from]...)
				d.bus.Take(bus.TaskUpdated)
				d.bus.Take(bus.TaskAssigned)
				_, err := d.act(by, made.ID, c.act)
				if slices.Contains(c.may, by) {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				coretest.WantError(t, err, core.KindForbidden, "task.forbidden")
				if len(d.bus.Take(bus.TaskUpdated))+len(d.bus.Take(bus.TaskAssigned)) != 0 {
					t.Error("a refusal was published")
				}
			})
		}
	}
}

func TestNobodyAcceptsHisOwnWork(t *testing.T) {
	d := newDesk(t)
	made := d.create(boss, task.New{Kind: core.TaskAssignment, Title: "x", Performer: chief.User})
	d.all(made.ID, step{chief, act{name: "done", reason: "Готово"}})
	_, err := d.act(chief, made.ID, act{name: "close"})
	coretest.WantError(t, err, core.KindForbidden, "task.forbidden")
}

func TestTaskNobodyAcceptsEndsWithTheReport(t *testing.T) {
	for name, n := range map[string]task.New{
		"plain":          {Kind: core.TaskPlain, Title: "x", Performer: anna.User},
		"one's own":      {Kind: core.TaskAssignment, Title: "x", Performer: boss.User},
		"with an author": {Kind: core.TaskAssignment, Title: "x", Performer: anna.User},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			made := d.create(boss, n)
			got := d.all(made.ID, step{core.Acting{User: n.Performer}, act{name: "done", reason: "Готово"}})
			want := core.TaskClosed
			if name == "with an author" {
				want = core.TaskDone
			}
			if got.State != want {
				t.Errorf("state %s, want %s", got.State, want)
			}
		})
	}
}

func TestReasonsAreDemanded(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	for _, c := range []struct {
		by    core.Acting
		act   string
		field string
	}{
		{anna, "decline", "reason"},
		{boss, "cancel", "reason"},
		{anna, "done", "text"},
	} {
		_, err := d.act(c.by, made.ID, act{name: c.act, reason: "  "})
		coretest.WantError(t, err, core.KindInvalid, "task.invalid")
		if e, _ := errors.AsType[*core.Error](err); e.Field != c.field {
			t.Errorf("%s: field %s", c.act, e.Field)
		}
	}
	if got := d.task(made.ID); got.State != core.TaskAssigned || got.Version != 1 || len(d.comments(made.ID)) != 0 {
		t.Errorf("task %+v", got)
	}
}

func TestFaultsAreReportedTogether(t *testing.T) {
	d := newDesk(t)
	_, err := d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Create(tx, boss, task.New{
			Kind: core.TaskControl, Title: " ", Document: "doc_none", Performer: "usr_gone",
			CoPerformers: []core.UserID{"usr_none", boris.User, boris.User}, Deadline: d.due(-time.Hour),
		})
	})
	want := []string{"title", "performer", "co_performers.0", "co_performers.2", "document", "controller", "due_at"}
	if got := coretest.FaultFields(err); !slices.Equal(got, want) {
		t.Fatalf("faults %q, want %q", got, want)
	}
	_, err = d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Create(tx, boss, task.New{Kind: core.TaskApproval, Title: "x", Performer: anna.User, Controller: anna.User})
	})
	if got := coretest.FaultFields(err); !slices.Equal(got, []string{"kind", "controller"}) {
		t.Fatalf("faults %q", got)
	}
}

func TestDraftMayLackWhatItTakesToHandItOut(t *testing.T) {
	d := newDesk(t)
	made := d.create(boss, task.New{Kind: core.TaskControl, Title: "Проверить", Document: d.doc.ID, Draft: true})
	if made.State != core.TaskDraft || len(d.told) != 0 || len(d.bus.Take(bus.TaskUpdated)) != 1 {
		t.Fatalf("made %+v", made)
	}
	_, err := d.act(boss, made.ID, act{name: "assign", to: anna.User})
	if got := coretest.FaultFields(err); !slices.Equal(got, []string{"controller", "due_at"}) {
		t.Fatalf("faults %q", got)
	}
	d.must(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Update(tx, boss, task.Ref{ID: made.ID}, task.Edit{Controller: &control.User, Deadline: d.due(time.Hour)})
	})
	if got := d.all(made.ID, step{boss, act{name: "assign", to: anna.User}}); got.State != core.TaskAssigned || len(got.Delegations) != 0 {
		t.Errorf("task %+v", got)
	}
}

func TestMovedDeadlineTellsWhoAndWhy(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	edit := func(by core.Acting, reason string) error {
		_, err := d.do(func(tx store.Tx) (*core.Task, error) {
			return d.tasks.Update(tx, by, task.Ref{ID: made.ID}, task.Edit{Deadline: d.due(200 * time.Hour), Reason: reason})
		})
		return err
	}
	coretest.WantError(t, edit(anna, "Не успеваю"), core.KindForbidden, "task.forbidden")
	coretest.WantError(t, edit(control, " "), core.KindInvalid, "task.invalid")
	if err := edit(control, "Дожди"); err != nil {
		t.Fatal(err)
	}
	got := d.task(made.ID).Deadline
	if len(got.Extensions) != 1 || got.Extensions[0].By != control.User || !got.Extensions[0].From.Equal(made.Deadline.DueAt) ||
		!got.Extensions[0].To.Equal(got.DueAt) || got.Basis != "тест" {
		t.Errorf("deadline %+v", got)
	}
}

func TestStaleVersionIsRefused(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	d.all(made.ID, step{anna, act{name: "accept"}})
	_, err := d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Start(tx, anna, task.Ref{ID: made.ID, Version: made.Version})
	})
	coretest.WantError(t, err, core.KindConflict, "tasks.stale")
	if e, _ := errors.AsType[*core.Error](err); e == nil || len(e.Faults) != 1 || e.Faults[0].Field != "state" {
		t.Errorf("what changed: %+v", e)
	}
}

func TestEndedTaskIsNotEdited(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	d.all(made.ID, step{boss, act{name: "cancel", reason: "Не нужно"}})
	title := "Другое"
	_, err := d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Update(tx, boss, task.Ref{ID: made.ID}, task.Edit{Title: &title})
	})
	coretest.WantError(t, err, core.KindConflict, "task.ended")
}

func TestControllerStaysWhileHeJudges(t *testing.T) {
	d := newDesk(t)
	made := d.assignment()
	d.all(made.ID, step{anna, act{name: "done", reason: "Готово"}})
	none := core.UserID("")
	_, err := d.do(func(tx store.Tx) (*core.Task, error) {
		return d.tasks.Update(tx, boss, task.Ref{ID: made.ID}, task.Edit{Controller: &none})
	})
	coretest.WantError(t, err, core.KindConflict, "task.controller")
}

func TestOverdueIsWhatWasNotReportedInTime(t *testing.T) {
	due := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	before, after := due.Add(-time.Hour), due.Add(time.Hour)
	for name, c := range map[string]struct {
		task core.Task
		want bool
	}{
		"in work":          {core.Task{State: core.TaskInWork, Deadline: &core.Deadline{DueAt: due}}, true},
		"no deadline":      {core.Task{State: core.TaskInWork}, false},
		"draft":            {core.Task{State: core.TaskDraft, Deadline: &core.Deadline{DueAt: due}}, false},
		"closed":           {core.Task{State: core.TaskClosed, Deadline: &core.Deadline{DueAt: due}}, false},
		"reported in time": {core.Task{State: core.TaskDone, DoneAt: &before, Deadline: &core.Deadline{DueAt: due}}, false},
		"reported late":    {core.Task{State: core.TaskDone, DoneAt: &after, Deadline: &core.Deadline{DueAt: due}}, true},
	} {
		if got := c.task.Overdue(after.Add(time.Hour)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if c.task.DoneAt == nil && c.task.Overdue(before) {
			t.Errorf("%s: overdue before its term", name)
		}
	}
}
