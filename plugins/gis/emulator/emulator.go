// Package emulator is GIS ZhKKh in memory, as far as residents' appeals go: the
// appeals service over SOAP, the file store over REST, the registry of
// organisations and directory 220, on loopback, with faults on demand. The tests
// of the connector run against it, and so does the demonstration
// (cmd/gisemulator).
//
// It checks each request against the structure of the schemas (grammar.go),
// gives requests back by the header's MessageGUID, answers states 1, 2, 3 in
// turn and applies actions to its appeals. What the real service leaves open is
// a field of Options. It keeps nothing when it stops.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options of a World. The zero value listens on a free port, wants signatures
// but does not verify them, and is done with a request at the third question.
type Options struct {
	Addr string // loopback; "" = a free port
	Orgs []string
	// Unsigned lets requests without a signature in, as the plain-HTTP port of the
	// test stands does.
	Unsigned bool
	// Verify checks a signature over exactly signed; algorithm and digest are the
	// URIs of the methods. nil = only the presence of a signature is checked.
	Verify func(algorithm string, certificate, signed, value []byte) error
	// Digest hashes by the URI of the method; needed with Verify.
	Digest func(method string, data []byte) ([]byte, error)
	// Schema is the path of an XSD of the SOAP envelope over the operator's schemas:
	// requests to the appeals service are validated with it by xmllint, beside the
	// emulator's own rules. "" = only those.
	Schema string
	// Polls is how many questions about a request are answered "not yet"; 2 if 0,
	// none if negative.
	Polls int
	// Late applies an action when its request is asked about to the end, not at
	// once.
	Late bool
	// Repeats takes a request with a known MessageGUID as a new one; otherwise it
	// gets the first one's acknowledgement.
	Repeats bool
	// CloseOnAnswer makes a sent answer close the appeal.
	CloseOnAnswer bool
	// Most is how many appeals one export may give, 0 = any number: more are refused
	// (INT002999).
	Most int
	// Strict refuses an export that names an appeal the organisation does not have
	// (INT002000); otherwise the rest is given.
	Strict bool
	// TopicGroup is the group of directory 220; "NSI" if empty.
	TopicGroup string
	// Observe sees the body of every SOAP request as it came and its answer.
	Observe func(request, answer []byte)
	Login   string // HTTP Basic, none if empty
	Pass    string
	Now     func() time.Time
}

// World is a running GIS. Its methods may be called from any goroutine.
type World struct {
	URL    string // http://127.0.0.1:port
	Faults *Faults

	o       Options
	server  *http.Server
	serving sync.WaitGroup

	mu       sync.Mutex
	appeals  []*Appeal
	requests map[string]*request // by our MessageGUID
	seen     map[string]*request // by org and the header's MessageGUID
	files    map[string]*file
	orgs     map[string]Organization
	topics   map[string]string // code -> name
	counts   map[string]int    // of requests by action
	serial   int
}

// Start starts a world without appeals. Close must be called.
func Start(o Options) (*World, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Polls == 0 {
		o.Polls = 2
	}
	orElse(&o.TopicGroup, "NSI")
	w := &World{
		o: o, Faults: newFaults(), requests: map[string]*request{}, seen: map[string]*request{},
		files: map[string]*file{}, orgs: map[string]Organization{}, topics: map[string]string{}, counts: map[string]int{},
	}
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	if host, _, err := net.SplitHostPort(ln.Addr().String()); err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is not loopback", addr), ln.Close())
	}
	w.URL = "http://" + ln.Addr().String()
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	w.serving.Go(func() { _ = w.server.Serve(ln) })
	return w, nil
}

// Close ends the world.
func (w *World) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := w.server.Shutdown(ctx)
	if err != nil {
		err = w.server.Close()
	}
	w.serving.Wait()
	return err
}

// ServeHTTP implements http.Handler.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if w.Faults.isDown() {
		hangUp(rw)
		return
	}
	if w.o.Login != "" {
		if login, pass, ok := r.BasicAuth(); !ok || login != w.o.Login || pass != w.o.Pass {
			http.Error(rw, "Unauthorized", http.StatusUnauthorized)
			return
		}
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, pathFiles):
		w.store(rw, r, strings.Trim(strings.TrimPrefix(path, pathFiles), "/"))
	case path == pathSeen && r.Method == http.MethodGet:
		w.seenAppeals(rw)
	case services[path] != nil:
		w.soap(rw, r, services[path])
	default:
		http.NotFound(rw, r)
	}
}

const (
	pathAppeals  = "/ext-bus-appeals-service/services/AppealsAsync"
	pathFiles    = "/ext-bus-file-store-service/rest/appeals"
	pathRegistry = "/ext-bus-org-registry-common-service/services/OrgRegistryCommonAsync"
	pathNSI      = "/ext-bus-nsi-common-service/services/NsiCommonAsync"
)

// services are the actions of each service.
var services = map[string][]string{
	pathAppeals:  {"exportAppeal", "importAnswer", "getState"},
	pathRegistry: {"exportOrgRegistry", "getState"},
	pathNSI:      {"exportNsiItem", "getState"},
}

