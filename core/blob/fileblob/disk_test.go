package fileblob_test

import (
	"bytes"
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

// Whatever fails while files are put, the answer is "unavailable", nothing of
// the failed put can be seen now or after a crash, nothing else suffers and
// puts go on when the disk does.
func TestDiskThatFailsForAWhile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, op, path string
		err            error
		code           string
		kib            int // size of the file that is put
	}{
		{"disk full for a pack", "write", ".pack", unix.ENOSPC, "blob.disk_full", 20},
		{"quota for a pack", "write", ".pack", unix.EDQUOT, "blob.disk_full", 20},
		{"write error in a pack", "write", ".pack", unix.EIO, "blob.disk", 20},
		{"flush error in a pack", "flush", ".pack", unix.EIO, "blob.disk", 20},
		{"disk full at the flush of a pack", "flush", ".pack", unix.ENOSPC, "blob.disk_full", 20},
		{"disk full for a large file", "write", "tmp/put", unix.ENOSPC, "blob.disk_full", 900},
		{"flush error in a large file", "flush", "tmp/put", unix.EIO, "blob.disk", 900},
		{"rename of a large file", "rename", "files/", unix.EIO, "blob.disk", 900},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, f := t.TempDir(), &faults{}
			s := opened(t, dir, fileblob.Options{}.WithFault(f.ask))
			before := several(5, 7000)
			put(t, s, before...)
			failed := several(2, c.kib<<10)
			for range 3 {
				f.set(c.op, c.path, c.err)
				for _, p := range failed {
					_, err := s.Put(t.Context(), bytes.NewReader(p))
					wantCode(t, err, core.KindUnavailable, c.code)
					if !errors.Is(err, c.err) {
						t.Errorf("%v does not carry its cause", err)
					}
				}
				f.clear()
				wantCount(t, s, len(before))
				wantSound(t, s)
				r := opened(t, crashed(t, dir), fileblob.Options{})
				wantStored(t, r, before...)
				wantCount(t, r, len(before))
				next := several(1, 30000)
				put(t, s, next...)
				before = append(before, next...)
			}
			// A pack whose flush failed gets no more bytes.
			if packs := s.Stats().Packs; (packs > 1) != (c.op == "flush" && c.path == ".pack") {
				t.Errorf("%d packs", packs)
			}
			put(t, s, failed...)
			wantStored(t, s, append(before, failed...)...)
			wantSound(t, s)
			closeStore(t, s)
			s = opened(t, dir, fileblob.Options{})
			wantStored(t, s, append(before, failed...)...)
			wantCount(t, s, len(before)+len(failed))
		})
	}
}

// A pack that cannot be changed for the next one stays and is left later.
func TestDiskThatFailsBetweenPacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ op, path string }{
		{"write", "tmp/"}, {"flush", "tmp/"}, {"rename", ".pack"}, {"rename", ".index"}, {"flush", "packs"},
	} {
		t.Run(c.op+" "+c.path, func(t *testing.T) {
			dir, f := t.TempDir(), &faults{}
			o := fileblob.Options{SegmentSize: 30 << 10}.WithFault(f.ask)
			s := opened(t, dir, o)
			all := several(5, 9000)
			put(t, s, all[:4]...)
			f.set(c.op, c.path, unix.ENOSPC)
			for range 3 {
				_, err := s.Put(t.Context(), bytes.NewReader(all[4]))
				wantCode(t, err, core.KindUnavailable, "blob.disk_full")
			}
			wantStored(t, s, all[:4]...)
			r := opened(t, crashed(t, dir), fileblob.Options{})
			wantStored(t, r, all[:4]...)
			wantSound(t, r)
			f.clear()
			put(t, s, all...)
			wantStored(t, s, all...)
			wantSound(t, s)
			closeStore(t, s)
			s = opened(t, dir, o)
			wantStored(t, s, all...)
			wantSound(t, s)
		})
	}
}

// Deleting is how one makes room: it works when nothing can be written to packs
// and no file can grow.
func TestDeleteOnFullDisk(t *testing.T) {
	t.Parallel()
	f := &faults{}
	s := opened(t, t.TempDir(), fileblob.Options{}.WithFault(f.ask))
	all := several(100, 9000)
	put(t, s, all...)
	f.set("write", ".pack", unix.ENOSPC)
	remove(t, s, all[:99]...)
	wantStored(t, s, all[99])
	wantCount(t, s, 1)
}

