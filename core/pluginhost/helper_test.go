package pluginhost_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/secret"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// binary is the test connector, built once.
var binary string

func TestMain(m *testing.M) {
	if dir := os.Getenv(hubEnv); dir != "" {
		runHub(dir) // this process plays the hub that is killed
		return
	}
	dir, err := os.MkdirTemp("", "pluginhost-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "plugin")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, "./internal/testplugin")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// identity is what the test connector reads behind the end of its binary.
type identity struct {
	Name, Version, Broken string
	Idempotent            bool
	Concurrency           int
	PerSecond             float64
}

// plugin is the test connector under another name, version or fault.
func plugin(t testing.TB, id identity) string {
	t.Helper()
	if id.Name == "" {
		id.Name = "test"
	}
	if id.Version == "" {
		id.Version = "1.0.0"
	}
	raw, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	trailer, err := json.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, bytes.Repeat([]byte(" "), 512-len(trailer))...)
	path := filepath.Join(t.TempDir(), id.Name)
	if err := os.WriteFile(path, append(raw, trailer...), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// rig is a host with real stores and a folder that plays the outside world.
type rig struct {
	t      testing.TB
	world  string
	dir    string
	store  *boltstore.Store
	blobs  *fileblob.Store
	out    *outgoing.Service
	cat    *catalog.Catalog
	box    *secret.Box
	host   *pluginhost.Host
	stop   func() // ends Run and waits for it
	faulty *faultyStore

	mu       sync.Mutex
	statuses map[core.ChannelID][]core.ChannelStatus
}

// events is a bus.Publisher that keeps what was published in the same
// transaction, under the event's key.
type events struct{}

const eventBucket = "test/events"

func (events) Publish(tx store.Tx, topic bus.Topic, key string, _ any) error {
	return tx.Put(eventBucket, []byte(string(topic)+" "+key), []byte{1})
}

// quick are the pauses of a life in a hurry. What a plugin may take to answer is long: the machine may be busy,
// and a test that waits for the end of it sets its own.
func quick() pluginhost.Timing {
	return pluginhost.Timing{
		Start: patience, Grace: 5 * time.Second, RestartMin: 5 * time.Millisecond, RestartMax: 50 * time.Millisecond,
		CheckEvery: 50 * time.Millisecond, CheckTimeout: patience,
		RetryMin: 20 * time.Millisecond, RetryMax: 100 * time.Millisecond, Settled: 20 * time.Millisecond,
		StoreRetryMin: 5 * time.Millisecond, StoreRetryMax: 20 * time.Millisecond,
		TrackEvery: 50 * time.Millisecond, Trial: time.Second,
	}
}

// newRig opens a host with the test connector in its catalog. edit, which may
// be nil, changes its options before.
func newRig(t testing.TB, edit func(*pluginhost.Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), world: t.TempDir(), statuses: make(map[core.ChannelID][]core.ChannelStatus)}
	var err error
	if r.store, err = boltstore.Open(filepath.Join(r.dir, "hub.db"), boltstore.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	if r.blobs, err = fileblob.Open(filepath.Join(r.dir, "blobs"), fileblob.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.blobs.Close() })
	r.cat = openCatalog(t, filepath.Join(r.dir, "plugins"))
	if r.box, err = secret.New(); err != nil {
		t.Fatal(err)
	}
	r.faulty = &faultyStore{Store: r.store}
	r.out = &outgoing.Service{Store: r.faulty, Bus: events{}}
	opts := r.options()
	if edit != nil {
		edit(&opts)
	}
	r.host, r.stop = r.run(opts)
	t.Cleanup(r.stop)
	return r
}

func (r *rig) options() pluginhost.Options {
	return pluginhost.Options{
		Store: r.faulty, Blobs: r.blobs, Bus: events{}, Outbox: r.out, Catalog: r.cat, Secrets: r.box,
		Dir: filepath.Join(r.dir, "host"), LogDir: filepath.Join(r.dir, "log"),
		Log: hclog.New(&hclog.LoggerOptions{Output: logWriter(r.t), Level: hclog.Info}), OnStatus: r.noteStatus,
		HookURL: "https://hub.example/hooks/", Version: "test", Timing: quick(),
	}
}

// run runs a host; stop ends it and waits for it.
func (r *rig) run(opts pluginhost.Options) (host *pluginhost.Host, stop func()) {
	r.t.Helper()
	host, err := pluginhost.New(opts)
	if err != nil {
		r.t.Fatal(err)
	}
	r.out.Wake = host.WakeSender
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx) }()
	return host, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
}

