package boltstore

import (
	"context"
	"io"
	"math"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core/store"
)

// Options of a store; the zero value is right for production.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// FlushDelay is added to each flush, twice per commit, to measure how the
	// program fares on a slow disk.
	FlushDelay time.Duration
	// OpenFile opens the database file; nil is os.OpenFile. Tests make disks
	// fail with it.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
}

// lockTimeout is how long Open waits for another process to let the file go.
const lockTimeout = time.Second

// mapSize is the address space reserved for the file, 64 GiB (none on 32-bit
// machines). bbolt must wait for all readers before it maps a grown file anew,
// and new readers wait for it: one long reader, such as a backup, would stop
// the hub. Address space costs nothing.
const mapSize = (64 << 30) & math.MaxInt

// Store is a store.Store in one bbolt file. Its methods may be called by any
// number of goroutines.
type Store struct {
	db    *bbolt.DB
	now   func() time.Time
	delay time.Duration
	queue queue

	committer sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

var _ store.Store = (*Store)(nil)

// Open opens the database file, or makes it. The folder must exist. Errors are
// core.Error of KindConfig with a text that says what to do: store.locked when
// another process has it open, store.newer, store.damaged, store.open.
func Open(path string, opts Options) (*Store, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	db, err := openDB(path, opts)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, now: opts.Now, delay: opts.FlushDelay, queue: newQueue()}
	s.committer.Go(s.commitGroups)
	return s, nil
}

func openDB(path string, opts Options) (db *bbolt.DB, err error) {
	defer catch(&err, func(p any) error { return damaged(path, asError(p)) })
	_, statErr := os.Stat(path)
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockTimeout,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		NoStatistics:    true,
		OpenFile:        opts.OpenFile,
	})
	if err != nil {
		return nil, openError(path, err)
	}
	if err := stampVersion(db, path); err != nil {
		return nil, closeAfter(db, err)
	}
	if os.IsNotExist(statErr) {
		if err := syncFolder(path); err != nil {
			return nil, closeAfter(db, openError(path, err))
		}
	}
	return db, nil
}

func closeAfter(db *bbolt.DB, err error) error {
	_ = db.Close() // the first error tells more
	return err
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) (err error) {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	defer guard(&err)()
	btx, err := s.db.Begin(false)
	if err != nil {
		return closedError(err)
	}
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	t := newGroup(btx).newTx(ctx, s.now())
	defer t.end()
	return fn(t)
}

// Backup implements store.Store. The copy can be opened as it is.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	defer guard(&err)()
	btx, err := s.db.Begin(false)
	if err != nil {
		return closedError(err)
	}
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	if _, err := btx.WriteTo(contextWriter{ctx, w}); err != nil {
		return backupError(ctx, err)
	}
	return nil
}

// contextWriter ends a long copy when ctx is done.
type contextWriter struct {
	ctx context.Context //nolint:containedctx // lives for one call of Backup
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// Check implements store.Store. Writers wait meanwhile.
func (s *Store) Check(ctx context.Context, report func(problem string)) (err error) {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	defer guard(&err)()
	btx, err := s.db.Begin(true)
	if err != nil {
		return closedError(err)
	}
	defer btx.Rollback() //nolint:errcheck // nothing was written
	for problem := range btx.Check() {
		report(problem.Error())
	}
	return nil
}

// Close waits for the updates that are under way and for all readers, and
// closes the file. A second Close does nothing.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.queue.close()
		s.committer.Wait()
		s.closeErr = s.closeDB()
	})
	return s.closeErr
}

// closeDB writes down the free pages, which running transactions do not (half
// the cost of a commit), so that the next Open need not search for them.
func (s *Store) closeDB() (err error) {
	defer guard(&err)()
	s.db.NoFreelistSync = false
	syncErr := s.db.Update(func(*bbolt.Tx) error { return nil })
	if err := s.db.Close(); err != nil {
		return diskError(err)
	}
	if syncErr != nil {
		return diskError(syncErr)
	}
	return nil
}
