package pluginhost_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/store"
)

func settingsOf(t *testing.T, ch *core.Channel) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(ch.Settings, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSecretsGoInAndDoNotComeOut(t *testing.T) {
	r := newRig(t, nil)
	r.write("password", "right")
	ch := r.channel("c", "test", set{"password": "right"})
	if strings.Contains(fmt.Sprintf("%s %v", ch.Settings, ch.Secrets), "right") {
		t.Errorf("created channel shows its secret: %s %v", ch.Settings, ch.Secrets)
	}
	if sealed, set := ch.Secrets["password"]; !set || sealed != nil {
		t.Errorf("secrets = %v", ch.Secrets)
	}
	r.awaitState("c", core.ChannelRunning)
	var raw []byte
	r.store.View(t.Context(), func(tx store.Tx) (err error) {
		raw, err = tx.Get("t/channels", []byte("c"))
		return err
	})
	if len(raw) == 0 || strings.Contains(string(raw), "right") {
		t.Error("the secret is readable in the store")
	}
	for name, given := range map[string]any{"not given": nil, "masked": "***"} {
		next := r.draft("c", "test", set{"count": 7})
		if given != nil {
			next = r.draft("c", "test", set{"count": 7, "password": given})
		}
		got, err := r.host.Channels().Update(t.Context(), next)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, set := got.Secrets["password"]; !set {
			t.Errorf("%s: the secret is gone", name)
		}
	}
	r.awaitState("c", core.ChannelRunning) // the password still opens
	got, err := r.host.Channels().Update(t.Context(), r.draft("c", "test", set{"password": ""}))
	if err != nil || len(got.Secrets) != 0 {
		t.Errorf("an emptied secret stays: %v, %v", got.Secrets, err)
	}
}

func TestSecretsInGroupsAndTablesStayWithTheirRows(t *testing.T) {
	r := newRig(t, nil)
	row := func(name, key string) set {
		if key == "" {
			return set{"name": name}
		}
		return set{"name": name, "key": key}
	}
	last := func() string { keys := r.lines("keys"); return keys[len(keys)-1] }
	ch := r.channel("c", "test", set{"group": set{"key": "g"}, "boxes": []set{row("a", "1"), row("b", "2"), row("c", "3")}})
	if strings.Contains(string(ch.Settings), "key") || len(ch.Secrets) != 4 {
		t.Errorf("settings = %s, secrets %v", ch.Settings, ch.Secrets)
	}
	if got := last(); got != "g a=1 b=2 c=3" {
		t.Errorf("the plugin got %q", got)
	}
	// One row less and one key changed; the group is not mentioned at all.
	got, err := r.host.Channels().Update(t.Context(), r.draft("c", "test", set{"boxes": []set{row("a", ""), row("b", "9")}}))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Secrets) != 3 || last() != "g a=1 b=9" {
		t.Errorf("secrets %v, the plugin got %q", got.Secrets, last())
	}
	_, err = r.host.Channels().Update(t.Context(), r.draft("c", "test", set{"group": set{"key": 5}}))
	if e, ok := err.(*core.Error); !ok || e.Field != "group.key" {
		t.Errorf("a number for a secret: %v", err)
	}
}

func TestGeneratedSettingsAreFilledAndStay(t *testing.T) {
	r := newRig(t, nil)
	ch := r.channel("c", "test", nil)
	token, _ := settingsOf(t, ch)["token"].(string)
	if len(token) < 20 {
		t.Fatalf("token = %q", token)
	}
	got, err := r.host.Channels().Update(t.Context(), *ch)
	if err != nil || settingsOf(t, got)["token"] != token {
		t.Errorf("token changed to %v, %v", settingsOf(t, got)["token"], err)
	}
}

