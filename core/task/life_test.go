package task_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

// lifeMap is the life of a task once more, written down from what people may
// expect and not from the code.
var lifeMap = map[core.TaskState]map[string]core.TaskState{
	core.TaskDraft:     {"assign": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskAssigned:  {"accept": core.TaskAccepted, "decline": core.TaskDeclined, "start": core.TaskInWork, "done": core.TaskDone, "delegate": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskAccepted:  {"start": core.TaskInWork, "done": core.TaskDone, "delegate": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskDeclined:  {"assign": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskInWork:    {"done": core.TaskDone, "delegate": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskDone:      {"close": core.TaskClosed, "return": core.TaskReturned, "cancel": core.TaskCancelled},
	core.TaskReturned:  {"start": core.TaskInWork, "done": core.TaskDone, "delegate": core.TaskAssigned, "cancel": core.TaskCancelled},
	core.TaskClosed:    {"reopen": core.TaskInWork},
	core.TaskCancelled: {"reopen": core.TaskDraft},
}

var acts = []string{"assign", "accept", "decline", "start", "delegate", "done", "close", "return", "cancel", "reopen"}

// ways lead to each state from a task just assigned.
var ways = map[core.TaskState][]step{
	core.TaskAssigned:  nil,
	core.TaskAccepted:  {{anna, act{name: "accept"}}},
	core.TaskDeclined:  {{anna, act{name: "decline", reason: "x"}}},
	core.TaskInWork:    {{anna, act{name: "start"}}},
	core.TaskDone:      {{anna, act{name: "done", reason: "x"}}},
	core.TaskReturned:  {{anna, act{name: "done", reason: "x"}}, {control, act{name: "return", reason: "x"}}},
	core.TaskClosed:    {{anna, act{name: "done", reason: "x"}}, {control, act{name: "close"}}},
	core.TaskCancelled: {{boss, act{name: "cancel", reason: "x"}}},
	core.TaskDraft:     {{boss, act{name: "cancel", reason: "x"}}, {boss, act{name: "reopen", reason: "x"}}},
}

func TestEveryActInEveryState(t *testing.T) {
	who := map[string]core.Acting{
		"assign": boss, "accept": anna, "decline": anna, "start": anna, "delegate": anna, "done": anna,
		"close": control, "return": control, "cancel": boss, "reopen": boss,
	}
	d := newDesk(t)
	for _, from := range core.TaskStates() {
		for _, name := range acts {
			made := d.assignment()
			d.all(made.ID, ways[from]...)
			_, err := d.act(who[name], made.ID, act{name: name, reason: "x", to: boris.User})
			want, legal := lifeMap[from][name]
			switch {
			case legal && err != nil:
				t.Errorf("%s in %s: %v", name, from, err)
			case legal && d.task(made.ID).State != want:
				t.Errorf("%s in %s led to %s, want %s", name, from, d.task(made.ID).State, want)
			case !legal && core.KindOf(err) != core.KindConflict:
				t.Errorf("%s in %s: %v, want a conflict", name, from, err)
			}
		}
	}
}

// TestTaskLife walks random sequences of everything people do to a tree of
// tasks, and checks after each step what must hold.
func TestTaskLife(t *testing.T) {
	people := []core.Acting{boss, anna, boris, control, chief, nobody}
	kinds := []core.TaskKind{core.TaskAssignment, core.TaskPlain, core.TaskControl}
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		var all []core.TaskID
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			by := rapid.SampledFrom(people).Draw(rt, "who")
			if len(all) == 0 || rapid.IntRange(0, 9).Draw(rt, "what") == 0 {
				n := task.New{
					Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Title: "x", Document: d.doc.ID,
					Performer:  rapid.SampledFrom(people).Draw(rt, "performer").User,
					Controller: rapid.SampledFrom([]core.UserID{"", control.User, boss.User}).Draw(rt, "controller"),
					Deadline:   d.due(time.Duration(rapid.IntRange(-1, 90).Draw(rt, "due")) * time.Hour),
					Draft:      rapid.Bool().Draw(rt, "draft"), BeyondParent: rapid.Bool().Draw(rt, "beyond"),
				}
				if len(all) > 0 {
					n.Parent = rapid.SampledFrom(append([]core.TaskID{""}, all...)).Draw(rt, "parent")
				}
				made, err := d.do(func(tx store.Tx) (*core.Task, error) { return d.tasks.Create(tx, by, n) })
				d.refusal(rt, err)
				if err == nil {
					all = append(all, made.ID)
				}
			} else {
				// Half of the steps are made by whoever is likely to be allowed.
				id := rapid.SampledFrom(all).Draw(rt, "task")
				before := d.task(id)
				likely := []core.Acting{by, {User: before.Performer}, {User: before.Author}, {User: before.Acceptor()}}
				by = rapid.SampledFrom(likely).Draw(rt, "as")
				possible := slices.Sorted(maps.Keys(lifeMap[before.State]))
				a := act{
					name: rapid.SampledFrom(append(possible, acts...)).Draw(rt, "act"), reason: "причина",
					to: rapid.SampledFrom(people).Draw(rt, "to").User,
				}
				d.bus.Take(bus.TaskAssigned)
				d.bus.Take(bus.TaskUpdated)
				_, err := d.act(by, id, a)
				d.refusal(rt, err)
				d.step(rt, by, a, before, d.task(id), err)
			}
			d.whole(rt, all)
		}
	})
}

// refusal: people are told no by kind, never by a defect.
func (d *desk) refusal(rt *rapid.T, err error) {
	if err == nil {
		return
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindForbidden && e.Kind != core.KindConflict && e.Kind != core.KindInvalid {
		rt.Fatal(err)
	}
}

// step: what one operation may have done to its task.
func (d *desk) step(rt *rapid.T, by core.Acting, a act, before, after *core.Task, err error) {
	events := len(d.bus.Take(bus.TaskAssigned)) + len(d.bus.Take(bus.TaskUpdated))
	if err != nil {
		if after.Version != before.Version || events != 0 {
			rt.Fatalf("refused %s changed something: %d events", a.name, events)
		}
		return
	}
	want, known := lifeMap[before.State][a.name]
	if a.name == "done" && before.Acceptor() == "" {
		want = core.TaskClosed
	}
	if !known || after.State != want {
		rt.Fatalf("%s led from %s to %s", a.name, before.State, after.State)
	}
	if after.Version != before.Version+1 || events == 0 {
		rt.Fatalf("%s: version %d after %d, %d events", a.name, after.Version, before.Version, events)
	}
	if !by.Supervisor && !before.Involves(by.User) {
		rt.Fatalf("%s by a stranger", a.name)
	}
	if (a.name == "close" || a.name == "return") && by.User == before.Performer {
		rt.Fatalf("%s by the performer", a.name)
	}
}

// whole: what holds for all tasks at any time.
func (d *desk) whole(rt *rapid.T, all []core.TaskID) {
	for _, id := range all {
		t := d.task(id)
		if t.State.Ended() != (t.EndedAt != nil) {
			rt.Fatalf("%s ended at %v", t.State, t.EndedAt)
		}
		if n := len(t.Delegations); n > 0 && t.Delegations[n-1].To != t.Performer {
			rt.Fatal("the chain of delegations does not end with the performer")
		}
		if t.Performer == "" || t.Performer == t.Controller {
			rt.Fatalf("performed by %q, controlled by %q", t.Performer, t.Controller)
		}
		if t.Parent == "" {
			continue
		}
		parent := d.task(t.Parent)
		if parent.State.Ended() && !t.State.Ended() {
			rt.Fatalf("a subtask is %s under a parent that is %s", t.State, parent.State)
		}
		if !t.BeyondParent && t.Deadline.DueAt.After(parent.Deadline.DueAt) {
			rt.Fatal("a subtask is due after its parent")
		}
	}
}
