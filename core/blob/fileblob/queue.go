package fileblob

import (
	"runtime"
	"sync"
)

// Bounds of a group. A larger one gains nothing, the disk is busy with its
// bytes by then; a pwritev takes 1,024 buffers, two of a put.
const (
	maxGroup      = 512
	maxGroupBytes = 8 << 20
)

// queue is where files wait for the committer until one of them is urged, so
// that a flush serves as many as possible. It is bounded by its callers, who know
// how much of theirs is under way.
type queue struct {
	mu      sync.Mutex
	filled  sync.Cond
	waiting []*put
	size    int  // bytes of waiting
	urged   bool // somebody waits for one of waiting
	closed  bool
}

func (q *queue) init() { q.filled.L = &q.mu }

func (q *queue) add(p *put) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, p)
	q.size += len(p.body)
	if len(q.waiting) >= maxGroup || q.size >= maxGroupBytes {
		q.urged = true
		q.filled.Signal()
	}
}

// urge has p written now, unless that is being done already.
func (q *queue) urge(p *put) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !p.taken {
		q.urged = true
		q.filled.Signal()
	}
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
	for !q.urged && !q.closed {
		q.filled.Wait()
	}
	q.letCallersIn()
	n, size := 0, 0
	for n < len(q.waiting) && n < maxGroup && size < maxGroupBytes {
		size += len(q.waiting[n].body)
		q.waiting[n].taken = true
		n++
	}
	group = append(group, q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting, q.size = q.waiting[:rest], q.size-size
	q.urged = rest > 0
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
