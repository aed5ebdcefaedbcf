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
// them. The second time there are few, those that were changed during the first.
// It is help and no more: the flush behind it tells what failed.
func writeOut(path string) {
	const few = 512 << 10
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // nothing was written through it
	info, err := f.Stat()
	if err != nil {
		return
	}
	const all = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	for range 2 {
		for at := int64(0); at < info.Size(); at += few {
			began := time.Now()
			if err := unix.SyncFileRange(int(f.Fd()), at, few, all); err != nil {
				return
			}
			time.Sleep(2 * time.Since(began)) // leaves two thirds of the disk to those who wait for the log
		}
	}
}
