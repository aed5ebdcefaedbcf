package rest_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/store"
)

func mailInput() map[string]any {
	return map[string]any{
		"id": "mail", "title": "Почта", "plugin": "email", "enabled": true,
		"settings": map[string]any{"server": "imap.example.org", "password": "тайна"},
	}
}

func TestChannelSecretsGoInAndNeverComeOut(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	r := admin.post("/api/v1/channels", mailInput()).want(201)
	ch := read[rest.Channel](r)
	if len(ch.Secrets) != 1 || ch.Secrets[0] != "password" || ch.Status == nil || ch.Status.State != core.ChannelRunning {
		t.Fatalf("%+v", ch)
	}
	for _, path := range []string{"/api/v1/channels", "/api/v1/channels/mail", "/api/v1/channels/mail/history"} {
		if body := string(admin.get(path).want(200).body); strings.Contains(body, "тайна") {
			t.Errorf("%s: %s", path, body)
		}
	}
	if strings.Contains(h.log.String(), "тайна") {
		t.Error("the secret is in the log")
	}
}

func TestChannelIsChangedOnlyAsItWasRead(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	admin.post("/api/v1/channels/mail/pause", `{"direction":"in"}`).want(200)
	etag := admin.get("/api/v1/channels/mail").want(200).header.Get("ETag")
	in := mailInput()
	in["title"] = "Почта канцелярии"
	admin.put("/api/v1/channels/mail", in).problem(428, "request.if_match")
	ch := read[rest.Channel](admin.with("If-Match", etag).put("/api/v1/channels/mail", in).want(200))
	if ch.Title != "Почта канцелярии" || !ch.PausedIn || ch.PausedOut {
		t.Fatalf("%+v", ch)
	}
	admin.with("If-Match", etag).put("/api/v1/channels/mail", in).problem(409, "channels.stale")
	in["id"] = "other"
	admin.with("If-Match", `"3"`).put("/api/v1/channels/mail", in).problem(400, "request.body")
	admin.with("If-Match", `"3"`).put("/api/v1/channels/other", in).problem(404, "channels.not_found")
	admin.with("If-Match", etag).delete("/api/v1/channels/mail").problem(409, "channels.stale")
	admin.with("If-Match", `"3"`).delete("/api/v1/channels/mail").want(204)
	admin.get("/api/v1/channels/mail").problem(404, "channels.not_found")
}

func TestFaultsOfSettingsComeWithTheirPaths(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	in := mailInput()
	in["settings"] = map[string]any{"port": "много"}
	p := admin.post("/api/v1/channels", in).problem(400, "channel.settings")
	if len(p.Errors) != 2 || p.Errors[0].Field != "settings.port" {
		t.Fatalf("%+v", p.Errors)
	}
	p = admin.post("/api/v1/channels", `{"settings":[],"colour":1}`).problem(400, "request.body")
	if p.Errors[0].Field != "colour" {
		t.Fatalf("%+v", p.Errors)
	}
	p = admin.post("/api/v1/channels", `{"settings":[]}`).problem(400, "request.body")
	if len(p.Errors) != 4 {
		t.Fatalf("%+v", p.Errors)
	}
}

func TestChannelIsSwitchedPausedAndRun(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	own := "/api/v1/channels/mail"
	if ch := read[rest.Channel](admin.post(own+"/disable", nil).want(200)); ch.Enabled || ch.Status.State != core.ChannelStopped {
		t.Fatalf("%+v", ch)
	}
	if ch := read[rest.Channel](admin.post(own+"/enable", nil).want(200)); !ch.Enabled {
		t.Fatalf("%+v", ch)
	}
	if ch := read[rest.Channel](admin.post(own+"/pause", `{"direction":"both"}`).want(200)); !ch.PausedIn || !ch.PausedOut {
		t.Fatalf("%+v", ch)
	}
	if ch := read[rest.Channel](admin.post(own+"/resume", `{"direction":"out"}`).want(200)); !ch.PausedIn || ch.PausedOut {
		t.Fatalf("%+v", ch)
	}
	admin.post(own+"/pause", `{"direction":"up"}`).problem(400, "request.body")
	admin.post(own+"/run", nil).want(204)
	admin.post(own+"/restart", nil).want(204)
	if !h.host.noted("wake mail") || !h.host.noted("restart mail") {
		t.Fatal(h.host.calls)
	}
	admin.post(own+"/revert", `{"version":1}`).want(200)
	admin.post(own+"/revert", `{}`).problem(400, "request.body")
	clerk := h.clerk()
	clerk.get("/api/v1/channels").want(200)
	clerk.post(own+"/pause", `{"direction":"in"}`).problem(403, "access.forbidden")
	h.as("boss", core.RoleSupervisor).post(own+"/pause", `{"direction":"in"}`).want(200)
}

