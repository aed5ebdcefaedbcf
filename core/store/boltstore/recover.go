package boltstore

import (
	"cmp"
	"errors"
	"os"
	"slices"

	"go.etcd.io/bbolt"
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
	for generation := range uint64(2) {
		f, err := os.Open(redoPath(path, generation))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, errors.Join(err, closeLogs(logs))
		}
		if b, sealed, ok := readBase(f); ok {
			logs = append(logs, &found{base: b, file: f, sealed: sealed})
		} else if err := f.Close(); err != nil {
			return nil, errors.Join(err, closeLogs(logs))
		}
	}
	slices.SortFunc(logs, func(a, b *found) int { return cmp.Compare(a.generation, b.generation) })
	switch {
	case len(logs) == 2 && (logs[1].sealed || logs[1].generation != logs[0].generation+1):
		err = logs[0].file.Close()
		logs = logs[1:]
	}
	if len(logs) > 0 && !logs[0].sealed {
		return nil, errors.Join(err, closeLogs(logs))
	}
	return logs, err
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
func goBack(path string) (logs []*found, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, noLogs(path)
	}
	if err != nil {
		return nil, openError(path, err)
	}
	defer f.Close() //nolint:errcheck // what was written was flushed
	if err := lockAlone(f); err != nil {
		return nil, openError(path, err)
	}
	if logs, err = leftLogs(path); err != nil || len(logs) == 0 {
		return nil, openErrorOr(path, err)
	}
	if err := logs[0].write(f); err != nil {
		return nil, logError(path, errors.Join(err, closeLogs(logs)))
	}
	return logs, nil
}

// noLogs refuses to begin a new database beside the logs of another.
func noLogs(path string) error {
	logs, err := leftLogs(path)
	if len(logs) > 0 {
		return logError(path, errors.Join(errors.New("there is no database file"), closeLogs(logs)))
	}
	return openErrorOr(path, err)
}

func openErrorOr(path string, err error) error {
	if err == nil {
		return nil
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
		return errors.Join(errors.New("the log continues another file"), err)
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
	if len(logs) == 0 {
		return nil
	}
	held, err := db.Begin(false)
	if err != nil {
		return openError(path, err)
	}
	defer held.Rollback() //nolint:errcheck // reads only
	db.NoSync = true
	for _, l := range logs {
		err := readRecords(l.file, l.salt, func(raw []byte) error {
			return db.Update(func(btx *bbolt.Tx) error { return apply(btx, raw) })
		})
		if err != nil {
			return logError(path, err)
		}
	}
	db.NoSync = false
	if err := db.Update(func(*bbolt.Tx) error { return nil }); err != nil { // flushes all pages
		return openError(path, err)
	}
	return openErrorOr(path, dropLogs(path))
}

// dropLogs removes the logs beside a database that needs none: it was closed in
// order, or all they say was done again.
func dropLogs(path string) error {
	for generation := range uint64(2) {
		if err := os.Remove(redoPath(path, generation)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncFolder(path)
}
