package party_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	dirVariable   = "UZEL_PARTYTEST_DIR"
	pointVariable = "UZEL_PARTYTEST_KILL"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		if err := eraseUntilKilled(dir, os.Getenv(pointVariable)); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(3)
		}
		return
	}
	os.Exit(m.Run())
}

// deadly kills its process around a write: before it, or when it is on disk.
type deadly struct {
	store.Store
	point string
}

// deadlyBlobs kills its process behind a deletion.
type deadlyBlobs struct {
	blob.Store
	point string
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (d *deadly) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := d.Store.Update(ctx, func(tx store.Tx) error {
		err := fn(tx)
		if d.point == "inside" {
			d.point = "after" // the next child of this point gets further
			die()
		}
		return err
	}); err != nil {
		return err
	}
	if d.point == "after" {
		die()
	}
	return nil
}

func (d deadlyBlobs) Delete(ctx context.Context, hash string) error {
	err := d.Store.Delete(ctx, hash)
	if d.point == "file" {
		die()
	}
	return err
}

// eraseUntilKilled works on the erasures of the folder; it ends by itself when
// there are none left.
func eraseUntilKilled(dir, point string) error {
	w, err := openWorld(dir)
	if err != nil {
		return err
	}
	s := party.New(party.Config{Store: &deadly{w.store, point}, Blobs: blob.NewKeeper(deadlyBlobs{w.blobs, point}), Bus: w.bus, Portion: 7})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for running := true; running; time.Sleep(time.Millisecond) { // polls: the act ends in the background
		err := w.store.View(ctx, func(tx store.Tx) error {
			running = store.Erasures.Known(tx, "state", string(core.ErasureRunning))
			return nil
		})
		if err != nil {
			return err
		}
	}
	cancel()
	return errors.Join(<-ended, w.close())
}

// TestKillInTheMiddleOfAnErasure kills the hub at every write of an erasure, in
// it and behind it, and behind the deletion of files.
func TestKillInTheMiddleOfAnErasure(t *testing.T) {
	dir := t.TempDir()
	w, err := openWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.fill(t.Context(), 30); err != nil {
		t.Fatal(err)
	}
	others(t, w, 30)
	id := w.order(t, w.service())
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for round := 0; ; round++ {
		point := []string{"inside", "after", "file"}[round%3]
		killed := child(t, dir, point)
		if killed {
			kills++
		}
		if point == "file" && !killed {
			break
		}
		if round > 300 {
			t.Fatal("the erasure gets nowhere")
		}
	}
	if kills < 3 {
		t.Errorf("killed %d times only", kills)
	}
	w = newWorld(t, dir)
	act := w.act(t, id)
	if act.State != core.ErasureFinished || len(act.Documents) != 30 || act.Messages != 45 || act.Deliveries != 15 || act.Files != 1 {
		t.Errorf("after %d kills the act is %+v", kills, act)
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		for d, err := range store.Documents.All(tx) {
			if err != nil {
				return err
			}
			if isAnnas(d.Sender) || d.Text == annaText {
				t.Errorf("document %s is not erased", d.ID)
			}
		}
		return nil
	})
	w.sound(t)
}

// child tells whether the process was killed rather than come to its end.
func child(t *testing.T, dir, point string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), dirVariable+"="+dir, pointVariable+"="+point)
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return false
	case failed && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return true
	}
	t.Fatalf("child: %v", err)
	return false
}