func TestCheckAnswersWhatTheOutsideSystemSays(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	own := "/api/v1/channels/mail/check"
	if got := read[rest.CheckResult](admin.post(own+"?section=imap", nil).want(200)); !got.OK || len(got.Parts) != 1 || !h.host.noted("check imap") {
		t.Fatalf("%+v", got)
	}
	h.host.checked = &core.Error{Kind: core.KindConfig, Code: "imap.login", Field: "imap.password", Text: "сервер не принял пароль", Source: core.SourceRemote}
	if got := read[rest.CheckResult](admin.post(own, nil).want(200)); got.OK || got.Problem == nil || got.Problem.Field != "imap.password" {
		t.Fatalf("%+v", got)
	}
	admin.post("/api/v1/channels/mail/disable", nil).want(200)
	read[rest.CheckResult](admin.post(own+"?section=smtp", nil).want(200))
	if !h.host.noted("draft smtp") {
		t.Fatal("a channel that does not run was not tried out:", h.host.calls)
	}
	h.host.checked = errors.New("a defect")
	admin.post(own, nil).problem(500, "internal")
	admin.post("/api/v1/channels/nothing/check", nil).problem(404, "channels.not_found")
}

func TestDraftIsCheckedAndNotKept(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	in := map[string]any{"plugin": "email", "settings": map[string]any{"server": "imap.example.org"}, "section": "imap"}
	if got := read[rest.CheckResult](admin.post("/api/v1/channels/check", in).want(200)); !got.OK {
		t.Fatalf("%+v", got)
	}
	if !h.host.noted("draft imap") {
		t.Fatal(h.host.calls)
	}
	if got := admin.get("/api/v1/channels").want(200); strings.TrimSpace(string(got.body)) != `{"items":[]}` {
		t.Fatalf("%s", got.body)
	}
	admin.post("/api/v1/channels/check", `{}`).problem(400, "request.body")
}

func TestChannelHistoryShowsSettingsAsTheyAre(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	in := mailInput()
	in["settings"] = map[string]any{"server": "mail.example.org"}
	admin.with("If-Match", `"1"`).put("/api/v1/channels/mail", in).want(200)
	entries := read[struct{ Items []store.Entry }](admin.get("/api/v1/channels/mail/history").want(200)).Items
	if !slices.ContainsFunc(entries[1].Changes, func(c store.FieldChange) bool {
		after, ok := c.After.(map[string]any)
		return c.Field == "settings" && ok && after["server"] == "mail.example.org"
	}) {
		t.Errorf("%+v", entries[1].Changes)
	}
}

func TestTrafficOfAChannelIsToldByStepsPeopleCountIn(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	for query, want := range map[string]struct {
		step  int
		hours uint32
	}{"": {15, 24}, "?hours=24": {15, 24}, "?hours=7": {15, 7}, "?hours=6": {5, 6}, "?hours=2": {5, 2}, "?hours=1": {1, 1}} {
		got := read[rest.Traffic](admin.get("/api/v1/channels/mail/traffic" + query).want(200))
		if got.StepMinutes != want.step || len(got.Items) != 1 || got.Items[0].Received != want.hours || got.Items[0].Failed != 1 {
			t.Errorf("%q: %+v", query, got)
		}
	}
	admin.get("/api/v1/channels/nothing/traffic").problem(404, "channels.not_found")
	admin.get("/api/v1/channels/mail/traffic?hours=25").problem(400, "request.query")
}

func TestChannelLogIsReadAndFollowed(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	lines := read[struct{ Items []map[string]any }](admin.get("/api/v1/channels/mail/log?lines=7").want(200)).Items
	if len(lines) != 1 || lines[0]["@message"] != "connected" || lines[0]["lines"] != 7.0 {
		t.Fatalf("%+v", lines)
	}
	s := admin.stream("/api/v1/channels/mail/log?follow=true", "")
	h.host.lines <- pluginhost.LogLine{At: h.clock(), Level: "info", Text: "new letter"}
	if e := s.want("line"); !strings.Contains(e.data, "new letter") {
		t.Fatalf("%+v", e)
	}
	h.server.Close()
	if e, ok := s.next(); ok {
		t.Fatalf("%+v after the end", e)
	}
	admin.get("/api/v1/channels/nothing/log").problem(404, "channels.not_found")
	admin.get("/api/v1/channels/mail/log?lines=0").problem(400, "request.query")
	h.clerk().get("/api/v1/channels/mail/log").problem(403, "access.forbidden")
}

