package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

func testPutThenGet(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range sizes {
		p := content(size)
		ref := put(t, s, p)
		wantStored(t, s, ref)
		if !bytes.Equal(get(t, s, ref.Hash), p) {
			t.Fatalf("%d bytes came back changed", size)
		}
	}
}

func testOddReaders(t *testing.T, open Open) {
	s := start(t, open)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"one byte at a time":      iotest.OneByteReader,
		"half of what is asked":   iotest.HalfReader,
		"end together with bytes": iotest.DataErrReader,
		"nothing now and then": func(r io.Reader) io.Reader {
			odd := false
			return readerFunc(func(p []byte) (int, error) {
				if odd = !odd; odd {
					return 0, nil
				}
				return r.Read(p)
			})
		},
	} {
		for _, size := range []int{0, 1, 20 << 10, 300 << 10} {
			p := content(size)
			ref, err := s.Put(t.Context(), wrap(bytes.NewReader(p)))
			if err != nil || ref != refOf(p) {
				t.Fatalf("%s, %d bytes: %v, %v", name, size, ref, err)
			}
			wantStored(t, s, ref)
		}
	}
}

func testSameContentIsStoredOnce(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range sizes {
		p := content(size)
		ref := put(t, s, p)
		if again := put(t, s, p); again != ref {
			t.Fatalf("second put gave %v, first %v", again, ref)
		}
	}
	if files := list(t, s); len(files) != len(sizes) {
		t.Fatalf("%d files stored, want %d", len(files), len(sizes))
	}
}

func testSameContentAtOnce(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{0, 20 << 10, 1 << 20} {
		p := content(size)
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				if ref, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil || ref != refOf(p) {
					t.Errorf("%d bytes: %v, %v", size, ref, err)
				}
			})
		}
		wg.Wait()
		wantStored(t, s, refOf(p))
	}
	if files := list(t, s); len(files) != 3 {
		t.Fatalf("%d files stored, want 3", len(files))
	}
}

func testManyAtOnce(t *testing.T, open Open) {
	s := start(t, open)
	const writers, each = 16, 40
	refs := make(chan blob.Ref, writers*each)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range each {
				ref, err := s.Put(t.Context(), bytes.NewReader(content(100+i*1000)))
				if err != nil {
					t.Error(err)
					return
				}
				refs <- ref
			}
		})
	}
	wg.Wait()
	close(refs)
	files := list(t, s)
	for ref := range refs {
		wantStored(t, s, ref)
		if size, ok := files[ref.Hash]; !ok || size != ref.Size {
			t.Fatalf("walk shows size %d, %v for %v", size, ok, ref)
		}
	}
	if len(files) != writers*each {
		t.Fatalf("%d files stored, want %d", len(files), writers*each)
	}
}

