package fileblob

import (
	"runtime"
	"sync"
)

// Bounds of a group. A larger one gains nothing, the disk is busy with its
// bytes by then; a pwritev takes 1,024 buffers, two of
// a put.
const (
	maxGroup      = 512
	maxGroupBytes = 8 << 20
)

// queue is where calls wait for the committer. It is bounded by the number of
// callers: each waits for its own entry.
type queue struct {
	mu      sync.Mutex
	filled  sync.Cond
	waiting []*put
	closed  bool
}

func (q *queue) init() { q.filled.L = &q.mu }

func (q *queue) add(p *put) {
	q.mu.Lock()
	q.waiting = append(q.waiting, p)
	q.mu.Unlock()
	q.filled.Signal()
}

// close lets take return nil once the queue is empty.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.filled.Signal()
}

// take waits for puts and appends to group as many of those waiting as make a
// group; none means that the queue is closed.
func (q *queue) take(group []*put) []*put {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.filled.Wait()
	}
	q.letCallersIn()
	n, size := 0, 0
	for n < len(q.waiting) && n < maxGroup && size < maxGroupBytes {
		size += len(q.waiting[n].body)
		n++
	}
	group = append(group, q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return group
}

// letCallersIn lets those run who could: callers answered a moment ago are
// about to come again, and would else wait for two flushes, that of the group
// they have just missed and their own. Nobody is waited for who is not ready
// to run. q.mu is held, and given up meanwhile.
func (q *queue) letCallersIn() {
	for n := 0; n < len(q.waiting) && len(q.waiting) < maxGroup; {
		n = len(q.waiting)
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
	}
}
