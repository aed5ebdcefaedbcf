package search_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// killDir tells the test program to be the hub that is killed.
const killDir = "UZEL_SEARCHTEST_DIR"

// office is a hub with documents and a search, and nothing else.
type office struct {
	store  *boltstore.Store
	bus    *bus.Bus
	search *search.Service
}

func openOffice(ctx context.Context, dir string) (*office, error) {
	s, err := boltstore.Open(filepath.Join(dir, "uzel.db"), boltstore.Options{})
	if err != nil {
		return nil, err
	}
	o := &office{store: s, bus: bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{})})}
	o.search = search.New(search.Config{Store: s, Events: o.bus, Dir: filepath.Join(dir, "search"), Share: 1, Shard: 30, Look: 60})
	if err := errors.Join(store.Prepare(ctx, s, nil), o.bus.Declare(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return o, nil
}

// register adds a document; its text names its own word.
func (o *office) register(ctx context.Context) error {
	return o.store.Update(ctx, func(tx store.Tx) error {
		d := &core.Document{ID: core.DocumentID(core.NewID("doc", tx.Now())), Direction: core.Incoming, State: core.DocumentRegistered, Subject: "Протечка"}
		if err := store.Documents.Put(tx, d); err != nil {
			return err
		}
		return o.bus.Publish(tx, bus.DocumentRegistered, string(d.ID), bus.AboutDocument(d))
	})
}

// change changes some document, and now and then erases one.
func (o *office) change(ctx context.Context) error {
	return o.store.Update(ctx, func(tx store.Tx) error {
		page, err := store.Documents.List(tx, store.Query[core.Document]{Desc: true, Limit: 100})
		if err != nil || len(page.Items) == 0 {
			return err
		}
		d := page.Items[rand.IntN(len(page.Items))]
		d.Text += " кровля"
		if err := store.Documents.Put(tx, d); err != nil {
			return err
		}
		about := bus.AboutDocument(d)
		about.Erased = rand.IntN(10) == 0
		return o.bus.Publish(tx, bus.DocumentUpdated, string(d.ID), about)
	})
}

// beKilled registers, changes, searches and rebuilds until it is killed.
func beKilled(dir string) error {
	ctx := context.Background()
	o, err := openOffice(ctx, dir)
	if err != nil {
		return err
	}
	go func() { _ = o.search.Run(ctx) }() // ends with the process
	fmt.Println("runs")
	for i := 0; ; i++ {
		if err := errors.Join(o.register(ctx), o.change(ctx)); err != nil {
			return err
		}
		if _, err := o.search.Find(ctx, search.Query{Text: "протечка"}); err != nil && core.KindOf(err) != core.KindUnavailable {
			return err
		}
		if i%20 == 19 {
			if err := o.search.Rebuild(); err != nil && core.KindOf(err) != core.KindConflict && core.KindOf(err) != core.KindUnavailable {
				return err
			}
		}
	}
}

// TestAHubThatIsKilledFindsEverythingOnce kills a hub while it indexes, answers,
// builds anew and purges.
func TestAHubThatIsKilledFindsEverythingOnce(t *testing.T) {
	dir := t.TempDir()
	for range 6 {
		killChild(t, dir)
	}
	o, err := openOffice(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.store.Close() //nolint:errcheck // only read
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.search.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	want := map[core.DocumentID]bool{}
	err = o.store.View(ctx, func(tx store.Tx) error {
		clear(want)
		for d, err := range store.Documents.All(tx) {
			if err != nil {
				return err
			}
			want[d.ID] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var st search.Status
	for deadline := time.Now().Add(2 * time.Minute); st.State != search.Ready || int(st.Documents) != len(want); time.Sleep(5 * time.Millisecond) {
		if st, err = o.search.Status(ctx); err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v of %d documents, %v", st, len(want), err)
		}
	}
	t.Logf("%d documents", len(want))
	for q := (search.Query{Text: "протечка", Limit: 50}); ; {
		page, err := o.search.Find(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Hits {
			if !want[h.Document.ID] {
				t.Fatalf("%s is found twice", h.Document.ID)
			}
			delete(want, h.Document.ID)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	if len(want) != 0 {
		t.Errorf("%d documents are not found", len(want))
	}
}

// killChild runs a hub on the folder and kills it at some moment.
func killChild(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Errorf("the hub did not start: %v", err)
	}
	time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond) // any moment is a good one
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("the hub had ended by itself: %v", err)
	}
	_ = cmd.Wait() // killed
}
