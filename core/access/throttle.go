package access

import (
	"net/netip"
	"sync"
	"time"
)

// throttle slows down guessing: after the free tries each further one has to
// wait twice as long as the one before, up to the longest pause. It lives in
// memory: a restart forgives, which a guesser cannot cause.
type throttle struct {
	free    int
	longest time.Duration

	mu    sync.Mutex
	tries map[string]*tries
}

type tries struct {
	count int
	until time.Time // no try before
	last  time.Time
}

const (
	// A login may be tried from anywhere, so its pause stays short: a stranger
	// must not lock its owner out for long. An address pays more.
	loginFree      = 5
	loginLongest   = time.Minute
	addressFree    = 30
	addressLongest = 15 * time.Minute

	forgetAfter = time.Hour
	maxTracked  = 20_000
)

func newThrottle(free int, longest time.Duration) *throttle {
	return &throttle{free: free, longest: longest, tries: map[string]*tries{}}
}

// begin counts a try as failed before it is made, so that many at once do not
// slip through, or tells how long to wait.
func (t *throttle) begin(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.tries[key]
	if n == nil {
		t.makeRoom(now)
		n = &tries{}
		t.tries[key] = n
	}
	if wait := n.until.Sub(now); wait > 0 {
		return wait
	}
	if now.Sub(n.last) > forgetAfter {
		n.count = 0
	}
	n.count++
	n.last = now
	n.until = now.Add(t.pause(n.count))
	return 0
}

func (t *throttle) pause(count int) time.Duration {
	over := count - t.free
	if over < 0 {
		return 0
	}
	return min(time.Second<<min(over, 20), t.longest)
}

// forget is for a login whose password was right.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, key)
}

// forgive takes back one try: one right password does not clear an address
// that many were tried from.
func (t *throttle) forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.tries[key]
	if n == nil {
		return
	}
	n.count--
	n.until = time.Time{}
	if n.count <= 0 {
		delete(t.tries, key)
	}
}

// makeRoom drops what is old, and if that is not enough, what was not yet
// slowed down.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.tries) < maxTracked {
		return
	}
	for key, n := range t.tries {
		if now.Sub(n.last) > forgetAfter || n.count < t.free {
			delete(t.tries, key)
		}
	}
}

// addressKey is what tries from a remote address are counted under: an IPv6
// user has a whole /64.
func addressKey(remote string) string {
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}