func TestWrongSettingsAreRefusedAllAtOnce(t *testing.T) {
	r := newRig(t, nil)
	channels := r.host.Channels()
	with := func(edit func(*core.Channel)) core.Channel {
		ch := r.draft("c", "test", nil)
		edit(&ch)
		return ch
	}
	cases := map[string]struct {
		ch     core.Channel
		fields string // of the faults
	}{
		"decoder":     {with(func(c *core.Channel) { c.Settings = []byte(`{"count":-1,"strange":1}`) }), "settings.strange settings.world settings.count"},
		"constructor": {r.draft("c", "test", set{"receive": "refuse"}), "settings.receive settings.count"},
		"no object":   {with(func(c *core.Channel) { c.Settings = []byte(`[]`) }), "settings"},
		"no plugin":   {r.draft("c", "none", nil), "plugin"},
		"no version":  {with(func(c *core.Channel) { c.Version = "9.9.9" }), "plugin"},
		"bad id":      {r.draft("С кириллицей", "test", nil), "id"},
		"own fields":  {with(func(c *core.Channel) { c.Title = ""; c.ForwardTo = []core.ChannelID{"c", "none"} }), "title forward_to forward_to forward_to"},
	}
	for name, tc := range cases {
		_, err := channels.Create(t.Context(), tc.ch)
		e, ok := err.(*core.Error)
		if !ok || e.Kind != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var fields []string
		for _, f := range e.Faults {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, " "); got+e.Field != tc.fields {
			t.Errorf("%s: fields %q + %q, want %q", name, got, e.Field, tc.fields)
		}
	}
	if all, err := channels.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("kept %v, %v", all, err)
	}
}

func TestTakenIDAndStaleVersionAreConflicts(t *testing.T) {
	r := newRig(t, nil)
	ch := r.channel("c", "test", nil)
	if _, err := r.host.Channels().Create(t.Context(), r.draft("c", "test", nil)); core.KindOf(err) != core.KindConflict {
		t.Errorf("created twice: %v", err)
	}
	if _, err := r.host.Channels().Update(t.Context(), *ch); err != nil {
		t.Fatal(err)
	}
	if _, err := r.host.Channels().Update(t.Context(), *ch); core.KindOf(err) != core.KindConflict {
		t.Errorf("stale version: %v", err)
	}
}

func TestHistoryHidesSecretsAndLeadsBack(t *testing.T) {
	r := newRig(t, nil)
	r.write("password", "first")
	channels := r.host.Channels()
	first := r.channel("c", "test", set{"password": "first", "count": 1})
	draft := r.draft("c", "test", set{"count": 2, "check": "fail"})
	draft.Title = "Другое имя"
	if _, err := channels.Update(t.Context(), draft); err != nil {
		t.Fatal(err)
	}
	r.awaitState("c", core.ChannelDegraded)
	if _, err := channels.Update(t.Context(), r.draft("other", "test", nil)); core.KindOf(err) != core.KindNotFound {
		t.Errorf("updated what is not there: %v", err)
	}
	entries, err := channels.History(t.Context(), "c")
	if err != nil || len(entries) != 2 || entries[0].Operation != store.Created {
		t.Fatalf("history = %+v, %v", entries, err)
	}
	changed := map[string]string{}
	for _, c := range entries[1].Changes {
		changed[c.Field] = fmt.Sprint(c.Before, " → ", c.After)
	}
	if changed["title"] != "Канал c → Другое имя" || changed["secrets"] != "" || !strings.Contains(changed["settings"], "count:1 ") {
		t.Errorf("changes = %v", changed)
	}
	back, err := channels.Revert(t.Context(), "c", 1)
	if err != nil {
		t.Fatal(err)
	}
	if back.Title != first.Title || string(back.Settings) != string(first.Settings) || back.Meta.Version != 3 {
		t.Errorf("reverted to %+v", back)
	}
	r.awaitState("c", core.ChannelRunning) // with the password it has kept
	if _, err := channels.Revert(t.Context(), "c", 9); core.KindOf(err) != core.KindNotFound {
		t.Errorf("no such version: %v", err)
	}
}

