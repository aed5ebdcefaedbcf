package fileblob

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// disk is the way of every byte that must last: it counts flushes, slows them
// down when asked to and is where tests make the disk fail.
type disk struct {
	delay   time.Duration
	flushes atomic.Uint64
	// fault is asked before each operation ("write", "flush", "rename",
	// "erase", "link"); what it returns is returned in its place. Nil outside
	// tests.
	fault func(op, path string) error
}

func (d *disk) ask(op, path string) error {
	if d.fault == nil {
		return nil
	}
	return d.fault(op, path)
}

// writeAt writes bufs one behind the other from the place at. After an error
// any part of them may have been written. bufs is used up.
func (d *disk) writeAt(f *os.File, bufs [][]byte, at int64) error {
	if err := d.ask("write", f.Name()); err != nil {
		// A disk that fills up takes the beginning.
		_, _ = f.WriteAt(bufs[0][:len(bufs[0])/2], at)
		return err
	}
	for len(bufs) > 0 {
		n, err := unix.Pwritev(int(f.Fd()), bufs, at)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return &os.PathError{Op: "pwritev", Path: f.Name(), Err: err}
		}
		n = max(n, 0)
		at += int64(n)
		bufs = skip(bufs, n)
	}
	return nil
}

// skip drops the first n bytes of bufs.
func skip(bufs [][]byte, n int) [][]byte {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}

// flush brings the content of f, and as much of its metadata as reading needs,
// to stable storage.
func (d *disk) flush(f *os.File) error {
	if err := d.ask("flush", f.Name()); err != nil {
		return err
	}
	if err := retry(func() error { return unix.Fdatasync(int(f.Fd())) }); err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	d.flushed()
	return nil
}

// flushDir makes the names in a folder last.
func (d *disk) flushDir(path string) error {
	if err := d.ask("flush", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	d.flushed()
	return nil
}

func (d *disk) flushed() {
	d.flushes.Add(1)
	if d.delay > 0 {
		time.Sleep(d.delay)
	}
}

// rename gives the flushed file from its place and makes the place last.
func (d *disk) rename(from, to string) error {
	if err := d.ask("rename", to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return d.flushDir(filepath.Dir(to))
}

// replace makes the file path anew, whole or not at all: fill writes a file in
// tmp, which is flushed and renamed.
func (d *disk) replace(tmp, path string, fill func(*os.File) error) error {
	f, err := os.CreateTemp(tmp, filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	defer f.Close()
	if err := fill(f); err != nil {
		return err
	}
	if err := d.flush(f); err != nil {
		return err
	}
	return d.rename(f.Name(), path)
}

// link gives a file that no longer changes a second name.
func (d *disk) link(from, to string) error {
	if err := d.ask("link", to); err != nil {
		return err
	}
	return os.Link(from, to)
}

// write appends p at the current place of f.
func (d *disk) write(f *os.File, p []byte) error {
	if err := d.ask("write", f.Name()); err != nil {
		return err
	}
	_, err := f.Write(p)
	return err
}

// erase takes the bytes from at to end off the disk.
func (d *disk) erase(f *os.File, at, end int64) error {
	err := d.punch(f, at, end)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = d.writeAt(f, [][]byte{make([]byte, end-at)}, at)
	}
	if err != nil {
		return err
	}
	return d.flush(f)
}

func (d *disk) punch(f *os.File, at, end int64) error {
	if err := d.ask("erase", f.Name()); err != nil {
		return err
	}
	return retry(func() error {
		return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, end-at)
	})
}

// copyRange copies the bytes of src up to end to the beginning of dst and
// leaves holes where src has them.
func (d *disk) copyRange(dst, src *os.File, end int64) error {
	for at := int64(0); at < end; {
		from, to, err := nextData(src, at, end)
		if err != nil {
			return err
		}
		if err := d.copyData(dst, src, from, to); err != nil {
			return err
		}
		at = to
	}
	return dst.Truncate(end)
}

func (d *disk) copyData(dst, src *os.File, from, to int64) error {
	if err := d.ask("write", dst.Name()); err != nil {
		return err
	}
	if _, err := dst.Seek(from, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(dst, io.NewSectionReader(src, from, to-from))
	return err
}

// nextData is the next stretch of f between at and end that is no hole; it is
// empty (from = to = end) if there is none.
func nextData(f *os.File, at, end int64) (from, to int64, err error) {
	from, err = unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) || err == nil && from >= end {
		return end, end, nil
	}
	if err != nil {
		return 0, 0, err
	}
	to, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
	return from, min(to, end), err
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
