package core_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
)

// life is a state machine once more, written down from what an office may expect
// and not from the code: every state with those it may lead to.
type life struct {
	model string
	// at makes the noun in a state; moved tells its state after.
	at func(state string) (moveTo func(next string) error, moved func() string)
}

var lives = map[string]life{
	"document": {
		`
		draft        registered closed
		registered   in_work answered sent undelivered closed
		in_work      answered closed
		answered     in_work closed
		sent         undelivered closed
		undelivered  sent closed
		closed       in_work`,
		func(state string) (func(string) error, func() string) {
			d := &core.Document{State: core.DocumentState(state)}
			return func(next string) error { return d.MoveTo(core.DocumentState(next)) }, func() string { return string(d.State) }
		},
	},
	"delivery": {
		`
		queued     sending cancelled rejected
		sending    queued submitted sent delivered read rejected unknown
		submitted  sent delivered read rejected unknown
		sent       delivered read rejected
		delivered  read rejected
		read
		rejected   queued
		unknown    queued submitted sent delivered read rejected cancelled
		cancelled  queued`,
		func(state string) (func(string) error, func() string) {
			d := &core.Delivery{State: core.DeliveryState(state)}
			return func(next string) error { return d.MoveTo(core.DeliveryState(next)) }, func() string { return string(d.State) }
		},
	},
	"appeal": {
		`
		new        waiting in_work forwarded answered closed rejected
		waiting    new in_work forwarded answered closed rejected
		in_work    new waiting forwarded answered closed rejected
		forwarded  in_work answered closed rejected
		answered   new in_work closed
		closed     new in_work
		rejected   new in_work`,
		func(state string) (func(string) error, func() string) {
			a := &core.Appeal{State: core.AppealState(state)}
			return func(next string) error { return a.MoveTo(core.AppealState(next)) }, func() string { return string(a.State) }
		},
	},
	"task": {
		`
		draft      assigned cancelled
		assigned   accepted declined in_work done cancelled
		accepted   assigned in_work done cancelled
		declined   assigned cancelled
		in_work    assigned done cancelled
		done       returned closed cancelled
		returned   assigned in_work done cancelled
		closed     in_work
		cancelled  draft`,
		func(state string) (func(string) error, func() string) {
			d := &core.Task{State: core.TaskState(state)}
			return func(next string) error { return d.MoveTo(core.TaskState(next)) }, func() string { return string(d.State) }
		},
	},
}

// read gives the states, and for each those it leads to.
func (l life) read() (states []string, next map[string][]string) {
	next = map[string][]string{}
	for line := range strings.Lines(l.model) {
		if words := strings.Fields(line); len(words) > 0 {
			states, next[words[0]] = append(states, words[0]), words[1:]
		}
	}
	return states, next
}

// step moves on and holds what came of it against the model.
func (l life) step(from, to string, next map[string][]string) (after, fault string) {
	moveTo, moved := l.at(from)
	err := moveTo(to)
	switch legal := from == to || slices.Contains(next[from], to); {
	case legal && (err != nil || moved() != to):
		return moved(), "must be possible"
	case !legal && core.KindOf(err) != core.KindConflict:
		return moved(), "must be a conflict"
	case !legal && moved() != from:
		return moved(), "was refused and moved"
	}
	return moved(), ""
}

func TestEveryTransitionOfEveryLife(t *testing.T) {
	for noun, l := range lives {
		states, next := l.read()
		for _, from := range states {
			for _, to := range append(states, "nonsense") {
				if _, fault := l.step(from, to, next); fault != "" {
					t.Errorf("%s from %s to %s: %s", noun, from, to, fault)
				}
			}
		}
	}
}

// TestRandomLivesFollowTheModel walks random sequences from the first state on,
// and proves that each state is reached from it by what is legal.
func TestRandomLivesFollowTheModel(t *testing.T) {
	for noun, l := range lives {
		t.Run(noun, func(t *testing.T) {
			states, next := l.read()
			reached := map[string]bool{}
			rapid.Check(t, func(rt *rapid.T) {
				now := states[0]
				for range rapid.IntRange(1, 60).Draw(rt, "steps") {
					to := rapid.SampledFrom(append(slices.Clone(next[now]), states...)).Draw(rt, "to")
					after, fault := l.step(now, to, next)
					if fault != "" {
						rt.Fatalf("from %s to %s: %s", now, to, fault)
					}
					now = after
					reached[now] = true
				}
			})
			for _, state := range states {
				if !reached[state] {
					t.Errorf("%s is never reached", state)
				}
			}
		})
	}
}
