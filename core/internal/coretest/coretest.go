// Package coretest gives tests of the hub's stages a real store and a publisher
// that remembers.
package coretest

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// Clock is a clock a test moves by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts on a Wednesday noon, UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)} }

// Now is the clock's moment.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

// Open makes a bbolt store in a temporary folder, with the standard journals.
func Open(t testing.TB, clock *Clock) store.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "hub.db"), boltstore.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	Update(t, s, registry.Seed)
	return s
}

// Update runs fn and fails the test on an error.
func Update(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// View runs fn and fails the test on an error.
func View(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// Recorder is a bus.Publisher that remembers what was committed.
type Recorder struct {
	mu     sync.Mutex
	events []bus.Event
}

// Publish implements bus.Publisher.
func (r *Recorder) Publish(tx store.Tx, topic bus.Topic, key string, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	ev := bus.Event{ID: core.NewID("evt", tx.Now()), Topic: topic, Key: key, At: tx.Now(), Actor: tx.Actor(), Payload: raw}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, ev)
	})
	return nil
}

// Take returns what was published since the last Take, of one topic.
func (r *Recorder) Take(topic bus.Topic) []bus.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out, rest []bus.Event
	for _, ev := range r.events {
		if ev.Topic == topic {
			out = append(out, ev)
		} else {
			rest = append(rest, ev)
		}
	}
	r.events = rest
	return out
}

// WantError demands a core.Error of the kind and code.
func WantError(t testing.TB, err error, kind core.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("error %v, want %v %s", err, kind, code)
	}
}

// FaultFields are the fields an error names.
func FaultFields(err error) (out []string) {
	if e, ok := errors.AsType[*core.Error](err); ok {
		for _, f := range e.Faults {
			out = append(out, f.Field)
		}
	}
	return out
}
