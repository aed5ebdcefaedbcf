package main_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// world is the outside system of the test connector. It lives in the test and
// survives every kill. What it offers is a row of messages without end, each
// wholly told by its number, so that they can be offered again.
type world struct {
	*testing.T
	url      string
	progress atomic.Int64 // how often the hub took something or handed something over
	habits

	mu       sync.Mutex
	rng      *rand.Rand
	channels map[string]*source
	parcels  map[string]*parcel
	faults   []string // what the hub must not do
	end      int      // the row ends here; 0: not yet
}

// habits say how a world behaves. They are set before the hub runs.
type habits struct {
	batch  int    // messages in one offer, at most
	again  bool   // mix in some that were offered before
	large  bool   // some files are too large to be held in memory
	moody  bool   // the world refuses deliveries and loses its answers
	silent string // a channel through which nothing comes
}

// source is a channel as the world sees it.
type source struct {
	offered int          // the highest number offered
	stored  map[int]bool // what the connector was told to be on disk
	cursor  int          // the highest cursor that is
}

// parcel is a delivery as the world sees it.
type parcel struct {
	Delivery, Document string
	Files              map[string]string // name to SHA-256

	submitted int
	applied   bool
	cleared   bool // the hub was told that it is not here
}

func newWorld(t *testing.T, seed uint64, h habits) *world {
	w := &world{
		T: t, habits: h, rng: rand.New(rand.NewPCG(seed, 0)),
		channels: map[string]*source{}, parcels: map[string]*parcel{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /offer", w.offer)
	mux.HandleFunc("POST /stored", w.take)
	mux.HandleFunc("POST /submit", w.submit)
	mux.HandleFunc("POST /track", w.track)
	mux.HandleFunc("GET /file", file)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// channel is the world's side of a channel; the caller holds mu.
func (w *world) channel(r *http.Request) *source {
	name := r.FormValue("channel")
	if w.channels[name] == nil {
		w.channels[name] = &source{stored: map[int]bool{}}
	}
	return w.channels[name]
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// message is one of the row, as the connector gets it.
type message struct {
	ID, Cursor, From, Subject, Text string
	Files                           []string
}

func (w *world) message(seq, cursor int) message {
	m := message{
		ID: idOf(seq), Cursor: strconv.Itoa(cursor), From: fmt.Sprintf("resident%d@mail.test", seq%50),
		Subject: idOf(seq), Text: textOf(seq),
	}
	for n, size := range w.filesOf(seq) {
		m.Files = append(m.Files, fmt.Sprintf("/file?seq=%d&n=%d&size=%d", seq, n, size))
	}
	return m
}

func idOf(seq int) string { return fmt.Sprintf("m%06d", seq) }

func textOf(seq int) string { return strings.Repeat(idOf(seq)+" ", 1+seq%300) }

// filesOf are the sizes of a message's files.
func (w *world) filesOf(seq int) []int {
	sizes := make([]int, seq%3)
	for n := range sizes {
		sizes[n] = (seq*7919 + n*104729) % 30_000
	}
	if w.large && seq%10 == 0 {
		sizes = append(sizes, 1<<20+seq)
	}
	return sizes
}

// bodyOf is a file of a message.
func bodyOf(seq, n, size int) []byte {
	var seed [32]byte
	binary.BigEndian.PutUint32(seed[:], uint32(seq))
	seed[31] = byte(n)
	body := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(body) // never fails
	return body
}

func file(rw http.ResponseWriter, r *http.Request) {
	number := func(name string) int { n, _ := strconv.Atoi(r.FormValue(name)); return n }
	_, _ = rw.Write(bodyOf(number("seq"), number("n"), number("size"))) // the connector was killed
}

// sumsOf are the checksums of a message's files, sorted.
func (w *world) sumsOf(seq int) (sums []string) {
	for n, size := range w.filesOf(seq) {
		sum := sha256.Sum256(bodyOf(seq, n, size))
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	return sums
}

// ---- what comes in

func (w *world) offer(rw http.ResponseWriter, r *http.Request) {
	var q struct {
		After string
		Begun bool
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil {
		return // the connector was killed
	}
	after, _ := strconv.Atoi(q.After) // nothing is the beginning
	next := w.next(r, after, q.Begun)
	if next == nil { // the row has ended
		<-r.Context().Done()
		return
	}
	time.Sleep(time.Duration(w.dice(20)) * time.Millisecond) // a world that is not endless
	answer(rw, map[string]any{"messages": next, "oneByOne": w.dice(4) == 0})
}

func (w *world) dice(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

func (w *world) next(r *http.Request, after int, begun bool) (out []message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.channel(r)
	if begun && after < s.cursor {
		w.fault("the hub goes on after %d although it had taken %d and its cursor", after, s.cursor)
	}
	if r.FormValue("channel") == w.silent {
		return nil
	}
	n := 1 + w.rng.IntN(w.batch)
	if w.end > 0 {
		n = min(n, w.end-after)
	}
	for seq := after + 1; seq <= after+n; seq++ {
		for range w.repeats(s) {
			out = append(out, w.message(1+w.rng.IntN(s.offered), seq-1))
		}
		out = append(out, w.message(seq, seq))
		s.offered = max(s.offered, seq)
	}
	return out
}

// repeats is how many old messages are offered before the next.
func (w *world) repeats(s *source) int {
	if !w.again || s.offered == 0 {
		return 0
	}
	return w.rng.IntN(3)
}

func (w *world) take(rw http.ResponseWriter, r *http.Request) {
	var taken []message
	if json.NewDecoder(r.Body).Decode(&taken) != nil {
		return
	}
	w.mu.Lock()
	s := w.channel(r)
	for _, m := range taken {
		seq, _ := strconv.Atoi(m.ID[1:])
		s.stored[seq] = true
		cursor, _ := strconv.Atoi(m.Cursor)
		s.cursor = max(s.cursor, cursor)
	}
	w.mu.Unlock()
	w.progress.Add(1)
	answer(rw, struct{}{})
}

// close ends the row with what was offered so far, and tells how long it is.
func (w *world) close() (length int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.channels {
		w.end = max(w.end, s.offered)
	}
	return w.end
}

// storedBy is what the hub has acknowledged to a channel.
func (w *world) storedBy(channel string) map[int]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.channels[channel] == nil {
		return nil
	}
	return maps.Clone(w.channels[channel].stored)
}

// ---- what goes out

// submit takes a delivery. What it decides it decides at once, so that a
// connector that dies while it waits leaves no doubt about the order.
func (w *world) submit(rw http.ResponseWriter, r *http.Request) {
	var in parcel
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		return
	}
	mood, pause := w.decide(in)
	w.progress.Add(1)
	time.Sleep(pause) // the answer is on its way
	switch mood {
	case busy:
		rw.WriteHeader(http.StatusServiceUnavailable)
	case lostBefore, lostAfter:
		panic(http.ErrAbortHandler)
	default:
		answer(rw, map[string]string{"state": "sent"})
	}
}

type mood int

const (
	fine       mood = iota
	busy            // refused for now
	lostBefore      // the line breaks before it is taken
	lostAfter       // the line breaks after it was taken
)

func (w *world) decide(in parcel) (mood, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	had := w.parcels[in.Delivery]
	if had == nil {
		had = &in
		w.parcels[in.Delivery] = had
	}
	switch {
	case had.applied:
		w.fault("delivery %s is submitted again although it was taken", in.Delivery)
	case had.submitted > 0 && !had.cleared:
		w.fault("delivery %s is submitted again and nobody asked what became of it", in.Delivery)
	}
	had.submitted++
	m := fine
	if w.moody {
		m = []mood{fine, fine, fine, busy, lostBefore, lostAfter}[w.rng.IntN(6)]
	}
	had.applied = m != busy && m != lostBefore
	had.cleared = m == busy
	return m, time.Duration(w.rng.IntN(20)) * time.Millisecond
}

// parcel is what the world knows of a delivery.
func (w *world) parcel(id core.DeliveryID) parcel {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.parcels[string(id)]; p != nil {
		return *p
	}
	return parcel{}
}

func (w *world) track(rw http.ResponseWriter, r *http.Request) {
	var ids, states []string
	if json.NewDecoder(r.Body).Decode(&ids) != nil {
		return
	}
	w.mu.Lock()
	for _, id := range ids {
		p := w.parcels[id]
		switch {
		case p == nil:
			states = append(states, "retry")
		case p.applied:
			states = append(states, "sent")
		default:
			p.cleared = true
			states = append(states, "retry")
		}
	}
	w.mu.Unlock()
	answer(rw, states)
}

func answer(rw http.ResponseWriter, v any) {
	_ = json.NewEncoder(rw).Encode(v) // the connector was killed
}

// check reports what the hub did and must not.
func (w *world) check() {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		w.Error(f)
	}
}
