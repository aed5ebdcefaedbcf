package rest_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/store"
)

// fakeHost stands for the host of plugins: it keeps channels in the real store,
// with the secret `password` taken out of their settings, and starts nothing.
type fakeHost struct {
	*hub

	mu      sync.Mutex
	calls   []string
	checked error // what checks answer
	do      func(pluginhost.OperationCall) (pluginhost.Result, error)
	lines   chan pluginhost.LogLine
}

func newFakeHost(h *hub) *fakeHost {
	return &fakeHost{hub: h, lines: make(chan pluginhost.LogLine, 100)}
}

func (f *fakeHost) note(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
}

func (f *fakeHost) noted(call string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.calls, call)
}

func (f *fakeHost) List(ctx context.Context) (out []*core.Channel, err error) {
	err = f.store.View(ctx, func(tx store.Tx) error {
		for ch, err := range store.Channels.All(tx) {
			if err != nil {
				return err
			}
			out = append(out, ch)
		}
		return nil
	})
	return out, err
}

func (f *fakeHost) Get(ctx context.Context, id core.ChannelID) (ch *core.Channel, err error) {
	err = f.store.View(ctx, func(tx store.Tx) error {
		ch, err = store.Channels.Get(tx, string(id))
		return err
	})
	return ch, err
}

func (f *fakeHost) Create(ctx context.Context, ch core.Channel) (*core.Channel, error) {
	return f.keep(ctx, ch)
}

func (f *fakeHost) Update(ctx context.Context, ch core.Channel) (*core.Channel, error) {
	return f.keep(ctx, ch)
}

func (f *fakeHost) keep(ctx context.Context, ch core.Channel) (*core.Channel, error) {
	var settings map[string]any
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return nil, err
	}
	if _, bad := settings["port"].(string); bad {
		return nil, &core.Error{Kind: core.KindInvalid, Code: "channel.settings", Faults: []core.FieldFault{
			{Field: "settings.port", Text: "ожидается число"}, {Field: "settings.server", Text: "обязательное поле"},
		}}
	}
	ch.Secrets = maps.Clone(ch.Secrets)
	if _, given := settings["password"]; given {
		ch.Secrets = map[string][]byte{"password": nil}
		delete(settings, "password")
	}
	ch.Settings, _ = json.Marshal(settings)
	err := f.store.Update(ctx, func(tx store.Tx) error { return store.Channels.Put(tx, &ch) })
	return &ch, err
}

func (f *fakeHost) Delete(ctx context.Context, id core.ChannelID) error {
	return f.store.Update(ctx, func(tx store.Tx) error { return store.Channels.Delete(tx, string(id)) })
}

func (f *fakeHost) edit(ctx context.Context, id core.ChannelID, edit func(*core.Channel)) (*core.Channel, error) {
	ch, err := f.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	edit(ch)
	return ch, f.store.Update(ctx, func(tx store.Tx) error { return store.Channels.Put(tx, ch) })
}

func (f *fakeHost) SetEnabled(ctx context.Context, id core.ChannelID, enabled bool) (*core.Channel, error) {
	return f.edit(ctx, id, func(ch *core.Channel) { ch.Enabled = enabled })
}

func (f *fakeHost) Pause(ctx context.Context, id core.ChannelID, in, out *bool) (*core.Channel, error) {
	return f.edit(ctx, id, func(ch *core.Channel) {
		if in != nil {
			ch.PausedIn = *in
		}
		if out != nil {
			ch.PausedOut = *out
		}
	})
}

func (f *fakeHost) Revert(ctx context.Context, id core.ChannelID, version uint64) (*core.Channel, error) {
	f.note("revert")
	return f.edit(ctx, id, func(*core.Channel) {})
}

