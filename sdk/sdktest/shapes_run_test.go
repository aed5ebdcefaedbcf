package sdktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// outside is the system at the other end of the HTTP shapes: a list of events
// to be fetched after a number, and what was posted to it.
type outside struct {
	*httptest.Server

	mu     sync.Mutex
	events []any
	posted []map[string]string
	grown  chan struct{}
}

func newOutside(t *testing.T) *outside {
	o := &outside{grown: make(chan struct{})}
	o.Server = httptest.NewServer(o)
	t.Cleanup(func() { o.CloseClientConnections(); o.Close() })
	return o
}

// happen appends events made with their numbers, from 1.
func (o *outside) happen(n int, event func(n int) any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for range n {
		o.events = append(o.events, event(len(o.events)+1))
	}
	close(o.grown)
	o.grown = make(chan struct{})
}

func (o *outside) since(after int) ([]any, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.events[min(after, len(o.events)):], o.grown
}

func (o *outside) post(v map[string]string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posted = append(o.posted, v)
	return len(o.posted)
}

func (o *outside) sent() []map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]map[string]string(nil), o.posted...)
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "wrong" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	reply := func(v any) { _ = json.NewEncoder(w).Encode(v) } // a client that left is its own matter
	switch {
	case r.URL.Path == "/events":
		o.stream(w, r, after)
	case r.URL.Path == "/appeals", r.URL.Path == "/updates":
		page, _ := o.since(after)
		reply(page[:min(5, len(page))])
	case r.Method == "POST":
		var v map[string]string
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		n := o.post(v)
		reply(map[string]string{"request": fmt.Sprint("r", n), "line": fmt.Sprint("bot-", n), "call": fmt.Sprint("out-", n)})
	case strings.HasPrefix(r.URL.Path, "/requests/"):
		o.request(w, r, reply)
	case r.URL.Path == "/accounts/77":
		reply(map[string]any{"charges": []charge{{"май", 100.5, 100.5}, {"июнь", 200, 50}}})
	case r.URL.Path == "/":
		reply("")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// request tells what became of an answer: the first is done, the second not yet.
func (o *outside) request(w http.ResponseWriter, r *http.Request, reply func(any)) {
	switch strings.TrimPrefix(r.URL.Path, "/requests/") {
	case "r1":
		reply(map[string]string{"state": "delivered"})
	case "r2":
		reply(map[string]string{"state": "submitted"})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (o *outside) stream(w http.ResponseWriter, r *http.Request, after int) {
	for {
		events, grown := o.since(after)
		for _, e := range events {
			if json.NewEncoder(w).Encode(e) != nil {
				return
			}
		}
		w.(http.Flusher).Flush()
		after += len(events)
		select {
		case <-grown:
		case <-r.Context().Done():
			return
		}
	}
}

// process starts a shape as a process of its own and configures it.
func process(t *testing.T, shape string, settings any, secrets map[string]string) *sdktest.Hub {
	t.Helper()
	h := sdktest.Process(t, os.Args[0], nil, shapeEnv+"="+shape)
	if err := h.Configure(settings, secrets); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(); err != nil {
		t.Fatal(err)
	}
	return h
}

func ringing(n int) any {
	leg := []string{"ring", "answer", "hangup"}[(n-1)%3]
	return callEvent{N: n, Call: fmt.Sprint("c", (n-1)/3), Leg: leg, From: "+79990000000"}
}

func TestTelephonyEventsAndCall(t *testing.T) {
	out := newOutside(t)
	h := process(t, "telephony", map[string]any{"url": out.URL}, nil)
	const n = 3000
	out.happen(n, ringing)
	h.Receive(sdktest.Reception{Window: 256})
	got := h.Await(n)
	if m := got[1]; m.Change != sdk.Edited || m.About != "c0/ring" || m.Thread.External != "c0" || !strings.Contains(string(m.Details), `"leg":"answer"`) {
		t.Errorf("%+v", m)
	}
	r, err := h.Do(t.Context(), sdk.OperationCall{Operation: "call", Input: sdk.Values{"phone": "+7999"}, Document: "doc_1", User: "usr_1"})
	if err != nil || r.Output["call"] != "out-1" || out.sent()[0]["phone"] != "+7999" {
		t.Error(r, err)
	}
	if _, err := h.Do(t.Context(), sdk.OperationCall{Operation: "call"}); sdk.KindOf(err) != "invalid" {
		t.Error("a call without a number:", err)
	}
}

func TestSigningServiceConfirmedLater(t *testing.T) {
	h := process(t, "signer", map[string]any{}, nil)
	document := bytes.Repeat([]byte("акт "), 300_000)
	call := sdk.OperationCall{Operation: "sign", Files: []sdk.File{sdk.Bytes("document", document)}}
	r, err := h.Do(t.Context(), call)
	if err != nil || !r.Pending || r.Token == "" {
		t.Fatal(r, err)
	}
	call.Token, call.Files = r.Token, nil
	if r, err = h.Do(t.Context(), call); err != nil || r.Pending || r.Files[0].Signs != "document" || r.Files[0].Role != sdk.RoleSignature {
		t.Fatal(r, err)
	}
	verify := func(body []byte) any {
		v, err := h.Do(t.Context(), sdk.OperationCall{Operation: "verify", Files: []sdk.File{sdk.Bytes("document", body), r.Files[0]}})
		if err != nil {
			t.Fatal(err)
		}
		return v.Output["valid"]
	}
	if verify(document) != true || verify(document[1:]) != false {
		t.Error("the signature does not tell documents apart")
	}
}

func appealed(n int) any {
	return appeal{N: n, GUID: fmt.Sprint("guid-", n), Text: "Течёт крыша"}
}

func TestPortalIsPolledSubmittedToAndTracked(t *testing.T) {
	out := newOutside(t)
	sign := process(t, "signer", map[string]any{}, nil)
	h := process(t, "portal", map[string]any{"url": out.URL}, map[string]string{"key": "k"})
	h.Handle("sign", func(ctx context.Context, call sdk.Call) (sdk.Result, error) { // the hub routes to another channel
		return sign.Do(ctx, sdk.OperationCall{Operation: "sign", Input: call.Input, Files: call.Files, Token: call.Token})
	})
	h.OpenCalls()

	out.happen(7, appealed)
	h.Receive(sdktest.Reception{})
	if m := h.Await(7)[6]; m.ExternalID != "guid-7" || m.DueAt.Unix() != 7 || m.Fields[sdk.FieldAccount] != "77" {
		t.Errorf("%+v", m)
	}
	var items []sdk.TrackItem
	for i := range 3 {
		d := sdk.Dispatch{
			Delivery: fmt.Sprint("d", i), Purpose: sdk.PurposeAnswer, Origin: "guid-7", Document: sdk.Document{Text: "Починено"},
			Files: []sdk.File{sdk.Bytes("act.pdf", bytes.Repeat([]byte("pdf"), 100_000))},
		}
		r, err := h.Send(t.Context(), d)
		if err != nil || r.State != sdk.StateSubmitted || r.Token == "" {
			t.Fatal(r, err)
		}
		items = append(items, sdk.TrackItem{Delivery: d.Delivery, Token: r.Token})
	}
	if sent := out.sent()[0]; sent["origin"] != "guid-7" || len(sent["signature"]) != 64 {
		t.Error(sent)
	}
	states, err := h.Track(items...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []sdk.State{sdk.StateDelivered, sdk.StateSubmitted, sdk.StateRetry} {
		if states[i].State != want {
			t.Errorf("delivery %d: %s, want %s", i, states[i].State, want)
		}
	}
	if err := h.Configure(map[string]any{"url": out.URL}, map[string]string{"key": "wrong"}); err != nil {
		t.Fatal(err)
	}
	if e, ok := h.Check().(*sdk.Error); !ok || e.Kind != "config" || e.Field != "key" {
		t.Error("a wrong key:", e)
	}
}

func uploadRequest(t *testing.T, token string, size int) *http.Request {
	t.Helper()
	body := new(bytes.Buffer)
	form := multipart.NewWriter(body)
	for i := range 2 {
		w, err := form.CreateFormFile("file", fmt.Sprint("photo", i, ".jpg"))
		if err == nil {
			_, err = w.Write(bytes.Repeat([]byte{byte(i + 1)}, size))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/new", body).WithContext(t.Context())
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("X-Token", token)
	r.Header.Set("X-Id", "up-1")
	return r
}

func TestWebHookTakesFiles(t *testing.T) {
	h := process(t, "upload", map[string]any{}, map[string]string{"token": "t0"})
	if got := h.Describe().GetGenerated(); !reflect.DeepEqual(got, []string{"token", "url"}) {
		t.Error("generated by the hub:", got)
	}
	refused, err := h.Hook(uploadRequest(t, "guess", 2<<20))
	if err != nil || refused.StatusCode != http.StatusUnauthorized {
		t.Fatal(refused, err)
	}
	reply, err := h.Hook(uploadRequest(t, "t0", 2<<20))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusAccepted || string(body) != `{"stored":true}` ||
		reply.Header.Get("Location") != "https://hub.example/hooks/test/up-1" {
		t.Error(reply.StatusCode, string(body), reply.Header, err)
	}
	kept := h.Stored()
	if len(kept) != 1 || len(kept[0].Files) != 2 {
		t.Fatal(kept)
	}
	photo, err := sdktest.Body(kept[0].Files[1])
	if err != nil || !bytes.Equal(photo, bytes.Repeat([]byte{2}, 2<<20)) {
		t.Error(len(photo), err)
	}
}

func TestBillingPanelHasATable(t *testing.T) {
	out := newOutside(t)
	h := process(t, "billing", map[string]any{"url": out.URL}, nil)
	r, err := h.Do(t.Context(), sdk.OperationCall{Operation: "account", Input: sdk.Values{"account": "77", "from": "2026-05-01"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "map[charges:[map[month:май paid:100.5 sum:100.5] map[month:июнь paid:50 sum:200]] debt:150]"
	if fmt.Sprint(r.Output) != want || r.Files[0].Name != "receipt.pdf" {
		t.Error(r)
	}
	_, err = h.Do(t.Context(), sdk.OperationCall{Operation: "account", Input: sdk.Values{"account": "78"}})
	if e, ok := err.(*sdk.Error); !ok || e.Kind != "invalid" || e.Field != "account" {
		t.Error(err)
	}
	steps := 0
	_, err = h.Do(t.Context(), sdk.OperationCall{Operation: "reload", Progress: func(int64, int64, string) { steps++ }})
	if err != nil || steps != 3 {
		t.Error(steps, err)
	}
	for _, op := range h.Describe().GetOperations() {
		if op.GetName() == "reload" && op.GetSchedule() != "1h0m0s" {
			t.Error(op.GetSchedule())
		}
	}
}

func said(n int) any {
	return chatEvent{N: n, Type: "line", Line: fmt.Sprint("l", n), Chat: "77", Text: "Добрый день"}
}

func TestChatEditsWithdrawsAndTellsStatuses(t *testing.T) {
	out := newOutside(t)
	h := process(t, "chat", map[string]any{"url": out.URL}, nil)
	out.happen(1, said)
	h.Receive(sdktest.Reception{})
	h.Await(1)
	to := []sdk.Party{{Addresses: []sdk.Address{{Kind: "chat", Value: "77"}}}}
	for i, d := range []sdk.Dispatch{
		{Purpose: sdk.PurposeAnswer, Document: sdk.Document{Text: "Мастер выехал"}},
		{Purpose: sdk.PurposePerformer, Performer: &sdk.Party{Name: "Петров"}},
		{Purpose: sdk.PurposeStatus, Status: "в работе"},
	} {
		d.Delivery, d.To = fmt.Sprint("d", i), to
		if r, err := h.Send(t.Context(), d); err != nil || r.State != sdk.StateSent || r.ExternalID != fmt.Sprint("bot-", i+1) {
			t.Fatal(r, err)
		}
	}
	if sent := out.sent(); sent[1]["text"] != "Назначен исполнитель: Петров" || sent[2]["text"] != "Состояние: в работе" || sent[0]["chat"] != "77" {
		t.Error(sent)
	}
	types := []string{"edit", "delete", "delivered", "read"}
	lines := []string{"l1", "l1", "bot-1", "bot-1"}
	out.happen(4, func(n int) any {
		return chatEvent{N: n, Type: types[n-2], Line: lines[n-2], Chat: "77", Text: "Лифт стоит"}
	})
	got := h.Await(5)[1:]
	if got[0].Change != sdk.Edited || got[0].About != "l1" || got[0].Text != "Лифт стоит" || got[1].Change != sdk.Withdrawn {
		t.Errorf("%+v", got[:2])
	}
	if got[2].Status.State != sdk.StateDelivered || got[3].Status.State != sdk.StateRead || got[3].About != "bot-1" {
		t.Errorf("%+v", got[2:])
	}
}

// The shapes keep to the conformance suite as any connector does.
func TestShapesConform(t *testing.T) {
	speaking := func(event func(int) any) func(t *testing.T) sdktest.World {
		return func(t *testing.T) sdktest.World {
			out := newOutside(t)
			return sdktest.World{
				Settings: map[string]any{"url": out.URL}, Secrets: map[string]string{"key": "k-7391"},
				Unreachable: map[string]any{"url": "http://127.0.0.1:1"},
				Produce:     func(n int) { out.happen(n, event) },
				Delivered:   func() int { return len(out.sent()) },
				Dispatch: func(n int) sdk.Dispatch {
					return sdk.Dispatch{
						Purpose: sdk.PurposeAnswer, Document: sdk.Document{Text: fmt.Sprint("Ответ ", n)},
						To: []sdk.Party{{Addresses: []sdk.Address{{Kind: "chat", Value: "77"}}}},
					}
				},
				Operations: map[string]sdk.OperationCall{
					"call": {Input: sdk.Values{"phone": "1"}}, "account": {Input: sdk.Values{"account": "77"}}, "reload": {},
				},
				Services: map[string]sdktest.Service{"sign": func(context.Context, sdk.Call) (sdk.Result, error) {
					return sdk.Result{}, errors.New("не понадобится")
				}},
			}
		}
	}
	t.Run("telephony", func(t *testing.T) {
		sdktest.Run(t, sdktest.Config[remote]{Connector: telephony(), World: speaking(ringing), Package: "-"})
	})
	t.Run("portal", func(t *testing.T) {
		sdktest.Run(t, sdktest.Config[remote]{Connector: portal(), World: speaking(appealed), Package: "-"})
	})
	t.Run("chat", func(t *testing.T) {
		sdktest.Run(t, sdktest.Config[remote]{Connector: chat(), World: speaking(said), Package: "-"})
	})
	t.Run("billing", func(t *testing.T) {
		sdktest.Run(t, sdktest.Config[remote]{Connector: billing(), World: speaking(nil), Package: "-"})
	})
	t.Run("upload", func(t *testing.T) {
		sdktest.Run(t, sdktest.Config[hookSettings]{Connector: upload(), Package: "-", World: func(t *testing.T) sdktest.World {
			return sdktest.World{
				Settings: map[string]any{}, Secrets: map[string]string{"token": "t0-7391"},
				Hook: func() *http.Request { return uploadRequest(t, "t0-7391", 10) },
			}
		}})
	})
	t.Run("signer", func(t *testing.T) {
		file := []sdk.File{sdk.Bytes("a", []byte("x")), sdk.Bytes("a.sig", []byte("y"))}
		sdktest.Run(t, sdktest.Config[struct{}]{Connector: signer(), Package: "-", World: func(*testing.T) sdktest.World {
			return sdktest.World{
				Settings:   map[string]any{},
				Operations: map[string]sdk.OperationCall{"sign": {Files: file[:1]}, "verify": {Files: file}},
			}
		}})
	})
}
