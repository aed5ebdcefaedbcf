package boltbus

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// group is a subscription that runs: the window of messages it holds in memory.
//
// Messages of one key form a lane in the order they have to be handled in; only
// the first one of a lane is ever given out. The feeder (feed.go) fills the
// window, subscriptions (subscribe.go) take from it, commits settle it.
type group struct {
	driver *Driver
	id     groupID
	topic  *topic
	subs   int // guarded by driver.mu

	wake chan struct{} // the feeder has something to do
	more chan struct{} // a subscription may find something to take
	stop context.CancelFunc
	done sync.WaitGroup // the feeder

	mu      sync.Mutex
	entries map[uint64]*entry
	lanes   map[string]lane
	ready   fifo
	wanted  fifo // due, to be read from the retry bucket
	parking fifo // to be moved into the retry bucket
	timers  timers
	loaded  [2]int // entries with their content: from the log, from the retry bucket
	bytes   int    // of both
	retries int    // entries of the retry bucket, loaded or not
	next    uint64 // the first sequence of the log that was not read
	low     uint64 // nothing up to here is in the window as an entry of the log
	seen    cursor // what was done when the group started

	// idle: the feeder has read all there was, and commits should wake it.
	idle atomic.Bool
}

// entry is one message the group has to do.
type entry struct {
	seq   uint64
	key   string
	retry bool   // kept in the retry bucket
	raw   []byte // its record; nil while it waits in the retry bucket
	due   int64  // not before, nanoseconds; zero: at its turn
	nacks int
	state state
	given *delivery // while state is out
	next  *entry    // the one behind it in its lane
}

type state uint8

const (
	held    state = iota // behind another one of its lane
	waiting              // for its time
	loading              // to be read from the retry bucket
	ready                // to be taken by a subscription
	out                  // with a handler
	moving               // on the way into the retry bucket
)

type lane struct{ first, last *entry }

func newGroup(d *Driver, t *topic, id groupID) *group {
	return &group{
		driver: d, id: id, topic: t,
		wake: make(chan struct{}, 1), more: make(chan struct{}, 1),
		entries: map[uint64]*entry{}, lanes: map[string]lane{},
	}
}

// poke signals without waiting; the channel remembers one signal.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// add puts an entry at the end of its lane.
func (g *group) add(e *entry) {
	g.entries[e.seq] = e
	if e.retry {
		g.retries++
	}
	l, ok := g.lanes[e.key]
	if !ok {
		g.lanes[e.key] = lane{e, e}
		g.promote(e)
		return
	}
	l.last.next = e
	g.lanes[e.key] = lane{l.first, e}
	e.state = held
	if l.first.retry {
		g.park(e)
	}
}

// promote gives the first entry of a lane its turn.
func (g *group) promote(e *entry) {
	switch {
	case e.state == moving:
		// its turn comes when the move is over
	case e.due > g.driver.opts.Now().UnixNano():
		e.state = waiting
		heap.Push(&g.timers, timer{e.due, e})
		poke(g.wake)
	case e.raw == nil:
		e.state = loading
		g.wanted.push(e)
		poke(g.wake)
	default:
		e.state = ready
		g.ready.push(e)
		poke(g.more)
	}
}

// park has the feeder move an entry of the log that stands behind one that
// waits for a retry into the retry bucket, so that it does not hold the window.
func (g *group) park(e *entry) {
	if e.retry || e.state == moving {
		return
	}
	e.state = moving
	g.parking.push(e)
	poke(g.wake)
}

// settle drops an entry that a transaction acknowledged.
func (g *group) settle(seq uint64, retry bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.entries[seq]
	if e == nil || e.retry != retry {
		return // never loaded, or moved to the retry bucket since
	}
	g.drop(e)
}

func (g *group) drop(e *entry) {
	delete(g.entries, e.seq)
	g.unload(e)
	if e.retry {
		g.retries--
	}
	e.state = held // for the queues that still have it
	g.leave(e)
	if g.hungry() || !g.wanted.empty() {
		poke(g.wake)
	}
}

