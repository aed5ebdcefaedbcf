package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/uzel-hub/uzel/core"
)

const (
	// tailBatch is how many events a Tail reads from the log at once.
	tailBatch = 64
	// tailBuffer bounds the volatile events that wait for a slow reader, and
	// tailBytes their payloads.
	tailBuffer = 256
	tailBytes  = 1 << 20
)

// Item is what a Tail brings.
type Item struct {
	Event Event
	// Position of the reader after this item: the `after` of a Tail that goes on
	// here, and the id of a server-sent event.
	Position string
	// Reload: the reader missed something, because it came back too late or was
	// too slow, and should read anew what it shows. There is no event then.
	Reload bool
}

// Tail follows topics for one reader. It is used by one goroutine.
type Tail struct {
	bus    *Bus
	log    Log
	topics []*tailTopic
	wake   chan struct{}
	lag    uint64 // how far behind it may be

	mu       sync.Mutex
	volatile []Event
	bytes    int
	missed   bool
}

// tailTopic is where the reader is in one topic.
type tailTopic struct {
	name  Topic
	read  uint64 // the last sequence that was read
	given uint64 // the last sequence that was handed out
	queue []loggedEvent
	fresh atomic.Bool // there may be something to read
	stop  func()
}

type loggedEvent struct {
	seq uint64
	ev  Event
}

// Tail follows the topics from a Position on, or from now on without one: the
// events the driver keeps, in the order of each topic, and what is Broadcast. A
// Position that is damaged or too old gives a first Item that tells to reload.
// The caller closes it.
func (b *Bus) Tail(ctx context.Context, topics []Topic, after string) (*Tail, error) {
	return b.tail(ctx, topics, after, uint64(b.opts.TailLag))
}

// Follow is Tail for a reader that wants every event that is kept, however far
// behind it is: it is told to reload only where events were thrown away.
func (b *Bus) Follow(ctx context.Context, topics []Topic, after string) (*Tail, error) {
	return b.tail(ctx, topics, after, math.MaxInt64)
}

func (b *Bus) tail(ctx context.Context, topics []Topic, after string, lag uint64) (*Tail, error) {
	t := &Tail{bus: b, wake: make(chan struct{}, 1), lag: lag}
	t.log, _ = b.opts.Driver.(Log)
	position, ok := parsePosition(after)
	t.missed = !ok
	for _, name := range topics {
		tt := &tailTopic{name: name, stop: func() {}}
		t.topics = append(t.topics, tt)
		if t.log != nil {
			tt.fresh.Store(true)
			tt.stop = t.log.Watch(string(name), func() { tt.fresh.Store(true); t.poke() })
		}
	}
	if err := t.begin(ctx, position); err != nil {
		t.Close()
		return nil, err
	}
	b.tails.add(t)
	return t, nil
}

// begin puts the reader at its position, or at the end.
func (t *Tail) begin(ctx context.Context, position map[Topic]uint64) error {
	if t.log == nil {
		return nil
	}
	for _, tt := range t.topics {
		newest, err := t.log.Newest(ctx, string(tt.name))
		if err != nil {
			return err
		}
		tt.read = newest
		if seq, ok := position[tt.name]; ok {
			tt.read = seq
		}
		if tt.read > newest { // of another database
			tt.read, t.missed = newest, true
		}
		tt.given = tt.read
	}
	return nil
}

// Close lets the reader go. It may be called twice.
func (t *Tail) Close() {
	t.bus.tails.remove(t)
	for _, tt := range t.topics {
		tt.stop()
	}
}

func (t *Tail) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next item. The error is that of ctx, or of the store; Next
// may be called again after it, so that a deadline can pace what a server sends
// to keep a connection alive.
func (t *Tail) Next(ctx context.Context) (Item, error) {
	for {
		if item, ok := t.fromVolatile(); ok {
			return item, nil
		}
		item, ok, err := t.fromLog(ctx)
		if err != nil {
			return Item{}, err
		}
		if ok {
			return item, nil
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
			return Item{}, context.Cause(ctx)
		}
	}
}

func (t *Tail) fromVolatile() (Item, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.missed {
		t.missed = false
		return Item{Reload: true, Position: t.Position()}, true
	}
	if len(t.volatile) == 0 {
		return Item{}, false
	}
	ev := t.volatile[0]
	t.volatile = t.volatile[1:]
	t.bytes -= len(ev.Payload)
	return Item{Event: ev, Position: t.Position()}, true
}

