package fileblob_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

// Both ways, links and copies, give a store of its own: what happens to either
// does not reach the other.
func TestSnapshotIsIndependent(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(op, path string) error{
		"links": nil,
		"copies": func(op, _ string) error {
			if op == "link" {
				return unix.EXDEV
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, dst := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			s := opened(t, dir, fileblob.Options{SegmentSize: 100 << 10}.WithFault(fault))
			all := append(several(40, 9000), several(2, 1<<20)...)
			gone := several(3, 9001)
			put(t, s, all...)
			put(t, s, gone...)
			remove(t, s, gone...)
			if err := s.Snapshot(t.Context(), dst); err != nil {
				t.Fatal(err)
			}
			later := several(20, 9002)
			put(t, s, later...)
			remove(t, s, all[:20]...)
			remove(t, s, all[41])

			r := opened(t, dst, fileblob.Options{SegmentSize: 100 << 10})
			wantStored(t, r, all...)
			wantCount(t, r, len(all))
			wantSound(t, r)
			put(t, r, later[0])
			remove(t, r, all[25:]...)
			closeStore(t, r)
			r = opened(t, dst, fileblob.Options{})
			wantStored(t, r, all[:25]...)
			wantCount(t, r, 26)
			wantSound(t, r)

			wantStored(t, s, all[20:41]...)
			wantStored(t, s, later...)
			wantMissing(t, s, all[:20]...)
			wantSound(t, s)
			closeStore(t, s)
			s = opened(t, dir, fileblob.Options{})
			wantStored(t, s, all[20:41]...)
			wantCount(t, s, 21+len(later))
			wantSound(t, s)
		})
	}
}

// A copy keeps the holes that deletions made.
func TestSnapshotCopiesHoles(t *testing.T) {
	t.Parallel()
	dir, dst := t.TempDir(), t.TempDir()
	f := &faults{}
	f.set("link", "", unix.EXDEV)
	s := opened(t, dir, fileblob.Options{SegmentSize: 2 << 20}.WithFault(f.ask))
	all := several(40, 200<<10)
	put(t, s, all...)
	for i, p := range all {
		if i%10 > 0 {
			remove(t, s, p)
		}
	}
	if err := s.Snapshot(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	if from, to := blocks(t, dir), blocks(t, dst); to > from+1<<20 {
		t.Errorf("the store takes %d bytes, its copy %d", from, to)
	}
}

func TestSnapshotOfARunningStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{SegmentSize: 200 << 10})
	var mu sync.Mutex
	var acknowledged [][]byte
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := i; ; n += 4 {
				select {
				case <-stop:
					return
				default:
				}
				p := noise(5000 + n)
				if _, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, p)
				mu.Unlock()
			}
		})
	}
	for round := range 5 {
		var all [][]byte
		await(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			all = slices.Clone(acknowledged)
			return len(all) > 60*round
		})
		dst := filepath.Join(t.TempDir(), "backup")
		if err := s.Snapshot(t.Context(), dst); err != nil {
			t.Fatal(err)
		}
		r := opened(t, dst, fileblob.Options{})
		wantStored(t, r, all...)
		wantSound(t, r)
		closeStore(t, r)
	}
	close(stop)
	wg.Wait()
}

func TestSnapshotThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	f := &faults{}
	s := opened(t, t.TempDir(), fileblob.Options{SegmentSize: 10 << 10}.WithFault(f.ask))
	put(t, s, several(9, 9000)...)
	for _, op := range []string{"write", "flush", "rename"} {
		dst := filepath.Join(t.TempDir(), "backup")
		f.set(op, "backup", unix.ENOSPC)
		err := s.Snapshot(t.Context(), dst)
		wantCode(t, err, core.KindUnavailable, "blob.disk_full")
		if _, err := os.Stat(dst); !os.IsNotExist(err) {
			t.Errorf("after a failed %s: %v", op, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Snapshot(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSnapshotKeepsOutOfUsedFolders(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), fileblob.Options{})
	dst := t.TempDir()
	if err := os.WriteFile(filepath.Join(dst, "thesis.doc"), []byte("years"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Snapshot(t.Context(), dst), core.KindConfig, "blob.format")
	if names, err := os.ReadDir(dst); err != nil || len(names) != 1 {
		t.Errorf("%v, %v are there now", names, err)
	}
}
