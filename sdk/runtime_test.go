package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// ---- configuration

func TestSettingsReachTheConnector(t *testing.T) {
	var got fakeSettings
	c := connectorOf(&fake{}, nil)
	c.New = func(_ context.Context, s fakeSettings, env sdk.Env) (sdk.Channel, error) {
		got = s
		if env.Channel != "test" || env.Locale != "ru" || env.Scratch == "" || env.HookURL == "" || env.Log == nil {
			t.Errorf("env: %+v", env)
		}
		return &fake{}, nil
	}
	h := sdktest.InProcess(t, c, nil)
	if err := h.Configure(map[string]any{"name": "n", "port": 5}, map[string]string{"password": "pw"}); err != nil {
		t.Fatal(err)
	}
	if got.Name != "n" || got.Port != 5 || got.Pass.Reveal() != "pw" || got.URL != "https://hub.example/hooks/test/" {
		t.Errorf("%+v %s", got, got.Pass.Reveal())
	}
	err := h.Configure(map[string]any{"prot": 5, "port": 0, "name": 1}, map[string]string{"nothing": "x"})
	e, ok := err.(*sdk.Error)
	if !ok || e.Kind != "config" || e.Code != "settings.invalid" || len(e.Faults) != 4 {
		t.Errorf("%#v", err)
	}
}

func TestSecretPrintsNowhere(t *testing.T) {
	s := fakeSettings{Name: "n", Pass: sdk.NewSecret("sesame")}
	inside := struct {
		hidden fakeSettings
		Shown  *fakeSettings
		List   []sdk.Secret
	}{s, &s, []sdk.Secret{s.Pass}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%w"} {
		fmt.Fprintf(&out, verb+"\n", s.Pass)
		fmt.Fprintf(&out, verb+"\n", &s.Pass)
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", inside)
	}
	raw, err := s.Pass.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	log := hclog.New(&hclog.LoggerOptions{Output: &out, JSONFormat: true})
	log.Info("x", "secret", s.Pass, "settings", s, "inside", inside, "pointer", &s)
	text := out.String() + string(raw) + s.Pass.String()
	if strings.Contains(text, "sesame") || strings.Contains(text, fmt.Sprintf("%x", "sesame")) {
		t.Error(text)
	}
	if !s.Pass.IsSet() || (sdk.Secret{}).IsSet() || (sdk.Secret{}).Reveal() != "" {
		t.Error("IsSet")
	}
}

func TestReplacedChannelFinishesAndIsClosed(t *testing.T) {
	sending, release, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var life context.Context
	old := &fake{
		send: func(ctx context.Context, _ sdk.Dispatch) (sdk.Receipt, error) {
			close(sending)
			<-release
			return sdk.Receipt{Text: "old"}, errors.Join(ctx.Err(), life.Err())
		},
		receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
			if err := emit.Emit(ctx, letter("1"), nil); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		},
		close: func() error { close(closed); return nil },
	}
	next := &fake{send: func(context.Context, sdk.Dispatch) (sdk.Receipt, error) { return sdk.Receipt{Text: "new"}, nil }}
	channels := []sdk.Channel{old, next}
	c := connectorOf(nil, nil)
	c.New = func(ctx context.Context, s fakeSettings, _ sdk.Env) (ch sdk.Channel, err error) {
		if s.Name == "wrong" {
			return nil, sdk.Misconfigured("name", errors.New("нет такого"))
		}
		if life == nil {
			life = ctx
		}
		ch, channels = channels[0], channels[1:]
		return ch, nil
	}
	h := sdktest.InProcess(t, c, nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	r := h.Receive(reception())
	h.Await(1)
	receipts := make(chan sdk.Receipt, 1)
	go func() {
		got, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "d1"})
		if err != nil {
			t.Error(err)
		}
		receipts <- got
	}()
	soon(t, sending, "Send")
	if err := h.Configure(map[string]any{"name": "wrong"}, nil); sdk.KindOf(err) != "config" {
		t.Fatal(err)
	}
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := r.Wait()
	if e, ok := err.(*sdk.Error); !ok || e.Code != plugin.CodeReconfigured {
		t.Error("the old Receive ended with", err)
	}
	if got, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "d2"}); err != nil || got.Text != "new" {
		t.Error(got, err)
	}
	select {
	case <-closed:
		t.Error("closed with work under way")
	default:
	}
	close(release)
	if got := <-receipts; got.Text != "old" {
		t.Error(got)
	}
	soon(t, closed, "Close of the old channel")
	if life.Err() == nil {
		t.Error("the context of the old channel is alive")
	}
}

