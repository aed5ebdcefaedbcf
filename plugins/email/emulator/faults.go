package emulator

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Faults makes one server of a World misbehave. Every fault may be set and
// lifted at any time, also under open connections.
//
// A command, for counting and for the faults that speak of commands, is one
// that needs the mailboxes: LOGIN (every way to authenticate, also SMTP's
// AUTH), SELECT, LIST, STATUS, CREATE, DELETE, RENAME, APPEND, IDLE, FETCH,
// SEARCH, STORE, COPY, MOVE, EXPUNGE; MAIL, RCPT, DATA. Greetings,
// capabilities, STARTTLS, NOOP, EHLO and farewells are not counted.
type Faults struct {
	mu        sync.Mutex
	conns     map[*conn]struct{}
	sessions  int
	counts    map[string]int
	refusals  map[string]string
	dropAfter int
	applied   int
	cut       int64         // bytes left until the cut; negative: no cut
	stalled   chan struct{} // closed when the stall is lifted; nil: none
	delay     time.Duration
	garbage   bool
}

func newFaults() *Faults {
	return &Faults{conns: map[*conn]struct{}{}, counts: map[string]int{}, refusals: map[string]string{}, cut: -1}
}

// errDropped ends a command whose connection a fault has closed.
var errDropped = errors.New("connection dropped on demand")

// RefuseLogin refuses every login with text; an empty text lifts it.
func (f *Faults) RefuseLogin(text string) { f.Refuse("LOGIN", text) }

// Refuse answers every command of that name with a refusal; an empty text lifts
// it. Over IMAP the answer is NO, and text may begin with a response code:
// "[OVERQUOTA] mailbox is full". Over SMTP text may begin with a reply code:
// "452 4.2.2 mailbox is full"; without one the answer is 451 4.3.0.
func (f *Faults) Refuse(command, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text == "" {
		delete(f.refusals, command)
		return
	}
	f.refusals[command] = text
}

// DropConnections closes every open connection without a farewell. New ones
// are welcome.
func (f *Faults) DropConnections() {
	f.mu.Lock()
	open := make([]*conn, 0, len(f.conns))
	for c := range f.conns {
		open = append(open, c)
	}
	f.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// DropAfter lets n-1 more commands pass, counted over all connections, and
// closes the connection of the n-th instead of doing it. It happens once; 0
// takes it back.
func (f *Faults) DropAfter(n int) { f.set(func() { f.dropAfter = n }) }

// CutAfter sends n more bytes, counted over all connections and with TLS
// records as they are on the wire, and closes the connection in the middle of
// what it was saying. It happens once; a negative n takes it back.
func (f *Faults) CutAfter(n int64) { f.set(func() { f.cut = n }) }

// ApplyThenDrop does the next n commands that change something (APPEND, STORE,
// COPY, MOVE, EXPUNGE, CREATE, DELETE, RENAME, DATA) and closes the connection
// before the answer: the client cannot know whether it was done.
func (f *Faults) ApplyThenDrop(n int) { f.set(func() { f.applied = n }) }

// DelayReplies waits so long before it begins to answer what it has read; 0
// lifts it. News in IDLE are not delayed.
func (f *Faults) DelayReplies(d time.Duration) { f.set(func() { f.delay = d }) }

// Garbage answers every command with random bytes and closes the connection,
// while it is on.
func (f *Faults) Garbage(on bool) { f.set(func() { f.garbage = on }) }

// Stall accepts connections and reads, but sends nothing at all, not even a
// greeting, while it is on. What was to be said is said when it is lifted.
func (f *Faults) Stall(on bool) { f.set(func() { f.stall(on) }) }

// Heal lifts every fault.
func (f *Faults) Heal() {
	f.set(func() {
		f.stall(false)
		clear(f.refusals)
		f.dropAfter, f.applied, f.cut, f.delay, f.garbage = 0, 0, -1, 0, false
	})
}

// Sessions is the number of connections accepted so far.
func (f *Faults) Sessions() int { return get(f, func() int { return f.sessions }) }

// Open is the number of connections open now.
func (f *Faults) Open() int { return get(f, func() int { return len(f.conns) }) }

// Commands counts the commands of these names so far, all commands if none is
// named. A command that a fault refused or dropped is counted too.
func (f *Faults) Commands(names ...string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		n += f.counts[name]
	}
	if len(names) == 0 {
		for _, c := range f.counts {
			n += c
		}
	}
	return n
}

func (f *Faults) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func get[T any](f *Faults, read func() T) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return read()
}

func (f *Faults) stall(on bool) {
	switch {
	case on && f.stalled == nil:
		f.stalled = make(chan struct{})
	case !on && f.stalled != nil:
		close(f.stalled)
		f.stalled = nil
	}
}

// command counts a command that came over c, whatever layer of the connection
// that is, and applies the faults that stop it: a text to refuse it with, or
// an error when the connection is gone.
func (f *Faults) command(name string, c net.Conn) (refusal string, err error) {
	f.mu.Lock()
	f.counts[name]++
	drop, garbage := f.dropAfter == 1, f.garbage
	f.dropAfter = max(0, f.dropAfter-1)
	refusal = f.refusals[name]
	f.mu.Unlock()
	if garbage && !drop {
		_, _ = c.Write([]byte(rand.Text() + "\x00\xff{9999999999}(\x80\r\n"))
	}
	if drop || garbage {
		abort(c)
		return "", errDropped
	}
	return refusal, nil
}

// changed is called when a command has changed something and before it is
// answered.
func (f *Faults) changed(c net.Conn) error {
	f.mu.Lock()
	drop := f.applied > 0
	f.applied = max(0, f.applied-1)
	f.mu.Unlock()
	if !drop {
		return nil
	}
	abort(c)
	return errDropped
}

// abort closes a connection below TLS, so that the peer gets no farewell.
func abort(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.Close()
}

// listener hands out connections that obey the faults.
type listener struct {
	net.Listener
	faults  *Faults
	started func() // called for every connection
}

func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, faults: l.faults, closed: make(chan struct{})}
	c.turn.Store(true)
	l.started()
	l.faults.set(func() {
		l.faults.sessions++
		l.faults.conns[c] = struct{}{}
	})
	return c, nil
}

type conn struct {
	net.Conn
	faults *Faults
	turn   atomic.Bool // the client has spoken since we last did
	once   sync.Once
	closed chan struct{}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.turn.Store(true)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.hold(); err != nil {
		return 0, err
	}
	if n, cut := c.faults.spend(len(p)); cut {
		n, _ = c.Conn.Write(p[:n])
		_ = c.Close()
		return n, errDropped
	}
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		c.faults.set(func() { delete(c.faults.conns, c) })
		err = c.Conn.Close()
	})
	return err
}

// hold waits until the server may speak.
func (c *conn) hold() error {
	var stalled chan struct{}
	var delay time.Duration
	c.faults.set(func() { stalled, delay = c.faults.stalled, c.faults.delay })
	if stalled != nil {
		select {
		case <-stalled:
		case <-c.closed:
			return errDropped
		}
	}
	if !c.turn.Swap(false) || delay == 0 {
		return nil
	}
	select {
	case <-time.After(delay):
		return nil
	case <-c.closed:
		return errDropped
	}
}

// spend takes n bytes from what may still be sent and tells how many of them
// go out before the cut.
func (f *Faults) spend(n int) (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch left := f.cut; {
	case left < 0:
		return n, false
	case left >= int64(n):
		f.cut -= int64(n)
		return n, false
	default:
		f.cut = -1
		return int(left), true
	}
}
