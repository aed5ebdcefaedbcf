package boltstore_test

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func TestDeferrableUpdatesLetOthersGoFirst(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "uzel.db"), boltstore.Options{})
	begun, release := make(chan struct{}), make(chan struct{})
	var order []bool // whether each was deferrable; the committer alone writes it
	var wg sync.WaitGroup
	update := func(ctx context.Context, fn func()) {
		wg.Go(func() {
			err := s.Update(ctx, func(store.Tx) error {
				fn()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	update(t.Context(), func() { close(begun); <-release })
	<-begun
	const each = 20
	for range each {
		update(store.Deferrable(t.Context()), func() { order = append(order, true) })
		update(t.Context(), func() { order = append(order, false) })
	}
	for s.Waiting() < 2*each {
		runtime.Gosched()
	}
	close(release)
	wg.Wait()
	for i, later := range order {
		if later != (i >= each) {
			t.Fatalf("what can wait went before what cannot: %v", order)
		}
	}
}

func TestDeferrableUpdatesAreNotStarved(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "uzel.db"), boltstore.Options{})
	flood, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for flood.Err() == nil {
				if err := s.Update(t.Context(), func(store.Tx) error { return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 { // would hang if urgent ones always went first
		if err := s.Update(store.Deferrable(t.Context()), func(store.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
}
