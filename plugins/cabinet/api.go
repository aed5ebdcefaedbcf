package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"

	"github.com/uzel-hub/uzel/sdk"
)

const (
	maxJSON = 1 << 20
	problem = "application/problem+json"
)

// exchange is one request to the API and its answer. It is a ResponseWriter so
// that http.ServeMux can route it.
type exchange struct {
	ctx    context.Context
	emit   sdk.Emitter
	body   *os.File // spooled, its hash checked; has no name any more
	status int
	header http.Header
	text   bytes.Buffer
	stream io.Reader // instead of text
	served bool      // a handler was found
}

func (x *exchange) Header() http.Header         { return x.header }
func (x *exchange) WriteHeader(status int)      { x.status = status }
func (x *exchange) Write(p []byte) (int, error) { return x.text.Write(p) }

type handler func(*exchange, *http.Request) error

// paths are those of openapi.yaml.
func (c *cabinet) paths() map[string]handler {
	return map[string]handler{
		"GET /v1/ping":                                                          ping,
		"GET /v1/reasons":                                                       c.reasons,
		"GET /v1/events":                                                        c.events,
		"GET /v1/residents/{resident}/appeals":                                  c.list,
		"POST /v1/residents/{resident}/appeals":                                 c.create,
		"GET /v1/residents/{resident}/appeals/{appeal}":                         c.get,
		"POST /v1/residents/{resident}/appeals/{appeal}/messages":               c.add,
		"PUT /v1/residents/{resident}/appeals/{appeal}/messages/{message}/read": c.read,
		"GET /v1/residents/{resident}/appeals/{appeal}/files/{hash}":            c.file,
		"PUT /v1/residents/{resident}/appeals/{appeal}/rating":                  c.rate,
		"POST /v1/uploads":                                                      c.uploads.create,
		"GET /v1/uploads/{upload}":                                              c.uploads.show,
		"PATCH /v1/uploads/{upload}":                                            c.uploads.extend,
		"DELETE /v1/uploads/{upload}":                                           c.uploads.remove,
	}
}

func (c *cabinet) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, serve := range c.paths() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			x := w.(*exchange)
			x.served = true
			if err := serve(x, r); err != nil {
				x.fail(err)
			}
		})
	}
	return mux
}

// ping tells the cabinet that its key fits.
func ping(x *exchange, _ *http.Request) error {
	return x.json(http.StatusOK, map[string]bool{"ok": true})
}

// ServeHook implements sdk.Hook: the hub's API for the cabinet. Nothing of a
// request is looked at before its signature holds, and nothing of its body
// before all of it came and has the hash that was signed.
func (c *cabinet) ServeHook(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
	x := &exchange{ctx: ctx, emit: emit, status: http.StatusOK, header: http.Header{}}
	if !c.allowed(r) {
		x.problem(http.StatusUnauthorized, "signature", "подпись запроса неверна или его время устарело", nil)
		return x.reply(), nil
	}
	body, err := c.spooled(r)
	if err != nil {
		x.fail(err)
		return x.reply(), nil
	}
	defer body.Close() //nolint:errcheck // nameless, read to its end or given up
	x.body = body
	c.api.ServeHTTP(x, r)
	if !x.served {
		x.problem(x.status, "route", http.StatusText(x.status), nil)
	}
	return x.reply(), nil
}

func (x *exchange) reply() sdk.HookReply {
	if x.stream != nil {
		return sdk.HookReply{Status: x.status, Header: x.header, Body: x.stream}
	}
	return sdk.HookReply{Status: x.status, Header: x.header, Body: &x.text}
}

// spooled keeps the body in a nameless file of the scratch folder.
func (c *cabinet) spooled(r *http.Request) (*os.File, error) {
	f, err := nameless(c.env.Scratch)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	if r.Body != nil {
		_, err = io.Copy(io.MultiWriter(f, hash), r.Body)
	}
	if err == nil && hex.EncodeToString(hash.Sum(nil)) != r.Header.Get(headerHash) {
		err = sdk.Invalid("body", "тело запроса не то, что подписано")
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// nameless is a file that is gone with the process, however it ends.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "body-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// decode reads a JSON body; an unknown field is a fault.
func (x *exchange) decode(into any) error { return decodeJSON(x.body, into) }

func decodeJSON(r io.Reader, into any) error {
	dec := json.NewDecoder(io.LimitReader(r, maxJSON))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return sdk.Invalid("body", "тело — не JSON по описанию: неизвестное поле, неверный тип или больше 1 МБ")
	}
	if dec.More() {
		return sdk.Invalid("body", "после тела есть лишнее")
	}
	return nil
}

func (x *exchange) json(status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	x.status = status
	x.header.Set("Content-Type", "application/json")
	x.text.Write(raw)
	return nil
}

// fail answers with a problem; what is nobody's fault but ours says no more.
func (x *exchange) fail(err error) {
	e, ok := errors.AsType[*sdk.Error](err)
	if !ok {
		e = &sdk.Error{Kind: "unavailable", Text: "хаб сейчас не может ответить, повторите позже"}
	}
	status := statusOf(e.Kind)
	if status == http.StatusServiceUnavailable {
		x.header.Set("Retry-After", strconv.Itoa(max(int(e.After.Seconds()), 5)))
	}
	faults := e.Faults
	if e.Field != "" {
		faults = append(faults, sdk.FieldFault{Field: e.Field, Text: e.Text})
	}
	x.problem(status, e.Code, e.Text, faults)
}

func statusOf(kind string) int {
	switch kind {
	case "invalid":
		return http.StatusBadRequest
	case "rejected":
		return http.StatusUnprocessableEntity
	case "not_found":
		return http.StatusNotFound
	case "conflict":
		return http.StatusConflict
	}
	return http.StatusServiceUnavailable
}

func (x *exchange) problem(status int, code, title string, faults []sdk.FieldFault) {
	type fault struct {
		Field string `json:"field"`
		Text  string `json:"text"`
	}
	body := struct {
		Status int     `json:"status"`
		Code   string  `json:"code,omitempty"`
		Title  string  `json:"title"`
		Faults []fault `json:"faults,omitempty"`
	}{Status: status, Code: code, Title: title}
	for _, f := range faults {
		body.Faults = append(body.Faults, fault(f))
	}
	x.text.Reset()
	x.stream = nil
	if err := x.json(status, body); err != nil {
		panic(err) // strings and numbers always marshal
	}
	x.header.Set("Content-Type", problem)
}

// Ids are made of what needs no escaping in a path, so that what is signed and
// what arrives are the same. A dot joins a message to its appeal.
var (
	idForm       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	appealForm   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64})?$`)
	residentForm = regexp.MustCompile(`^[A-Za-z0-9._@+~-]{1,128}$`)
)

func notFound(text string) error {
	return &sdk.Error{Kind: "not_found", Code: "cabinet.not_found", Text: text, Source: "plugin"}
}

func conflict(text string) error {
	return &sdk.Error{Kind: "conflict", Code: "cabinet.conflict", Text: text, Source: "plugin"}
}

// who reads the resident and the appeal of the path.
func who(r *http.Request) (resident, appeal string, err error) {
	resident, appeal = r.PathValue("resident"), r.PathValue("appeal")
	if !residentForm.MatchString(resident) {
		return "", "", sdk.Invalid("resident", "идентификатор жителя: до 128 знаков A–Z a–z 0–9 . _ @ + ~ -")
	}
	if appeal != "" && !appealForm.MatchString(appeal) {
		return "", "", notFound("такого обращения нет")
	}
	return resident, appeal, nil
}
