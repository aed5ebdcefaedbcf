package boltstore

import (
	"errors"
	"os"

	"go.etcd.io/bbolt"
)

// compactBytes is how much Compact writes in one transaction.
const compactBytes = 4 << 20

// Compact writes the database in the file anew, which no process may have open,
// without the room that deleted records left, and with nothing of what stood
// there: a database file does not shrink by itself, and its free pages keep what
// they held until they are used again. It needs room for both beside each other.
// Cut short it leaves the file as it was.
//
// The errors are those of Open, and KindUnavailable if the disk is full.
func Compact(path string) (err error) {
	src, err := openDB(path, Options{})
	if err != nil {
		return err
	}
	// Whoever waits for the lock must find the new file in place.
	defer func() { err = errors.Join(err, src.Close()) }()
	beside := path + ".compact"
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return openError(beside, err)
	}
	if err := copyLive(src, beside); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	if err := errors.Join(os.Rename(beside, path), syncFolder(path)); err != nil {
		return openError(path, err)
	}
	return nil
}

// copyLive writes all records to a new file, and reads it once more.
func copyLive(src *bbolt.DB, to string) (err error) {
	defer guardOpen(src.Path(), &err)()
	dst, err := bbolt.Open(to, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return openError(to, err)
	}
	if err := errors.Join(bbolt.Compact(dst, src, compactBytes), dst.Sync(), dst.Close()); err != nil {
		return diskError(err)
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return openError(to, err)
	}
	return errors.Join(inspect(f), f.Close())
}
