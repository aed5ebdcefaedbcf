package fileblob

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/uzel-hub/uzel/core/blob"
)

const (
	packMagic      = "uzelpack"
	packHeaderSize = 32
	packVersion    = 1
)

// pack is one file of records. mu guards the file handle, which changes when
// the pack parts from a snapshot and goes when all of it is deleted.
type pack struct {
	no   uint32
	path string
	salt uint64

	mu sync.RWMutex
	f  *os.File // nil once the pack is removed
	// moved says that path is a copy of f by now, which must be opened.
	moved bool
}

func packName(no uint32) string  { return fmt.Sprintf("%08d.pack", no) }
func indexName(no uint32) string { return fmt.Sprintf("%08d.index", no) }

// createPack makes a pack without records.
func (l layout) createPack(d *disk, no uint32) (*pack, error) {
	path := l.pack(no)
	var head [packHeaderSize]byte
	copy(head[:], packMagic)
	binary.LittleEndian.PutUint32(head[8:], packVersion)
	binary.LittleEndian.PutUint32(head[12:], no)
	if _, err := rand.Read(head[16:24]); err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint32(head[28:], crc32.Checksum(head[:28], castagnoli))
	err := d.replace(l.tmp(), path, func(f *os.File) error { return d.write(f, head[:]) })
	if err != nil {
		return nil, err
	}
	return openPack(path, no)
}

func openPack(path string, no uint32) (*pack, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	var head [packHeaderSize]byte
	n, err := fill(f, head[:])
	if err == nil && (n < len(head) || !soundPackHeader(head[:], no)) {
		err = errDamaged("pack header of " + path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &pack{no: no, path: path, salt: binary.LittleEndian.Uint64(head[16:]), f: f}, nil
}

func soundPackHeader(p []byte, no uint32) bool {
	return string(p[:8]) == packMagic &&
		binary.LittleEndian.Uint32(p[8:]) == packVersion &&
		binary.LittleEndian.Uint32(p[12:]) == no &&
		binary.LittleEndian.Uint32(p[28:]) == crc32.Checksum(p[:28], castagnoli)
}

// read returns the body of the record of sum at loc; ok is false if the bytes
// there are not that.
func (p *pack) read(sum blob.Sum, loc location) (body []byte, ok bool, err error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.f == nil || loc.size > SmallLimit { // removed, or a damaged index
		return nil, false, nil
	}
	buf := make([]byte, recordHeaderSize+int(loc.size))
	if _, err := p.f.ReadAt(buf, int64(loc.at)); err != nil {
		return nil, false, ignoreEOF(err)
	}
	rec, ok := decodeRecord(buf, p.salt, int64(loc.at))
	body = buf[recordHeaderSize:]
	ok = ok && rec.sum == sum && rec.size == loc.size && crc32.Checksum(body, castagnoli) == rec.bodySum
	return body, ok, nil
}

// ignoreEOF takes a file that is too short for one with wrong bytes.
func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// ReadAt reads from the file of the pack; a removed pack is empty.
func (p *pack) ReadAt(b []byte, at int64) (int, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.f == nil {
		return 0, os.ErrClosed
	}
	return p.f.ReadAt(b, at)
}

// erase takes the body of a record off the disk.
func (p *pack) erase(d *disk, tmp string, loc location) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f == nil || loc.size == 0 {
		return nil
	}
	if err := p.unshare(d, tmp); err != nil {
		return err
	}
	return d.erase(p.f, loc.body(), loc.end())
}

// unshare copies the pack if a snapshot has a hard link to it, so that a hole
// in it is none in the snapshot. The last pack is never shared.
func (p *pack) unshare(d *disk, tmp string) error {
	info, err := p.f.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		err := d.replace(tmp, p.path, func(f *os.File) error { return d.copyRange(f, p.f, info.Size()) })
		if err != nil {
			return err
		}
		p.moved = true
	}
	if !p.moved {
		return nil
	}
	own, err := openPack(p.path, p.no)
	if err != nil {
		return err
	}
	p.f.Close()
	p.f, p.moved = own.f, false
	return nil
}

// remove ends the pack and its file.
func (p *pack) remove(d *disk) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f == nil {
		return nil
	}
	if err := os.Remove(p.path); err != nil {
		return err
	}
	p.f.Close()
	p.f = nil
	return d.flushDir(filepath.Dir(p.path))
}

func (p *pack) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f != nil {
		p.f.Close()
		p.f = nil
	}
}

// tail is the last pack, the one that grows. Store.mu guards entries, end and
// count; the committer alone moves the last two. The rest is its own.
type tail struct {
	*pack
	entries map[blob.Sum]location
	end     int64 // behind the last flushed record
	count   int   // of flushed records, deleted ones too

	padded int64 // up to here the file has blocks
	marked int64 // end of the last checkpoint, begun or written
	broken bool  // a flush failed: nothing more is written here
}

func newTail(p *pack) *tail {
	return &tail{
		pack: p, entries: map[blob.Sum]location{},
		end: packHeaderSize, padded: packHeaderSize, marked: packHeaderSize,
	}
}

// full tells whether the next group goes into a new pack.
func (t *tail) full(segmentSize int64) bool {
	return t.broken || t.end >= segmentSize || t.count >= maxRecords
}

// cut drops everything behind the last flushed record.
func (t *tail) cut() error {
	t.padded = t.end
	return t.f.Truncate(t.end)
}
