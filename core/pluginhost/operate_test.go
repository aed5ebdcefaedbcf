package pluginhost_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

func (r *rig) attach(body string) core.Attachment {
	r.t.Helper()
	ref, err := r.blobs.Put(r.t.Context(), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "файл.txt"}
}

func values(t *testing.T, r pluginhost.Result) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.Output, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOperationTakesAndReturnsFiles(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	var mu sync.Mutex
	var progress []pluginhost.Progress
	small, large := r.attach("мал"), r.attach(strings.Repeat("велик", 200_000))
	got, err := r.host.Do(t.Context(), "c", pluginhost.OperationCall{
		Operation: "echo", Input: json.RawMessage(`{"a":1}`), Files: []core.Attachment{small, large}, Document: "doc_1",
		Progress: func(p pluginhost.Progress) {
			mu.Lock()
			defer mu.Unlock()
			progress = append(progress, p)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := values(t, got)
	if v["a"] != 1.0 || v["document"] != "doc_1" || v["size1"] != float64(large.Size) {
		t.Errorf("output = %v", v)
	}
	if len(got.Files) != 2 || got.Files[0].Hash != small.Hash || got.Files[1].Hash != large.Hash || got.Files[1].MediaType == "" {
		t.Errorf("files = %+v", got.Files)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(progress) != 1 || progress[0] != (pluginhost.Progress{Done: 1, Total: 2, Text: "половина"}) {
		t.Errorf("progress = %v", progress)
	}
}

func TestPendingOperationIsAskedAgain(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	call := pluginhost.OperationCall{Operation: "echo", Input: json.RawMessage(`{"later":true}`)}
	got, err := r.host.Do(t.Context(), "c", call)
	if err != nil || !got.Pending || got.Token != "позже" {
		t.Fatalf("result = %+v, %v", got, err)
	}
	call.Token = got.Token
	if got, err = r.host.Do(t.Context(), "c", call); err != nil || got.Pending || values(t, got)["token"] != "позже" {
		t.Errorf("result = %+v, %v", got, err)
	}
}

func TestOperationsThatCannotRun(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	draft := r.draft("off", "test", nil)
	draft.Enabled = false
	if _, err := r.host.Channels().Create(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		channel core.ChannelID
		call    pluginhost.OperationCall
		want    core.Kind
	}{
		"no such channel":   {"none", pluginhost.OperationCall{Operation: "echo"}, core.KindNotFound},
		"stopped channel":   {"off", pluginhost.OperationCall{Operation: "echo"}, core.KindUnavailable},
		"no such operation": {"c", pluginhost.OperationCall{Operation: "dance"}, core.KindNotFound},
		"no files wanted":   {"c", pluginhost.OperationCall{Operation: "ask", Files: []core.Attachment{r.attach("x")}}, core.KindInvalid},
		"input not JSON":    {"c", pluginhost.OperationCall{Operation: "echo", Input: []byte("{")}, core.KindInvalid},
	} {
		if _, err := r.host.Do(t.Context(), tc.channel, tc.call); core.KindOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectorsCallTheHubAndEachOther(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) {
		o.Services = map[string]pluginhost.Service{
			"greet": func(ctx context.Context, call pluginhost.ServiceCall) (pluginhost.Result, error) {
				who := core.ActorOf(ctx)
				out, err := json.Marshal(map[string]any{"channel": call.Channel, "actor": who.ID, "files": len(call.Files)})
				return pluginhost.Result{Output: out}, err
			},
		}
	})
	r.channel("asker", "test", nil)
	r.awaitState("asker", core.ChannelRunning)
	ask := func(service string) (pluginhost.Result, error) {
		in, _ := json.Marshal(map[string]string{"service": service})
		return r.host.Do(t.Context(), "asker", pluginhost.OperationCall{Operation: "ask", Input: in})
	}
	got, err := ask("greet")
	if err != nil {
		t.Fatal(err)
	}
	if v := values(t, got); v["channel"] != "asker" || v["actor"] != "asker" || v["files"] != 1.0 {
		t.Errorf("greet = %v", v)
	}
	if _, err := ask("sign"); core.KindOf(err) != core.KindUnavailable {
		t.Errorf("nobody signs: %v", err)
	}
	if _, err := ask("documents.list"); core.KindOf(err) != core.KindForbidden {
		t.Errorf("undeclared call: %v", err)
	}
	r.channel("signer", "test", nil)
	r.awaitState("signer", core.ChannelRunning)
	got, err = ask("sign")
	if err != nil {
		t.Fatal(err)
	}
	if v := values(t, got); v["operation"] != "sign" || v["size0"] != 14.0 {
		t.Errorf("sign = %v", v)
	}
}

func TestScheduledOperationRunsWhenAJobAsks(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	if err := r.host.RunScheduled(t.Context(), "c", "tick"); err != nil {
		t.Fatal(err)
	}
	if n := len(r.lines("ticks")); n != 1 {
		t.Errorf("it ran %d times", n)
	}
	if err := r.host.RunScheduled(t.Context(), "c", "none"); core.KindOf(err) != core.KindNotFound {
		t.Error(err)
	}
	if err := r.host.RunScheduled(t.Context(), "nowhere", "tick"); err == nil {
		t.Error("ran on a channel that is not there")
	}
}

func (r *rig) hook(method, path, body string) (*http.Response, string) {
	r.t.Helper()
	server := httptest.NewServer(r.host.Hooks())
	defer server.Close()
	req, err := http.NewRequestWithContext(r.t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Cookie", "session=ours")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(raw)
}

func TestHookBringsAMessage(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	resp, body := r.hook("POST", "/hooks/c/updates?id=u1", "привет")
	if resp.StatusCode != http.StatusAccepted || body != "принято POST" || resp.Header.Get("X-Path") != "/updates" {
		t.Errorf("%d %q, path %q", resp.StatusCode, body, resp.Header.Get("X-Path"))
	}
	if found, _ := r.messages(); found["u1"] == nil || found["u1"].Text != "привет" {
		t.Errorf("answered, but stored %v", found)
	}
	if resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("X-Cookie") != "" {
		t.Errorf("cookies cross the line: %v", resp.Header)
	}
	if resp.Header.Get("Content-Security-Policy") != "sandbox" {
		t.Error("a stranger's page runs as the hub's")
	}
}

func TestHooksThatAreRefused(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Limits.HookBytes = 1000 })
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	draft := r.draft("paused", "test", nil)
	draft.PausedIn = true
	if _, err := r.host.Channels().Create(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	r.awaitState("paused", core.ChannelRunning)
	for name, tc := range map[string]struct {
		path, body string
		want       int
	}{
		"no channel":         {"/hooks/none/x", "", 404},
		"no name":            {"/hooks/", "", 404},
		"paused":             {"/hooks/paused/x?id=1", "", 503},
		"plugin's no":        {"/hooks/c/forbidden", "", 403},
		"body too large":     {"/hooks/c/x?id=2", strings.Repeat("x", 5000), 400},
		"message not taken":  {"/hooks/c/x", "", 400},
		"cannot be declared": {"/hooks/c/x?id=" + strings.Repeat("i", 2000), "", 400},
	} {
		resp, body := r.hook("POST", tc.path, tc.body)
		if resp.StatusCode != tc.want || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	if found, _ := r.messages(); len(found) != 0 {
		t.Errorf("stored %v", found)
	}
}
