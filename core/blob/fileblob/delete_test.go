package fileblob_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

func TestDeleteFreesTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{SegmentSize: 4 << 20})
	all := several(60, 200<<10)
	large := several(3, 2<<20)
	put(t, s, all...)
	put(t, s, large...)
	before := blocks(t, dir)
	remove(t, s, all[:58]...)
	remove(t, s, large...)
	if after := blocks(t, dir); after > before/10 {
		t.Errorf("%d bytes on disk before, %d after", before, after)
	}
	for i, p := range all[:58] {
		if path, at := indexInPacks(t, dir, p[5000:6000]); at >= 0 {
			t.Fatalf("content %d is still in %s", i, path)
		}
	}
	wantStored(t, s, all[58:]...)
	wantSound(t, s)
}

func TestPackOfDeletedFilesIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := fileblob.Options{SegmentSize: 50 << 10}
	s := opened(t, dir, o)
	all := several(40, 9000)
	put(t, s, all...)
	full := len(packsOf(t, dir, ".pack"))
	remove(t, s, all...)
	if n := len(packsOf(t, dir, ".pack")) + len(packsOf(t, dir, ".index")); full < 5 || n != 1 {
		t.Errorf("%d packs before, %d files after", full, n)
	}
	closeStore(t, s)
	s = opened(t, dir, o)
	wantCount(t, s, 0)
	put(t, s, all...)
	closeStore(t, s)
	s = opened(t, dir, o)
	wantStored(t, s, all...)
	wantSound(t, s)
}

// A deletion whose bytes could not be erased is hidden at once, reported, and
// finished by the next Delete or the next open.
func TestErasureIsFinishedLater(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 10 << 10} { // in the last pack, in a sealed one
		dir, f := t.TempDir(), &faults{}
		o := fileblob.Options{SegmentSize: size}.WithFault(f.ask)
		s := opened(t, dir, o)
		all := several(4, 9000)
		put(t, s, all...)
		f.set("erase", ".pack", unix.EIO)
		err := s.Delete(t.Context(), refOf(all[1]).Hash)
		wantCode(t, err, core.KindUnavailable, "blob.disk")
		err = s.Delete(t.Context(), refOf(all[1]).Hash)
		wantCode(t, err, core.KindUnavailable, "blob.disk")
		wantMissing(t, s, all[1])
		if found := problems(t, s); len(found) != 1 {
			t.Errorf("check reports %v", found)
		}

		lost := crashed(t, dir)
		r := opened(t, lost, fileblob.Options{SegmentSize: size})
		wantErased(t, r, lost, all[1])
		wantStored(t, r, all[0], all[2], all[3])

		f.clear()
		remove(t, s, all[2])
		wantErased(t, s, dir, all[1])
		wantErased(t, s, dir, all[2])
		wantStored(t, s, all[0], all[3])
	}
}

func wantErased(t *testing.T, s *fileblob.Store, dir string, p []byte) {
	t.Helper()
	wantMissing(t, s, p)
	if path, at := indexInPacks(t, dir, p[:1000]); at >= 0 {
		t.Errorf("the content is still in %s", path)
	}
	wantSound(t, s)
}

// Where there are no holes, zeros are written.
func TestDeleteWithoutHoles(t *testing.T) {
	t.Parallel()
	dir, f := t.TempDir(), &faults{}
	s := opened(t, dir, fileblob.Options{}.WithFault(f.ask))
	all := several(3, 9000)
	put(t, s, all...)
	f.set("erase", "", unix.EOPNOTSUPP)
	remove(t, s, all[1])
	wantErased(t, s, dir, all[1])
	wantStored(t, s, all[0], all[2])
}

// What deletions leave behind does not grow for ever.
func TestOldDeletionsAreForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := fileblob.Options{SegmentSize: 20 << 10}
	s := opened(t, dir, o)
	kept, gone := several(3, 9000), several(3, 9000)
	put(t, s, kept...)
	put(t, s, gone...)
	remove(t, s, gone...)
	for range 600 {
		p := noise(60)
		put(t, s, p)
		remove(t, s, p)
	}
	closeStore(t, s)
	s = opened(t, dir, o)
	if n := size(t, filepath.Join(dir, "deleted")); n > 1000 {
		t.Errorf("%d bytes are left", n)
	}
	wantStored(t, s, kept...)
	wantMissing(t, s, gone...)
	remove(t, s, kept[0])
	closeStore(t, s)
	s = opened(t, dir, o)
	wantMissing(t, s, kept[0])
	wantCount(t, s, 2)
	wantSound(t, s)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
