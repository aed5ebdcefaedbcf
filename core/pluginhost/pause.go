package pluginhost

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// backoff is a pause that doubles from min to max, with a fifth of jitter so
// that what fell together does not come back together.
type backoff struct {
	min, max, now time.Duration
}

// next is the pause after err, which may ask for a longer one itself.
func (b *backoff) next(err error) time.Duration {
	b.now = min(max(2*b.now, b.min), b.max)
	return max(jitter(b.now), core.AfterOf(err))
}

func (b *backoff) reset() { b.now = 0 }

func jitter(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)))
}

// falls counts how often a process ended by itself of late.
type falls struct {
	times []time.Time
}

// add notes a fall and tells how many there were within the period.
func (f *falls) add(now time.Time, within time.Duration) int {
	kept := f.times[:0]
	for _, t := range f.times {
		if now.Sub(t) < within {
			kept = append(kept, t)
		}
	}
	f.times = append(kept, now)
	return len(f.times)
}

// gate lets work run while it is open: one direction of a channel.
type gate struct {
	mu      sync.Mutex
	open    bool
	changed chan struct{}
	holders map[int]context.CancelFunc
	last    int
}

func newGate(open bool) *gate {
	return &gate{open: open, changed: make(chan struct{}), holders: make(map[int]context.CancelFunc)}
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == open {
		return
	}
	g.open = open
	close(g.changed)
	g.changed = make(chan struct{})
	if !open {
		for _, cancel := range g.holders {
			cancel()
		}
	}
}

// enter waits until the gate is open and returns a context that ends when it
// shuts. The caller calls leave; it is nil when ctx or over ended first.
func (g *gate) enter(ctx context.Context, over <-chan struct{}) (_ context.Context, leave func()) {
	for {
		g.mu.Lock()
		if g.open {
			break
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-over:
			return nil, nil
		case <-ctx.Done():
			return nil, nil
		}
	}
	defer g.mu.Unlock()
	inside, cancel := context.WithCancel(ctx)
	g.last++
	id := g.last
	g.holders[id] = cancel
	return inside, func() {
		g.mu.Lock()
		delete(g.holders, id)
		g.mu.Unlock()
		cancel()
	}
}

// bounce ends what is inside, as if the gate had been shut and opened again.
func (g *gate) bounce() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, cancel := range g.holders {
		cancel()
	}
}

// state tells whether the gate is open, and what is closed when that changes.
func (g *gate) state() (open bool, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open, g.changed
}

// bell wakes everybody who waits on it at the moment it rings.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
