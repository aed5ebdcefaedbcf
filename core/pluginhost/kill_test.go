package pluginhost_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/secret"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

var kills = flag.Int("kills", 12, "kills in each kill test")

// hubEnv names the folder of a hub that this process is to play.
const hubEnv = "UZEL_TEST_HUB"

// lasting are the pauses of a hub whose plugin dies all the time.
func lasting() pluginhost.Timing {
	t := quick()
	t.Falls = 1 << 30
	return t
}

// runHub plays a hub on dir until it is killed. Its one channel is described in
// channel.json.
func runHub(dir string) {
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	db, err := boltstore.Open(filepath.Join(dir, "hub.db"), boltstore.Options{})
	must(err)
	blobs, err := fileblob.Open(filepath.Join(dir, "blobs"), fileblob.Options{})
	must(err)
	cat, err := catalog.Open(filepath.Join(dir, "plugins"), pluginhost.Describe, time.Now)
	must(err)
	_, err = cat.AddBinary(context.Background(), filepath.Join(dir, "plugin"))
	must(err)
	box, err := secret.Load(filepath.Join(dir, "secret.key"), "")
	must(err)
	out := &outgoing.Service{Store: db, Bus: events{}}
	host, err := pluginhost.New(pluginhost.Options{
		Store: db, Blobs: blobs, Bus: events{}, Outbox: out, Catalog: cat, Secrets: box,
		Dir: filepath.Join(dir, "host"), LogDir: filepath.Join(dir, "log"),
		Log: hclog.NewNullLogger(), Timing: lasting(),
	})
	must(err)
	out.Wake = host.WakeSender
	raw, err := os.ReadFile(filepath.Join(dir, "channel.json"))
	must(err)
	var ch core.Channel
	must(json.Unmarshal(raw, &ch))
	if _, err = host.Channels().Create(context.Background(), ch); core.KindOf(err) != core.KindConflict {
		must(err)
	}
	must(host.Run(context.Background()))
}

// killedHub is a hub in a process of its own.
type killedHub struct {
	t          *testing.T
	dir, world string
}

func newKilledHub(t *testing.T, settings set) *killedHub {
	t.Helper()
	h := &killedHub{t: t, dir: t.TempDir(), world: t.TempDir()}
	raw, err := os.ReadFile(plugin(t, identity{Concurrency: 4}))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "plugin"), raw, 0o755); err != nil {
		t.Fatal(err)
	}
	ch, err := json.Marshal((&rig{t: t, world: h.world}).draft("c", "test", settings))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "channel.json"), ch, 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// start starts the hub; end kills it and waits for its children to be gone.
func (h *killedHub) start() (end func()) {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), hubEnv+"="+h.dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return func() {
		h.t.Helper()
		cmd.Process.Kill()
		state, _ := cmd.Process.Wait()
		if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
			h.t.Fatalf("the hub ended by itself: %v", state)
		}
		for _, pid := range lines(h.world, "pids") {
			n, _ := strconv.Atoi(pid)
			await(h.t, "the plugins die with their hub", func() bool { return !alive(n) })
		}
		os.Remove(filepath.Join(h.world, "pids"))
	}
}