// fromLog hands out the oldest of the events at hand.
func (t *Tail) fromLog(ctx context.Context) (Item, bool, error) {
	var first *tailTopic
	for _, tt := range t.topics {
		if len(tt.queue) == 0 && tt.fresh.Load() {
			gap, err := t.fill(ctx, tt)
			if err != nil {
				return Item{}, false, err
			}
			if gap {
				return Item{Reload: true, Position: t.Position()}, true, nil
			}
		}
		if len(tt.queue) > 0 && (first == nil || tt.queue[0].ev.At.Before(first.queue[0].ev.At)) {
			first = tt
		}
	}
	if first == nil {
		return Item{}, false, nil
	}
	next := first.queue[0]
	first.queue = first.queue[1:]
	first.given = next.seq
	return Item{Event: next.ev, Position: t.Position()}, true, nil
}

// fill reads the next events of a topic. A reader that is too far behind, or
// whose place in the log was thrown away, goes on at the end: gap.
func (t *Tail) fill(ctx context.Context, tt *tailTopic) (gap bool, err error) {
	tt.fresh.Store(false)
	msgs, gap, err := t.log.Read(ctx, string(tt.name), tt.read, tailBatch)
	if err != nil {
		tt.fresh.Store(true)
		return false, err
	}
	if len(msgs) == tailBatch {
		tt.fresh.Store(true)
		newest, err := t.log.Newest(ctx, string(tt.name))
		if err != nil {
			return false, err
		}
		gap = gap || newest > tt.read+t.lag
		if gap {
			tt.read, tt.given = newest, newest
			return true, nil
		}
	}
	if gap {
		tt.read = msgs[len(msgs)-1].Sequence
		tt.given = tt.read
		return true, nil
	}
	for _, m := range msgs {
		tt.queue = append(tt.queue, loggedEvent{m.Sequence, eventOf(tt.name, m.Message)})
		tt.read = m.Sequence
	}
	return false, nil
}

// Position of the reader now: `topic=sequence` of all topics, with commas
// between.
func (t *Tail) Position() string {
	var out []byte
	for _, tt := range t.topics {
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = append(append(out, tt.name...), '=')
		out = strconv.AppendUint(out, tt.given, 10)
	}
	return string(out)
}

// maxPosition bounds a position that comes from outside; bytes.
const maxPosition = 4096

func parsePosition(text string) (position map[Topic]uint64, ok bool) {
	position = map[Topic]uint64{}
	if text == "" {
		return position, true
	}
	if len(text) > maxPosition {
		return nil, false
	}
	for part := range strings.SplitSeq(text, ",") {
		name, number, found := strings.Cut(part, "=")
		seq, err := strconv.ParseUint(number, 10, 63)
		if !found || name == "" || err != nil {
			return nil, false
		}
		position[Topic(name)] = seq
	}
	return position, true
}

// Broadcast shows an event to whoever follows the topic now. It is not kept and
// has no id; a reader that does not keep up is told to reload.
func (b *Bus) Broadcast(topic Topic, payload any) error {
	readers := b.tails.of(topic)
	if len(readers) == 0 {
		return nil
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return &core.Error{Kind: core.KindInternal, Code: "event.payload", Op: fmt.Sprintf("encode %s", topic), Err: err}
	}
	ev := Event{Topic: topic, At: b.opts.Now().UTC(), Actor: core.Actor{Kind: core.ActorHub, ID: "uzel"}, Payload: raw}
	for _, t := range readers {
		t.offer(ev)
	}
	return nil
}

func (t *Tail) offer(ev Event) {
	t.mu.Lock()
	if len(t.volatile) == tailBuffer || t.bytes+len(ev.Payload) > tailBytes {
		t.volatile, t.bytes, t.missed = nil, 0, true
	} else {
		t.volatile = append(t.volatile, ev)
		t.bytes += len(ev.Payload)
	}
	t.mu.Unlock()
	t.poke()
}

// tails are the readers of a bus.
type tails struct {
	mu  sync.RWMutex
	all []*Tail
}

func (ts *tails) add(t *Tail) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.all = append(ts.all, t)
}

func (ts *tails) remove(t *Tail) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.all = slices.DeleteFunc(ts.all, func(o *Tail) bool { return o == t })
}

func (ts *tails) of(topic Topic) []*Tail {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	var readers []*Tail
	for _, t := range ts.all {
		if slices.ContainsFunc(t.topics, func(tt *tailTopic) bool { return tt.name == topic }) {
			readers = append(readers, t)
		}
	}
	return readers
}
