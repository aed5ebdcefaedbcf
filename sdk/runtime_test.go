package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// ---- send

func TestDeliveriesKeepToTheConcurrency(t *testing.T) {
	var now, most atomic.Int32
	var order []string
	var mu sync.Mutex
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		most.Store(max(most.Load(), now.Add(1)))
		mu.Lock()
		order = append(order, d.Delivery)
		mu.Unlock()
		time.Sleep(time.Millisecond) // so that deliveries can overlap
		now.Add(-1)
		return sdk.Receipt{}, nil
	}})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: fmt.Sprint("d", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 2 || len(order) != 100 {
		t.Errorf("%d deliveries at once, %d made", most.Load(), len(order))
	}
}

func TestCancelledDeliveryEnds(t *testing.T) {
	started := make(chan string, 10)
	h := open(t, &fake{send: func(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		started <- d.Delivery
		<-ctx.Done()
		return sdk.Receipt{}, ctx.Err()
	}})
	const n = 4 // two under way, two waiting
	cancels, results := make([]context.CancelFunc, n), make([]chan error, n)
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		cancels[i], results[i] = cancel, make(chan error, 1)
		go func() {
			_, err := h.Send(ctx, sdk.Dispatch{Delivery: fmt.Sprint("d", i)})
			results[i] <- err
		}()
		if i < 2 {
			<-started
		}
	}
	for i := n - 1; i >= 0; i-- { // the waiting ones first: they must never start
		cancels[i]()
	}
	for i := range n {
		err := <-results[i]
		if e, ok := err.(*sdk.Error); !ok || e.Code != plugin.CodeCanceled || e.Kind != "unavailable" {
			t.Errorf("d%d: %#v", i, err)
		}
	}
}

func TestSameDeliveryNeverRunsTwiceAtOnce(t *testing.T) {
	var now, runs atomic.Int32
	h := open(t, &fake{send: func(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
		if runs.Add(1); now.Add(1) > 1 {
			t.Error("the delivery runs twice at once")
		}
		time.Sleep(5 * time.Millisecond) // so that they would overlap
		now.Add(-1)
		return sdk.Receipt{}, nil
	}})
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "same"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 6 {
		t.Error(runs.Load())
	}
}

// zeros is a large file that lies nowhere.
func zeros(name string, n int64) sdk.File {
	return sdk.File{Name: name, Size: n, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeroReader{}, n)), nil
	}}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// held is what lies in memory when nothing more can be collected.
func held() int64 {
	var m runtime.MemStats
	runtime.GC() // twice, so that pools of buffers are emptied
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// comesDownTo waits until no more than most lies in memory, and tells the least
// that did. Buffers of a line that another goroutine has still to give back go
// by themselves; a file that is kept does not.
func comesDownTo(most int64) (least int64) {
	least = held()
	for until := time.Now().Add(sdktest.Patience); least > most && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
		least = min(least, held())
	}
	return least
}

func TestLargeFileOfADispatchDoesNotLieInMemory(t *testing.T) {
	const size, most = 200 << 20, 10 << 20
	var before, grown int64
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		grown = comesDownTo(before+most) - before
		for range 2 { // a file may be opened again
			if err := drain(d.Files[0], size); err != nil {
				return sdk.Receipt{}, err
			}
		}
		if len(d.Files) != 2 || d.Files[1].Name != "small" {
			return sdk.Receipt{}, errors.New("the small file is missing")
		}
		return sdk.Receipt{}, nil
	}})
	before = held()
	_, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "d", Files: []sdk.File{zeros("big", size), sdk.Bytes("small", []byte("x"))}})
	if err != nil {
		t.Fatal(err)
	}
	if grown > most {
		t.Errorf("%d MB in memory", grown>>20)
	}
	left, err := os.ReadDir(h.Scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the scratch folder: %v %v", left, err)
	}
}

// drain reads a file to its end, which must come after size bytes.
func drain(f sdk.File, size int64) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != size || f.Size != size {
		return fmt.Errorf("%d bytes, %w", n, err)
	}
	return r.Close()
}

func TestManyFilesOfADispatchDoNotLieInMemoryEither(t *testing.T) {
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		for i, f := range d.Files {
			body, err := sdktest.Body(f)
			if err != nil || !bytes.Equal(body, bytes.Repeat([]byte{byte(i)}, 60<<10)) {
				return sdk.Receipt{}, fmt.Errorf("file %d: %d bytes %w", i, len(body), err)
			}
		}
		return sdk.Receipt{Text: fmt.Sprint(len(d.Files))}, nil
	}})
	d := sdk.Dispatch{Delivery: "d"}
	for i := range 100 {
		d.Files = append(d.Files, sdk.Bytes(fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 60<<10)))
	}
	if r, err := h.Send(t.Context(), d); err != nil || r.Text != "100" {
		t.Error(r, err)
	}
}

func TestFullScratchFolderIsAFaultOfTheDelivery(t *testing.T) {
	var sends atomic.Int32
	h := sdktest.InProcess(t, connectorOf(&fake{send: func(context.Context, sdk.Dispatch) (sdk.Receipt, error) {
		sends.Add(1)
		return sdk.Receipt{}, nil
	}}, nil), nil)
	h.Scratch += "/is-not-there"
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "big", Files: []sdk.File{zeros("a", 3<<20), zeros("b", 1<<20)}})
	if e, ok := err.(*sdk.Error); !ok || e.Code != plugin.CodeScratch || e.Kind != "unavailable" {
		t.Errorf("%#v", err)
	}
	if _, err := h.Send(t.Context(), sdk.Dispatch{Delivery: "small", Files: []sdk.File{sdk.Bytes("a", []byte("x"))}}); err != nil {
		t.Error("the next delivery:", err)
	}
	if sends.Load() != 1 {
		t.Error(sends.Load(), "sends")
	}
}

