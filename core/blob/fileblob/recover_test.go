package fileblob_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

// gate holds the flush of packs until it is opened.
type gate struct {
	mu      sync.Mutex
	blocked chan struct{} // not nil: a flush of a pack waits for its end
	reached chan struct{}
}

func (g *gate) ask(op, path string) error {
	if op != "flush" || !strings.HasSuffix(path, ".pack") {
		return nil
	}
	g.mu.Lock()
	blocked := g.blocked
	g.blocked = nil
	g.mu.Unlock()
	if blocked != nil {
		close(g.reached)
		<-blocked
	}
	return nil
}

// putGroup puts the contents at once: the first is a group of its own, the
// others wait in their order and form the next groups.
func putGroup(t *testing.T, s *fileblob.Store, g *gate, contents [][]byte) {
	t.Helper()
	blocked := make(chan struct{})
	g.reached = make(chan struct{})
	g.mu.Lock()
	g.blocked = blocked
	g.mu.Unlock()
	var wg sync.WaitGroup
	for i, p := range contents {
		wg.Go(func() {
			if _, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-g.reached
		}
		await(t, func() bool { return s.Waiting() == i })
	}
	close(blocked)
	wg.Wait()
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// A crash may leave any sectors of a group that was not flushed yet: the whole
// group is lost or a part of it is there, what was acknowledged before is
// there, and nothing is ever half there.
func TestTornGroupIsCutOff(t *testing.T) {
	t.Parallel()
	dir, g := t.TempDir(), &gate{}
	s := opened(t, dir, fileblob.Options{}.WithFault(g.ask))
	before := several(20, 7000)
	put(t, s, before...)
	group := several(12, 9000)
	putGroup(t, s, g, group)
	before = append(before, group[0])
	path, from := indexInPacks(t, dir, group[0])
	from += len(group[0])
	_, last := indexInPacks(t, dir, group[len(group)-1])
	end := last + len(group[0])
	for _, p := range group {
		_, at := indexInPacks(t, dir, p)
		end = max(end, at+len(p))
	}
	for round := range 16 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			lost := crashed(t, dir)
			tear(t, strings.Replace(path, dir, lost, 1), from, end)
			r := opened(t, lost, fileblob.Options{})
			wantStored(t, r, before...)
			for _, p := range group[1:] {
				if got := read(t, r, p); got != nil && !bytes.Equal(got, p) {
					t.Fatal("a torn content can be seen")
				}
			}
			put(t, r, group...)
			wantStored(t, r, append(before, group...)...)
			wantCount(t, r, len(before)+len(group)-1)
			wantSound(t, r)
			closeStore(t, r)
			r = opened(t, lost, fileblob.Options{})
			wantStored(t, r, append(before, group...)...)
		})
	}
}

// tear spoils some sectors of a stretch of a file, or ends the file there.
func tear(t *testing.T, path string, from, end int) {
	t.Helper()
	if rand.IntN(4) == 0 {
		if err := os.Truncate(path, int64(from+rand.IntN(end-from))); err != nil {
			t.Fatal(err)
		}
		return
	}
	for range 1 + rand.IntN(5) {
		at := from + rand.IntN(end-from)
		sector := make([]byte, min(512, end-at))
		if rand.IntN(2) == 0 {
			copy(sector, noise(512))
		}
		overwrite(t, path, int64(at), sector)
	}
}

// Bytes that change under flushed records cost these records and no others.
func TestDamageIsReportedAndKeptApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		offset int // from the beginning of the body
		found  bool
		hash   bool
	}{
		{"body", 100, true, true},
		{"header", -20, false, false},
	} {
		for _, indexed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/indexed=%v", c.name, indexed), func(t *testing.T) {
				dir := t.TempDir()
				s := opened(t, dir, fileblob.Options{})
				all := several(9, 5000)
				put(t, s, all...)
				if indexed {
					closeStore(t, s)
				}
				lost := crashed(t, dir)
				path, at := indexInPacks(t, lost, all[4])
				overwrite(t, path, int64(at+c.offset), []byte("spoilt"))
				r := opened(t, lost, fileblob.Options{})
				wantStored(t, r, all[:4]...)
				wantStored(t, r, all[5:]...)
				_, err := r.Open(t.Context(), refOf(all[4]).Hash)
				if c.found || indexed {
					wantCode(t, err, core.KindInternal, "blob.damaged")
				} else {
					wantCode(t, err, core.KindNotFound, "blob.not_found")
				}
				found := problems(t, r)
				if len(found) == 0 || c.hash && (len(found) != 1 || found[0].Hash != refOf(all[4]).Hash) {
					t.Errorf("check reports %v", found)
				}
			})
		}
	}
}

func TestDamagedLargeFileIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{})
	p := noise(1 << 20)
	put(t, s, p)
	hash := refOf(p).Hash
	overwrite(t, dir+"/files/"+hash[:2]+"/"+hash, 12345, []byte("spoilt"))
	if err := os.WriteFile(dir+"/files/00/notes.txt", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found := problems(t, s)
	if len(found) != 2 || found[0].Hash+found[1].Hash != hash {
		t.Errorf("check reports %v", found)
	}
}

