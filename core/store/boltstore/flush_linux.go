package boltstore

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// flushData brings what was written to f to the disk.
func flushData(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// writeOut has the kernel write the changed pages of the file, a few at a time
// and with pauses: whoever flushes the log meanwhile need not wait for all of
// them. What was changed meanwhile is written in further rounds, each of which
// is shorter than the one before. It is help and no more: the flush behind it
// tells what failed, and does the rest when hurry is closed.
func writeOut(path string, hurry <-chan struct{}) {
	const rounds, little = 8, 20 * time.Millisecond
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // nothing was written through it
	for range rounds {
		if wrote, err := writeOnce(f, hurry); err != nil || wrote < little {
			return
		}
	}
}

// writeRange writes the changed pages of a part of the file and tells how long
// that took; a variable for tests.
var writeRange = func(f *os.File, at, size int64) (time.Duration, error) {
	began := time.Now()
	err := unix.SyncFileRange(int(f.Fd()), at, size,
		unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
	return time.Since(began), err
}

// writeOnce goes once through the file and tells how long the disk was writing.
// A large file is unchanged in most of its parts: they are passed at once.
func writeOnce(f *os.File, hurry <-chan struct{}) (wrote time.Duration, err error) {
	const few, unchanged = 512 << 10, 100 * time.Microsecond
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	for at := int64(0); at < info.Size(); at += few {
		took, err := writeRange(f, at, few)
		if err != nil {
			return 0, err
		}
		if took < unchanged {
			continue
		}
		wrote += took
		select {
		case <-time.After(2 * took): // leaves two thirds of the disk to those who wait for the log
		case <-hurry:
			return 0, nil
		}
	}
	return wrote, nil
}
