package bus_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		runChild(path)
		return
	}
	os.Exit(m.Run())
}

// fixture is a bus over a store of its own.
type fixture struct {
	t      testing.TB
	store  store.Store
	driver *boltbus.Driver
	bus    *bus.Bus
	runs   *observer
}

func newFixture(t testing.TB, opts bus.Options) *fixture {
	t.Helper()
	return onStore(t, openStore(t, filepath.Join(t.TempDir(), "uzel.db")), opts)
}

func onStore(t testing.TB, s store.Store, opts bus.Options) *fixture {
	t.Helper()
	f := &fixture{t: t, store: s, driver: boltbus.New(s, boltbus.Options{NackPause: time.Millisecond}), runs: newObserver()}
	opts.Store, opts.Driver, opts.Observer = s, f.driver, f.runs
	f.bus = bus.New(opts)
	return f
}

func openStore(t testing.TB, path string) store.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (f *fixture) update(fn func(store.Tx) error) {
	f.t.Helper()
	if err := f.store.Update(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

// publish publishes an event with a number as its payload.
func (f *fixture) publish(topic bus.Topic, key string, n int) {
	f.t.Helper()
	f.update(func(tx store.Tx) error { return f.bus.Publish(tx, topic, key, n) })
}

// counter reads a number that handlers counted.
func (f *fixture) counter(name string) (n int) {
	f.t.Helper()
	err := f.store.View(f.t.Context(), func(tx store.Tx) (err error) {
		n, err = count(tx, name)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) letters(state bus.DeadLetterState) []*bus.DeadLetter {
	f.t.Helper()
	page, err := f.bus.DeadLetters().List(f.t.Context(), store.Query[bus.DeadLetter]{
		Where: []store.Term{{Index: "state", Value: string(state)}}, Limit: 1000,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return page.Items
}

func (f *fixture) idle() bool {
	f.t.Helper()
	all, err := f.driver.Backlogs(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, b := range all {
		if b.Pending > 0 {
			return false
		}
	}
	return true
}

const counters = "x/counters"

func count(tx store.Tx, name string) (int, error) {
	raw, err := tx.Get(counters, []byte(name))
	if err != nil || raw == nil {
		return 0, err
	}
	return int(binary.BigEndian.Uint64(raw)), nil
}

func add(tx store.Tx, name string) (int, error) {
	n, err := count(tx, name)
	if err != nil {
		return 0, err
	}
	return n + 1, tx.Put(counters, []byte(name), binary.BigEndian.AppendUint64(nil, uint64(n+1)))
}

func number(ev bus.Event) (n int) {
	if err := ev.Decode(&n); err != nil {
		panic(err)
	}
	return n
}

// start runs the bus until stop is called or the test ends.
func start(t testing.TB, b *bus.Bus) (stop func()) {
	t.Helper()
	if err := b.Declare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// observer counts the outcomes and lets tests wait for them.
type observer struct {
	mu      sync.Mutex
	all     map[bus.Outcome]int
	changed chan struct{}
}

func newObserver() *observer {
	return &observer{all: map[bus.Outcome]int{}, changed: make(chan struct{}, 1)}
}

func (o *observer) Handled(_ string, _ bus.Topic, outcome bus.Outcome, _ time.Duration) {
	o.mu.Lock()
	o.all[outcome]++
	o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

func (o *observer) count(outcome bus.Outcome) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[outcome]
}

// await waits until the condition holds; it is looked at after each run.
func (o *observer) await(t testing.TB, cond func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !cond() {
		select {
		case <-o.changed:
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatalf("condition does not come true: %v", o.all)
		}
	}
}

func kindError(kind core.Kind) error {
	return &core.Error{Kind: kind, Code: "test." + kind.String(), Text: "текст"}
}
