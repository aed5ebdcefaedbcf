// Package emulator is both things a channel may have on its other side: a
// vendor's cabinet with an API of its own, to be polled, and a cabinet that
// takes web-hooks. Faults come on demand.
package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Token is what the vendor's API wants as `Authorization: Bearer`.
const Token = "vendor-token"

// pageSize is small, so that paging is used.
const pageSize = 7

// Fault makes one request fail: Refuse and Busy before anything is done, Drop
// after.
type Fault string

const (
	Refuse Fault = "refuse" // 422
	Busy   Fault = "busy"   // 503, Retry-After: 1
	Closed Fault = "closed" // 401
	Drop   Fault = "drop"   // done, but the connection breaks before the answer
)

// Cabinet is the other side. Its zero value is ready; its methods may be used
// from several goroutines.
type Cabinet struct {
	mu       sync.Mutex
	appeals  []map[string]any
	files    map[string][]byte
	posted   []Posted
	faults   []Fault
	requests int
}

// Posted is a request that brought something: an answer, a state, a web-hook.
type Posted struct {
	Path   string
	Header http.Header
	Body   []byte
}

// Write makes n more appeals, each with one file.
func (c *Cabinet) Write(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		id := strconv.Itoa(len(c.appeals) + 1)
		c.add(map[string]any{
			"id": len(c.appeals) + 1, "created_at": time.Now().UTC().Format(time.RFC3339), "subject": "Обращение " + id, "text": "Течёт кран",
			"user":    map[string]any{"id": "u" + id, "name": "Анна Петрова", "email": "anna@mail.test", "phone": "+7 916 000-00-00"},
			"account": "100" + id, "address": "ул. Мира, 1, кв. " + id,
			"files": []any{map[string]any{"name": "фото.jpg", "url": "files/" + id}},
		}, []byte("photo "+id))
	}
}

// Add puts in an appeal as it is, with a file under files/{its number}.
func (c *Cabinet) Add(appeal map[string]any, file []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(appeal, file)
}

func (c *Cabinet) add(appeal map[string]any, file []byte) {
	c.appeals = append(c.appeals, appeal)
	if c.files == nil {
		c.files = map[string][]byte{}
	}
	c.files[fmt.Sprint(appeal["id"])] = file
}

// Break makes the next requests that bring something fail so, in order.
func (c *Cabinet) Break(f ...Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, f...)
}

// Posted is what was brought so far.
func (c *Cabinet) Posted() []Posted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Posted(nil), c.posted...)
}

// Requests counts all requests.
func (c *Cabinet) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// ServeHTTP serves /api/… to holders of the Token and takes web-hooks at /hook.
func (c *Cabinet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests++
	c.mu.Unlock()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/appeals", c.known(c.list))
	mux.HandleFunc("GET /api/files/{id}", c.known(c.file))
	mux.HandleFunc("POST /api/appeals/{id}/{what}", c.known(c.take))
	mux.HandleFunc("POST /hook", c.take)
	mux.ServeHTTP(w, r)
}

func (c *Cabinet) known(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		serve(w, r)
	}
}

// list gives a page of what is not older than since, newest first.
func (c *Cabinet) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := r.URL.Query().Get("since")
	var all []map[string]any
	for i := len(c.appeals) - 1; i >= 0; i-- {
		if fmt.Sprint(c.appeals[i]["created_at"]) >= since {
			all = append(all, c.appeals[i])
		}
	}
	n, _ := strconv.Atoi(r.URL.Query().Get("page")) // no number is the first page
	from := min(max(n-1, 0)*pageSize, len(all))
	reply(w, map[string]any{"data": map[string]any{"items": append([]map[string]any{}, all[from:min(from+pageSize, len(all))]...)}})
}

func (c *Cabinet) file(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, ok := c.files[r.PathValue("id")]
	if !ok || body == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(body) // whoever asked may have gone
}

func (c *Cabinet) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fault := Fault("")
	if len(c.faults) > 0 {
		fault, c.faults = c.faults[0], c.faults[1:]
	}
	switch fault {
	case Refuse:
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	case Busy:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case Closed:
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.posted = append(c.posted, Posted{Path: r.URL.Path, Header: r.Header.Clone(), Body: body})
	if fault == Drop {
		panic(http.ErrAbortHandler)
	}
	reply(w, map[string]any{"ok": true})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked may have gone
}