// TestFullFileSystem fills a real one. It needs the right to mount; the same
// promises are proved by injected faults above for everybody.
func TestFullFileSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Logf("no right to mount (%v): only injected faults were tried", err)
		return
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	s := opened(t, filepath.Join(dir, "blobs"), fileblob.Options{SegmentSize: 1 << 20})
	var mu sync.Mutex
	var stored [][]byte
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 60 {
				p := noise(10<<10 + i*20<<10 + j)
				_, err := s.Put(t.Context(), bytes.NewReader(p))
				if err == nil {
					mu.Lock()
					stored = append(stored, p)
					mu.Unlock()
				} else if !errors.Is(err, unix.ENOSPC) || core.KindOf(err) != core.KindUnavailable {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantStored(t, s, stored...)
	wantSound(t, s)
	_, err := s.Put(t.Context(), bytes.NewReader(noise(1<<20)))
	wantCode(t, err, core.KindUnavailable, "blob.disk_full")
	half := 0 // by bytes: what was stored first may all be small
	for freed := 0; freed < 3<<19; half++ {
		freed += len(stored[half])
	}
	remove(t, s, stored[:half]...)
	again := several(3, 200<<10)
	put(t, s, again...)
	wantStored(t, s, stored[half:]...)
	closeStore(t, s)
	s = opened(t, filepath.Join(dir, "blobs"), fileblob.Options{})
	wantStored(t, s, append(stored[half:], again...)...)
	wantMissing(t, s, stored[:half]...)
	wantSound(t, s)
}

func TestFolderIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{})
	_, err := fileblob.Open(dir, fileblob.Options{})
	wantCode(t, err, core.KindConflict, "blob.in_use")
	closeStore(t, s)
	opened(t, dir, fileblob.Options{})
}

func TestStrangeFolderIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.doc"), []byte("years"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := fileblob.Open(dir, fileblob.Options{})
	wantCode(t, err, core.KindConfig, "blob.format")
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("%v, %v are there now", names, err)
	}
}

func TestOtherFormatIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closeStore(t, open(t, dir, fileblob.Options{}))
	if err := os.WriteFile(filepath.Join(dir, "format"), []byte("uzel fileblob 12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := fileblob.Open(dir, fileblob.Options{})
	wantCode(t, err, core.KindConfig, "blob.format")
}

// A creation cut short anywhere is begun again.
func TestInterruptedCreation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ op, path string }{
		{"flush", "files"},
		{"write", "format"},
		{"flush", "format"},
		{"write", "tmp/deleted"},
		{"rename", "deleted"},
		{"write", "tmp/"},
		{"rename", ".pack"},
		{"flush", "packs"},
	} {
		t.Run(c.op+" "+c.path, func(t *testing.T) {
			dir, f := filepath.Join(t.TempDir(), "new", "blobs"), &faults{}
			f.set(c.op, c.path, unix.ENOSPC)
			_, err := fileblob.Open(dir, fileblob.Options{}.WithFault(f.ask))
			wantCode(t, err, core.KindUnavailable, "blob.disk_full")
			s := opened(t, dir, fileblob.Options{})
			put(t, s, noise(100))
			wantSound(t, s)
		})
	}
}

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]fileblob.Options{
		"segment_size": {SegmentSize: 2 << 30},
		"flush_delay":  {FlushDelay: -1},
	} {
		_, err := fileblob.Open(t.TempDir(), o)
		if e, ok := errors.AsType[*core.Error](err); !ok || e.Kind != core.KindConfig || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Copying tools may leave out empty folders.
func TestMissingEmptyFoldersAreMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, fileblob.Options{})
	small, large := noise(5000), noise(1<<20)
	put(t, s, small, large)
	closeStore(t, s)
	folders, err := filepath.Glob(filepath.Join(dir, "files", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(folders, filepath.Join(dir, "tmp")) {
		_ = os.Remove(path) // fails where there is a file
	}
	s = opened(t, dir, fileblob.Options{})
	wantStored(t, s, small, large)
	put(t, s, several(9, 1<<20)...)
	wantCount(t, s, 11)
}

// Temporary files of a process that was killed go at the next open.
func TestOpenClearsTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closeStore(t, open(t, dir, fileblob.Options{}))
	left := filepath.Join(dir, "tmp", "put-1")
	if err := os.WriteFile(left, noise(100), 0o600); err != nil {
		t.Fatal(err)
	}
	opened(t, dir, fileblob.Options{})
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// A put may wait so long that the same content is stored by another and the
// pack that holds it is sealed: it is stored once all the same.
func TestSameContentIsStoredOnceAcrossPacks(t *testing.T) {
	t.Parallel()
	g := &gate{}
	s := opened(t, t.TempDir(), fileblob.Options{SegmentSize: 1 << 20}.WithFault(g.ask))
	same := noise(5000)
	// Groups end at 8 MiB: the first has the content once, the second fills
	// another pack, the third has it again.
	large := several(64, fileblob.SmallLimit)
	queue := slices.Concat([][]byte{noise(1), same}, large, [][]byte{same})
	putGroup(t, s, g, queue)
	wantCount(t, s, len(queue)-1)
	wantSound(t, s)
	if st := s.Stats(); st.Packs != 2 || st.Groups != 3 || st.Duplicates != 1 {
		t.Errorf("%+v", st)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), fileblob.Options{})
	all := several(10, 1000)
	put(t, s, all...)
	put(t, s, all...)
	put(t, s, noise(1<<20))
	read(t, s, all[0])
	remove(t, s, all[0])
	st := s.Stats()
	if st.Puts != 21 || st.Duplicates != 10 || st.Bytes != 10*1000+1<<20 || st.Grouped != 10 ||
		st.Groups != 10 || st.LargestGroup != 1 || st.Opens != 1 || st.Deletes != 1 || st.Packs != 1 ||
		st.Flushes < 14 {
		t.Errorf("%+v", st)
	}
}
