package boltstore

import (
	"cmp"
	"errors"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
)

// found is a log that the last process left behind.
type found struct {
	base
	file   *os.File
	sealed bool
}

// leftLogs opens the logs that continue the database: the newest that is sealed
// and, if a checkpoint was under way, the one behind it. None: the file was
// closed in order, or nothing was written yet.
func leftLogs(path string) (logs []*found, err error) {
	doubtful := false
	for generation := range uint64(2) {
		l, err := readLog(redoPath(path, generation))
		if err != nil {
			return nil, errors.Join(err, closeLogs(logs))
		}
		if l == nil {
			continue
		}
		if logs = append(logs, l); l.generation == 0 {
			doubtful = l.sealed
		}
	}
	slices.SortFunc(logs, func(a, b *found) int { return cmp.Compare(a.generation, b.generation) })
	keep := slices.DeleteFunc(slices.Clone(logs), func(l *found) bool { return !l.counts(logs) })
	if len(keep) == 0 && doubtful {
		return nil, errors.Join(errRedo, closeLogs(logs))
	}
	for _, l := range logs {
		if !slices.Contains(keep, l) {
			err = errors.Join(err, l.file.Close())
		}
	}
	return keep, err
}

// counts tells that a log is the newest of those that are sealed, or behind it.
func (l *found) counts(all []*found) bool {
	var newest uint64
	for _, other := range all {
		if other.sealed {
			newest = max(newest, other.generation)
		}
	}
	return newest > 0 && (l.generation == newest || l.generation == newest+1)
}

// readLog opens a log; nil if there is none. One without a head is of generation
// 0.
func readLog(path string) (*found, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, sealed, _, err := readBase(f)
	if err == nil && b.version > redoVersion {
		err = newer(path, uint64(b.version))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &found{base: b, file: f, sealed: sealed}, nil
}

func closeLogs(logs []*found) error {
	var errs []error
	for _, l := range logs {
		errs = append(errs, l.file.Close())
	}
	return errors.Join(errs...)
}

// goBack makes the base of the logs that were left behind the state of the file
// again, and gives these logs. It may be cut short and done again.
func goBack(f *os.File, path string) (logs []*found, err error) {
	if logs, err = leftLogs(path); err != nil || len(logs) == 0 {
		return nil, recoverError(path, err)
	}
	if err := logs[0].write(f); err != nil {
		return nil, errors.Join(recoverError(path, err), closeLogs(logs))
	}
	return logs, nil
}

// errForeign is a log beside a file that it does not continue.
var errForeign = errors.New("the log continues another file")

// recoverError is why what the logs tell cannot be done. Only a log that is
// damaged, or not of this file, is lost.
func recoverError(path string, err error) error {
	_, told := errors.AsType[*core.Error](err)
	switch {
	case err == nil || told:
		return err
	case errors.Is(err, errRedo), errors.Is(err, errForeign):
		return logError(path, err)
	}
	return openError(path, err)
}

// write makes the base the state of the file.
func (b *base) write(f *os.File) error {
	page := make([]byte, b.pageSize)
	order.PutUint16(page[8:], metaPage)
	copy(page[headerSize:], b.meta)
	m, ok := parseMeta(page)
	if !ok {
		return errRedo
	}
	if sum, err := rootSum(f, m); err != nil || sum != b.rootSum {
		return errors.Join(errForeign, err)
	}
	for slot := range uint64(2) {
		order.PutUint64(page, slot)
		if _, err := f.WriteAt(page, int64(slot*b.pageSize)); err != nil {
			return err
		}
	}
	return f.Sync()
}

// redo does the steps of the logs again, flushes everything and removes them.
// The base stays whole meanwhile, because it is held.
func redo(db *bbolt.DB, path string, logs []*found) error {
	if len(logs) > 0 {
		if err := redoSteps(db, logs); err != nil {
			return recoverError(path, err)
		}
		return recoverError(path, dropLogs(path, logs[len(logs)-1].generation))
	}
	return recoverError(path, dropLogs(path, 1)) // what is left of some that were needed no more
}

func redoSteps(db *bbolt.DB, logs []*found) error {
	held, err := db.Begin(false)
	if err != nil {
		return err
	}
	defer held.Rollback() //nolint:errcheck // reads only
	db.NoSync = true
	for _, l := range logs {
		err := readRecords(l.file, l.salt, func(raw []byte) error {
			return db.Update(func(btx *bbolt.Tx) error { return apply(btx, raw) })
		})
		if err != nil {
			return err
		}
	}
	db.NoSync = false
	return db.Update(func(*bbolt.Tx) error { return nil }) // flushes all pages
}

// dropLogs removes the logs beside a database that needs none, because it was
// closed in order or all they say was done again. The older goes first: the
// newer one without it says the same or nothing, the older without the newer
// something that is not true any more.
func dropLogs(path string, newest uint64) error {
	for _, generation := range []uint64{newest + 1, newest} {
		err := os.Remove(redoPath(path, generation))
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		if err := syncFolder(path); err != nil {
			return err
		}
	}
	return nil
}