func TestDraftIsCheckedWithoutKeepingIt(t *testing.T) {
	r := newRig(t, nil)
	r.write("password", "right")
	channels := r.host.Channels()
	draft := r.draft("new", "test", set{"password": "wrong"})
	if _, err := channels.Check(t.Context(), pluginhost.Draft{Channel: draft}); core.KindOf(err) != core.KindConfig {
		t.Errorf("wrong password: %v", err)
	}
	draft = r.draft("new", "test", set{"password": "right"})
	if _, err := channels.Check(t.Context(), pluginhost.Draft{Channel: draft}); err != nil {
		t.Errorf("right password: %v", err)
	}
	if all, _ := channels.List(t.Context()); len(all) != 0 {
		t.Errorf("kept %v", all)
	}
	r.channel("kept", "test", set{"password": "right"})
	draft = r.draft("kept", "test", set{"count": 3}) // the form does not know the password
	if _, err := channels.Check(t.Context(), pluginhost.Draft{Channel: draft}); err != nil {
		t.Errorf("kept password: %v", err)
	}
	r.awaitState("kept", core.ChannelRunning)
	if _, err := r.host.Check(t.Context(), "kept", ""); err != nil {
		t.Errorf("running channel: %v", err)
	}
	entries, _ := os.ReadDir(r.dir + "/host/scratch")
	for _, e := range entries {
		if e.Name() != "kept" {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

func TestUpgradeMovesChannelsAndLosesNothing(t *testing.T) {
	r := newRig(t, nil)
	if err := r.cat.SetCurrent("test", "1.0.0", true); err != nil {
		t.Fatal(err)
	}
	r.add(identity{Version: "1.1.0", Concurrency: 8})
	r.channel("c", "test", set{"receive": "flood", "size": 0})
	pinned := r.draft("pinned", "test", nil)
	pinned.Version = "1.0.0"
	if _, err := r.host.Channels().Create(t.Context(), pinned); err != nil {
		t.Fatal(err)
	}
	await(t, "messages", func() bool { return r.status("c").Received > 50 })
	if err := r.host.Upgrade(t.Context(), "test", "1.1.0"); err != nil {
		t.Fatal(err)
	}
	await(t, "the new version", func() bool { s := r.status("c"); return s.Version == "1.1.0" && s.State == core.ChannelRunning })
	await(t, "the end of the trial", func() bool { return r.cat.TrialOf("test") == nil })
	if s := r.status("c"); s.Version != "1.1.0" || s.Restarts != 0 {
		t.Errorf("after the trial: %+v", s)
	}
	if s := r.status("pinned"); s.Version != "1.0.0" {
		t.Errorf("the pinned channel runs %s", s.Version)
	}
	if err := r.host.Channels().Delete(t.Context(), "pinned"); err != nil {
		t.Fatal(err)
	}
	assertNoGap(t, r)
}

func TestUpgradeThatFallsIsRolledBack(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing.Trial = time.Minute })
	if err := r.cat.SetCurrent("test", "1.0.0", true); err != nil {
		t.Fatal(err)
	}
	r.add(identity{Version: "2.0.0", Broken: "order"}) // passes its checks, then breaks the protocol
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	if err := r.host.Upgrade(t.Context(), "test", "2.0.0"); err != nil {
		t.Fatal(err)
	}
	await(t, "the old version again", func() bool {
		s := r.status("c")
		return r.cat.TrialOf("test") == nil && s.Version == "1.0.0" && s.State == core.ChannelRunning
	})
	if e, _ := r.cat.Get("test", ""); e.Version != "1.0.0" {
		t.Errorf("current = %s", e.Version)
	}
	tail, _ := r.host.LogTail("c", 50)
	told := false
	for _, l := range tail {
		told = told || l.Text == "upgrade rolled back"
	}
	if !told {
		t.Error("the channel's log does not tell")
	}
}

func TestUpgradeThatDoesNotPassChangesNothing(t *testing.T) {
	r := newRig(t, nil)
	if err := r.cat.SetCurrent("test", "1.0.0", true); err != nil {
		t.Fatal(err)
	}
	next := r.add(identity{Version: "2.0.0"})
	r.channel("c", "test", nil)
	r.awaitState("c", core.ChannelRunning)
	if err := os.WriteFile(next.Binary, []byte("#!/bin/false\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	pid := r.status("c").PID
	if err := r.host.Upgrade(t.Context(), "test", "2.0.0"); core.KindOf(err) != core.KindRejected {
		t.Errorf("err = %v", err)
	}
	if s := r.status("c"); s.PID != pid || s.Version != "1.0.0" || r.cat.TrialOf("test") != nil {
		t.Errorf("something changed: %+v", s)
	}
	if err := r.host.Upgrade(t.Context(), "test", "7.0.0"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("no such version: %v", err)
	}
}
