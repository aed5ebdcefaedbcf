package boltstore

import (
	"errors"
	"os"

	"go.etcd.io/bbolt"
)

// compactBytes is how much Compact writes in one transaction.
const compactBytes = 4 << 20

// Compact writes a copy of the database in the file from, which no process may
// have open, to the new file to, without the room that deleted records left: a
// database file does not shrink by itself. A backup of a running store keeps
// that room.
func Compact(from, to string) (err error) {
	src, err := openDB(from, Options{})
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // nothing was written
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return openError(to, err)
	}
	if err := f.Close(); err != nil {
		return openError(to, err)
	}
	defer guardOpen(from, &err)()
	dst, err := bbolt.Open(to, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return openError(to, err)
	}
	if err := errors.Join(bbolt.Compact(dst, src, compactBytes), dst.Sync(), dst.Close(), syncFolder(to)); err != nil {
		return errors.Join(diskError(err), os.Remove(to))
	}
	return nil
}
