package boltstore

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Options of a store; the zero value is right for production.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// FlushDelay is added to the flush of each commit, to measure how the program
	// fares on a slow disk.
	FlushDelay time.Duration
	// OpenFile opens the database file; nil is os.OpenFile. Tests make disks
	// fail with it.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
}

// lockTimeout is how long Open waits for another process to let the file go.
const lockTimeout = time.Second

// mapSize is the address space reserved for the file, and as large as the file
// may become: 256 GiB (1 GiB on 32-bit machines). bbolt must wait for all readers
// before it maps a grown file anew, and one is always there: the state of the
// last checkpoint is held. Address space costs nothing.
const mapSize = 1 << (30 + 8*(math.MaxUint>>63))

// Store is a store.Store in one bbolt file. Its methods may be called by any
// number of goroutines.
type Store struct {
	db    *bbolt.DB
	path  string
	now   func() time.Time
	delay time.Duration
	queue queue

	// The committer's own (commit.go): why nothing may be committed any more, what
	// the functions of a group have done, and what divides its time.
	broken     error
	log        undoLog
	steps      steps
	durable    durable
	saved      time.Duration // of deferrable functions
	lastTurn   time.Time
	lastUrgent time.Time

	lastGroup atomic.Int64 // when the last one ended, nanoseconds since 1970
	resident  resident
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
	s := &Store{db: db, path: path, now: opts.Now, delay: opts.FlushDelay, queue: newQueue()}
	s.durable.outcome, s.durable.hurry = make(chan error, 1), make(chan struct{})
	s.committer.Go(s.commitGroups)
	return s, nil
}

func openDB(path string, opts Options) (db *bbolt.DB, err error) {
	f, fresh, err := openAlone(path, opts)
	if err != nil {
		return nil, err
	}
	logs, err := prove(f, path, fresh)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	defer closeLogs(logs) //nolint:errcheck // opened for reading
	defer guardOpen(path, &err)()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockTimeout,
		NoFreelistSync:  true,
		NoGrowSync:      true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		MaxSize:         mapSize,
		NoStatistics:    true,
		OpenFile:        func(string, int, os.FileMode) (*os.File, error) { return f, nil },
	})
	if err != nil {
		return nil, openError(path, err)
	}
	if err := stampVersion(db, path); err != nil {
		return nil, closeAfter(db, err)
	}
	if err := redo(db, path, logs); err != nil {
		return nil, closeAfter(db, err)
	}
	if fresh {
		if err := syncFolder(path); err != nil {
			return nil, closeAfter(db, openError(path, err))
		}
	}
	return db, nil
}

// openAlone opens the file, or makes it, and locks it: until it is closed no
// other process looks at it or at its logs. An empty one is what remains if
// making it was cut short. One that another process has put a new one in the
// place of meanwhile is let go.
func openAlone(path string, opts Options) (f *os.File, fresh bool, err error) {
	for {
		if f, fresh, err = openLocked(path, opts); err != nil {
			return nil, false, err
		}
		if current(f, path) {
			return f, fresh, nil
		}
		if err := f.Close(); err != nil {
			return nil, false, openError(path, err)
		}
	}
}

// current tells that the path still leads to the file.
func current(f *os.File, path string) bool {
	own, err := f.Stat()
	there, pathErr := os.Stat(path)
	return err == nil && pathErr == nil && os.SameFile(own, there)
}

func openLocked(path string, opts Options) (f *os.File, fresh bool, err error) {
	open := opts.OpenFile
	if open == nil {
		open = os.OpenFile
	}
	if f, err = open(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, false, openError(path, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err == nil {
		err = lockAlone(f)
	}
	if err == nil {
		info, err = f.Stat() // whoever had it may have written
	}
	if err != nil {
		return nil, false, errors.Join(openError(path, err), f.Close())
	}
	return f, info.Size() == 0, nil
}

// prove goes back to what is known to be whole, and proves that bbolt can open
// it. It gives the logs that tell what came after.
func prove(f *os.File, path string, fresh bool) (logs []*found, err error) {
	if logs, err = goBack(f, path); err != nil || fresh {
		return logs, err
	}
	defer guardOpen(path, &err)()
	if err := inspect(f); err != nil {
		return nil, errors.Join(damagedFile(path, err), closeLogs(logs))
	}
	return logs, nil
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
	defer s.boundResident()
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	t := newGroup(btx, new(undoLog), nil).newTx(core.ActorOf(ctx), s.now())
	defer t.end()
	return fn(t)
}

// Backup implements store.Store. The copy can be opened as it is, and has nothing
// of what was deleted: free pages are empty in it.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	defer guard(&err)()
	btx, err := s.db.Begin(false)
	if err != nil {
		return closedError(err)
	}
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	im, done, err := s.imageOf(btx)
	if err != nil {
		return err
	}
	defer done()
	w = cleaned(im, w)
	var failed error // of w, which bbolt turns into text
	out := writerFunc(func(p []byte) (n int, err error) {
		if err = ctx.Err(); err == nil {
			n, err = w.Write(p)
		}
		failed = err
		return n, err
	})
	if _, err := btx.WriteTo(out); err != nil {
		return backupError(ctx, errors.Join(failed, err))
	}
	return nil
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Check implements store.Store: every page belongs to one place, elements lie
// within their pages and keys are in order. It reads the pages of one state,
// which stay as they are as long as a transaction reads it, and does not stop
// writers. After faults the error is KindUnavailable, store.damaged: what stands
// on damaged pages must not be read.
func (s *Store) Check(ctx context.Context, report func(problem string)) (err error) {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	defer guard(&err)()
	btx, err := s.db.Begin(false)
	if err != nil {
		return closedError(err)
	}
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	im, done, err := s.imageOf(btx)
	if err != nil {
		return err
	}
	defer done()
	im.ordered = true
	var first error
	im.walk(im.root, true, func(problem error) bool {
		first = cmp.Or(first, problem)
		report(problem.Error())
		return ctx.Err() == nil
	})
	switch {
	case ctx.Err() != nil:
		return cancelled(ctx)
	case first != nil:
		return damagedPages(first)
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

// closeDB leaves a file that can be opened by itself. Where that fails, the next
// Open does what the log tells.
func (s *Store) closeDB() (err error) {
	defer guard(&err)()
	close(s.durable.hurry)
	_ = s.settled()
	s.durable.release()
	if err := s.db.Close(); err != nil {
		return diskError(err)
	}
	return nil
}
