package bus_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// TestNoHandlerWorksBehindTheEndOfRun: what a handler commits after Run has
// returned, the next Run would not know of.
func TestNoHandlerWorksBehindTheEndOfRun(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "uzel.db"))
	for round := range 150 {
		f := onStore(t, s, bus.Options{})
		var began, ended atomic.Bool
		f.bus.Handle("late", in, func(context.Context, store.Tx, bus.Event) error {
			if ended.Load() {
				t.Errorf("round %d: a handler works although Run has returned", round)
			}
			began.Store(true)
			return nil
		})
		if err := f.bus.Declare(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.update(func(tx store.Tx) error {
			for i := range 40 {
				if err := f.bus.Publish(tx, in, strconv.Itoa(i), i); err != nil {
					return err
				}
			}
			return nil
		})
		stop := start(t, f.bus)
		f.runs.await(t, began.Load)
		stop()
		ended.Store(true)
	}
}
