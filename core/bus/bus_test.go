package bus_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	in  bus.Topic = "test.in"
	out bus.Topic = "test.out"
)

func TestHandlerGetsTheEventAsItWasPublished(t *testing.T) {
	f := newFixture(t, bus.Options{})
	got := make(chan bus.Event, 1)
	f.bus.Handle("reader", bus.MessageReceived, func(_ context.Context, _ store.Tx, ev bus.Event) error {
		got <- ev
		return nil
	})
	start(t, f.bus)
	actor := core.Actor{Kind: core.ActorUser, ID: "usr_1", Name: "Иванова", Behind: "usr_2"}
	payload := bus.MessageEvent{Message: "msg_1", Channel: "mail", Kind: core.MessageLetter}
	var now time.Time
	err := f.store.Update(core.WithActor(t.Context(), actor), func(tx store.Tx) error {
		now = tx.Now()
		return f.bus.Publish(bus.WithCorrelation(tx, "req_1"), bus.MessageReceived, "msg_1", payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	ev := <-got
	var read bus.MessageEvent
	if err := ev.Decode(&read); err != nil || read != payload {
		t.Errorf("payload %+v, %v", read, err)
	}
	if ev.Topic != bus.MessageReceived || ev.Key != "msg_1" || ev.Actor != actor || ev.Correlation != "req_1" || !ev.At.Equal(now) {
		t.Errorf("event %+v", ev)
	}
	if at, err := core.IDTime(ev.ID); err != nil || now.Sub(at) >= time.Millisecond || !strings.HasPrefix(ev.ID, "evt_") {
		t.Errorf("id %s: %v %v", ev.ID, at, err)
	}
}

func TestChainKeepsItsCorrelationAndNamesItsHandlers(t *testing.T) {
	f := newFixture(t, bus.Options{})
	got := make(chan bus.Event, 1)
	f.bus.Handle("first", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		return f.bus.Publish(tx, out, "doc_1", 2)
	})
	f.bus.Handle("second", out, func(_ context.Context, _ store.Tx, ev bus.Event) error {
		got <- ev
		return nil
	})
	start(t, f.bus)
	f.publish(in, "msg_1", 1)
	ev := <-got
	if ev.Correlation != "msg_1" {
		t.Errorf("correlation %q, want the key of the first event", ev.Correlation)
	}
	if want := (core.Actor{Kind: core.ActorHub, ID: "first"}); ev.Actor != want {
		t.Errorf("actor %+v", ev.Actor)
	}
}

func TestEveryHandlerGetsEveryEvent(t *testing.T) {
	f := newFixture(t, bus.Options{})
	for _, name := range []string{"a", "b"} {
		for _, topic := range []bus.Topic{in, out} {
			f.bus.Handle(name, topic, func(_ context.Context, tx store.Tx, ev bus.Event) error {
				_, err := add(tx, name+string(topic))
				return err
			})
		}
	}
	start(t, f.bus)
	for i := range 20 {
		f.publish(in, strconv.Itoa(i), i)
		f.publish(out, strconv.Itoa(i), i)
	}
	f.runs.await(t, func() bool { return f.runs.count(bus.Done) == 80 })
	for _, name := range []string{"a", "b"} {
		for _, topic := range []bus.Topic{in, out} {
			if n := f.counter(name + string(topic)); n != 20 {
				t.Errorf("%s saw %d of %s", name, n, topic)
			}
		}
	}
}

func TestSameHandlerTwiceIsRefused(t *testing.T) {
	f := newFixture(t, bus.Options{})
	f.bus.Handle("a", in, nil)
	f.bus.Handle("a", in, nil)
	if err := f.bus.Run(t.Context()); core.KindOf(err) != core.KindInternal || err == nil {
		t.Errorf("got %v", err)
	}
}

func TestFailedRunLeavesNothing(t *testing.T) {
	f := newFixture(t, bus.Options{FaultPause: time.Millisecond})
	var runs atomic.Int32
	f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		if _, err := add(tx, "effect"); err != nil {
			return err
		}
		if err := f.bus.Publish(tx, out, "k", 1); err != nil {
			return err
		}
		if runs.Add(1) == 1 {
			return errors.New("broken")
		}
		return nil
	})
	f.bus.Handle("b", out, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		_, err := add(tx, "events")
		return err
	})
	start(t, f.bus)
	f.publish(in, "k", 1)
	f.runs.await(t, func() bool { return f.runs.count(bus.Done) == 2 && f.idle() })
	if f.counter("effect") != 1 || f.counter("events") != 1 {
		t.Errorf("effect %d, events %d", f.counter("effect"), f.counter("events"))
	}
}

