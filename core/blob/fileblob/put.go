package fileblob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/uzel-hub/uzel/core/blob"
)

// put is one call of Put with its buffer.
type put struct {
	buf  []byte
	body []byte // the beginning of the content, in buf or in the caller's memory

	record
	head [recordHeaderSize]byte // the record's, as it is written
	seen uint32                 // number of the last pack when the file was looked up
	done chan error

	taken bool // by the committer; guarded by queue.mu
}

// firstRead is the size of most buffers; a content that does not fit goes on in
// one that holds SmallLimit and a byte more.
const (
	firstRead = 32 << 10
	fullRead  = SmallLimit + 1
)

// buffers recycles puts by the size of their buffer.
type buffers struct{ first, full sync.Pool }

func (b *buffers) get() *put {
	if p, ok := b.first.Get().(*put); ok {
		return p
	}
	return newPut(firstRead)
}

func (b *buffers) getFull() *put {
	if p, ok := b.full.Get().(*put); ok {
		return p
	}
	return newPut(fullRead)
}

func newPut(size int) *put {
	return &put{buf: make([]byte, size), done: make(chan error, 1)}
}

func (b *buffers) release(p *put) {
	p.body = nil
	if len(p.buf) == fullRead {
		b.full.Put(p)
	} else {
		b.first.Put(p)
	}
}

// read reads until the content ends or is known to be a large one; the answer
// may be another put with a larger buffer. whole tells that the content ended.
func (b *buffers) read(ctx context.Context, r io.Reader, p *put) (_ *put, whole bool, err error) {
	for {
		had := len(p.body)
		n, end, err := readUpTo(ctx, r, p.buf[had:])
		p.body = p.buf[:had+n]
		if end || err != nil || len(p.buf) == fullRead {
			return p, end, err
		}
		full := b.getFull()
		full.body = full.buf[:copy(full.buf, p.body)]
		b.release(p)
		p = full
	}
}

// readUpTo reads until p is full or r ends. Unlike io.ReadFull it tells the end
// of r from an r that fails with io.ErrUnexpectedEOF.
func readUpTo(ctx context.Context, r io.Reader, p []byte) (n int, end bool, err error) {
	for n < len(p) && err == nil {
		if err := ctx.Err(); err != nil {
			return n, false, err
		}
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	if err == io.EOF { //nolint:errorlint // the contract of io.Reader is the bare value
		return n, true, nil
	}
	return n, false, err
}

// Put stores what r yields; see [blob.Store].
func (s *Store) Put(ctx context.Context, r io.Reader) (blob.Ref, error) {
	if err := s.calls.enter(ctx); err != nil {
		return blob.Ref{}, wrap("put blob", err)
	}
	defer s.calls.leave()
	p, whole, err := s.buffers.read(ctx, r, s.buffers.get())
	defer func() { s.buffers.release(p) }()
	if err != nil {
		return blob.Ref{}, wrapSource(err)
	}
	s.counters.puts.Add(1)
	if whole {
		return s.putSmall(p)
	}
	return s.putLarge(ctx, p, r)
}

func (s *Store) putSmall(p *put) (blob.Ref, error) {
	ref, stored, err := s.look(p)
	if stored || err != nil {
		return ref, err
	}
	s.queue.add(p)
	s.queue.urge(p)
	if err := <-p.done; err != nil {
		return blob.Ref{}, wrap("put blob", err)
	}
	return ref, nil
}

// Begin begins to store what lies in memory; see [blob.Store].
func (s *Store) Begin(ctx context.Context, all []byte) (blob.Ref, func() error, error) {
	if len(all) > SmallLimit {
		ref, err := s.Put(ctx, bytes.NewReader(all))
		return ref, isStored, err
	}
	if err := s.calls.enter(ctx); err != nil {
		return blob.Ref{}, nil, wrap("put blob", err)
	}
	defer s.calls.leave() // Close stores what is in the queue
	s.counters.puts.Add(1)
	p := &put{body: all, done: make(chan error, 1)}
	ref, stored, err := s.look(p)
	if stored || err != nil {
		return ref, isStored, err
	}
	s.queue.add(p)
	return ref, sync.OnceValue(func() error {
		s.queue.urge(p)
		return wrap("put blob", <-p.done)
	}), nil
}

func isStored() error { return nil }

// look finds out what a small file is and whether it is stored already.
func (s *Store) look(p *put) (_ blob.Ref, stored bool, err error) {
	p.sum = sha256.Sum256(p.body)
	ref := blob.Ref{Hash: p.sum.String(), Size: int64(len(p.body))}
	p.seen = s.tailNumber()
	_, stored, err = s.find(p.sum)
	if err != nil {
		return blob.Ref{}, false, wrap("put blob", err)
	}
	if stored {
		s.counters.duplicates.Add(1)
		return ref, true, nil
	}
	p.record.size = uint32(len(p.body))
	p.bodySum = crc32.Checksum(p.body, castagnoli)
	p.taken = false
	return ref, false, nil
}

func (s *Store) tailNumber() uint32 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tail.no
}

// putLarge writes the content, of which p has the beginning, to a file of its
// own.
func (s *Store) putLarge(ctx context.Context, p *put, r io.Reader) (blob.Ref, error) {
	f, err := os.CreateTemp(s.layout.tmp(), "put-*")
	if err != nil {
		return blob.Ref{}, wrap("put blob", err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	defer f.Close()
	ref, sum, err := s.spool(ctx, f, p, r)
	if err != nil {
		return blob.Ref{}, err
	}
	if err := s.disk.flush(f); err != nil {
		return blob.Ref{}, wrap("put blob", err)
	}
	if err := s.keep(f.Name(), s.layout.file(sum)); err != nil {
		return blob.Ref{}, wrap("put blob", err)
	}
	s.counters.bytes.Add(uint64(ref.Size))
	return ref, nil
}

// spool copies the content to f by way of the buffer of p.
func (s *Store) spool(ctx context.Context, f *os.File, p *put, r io.Reader) (blob.Ref, blob.Sum, error) {
	hash, size := sha256.New(), int64(0)
	for end := false; ; {
		_, _ = hash.Write(p.body) // never fails
		size += int64(len(p.body))
		if err := s.disk.write(f, p.body); err != nil {
			return blob.Ref{}, blob.Sum{}, wrap("put blob", err)
		}
		if end {
			break
		}
		var err error
		var n int
		n, end, err = readUpTo(ctx, r, p.buf)
		if p.body = p.buf[:n]; err != nil {
			return blob.Ref{}, blob.Sum{}, wrapSource(err)
		}
	}
	sum := blob.Sum(hash.Sum(nil))
	return blob.Ref{Hash: sum.String(), Size: size}, sum, nil
}

// keep gives a flushed file its name. If the name is there already, perhaps by
// a Put that still runs, it is made to last all the same.
func (s *Store) keep(tmp, path string) error {
	if _, err := os.Stat(path); err == nil {
		s.counters.duplicates.Add(1)
		return s.disk.flushDir(filepath.Dir(path))
	}
	return s.disk.rename(tmp, path)
}
