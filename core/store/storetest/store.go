package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var storeTests = []test{
	{"WhatIsWrittenIsThereAfterOpening", thereAfterOpening},
	{"ViewSeesOneState", viewSeesOneState},
	{"AnErrorComesBackAsItIs", errorAsItIs},
	{"BackupOfARunningStoreOpens", backupOpens},
	{"BackupSaysWhatWentWrong", backupFails},
	{"AClosedStoreRefuses", closedRefuses},
	{"CloseLetsWaitingUpdatesEnd", closeLetsEnd},
}

func thereAfterOpening(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for i := range 50 {
		put(t, s, fmt.Sprintf("k%02d", i), fmt.Sprint(i))
		if i%10 == 9 {
			update(t, s, func(tx store.Tx) error { return tx.Delete(bucket, fmt.Appendf(nil, "k%02d", i-1)) })
		}
	}
	want := content(t, s, bucket)
	for range 3 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = o.Open(t, nil)
		expect(t, "opened again", content(t, s, bucket), want)
		sound(t, s)
		put(t, s, "more", want[:20])
		want = content(t, s, bucket)
	}
}

func viewSeesOneState(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1", "b", "1")
	view(t, s, func(tx store.Tx) error {
		// An update commits meanwhile: a view does not hold writers up.
		put(t, s, "a", "2", "c", "2")
		update(t, s, func(tx store.Tx) error { return tx.Delete(bucket, []byte("b")) })
		expect(t, "inside", contentIn(tx, bucket, nil, nil, false), "a=1 b=1 ")
		return nil
	})
	expect(t, "after", content(t, s, bucket), "a=2 c=2 ")

	hold, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			err := putIn(tx, "a", "3")
			close(hold)
			<-release
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-hold
	// A writer does not hold views up, and they do not see its work.
	expect(t, "while an update runs", content(t, s, bucket), "a=2 c=2 ")
	close(release)
	wg.Wait()
	expect(t, "after it", content(t, s, bucket), "a=3 c=2 ")
}

func errorAsItIs(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	want := core.Conflict("storetest.no", "нет")
	for name, err := range map[string]error{
		"update": s.Update(t.Context(), func(store.Tx) error { return want }),
		"view":   s.View(t.Context(), func(store.Tx) error { return want }),
	} {
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func backupOpens(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for i := range 100 {
		put(t, s, fmt.Sprintf("k%03d", i), fmt.Sprint(i), "last", fmt.Sprint(i))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			// Both or neither must be in the copy.
			err := s.Update(t.Context(), func(tx store.Tx) error {
				return putIn(tx, "one", fmt.Sprint(i), "two", fmt.Sprint(i), fmt.Sprintf("x%06d", i), "x")
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	var copied bytes.Buffer
	for range 5 {
		copied.Reset()
		if err := s.Backup(t.Context(), &copied); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
	r := o.Restore(t, &copied)
	sound(t, r)
	view(t, r, func(tx store.Tx) error {
		one, _ := tx.Get(bucket, []byte("one"))
		two, _ := tx.Get(bucket, []byte("two"))
		expect(t, "torn apart", string(one), string(two))
		last, _ := tx.Get(bucket, []byte("last"))
		expect(t, "last", string(last), "99")
		return nil
	})

	copied.Reset()
	if err := s.Backup(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	r = o.Restore(t, &copied)
	if content(t, r, bucket) != content(t, s, bucket) {
		t.Error("a copy of the store at rest differs from it")
	}
	put(t, r, "after", "restoring")
}

func backupFails(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1")
	full := errors.New("no room")
	if err := s.Backup(t.Context(), failing{full}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	put(t, s, "a", "2")
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func closedRefuses(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	run := func(store.Tx) error { t.Error("a closed store ran a function"); return nil }
	for name, err := range map[string]error{
		"update": s.Update(t.Context(), run),
		"view":   s.View(t.Context(), run),
		"backup": s.Backup(t.Context(), io.Discard),
		"check":  s.Check(t.Context(), func(p string) { t.Error(p) }),
	} {
		if core.KindOf(err) != core.KindUnavailable {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// closeLetsEnd closes in the midst of updates: each is either refused or there.
func closeLetsEnd(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[string]bool{}
	begun := make(chan struct{}, 16)
	for i := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%02d-%05d", i, n)
				err := s.Update(t.Context(), func(tx store.Tx) error { return putIn(tx, key, "") })
				if err != nil {
					if core.KindOf(err) != core.KindUnavailable {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				want[key] = true
				mu.Unlock()
				if n == 3 {
					begun <- struct{}{}
				}
			}
		})
	}
	for range 16 {
		<-begun
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	s = o.Open(t, nil)
	view(t, s, func(tx store.Tx) error {
		if got := count(tx, nil, nil, false); got != len(want) {
			t.Errorf("%d keys are there, %d were acknowledged", got, len(want))
		}
		return nil
	})
}