func testBegin(t *testing.T, open Open) {
	s := start(t, open)
	var refs []blob.Ref
	var waits []func() error
	begin := func(p []byte) {
		t.Helper()
		ref, wait, err := s.Begin(t.Context(), p)
		if err != nil || ref != refOf(p) {
			t.Fatalf("%d bytes: %v, %v", len(p), ref, err)
		}
		refs, waits = append(refs, ref), append(waits, wait)
	}
	for _, size := range sizes {
		p := content(size)
		begin(p)
		begin(p)                // before the first is stored
		put(t, s, content(100)) // takes them along
	}
	begin(content(1000)) // nobody does that for
	var wg sync.WaitGroup
	for i, wait := range waits {
		for range 2 {
			wg.Go(func() {
				if err := wait(); err != nil {
					t.Error(err)
				}
				if got, err := s.Stat(t.Context(), refs[i].Hash); err != nil || got != refs[i] {
					t.Errorf("after wait: %v, %v", got, err)
				}
			})
		}
	}
	wg.Wait()
	for _, ref := range refs {
		wantStored(t, s, ref)
	}
	if files := list(t, s); len(files) != 2*len(sizes)+1 {
		t.Fatalf("%d files stored, want %d", len(files), 2*len(sizes)+1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Begin(ctx, content(10)); err == nil {
		t.Error("began after the end of its context")
	}
}

func testBeginThenClose(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	p := content(1000)
	ref, wait, err := s.Begin(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Begin(t.Context(), p); err == nil {
		t.Error("began in a store that is closed")
	}
	again := open(t, dir)
	defer again.Close()
	wantStored(t, again, ref)
}

// testLargeFileStreams puts 200 MB and looks at the heap all the way.
func testLargeFileStreams(t *testing.T, open Open) {
	s := start(t, open)
	const total, bound = 200_000_000, 16 << 20
	base, most := heap(), uint64(0)
	block, left, read := content(1<<20), total, 0
	ref, err := s.Put(t.Context(), readerFunc(func(p []byte) (int, error) {
		if left == 0 {
			return 0, io.EOF
		}
		if read += len(p); read > 4<<20 {
			read, most = 0, max(most, heap())
		}
		n := copy(p, block[:min(len(block), left)])
		left -= n
		return n, nil
	}))
	if err != nil || ref.Size != total {
		t.Fatal(ref, err)
	}
	if most > base+bound {
		t.Errorf("the heap grew from %d to %d bytes", base, most)
	}
	if got, err := s.Stat(t.Context(), ref.Hash); err != nil || got != ref {
		t.Fatal(got, err)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func testRanges(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{20 << 10, 2 << 20} {
		p := content(size)
		ref := put(t, s, p)
		for _, c := range []struct{ header, want string }{
			{"bytes=0-0", string(p[:1])},
			{"bytes=100-299", string(p[100:300])},
			{"bytes=-7", string(p[size-7:])},
			{fmt.Sprintf("bytes=%d-", size/2), string(p[size/2:])},
		} {
			if got := serveRange(t, s, ref.Hash, c.header); got != c.want {
				t.Errorf("%d bytes, %s: got %d bytes, want %d", size, c.header, len(got), len(c.want))
			}
		}
		readAtOnce(t, s, p)
	}
}

func serveRange(t *testing.T, s blob.Store, hash, header string) string {
	t.Helper()
	r, err := s.Open(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	req.Header.Set("Range", header)
	rec := httptest.NewRecorder()
	http.ServeContent(rec, req, "", time.Time{}, r)
	if rec.Code != http.StatusPartialContent {
		t.Errorf("%s: status %d", header, rec.Code)
	}
	return rec.Body.String()
}

// readAtOnce reads pieces of one reader from several goroutines.
func readAtOnce(t *testing.T, s blob.Store, p []byte) {
	t.Helper()
	r, err := s.Open(t.Context(), refOf(p).Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			at, b := i*len(p)/8, make([]byte, len(p)/8)
			if _, err := r.ReadAt(b, int64(at)); err != nil || !bytes.Equal(b, p[at:at+len(b)]) {
				t.Errorf("bytes from %d: %v", at, err)
			}
		})
	}
	wg.Wait()
	if n, err := r.ReadAt(make([]byte, 2), r.Size()-1); n != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("read over the end gave %d, %v", n, err)
	}
}

func testFailedReader(t *testing.T, open Open) {
	s := start(t, open)
	rejected := &core.Error{Kind: core.KindRejected, Code: "test.rejected"}
	for _, cause := range []error{errors.New("cable pulled"), io.ErrUnexpectedEOF, rejected} {
		for _, size := range sizes {
			r := io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(cause))
			_, err := s.Put(t.Context(), r)
			if !errors.Is(err, cause) || core.KindOf(err) != core.KindOf(cause) {
				t.Fatalf("%v after %d bytes: put gave %v", cause, size, err)
			}
		}
	}
	wantNothing(t, s)
}

func testCancel(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{20 << 10, 200 << 10, 2 << 20} {
		for _, after := range []int{0, size / 2} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := s.Put(ctx, cancelAfter(content(size), after, cancel))
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%d of %d bytes: put gave %v", after, size, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"put":    second(s.Put(ctx, bytes.NewReader(nil))),
		"open":   second(s.Open(ctx, refOf(nil).Hash)),
		"stat":   second(s.Stat(ctx, refOf(nil).Hash)),
		"delete": s.Delete(ctx, refOf(nil).Hash),
		"walk":   s.Walk(ctx, func(blob.Ref) error { return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context gave %v", name, err)
		}
	}
	wantNothing(t, s)
}

func second[T any](_ T, err error) error { return err }

func testLimit(t *testing.T, open Open) {
	s := start(t, open)
	for _, size := range []int{20 << 10, 2 << 20} {
		p := content(size)
		_, err := s.Put(t.Context(), blob.Limit(bytes.NewReader(p), int64(size)-1))
		wantKind(t, err, core.KindInvalid)
		if large, ok := errors.AsType[*blob.TooLargeError](err); !ok || large.Limit != int64(size)-1 {
			t.Errorf("error %v does not name the limit", err)
		}
		wantNothing(t, s)
	}
	p := content(300 << 10)
	if ref, err := s.Put(t.Context(), blob.Limit(bytes.NewReader(p), int64(len(p)))); err != nil || ref != refOf(p) {
		t.Errorf("a file of exactly the limit: %v, %v", ref, err)
	}
}
