package emulator

import (
	"bytes"
	"net/http"
	"sync"
)

// Fault is one misbehaviour. The zero value is none.
type Fault struct {
	Code string // a SOAP fault with this code
	// Page is an HTML page with this status instead of an answer. Nothing is
	// applied.
	Page int
	// Drop closes the connection without an answer: before the request is applied,
	// or with After, when it is.
	Drop, After bool
	Garbage     bool // an answer that is no XML
	Huge        bool // an answer larger than anybody should take
	// Reject makes the result of the action an error with this code: the rest of
	// the request is carried out.
	Reject string
	// Fail makes the whole request end with this error at state 3.
	Fail string
	// Then is called before the fault shows, when the request has been applied or
	// would have been: a test kills the connector here.
	Then func()
}

// Faults of a World: what it does wrong next. Its methods may be called from
// any goroutine.
type Faults struct {
	mu     sync.Mutex
	queued map[string][]Fault
	always Fault
	down   bool
	gzip   bool
}

func newFaults() *Faults { return &Faults{queued: map[string][]Fault{}} }

// The names under which files fail, beside the actions of SOAP. A file fails
// with X-Upload-Error Code, or as the other fields say.
const (
	Upload   = "upload"
	Download = "download"
)

// Next queues faults for the coming requests of an action: exportAppeal,
// importAnswer, getState, …; one each.
func (f *Faults) Next(action string, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued[action] = append(f.queued[action], faults...)
}

// Down makes the world hang up on everybody, or ends that.
func (f *Faults) Down(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Always is what every request meets that has no fault of its own waiting; the
// zero value ends that.
func (f *Faults) Always(one Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = one
}

// Gzip packs answers for those who can unpack them.
func (f *Faults) Gzip(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gzip = on
}

func (f *Faults) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.down
}

func (f *Faults) packs() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gzip
}

func (f *Faults) take(action string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.queued[action]
	if len(list) == 0 {
		return f.always
	}
	f.queued[action] = list[1:]
	return list[0]
}

// before shows a fault that comes before the request is applied; done tells
// that this was the answer.
func (f Fault) before(rw http.ResponseWriter) (done bool) {
	switch {
	case f.Drop && !f.After:
		f.then()
		hangUp(rw)
	case f.Page != 0:
		f.then()
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(f.Page)
		_, _ = rw.Write([]byte("<html><body><h1>Bad Gateway</h1></body></html>"))
	case f.Garbage:
		f.then()
		_, _ = rw.Write([]byte("<s:Envelope><не XML"))
	case f.Huge:
		f.then()
		for range 65 {
			_, _ = rw.Write(bytes.Repeat([]byte(" "), 1<<20)) // the client may have enough
		}
	default:
		return false
	}
	return true
}

func (f Fault) then() {
	if f.Then != nil {
		f.Then()
	}
}
