package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/api"
	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
	"github.com/uzel-hub/uzel/core/task"
)

// hub is a REST server over a real store, real blobs and real accounts.
type hub struct {
	t       *testing.T
	url     string
	store   store.Store
	blobs   blob.Store
	access  *access.Service
	server  *rest.Server
	bus     *bus.Bus
	host    *fakeHost
	jobs    *jobs.Service
	mass    *mass.Service
	people  *party.Service
	signing *signing.Service
	desk    signingDesk
	log     *lockedBuffer

	mu  sync.Mutex
	now time.Time
}

const password = "верблюд-и-скрепка"

// newHub starts a hub; change may replace what its server is made of.
func newHub(t *testing.T, change ...func(*rest.Config)) *hub {
	t.Helper()
	h := &hub{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), log: &lockedBuffer{}}
	dir := t.TempDir()
	file, err := boltstore.Open(filepath.Join(dir, "uzel.db"), boltstore.Options{Now: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	h.store = &metered{Store: file}
	t.Cleanup(func() { h.store.Close() })
	h.blobs = &lateBlobs{dir: filepath.Join(dir, "blobs")}
	t.Cleanup(func() { h.blobs.Close() })
	h.access = access.New(access.Config{Store: h.store, Now: h.clock, Cost: access.Cost{MemoryKiB: 64, Passes: 1}})
	h.update(registry.Seed)
	h.update(schedule.Seed)
	h.update(settings.Seed)
	h.bus = bus.New(bus.Options{Store: h.store, Driver: boltbus.New(h.store, boltbus.Options{}), Now: h.clock})
	c := rest.Config{
		Store: h.store, Blobs: h.blobs, Events: h.bus, DeadLetters: h.bus.DeadLetters(), Access: h.access, Audit: audit.Journal{Store: h.store},
		Outgoing: &outgoing.Service{Store: h.store, Bus: h.bus},
		Rules:    &execution.Service{Store: h.store, Bus: h.bus},
		Now:      h.clock, Version: "1.2.3", MaxBody: 64 << 10, MaxFile: 4 << 20, MaxUpload: 8 << 20,
		Log: hclog.New(&hclog.LoggerOptions{Output: h.log, Level: hclog.Debug}),
	}
	h.people = party.New(party.Config{Store: h.store, Blobs: blob.NewKeeper(h.blobs), Bus: h.bus})
	c.People = h.people
	out := c.Outgoing.(*outgoing.Service)
	c.Appeals = &appeal.Service{
		Bus: h.bus, Outgoing: out, Carries: func(*core.Channel, core.Purpose) bool { return true },
	}
	out.Answered = c.Appeals.Answered
	c.Rules.Appeals, c.Rules.Calendar = c.Appeals, schedule.Offices{}
	c.Tasks = &task.Service{Bus: h.bus, Calendar: schedule.Offices{}}
	c.Drafts = &approval.Service{Bus: h.bus, Tasks: c.Tasks, Outbox: &outgoing.Service{Store: h.store, Bus: h.bus}}
	h.desk.blobs = func() blob.Store { return h.blobs }
	h.signing = signing.New(signing.Config{Store: h.store, Blobs: h.blobs, Bus: h.bus, Desk: &h.desk})
	c.Signing, c.Drafts.Signatures = h.signing, h.signing
	h.host = newFakeHost(h)
	if c.Directories, err = directory.New(directory.Desk()...); err != nil {
		t.Fatal(err)
	}
	c.Host, c.Channels, c.Catalog = h.host, drafts{h.host}, openCatalog(t)
	h.jobs = jobs.New(jobs.Options{Store: h.store, Bus: h.bus, Now: h.clock}, []jobs.Job{{ID: "hub.sweep", Title: "Уборка", Every: time.Hour, Run: h.sweep}})
	h.mass = mass.New(mass.Options{Store: h.store, Bus: h.bus}, appeals.Operations(c.Appeals)...)
	c.Jobs, c.Mass = h.jobs, h.mass
	for _, f := range change {
		f(&c)
	}
	h.server = rest.New(c)
	web := httptest.NewServer(h.server)
	t.Cleanup(web.Close)
	t.Cleanup(h.server.Close) // first: streams end
	h.url = web.URL
	return h
}

// clock moves with each look, so that what is made later sorts later.
func (h *hub) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

func (h *hub) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// in has failures reported by a subtest while it runs.
func (h *hub) in(t *testing.T) {
	outer := h.t
	h.t = t
	t.Cleanup(func() { h.t = outer })
}

func (h *hub) update(fn func(store.Tx) error) {
	h.t.Helper()
	if err := h.store.Update(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// put writes records as the core would.
func put[T any](h *hub, table *store.Table[T], records ...*T) {
	h.t.Helper()
	h.update(func(tx store.Tx) error {
		for _, r := range records {
			if err := table.Put(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// lateBlobs opens a real store with the first file: most tests keep none, and
// making one takes longer than they do.
type lateBlobs struct {
	blob.Store // nil: what is not below is not called
	dir        string

	mu   sync.Mutex
	real blob.Store
}

func (b *lateBlobs) store() blob.Store {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.real == nil {
		s, err := fileblob.Open(b.dir, fileblob.Options{})
		if err != nil {
			panic(err)
		}
		b.real = s
	}
	return b.real
}

func (b *lateBlobs) Put(ctx context.Context, r io.Reader) (blob.Ref, error) {
	return b.store().Put(ctx, r)
}

func (b *lateBlobs) Open(ctx context.Context, hash string) (blob.Reader, error) {
	return b.store().Open(ctx, hash)
}

func (b *lateBlobs) Delete(ctx context.Context, hash string) error {
	return b.store().Delete(ctx, hash)
}

func (b *lateBlobs) Close() error {
	if b.real == nil {
		return nil
	}
	return b.real.Close()
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// client sends requests as one user.
type client struct {
	hub    *hub
	header http.Header
}

func (h *hub) anonymous() *client { return &client{hub: h, header: http.Header{}} }

// as signs a new user of the roles in.
func (h *hub) as(login string, roles ...core.Role) *client {
	h.t.Helper()
	u, oneTime, err := h.access.CreateUser(h.t.Context(), access.Profile{Login: login, Name: "Мария Петрова", Roles: roles})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.access.ChangePassword(h.t.Context(), u.ID, "", oneTime, password); err != nil {
		h.t.Fatal(err)
	}
	c := h.anonymous()
	c.signIn(login, password)
	return c
}

func (h *hub) administrator() *client { return h.as("admin", core.RoleAdministrator) }
func (h *hub) clerk() *client         { return h.as("maria", core.RoleClerk) }

func (c *client) signIn(login, password string) {
	c.hub.t.Helper()
	in := c.post("/api/v1/session", rest.Credentials{Login: login, Password: password}).want(200)
	var session rest.Session
	in.read(&session)
	cookies := (&http.Response{Header: in.header}).Cookies()
	if len(cookies) != 1 {
		c.hub.t.Fatalf("cookies %v", cookies)
	}
	c.header.Set("Cookie", cookies[0].Name+"="+cookies[0].Value)
	c.header.Set("X-CSRF-Token", session.CSRF)
}

// with is the client sending one more header.
func (c *client) with(name, value string) *client {
	header := maps.Clone(c.header)
	header.Set(name, value)
	return &client{hub: c.hub, header: header}
}

func (c *client) without(name string) *client {
	header := maps.Clone(c.header)
	header.Del(name)
	return &client{hub: c.hub, header: header}
}

// response is what came back, already held against the contract.
type response struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

func (c *client) get(path string) *response    { return c.send("GET", path, "", nil) }
func (c *client) delete(path string) *response { return c.send("DELETE", path, "", nil) }

func (c *client) post(path string, body any) *response  { return c.json("POST", path, body) }
func (c *client) put(path string, body any) *response   { return c.json("PUT", path, body) }
func (c *client) patch(path string, body any) *response { return c.json("PATCH", path, body) }

func (c *client) json(method, path string, body any) *response {
	c.hub.t.Helper()
	if body == nil {
		return c.send(method, path, "", nil)
	}
	raw, isRaw := body.(string)
	if !isRaw {
		b, err := json.Marshal(body)
		if err != nil {
			c.hub.t.Fatal(err)
		}
		raw = string(b)
	}
	return c.send(method, path, "application/json", []byte(raw))
}

// file is one part of a form.
type file struct{ name, body string }

func (c *client) form(path string, data any, files ...file) *response {
	c.hub.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		c.hub.t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="data"`}, "Content-Type": {"application/json"}}
	part, _ := w.CreatePart(head)
	part.Write(raw)
	for _, f := range files {
		part, _ := w.CreateFormFile("file", f.name)
		io.WriteString(part, f.body)
	}
	w.Close()
	return c.send("POST", path, w.FormDataContentType(), body.Bytes())
}

func (c *client) send(method, path, contentType string, body []byte) *response {
	c.hub.t.Helper()
	req, err := http.NewRequestWithContext(c.hub.t.Context(), method, c.hub.url+path, bytes.NewReader(body))
	if err != nil {
		c.hub.t.Fatal(err)
	}
	maps.Copy(req.Header, c.header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	// A redirect or a compressed body would not be what was answered.
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		c.hub.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		c.hub.t.Fatal(err)
	}
	out := &response{t: c.hub.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, body: got}
	out.hold(req, body)
	return out
}

func (r *response) want(status int) *response {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// problem wants an error with the code and returns it.
func (r *response) problem(status int, code string) rest.Problem {
	r.t.Helper()
	r.want(status)
	var p rest.Problem
	r.read(&p)
	if p.Code != code || p.Status != status || r.header.Get("Content-Type") != "application/problem+json" {
		r.t.Fatalf("%s: problem %+v, want code %s", r.what, p, code)
	}
	return p
}

func (r *response) read(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
}

func read[T any](r *response) T {
	r.t.Helper()
	var v T
	r.read(&v)
	return v
}

// contract is the contract as a router of requests.
var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := loadContract()
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

func loadContract() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(api.OpenAPI()))
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
}

// hold holds the answer, and a request that was accepted, against the contract.
func (r *response) hold(req *http.Request, body []byte) {
	r.t.Helper()
	router, err := contract()
	if err != nil {
		r.t.Fatal("contract:", err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil {
		if r.status == 404 || r.status == 405 || req.URL.Path == "/" || strings.HasPrefix(req.URL.Path, "/hooks/") || req.Method == "HEAD" {
			return
		}
		r.t.Fatalf("%s is not in the contract: %v", r.what, err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	asked := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, IncludeResponseStatus: true},
	}
	if r.status < 300 {
		if err := openapi3filter.ValidateRequest(req.Context(), asked); err != nil {
			r.t.Errorf("%s was accepted, but the contract says: %v", r.what, err)
		}
	}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: r.status, Header: r.header, Options: asked.Options}
	if !binary(r.header.Get("Content-Type")) {
		answered.SetBodyBytes(r.body)
	} else {
		answered.Options.ExcludeResponseBody = true
	}
	if err := openapi3filter.ValidateResponse(req.Context(), answered); err != nil {
		r.t.Errorf("%s: the answer breaks the contract: %v\n%s", r.what, err, r.body)
	}
}

// binary tells that a body is a file and not ours to check.
func binary(contentType string) bool {
	return !strings.HasPrefix(contentType, "application/json") && !strings.HasPrefix(contentType, "application/problem+json")
}
