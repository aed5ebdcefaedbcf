// Package blobtest is the conformance suite of [blob.Store]: every driver
// passes it whole.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

// Open opens the store that lives at dir, a folder of the test: a driver
// without folders uses it as a name. What was stored at dir before must be
// there again. The suite closes the store. Open ends the test on an error.
type Open func(t *testing.T, dir string) blob.Store

// Run proves that a driver keeps the promises of blob.Store. It starts the test
// binary again to kill it, so that the test calling Run must do nothing else.
func Run(t *testing.T, open Open) {
	if dir := os.Getenv(childDir); dir != "" {
		putForever(t, open(t, dir))
		return
	}
	// It measures the heap, which the others use as well.
	t.Run("LargeFileStreams", func(t *testing.T) { testLargeFileStreams(t, open) })
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"PutThenGet", testPutThenGet},
		{"OddReaders", testOddReaders},
		{"SameContentIsStoredOnce", testSameContentIsStoredOnce},
		{"SameContentAtOnce", testSameContentAtOnce},
		{"ManyAtOnce", testManyAtOnce},
		{"BegunIsStoredWhenWaitedFor", testBegin},
		{"BegunIsStoredByClose", testBeginThenClose},
		{"Ranges", testRanges},
		{"FailedReaderLeavesNothing", testFailedReader},
		{"CancelLeavesNothing", testCancel},
		{"LimitLeavesNothing", testLimit},
		{"UnknownAndWrongHashes", testUnknownHashes},
		{"Delete", testDelete},
		{"DeleteLeavesOpenReaders", testDeleteLeavesReaders},
		{"ReadBesideDelete", testReadBesideDelete},
		{"Walk", testWalk},
		{"WalkMayDelete", testWalkMayDelete},
		{"Reopen", testReopen},
		{"Closed", testClosed},
		{"RandomCallsAgainstModel", testModel},
		{"KillKeepsWhatWasAcknowledged", testKill},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // they wait for the disk most of the time
			c.test(t, open)
		})
	}
}

// sizes cover empty files, packed ones, the usual borders and large ones.
var sizes = []int{
	0, 1, 31, 4 << 10, 20 << 10, 32<<10 - 52, 32 << 10, 64<<10 + 1,
	256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20, 3<<20 + 7,
}

// content is size bytes that nobody else has.
func content(size int) []byte {
	p := make([]byte, size)
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	_, _ = rand.NewChaCha8(seed).Read(p) // never fails
	return p
}

func refOf(p []byte) blob.Ref {
	sum := sha256.Sum256(p)
	return blob.Ref{Hash: hex.EncodeToString(sum[:]), Size: int64(len(p))}
}

// start opens a fresh store and closes it when the test ends.
func start(t *testing.T, open Open) blob.Store {
	t.Helper()
	s := open(t, t.TempDir())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s blob.Store, p []byte) blob.Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	if want := refOf(p); ref != want {
		t.Fatalf("put of %d bytes gave %v, want %v", len(p), ref, want)
	}
	return ref
}

// get reads the whole file.
func get(t *testing.T, s blob.Store, hash string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(p)) != r.Size() {
		t.Fatalf("read %d bytes of a file of size %d", len(p), r.Size())
	}
	return p
}

// wantStored checks that a file is there and whole.
func wantStored(t *testing.T, s blob.Store, ref blob.Ref) {
	t.Helper()
	if got, err := s.Stat(t.Context(), ref.Hash); err != nil || got != ref {
		t.Fatalf("stat gave %v, %v; want %v", got, err, ref)
	}
	if got := refOf(get(t, s, ref.Hash)); got != ref {
		t.Fatalf("content of %v has become %v", ref, got)
	}
}

// wantMissing checks that a file is not there.
func wantMissing(t *testing.T, s blob.Store, hash string) {
	t.Helper()
	_, err := s.Stat(t.Context(), hash)
	wantKind(t, err, core.KindNotFound)
	_, err = s.Open(t.Context(), hash)
	wantKind(t, err, core.KindNotFound)
}

func wantKind(t *testing.T, err error, kind core.Kind) {
	t.Helper()
	if err == nil || core.KindOf(err) != kind {
		t.Fatalf("error %v, want kind %s", err, kind)
	}
}

// list is what Walk shows; it fails on a file shown twice.
func list(t *testing.T, s blob.Store) map[string]int64 {
	t.Helper()
	files := map[string]int64{}
	err := s.Walk(t.Context(), func(ref blob.Ref) error {
		if _, twice := files[ref.Hash]; twice {
			t.Errorf("walk shows %s twice", ref.Hash)
		}
		files[ref.Hash] = ref.Size
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wantNothing checks that a failed Put left nothing of p, whole or cut.
func wantNothing(t *testing.T, s blob.Store) {
	t.Helper()
	if files := list(t, s); len(files) != 0 {
		t.Fatalf("a failed put left %v", files)
	}
}

// readerFunc is a reader made of a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// cancelAfter yields p and cancels the context when n bytes of it are read.
func cancelAfter(p []byte, n int, cancel context.CancelFunc) io.Reader {
	src := bytes.NewReader(p)
	return readerFunc(func(b []byte) (int, error) {
		if int(src.Size())-src.Len() >= n {
			cancel()
		}
		return src.Read(b[:min(len(b), 16<<10)])
	})
}
