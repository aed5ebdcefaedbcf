// Package spool keeps the bodies of one letter while it is being registered:
// small ones in memory, large ones as files in a folder of their own, so that
// a letter of any size is read with a small and known amount of memory.
package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Defaults of Options.
const (
	DefaultPerBody = 256 << 10 // a larger body goes to a file
	DefaultMemory  = 4 << 20   // all bodies in memory together
)

// Options say how much a Store may take. Zero fields mean the defaults; zero
// Bytes or Blobs mean no bound.
type Options struct {
	Dir     string // folder for large bodies; empty means the system's own for temporary files
	PerBody int64  // largest body kept in memory, bytes
	Memory  int64  // all bodies in memory together, bytes
	Bytes   int64  // everything kept, memory and files together
	Blobs   int    // bodies kept at one time; no bound when zero
}

func (o Options) withDefaults() Options {
	if o.PerBody <= 0 {
		o.PerBody = DefaultPerBody
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	return o
}

// Store holds the bodies of one letter. It is used by one goroutine; the blobs
// it hands out may be read by many until Close.
type Store struct {
	opt    Options
	dir    string
	memory int64
	bytes  int64
	blobs  int
	cut    bool
}

// New returns an empty store. Nothing is created on disk before the first
// large body.
func New(opt Options) *Store { return &Store{opt: opt.withDefaults()} }

// Cut tells whether a body was shortened or left out because Options.Bytes or
// Options.Blobs was reached.
func (s *Store) Cut() bool { return s.cut }

// Close removes every file of the store; its blobs cannot be opened after it.
func (s *Store) Close() error {
	if s.dir == "" {
		return nil
	}
	dir := s.dir
	s.dir = ""
	return os.RemoveAll(dir)
}

// Keep reads r to its end into a new blob.
func (s *Store) Keep(r io.Reader) (Blob, error) {
	if s.opt.Blobs > 0 && s.blobs >= s.opt.Blobs {
		return s.skip(r)
	}
	s.blobs++
	w := &writer{store: s}
	if _, err := io.Copy(w, r); err != nil {
		return Blob{}, errors.Join(err, w.discard())
	}
	return w.blob()
}

// skip reads r to its end and keeps nothing.
func (s *Store) skip(r io.Reader) (Blob, error) {
	n, err := io.Copy(io.Discard, r)
	s.cut = s.cut || n > 0
	return Blob{skipped: true}, err
}

// Drop gives back what the blob took; it cannot be opened after it.
func (s *Store) Drop(b Blob) error {
	if b.skipped {
		return nil
	}
	s.bytes -= b.size
	s.blobs--
	if b.path == "" {
		s.memory -= b.size
		return nil
	}
	return os.Remove(b.path)
}

func (s *Store) newFile() (*os.File, error) {
	if s.dir == "" {
		dir, err := os.MkdirTemp(s.opt.Dir, "letter-")
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		s.dir = dir
	}
	f, err := os.CreateTemp(s.dir, "body-")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

// allow says how many of n further bytes the store may still take.
func (s *Store) allow(n int) int {
	if s.opt.Bytes > 0 && s.bytes+int64(n) > s.opt.Bytes {
		s.cut = true
		n = int(max(0, s.opt.Bytes-s.bytes))
	}
	s.bytes += int64(n)
	return n
}

// Blob is a body that has been read to its end. The zero Blob is empty.
type Blob struct {
	data []byte
	path string
	size int64

	skipped bool // not kept and not counted
}

// Size is the length of the body in bytes.
func (b Blob) Size() int64 { return b.size }

// Open returns the body from its first byte. It may be called any number of
// times until the store is closed.
func (b Blob) Open() (io.ReadCloser, error) {
	if b.path == "" {
		return io.NopCloser(bytes.NewReader(b.data)), nil
	}
	f, err := os.Open(b.path)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

// Head returns up to n first bytes of the body.
func (b Blob) Head(n int) ([]byte, error) {
	if b.path == "" {
		return b.data[:min(n, len(b.data))], nil
	}
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return head, nil
}

// writer collects one body and moves to a file when it grows too large.
type writer struct {
	store *Store
	buf   []byte
	file  *os.File
	size  int64
}

// Write never reports a short write: what the store may not take is dropped,
// so that the letter is read on to its end.
func (w *writer) Write(p []byte) (int, error) {
	q := p[:w.store.allow(len(p))]
	if w.file == nil && w.tooLarge(len(q)) {
		if err := w.toFile(); err != nil {
			return 0, err
		}
	}
	if w.file == nil {
		w.buf = append(w.buf, q...)
	} else if _, err := w.file.Write(q); err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	w.size += int64(len(q))
	return len(p), nil
}

func (w *writer) tooLarge(more int) bool {
	size := w.size + int64(more)
	return size > w.store.opt.PerBody || w.store.memory+size > w.store.opt.Memory
}

func (w *writer) toFile() error {
	f, err := w.store.newFile()
	if err != nil {
		return err
	}
	w.file = f
	if _, err := f.Write(w.buf); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	w.buf = nil
	return nil
}

func (w *writer) blob() (Blob, error) {
	if w.file == nil {
		w.store.memory += w.size
		return Blob{data: bytes.Clone(w.buf), size: w.size}, nil
	}
	if err := w.file.Close(); err != nil {
		return Blob{}, fmt.Errorf("spool: %w", err)
	}
	return Blob{path: w.file.Name(), size: w.size}, nil
}

func (w *writer) discard() error {
	if w.file == nil {
		return nil
	}
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}