// open opens the store of a hub that is dead.
func (h *killedHub) open() *boltstore.Store {
	h.t.Helper()
	db, err := boltstore.Open(filepath.Join(h.dir, "hub.db"), boltstore.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// sound proves the invariants of what came in: everything acknowledged is
// stored, with its event and its file, nothing twice, and everything up to the
// cursor is there.
func sound(t *testing.T, db store.Store, world string) (storedCount int) {
	t.Helper()
	acked := lines(world, "acked")
	found, events, cursor, err := stored(db)
	if err != nil {
		t.Fatal(err)
	}
	if events != len(found) {
		t.Fatalf("%d messages, %d events", len(found), events)
	}
	for _, n := range acked {
		if found["m"+n] == nil {
			t.Fatalf("message %s was acknowledged and is not stored", n)
		}
	}
	at, _ := strconv.Atoi(cursor)
	for n := 1; n <= at; n++ {
		if found[fmt.Sprint("m", n)] == nil {
			t.Fatalf("the cursor is at %d, message %d is not stored", at, n)
		}
	}
	return len(found)
}

// filesThere proves that every stored message has its files.
func filesThere(t *testing.T, db store.Store, dir string) {
	t.Helper()
	blobs, err := fileblob.Open(dir, fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	found, _, _, err := stored(db)
	if err != nil {
		t.Fatal(err)
	}
	for id, m := range found {
		for _, f := range m.Files {
			if ref, err := blobs.Stat(t.Context(), f.Hash); err != nil || ref.Size != f.Size {
				t.Fatalf("file of %s: %+v, %v", id, ref, err)
			}
		}
	}
}

const endless = 1 << 30

func TestKillIngestPlugin(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing = lasting() })
	r.channel("c", "test", set{"receive": "count", "count": endless, "size": 5000})
	last, grown := 0, 0
	for range *kills {
		await(t, "a process that brings something", func() bool {
			s := r.status("c")
			if s.PID == 0 || s.PID == last || len(lines(r.world, "pids")) == 0 {
				return false
			}
			last = s.PID
			return true
		})
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		syscall.Kill(last, syscall.SIGKILL)
		grown = sound(t, r.store, r.world)
	}
	await(t, "messages after the last kill", func() bool { return sound(t, r.store, r.world) > grown })
	r.stop()
	t.Logf("%d messages through %d kills", sound(t, r.store, r.world), *kills)
	assertNoGap(t, r)
	r.blobs.Close()
	filesThere(t, r.store, filepath.Join(r.dir, "blobs"))
}

// hurry ends the pauses of deliveries that failed: whose plugin was killed twice
// would have a minute to wait.
func (h *killedHub) hurry(ids []core.DeliveryID) {
	h.t.Helper()
	db := h.open()
	defer db.Close()
	err := db.Update(h.t.Context(), func(tx store.Tx) error {
		for _, id := range ids {
			d, err := store.Deliveries.Get(tx, string(id))
			if err != nil {
				return err
			}
			d.NextAt = nil
			if err := store.Deliveries.Put(tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestKillIngestHub(t *testing.T) {
	h := newKilledHub(t, set{"receive": "count", "count": endless, "size": 5000})
	n := 0
	for i := range *kills {
		end := h.start()
		if i%4 == 3 { // some die while they start
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		} else {
			before := len(lines(h.world, "acked"))
			await(t, "messages", func() bool { return len(lines(h.world, "acked")) > before })
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		}
		end()
		db := h.open()
		n = sound(t, db, h.world)
		db.Close()
	}
	t.Logf("%d messages through %d kills", n, *kills)
	db := h.open()
	defer db.Close()
	filesThere(t, db, filepath.Join(h.dir, "blobs"))
}

// TestKillDelivery kills the hub or the plugin while deliveries are under way:
// each is made exactly once, because its fate is asked for before it is tried
// again.
func TestKillDelivery(t *testing.T) {
	h := newKilledHub(t, set{"receive": "idle", "send": "kill"})
	h.start()()
	const each = 20
	var ids []core.DeliveryID
	for i := range *kills {
		db := h.open()
		for range each {
			id, err := queue(db, "c", core.PurposeAnswer)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		db.Close()
		end := h.start()
		before := len(lines(h.world, "attempts"))
		await(t, "an attempt", func() bool { return len(lines(h.world, "attempts")) > before })
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		if pids := lines(h.world, "pids"); i%2 == 0 && len(pids) > 0 {
			pid, _ := strconv.Atoi(pids[len(pids)-1])
			syscall.Kill(pid, syscall.SIGKILL)
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
		}
		end()
	}
	h.hurry(ids)
	end := h.start()
	await(t, "all deliveries", func() bool { return len(lines(h.world, "sent")) >= len(ids) })
	time.Sleep(300 * time.Millisecond) // a second one would come now
	end()
	count := make(map[string]int)
	for _, id := range lines(h.world, "sent") {
		count[id]++
	}
	for _, id := range ids {
		if n := count[string(id)]; n != 1 {
			t.Errorf("delivery %s was made %d times", id, n)
		}
	}
	t.Logf("%d deliveries, %d attempts", len(ids), len(lines(h.world, "attempts")))
}
