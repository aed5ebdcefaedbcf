package fileblob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

// opened opens a store that the end of the test closes.
func opened(t *testing.T, dir string, o fileblob.Options) *fileblob.Store {
	t.Helper()
	s := open(t, dir, o)
	t.Cleanup(func() { s.Close() })
	return s
}

func closeStore(t *testing.T, s *fileblob.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func refOf(p []byte) blob.Ref {
	sum := sha256.Sum256(p)
	return blob.Ref{Hash: hex.EncodeToString(sum[:]), Size: int64(len(p))}
}

func put(t *testing.T, s *fileblob.Store, contents ...[]byte) {
	t.Helper()
	for _, p := range contents {
		if ref, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil || ref != refOf(p) {
			t.Fatalf("put of %d bytes: %v, %v", len(p), ref, err)
		}
	}
}

// several are different contents of one size.
func several(n, size int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = noise(size)
		copy(all[i], []byte{byte(i), byte(i >> 8), byte(size)})
	}
	return all
}

// read returns what the store has for the content; nil if it is not stored.
func read(t *testing.T, s *fileblob.Store, p []byte) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), refOf(p).Hash)
	if core.KindOf(err) == core.KindNotFound && err != nil {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantStored(t *testing.T, s *fileblob.Store, contents ...[]byte) {
	t.Helper()
	for i, p := range contents {
		if got := read(t, s, p); !bytes.Equal(got, p) {
			t.Fatalf("content %d of %d bytes came back with %d", i, len(p), len(got))
		}
	}
}

func wantMissing(t *testing.T, s *fileblob.Store, contents ...[]byte) {
	t.Helper()
	for i, p := range contents {
		if _, err := s.Stat(t.Context(), refOf(p).Hash); core.KindOf(err) != core.KindNotFound || err == nil {
			t.Fatalf("content %d of %d bytes is still there: %v", i, len(p), err)
		}
	}
}

func remove(t *testing.T, s *fileblob.Store, contents ...[]byte) {
	t.Helper()
	for _, p := range contents {
		if err := s.Delete(t.Context(), refOf(p).Hash); err != nil {
			t.Fatal(err)
		}
	}
}

// wantCount checks how many files Walk shows.
func wantCount(t *testing.T, s *fileblob.Store, want int) {
	t.Helper()
	n := 0
	if err := s.Walk(t.Context(), func(blob.Ref) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Fatalf("%d files stored, want %d", n, want)
	}
}

func problems(t *testing.T, s *fileblob.Store) []blob.Problem {
	t.Helper()
	var all []blob.Problem
	if err := s.Check(t.Context(), func(p blob.Problem) { all = append(all, p) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func wantSound(t *testing.T, s *fileblob.Store) {
	t.Helper()
	for _, p := range problems(t, s) {
		t.Errorf("check reports %s, %s: %v", p.Hash, p.Place, p.Err)
	}
}

func wantCode(t *testing.T, err error, kind core.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("error %v, want %s %s", err, kind, code)
	}
}

// crashed copies the folder of a store as a crash would leave it now.
func crashed(t *testing.T, dir string) string {
	t.Helper()
	dst := t.TempDir()
	if err := os.CopyFS(dst, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return dst
}

func packsOf(t *testing.T, dir, suffix string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "packs", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// indexInPacks is the pack that holds the bytes and where.
func indexInPacks(t *testing.T, dir string, p []byte) (path string, at int) {
	t.Helper()
	for _, path := range packsOf(t, dir, ".pack") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(raw, p); at >= 0 {
			return path, at
		}
	}
	return "", -1
}

// overwrite changes bytes of a file in place.
func overwrite(t *testing.T, path string, at int64, p []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(p, at); err != nil {
		t.Fatal(err)
	}
}

// blocks is the space on disk under a folder, in bytes.
func blocks(t *testing.T, dir string) int64 {
	t.Helper()
	total := int64(0)
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			total += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// faults makes chosen operations of the disk fail.
type faults struct {
	mu   sync.Mutex
	op   string
	path string // part of the path
	err  error
}

func (f *faults) set(op, path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op, f.path, f.err = op, path, err
}

func (f *faults) clear() { f.set("", "", nil) }

func (f *faults) ask(op, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op == f.op && strings.Contains(path, f.path) {
		return f.err
	}
	return nil
}
