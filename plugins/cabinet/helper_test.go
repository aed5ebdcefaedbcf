package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/cabinet/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

const testKey = "0123456789abcdef0123456789abcdef"

// desk is the hub's part: its services, and what was registered.
type desk struct {
	*testing.T
	hub   *sdktest.Hub
	other *emulator.Cabinet

	mu    sync.Mutex
	asked []sdk.Call
}

// newDesk is a channel that a cabinet calls; edit may change its settings.
func newDesk(t *testing.T, edit func(set map[string]any)) *desk {
	d := &desk{T: t, hub: sdktest.InProcess(t, connector(), nil), other: new(emulator.Cabinet)}
	srv := httptest.NewServer(d.other)
	t.Cleanup(srv.Close)
	set := map[string]any{"mode": "api", "webhook": map[string]any{"url": srv.URL + "/hook"}}
	if edit != nil {
		edit(set)
	}
	for name, f := range services(d) {
		d.hub.Handle(name, f)
	}
	if err := d.hub.Configure(set, map[string]string{"key": testKey}); err != nil {
		t.Fatal(err)
	}
	d.hub.OpenCalls()
	return d
}

// services answer as the hub does, out of what the hub in memory keeps.
func services(d *desk) map[string]sdktest.Service {
	note := func(f sdktest.Service) sdktest.Service {
		return func(ctx context.Context, call sdk.Call) (sdk.Result, error) {
			d.mu.Lock()
			d.asked = append(d.asked, call)
			d.mu.Unlock()
			return f(ctx, call)
		}
	}
	return map[string]sdktest.Service{
		callGet:  note(d.get),
		callList: note(nothing), callRate: note(d.get), callDirectory: note(nothing),
		callFile: note(func(context.Context, sdk.Call) (sdk.Result, error) {
			return sdk.Result{Files: []sdk.File{sdk.Bytes("акт.pdf", []byte("bytes of the file"))}}, nil
		}),
		callLog: note(func(_ context.Context, call sdk.Call) (sdk.Result, error) {
			if call.Input["after"] == nil {
				return sdk.Result{Output: sdk.Values{"next": "2", "items": []any{
					map[string]any{"delivery": "dlv_1", "purpose": "answer", "state": "sent", "appeal": "a1", "applicant": "r1"},
					map[string]any{"delivery": "dlv_2", "purpose": "status", "state": "queued", "appeal": "a1", "applicant": "r1"},
				}}}, nil
			}
			return sdk.Result{Output: sdk.Values{"items": []any{map[string]any{"delivery": "dlv_3", "purpose": "status", "state": "sent", "status": "closed"}}}}, nil
		}),
	}
}

// nothing is an empty page.
func nothing(context.Context, sdk.Call) (sdk.Result, error) {
	return sdk.Result{Output: sdk.Values{"items": []any{}}}, nil
}

// get knows the appeals that were stored, by their owner.
func (d *desk) get(_ context.Context, call sdk.Call) (sdk.Result, error) {
	messages := []any{}
	var found *sdk.Message
	for _, m := range d.hub.Stored() {
		if m.From.Address("outside") != call.Input["applicant"] {
			continue
		}
		if m.ExternalID == call.Input["id"] {
			found = &m
		}
		files := []any{}
		for _, f := range m.Files {
			files = append(files, map[string]any{"hash": hashOf(d, f)})
		}
		messages = append(messages, map[string]any{"id": m.ExternalID, "direction": "incoming", "text": m.Text, "files": files})
	}
	if found == nil {
		return sdk.Result{}, &sdk.Error{Kind: "not_found", Text: "такого обращения нет"}
	}
	messages = append(messages, map[string]any{"id": "doc_9", "delivery": "dlv_9", "direction": "outgoing"})
	return sdk.Result{Output: sdk.Values{"id": found.ExternalID, "subject": found.Subject, "messages": messages}}, nil
}

func hashOf(d *desk, f sdk.File) string {
	sum := sha256.Sum256([]byte(content(d.T, f)))
	return hex.EncodeToString(sum[:])
}

