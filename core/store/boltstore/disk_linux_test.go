package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// disk is a place for a database that can be made to refuse writes.
type disk struct {
	dir    string
	opts   boltstore.Options
	refuse func()
	accept func()
}

func TestAFullDiskRefusesWritesAndRecovers(t *testing.T) {
	t.Run("descriptor that refuses", func(t *testing.T) { refusing(t, failingDisk(t)) })
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("no small file system to fill, because mounting one is not allowed: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	t.Run("file system of 4 MB", func(t *testing.T) { refusing(t, smallDisk(t, dir)) })
}

// failingDisk swaps the descriptor of the database for one that may only read.
func failingDisk(t testing.TB) disk {
	var file *os.File
	d := disk{dir: t.TempDir()}
	d.opts.OpenFile = func(name string, flag int, perm os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag, perm)
		file = f
		return f, err
	}
	good := -1
	swap := func(fd int) {
		if err := unix.Dup2(fd, int(file.Fd())); err != nil {
			t.Fatal(err)
		}
	}
	d.refuse = func() {
		var err error
		if good, err = unix.Dup(int(file.Fd())); err != nil {
			t.Fatal(err)
		}
		bad, err := os.Open(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		defer bad.Close() //nolint:errcheck // its duplicate stays
		swap(int(bad.Fd()))
	}
	d.accept = func() {
		swap(good)
		unix.Close(good) //nolint:errcheck // its duplicate stays
	}
	return d
}

// smallDisk fills what is left of a file system.
func smallDisk(t testing.TB, dir string) disk {
	filler := filepath.Join(dir, "filler")
	return disk{
		dir: dir,
		refuse: func() {
			f, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close() //nolint:errcheck // full
			for size := 64 << 10; size > 0; size /= 2 {
				for err == nil {
					_, err = f.Write(make([]byte, size))
				}
				if !errors.Is(err, unix.ENOSPC) {
					t.Fatal(err)
				}
				err = nil
			}
		},
		accept: func() {
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func refusing(t *testing.T, d disk) {
	path := filepath.Join(d.dir, "uzel.db")
	s := open(t, path, d.opts)
	big := bytes.Repeat([]byte("v"), 100<<10)
	var told atomic.Int32
	put := func(key string, value []byte) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			tx.AfterCommit(func() { told.Add(1) })
			return tx.Put("b", []byte(key), value)
		})
	}
	if err := put("before", big); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		d.refuse()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				err := put(fmt.Sprintf("refused %d %d", round, i), big)
				wantError(t, err, core.KindUnavailable, "store.disk")
			})
		}
		wg.Wait()
		has(t, s, "before", true)
		has(t, s, fmt.Sprintf("refused %d 0", round), false)
		d.accept()
		if err := put(fmt.Sprint("after ", round), big); err != nil {
			t.Errorf("there is room again, but: %v", err)
		}
	}
	if n := told.Load(); n != 4 {
		t.Errorf("%d functions were told of their commit, want 4", n)
	}
	if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = open(t, path, boltstore.Options{})
	has(t, s, "before", true)
	has(t, s, "after 2", true)
	has(t, s, "refused 2 7", false)
	if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func has(t testing.TB, s *boltstore.Store, key string, want bool) {
	t.Helper()
	err := s.View(t.Context(), func(tx store.Tx) error {
		v, err := tx.Get("b", []byte(key))
		if (v != nil) != want {
			t.Errorf("%s: there is %v, want %v", key, v != nil, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUpdatesGoOnByThemselves is what the hub sees: callers that repeat get
// through as soon as there is room, without anyone opening the store anew.
func TestUpdatesGoOnByThemselves(t *testing.T) {
	d := failingDisk(t)
	s := open(t, filepath.Join(d.dir, "uzel.db"), d.opts)
	d.refuse()
	refused := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for tries := 0; ; tries++ {
				err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b", fmt.Append(nil, i), nil) })
				switch {
				case err == nil && tries > 0:
					return
				case err == nil:
					t.Error("written to a disk that refuses")
					return
				case tries == 0:
					refused <- struct{}{}
				}
			}
		})
	}
	for range 8 {
		<-refused
	}
	d.accept()
	wg.Wait()
	for i := range 8 {
		has(t, s, fmt.Sprint(i), true)
	}
}

func TestFlushDelayIsAddedToEachCommit(t *testing.T) {
	const delay = 20 * time.Millisecond
	s := open(t, filepath.Join(t.TempDir(), "uzel.db"), boltstore.Options{FlushDelay: delay})
	began := time.Now()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b", []byte("k"), nil) }); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < delay {
		t.Errorf("a commit took %v, want at least a flush of %v", took, delay)
	}
}
