package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var groupTests = []test{
	{"ManyCallersAllLand", manyCallersAllLand},
	{"AFailedFunctionIsUndoneAlone", failedIsUndoneAlone},
	{"RandomFailuresLeaveWhatSucceeded", randomFailures},
	{"APanicIsAnErrorAndUndoneAlone", panicIsUndoneAlone},
	{"AfterCommitOnlyAfterCommit", afterCommit},
	{"BeforeCommitRunsFirstAndFailsAlone", beforeCommit},
	{"WhatGoesAlongIsWrittenOrUndoneWithIt", companionGoesAlong},
	{"ACancelledCallerIsNotRun", cancelledIsNotRun},
	{"AFunctionThatRunsIsWaitedFor", runningIsWaitedFor},
}

// together holds the store busy until all fns wait, so that a driver that
// groups runs them in one group, in this order. It returns their errors.
func together(t testing.TB, s store.Store, fns ...func(store.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	hold, release := make(chan struct{}), make(chan struct{})
	running := sync.OnceFunc(func() { close(hold) }) // a function may run again
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.Update(t.Context(), func(store.Tx) error { running(); <-release; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	<-hold
	for i, fn := range fns {
		waiting := make(chan struct{})
		wg.Go(func() {
			errs[i] = s.Update(announcing{t.Context(), waiting, new(sync.Once)}, fn)
		})
		<-waiting
	}
	close(release)
	wg.Wait()
	return errs
}

// announcing closes waiting when the store begins to wait on the context, or
// asks whether it is done.
type announcing struct {
	context.Context //nolint:containedctx // it is a context
	waiting         chan struct{}
	once            *sync.Once
}

func (a announcing) Done() <-chan struct{} {
	a.once.Do(func() { close(a.waiting) })
	return a.Context.Done()
}

func manyCallersAllLand(t *testing.T, o Opener) {
	const callers, rounds = 32, 20
	s := o.Open(t, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var numbers []uint64
	for c := range callers {
		wg.Go(func() {
			for r := range rounds {
				var n uint64
				err := s.Update(t.Context(), func(tx store.Tx) (err error) {
					if n, err = tx.Sequence(bucket); err != nil {
						return err
					}
					return tx.Put(bucket, fmt.Appendf(nil, "%02d-%02d", c, r), nil)
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				numbers = append(numbers, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := strings.Count(content(t, s, bucket), "="); got != callers*rounds {
		t.Errorf("%d keys landed, want %d", got, callers*rounds)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != uint64(i+1) {
			t.Fatalf("numbers have holes or doubles at %d: %d", i+1, n)
		}
	}
}

func failedIsUndoneAlone(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "old", "0", "gone", "0")
	update(t, s, func(tx store.Tx) error { _, err := tx.Sequence(bucket); return err })
	var seen uint64
	errs := together(
		t, s,
		func(tx store.Tx) error { return putIn(tx, "old", "1", "first", "1") },
		func(tx store.Tx) error {
			err := putIn(tx, "old", "2", "old", "3", "first", "2", "second", "2")
			for range 3 {
				_, seqErr := tx.Sequence(bucket)
				_, otherErr := tx.Sequence("storetest made by the failed one")
				err = errors.Join(err, seqErr, otherErr)
			}
			err = errors.Join(
				err,
				tx.Delete(bucket, []byte("gone")), tx.Delete(bucket, []byte("second")),
				putIn(tx, "second", "3", "gone", "4"), tx.Delete(bucket, []byte("old")),
			)
			return errors.Join(err, errUndo)
		},
		func(tx store.Tx) (err error) {
			expect(t, "the third sees", contentIn(tx, bucket, nil, nil, false), "first=1 gone=0 old=1 ")
			seen, err = tx.Sequence(bucket)
			return errors.Join(err, putIn(tx, "third", "1"))
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], errUndo) || errs[2] != nil {
		t.Errorf("errors: %v", errs)
	}
	if seen != 2 {
		t.Errorf("sequence after the failed one: %d, want 2", seen)
	}
	expect(t, "after", content(t, s, bucket), "first=1 gone=0 old=1 third=1 ")
	sound(t, s)
}

// randomFailures compares a crowd of functions, a third of which fail at a
// random step, with a map that only the successful ones change.
func randomFailures(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	model := map[string]string{}
	for round := range 20 {
		var fns []func(store.Tx) error
		for i := range 24 {
			fns = append(fns, randomSteps(model, round*24+i))
		}
		for i, err := range together(t, s, fns...) {
			if err != nil && !errors.Is(err, errUndo) {
				t.Fatalf("%d: %v", i, err)
			}
		}
		var want []string
		for k, v := range model {
			want = append(want, k+"="+v+" ")
		}
		slices.Sort(want)
		expect(t, fmt.Sprintf("round %d", round), content(t, s, bucket), strings.Join(want, ""))
	}
	sound(t, s)
}

// randomSteps puts and deletes among a few keys. It changes model, which only
// one function at a time may use, if it succeeds.
func randomSteps(model map[string]string, seed int) func(store.Tx) error {
	return func(tx store.Tx) error {
		mine := map[string]*string{}
		next := uint64(seed)*2654435761 + 1
		random := func(n uint64) uint64 { next = next*6364136223846793005 + 1442695040888963407; return next >> 33 % n }
		for range random(12) {
			key := fmt.Sprintf("key%02d", random(20))
			if random(3) == 0 {
				mine[key] = nil
				if err := tx.Delete(bucket, []byte(key)); err != nil {
					return err
				}
				continue
			}
			value := fmt.Sprint(random(1000))
			mine[key] = &value
			if err := putIn(tx, key, value); err != nil {
				return err
			}
		}
		if random(3) == 0 {
			return errUndo
		}
		for k, v := range mine {
			if v == nil {
				delete(model, k)
			} else {
				model[k] = *v
			}
		}
		return nil
	}
}

func panicIsUndoneAlone(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	errs := together(
		t, s,
		func(tx store.Tx) error { return putIn(tx, "a", "1") },
		func(tx store.Tx) error {
			if err := putIn(tx, "a", "2", "b", "2"); err != nil {
				return err
			}
			panic("storetest panics")
		},
		func(tx store.Tx) error { return putIn(tx, "c", "1") },
	)
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("errors: %v", errs)
	}
	panicked(t, errs[1])
	panicked(t, s.View(t.Context(), func(store.Tx) error { panic("storetest panics") }))
	expect(t, "after", content(t, s, bucket), "a=1 c=1 ")
}

// panicked wants an error of KindInternal that has the message and the stack.
func panicked(t testing.TB, err error) {
	t.Helper()
	if err == nil || core.KindOf(err) != core.KindInternal {
		t.Errorf("panic became %v", err)
	} else if text := err.Error(); !strings.Contains(text, "storetest panics") || !strings.Contains(text, "group.go") {
		t.Errorf("error of a panic has no message or stack: %s", text)
	}
}

func afterCommit(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	var calls atomic.Int32
	var order []int
	hook := func(n int) func() {
		return func() { calls.Add(1); order = append(order, n) }
	}
	errs := together(
		t, s,
		func(tx store.Tx) error {
			tx.AfterCommit(hook(1))
			tx.AfterCommit(hook(2))
			return putIn(tx, "a", "1")
		},
		func(tx store.Tx) error { tx.AfterCommit(hook(3)); return errUndo },
		func(tx store.Tx) error { tx.AfterCommit(hook(4)); panic("storetest panics") },
		func(tx store.Tx) error {
			if calls.Load() != 0 {
				t.Error("a hook ran before the commit")
			}
			tx.AfterCommit(func() { panic("storetest panics in a hook") })
			tx.AfterCommit(hook(5))
			return nil
		},
	)
	if errs[0] != nil || errs[3] != nil {
		t.Error(errs)
	}
	if !slices.Equal(order, []int{1, 2, 5}) {
		t.Errorf("hooks that ran: %v, want 1, 2, 5", order)
	}
	put(t, s, "b", "1")
}

func beforeCommit(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	failed := errors.New("no room for the files")
	first, committed := 0, false
	errs := together(
		t, s,
		func(tx store.Tx) error {
			tx.BeforeCommit(func() error {
				if committed {
					t.Error("it ran after the commit")
				}
				first++
				return nil
			})
			tx.AfterCommit(func() { committed = true })
			return putIn(tx, "a", "1")
		},
		func(tx store.Tx) error {
			tx.BeforeCommit(func() error { return failed })
			return putIn(tx, "b", "1")
		},
		func(tx store.Tx) error {
			tx.BeforeCommit(func() error { panic("storetest panics before a commit") })
			return putIn(tx, "c", "1")
		},
		func(tx store.Tx) error {
			tx.BeforeCommit(func() error { t.Error("it ran for a function that failed"); return nil })
			return errUndo
		},
		func(tx store.Tx) error {
			_ = tx.Attempt(func() error {
				tx.BeforeCommit(func() error { t.Error("it ran for what was taken back"); return nil })
				return errUndo
			})
			return putIn(tx, "d", "1")
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], failed) || errs[2] == nil || !errors.Is(errs[3], errUndo) || errs[4] != nil {
		t.Error(errs)
	}
	if first == 0 || !committed {
		t.Errorf("ran %d times, committed %t", first, committed)
	}
	expect(t, "what is stored", content(t, s, bucket), "a=1 d=1 ")
}

func companionGoesAlong(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	ctx := store.Along(t.Context(), func(tx store.Tx) error { return putIn(tx, "along", "1") })
	if err := s.Update(ctx, func(store.Tx) error { return errUndo }); !errors.Is(err, errUndo) {
		t.Error(err)
	}
	expect(t, "along with what failed", content(t, s, bucket), "")
	if err := s.Update(ctx, func(tx store.Tx) error { return putIn(tx, "own", "1") }); err != nil {
		t.Error(err)
	}
	expect(t, "together", content(t, s, bucket), "along=1 own=1 ")
	ctx = store.Along(t.Context(), func(store.Tx) error { return errUndo })
	if err := s.Update(ctx, func(tx store.Tx) error { return putIn(tx, "own", "2") }); !errors.Is(err, errUndo) {
		t.Error(err)
	}
	expect(t, "with what fails along", content(t, s, bucket), "along=1 own=1 ")
}

func cancelledIsNotRun(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	run := func(store.Tx) error { t.Error("a cancelled function was run"); return nil }
	for name, err := range map[string]error{"update": s.Update(ctx, run), "view": s.View(ctx, run)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	var wg sync.WaitGroup
	hold := make(chan struct{})
	release := make(chan struct{})
	wg.Go(func() {
		if err := s.Update(t.Context(), func(store.Tx) error { close(hold); <-release; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-hold
	waiting := make(chan struct{})
	wg.Go(func() {
		<-waiting
		cancel()
	})
	if err := s.Update(announcing{ctx, waiting, new(sync.Once)}, run); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: got %v", err)
	}
	close(release)
	wg.Wait()
}

func runningIsWaitedFor(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx store.Tx) error { cancel(); return putIn(tx, "a", "1") })
	if err != nil {
		t.Errorf("cancelled while running: got %v", err)
	}
	expect(t, "after", content(t, s, bucket), "a=1 ")
}