// signed is a request of the cabinet, signed as openapi.yaml says.
func signed(method, where, contentType string, body []byte) *http.Request {
	r := httptest.NewRequest(method, where, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	seal(r, where, body)
	return r
}

func seal(r *http.Request, where string, body []byte) {
	sum := sha256.Sum256(body)
	at, hash := strconv.FormatInt(time.Now().Unix(), 10), hex.EncodeToString(sum[:])
	r.Header.Set(headerTime, at)
	r.Header.Set(headerHash, hash)
	r.Header.Set(headerSignature, sign(testKey, toHub, r.Method, where, at, hash))
}

// do makes a request and reads the answer.
func (d *desk) do(r *http.Request) (status int, body string) {
	d.Helper()
	var sent bytes.Buffer
	r.Body = io.NopCloser(io.TeeReader(r.Body, &sent))
	reply, err := d.hub.Hook(r.WithContext(d.Context()))
	if err != nil {
		d.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	raw, err := io.ReadAll(reply.Body)
	if err != nil {
		d.Fatal(err)
	}
	hold(d, r, sent.Bytes(), reply.StatusCode, reply.Header, raw)
	return reply.StatusCode, string(raw)
}

// call is do with a JSON body.
func (d *desk) call(method, where, body string) (status int, answer string) {
	d.Helper()
	return d.do(signed(method, where, "application/json", []byte(body)))
}

// want calls and expects a status.
func (d *desk) want(status int, method, where, body string) map[string]any {
	d.Helper()
	got, answer := d.call(method, where, body)
	if got != status {
		d.Fatalf("%s %s: status %d, want %d: %s", method, where, got, status, answer)
	}
	out := map[string]any{}
	if answer != "" {
		if err := json.Unmarshal([]byte(answer), &out); err != nil {
			d.Fatal(err)
		}
	}
	return out
}

const appealJSON = `{"id":"a1","subject":"Течёт кран","text":"На кухне","sender":{"name":"Анна Петрова","email":"anna@mail.test","phone":"+79160000000"},` +
	`"account":"1001","address":"ул. Мира, 1, кв. 2","reason":"leak","consent_at":"2026-11-20T10:00:00+03:00"}`

func content(t *testing.T, f sdk.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func delivery(purpose sdk.Purpose) sdk.Dispatch {
	return sdk.Dispatch{
		Delivery: "dlv_1", Purpose: purpose, Attempt: 1, Origin: "a1", Status: "closed", Performer: &sdk.Party{Name: "Пётр Слесарев"},
		To:       []sdk.Party{{Name: "Анна", Addresses: []sdk.Address{{Kind: "outside", Value: "r1"}}}},
		Document: sdk.Document{ID: "doc_2", Number: "Исх-2026/000001", Text: "Мастер придёт", OriginNumber: "Вх-2026/000001"},
		Files:    []sdk.File{sdk.Bytes("акт.pdf", []byte("act"))},
	}
}

// vendor is a world with another vendor's cabinet that is polled.
func vendor(t *testing.T) (*emulator.Cabinet, map[string]any, map[string]string) {
	c := new(emulator.Cabinet)
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, map[string]any{
		"mode": "poll",
		"poll": map[string]any{
			"url": srv.URL + "/api", "prefix": "Bearer", "every": "1s",
			"list":   map[string]any{"path": "/appeals?since={since}&page={page}", "items": "data.items"},
			"answer": map[string]any{"path": "/appeals/{id}/answer", "files": "file", "number": "meta.number"},
			"status": map[string]any{"path": "/appeals/{id}/state", "text": "state.text", "number": ""},
		},
	}, map[string]string{"key": testKey, "poll.token": emulator.Token}
}

func TestConformance(t *testing.T) {
	sdktest.Run(t, sdktest.Config[settings]{Connector: connector(), World: suiteWorld, Without: map[string]string{
		"OperationsRun": "the operation belongs to a cabinet with a web-hook: TestReplaySendsTheLogAgain",
	}})
}

func TestReadmeHasTheSettings(t *testing.T) { sdktest.Readme(t, connector()) }

func suiteWorld(t *testing.T) sdktest.World {
	c, set, secrets := vendor(t)
	unreachable := map[string]any{"mode": "poll", "poll": map[string]any{"url": "http://127.0.0.1:1", "list": map[string]any{"path": "/x"}}}
	return sdktest.World{
		Settings: set, Secrets: secrets, Unreachable: unreachable,
		Produce:    c.Write,
		Dispatch:   func(n int) sdk.Dispatch { d := delivery(sdk.PurposeAnswer); d.Origin = fmt.Sprint(n); return d },
		Delivered:  func() int { return len(c.Posted()) },
		Hook:       func() *http.Request { return signed("GET", "/v1/ping", "", nil) },
		Operations: map[string]sdk.OperationCall{},
		Services:   services(&desk{T: t, hub: sdktest.InProcess(t, connector(), nil)}),
	}
}
