package bus_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// BenchmarkEvent measures what an event costs: published by 64 writers in
// transactions of their own, handled by a handler that does nothing, and
// acknowledged. The processor time is that of both cores. Sub-benchmarks show
// the transactions alone and each half, so that the bus can be told from them.
func BenchmarkEvent(b *testing.B) {
	payload := bus.MessageEvent{Message: "msg_01jd3x2qj8m4v7t0a1b2c3d4e5", Channel: "mail-office", Kind: core.MessageLetter}
	none := func(context.Context, store.Tx, bus.Event) error { return nil }
	b.Run("empty-transaction", func(b *testing.B) {
		s := benchStore(b)
		measure(b, func() {
			write(b, s, func(tx store.Tx, i int) error { return tx.Put("x", []byte{1}, []byte{1}) })
		})
	})
	b.Run("publish", func(b *testing.B) {
		s := benchStore(b)
		bb := bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{})})
		measure(b, func() {
			write(b, s, func(tx store.Tx, i int) error {
				return bb.Publish(tx, bus.MessageReceived, "msg_"+strconv.Itoa(i), payload)
			})
		})
	})
	b.Run("handle", func(b *testing.B) {
		s := benchStore(b)
		n := newCountdown(b.N)
		bb := bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{}), Observer: n})
		bb.Handle("bench", bus.MessageReceived, none)
		if err := bb.Declare(b.Context()); err != nil {
			b.Fatal(err)
		}
		write(b, s, func(tx store.Tx, i int) error {
			return bb.Publish(tx, bus.MessageReceived, "msg_"+strconv.Itoa(i), payload)
		})
		stop := func() {}
		measure(b, func() { stop = start(b, bb); <-n.done })
		stop()
	})
	b.Run("publish-and-handle", func(b *testing.B) {
		s := benchStore(b)
		n := newCountdown(b.N)
		bb := bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{}), Observer: n})
		bb.Handle("bench", bus.MessageReceived, none)
		stop := start(b, bb)
		measure(b, func() {
			write(b, s, func(tx store.Tx, i int) error {
				return bb.Publish(tx, bus.MessageReceived, "msg_"+strconv.Itoa(i), payload)
			})
			<-n.done
		})
		stop()
	})
}

func benchStore(b *testing.B) store.Store {
	b.Helper()
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "uzel.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// measure reports the processor time per operation.
func measure(b *testing.B, f func()) {
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime()
	f()
	b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	b.StopTimer()
}

func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u) //nolint:errcheck // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// write runs b.N transactions from 64 goroutines.
func write(b *testing.B, s store.Store, fn func(store.Tx, int) error) {
	b.Helper()
	const writers = 64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < b.N; i += writers {
				if err := s.Update(context.Background(), func(tx store.Tx) error { return fn(tx, i) }); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// countdown is an Observer that waits for a number of runs.
type countdown struct {
	mu   sync.Mutex
	left int
	done chan struct{}
}

func newCountdown(n int) *countdown { return &countdown{left: n, done: make(chan struct{})} }

func (c *countdown) Handled(string, bus.Topic, bus.Outcome, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
}
