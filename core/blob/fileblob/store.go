package fileblob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/core/blob"
)

// Options of a store; the zero value is what a hub uses.
type Options struct {
	// SegmentSize is the length in bytes at which a new pack is begun; zero
	// means 256 MiB, more than 1 GiB is not possible.
	SegmentSize int64
	// FlushDelay is slept after each flush of the disk: a benchmark shows with
	// it what a slow disk does. Zero in use.
	FlushDelay time.Duration

	fault func(op, path string) error // see disk; set by tests
}

const (
	defaultSegmentSize = 256 << 20
	maxSegmentSize     = 1 << 30
	// maxRecords bounds the memory of the last pack's entries and the time an
	// open takes to read them.
	maxRecords = 64 << 10
)

// Store is a [blob.Store] in a folder. One process at a time may have it open.
type Store struct {
	layout      layout
	segmentSize int64
	disk        disk
	lock        *os.File
	buffers     buffers
	queue       queue
	committed   chan struct{} // closed when the committer has ended
	calls       calls
	counters    counters
	marking     sync.Mutex // held while a checkpoint of the last pack is written

	// deleting is held (by sending) by whoever deletes or needs that nobody
	// does.
	deleting chan struct{}
	graves   *graves

	mu     sync.RWMutex
	sealed []*segment // never changed in place but for appending
	tail   *tail
	dead   map[uint32]map[uint32]struct{} // pack, place
}

var _ blob.Store = (*Store)(nil)

// calls counts running calls, so that Close can wait for them.
type calls struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// enter begins a call; the caller ends it with leave unless there is an error.
func (c *calls) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed()
	}
	c.wg.Add(1)
	return nil
}

func (c *calls) leave() { c.wg.Done() }

// close lets no further call in and waits for those inside; it reports whether
// it was the first to do so.
func (c *calls) close() bool {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	c.wg.Wait()
	return first
}

// Close waits for running calls and releases the folder. Later calls of any
// method answer unavailable.
func (s *Store) Close() error {
	if !s.calls.close() {
		return nil
	}
	s.queue.close()
	<-s.committed
	s.marking.Lock()
	defer s.marking.Unlock()
	// A checkpoint spares the next open some work and may be missing.
	_ = s.checkpoint()
	err := s.tail.cut()
	s.release()
	return wrap("close blob store", err)
}

// release closes all files; the lock goes last.
func (s *Store) release() {
	for _, seg := range s.sealed {
		seg.close()
	}
	if s.tail != nil {
		s.tail.close()
	}
	if s.graves != nil {
		s.graves.f.Close()
	}
	s.lock.Close()
}

func (s *segment) close() {
	s.pack.close()
	s.index.close()
}

// place is where a small file is.
type place struct {
	pack *pack
	location
}

// find looks a file up in the packs.
func (s *Store) find(sum blob.Sum) (place, bool, error) {
	s.mu.RLock()
	tail, sealed := s.tail, s.sealed
	loc, ok := tail.entries[sum]
	s.mu.RUnlock()
	if ok {
		return place{tail.pack, loc}, true, nil
	}
	for _, seg := range slices.Backward(sealed) {
		loc, ok, err := seg.index.find(sum)
		if err != nil {
			return place{}, false, err
		}
		if ok && !s.isDead(seg.no, loc.at) {
			return place{seg.pack, loc}, true, nil
		}
	}
	return place{}, false, nil
}

func (s *Store) isDead(no, at uint32) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, dead := s.dead[no][at]
	return dead
}

// Open returns the file for reading. A small one is read and proved whole at
// once.
func (s *Store) Open(ctx context.Context, hash string) (blob.Reader, error) {
	if err := s.calls.enter(ctx); err != nil {
		return nil, wrap("open blob", err)
	}
	defer s.calls.leave()
	s.counters.opens.Add(1)
	r, err := s.open(hash)
	if err != nil {
		return nil, wrap("open blob", err)
	}
	return r, nil
}

func (s *Store) open(hash string) (blob.Reader, error) {
	sum, err := blob.ParseHash(hash)
	if err != nil {
		return nil, err
	}
	p, ok, err := s.find(sum)
	if err != nil {
		return nil, err
	}
	if ok {
		return s.openSmall(sum, p)
	}
	return s.openLarge(sum)
}

func (s *Store) openSmall(sum blob.Sum, p place) (blob.Reader, error) {
	body, ok, err := p.pack.read(sum, p.location)
	if err != nil {
		return nil, err
	}
	if ok {
		return small{bytes.NewReader(body)}, nil
	}
	// Either a Delete was faster or the disk has changed the bytes.
	if _, still, err := s.find(sum); err != nil || still {
		return nil, errors.Join(err, errDamaged("record of "+sum.String()+" in "+p.pack.path))
	}
	return nil, errNotFound()
}

func (s *Store) openLarge(sum blob.Sum) (blob.Reader, error) {
	f, err := os.Open(s.layout.file(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotFound()
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return large{f, info.Size()}, nil
}

// small is an opened file of a pack.
type small struct{ *bytes.Reader }

func (small) Close() error { return nil }

// large is an opened file of its own.
type large struct {
	*os.File
	size int64
}

func (l large) Size() int64 { return l.size }

var (
	_ blob.Reader = small{}
	_ blob.Reader = large{}
	_ io.WriterTo = small{}
)

// Stat tells whether the file is stored and how long it is.
func (s *Store) Stat(ctx context.Context, hash string) (blob.Ref, error) {
	if err := s.calls.enter(ctx); err != nil {
		return blob.Ref{}, wrap("stat blob", err)
	}
	defer s.calls.leave()
	ref, err := s.stat(hash)
	return ref, wrap("stat blob", err)
}

func (s *Store) stat(hash string) (blob.Ref, error) {
	sum, err := blob.ParseHash(hash)
	if err != nil {
		return blob.Ref{}, err
	}
	p, ok, err := s.find(sum)
	if err != nil {
		return blob.Ref{}, err
	}
	if ok {
		return blob.Ref{Hash: hash, Size: int64(p.size)}, nil
	}
	info, err := os.Stat(s.layout.file(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return blob.Ref{}, errNotFound()
	}
	if err != nil {
		return blob.Ref{}, err
	}
	return blob.Ref{Hash: hash, Size: info.Size()}, nil
}
