package boltstore

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// A group ends when nothing waits any more or at one of these bounds, which
// keep the memory and the time of one commit small.
const (
	groupCount = 1024
	groupBytes = 16 << 20
)

// Deferrable functions are bounded by time, because others wait for the commit
// and for the processor. While others come one after another, deferrable ones
// ride along in their groups for a part of all time, saved up; a group of their
// own begins only when nobody else has come for a while, and whoever comes
// meanwhile joins it. Once nobody has come for long, they take as long as
// deferrableAlone, so that the disk does not set their pace.
const (
	deferrablePart    = 16
	deferrableSaved   = time.Millisecond
	deferrablePause   = 4 * time.Millisecond
	deferrableBetween = 2 * time.Millisecond
	deferrableAfter   = 50 * time.Millisecond
	deferrableAlone   = 20 * time.Millisecond
)

// request is one call of Update.
type request struct {
	actor core.Actor
	fn    func(store.Tx) error
	later bool        // store.Deferrable
	taken atomic.Bool // by the committer, or by the caller who gave up
	done  chan error
	first []func() error // store.Tx.BeforeCommit
	hooks []func()       // store.Tx.AfterCommit
}

// Update implements store.Store. A function whose ctx ends while it waits is
// not run; once it runs, Update waits for the outcome.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	r := &request{actor: core.ActorOf(ctx), fn: store.Whole(ctx, fn), later: store.IsDeferrable(ctx), done: make(chan error, 1)}
	if !s.queue.push(r) {
		return errClosed
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	if r.taken.CompareAndSwap(false, true) {
		return cancelled(ctx)
	}
	return <-r.done
}

// commitGroups is the committer.
func (s *Store) commitGroups() {
	for s.queue.wait(s.untilDeferrable) {
		s.commitGroup()
		s.checkpoint()
		s.boundResident()
	}
}

// commitGroup runs one group and answers it.
func (s *Store) commitGroup() {
	done, err := s.runGroup()
	if isDamage(err) {
		s.broken = err
	}
	for _, r := range done {
		if err == nil {
			runHooks(r.hooks)
		}
		r.done <- err
	}
	s.lastGroup.Store(time.Now().UnixNano())
}

// busyFor is how long after a commit the store counts as busy.
const busyFor = 20 * time.Millisecond

// Busy tells that commits follow one another: what can wait should.
func (s *Store) Busy() bool { return time.Since(time.Unix(0, s.lastGroup.Load())) < busyFor }

// runGroup runs the functions that wait in one bbolt transaction and commits
// it. It answers failed functions itself and returns the others with the
// outcome of the commit.
func (s *Store) runGroup() (done []*request, err error) {
	defer guard(&err)()
	if err := s.ready(); err != nil {
		return s.queue.drain(), err
	}
	btx, err := s.db.Begin(true)
	if err != nil {
		return s.queue.drain(), diskError(err)
	}
	defer btx.Rollback() //nolint:errcheck // does nothing after Commit
	s.steps.reset()
	g := newGroup(btx, &s.log, &s.steps)
	turn := s.turn()
	for n := 0; n < groupCount && g.bytes < groupBytes; n++ {
		r := s.queue.pop(turn.open())
		if r == nil {
			break
		}
		if !r.taken.CompareAndSwap(false, true) {
			continue // its caller gave up
		}
		done = append(done, r)
		began := time.Now()
		if err := s.run(g, r); err != nil {
			done = done[:len(done)-1]
			r.done <- err
		}
		turn.add(r.later, time.Since(began))
	}
	if len(done) == 0 || !s.prepare(done) {
		return nil, nil
	}
	err = s.commit(btx)
	s.spend(&turn)
	return done, err
}

// turn divides the time of a group between urgent and deferrable functions.
type turn struct {
	urgent bool          // one has run
	later  time.Duration // that deferrable ones have run
	beside time.Duration // that they may run beside urgent ones
	alone  time.Duration // that they may run by themselves
}

// turn is that of the group that begins.
func (s *Store) turn() turn {
	now := time.Now()
	s.saved = min(s.saved+now.Sub(s.lastTurn)/deferrablePart, deferrableSaved)
	s.lastTurn = now
	t := turn{beside: s.saved, alone: deferrableBetween}
	if now.Sub(s.lastUrgent) > deferrableAfter {
		t.alone = deferrableAlone
	}
	return t
}

// spend ends a turn.
func (s *Store) spend(t *turn) {
	s.saved = max(s.saved-t.later, 0)
	if t.urgent {
		s.lastUrgent = time.Now()
	}
}

// untilDeferrable is how long deferrable functions wait if nobody else comes.
func (s *Store) untilDeferrable() time.Duration { return deferrablePause - time.Since(s.lastUrgent) }

func (t *turn) add(later bool, d time.Duration) {
	if later {
		t.later += d
	} else {
		t.urgent = true
	}
}

