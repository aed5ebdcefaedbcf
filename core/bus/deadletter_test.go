package bus_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

func TestPanicBecomesADeadLetterWithItsStack(t *testing.T) {
	f := newFixture(t, bus.Options{FaultPause: time.Millisecond})
	f.bus.Handle("a", in, func(context.Context, store.Tx, bus.Event) error { panic("нет") }) // a handler with a defect becomes a dead letter
	start(t, f.bus)
	f.publish(in, "k", 1)
	f.runs.await(t, func() bool { return f.runs.count(bus.Dead) == 1 })
	d := f.letters(bus.DeadLetterOpen)[0]
	if d.Attempts != 3 || d.Kind != "internal" || d.Code != "handler.panic" || !strings.Contains(d.Detail, "deadletter_test.go") {
		t.Errorf("dead letter %+v", d)
	}
}

func TestReplayReachesItsHandlerAloneAndOnce(t *testing.T) {
	f := newFixture(t, bus.Options{})
	var healed atomic.Bool
	f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		if !healed.Load() {
			return kindError(core.KindInvalid)
		}
		_, err := add(tx, "a")
		return err
	})
	f.bus.Handle("b", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		_, err := add(tx, "b")
		return err
	})
	start(t, f.bus)
	f.publish(in, "k", 1)
	f.runs.await(t, func() bool { return f.runs.count(bus.Dead) == 1 })
	id := f.letters(bus.DeadLetterOpen)[0].ID
	desk := f.bus.DeadLetters()

	if err := desk.Replay(t.Context(), id); err != nil { // too early: fails again
		t.Fatal(err)
	}
	f.runs.await(t, func() bool { return f.runs.count(bus.Dead) == 2 })
	again, err := desk.Get(t.Context(), id)
	if err != nil || again.State != bus.DeadLetterOpen || again.Attempts != 2 {
		t.Fatalf("after the second failure: %+v %v", again, err)
	}

	healed.Store(true)
	for range 3 {
		if err := desk.Replay(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	f.runs.await(t, func() bool { return f.counter("a") > 0 && f.idle() })
	if f.counter("a") != 1 || f.counter("b") != 1 {
		t.Errorf("a %d, b %d", f.counter("a"), f.counter("b"))
	}
	if n := len(f.letters(bus.DeadLetterReplayed)); n != 1 {
		t.Errorf("%d replayed letters", n)
	}
	if err := desk.GiveUp(t.Context(), id); core.KindOf(err) != core.KindConflict {
		t.Errorf("give up after replay: %v", err)
	}
}

func TestGivenUpLettersRestUntilReplayed(t *testing.T) {
	f := newFixture(t, bus.Options{})
	f.bus.Handle("a", in, func(context.Context, store.Tx, bus.Event) error { return kindError(core.KindRejected) })
	start(t, f.bus)
	f.publish(in, "k", 1)
	f.runs.await(t, func() bool { return f.runs.count(bus.Dead) == 1 })
	id := f.letters(bus.DeadLetterOpen)[0].ID
	for range 2 {
		if err := f.bus.DeadLetters().GiveUp(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.letters(bus.DeadLetterGivenUp)) != 1 || len(f.letters(bus.DeadLetterOpen)) != 0 {
		t.Error("not given up")
	}
	if err := f.bus.DeadLetters().Replay(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f.runs.await(t, func() bool { return len(f.letters(bus.DeadLetterOpen)) == 1 })
}

func TestDeadLettersThatAreNotThere(t *testing.T) {
	f := newFixture(t, bus.Options{})
	desk := f.bus.DeadLetters()
	_, err := desk.Get(t.Context(), "evt_1.a")
	for _, err := range []error{err, desk.Replay(t.Context(), "evt_1.a"), desk.GiveUp(t.Context(), "evt_1.a")} {
		if core.KindOf(err) != core.KindNotFound {
			t.Errorf("got %v", err)
		}
	}
}

func TestOthersMayFileDeadLetters(t *testing.T) {
	f := newFixture(t, bus.Options{})
	f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		_, err := add(tx, "n"+strconv.Itoa(number(ev)))
		return err
	})
	start(t, f.bus)
	letter := bus.NewDeadLetter(bus.Event{Topic: in, Key: "k", Payload: []byte("7")}, "a",
		bus.WithLabels(kindError(core.KindRejected), map[string]string{"plugin": "gis", "plugin_version": "1.0.0"}))
	f.update(func(tx store.Tx) error { return f.bus.FileDeadLetter(tx, letter) })
	got := f.letters(bus.DeadLetterOpen)
	if len(got) != 1 || got[0].Labels["plugin_version"] != "1.0.0" || got[0].Kind != "rejected" || got[0].Event.ID == "" {
		t.Fatalf("letters %+v", got)
	}
	if err := f.bus.DeadLetters().Replay(t.Context(), got[0].ID); err != nil {
		t.Fatal(err)
	}
	f.runs.await(t, func() bool { return f.counter("n7") == 1 })
}

func TestPoisonDoesNotStopOthers(t *testing.T) {
	f := newFixture(t, bus.Options{FirstPause: time.Hour})
	f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		if ev.Key == "poison" {
			return kindError(core.KindUnavailable)
		}
		_, err := add(tx, "done")
		return err
	})
	start(t, f.bus)
	const others = 2000
	for range others / 100 {
		f.update(func(tx store.Tx) error {
			for i := range 100 {
				if err := errors.Join(f.bus.Publish(tx, in, "poison", i), f.bus.Publish(tx, in, strconv.Itoa(i), i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	f.runs.await(t, func() bool { return f.runs.count(bus.Done) == others })
	if f.counter("done") != others || f.runs.count(bus.Retried) != 1 {
		t.Errorf("%d done, %d retried", f.counter("done"), f.runs.count(bus.Retried))
	}
}