func TestPanicOfTheAuthorIsAFaultOnly(t *testing.T) {
	var log logBuffer
	boom := func() { panic("индекс вне границ") }
	f := &fake{
		check:   func(context.Context) error { boom(); return nil },
		send:    func(context.Context, sdk.Dispatch) (sdk.Receipt, error) { boom(); return sdk.Receipt{}, nil },
		track:   func(context.Context, []sdk.TrackItem) ([]sdk.Receipt, error) { boom(); return nil, nil },
		do:      func(context.Context, sdk.OperationCall) (sdk.Result, error) { boom(); return sdk.Result{}, nil },
		receive: func(context.Context, sdk.Cursor, sdk.Emitter) error { boom(); return nil },
		serveHook: func(context.Context, *http.Request, sdk.Emitter) (sdk.HookReply, error) {
			boom()
			return sdk.HookReply{}, nil
		},
		wake:  func(context.Context) error { boom(); return nil },
		close: func() error { boom(); return nil },
	}
	h := sdktest.InProcess(t, connectorOf(f, nil), hclog.New(&hclog.LoggerOptions{Output: &log, JSONFormat: true}))
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	_, sent := h.Send(t.Context(), sdk.Dispatch{Delivery: "d"})
	_, tracked := h.Track(sdk.TrackItem{Token: "x"})
	_, done := h.Do(t.Context(), sdk.OperationCall{Operation: "plain"})
	_, received := h.Receive(reception()).Wait()
	_, hooked := h.Hook(httptest.NewRequest("GET", "/", nil).WithContext(t.Context()))
	_, woken := h.Wake()
	for where, err := range map[string]error{
		"Check": h.Check(), "Send": sent, "Track": tracked, "Do": done, "Receive": received, "ServeHook": hooked, "Wake": woken,
	} {
		want := "internal"
		if where == "Send" { // it may have been sent before
			want = "unknown"
		}
		e, ok := err.(*sdk.Error)
		if !ok || e.Code != plugin.CodePanic || e.Kind != want {
			t.Errorf("%s: %#v", where, err)
		}
		if !strings.Contains(log.String(), `"in":"`+where+`"`) {
			t.Errorf("no line in the log about %s", where)
		}
	}
	if !strings.Contains(log.String(), "runtime_test.go") {
		t.Error("no stack in the log")
	}
	if err := h.Stop(time.Second); err != nil {
		t.Error(err)
	}
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestMistakesInADescriptionAreNamed(t *testing.T) {
	_, err := sdk.NewServer(sdk.Connector[fakeSettings]{
		Name: "Плохое имя", Version: "один", Type: (*fake)(nil),
		Kinds: []sdk.Kind{"gossip"}, Purposes: []sdk.Purpose{"revenge"},
		Operations: []sdk.Operation{
			{Name: "a", Place: "roof", Schedule: time.Minute, Input: 5},
			{Name: "a", Title: "А", Place: sdk.PlaceChannel, Schedule: time.Millisecond},
		},
	}, hclog.NewNullLogger())
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"Name must be", "no Title", "no Summary", "semantic version", "no New", `unknown kind "gossip"`, `unknown purpose "revenge"`,
		`operation a: unknown Place "roof"`, "operation a: no Title", "can have a Schedule", "Input:", "declared twice", "a second or more",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	_, err = sdk.NewServer(sdk.Connector[fakeSettings]{Name: "bare", Title: "Б", Summary: "Б", Version: "1.0.0"}, hclog.NewNullLogger())
	if err == nil || !strings.Contains(err.Error(), "no Type") {
		t.Error(err)
	}
}

// ---- hooks

func TestHookStreamsBothWaysAndEmits(t *testing.T) {
	const size = 3 << 20
	h := open(t, &fake{serveHook: func(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
		// Emitting before the body is read must not deadlock.
		if err := emit.Emit(ctx, letter("before"), nil); err != nil {
			return sdk.HookReply{}, err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return sdk.HookReply{}, err
		}
		if err := emit.Post(ctx, letter("after", sdk.Bytes("upload", body)), nil); err != nil {
			return sdk.HookReply{}, err
		}
		reply := sdk.HookReply{Status: 201, Header: http.Header{"X-Got": {r.Method, r.URL.Path, r.URL.Query().Get("a"), r.Header.Get("X-Key"), r.RemoteAddr}}}
		reply.Body = io.LimitReader(zeroReader{}, size)
		return reply, nil
	}})
	req := httptest.NewRequest("PUT", "/files/1?a=b", io.LimitReader(zeroReader{}, size)).WithContext(t.Context())
	req.Header.Set("X-Key", "k")
	reply, err := h.Hook(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := reply.Header["X-Got"]; reply.StatusCode != 201 || !slices.Equal(got, []string{"PUT", "/files/1", "b", "k", req.RemoteAddr}) {
		t.Error(reply.StatusCode, got)
	}
	if n, err := io.Copy(io.Discard, reply.Body); err != nil || n != size {
		t.Error(n, err)
	}
	kept := h.Stored()
	if ids(kept) != "before after" || kept[1].Files[0].Size != size {
		t.Error(ids(kept))
	}
}

func TestHookTellsRefusalsAndErrors(t *testing.T) {
	h := open(t, &fake{serveHook: func(ctx context.Context, r *http.Request, emit sdk.Emitter) (sdk.HookReply, error) {
		if r.URL.Path == "/bad" {
			return sdk.HookReply{}, sdk.Invalid("sign", "подпись не сходится")
		}
		return sdk.HookReply{}, nil
	}})
	_, err := h.Hook(httptest.NewRequest("POST", "/bad", strings.NewReader("x")).WithContext(t.Context()))
	if e, ok := err.(*sdk.Error); !ok || e.Kind != "invalid" || e.Field != "sign" {
		t.Errorf("%#v", err)
	}
	reply, err := h.Hook(httptest.NewRequest("POST", "/good", nil).WithContext(t.Context()))
	if err != nil || reply.StatusCode != 200 {
		t.Error(reply, err)
	}
}

// ---- operations

func TestOperationTakesAndGivesFilesAndTellsProgress(t *testing.T) {
	h := open(t, &fake{do: func(_ context.Context, call sdk.OperationCall) (sdk.Result, error) {
		var in input
		if err := call.Input.Decode(&in); err != nil {
			return sdk.Result{}, err
		}
		if call.Token == "" {
			call.Progress(1, 2, "подписываем")
			return sdk.Result{Pending: true, Token: "t1", AskAfter: time.Millisecond}, nil
		}
		body, err := sdktest.Body(call.Files[0])
		if err != nil {
			return sdk.Result{}, err
		}
		return sdk.Result{
			Output: sdk.Values{"account": in.Account, "user": call.User, "document": call.Document, "token": call.Token},
			Files:  []sdk.File{sdk.Bytes("upper", bytes.ToUpper(body)), zeros("big", 600<<10)},
		}, nil
	}})
	progress := ""
	call := sdk.OperationCall{
		Operation: "look", Input: sdk.Values{"account": "77", "months": 3}, Document: "doc_1", User: "usr_1",
		Files:    []sdk.File{sdk.Bytes("in", bytes.Repeat([]byte("abc"), 200_000))},
		Progress: func(done, total int64, text string) { progress += fmt.Sprint(done, total, text) },
	}
	r, err := h.Do(t.Context(), call)
	if err != nil || !r.Pending || r.Token != "t1" || r.AskAfter != time.Millisecond || progress != "1 2подписываем" {
		t.Fatal(r, progress, err)
	}
	call.Token = r.Token
	r, err = h.Do(t.Context(), call)
	if err != nil || r.Pending || fmt.Sprint(r.Output) != "map[account:77 document:doc_1 token:t1 user:usr_1]" {
		t.Fatal(r, err)
	}
	body, err := sdktest.Body(r.Files[0])
	if err != nil || !bytes.Equal(body, bytes.Repeat([]byte("ABC"), 200_000)) || r.Files[1].Size != 600<<10 {
		t.Error(len(body), err)
	}
}

func TestInputOfAnOperationIsCheckedBeforeItRuns(t *testing.T) {
	h := open(t, &fake{do: func(context.Context, sdk.OperationCall) (sdk.Result, error) {
		t.Error("it ran")
		return sdk.Result{}, nil
	}})
	_, err := h.Do(t.Context(), sdk.OperationCall{Operation: "look", Input: sdk.Values{"months": 13, "what": 1}})
	e, ok := err.(*sdk.Error)
	if !ok || e.Kind != "invalid" || len(e.Faults) != 3 {
		t.Errorf("%#v", err)
	}
	_, err = h.Do(t.Context(), sdk.OperationCall{Operation: "plain", Files: []sdk.File{sdk.Bytes("a", nil)}})
	if sdk.KindOf(err) != "invalid" {
		t.Error(err)
	}
	if _, err = h.Do(t.Context(), sdk.OperationCall{Operation: "nothing"}); sdk.KindOf(err) != "not_found" {
		t.Error(err)
	}
}

func TestGivenUpOperationEnds(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	h := open(t, &fake{do: func(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
		close(started)
		<-ctx.Done()
		close(ended)
		return sdk.Result{}, ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := h.Do(ctx, sdk.OperationCall{Operation: "plain"}); err == nil {
		t.Error("no error")
	}
	soon(t, ended, "the operation to end")
}

func TestValuesOfStructs(t *testing.T) {
	type row struct {
		Month string  `json:"month" title:"Месяц"`
		Sum   float64 `json:"sum" title:"Начислено"`
	}
	type table struct {
		Debt float64 `setting:"debt" title:"Долг"`
		Rows []row   `setting:"rows" title:"По месяцам"`
	}
	v, err := sdk.ValuesOf(table{Debt: 1.5, Rows: []row{{"май", 10}, {"июнь", 20}}})
	if err != nil || fmt.Sprint(v) != "map[debt:1.5 rows:[map[month:май sum:10] map[month:июнь sum:20]]]" {
		t.Error(v, err)
	}
	var back table
	if err := v.Decode(&back); err != nil || len(back.Rows) != 2 || back.Rows[1].Sum != 20 {
		t.Error(back, err)
	}
	if err := (sdk.Values{"x": 1}).Decode(&back); sdk.KindOf(err) != "invalid" {
		t.Error(err)
	}
	if err := (sdk.Values{}).Decode(back); err == nil {
		t.Error("decoded into a struct that is no pointer")
	}
}
