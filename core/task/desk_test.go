package task_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

// The people of a desk.
var (
	boss    = core.Acting{User: "usr_boss"} // the author
	anna    = core.Acting{User: "usr_anna"}
	boris   = core.Acting{User: "usr_boris"}
	control = core.Acting{User: "usr_control"}
	chief   = core.Acting{User: "usr_chief", Supervisor: true}
	nobody  = core.Acting{User: "usr_nobody"} // has no part in anything
)

type desk struct {
	*testing.T
	store store.Store
	bus   *coretest.Recorder
	clock *coretest.Clock
	tasks *task.Service
	doc   *core.Document
	told  []string // performers the origin heard of
	until []*time.Time
}

// ReportPerformer implements task.Origin.
func (d *desk) ReportPerformer(_ store.Tx, doc *core.Document, performer core.Correspondent, due *time.Time) error {
	d.told = append(d.told, string(doc.ID)+" "+performer.Name)
	d.until = append(d.until, due)
	return nil
}

func newDesk(t *testing.T) *desk {
	clock := coretest.NewClock()
	d := &desk{T: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	d.tasks = &task.Service{Bus: d.bus, Origin: d, Calendar: schedule.Offices{}}
	d.doc = &core.Document{
		ID: "doc_1", Organization: "org_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Subject: "Течёт крыша", Channel: "mail", Thread: "doc_1",
	}
	d.update(func(tx store.Tx) error {
		for _, who := range []core.Acting{boss, anna, boris, control, chief, nobody} {
			u := &core.User{ID: who.User, Login: string(who.User), Name: "Имя " + string(who.User)}
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		if err := store.Users.Put(tx, &core.User{ID: "usr_gone", Login: "gone", State: core.UserDismissed}); err != nil {
			return err
		}
		return store.Documents.Put(tx, d.doc)
	})
	return d
}

func (d *desk) update(fn func(store.Tx) error) {
	d.Helper()
	coretest.Update(d.T, d.store, fn)
}

// do runs an operation on a task in a transaction of its own.
func (d *desk) do(fn func(tx store.Tx) (*core.Task, error)) (got *core.Task, err error) {
	d.Helper()
	d.clock.Add(time.Second)
	err = d.store.Update(d.Context(), func(tx store.Tx) error {
		got, err = fn(tx)
		return err
	})
	return got, err
}

func (d *desk) must(fn func(tx store.Tx) (*core.Task, error)) *core.Task {
	d.Helper()
	got, err := d.do(fn)
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) create(by core.Acting, n task.New) *core.Task {
	d.Helper()
	return d.must(func(tx store.Tx) (*core.Task, error) { return d.tasks.Create(tx, by, n) })
}

// assignment is the boss's, for Anna, under control.
func (d *desk) assignment() *core.Task {
	d.Helper()
	return d.create(boss, task.New{
		Kind: core.TaskAssignment, Title: "Починить крышу", Document: d.doc.ID, Performer: anna.User,
		CoPerformers: []core.UserID{boris.User}, Controller: control.User, Deadline: d.due(72 * time.Hour),
	})
}

func (d *desk) due(in time.Duration) *core.Deadline {
	return &core.Deadline{DueAt: d.clock.Now().Add(in), StartAt: d.clock.Now(), Basis: "тест"}
}

func (d *desk) task(id core.TaskID) *core.Task {
	d.Helper()
	var got *core.Task
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		got, err = store.Tasks.Get(tx, string(id))
		return err
	})
	return got
}

func (d *desk) comments(id core.TaskID) (out []core.TaskComment) {
	d.Helper()
	coretest.View(d.T, d.store, func(tx store.Tx) error {
		for c, err := range store.TaskComments.Find(tx, "task", string(id)) {
			if err != nil {
				return err
			}
			out = append(out, *c)
		}
		return nil
	})
	return out
}

// act is an operation by name, with whatever else it takes.
type act struct {
	name   string
	reason string
	to     core.UserID
}

func (d *desk) act(by core.Acting, id core.TaskID, a act) (*core.Task, error) {
	d.Helper()
	ref := task.Ref{ID: id}
	return d.do(func(tx store.Tx) (*core.Task, error) {
		switch a.name {
		case "assign":
			return d.tasks.Assign(tx, by, ref, a.to)
		case "accept":
			return d.tasks.Accept(tx, by, ref)
		case "decline":
			return d.tasks.Decline(tx, by, ref, a.reason)
		case "start":
			return d.tasks.Start(tx, by, ref)
		case "delegate":
			return d.tasks.Delegate(tx, by, ref, a.to, a.reason)
		case "done":
			return d.tasks.Report(tx, by, ref, a.reason, nil)
		case "close":
			return d.tasks.Close(tx, by, ref, a.reason)
		case "return":
			return d.tasks.Return(tx, by, ref, a.reason)
		case "cancel":
			return d.tasks.Cancel(tx, by, ref, a.reason)
		case "reopen":
			return d.tasks.Reopen(tx, by, ref, a.reason)
		}
		panic(a.name)
	})
}

// all does one operation after the other.
func (d *desk) all(id core.TaskID, steps ...step) *core.Task {
	d.Helper()
	for _, s := range steps {
		if _, err := d.act(s.by, id, s.act); err != nil {
			d.Fatalf("%s by %s: %v", s.name, s.by.User, err)
		}
	}
	return d.task(id)
}

type step struct {
	by core.Acting
	act
}