func TestStateOfAChannelIsShownLive(t *testing.T) {
	h := newHub(t)
	s := h.clerk().stream("/api/v1/events?topics=channel.status", "")
	s.want("ready")
	if err := h.bus.Broadcast(bus.ChannelStatus, core.ChannelStatus{Channel: "mail", State: core.ChannelDegraded}); err != nil {
		t.Fatal(err)
	}
	if e := s.want("channel.status"); !strings.Contains(e.data, "degraded") {
		t.Fatalf("%+v", e)
	}
}

func TestOperationsAreThoseTheCallerMayRun(t *testing.T) {
	h := newHub(t)
	h.administrator().post("/api/v1/channels", mailInput()).want(201)
	for _, c := range []struct {
		client *client
		want   string
	}{
		{h.clerk(), "stamp"},
		{h.as("boss", core.RoleSupervisor), "stamp resync"},
		{h.as("both", core.RoleClerk, core.RoleAuditor), "stamp secret"},
	} {
		var got []string
		for _, op := range read[struct{ Items []rest.PluginOperation }](c.client.get("/api/v1/channels/mail/operations").want(200)).Items {
			got = append(got, op.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestOperationTakesAndGivesFiles(t *testing.T) {
	h := newHub(t)
	h.administrator().post("/api/v1/channels", mailInput()).want(201)
	h.host.do = func(call pluginhost.OperationCall) (pluginhost.Result, error) {
		if call.Document != "doc_1" || string(call.Input) != `{"page":2}` || len(call.Files) != 1 || call.User == "" {
			t.Errorf("%+v", call)
		}
		ref, err := h.blobs.Put(t.Context(), strings.NewReader("со штампом"))
		file := core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "штамп.pdf", MediaType: "application/pdf"}
		return pluginhost.Result{Output: []byte(`{"pages":1}`), Files: []core.Attachment{file}}, err
	}
	c := h.clerk()
	own := "/api/v1/channels/mail/operations/"
	r := read[rest.OperationResult](c.form(own+"stamp", map[string]any{"document": "doc_1", "input": map[string]any{"page": 2}}, file{"a.pdf", "%PDF"}).want(200))
	if len(r.Files) != 1 || string(r.Output) != `{"pages":1}` {
		t.Fatalf("%+v", r)
	}
	got := c.get(r.Files[0].URL).want(200)
	if string(got.body) != "со штампом" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%q %v", got.body, got.header)
	}
	h.as("ivan", core.RoleClerk).get(r.Files[0].URL).problem(404, "files.not_found")
	c.get(r.Files[0].URL+"x").problem(404, "files.not_found")
	c.get("/api/v1/results/x.y").problem(404, "files.not_found")
	h.pass(2 * time.Hour)
	c.get(r.Files[0].URL).problem(404, "files.not_found")

	c.post(own+"stamp", `{}`).problem(400, "request.body")
	c.post(own+"stamp", `{"input":[],"document":"doc_1"}`).problem(400, "request.body")
	c.post(own+"sign", `{}`).problem(404, "operation.not_found")
	c.post(own+"nothing", `{}`).problem(404, "operation.not_found")
	c.post(own+"resync", `{}`).problem(403, "access.forbidden")
	c.post(own+"secret", `{}`).problem(403, "access.forbidden")
}

func TestPendingOperationIsAskedAgain(t *testing.T) {
	h := newHub(t)
	h.administrator().post("/api/v1/channels", mailInput()).want(201)
	h.host.do = func(call pluginhost.OperationCall) (pluginhost.Result, error) {
		if call.Token == "" {
			return pluginhost.Result{Pending: true, Token: "t1", AskAfter: 1500 * time.Millisecond}, nil
		}
		return pluginhost.Result{Output: []byte(`{"signed":true}`)}, nil
	}
	c := h.clerk()
	own := "/api/v1/channels/mail/operations/stamp"
	first := read[rest.OperationResult](c.post(own, `{"document":"doc_1"}`).want(200))
	if !first.Pending || first.Token != "t1" || first.AskAfter != 1.5 {
		t.Fatalf("%+v", first)
	}
	if second := read[rest.OperationResult](c.post(own, `{"document":"doc_1","token":"t1"}`).want(200)); second.Pending {
		t.Fatalf("%+v", second)
	}
}

func TestProgressOfAnOperationIsShown(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	var fail error
	h.host.do = func(call pluginhost.OperationCall) (pluginhost.Result, error) {
		call.Progress(pluginhost.Progress{Done: 1, Total: 2})
		return pluginhost.Result{Output: []byte(`{}`)}, fail
	}
	run := admin.with("Accept", "text/event-stream")
	own := "/api/v1/channels/mail/operations/resync"
	if body := string(run.post(own, `{}`).want(200).body); !strings.Contains(body, "event: progress\ndata: {\"done\":1,\"total\":2}") || !strings.Contains(body, "event: result\n") {
		t.Fatal(body)
	}
	fail = &core.Error{Kind: core.KindRejected, Code: "imap.busy", Text: "ящик занят"}
	if body := string(run.post(own, `{}`).want(200).body); !strings.Contains(body, "event: problem\n") || !strings.Contains(body, "imap.busy") {
		t.Fatal(body)
	}
	entries := read[struct{ Items []core.AuditEntry }](admin.get("/api/v1/audit?operation=operations.run").want(200)).Items
	if len(entries) != 2 || entries[0].Outcome != "imap.busy" || entries[1].Object != "channels/mail/operations/resync" {
		t.Fatalf("%+v", entries)
	}
}

func TestPluginsAreListedAndDescribed(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	rows := read[struct{ Items []rest.PluginRow }](admin.get("/api/v1/plugins").want(200)).Items
	if len(rows) != 1 || rows[0].Current != "1.0.0" || rows[0].Channels != 1 {
		t.Fatalf("%+v", rows)
	}
	p := read[rest.PluginVersion](admin.get("/api/v1/plugins/email").want(200))
	if !strings.Contains(string(p.SettingsSchema), "server") || len(p.Operations) != 4 || p.Operations[1].Every != 3600 {
		t.Fatalf("%+v", p)
	}
	admin.get("/api/v1/plugins/nothing").want(404)
	h.clerk().get("/api/v1/plugins").problem(403, "access.forbidden")
}

func TestPluginIsInstalledUpgradedAndRemoved(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.post("/api/v1/channels", mailInput()).want(201)
	var pack bytes.Buffer
	if err := h.server.Catalog.Pack(t.Context(), binary100(t, "1.1.0"), &pack); err != nil {
		t.Fatal(err)
	}
	install := func(body []byte) *response { return admin.send("POST", "/api/v1/plugins", "application/gzip", body) }
	if p := read[rest.PluginVersion](install(pack.Bytes()).want(201)); p.Version != "1.1.0" || p.Current || len(p.Versions) != 2 {
		t.Fatalf("%+v", p)
	}
	if !h.host.noted("reconcile") {
		t.Fatal("the host was not told")
	}
	install([]byte("no package")).want(400)
	admin.send("POST", "/api/v1/plugins", "text/plain", []byte("x")).problem(415, "request.media_type")

	admin.get("/api/v1/plugins/email/versions/1.1.0").want(200)
	admin.post("/api/v1/plugins/email/upgrade", `{"version":"1.1.0"}`).want(204)
	admin.post("/api/v1/plugins/email/upgrade", `{"version":"9.0.0"}`).want(404)
	admin.post("/api/v1/plugins/email/upgrade", `{}`).problem(400, "request.body")
	if !h.host.noted("upgrade email 1.1.0") {
		t.Fatal(h.host.calls)
	}
	admin.delete("/api/v1/plugins/email/versions/1.0.0").problem(409, "plugins.used")
	admin.put("/api/v1/plugins/email/current", `{"version":"1.1.0","pin":true}`).want(204)
	if p := read[rest.PluginVersion](admin.get("/api/v1/plugins/email").want(200)); p.Version != "1.1.0" || !p.Pinned {
		t.Fatalf("%+v", p)
	}
	admin.delete("/api/v1/plugins/email/versions/1.0.0").want(204)
	admin.get("/api/v1/plugins/email/versions/1.0.0").want(404)
}

func TestMetricsCountTheChannels(t *testing.T) {
	body := string(newHub(t).anonymous().get("/metrics").want(200).body)
	for _, line := range []string{`uzel_channel_received_total{channel="mail",plugin="email"} 7`, `uzel_channel_running{channel="mail",plugin="email"} 1`, "go_goroutines"} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s", line)
		}
	}
}

func TestHTMLOfALetterCannotRun(t *testing.T) {
	h := newHub(t)
	hostile, err := os.ReadFile("testdata/hostile.html")
	if err != nil {
		t.Fatal(err)
	}
	d := h.letter("HTML", "ivan@example.org", func(d *core.Document) { d.HTML = string(hostile) })
	shown := read[rest.DocumentCard](h.clerk().get(path(d)).want(200)).Document.HTML
	for _, bad := range []string{"script", "onerror", "javascript:", "<iframe", "<form", "<style", " src=\"http", "<svg", "<base", "<meta"} {
		if strings.Contains(strings.ToLower(shown), bad) {
			t.Errorf("%s is left in %s", bad, shown)
		}
	}
	for _, good := range []string{"<b>жирный</b>", `src="cid:logo"`, `data-remote-src="https://example.org/pixel.png"`, `href="https://example.org/"`, "noreferrer"} {
		if !strings.Contains(shown, good) {
			t.Errorf("%s is lost from %s", good, shown)
		}
	}
}
