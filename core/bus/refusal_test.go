package bus_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// refusing is a store whose disk is full now and then: a transaction is refused
// before it runs or after.
type refusing struct {
	store.Store
	full atomic.Bool
}

var errFull = core.Unavailable("test.full", "нет места", nil)

func (r *refusing) Update(ctx context.Context, fn func(store.Tx) error) error {
	if !r.full.Load() || rand.IntN(4) > 0 {
		return r.Store.Update(ctx, fn)
	}
	if rand.IntN(2) == 0 {
		return errFull
	}
	return r.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errFull) })
}

func (r *refusing) View(ctx context.Context, fn func(store.Tx) error) error {
	if r.full.Load() && rand.IntN(4) == 0 {
		return errFull
	}
	return r.Store.View(ctx, fn)
}

func TestStoreThatRefusesLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	synctest.Test(t, func(t *testing.T) {
		const events = 500
		s := &refusing{Store: openStore(t, path)}
		f := onStore(t, s, bus.Options{TrimEvery: 24 * time.Hour})
		f.bus.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
			if _, err := add(tx, fmt.Sprintf("n/%d", number(ev))); err != nil {
				return err
			}
			if err := inOrder(tx, "order/"+ev.Key, number(ev)); err != nil {
				t.Error(err)
			}
			if rand.IntN(10) == 0 {
				return kindError(core.KindUnavailable)
			}
			return nil
		})
		if err := f.bus.Declare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range events {
			f.publish(in, strconv.Itoa(i%20), i)
		}
		s.full.Store(true)
		stop := start(t, f.bus)
		time.Sleep(12 * time.Hour)
		stop()
		s.full.Store(false)
		if !f.idle() || f.runs.count(bus.Undone) == 0 {
			t.Errorf("outcomes %v", f.runs.all)
		}
		for i := range events {
			if n := f.counter(fmt.Sprintf("n/%d", i)); n != 1 {
				t.Errorf("event %d had %d effects", i, n)
			}
		}
	})
}
