package spool_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

func keep(t *testing.T, s *spool.Store, body string) spool.Blob {
	t.Helper()
	b, err := s.Keep(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func content(t *testing.T, b spool.Blob) string {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// onDisk counts the files under dir.
func onDisk(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		files, err := os.ReadDir(dir + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		n += len(files)
	}
	return n
}

func TestSmallBodiesStayInMemory(t *testing.T) {
	dir := t.TempDir()
	s := spool.New(spool.Options{Dir: dir, PerBody: 10, Memory: 25})
	var blobs []spool.Blob
	for _, c := range []struct {
		body  string
		files int
	}{
		{"", 0},
		{"0123456789", 0},
		{"0123456789a", 1}, // larger than one body may be
		{"0123456789", 1},
		{"012345", 2}, // 26 bytes would be in memory
	} {
		b := keep(t, s, c.body)
		blobs = append(blobs, b)
		if content(t, b) != c.body || b.Size() != int64(len(c.body)) || onDisk(t, dir) != c.files {
			t.Errorf("%q: %q, size %d, %d files", c.body, content(t, b), b.Size(), onDisk(t, dir))
		}
		if head, err := b.Head(3); err != nil || string(head) != c.body[:min(3, len(c.body))] {
			t.Errorf("%q: head %q, %v", c.body, head, err)
		}
	}
	for _, b := range blobs {
		if err := s.Drop(b); err != nil {
			t.Error(err)
		}
	}
	if onDisk(t, dir) != 0 {
		t.Error("dropped bodies are still on disk")
	}
	keep(t, s, "0123456789")
	keep(t, s, "0123456789")
	if onDisk(t, dir) != 0 {
		t.Error("dropped bodies still count")
	}
}

func TestBoundsAreKept(t *testing.T) {
	s := spool.New(spool.Options{Dir: t.TempDir(), PerBody: 4, Bytes: 10, Blobs: 3})
	a := keep(t, s, "0123456")
	if s.Cut() {
		t.Error("cut too early")
	}
	if b := keep(t, s, "abcdef"); content(t, b) != "abc" || !s.Cut() {
		t.Errorf("%q, cut %v", content(t, b), s.Cut())
	}
	keep(t, s, "")
	if d := keep(t, s, "more"); d.Size() != 0 || content(t, d) != "" || s.Drop(d) != nil {
		t.Error("a fourth body was kept")
	}
	if err := s.Drop(a); err != nil {
		t.Fatal(err)
	}
	if e := keep(t, s, "xyz"); content(t, e) != "xyz" {
		t.Errorf("%q after room was made", content(t, e))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	s := spool.New(spool.Options{Dir: dir, PerBody: 2})
	broken := errors.New("broken")
	if _, err := s.Keep(io.MultiReader(strings.NewReader("0123456"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Error(err)
	}
	if onDisk(t, dir) != 0 {
		t.Error("half a body is left on disk")
	}
	b := keep(t, s, "0123")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %d folders left", err, len(left))
	}
	if _, err := b.Open(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
