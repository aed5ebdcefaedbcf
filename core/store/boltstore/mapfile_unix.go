//go:build unix

package boltstore

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockAlone waits up to lockTimeout until no other process has the database
// open. Closing f gives the lock up.
func lockAlone(f *os.File) error {
	for end := time.Now().Add(lockTimeout); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

// mapFile maps the file for reading. The kernel is asked to read ahead: after a
// loss of power the pages would otherwise be fetched one by one.
func mapFile(f *os.File) (data []byte, unmap func(), err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	data, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	_ = unix.Madvise(data, unix.MADV_WILLNEED) // only advice
	return data, func() { _ = unix.Munmap(data) }, nil
}