func TestRunEndsAfterTheHandlersUnderWay(t *testing.T) {
	f := newFixture(t, bus.Options{})
	entered, leave := make(chan struct{}), make(chan struct{})
	f.bus.Handle("a", in, func(ctx context.Context, tx store.Tx, ev bus.Event) error {
		close(entered)
		<-leave
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, err := add(tx, "effect")
		return err
	})
	stop := start(t, f.bus)
	go func() { // the handler holds the writer, so that this ends later
		_ = f.store.Update(context.Background(), func(tx store.Tx) error { return f.bus.Publish(tx, in, "k", 1) })
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	select {
	case <-stopped:
		t.Error("Run did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	close(leave)
	<-stopped
	if f.counter("effect") != 1 {
		t.Error("the work under way was lost")
	}
}

// TestWhatBecomesOfAnEventByTheKindOfItsError follows one event that always
// fails through days of clock time.
func TestWhatBecomesOfAnEventByTheKindOfItsError(t *testing.T) {
	for _, c := range []struct {
		kind        core.Kind
		runs        int // of the handler; 0: many
		least, most time.Duration
	}{
		{kind: core.KindInvalid, runs: 1},
		{kind: core.KindUnauthenticated, runs: 1},
		{kind: core.KindForbidden, runs: 1},
		{kind: core.KindNotFound, runs: 1},
		{kind: core.KindRejected, runs: 1},
		{kind: core.KindUnknown, runs: 1},
		{kind: core.KindConflict, runs: 3, most: time.Millisecond},
		{kind: core.KindInternal, runs: 3, least: 4 * time.Second, most: 6 * time.Second},
		{kind: core.KindUnavailable, least: 7 * 24 * time.Hour, most: 7*24*time.Hour + 2*time.Hour},
		{kind: core.KindConfig, least: 7 * 24 * time.Hour, most: 7*24*time.Hour + 2*time.Hour},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "uzel.db")
			synctest.Test(t, func(t *testing.T) {
				f := onStore(t, openStore(t, path), bus.Options{Version: "1.2.3", TrimEvery: 240 * time.Hour})
				var at []time.Time
				f.bus.Handle("a", in, func(context.Context, store.Tx, bus.Event) error {
					at = append(at, time.Now())
					return bus.WithLabels(kindError(c.kind), map[string]string{"plugin": "email"})
				})
				stop := start(t, f.bus)
				f.publish(in, "k", 1)
				synctest.Wait()
				time.Sleep(10 * 24 * time.Hour)
				stop()
				letters := f.letters(bus.DeadLetterOpen)
				if len(letters) != 1 {
					t.Fatalf("%d dead letters", len(letters))
				}
				took := at[len(at)-1].Sub(at[0])
				if c.runs > 0 && len(at) != c.runs || took < c.least || took > max(c.most, time.Second/2) {
					t.Errorf("%d runs in %v", len(at), took)
				}
				if c.runs == 0 {
					checkGrowing(t, at)
				}
				d := letters[0]
				if d.Handler != "a" || d.Event.Topic != in || d.Kind != c.kind.String() || d.Code != "test."+c.kind.String() ||
					d.Text != "текст" || d.Program != "1.2.3" || d.Labels["plugin"] != "email" ||
					d.LastAt.Sub(d.FirstAt) < c.least || d.ID != d.Event.ID+".a" {
					t.Errorf("dead letter %+v", d)
				}
				if want := len(at); c.kind != core.KindConflict && d.Attempts != want {
					t.Errorf("%d attempts, want %d", d.Attempts, want)
				}
			})
		})
	}
}

// checkGrowing wants pauses that double from a second to an hour, less a fifth.
func checkGrowing(t *testing.T, at []time.Time) {
	t.Helper()
	want := time.Second
	for i := 1; i < len(at); i++ {
		if got := at[i].Sub(at[i-1]); got < want*8/10-time.Millisecond || got > want+time.Second/10 {
			t.Fatalf("pause %d is %v, want about %v", i, got, want)
		}
		want = min(2*want, time.Hour)
	}
}

func TestUnavailableIsRetriedWhenItAsks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	synctest.Test(t, func(t *testing.T) {
		f := onStore(t, openStore(t, path), bus.Options{})
		var at []time.Time
		f.bus.Handle("a", in, func(context.Context, store.Tx, bus.Event) error {
			if at = append(at, time.Now()); len(at) == 1 {
				return &core.Error{Kind: core.KindUnavailable, After: 25 * time.Minute}
			}
			return nil
		})
		stop := start(t, f.bus)
		f.publish(in, "k", 1)
		time.Sleep(time.Hour)
		stop()
		if len(at) != 2 || at[1].Sub(at[0]) < 25*time.Minute || at[1].Sub(at[0]) > 28*time.Minute {
			t.Errorf("runs at %v", at)
		}
	})
}

func TestRetryStateSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, path)
		runs := 0
		for round := range 5 { // each run of the program sees a part of the tries
			f := onStore(t, s, bus.Options{})
			f.bus.Handle("a", in, func(context.Context, store.Tx, bus.Event) error {
				runs++
				return kindError(core.KindUnavailable)
			})
			stop := start(t, f.bus)
			if round == 0 {
				f.publish(in, "k", 1)
			}
			time.Sleep(2 * 24 * time.Hour)
			stop()
		}
		f := onStore(t, s, bus.Options{})
		letters := f.letters(bus.DeadLetterOpen)
		if len(letters) != 1 || letters[0].Attempts != runs || letters[0].LastAt.Sub(letters[0].FirstAt) < 7*24*time.Hour {
			t.Errorf("%d runs, letters %+v", runs, letters)
		}
	})
}

// TestRandomFailuresHaveEachEffectOnce lets two handlers in a chain fail in all
// ways at random, over restarts, and compares the store with what must be in it.
func TestRandomFailuresHaveEachEffectOnce(t *testing.T) {
	const events, keys = 600, 30
	s := openStore(t, filepath.Join(t.TempDir(), "uzel.db"))
	fail := func() error {
		switch rand.IntN(20) {
		case 0:
			return kindError(core.KindUnavailable)
		case 1:
			return kindError(core.KindConflict)
		case 2:
			return kindError(core.KindConfig)
		case 3:
			panic("at random")
		case 4:
			return errors.New("foreign")
		case 5:
			return kindError(core.KindInvalid)
		}
		return nil
	}
	var healed atomic.Bool
	build := func() *fixture {
		f := onStore(t, s, bus.Options{FirstPause: time.Millisecond, LastPause: 4 * time.Millisecond, FaultPause: time.Millisecond})
		work := func(name string, next func(store.Tx, bus.Event) error) bus.Handler {
			return func(_ context.Context, tx store.Tx, ev bus.Event) error {
				if _, err := add(tx, fmt.Sprintf("%s/%d", name, number(ev))); err != nil {
					return err
				}
				if err := next(tx, ev); err != nil {
					return err
				}
				if healed.Load() {
					return nil
				}
				if err := inOrder(tx, name+"/order/"+ev.Key, number(ev)); err != nil {
					t.Error(err)
				}
				return fail()
			}
		}
		f.bus.Handle("first", in, work("first", func(tx store.Tx, ev bus.Event) error { return f.bus.Publish(tx, out, ev.Key, number(ev)) }))
		f.bus.Handle("second", out, work("second", func(store.Tx, bus.Event) error { return nil }))
		return f
	}
	f := build()
	if err := f.bus.Declare(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.update(func(tx store.Tx) error {
		for i := range events {
			if err := f.bus.Publish(tx, in, strconv.Itoa(rand.IntN(keys)), i); err != nil {
				return err
			}
		}
		return nil
	})
	for done := false; !done; {
		f = build()
		stop := start(t, f.bus)
		restart := time.Now().Add(100 * time.Millisecond)
		f.runs.await(t, func() bool { done = f.idle(); return done || time.Now().After(restart) })
		stop()
	}
	dead := f.letters(bus.DeadLetterOpen)
	if len(dead) == 0 {
		t.Error("nothing became a dead letter: the test proves less than it should")
	}
	healed.Store(true)
	f = build()
	start(t, f.bus)
	for _, d := range dead {
		if err := f.bus.DeadLetters().Replay(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
	}
	f.runs.await(t, f.idle)
	for i := range events {
		for _, name := range []string{"first", "second"} {
			if n := f.counter(fmt.Sprintf("%s/%d", name, i)); n != 1 {
				t.Errorf("%s handled event %d %d times", name, i, n)
			}
		}
	}
}

// inOrder keeps the highest number of a key and refuses a lower one.
func inOrder(tx store.Tx, name string, n int) error {
	last, err := count(tx, name)
	if err != nil {
		return err
	}
	if last > n+1 {
		return fmt.Errorf("%s: %d after %d", name, n, last-1)
	}
	for ; last < n+1; last++ {
		if _, err := add(tx, name); err != nil {
			return err
		}
	}
	return nil
}

func TestDuplicateKeysSpreadOverHandlersInParallel(t *testing.T) {
	f := newFixture(t, bus.Options{})
	var mu sync.Mutex
	got := map[string][]int{}
	f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		tx.AfterCommit(func() {
			mu.Lock()
			defer mu.Unlock()
			got[ev.Key] = append(got[ev.Key], number(ev))
		})
		return nil
	})
	start(t, f.bus)
	var writers sync.WaitGroup
	for k := range 8 {
		writers.Go(func() {
			for i := range 200 {
				f.publish(in, strconv.Itoa(k), i)
			}
		})
	}
	writers.Wait()
	f.runs.await(t, func() bool { return f.runs.count(bus.Done) == 1600 })
	for key, list := range got {
		if !slices.IsSorted(list) || len(list) != 200 {
			t.Errorf("key %s: %v", key, list)
		}
	}
}
