// Package boltbus is the bus inside the store: watermill's Publisher and
// Subscriber over the buckets of store.Tx, so that a handler's work, its events
// and its acknowledgement are one transaction.
//
// A topic is a log that is only appended to. A group is a cursor over it
// (cursor.go): acknowledging sets a bit. A message that has to wait for a retry
// moves to the group's own bucket, and with it those of the same key behind it,
// so that the cursor goes on. What a group has in memory (group.go) is a bounded
// window; it is woken by the commits themselves. The transaction is the truth
// and memory only a hint of it: whoever acts on a stale hint is told "already".
//
// Buckets: `b/t/TOPIC` the log, by sequence; `b/c` the cursors, by topic and
// group; `b/r/TOPIC/GROUP` what waits for a retry, by sequence.
package boltbus

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	cursorBucket = "b/c"
	logPrefix    = "b/t/"
	retryPrefix  = "b/r/"
)

// Options of a Driver; zero values mean what stands beside them.
type Options struct {
	// Window bounds the messages a group holds in memory and has under way at
	// once, WindowBytes their bytes; one message is always allowed. 128, 4 MiB.
	Window      int
	WindowBytes int
	// MaxWaiting bounds the messages of a group that wait for a retry: with more
	// the group takes nothing new. 50,000.
	MaxWaiting int
	// NackPause is how long a message rests after Nack, times the number of its
	// nacks, at most a hundred times. 10 ms.
	NackPause time.Duration
	// Retention and MaxKept tell Trim how long messages are kept that all groups
	// are done with: until one of them is over. 72 h, 100,000 a topic.
	Retention time.Duration
	MaxKept   int
	// FromOldest starts a group that is declared for the first time with the
	// oldest kept message and not with the next one.
	FromOldest bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets what nobody is there to be told; nil drops it.
	Log hclog.Logger
}

func (o *Options) setDefaults() {
	orElse(&o.Window, 128)
	orElse(&o.WindowBytes, 4<<20)
	orElse(&o.MaxWaiting, 50_000)
	orElse(&o.NackPause, 10*time.Millisecond)
	orElse(&o.Retention, 72*time.Hour)
	orElse(&o.MaxKept, 100_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
}

// Driver is a bus.Driver in a store. There is one for a store; its methods may
// be called by any number of goroutines.
type Driver struct {
	store store.Store
	opts  Options

	mu       sync.Mutex
	topics   map[string]*topic
	groups   map[groupID]*group // those that have a subscription
	declared map[groupID]bool   // since New
}

var (
	_ bus.Driver  = (*Driver)(nil)
	_ bus.Acker   = (*Driver)(nil)
	_ bus.Trimmer = (*Driver)(nil)
	_ bus.Log     = (*Driver)(nil)

	_ message.SubscribeInitializer = (*Subscriber)(nil)
)

// New makes the driver of a store. It starts nothing: goroutines belong to
// subscriptions and end when those are closed.
func New(s store.Store, opts Options) *Driver {
	opts.setDefaults()
	return &Driver{
		store: s, opts: opts,
		topics: map[string]*topic{}, groups: map[groupID]*group{}, declared: map[groupID]bool{},
	}
}

// groupID names a subscription.
type groupID struct{ topic, name string }

func (id groupID) cursorKey() []byte   { return []byte(id.topic + "/" + id.name) }
func (id groupID) retryBucket() string { return retryPrefix + id.topic + "/" + id.name }

// topic is what the driver knows of a topic in memory.
type topic struct {
	name string
	log  string        // its bucket
	head atomic.Uint64 // the last sequence known to be committed

	mu       sync.Mutex
	watchers []*watcher
}

type watcher struct{ wake func() }

func (d *Driver) topic(name string) (*topic, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.topics[name]; t != nil {
		return t, nil
	}
	if err := checkName("topic", name); err != nil {
		return nil, err
	}
	t := &topic{name: name, log: logPrefix + name}
	d.topics[name] = t
	return t, nil
}

// checkName keeps bucket names apart; names come from code.
func checkName(what, name string) error {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return &core.Error{Kind: core.KindInternal, Code: "bus.name", Op: "use " + what, Err: fmt.Errorf("bad name %q", name)}
	}
	return nil
}

// raise moves the head up to a committed sequence.
func (t *topic) raise(seq uint64) {
	for old := t.head.Load(); old < seq && !t.head.CompareAndSwap(old, seq); {
		old = t.head.Load()
	}
}

// advance raises the head and wakes who waits for the topic.
func (t *topic) advance(seq uint64) {
	t.raise(seq)
	t.mu.Lock()
	watchers := t.watchers
	t.mu.Unlock()
	for _, w := range watchers {
		w.wake()
	}
}

// watch calls wake after each commit to the topic until stop.
func (t *topic) watch(wake func()) (stop func()) {
	w := &watcher{wake: wake}
	t.mu.Lock()
	t.watchers = append(slices.Clone(t.watchers), w)
	t.mu.Unlock()
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.watchers = slices.DeleteFunc(slices.Clone(t.watchers), func(o *watcher) bool { return o == w })
	}
}

// Declare implements bus.Driver.
func (d *Driver) Declare(ctx context.Context, topic, group string) error {
	if err := checkName("group", group); err != nil {
		return err
	}
	t, err := d.topic(topic)
	if err != nil {
		return err
	}
	id := groupID{topic, group}
	if d.isDeclared(id) {
		return nil
	}
	if err := d.store.Update(ctx, func(tx store.Tx) error { return d.declare(tx, t, id) }); err != nil {
		return fmt.Errorf("declare group %s of %s: %w", group, topic, err)
	}
	d.mu.Lock()
	d.declared[id] = true
	d.mu.Unlock()
	return nil
}

func (d *Driver) isDeclared(id groupID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.declared[id]
}

func (d *Driver) declare(tx store.Tx, t *topic, id groupID) error {
	raw, err := tx.Get(cursorBucket, id.cursorKey())
	if err != nil || raw != nil {
		return err
	}
	var base uint64
	if !d.opts.FromOldest {
		base = newest(tx, t)
	}
	return tx.Put(cursorBucket, id.cursorKey(), newCursor(base))
}

// newest is the last sequence in the log, zero for an empty one.
func newest(tx store.Tx, t *topic) uint64 {
	for key := range tx.Scan(t.log, nil, nil, true) {
		return binary.BigEndian.Uint64(key)
	}
	return 0
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func orElse[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