// open tells whether another deferrable function may join the group.
func (t *turn) open() bool {
	if t.urgent {
		return t.later < t.beside
	}
	return t.later < t.alone
}

// run runs one function; if it fails, everything it did is undone.
func (s *Store) run(g *group, r *request) error {
	t := g.newTx(r.actor, s.now())
	err := protect(t, r.fn)
	if err != nil {
		g.undo()
		return err
	}
	g.steps.add(g.log.changes)
	r.first, r.hooks = t.first, t.hooks
	return nil
}

// prepare runs what is to be done before the commit. Whoever's fails is answered,
// and the others must run again, without it: false.
func (s *Store) prepare(done []*request) bool {
	var left []*request
	for _, r := range done {
		if err := runFirst(r.first); err != nil {
			r.done <- err
			continue
		}
		left = append(left, r)
	}
	if len(left) == len(done) {
		return true
	}
	s.queue.again(left)
	return false
}

func runFirst(first []func() error) (err error) {
	defer guard(&err)()
	for _, f := range first {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// protect runs fn and turns its panic into an error.
func protect(t *tx, fn func(store.Tx) error) (err error) {
	defer guard(&err)()
	defer t.end()
	return fn(t)
}

// commit makes the group durable in the redo log, then has bbolt write its pages,
// which readers see at once.
func (s *Store) commit(btx *bbolt.Tx) error {
	if s.steps.empty() {
		return nil
	}
	if s.delay > 0 {
		time.Sleep(s.delay) // plays a slow disk for measurements; never set in production
	}
	record, size := s.steps.record()
	if err := s.durable.log.append(record, size); err != nil {
		return diskError(err)
	}
	err := writePages(btx)
	if err != nil {
		_ = s.durable.log.takeBack(len(record)) // where that fails, the next append tries again
		_ = btx.Rollback()                      // only needed after a panic
	}
	return err
}

func writePages(btx *bbolt.Tx) (err error) {
	defer guard(&err)()
	if err := btx.Commit(); err != nil {
		return diskError(err)
	}
	return nil
}

// ready refuses to begin a transaction on a damaged file, and sees that there is
// a log.
func (s *Store) ready() error {
	if s.broken != nil {
		return s.broken
	}
	if s.durable.log == nil {
		return s.begin()
	}
	return nil
}

func runHooks(hooks []func()) {
	for _, hook := range hooks {
		func() {
			var err error // a hook that panics has nobody to tell
			defer guard(&err)()
			hook()
		}()
	}
}

// queue holds the requests that wait. Its length is bounded by the number of
// callers, each of whom waits for its answer.
type queue struct {
	mu     *sync.Mutex
	wake   *sync.Cond
	urgent []*request
	later  []*request
	closed bool
}

func newQueue() queue {
	mu := new(sync.Mutex)
	return queue{mu: mu, wake: sync.NewCond(mu)}
}

// push adds a request; false after close.
func (q *queue) push(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if r.later {
		q.later = append(q.later, r)
	} else {
		q.urgent = append(q.urgent, r)
	}
	q.wake.Signal()
	return true
}

// again puts requests back before all others.
func (q *queue) again(requests []*request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range requests {
		r.taken.Store(false)
	}
	q.urgent = append(requests, q.urgent...)
}

// wait returns true when a request waits that may run, and false when the queue
// was closed and is empty. until tells how long the deferrable ones must wait.
func (q *queue) wait(until func() time.Duration) bool {
	// Those who were just answered may come back at once: let them, so that
	// they share the next commit instead of waiting for the one of the first.
	runtime.Gosched()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.urgent) == 0 && !q.closed {
		if len(q.later) == 0 {
			q.wake.Wait()
			continue
		}
		pause := until()
		if pause <= 0 {
			break
		}
		alarm := time.AfterFunc(pause, q.ring)
		q.wake.Wait()
		alarm.Stop()
	}
	return len(q.urgent)+len(q.later) > 0
}

// ring wakes the committer. It takes the lock, or a short alarm could go off
// before anybody waits for it.
func (q *queue) ring() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake.Signal()
}

// pop takes the oldest urgent request, or if there is none and they are let in,
// the oldest deferrable one; nil if there is none.
func (q *queue) pop(later bool) *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.urgent) > 0 {
		return first(&q.urgent)
	}
	if later && len(q.later) > 0 {
		return first(&q.later)
	}
	return nil
}

func first(list *[]*request) *request {
	r := (*list)[0]
	(*list)[0] = nil
	*list = (*list)[1:]
	return r
}

// drain takes all requests.
func (q *queue) drain() []*request {
	var all []*request
	for r := q.pop(true); r != nil; r = q.pop(true) {
		if r.taken.CompareAndSwap(false, true) {
			all = append(all, r)
		}
	}
	return all
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}