func TestTrackAnswersForEveryItem(t *testing.T) {
	h := open(t, &fake{track: func(_ context.Context, items []sdk.TrackItem) ([]sdk.Receipt, error) {
		if len(items) == 3 {
			return make([]sdk.Receipt, 2), nil
		}
		return []sdk.Receipt{{State: sdk.StateRetry}, {State: sdk.StateRead, Text: items[1].Delivery + items[1].ExternalID}}, nil
	}})
	got, err := h.Track(sdk.TrackItem{}, sdk.TrackItem{Delivery: "d", ExternalID: "e"})
	if err != nil || got[0].State != sdk.StateRetry || got[1].State != sdk.StateRead || got[1].Text != "de" {
		t.Error(got, err)
	}
	if _, err := h.Track(make([]sdk.TrackItem, 3)...); sdk.KindOf(err) != "internal" {
		t.Error("too few answers:", err)
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

// ---- calls

func TestCallsOfTheConnectorReachTheHub(t *testing.T) {
	var env sdk.Env
	f := &fake{check: func(context.Context) error { return nil }}
	h := sdktest.InProcess(t, connectorOf(f, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	h.Handle("sign", func(_ context.Context, call sdk.Call) (sdk.Result, error) {
		if call.Input["fail"] == true {
			return sdk.Result{}, &sdk.Error{Kind: "rejected", Code: "sign.expired", Text: "срок сертификата истёк", Source: "remote"}
		}
		if call.Token == "" && call.Input["wait"] == true {
			return sdk.Result{Pending: true, Token: "t", AskAfter: time.Second}, nil
		}
		body, err := sdktest.Body(call.Files[0])
		if err != nil {
			return sdk.Result{}, err
		}
		return sdk.Result{
			Output: sdk.Values{"n": call.Input["n"], "token": call.Token},
			Files:  []sdk.File{sdk.Bytes(call.Files[0].Name+".sig", body), sdk.Bytes("empty", nil)},
		}, nil
	})
	h.OpenCalls()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			size := i * 30_000
			r, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"n": i}, Files: []sdk.File{zeros(fmt.Sprint(i), int64(size))}})
			if err != nil {
				t.Error(err)
				return
			}
			body, err := sdktest.Body(r.Files[0])
			if err != nil || len(body) != size || r.Output["n"] != float64(i) || r.Files[0].Name != fmt.Sprint(i, ".sig") || r.Files[1].Size != 0 {
				t.Error(i, len(body), r.Output, err)
			}
		})
	}
	wg.Wait()
	_, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"fail": true}})
	if e, ok := err.(*sdk.Error); !ok || e.Code != "sign.expired" || e.Kind != "rejected" {
		t.Errorf("%#v", err)
	}
	r, err := env.Call(t.Context(), sdk.Call{Service: "sign", Input: sdk.Values{"wait": true}, Files: []sdk.File{zeros("a", 1)}})
	if err != nil || !r.Pending || r.Token != "t" {
		t.Error(r, err)
	}
	r, err = env.Call(t.Context(), sdk.Call{Service: "sign", Token: "t", Files: []sdk.File{zeros("a", 1)}})
	if err != nil || r.Pending || r.Output["token"] != "t" {
		t.Error(r, err)
	}
	_, err = env.Call(t.Context(), sdk.Call{Service: "documents.list"})
	if e, ok := err.(*sdk.Error); !ok || e.Kind != "forbidden" {
		t.Error("undeclared:", err)
	}
}

func TestCallEndsWithItsContextOrTheLine(t *testing.T) {
	var env sdk.Env
	h := sdktest.InProcess(t, connectorOf(&fake{}, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	began, ended := make(chan struct{}, 2), make(chan struct{}, 2)
	h.Handle("sign", func(ctx context.Context, _ sdk.Call) (sdk.Result, error) {
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return sdk.Result{}, ctx.Err()
	})
	closeCalls := h.OpenCalls()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	if _, err := env.Call(ctx, sdk.Call{Service: "sign"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-ended // the hub heard of it

	lost := make(chan error, 1)
	go func() {
		_, err := env.Call(t.Context(), sdk.Call{Service: "sign"})
		lost <- err
	}()
	<-began
	closeCalls()
	if err := <-lost; sdk.KindOf(err) != "unavailable" {
		t.Error(err)
	}
	// A stream that is opened later serves a call that waits for it.
	h.Handle("sign", func(context.Context, sdk.Call) (sdk.Result, error) {
		return sdk.Result{Output: sdk.Values{"ok": true}}, nil
	})
	waiting := make(chan error, 1)
	go func() {
		_, err := env.Call(t.Context(), sdk.Call{Service: "sign"})
		waiting <- err
	}()
	h.OpenCalls()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

func TestUnreadableFileOfACallCancelsIt(t *testing.T) {
	var env sdk.Env
	h := sdktest.InProcess(t, connectorOf(&fake{}, &env), nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	h.Handle("sign", func(context.Context, sdk.Call) (sdk.Result, error) {
		t.Error("a torn call was served")
		return sdk.Result{}, nil
	})
	h.OpenCalls()
	disk := errors.New("диск")
	_, err := env.Call(t.Context(), sdk.Call{Service: "sign", Files: []sdk.File{
		zeros("whole", 1<<20), {Name: "torn", Open: func() (io.ReadCloser, error) { return nil, disk }},
	}})
	if !errors.Is(err, disk) {
		t.Error(err)
	}
}