// hangUp closes the connection without an answer.
func hangUp(rw http.ResponseWriter) {
	hijacker, ok := rw.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// Count is how many requests of the action were taken in.
func (w *World) Count(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[action]
}

// ---- what exists outside the protocol

// Appeal is an appeal as the emulator keeps it. What is not told is left out.
type Appeal struct {
	GUID, Parent, Number           string
	Org                            string // orgPPAGUID of the organisation that has it
	Created                        time.Time
	Surname, First, Patronymic     string // a person; or
	Organization                   string // orgRootEntityGUID; or
	HCS                            bool   // GIS itself
	Postal, Flat, Email, Phone     string
	TopicCode, TopicName           string // directory 220; or
	OtherTopic                     string
	House, OKTMO                   string
	Text                           string
	Files                          []File
	Status                         string // Send, InWork, Executed, Withdrawn
	Answerer                       string
	Planned, Until                 time.Time
	Norm                           string
	Redirected, RedirectedOut      bool
	Extended, NotRequired          bool
	Withdrawal                     string
	Mobile, Collective, Neighbours bool
	History                        []Event
}

// File refers to a file of the store.
type File struct{ GUID, Name, Description, Hash string }

// Event is an entry of an appeal's history, at most one of the pointers set.
type Event struct {
	Date     time.Time
	Answer   *Answer
	Redirect *Redirect
	Extend   *Extend
	Cause    *string
	Rating   *Rating
}

// Answer is an answer, sent or a draft.
type Answer struct {
	GUID, Number, Answerer, Text string
	Sent                         bool
	SentOn                       time.Time
	Files                        []File
	Signatures                   map[string][]File // by GUID of the file
}

// Redirect is a passing on to another organisation.
type Redirect struct{ Receiver, Comment, Answerer string }

// Extend is a new term.
type Extend struct {
	Until             time.Time
	Comment, Answerer string
}

// Rating is the applicant's: Score is 1 (not satisfied), 2 (partly), 3.
type Rating struct {
	Score   int
	Comment string
}

// Organization is an entry of the registry.
type Organization struct{ Short, Full, OGRN, INN, KPP string }

// Add makes an appeal appear; what is empty is filled in. It returns its GUID.
func (w *World) Add(a Appeal) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	orElse(&a.GUID, uuid.NewString())
	orElse(&a.Number, fmt.Sprintf("77-%d-%d", w.o.Now().Year(), w.serial))
	orElse(&a.Status, "Send")
	orElse(&a.OKTMO, "45000000")
	orElse(&a.Text, "Текст обращения")
	if a.Org == "" && len(w.o.Orgs) > 0 {
		a.Org = w.o.Orgs[0]
	}
	if a.TopicCode == "" && a.OtherTopic == "" {
		a.OtherTopic = "Иное"
	}
	if a.Surname == "" && a.Organization == "" && !a.HCS {
		a.Surname, a.First = "Тестова", "Анна"
	}
	if a.Created.IsZero() {
		a.Created = w.o.Now()
	}
	for _, f := range a.Files {
		if stored := w.files[f.GUID]; stored != nil {
			stored.used = true
		}
	}
	w.appeals = append(w.appeals, &a)
	return a.GUID
}

func orElse(s *string, v string) {
	if *s == "" {
		*s = v
	}
}

// AddFile puts a file into the store and returns its GUID.
func (w *World) AddFile(name string, body []byte) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := uuid.NewString()
	w.files[id] = &file{name: name, body: body, length: int64(len(body)), complete: true}
	return id
}

// SetReady tells whether a file may be read.
func (w *World) SetReady(guid string, ready bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[guid].complete = ready
}

// FileBody is a stored file, nil if there is none.
func (w *World) FileBody(guid string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.files[guid]; f != nil {
		return f.body
	}
	return nil
}

// AddOrganization registers an organisation under its root GUID.
func (w *World) AddOrganization(root string, o Organization) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orgs[root] = o
}

// AddTopic adds an entry to directory 220.
func (w *World) AddTopic(code, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.topics[code] = name
}

// Get is a copy of an appeal; zero if there is none.
func (w *World) Get(guid string) Appeal {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.find(guid); a != nil {
		out := *a
		out.History = append([]Event(nil), a.History...)
		return out
	}
	return Appeal{}
}

// find looks an appeal up by GUID or number; the lock is held.
func (w *World) find(name string) *Appeal {
	for _, a := range w.appeals {
		if strings.EqualFold(a.GUID, name) || a.Number == name {
			return a
		}
	}
	return nil
}

// Change changes an appeal as people do in the web cabinets of GIS.
func (w *World) Change(guid string, change func(*Appeal)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.find(guid); a != nil {
		change(a)
	}
}

// Withdraw takes the appeal back for its applicant.
func (w *World) Withdraw(guid, comment string) {
	w.Change(guid, func(a *Appeal) { a.Status, a.Withdrawal = "Withdrawn", comment })
}

// Rate rates the answer for the applicant.
func (w *World) Rate(guid string, r Rating) {
	w.Change(guid, func(a *Appeal) { a.History = append(a.History, Event{Date: w.o.Now(), Rating: &r}) })
}

// RedirectAway passes the appeal to an organisation outside GIS.
func (w *World) RedirectAway(guid string) {
	w.Change(guid, func(a *Appeal) { a.RedirectedOut = true })
}

// Answers are the answers to an appeal, those sent or the drafts.
func (w *World) Answers(guid string, sent bool) []Answer {
	a := w.Get(guid)
	var out []Answer
	for _, e := range a.History {
		if e.Answer != nil && e.Answer.Sent == sent {
			out = append(out, *e.Answer)
		}
	}
	return out
}

// Now is the world's time.
func (w *World) Now() time.Time { return w.o.Now() }