// openCatalog opens a catalog with the test connector in it, which was described
// once for all tests.
func openCatalog(t testing.TB, dir string) *catalog.Catalog {
	t.Helper()
	first := prepared(t)
	err := filepath.WalkDir(first, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, strings.TrimPrefix(path, first))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		return os.Link(path, to)
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Open(dir, pluginhost.Describe, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var prepare sync.Once

func prepared(t testing.TB) string {
	t.Helper()
	dir := binary + "s"
	prepare.Do(func() {
		c, err := catalog.Open(dir, pluginhost.Describe, time.Now)
		if err == nil {
			_, err = c.AddBinary(t.Context(), plugin(t, identity{Concurrency: 8}))
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

func logWriter(t testing.TB) io.Writer {
	if testing.Verbose() {
		return t.Output()
	}
	return io.Discard
}

func (r *rig) add(id identity) catalog.Entry {
	r.t.Helper()
	e, err := r.cat.AddBinary(r.t.Context(), plugin(r.t, id))
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func (r *rig) noteStatus(s core.ChannelStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statuses[s.Channel] = append(r.statuses[s.Channel], s)
}

// states are the states the channel went through, repetitions left out.
func (r *rig) states(id core.ChannelID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, s := range r.statuses[id] {
		if n := len(out); n == 0 || out[n-1] != string(s.State) {
			out = append(out, string(s.State))
		}
	}
	return strings.Join(out, " ")
}

type set map[string]any

// channel creates and starts a channel of the plugin.
func (r *rig) channel(id core.ChannelID, plugin string, settings set) *core.Channel {
	r.t.Helper()
	ch, err := r.host.Channels().Create(r.t.Context(), r.draft(id, plugin, settings))
	if err != nil {
		r.t.Fatal(err)
	}
	return ch
}

func (r *rig) draft(id core.ChannelID, plugin string, settings set) core.Channel {
	full := set{"world": r.world}
	for k, v := range settings {
		full[k] = v
	}
	raw, err := json.Marshal(full)
	if err != nil {
		r.t.Fatal(err)
	}
	return core.Channel{ID: id, Title: "Канал " + string(id), Plugin: plugin, Enabled: true, Settings: raw}
}

func (r *rig) status(id core.ChannelID) core.ChannelStatus {
	s, err := r.host.Status(context.Background(), id)
	if err != nil {
		return core.ChannelStatus{State: "none", Reason: err.Error()}
	}
	return s
}

const patience = time.Minute

// await waits until cond is true.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	until := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(until) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (r *rig) awaitState(id core.ChannelID, want core.ChannelState) core.ChannelStatus {
	r.t.Helper()
	var s core.ChannelStatus
	until := time.Now().Add(patience)
	for s = r.status(id); s.State != want; s = r.status(id) {
		if time.Now().After(until) {
			r.t.Fatalf("channel %s is %s (%s), want %s; went %s", id, s.State, s.Reason, want, r.states(id))
		}
		time.Sleep(2 * time.Millisecond)
	}
	return s
}

// messages are the stored messages, by external id, and the number of events.
func (r *rig) messages() (map[string]*core.Message, int) {
	r.t.Helper()
	found, n, _, err := stored(r.store)
	if err != nil {
		r.t.Fatal(err)
	}
	return found, n
}

func stored(s store.Store) (found map[string]*core.Message, events int, cursor string, err error) {
	found = make(map[string]*core.Message)
	err = s.View(context.Background(), func(tx store.Tx) error {
		for m, err := range store.Messages.All(tx) {
			if err != nil {
				return err
			}
			if had := found[m.ExternalID]; had != nil && had.Channel == m.Channel {
				return fmt.Errorf("%s stored twice", m.ExternalID)
			}
			found[m.ExternalID] = m
			key := []byte(string(bus.MessageReceived) + " " + string(m.ID))
			if raw, err := tx.Get(eventBucket, key); err != nil || raw == nil {
				return fmt.Errorf("%s has no event (%v)", m.ExternalID, err)
			}
		}
		for key := range tx.Scan(eventBucket, []byte(bus.MessageReceived), []byte(bus.MessageReceived+"\xff"), false) {
			_ = key
			events++
		}
		c, err := store.Cursors.Get(tx, "c")
		if err == nil {
			cursor = string(c.Value)
		} else if core.KindOf(err) != core.KindNotFound {
			return err
		}
		return nil
	})
	return found, events, cursor, err
}

// lines reads a file of the outside world.
func lines(world, name string) []string {
	raw, _ := os.ReadFile(filepath.Join(world, name))
	return strings.FieldsFunc(string(raw), func(r rune) bool { return r == '\n' })
}

func (r *rig) lines(name string) []string { return lines(r.world, name) }

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.world, name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// deliver queues a delivery of a document with one file and returns its id.
func (r *rig) deliver(channel core.ChannelID, purpose core.Purpose, body string) core.DeliveryID {
	r.t.Helper()
	ref, err := r.blobs.Put(r.t.Context(), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	id, err := queue(r.store, channel, purpose, core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "a.bin"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.host.WakeSender(channel)
	return id
}

func queue(s store.Store, channel core.ChannelID, purpose core.Purpose, files ...core.Attachment) (id core.DeliveryID, err error) {
	err = s.Update(context.Background(), func(tx store.Tx) (err error) {
		id, err = queueIn(tx, channel, purpose, files...)
		return err
	})
	return id, err
}

func queueIn(tx store.Tx, channel core.ChannelID, purpose core.Purpose, files ...core.Attachment) (core.DeliveryID, error) {
	doc := &core.Document{
		ID: core.DocumentID(core.NewID("doc", tx.Now())), Direction: core.Outgoing, State: core.DocumentRegistered,
		Subject: "Ответ", Text: "Текст", Files: files,
	}
	d := &core.Delivery{
		ID: core.DeliveryID(core.NewID("dlv", tx.Now())), Document: doc.ID, Channel: channel,
		Purpose: purpose, State: core.DeliveryQueued,
	}
	if err := store.Documents.Put(tx, doc); err != nil {
		return "", err
	}
	return d.ID, store.Deliveries.Put(tx, d)
}

func (r *rig) delivery(id core.DeliveryID) *core.Delivery {
	r.t.Helper()
	var d *core.Delivery
	err := r.store.View(context.Background(), func(tx store.Tx) (err error) {
		d, err = store.Deliveries.Get(tx, string(id))
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *rig) awaitDelivery(id core.DeliveryID, want core.DeliveryState) *core.Delivery {
	r.t.Helper()
	await(r.t, fmt.Sprintf("delivery %s, is %s (%s)", want, r.delivery(id).State, r.delivery(id).LastError), func() bool {
		return r.delivery(id).State == want
	})
	return r.delivery(id)
}

// faultyStore is a store whose disk can be full.
type faultyStore struct {
	store.Store
	mu   sync.Mutex
	full bool
}

func (s *faultyStore) setFull(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

func (s *faultyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	full := s.full
	s.mu.Unlock()
	if full {
		return core.Unavailable("store.full", "на диске нет места", nil)
	}
	return s.Store.Update(ctx, fn)
}