// An index is only a copy: it is made again when it is lost or spoilt.
func TestLostIndexIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{SegmentSize: 100 << 10})
	all := several(60, 9000)
	put(t, s, all...)
	remove(t, s, all[7], all[31])
	closeStore(t, s)
	all = append(append(append([][]byte{}, all[:7]...), all[8:31]...), all[32:]...)
	for name, spoil := range map[string]func(path string) error{
		"removed": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 1000) },
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"changed": func(path string) error { overwrite(t, path, 2000, []byte("spoilt")); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			lost := crashed(t, dir)
			indexes := packsOf(t, lost, ".index")
			if len(indexes) < 5 {
				t.Fatalf("%d indexes", len(indexes))
			}
			for _, path := range indexes {
				if err := spoil(path); err != nil {
					t.Fatal(err)
				}
			}
			r := opened(t, lost, fileblob.Options{SegmentSize: 100 << 10})
			wantStored(t, r, all...)
			wantCount(t, r, len(all))
			wantSound(t, r)
		})
	}
}

func TestLostPackIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{SegmentSize: 10 << 10})
	put(t, s, several(5, 9000)...)
	closeStore(t, s)
	if err := os.Remove(packsOf(t, dir, ".pack")[1]); err != nil {
		t.Fatal(err)
	}
	_, err := fileblob.Open(dir, fileblob.Options{})
	wantCode(t, err, core.KindInternal, "blob.damaged")
}

// A crash finds a checkpoint of the last pack and records behind it.
func TestCrashBehindCheckpoint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, dir, fileblob.Options{})
	size := 250 << 10
	all := several(fileblob.CheckpointEvery/size+20, size)
	put(t, s, all...)
	remove(t, s, all[3], all[len(all)-3])
	s.AwaitCheckpoint()
	if n := len(packsOf(t, dir, ".index")); n != 1 {
		t.Fatalf("%d indexes", n)
	}
	lost := crashed(t, dir)
	for range 2 {
		r := opened(t, lost, fileblob.Options{})
		wantStored(t, r, all[:3]...)
		wantStored(t, r, all[len(all)-2:]...)
		wantMissing(t, r, all[3], all[len(all)-3])
		wantCount(t, r, len(all)-2)
		wantSound(t, r)
		closeStore(t, r)
		// The second time without the checkpoint.
		if err := os.Remove(packsOf(t, lost, ".index")[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// While a checkpoint is written, files are stored.
func TestPutsDoNotWaitForACheckpoint(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(begun) })
	s := opened(t, t.TempDir(), fileblob.Options{}.WithFault(func(op, path string) error {
		if op == "write" && strings.Contains(path, ".index") {
			once()
			<-release
		}
		return nil
	}))
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	size := 250 << 10
	put(t, s, several(fileblob.CheckpointEvery/size+1, size)...)
	<-begun
	more := several(3, 9000)
	put(t, s, more...)
	free()
	wantStored(t, s, more...)
}

// A stored file may look like a pack: when the record that holds it is torn,
// the records inside it must not come to life.
func TestRecordsInsideAFileAreNotTakenForRecords(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	s := opened(t, other, fileblob.Options{})
	inside := several(5, 3000)
	put(t, s, inside...)
	raw, err := os.ReadFile(packsOf(t, other, ".pack")[0])
	if err != nil {
		t.Fatal(err)
	}
	raw = raw[:20<<10]
	dir := t.TempDir()
	s = opened(t, dir, fileblob.Options{})
	put(t, s, raw)
	lost := crashed(t, dir)
	path, at := indexInPacks(t, lost, raw)
	overwrite(t, path, int64(at-10), []byte("torn"))
	r := opened(t, lost, fileblob.Options{})
	wantCount(t, r, 0)
	// The same bytes at the very places they had in their own pack.
	closeStore(t, r)
	overwrite(t, path, 32, raw[32:])
	r = opened(t, lost, fileblob.Options{})
	wantCount(t, r, 0)
	wantMissing(t, r, inside...)
}

// Records of a group that was cut off stay away when the next records happen to
// end where they began.
func TestCutRecordsDoNotComeBack(t *testing.T) {
	t.Parallel()
	dir, g := t.TempDir(), &gate{}
	s := opened(t, dir, fileblob.Options{}.WithFault(g.ask))
	group := several(6, 100<<10) // too large to be followed by zeros
	putGroup(t, s, g, group)
	lost := crashed(t, dir)
	first := group[1]
	path, from := indexInPacks(t, lost, first)
	for _, p := range group[2:] {
		if _, at := indexInPacks(t, lost, p); at < from {
			first, from = p, at
		}
	}
	overwrite(t, path, int64(from+500), []byte("torn"))
	r := opened(t, lost, fileblob.Options{})
	wantStored(t, r, group[0])
	wantCount(t, r, 1)
	put(t, r, first)
	r = opened(t, crashed(t, lost), fileblob.Options{})
	wantStored(t, r, group[0], first)
	wantCount(t, r, 2)
}