// leave takes an entry out of its lane and gives the next one its turn.
func (g *group) leave(e *entry) {
	l := g.lanes[e.key]
	if l.first == e {
		if e.next == nil {
			delete(g.lanes, e.key)
			return
		}
		g.lanes[e.key] = lane{e.next, l.last}
		g.promote(e.next)
		return
	}
	for p := l.first; p != nil; p = p.next {
		if p.next != e {
			continue
		}
		p.next = e.next
		if l.last == e {
			g.lanes[e.key] = lane{l.first, p}
		}
		return
	}
}

// putOff notes that a message is in the retry bucket now, not before due.
func (g *group) putOff(seq uint64, key string, due int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.entries[seq]
	if e == nil {
		g.add(&entry{seq: seq, key: key, retry: true, due: due})
		return
	}
	g.unload(e)
	if !e.retry {
		e.retry = true
		g.retries++
	}
	e.due, e.state, e.given = due, held, nil
	if g.lanes[e.key].first != e {
		return
	}
	for behind := e.next; behind != nil; behind = behind.next {
		g.park(behind)
	}
	g.promote(e)
}

// load gives an entry its content.
func (g *group) load(e *entry, raw []byte) {
	e.raw = raw
	g.loaded[kind(e)]++
	g.bytes += len(raw)
}

func (g *group) unload(e *entry) {
	if e.raw == nil {
		return
	}
	g.loaded[kind(e)]--
	g.bytes -= len(e.raw)
	e.raw = nil
}

// kind is the index of loaded.
func kind(e *entry) int {
	if e.retry {
		return 1
	}
	return 0
}

// take gives out the record of the next message, or nothing.
func (g *group) take() (raw []byte, dv *delivery) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var e *entry
	for e = g.ready.pop(); e != nil && e.state != ready; e = g.ready.pop() {
	}
	if e == nil {
		return nil, nil
	}
	if !g.ready.empty() {
		poke(g.more) // for the other subscriptions
	}
	dv = &delivery{driver: g.driver, group: g.id, seq: e.seq, retry: e.retry}
	e.state, e.given = out, dv
	return e.raw, dv
}

// giveBack returns a message that was not acknowledged: at once, or after a
// pause that grows with each nack.
func (g *group) giveBack(dv *delivery, nack bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.entries[dv.seq]
	if e == nil || e.given != dv || e.state != out {
		return // settled meanwhile
	}
	e.given = nil
	if nack {
		e.nacks = min(e.nacks+1, 100)
		pause := time.Duration(e.nacks) * g.driver.opts.NackPause
		e.due = g.driver.opts.Now().Add(pause).UnixNano()
	}
	g.promote(e)
}

// ring the entries whose time has come; zero or the time of the next one.
func (g *group) ring(now int64) (next int64) {
	for len(g.timers) > 0 {
		t := g.timers[0]
		if t.due > now {
			return t.due
		}
		heap.Pop(&g.timers)
		if t.e.state == waiting && t.e.due == t.due {
			t.e.due = 0
			g.promote(t.e)
		}
	}
	return 0
}

// fifo is a queue of entries; those whose state has changed are passed over by
// whoever takes them.
type fifo struct {
	items []*entry
	first int
}

func (f *fifo) push(e *entry) {
	if f.first > 0 && len(f.items) == cap(f.items) {
		n := copy(f.items, f.items[f.first:])
		clear(f.items[n:])
		f.items, f.first = f.items[:n], 0
	}
	f.items = append(f.items, e)
}

func (f *fifo) pop() *entry {
	if f.empty() {
		return nil
	}
	e := f.items[f.first]
	f.items[f.first] = nil
	f.first++
	if f.empty() {
		f.items, f.first = f.items[:0], 0
	}
	return e
}

func (f *fifo) empty() bool { return f.first == len(f.items) }

// timers is a heap by due time; an entry whose due time changed stays in it
// until the old one is over.
type timers []timer

type timer struct {
	due int64
	e   *entry
}

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].due < t[j].due }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	(*t)[len(*t)-1] = timer{}
	*t = (*t)[:len(*t)-1]
	return last
}
