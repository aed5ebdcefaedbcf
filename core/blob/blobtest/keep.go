package blobtest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

func testUnknownHashes(t *testing.T, open Open) {
	s := start(t, open)
	wantMissing(t, s, refOf(content(100)).Hash)
	good := refOf(nil).Hash
	for _, hash := range []string{"", "..", good[1:], good + "0", strings.ToUpper(good), "../../" + good[6:], "zz" + good[2:]} {
		wantKind(t, second(s.Open(t.Context(), hash)), core.KindInvalid)
		wantKind(t, second(s.Stat(t.Context(), hash)), core.KindInvalid)
		wantKind(t, s.Delete(t.Context(), hash), core.KindInvalid)
	}
}

func remove(t *testing.T, s blob.Store, hash string) {
	t.Helper()
	if err := s.Delete(t.Context(), hash); err != nil {
		t.Fatal(err)
	}
}

func testDelete(t *testing.T, open Open) {
	s := start(t, open)
	var all [][]byte
	for _, size := range sizes {
		all = append(all, content(size))
	}
	for _, p := range all {
		put(t, s, p)
	}
	for i, p := range all {
		remove(t, s, refOf(p).Hash)
		wantMissing(t, s, refOf(p).Hash)
		remove(t, s, refOf(p).Hash) // gone already: no error
		for _, other := range all[i+1:] {
			wantStored(t, s, refOf(other))
		}
	}
	wantNothing(t, s)
	for _, p := range all {
		put(t, s, p)
		wantStored(t, s, refOf(p))
	}
}

func testDeleteLeavesReaders(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{20 << 10, 2 << 20} {
		p := content(size)
		r, err := s.Open(t.Context(), put(t, s, p).Hash)
		if err != nil {
			t.Fatal(err)
		}
		remove(t, s, refOf(p).Hash)
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, p) {
			t.Errorf("%d bytes: the open reader gave %d bytes, %v", size, len(got), err)
		}
		r.Close()
	}
}

// testReadBesideDelete reads files that come and go: what is read is whole or
// not there.
func testReadBesideDelete(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{20 << 10, 300 << 10} {
		p := content(size)
		hash := refOf(p).Hash
		gone := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(gone)
			for range 40 {
				if _, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil {
					t.Error(err)
				}
				if err := s.Delete(t.Context(), hash); err != nil {
					t.Error(err)
				}
			}
		})
		for range 2 {
			wg.Go(func() { readUntil(t, s, p, gone) })
		}
		wg.Wait()
	}
	wantNothing(t, s)
}

func readUntil(t *testing.T, s blob.Store, p []byte, gone <-chan struct{}) {
	for {
		select {
		case <-gone:
			return
		default:
		}
		r, err := s.Open(t.Context(), refOf(p).Hash)
		if err == nil {
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, p) {
				t.Errorf("read %d of %d bytes, %v", len(got), len(p), err)
			}
			r.Close()
		} else if core.KindOf(err) != core.KindNotFound {
			t.Error(err)
			return
		}
	}
}

func testWalk(t *testing.T, open Open) {
	s := start(t, open)
	want := map[string]int64{}
	for _, size := range sizes {
		ref := put(t, s, content(size))
		want[ref.Hash] = ref.Size
	}
	got := list(t, s)
	if len(got) != len(want) {
		t.Fatalf("walk shows %d files, want %d", len(got), len(want))
	}
	for hash, size := range want {
		if got[hash] != size {
			t.Errorf("walk shows %d bytes for a file of %d", got[hash], size)
		}
	}
	stop, calls := errors.New("enough"), 0
	err := s.Walk(t.Context(), func(blob.Ref) error { calls++; return stop })
	if err != stop || calls != 1 { //nolint:errorlint // promised as it is
		t.Errorf("walk gave %v after %d calls", err, calls)
	}
}

func testWalkMayDelete(t *testing.T, open Open) {
	s := start(t, open)
	for i := range 200 {
		put(t, s, content(i*13))
	}
	put(t, s, content(1<<20))
	err := s.Walk(t.Context(), func(ref blob.Ref) error { return s.Delete(t.Context(), ref.Hash) })
	if err != nil {
		t.Fatal(err)
	}
	wantNothing(t, s)
}

func testReopen(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	var kept []blob.Ref
	for range 3 {
		for _, size := range sizes {
			if size < 16 { // of short contents one may come twice, and is one file
				continue
			}
			kept = append(kept, put(t, s, content(size)))
			remove(t, s, put(t, s, content(size)).Hash)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		for _, ref := range kept {
			wantStored(t, s, ref)
		}
		if files := list(t, s); len(files) != len(kept) {
			t.Fatalf("%d files after reopening, want %d", len(files), len(kept))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func testClosed(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	hash := put(t, s, content(100)).Hash
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, second(s.Put(t.Context(), bytes.NewReader(nil))), core.KindUnavailable)
	wantKind(t, second(s.Open(t.Context(), hash)), core.KindUnavailable)
	wantKind(t, second(s.Stat(t.Context(), hash)), core.KindUnavailable)
	wantKind(t, s.Delete(t.Context(), hash), core.KindUnavailable)
	wantKind(t, s.Walk(t.Context(), func(blob.Ref) error { return nil }), core.KindUnavailable)
}

// testModel makes random calls and compares the store with a map.
func testModel(t *testing.T, open Open) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := model{rnd: rand.New(rand.NewPCG(seed, 0)), open: open, dir: t.TempDir(), files: map[string]int64{}}
	m.store = open(t, m.dir)
	for range 40 {
		m.pool = append(m.pool, content(sizes[m.rnd.IntN(len(sizes))]))
	}
	for range 700 {
		m.step(t)
	}
	m.compare(t)
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
}

type model struct {
	rnd   *rand.Rand
	open  Open
	dir   string
	store blob.Store
	pool  [][]byte         // contents that come and go
	files map[string]int64 // what must be stored
}

func (m *model) step(t *testing.T) {
	t.Helper()
	p := m.pool[m.rnd.IntN(len(m.pool))]
	hash := refOf(p).Hash
	switch n := m.rnd.IntN(100); {
	case n < 50:
		put(t, m.store, p)
		m.files[hash] = int64(len(p))
	case n < 90:
		remove(t, m.store, hash)
		delete(m.files, hash)
	case n < 98:
		if _, ok := m.files[hash]; ok {
			wantStored(t, m.store, refOf(p))
		} else {
			wantMissing(t, m.store, hash)
		}
	default:
		if err := m.store.Close(); err != nil {
			t.Fatal(err)
		}
		m.store = m.open(t, m.dir)
		m.compare(t)
	}
}

func (m *model) compare(t *testing.T) {
	t.Helper()
	got := list(t, m.store)
	if len(got) != len(m.files) {
		t.Fatalf("%d files stored, want %d", len(got), len(m.files))
	}
	for hash, size := range m.files {
		wantStored(t, m.store, blob.Ref{Hash: hash, Size: size})
	}
}
