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
// tells what failed.
func writeOut(path string) {
	const rounds = 8
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // nothing was written through it
	for range rounds {
		began := time.Now()
		if err := writeOnce(f); err != nil || time.Since(began) < 20*time.Millisecond {
			return
		}
	}
}

// writeOnce goes once through the file.
func writeOnce(f *os.File) error {
	const few = 512 << 10
	info, err := f.Stat()
	if err != nil {
		return err
	}
	const all = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	for at := int64(0); at < info.Size(); at += few {
		began := time.Now()
		if err := unix.SyncFileRange(int(f.Fd()), at, few, all); err != nil {
			return err
		}
		time.Sleep(2 * time.Since(began)) // leaves two thirds of the disk to those who wait for the log
	}
	return nil
}