func (f *fakeHost) History(ctx context.Context, id core.ChannelID) (out []store.Entry, err error) {
	err = f.store.View(ctx, func(tx store.Tx) error {
		for e, err := range store.Channels.History(tx, string(id)) {
			if err != nil {
				return err
			}
			for i, c := range e.Changes {
				if raw, ok := c.After.([]byte); ok {
					e.Changes[i].After = string(raw)
				}
				if raw, ok := c.Before.([]byte); ok {
					e.Changes[i].Before = string(raw)
				}
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// drafts is Channels: its Check is another one than the host's.
type drafts struct{ *fakeHost }

func (d drafts) Check(_ context.Context, draft pluginhost.Draft) ([]pluginhost.CheckPart, error) {
	d.note("draft " + draft.Section)
	return []pluginhost.CheckPart{{Name: "Приём (IMAP)", OK: d.checked == nil}}, d.checked
}

func (f *fakeHost) Check(ctx context.Context, id core.ChannelID, section string) ([]pluginhost.CheckPart, error) {
	ch, err := f.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ch.Enabled {
		return nil, core.Unavailable("channel.not_running", "канал не работает", nil)
	}
	f.note("check " + section)
	return []pluginhost.CheckPart{{Name: "Приём (IMAP)", OK: f.checked == nil}}, f.checked
}

func (f *fakeHost) status(ch *core.Channel) core.ChannelStatus {
	st := core.ChannelStatus{Channel: ch.ID, State: core.ChannelStopped, Since: f.clock(), Plugin: ch.Plugin, Version: "1.0.0"}
	if ch.Enabled {
		st.State = core.ChannelRunning
	}
	return st
}

func (f *fakeHost) Status(ctx context.Context, id core.ChannelID) (core.ChannelStatus, error) {
	ch, err := f.Get(ctx, id)
	if err != nil {
		return core.ChannelStatus{}, err
	}
	return f.status(ch), nil
}

func (f *fakeHost) Statuses(ctx context.Context) (out []core.ChannelStatus) {
	channels, _ := f.List(ctx)
	for _, ch := range channels {
		out = append(out, f.status(ch))
	}
	return out
}

// Traffic tells how much was asked for: as many came in as there are hours in it.
func (f *fakeHost) Traffic(_ core.ChannelID, window, _ time.Duration) ([]core.TrafficAt, error) {
	return []core.TrafficAt{{At: f.clock(), Traffic: core.Traffic{Received: uint32(window.Hours()), Failed: 1}}}, nil
}

func (f *fakeHost) Stats() []pluginhost.Stats {
	return []pluginhost.Stats{{Channel: "mail", Plugin: "email", State: core.ChannelRunning, Received: 7}}
}

func (f *fakeHost) Wake(_ context.Context, id core.ChannelID) error {
	f.note("wake " + string(id))
	return nil
}

func (f *fakeHost) Restart(id core.ChannelID) error { f.note("restart " + string(id)); return nil }

func (f *fakeHost) Reconcile() { f.note("reconcile") }

func (f *fakeHost) Do(_ context.Context, _ core.ChannelID, call pluginhost.OperationCall) (pluginhost.Result, error) {
	return f.do(call)
}

func (f *fakeHost) LogTail(_ core.ChannelID, n int) ([]pluginhost.LogLine, error) {
	return []pluginhost.LogLine{{At: f.clock(), Level: "info", Text: "connected", Fields: map[string]any{"lines": n}}}, nil
}

func (f *fakeHost) LogFollow(ctx context.Context, _ core.ChannelID, _ int, each func(pluginhost.LogLine) error) error {
	for {
		select {
		case l := <-f.lines:
			if err := each(l); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (f *fakeHost) Upgrade(_ context.Context, plugin, version string) error {
	if _, err := f.server.Catalog.Get(plugin, version); err != nil {
		return err
	}
	f.note("upgrade " + plugin + " " + version)
	return nil
}

// manifest is what the fake plugin says about itself.
func manifest(version string) catalog.Manifest {
	m := catalog.Manifest{
		Name: "email", Title: "Электронная почта", Summary: "Почтовый ящик.", Version: version,
		Abilities: []catalog.Ability{catalog.Receives, catalog.Sends, catalog.Operates}, Purposes: []core.Purpose{core.PurposeAnswer},
		Kinds: []core.MessageKind{core.MessageLetter}, SettingsSchema: []byte(`{"type":"object","properties":{"server":{"type":"string"}}}`),
		Operations: []catalog.Operation{
			{Name: "stamp", Title: "Поставить штамп", Place: catalog.PlaceDocument, FilesIn: true, FilesOut: true, InputSchema: []byte(`{"type":"object"}`)},
			{Name: "resync", Title: "Перечитать ящик", Place: catalog.PlaceChannel, Every: time.Hour},
			{Name: "secret", Title: "Только аудитору", Place: catalog.PlaceAccount, Roles: []core.Role{core.RoleAuditor}},
			{Name: "sign", Title: "Подписать", Place: catalog.PlaceService},
		},
	}
	if version == "1.2.0" { // brings a directory of its own
		m.Directories = []byte(`[{"name":"boxes","title":{"ru":"Ящики","en":"Boxes"},"label":"title","columns":["title"],"order":"title",
			"fields":[{"name":"title","title":{"ru":"Название","en":"Title"},"type":"text","required":true}]}]`)
	}
	return m
}

// openCatalog holds the plugin email 1.0.0. What a binary says about itself
// stands in the binary.
func openCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	describe := func(_ context.Context, e catalog.Entry) (catalog.Manifest, error) {
		raw, err := os.ReadFile(e.Binary)
		return manifest(string(raw)), err
	}
	c, err := catalog.Open(filepath.Join(dir, "plugins"), describe, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddBinary(t.Context(), binary100(t, "1.0.0")); err != nil {
		t.Fatal(err)
	}
	return c
}

func binary100(t *testing.T, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "email")
	if err := os.WriteFile(path, []byte(version), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
