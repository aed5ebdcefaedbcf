package boltstore

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core/store"
)

// TestAheadFetchesWhatWillBeRead takes a file out of the cache of the kernel,
// watches pages come back that nobody has read, and sees that they are those that
// are read then.
func TestAheadFetchesWhatWillBeRead(t *testing.T) {
	s := coldStore(t, 2000)
	keys := make([]int, 100)
	for i := range keys {
		keys[i] = 20 * i
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	view := func(most int, ask, read func(tx store.Tx)) {
		t.Helper()
		s.evict(t)
		err := s.View(t.Context(), func(tx store.Tx) error {
			ask(tx)
			for end := time.Now().Add(time.Minute); s.cached(t) < len(keys); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("only %d pages were fetched", s.cached(t))
				}
			}
			read(tx)
			if had := s.cached(t); had > most {
				t.Errorf("%d pages are in the cache, want at most %d", had, most)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const around, branches = aheadBytes / 4096, 40 // pages
	view(len(keys)*around+branches, func(tx store.Tx) {
		for _, i := range keys {
			tx.Ahead("rows", row(i), append(row(i), 0), false, 1)
		}
	}, func(tx store.Tx) {
		for _, i := range keys {
			if v, err := tx.Get("rows", row(i)); len(v) != 3000 || err != nil {
				t.Error(len(v), err)
			}
		}
	})
	for _, desc := range []bool{false, true} {
		view(len(keys)+around+branches, func(tx store.Tx) {
			tx.Ahead("rows", row(500), row(1500), desc, len(keys))
		}, func(tx store.Tx) {
			n := 0
			for range tx.Scan("rows", row(500), row(1500), desc) {
				if n++; n == len(keys) {
					break
				}
			}
		})
	}
}

func row(i int) []byte { return fmt.Appendf(nil, "%06d", i) }

// cold is a store whose file can be taken out of the cache.
type cold struct {
	*Store
	f *os.File
}

func coldStore(t *testing.T, rows int) *cold {
	t.Helper()
	path := filepath.Join(t.TempDir(), "uzel.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for i := range rows {
			if err := tx.Put("rows", row(i), slices.Repeat([]byte("x"), 3000)); err != nil { // one on a page
				return err
			}
		}
		return nil
	})
	f, openErr := os.Open(path)
	if err != nil || openErr != nil {
		t.Fatal(err, openErr)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &cold{s, f}
}

// evict takes the file out of the cache, for which no page may be mapped or dirty.
func (c *cold) evict(t *testing.T) {
	t.Helper()
	if err := c.db.Sync(); err != nil {
		t.Fatal(err)
	}
	c.letGo()
	if err := unix.Fadvise(int(c.f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	if n := c.cached(t); n > 20 {
		t.Skipf("%d pages stay in the cache: this file system has no other place for them", n)
	}
}

// cached counts the pages of the file that are in the cache.
func (c *cold) cached(t *testing.T) (n int) {
	t.Helper()
	info, err := c.f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data, err := unix.Mmap(int(c.f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(data) //nolint:errcheck // it is mapped
	in := make([]byte, len(data)/os.Getpagesize()+1)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), uintptr(unsafe.Pointer(&in[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, page := range in {
		n += int(page & 1)
	}
	return n
}
