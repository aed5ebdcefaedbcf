package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/blob"
)

// call is one request on its way.
type call struct {
	w      *recorder
	r      *http.Request
	route  *route
	id     string // number of the request, in the log and in X-Request-ID
	remote string // address of the caller
	who    *access.Principal
	object string // what it was done to, for the audit
	failed error
	trail  trail
	claim  blob.Claim // of the files the call brings
}

func (c *call) ctx() context.Context { return c.r.Context() }

func (c *call) param(name string) string { return mux.Vars(c.r)[name] }

// answer is what a handler answers with. The zero answer means that the handler
// has written itself.
type answer struct {
	Status   int
	Location string
	ETag     string
	Body     any // JSON; a json.RawMessage goes out as it is; nil: no body
}

func ok(body any) answer { return answer{Status: http.StatusOK, Body: body} }

func done() answer { return answer{Status: http.StatusNoContent} }

// versioned is ok with the record's version as ETag.
func versioned(body any, version uint64) answer {
	return answer{Status: http.StatusOK, ETag: etag(version), Body: body}
}

func created(location string, body any, version uint64) answer {
	return answer{Status: http.StatusCreated, Location: location, ETag: etag(version), Body: body}
}

func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// handler works one call.
type handler func(*Server, *call) (answer, error)

const (
	requestTimeout = 30 * time.Second
	slowTimeout    = 3 * time.Minute
	// idleTimeout ends an upload or download that does not move.
	idleTimeout = 60 * time.Second
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: &recorder{ResponseWriter: w}, id: strings.ToLower(rand.Text()[:16]), remote: s.remote(r)}
	c.r = r.WithContext(c.claim.Under(context.WithValue(r.Context(), callKey{}, c)))
	defer c.claim.End()
	c.w.Header().Set("X-Request-ID", c.id)
	secureHeaders(c.w.Header())
	began := s.Now()
	s.limit(c, requestTimeout)
	defer func() { s.observe(c, s.Now().Sub(began)) }()
	defer func() {
		if fault := recover(); fault != nil {
			s.refuse(c, s.panicked(c, fault))
		}
	}()
	s.router.ServeHTTP(c.w, c.r)
}

type callKey struct{}

func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)
	return c
}

// secureHeaders are for all answers: nothing is shown in a frame, guessed at,
// run, or kept by a cache. A file relaxes what it must (files.go).
func secureHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// panicked makes an error of a panic and logs where it came from, but not with
// what: that may be anything.
func (s *Server) panicked(c *call, fault any) error {
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	kind := fmt.Sprintf("%T", fault)
	s.Log.Error("request panicked", "request", c.id, "route", c.name(), "panic", kind, "stack", string(debug.Stack()))
	return errors.New("panic: " + kind)
}

func (c *call) name() string {
	if c.route == nil {
		return "none"
	}
	return c.route.name
}

// handle makes the http.Handler of a route.
func (s *Server) handle(rt *route) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		c.r, c.route = r, rt
		cancel := s.bound(c)
		defer cancel()
		a, err := s.work(c)
		s.finish(c, a, err)
	})
}

// limit bounds how long the connection may be busy with the call; the rest of
// an earlier call's time must not count. Neither deadline may pass before the
// handler's own, and there must be time left to let the answer out. An error
// means that there is no connection.
func (s *Server) limit(c *call, timeout time.Duration) {
	control := http.NewResponseController(c.w)
	until := time.Now().Add(timeout + requestTimeout)
	control.SetReadDeadline(until)  //nolint:errcheck // see above
	control.SetWriteDeadline(until) //nolint:errcheck // see above
}

// bound sets the limits of time and size of a route.
func (s *Server) bound(c *call) context.CancelFunc {
	if c.route.streams {
		control := http.NewResponseController(c.w)
		control.SetReadDeadline(time.Time{})  //nolint:errcheck // see limit
		control.SetWriteDeadline(time.Time{}) //nolint:errcheck // see limit
		c.r.Body = http.MaxBytesReader(c.w, patient(control, c.r.Body), s.MaxUpload)
		return func() {}
	}
	timeout := requestTimeout
	if c.route.slow {
		timeout = slowTimeout
		s.limit(c, timeout)
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, s.MaxBody)
	ctx, cancel := context.WithTimeout(c.ctx(), timeout)
	c.r = c.r.WithContext(ctx)
	return cancel
}

func (s *Server) work(c *call) (a answer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a, err = answer{}, s.panicked(c, fault)
		}
	}()
	if err := s.admit(c); err != nil {
		return answer{}, err
	}
	if c.who != nil {
		c.r = c.r.WithContext(core.WithActor(c.ctx(), c.who.Actor()))
	}
	if err := s.begin(c); err != nil {
		return answer{}, err
	}
	return c.route.serve(s, c)
}

// finish notes how it ended and then answers, so that whoever has the answer
// finds the audit entry. What succeeded and cannot be noted is not answered as
// done.
func (s *Server) finish(c *call, a answer, err error) {
	if err != nil {
		c.failed = err
	}
	if lost := s.conclude(c); err == nil {
		err = lost
	}
	if err == nil && a.Status != 0 {
		err = c.write(a)
	}
	if err != nil {
		s.refuse(c, err)
	}
}

// refuse answers with the problem. If the answer has begun already, breaking it
// off is all that is left to tell that it is not whole.
func (s *Server) refuse(c *call, err error) {
	if asError(err).Kind == core.KindInternal {
		s.Log.Error("request failed", "request", c.id, "route", c.name(), "error", err)
	}
	if c.w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	if c.route.browsed && strings.Contains(c.r.Header.Get("Accept"), "text/html") {
		http.Redirect(c.w, c.r, "/?refused="+url.QueryEscape(asError(err).Code), http.StatusFound)
		return
	}
	problemOf(err, c.id, languageOf(c.r)).write(c.w)
}

func (c *call) safe() bool { return c.r.Method == http.MethodGet || c.r.Method == http.MethodHead }

// write sends the answer. It is encoded first, so that a defect of encoding is
// a problem and not half an answer.
func (c *call) write(a answer) error {
	body, err := c.said(a.Body)
	if err != nil {
		return fmt.Errorf("translate answer: %w", err)
	}
	raw, err := encode(body)
	if err != nil {
		return err
	}
	h := c.w.Header()
	if a.Location != "" {
		h.Set("Location", a.Location)
	}
	if a.ETag != "" {
		h.Set("ETag", a.ETag)
	}
	if a.Body != nil {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(raw)))
	}
	c.w.WriteHeader(a.Status)
	c.w.Write(raw) //nolint:errcheck // the caller has gone
	return nil
}

// encode leaves < and > as they are: nothing of ours is read as HTML.
func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return b, nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return out.Bytes(), nil
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
