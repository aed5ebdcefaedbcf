package boltbus

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/uzel-hub/uzel/core/store"
)

// The feeder of a group keeps its window filled. It sleeps until a commit, an
// acknowledgement or a due time wakes it.

// spanFactor bounds, in windows, how far the group runs ahead of its oldest
// message under way, and with it the size of the cursor.
const spanFactor = 8

// faultPause is how long the feeder rests after the store refused.
const faultPause = time.Second

// feed runs until ctx is done.
func (g *group) feed(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	started := false
	for {
		pause, err := g.turn(ctx, &started)
		if err != nil && ctx.Err() == nil {
			g.driver.opts.Log.Error("group cannot read its messages", "topic", g.id.topic, "group", g.id.name, "error", err)
			pause = faultPause
		}
		if pause > 0 {
			timer.Reset(pause)
		} else {
			timer.Stop()
		}
		select {
		case <-g.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// turn does all there is to do, and tells when there will be more at the
// latest; zero for never.
func (g *group) turn(ctx context.Context, started *bool) (time.Duration, error) {
	if !*started {
		if err := g.start(ctx); err != nil {
			return 0, err
		}
		*started = true
	}
	for {
		p := g.plan()
		if p.nothing() {
			return p.pause, nil
		}
		err := g.moveAside(ctx, p.move)
		if err == nil {
			err = g.fetch(ctx, p)
		}
		if err != nil {
			g.takeBack(p)
			return 0, err
		}
	}
}

// start reads what the group has done and what waits for a retry. It holds the
// lock so that no commit is missed between reading and noting it.
func (g *group) start(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.driver.store.View(ctx, func(tx store.Tx) error {
		raw, err := tx.Get(cursorBucket, g.id.cursorKey())
		if err != nil {
			return err
		}
		g.seen = readCursor(raw)
		g.low = g.seen.low()
		g.next = g.low + 1
		g.topic.raise(newest(tx, g.topic))
		for key, raw := range tx.Scan(g.id.retryBucket(), nil, nil, false) {
			g.addRetry(binary.BigEndian.Uint64(key), raw)
		}
		return nil
	})
}

func (g *group) addRetry(seq uint64, raw []byte) {
	if g.entries[seq] != nil {
		return // a commit was quicker
	}
	if len(raw) < retryHead {
		g.complain(seq)
		return
	}
	key, err := checkRecord(raw[retryHead:])
	if err != nil {
		g.complain(seq)
		return
	}
	g.add(&entry{seq: seq, key: key, retry: true, due: int64(binary.BigEndian.Uint64(raw))})
}

func (g *group) complain(seq uint64) {
	g.driver.opts.Log.Error("message passed over", "topic", g.id.topic, "group", g.id.name, "sequence", seq, "error", errRecord)
}

// plan is one turn's work.
type plan struct {
	reload []uint64 // of the retry bucket
	move   []record // into the retry bucket
	from   uint64   // read the log from here …
	count  int      // … so many messages
	bytes  int      // for all reading; one message is always allowed
	pause  time.Duration
}

type record struct {
	seq uint64
	key string
	raw []byte
}

func (p *plan) nothing() bool { return len(p.reload) == 0 && len(p.move) == 0 && p.count == 0 }

func (g *group) plan() plan {
	g.mu.Lock()
	defer g.mu.Unlock()
	opts := &g.driver.opts
	now := opts.Now().UnixNano()
	p := plan{bytes: opts.WindowBytes - g.bytes, from: g.next}
	if next := g.ring(now); next > 0 {
		p.pause = time.Duration(next - now)
	}
	for e := g.parking.pop(); e != nil; e = g.parking.pop() {
		if e.state == moving {
			p.move = append(p.move, record{e.seq, e.key, e.raw})
		}
	}
	for room := opts.Window - g.loaded[1]; room > 0 && !g.wanted.empty(); room-- {
		if e := g.wanted.pop(); e.state == loading {
			p.reload = append(p.reload, e.seq)
		}
	}
	g.idle.Store(true) // first this, then the look at the topic's head
	if g.hungry() {
		p.count = opts.Window - g.loaded[0]
	}
	if g.topic.head.Load() >= g.next {
		g.idle.Store(false) // not a commit but room is what it waits for
	}
	return p
}

// hungry tells whether it is time to read more of the log: in portions of half
// a window, so that not each acknowledgement costs a reading.
func (g *group) hungry() bool {
	opts := &g.driver.opts
	if g.topic.head.Load() < g.next || g.retries >= opts.MaxWaiting {
		return false
	}
	if g.loaded[0] > opts.Window/2 || g.loaded[0] > 0 && g.bytes > opts.WindowBytes/2 {
		return false
	}
	for ; g.low+1 < g.next; g.low++ {
		if e := g.entries[g.low+1]; e != nil && !e.retry {
			break
		}
	}
	return g.next-g.low <= uint64(spanFactor*opts.Window)
}

// moveAside puts messages behind the one they wait for in the retry bucket.
func (g *group) moveAside(ctx context.Context, move []record) error {
	if len(move) == 0 {
		return nil
	}
	return g.driver.store.Update(ctx, func(tx store.Tx) error {
		for _, r := range move {
			if err := g.moveTx(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *group) moveTx(tx store.Tx, r record) error {
	already, err := markDone(tx, g.id, r.seq)
	if err != nil {
		return err
	}
	if already {
		tx.AfterCommit(func() { g.settle(r.seq, false) })
		return nil
	}
	raw := append(make([]byte, retryHead, retryHead+len(r.raw)), r.raw...)
	if err := tx.Put(g.id.retryBucket(), seqKey(r.seq), raw); err != nil {
		return err
	}
	tx.AfterCommit(func() { g.driver.putOff(g.id, r.seq, r.key, 0) })
	return nil
}

// takeBack puts what a plan took out of the queues and did not do into them
// again.
func (g *group) takeBack(p plan) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range p.move {
		if e := g.entries[r.seq]; e != nil && e.state == moving {
			g.parking.push(e)
		}
	}
	for _, seq := range p.reload {
		if e := g.entries[seq]; e != nil && e.state == loading {
			g.wanted.push(e)
		}
	}
}

// fetched is what one reading brought.
type fetched struct {
	reloaded []record
	gone     []uint64
	log      []record
	next     uint64
	missing  [][2]uint64 // sequences the log does not have
	bytes    int
}

// fetch does the reading of a plan.
func (g *group) fetch(ctx context.Context, p plan) error {
	var f fetched
	err := g.driver.store.View(ctx, func(tx store.Tx) error {
		f = fetched{next: p.from}
		if err := g.readRetries(tx, p, &f); err != nil {
			return err
		}
		return g.readLog(tx, p, &f)
	})
	if err != nil {
		return err
	}
	if err := g.passOver(ctx, f.missing); err != nil {
		return err
	}
	g.accept(&f)
	return nil
}

func (g *group) readRetries(tx store.Tx, p plan, f *fetched) error {
	for _, seq := range p.reload {
		raw, err := tx.Get(g.id.retryBucket(), seqKey(seq))
		if err != nil {
			return err
		}
		if len(raw) < retryHead {
			f.gone = append(f.gone, seq)
			continue
		}
		raw = bytes.Clone(raw[retryHead:])
		f.bytes += len(raw)
		f.reloaded = append(f.reloaded, record{seq: seq, raw: raw})
	}
	return nil
}

func (g *group) readLog(tx store.Tx, p plan, f *fetched) error {
	if p.count == 0 {
		return nil
	}
	for key, raw := range tx.Scan(g.topic.log, seqKey(p.from), nil, false) {
		seq := binary.BigEndian.Uint64(key)
		if seq > f.next {
			f.missing = append(f.missing, [2]uint64{f.next, seq - 1})
		}
		f.next = seq + 1
		if g.seen.done(seq) {
			continue
		}
		name, err := checkRecord(raw)
		if err != nil {
			g.complain(seq)
			f.missing = append(f.missing, [2]uint64{seq, seq})
			continue
		}
		f.log = append(f.log, record{seq, name, bytes.Clone(raw)})
		f.bytes += len(raw)
		if len(f.log) == p.count || f.bytes >= p.bytes {
			break
		}
	}
	return nil
}

// passOver marks what the log does not have, so that the cursor can go on:
// messages that were trimmed before the group came back.
func (g *group) passOver(ctx context.Context, missing [][2]uint64) error {
	if len(missing) == 0 {
		return nil
	}
	return g.driver.store.Update(ctx, func(tx store.Tx) error {
		raw, err := tx.Get(cursorBucket, g.id.cursorKey())
		if err != nil {
			return err
		}
		c := readCursor(raw)
		for _, m := range missing {
			c.mark(m[0], m[1])
		}
		return tx.Put(cursorBucket, g.id.cursorKey(), c)
	})
}

// accept takes what was read into the window.
func (g *group) accept(f *fetched) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, seq := range f.gone {
		if e := g.entries[seq]; e != nil && e.retry {
			g.drop(e)
		}
	}
	for _, r := range f.reloaded {
		if e := g.entries[r.seq]; e != nil && e.state == loading {
			g.load(e, r.raw)
			g.promote(e)
		}
	}
	for _, r := range f.log {
		if g.entries[r.seq] != nil {
			continue // moved to the retry bucket since it was read
		}
		e := &entry{seq: r.seq, key: r.key}
		g.load(e, r.raw)
		g.add(e)
	}
	g.next = max(g.next, f.next)
}
