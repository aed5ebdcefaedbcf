package boltstore

import (
	"crypto/rand"
	"hash/crc32"
	"os"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
)

// A checkpoint is made when the log is long or holds many records: bbolt looks
// through a list of the transactions since the one that is held, with each
// commit.
const (
	checkpointBytes  = 48 << 20
	checkpointGroups = 1000
)

// durable is how groups become durable: the log that is written, and the state
// that opening the file would go back to. It belongs to the committer.
type durable struct {
	log  *redoLog  // nil: nothing was written since all pages were flushed
	held *bbolt.Tx // of the base that is sealed

	// Of the checkpoint under way: the base that will be sealed, and how that ended.
	next      *bbolt.Tx
	before    *redoLog
	under     bool
	outcome   chan error
	hurry     chan struct{} // closed when the store closes
	finishing sync.WaitGroup
}

// begin starts the first log. All pages are durable then.
func (s *Store) begin() error {
	held, log, err := s.newLog(1)
	if err != nil {
		return diskError(err)
	}
	if err := log.seal(); err != nil {
		_ = held.Rollback() // reads only
		return diskError(closeLog(log, err))
	}
	if err := syncFolder(s.path); err != nil {
		_ = held.Rollback() // reads only
		return diskError(closeLog(log, err))
	}
	s.durable.held, s.durable.log, s.db.NoSync = held, log, true
	return nil
}

// newLog begins a log that continues the present state, and holds that state.
func (s *Store) newLog(generation uint64) (held *bbolt.Tx, log *redoLog, err error) {
	held, err = s.db.Begin(false)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.base(held, generation)
	if err == nil {
		log, err = createRedo(s.path, b)
	}
	if err != nil {
		_ = held.Rollback() // reads only
		return nil, nil, err
	}
	return held, log, nil
}

// base describes the state that held reads, which is the newest.
func (s *Store) base(held *bbolt.Tx, generation uint64) (b base, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return b, err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	size := s.db.Info().PageSize
	page := make([]byte, size)
	if _, err := f.ReadAt(page, int64(held.ID()%2*size)); err != nil {
		return b, err
	}
	m, ok := parseMeta(page)
	if !ok || m.txid != uint64(held.ID()) {
		return b, damagedPages(errRedo)
	}
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	b = base{version: redoVersion, generation: generation, salt: little.Uint64(salt[:]), pageSize: m.pageSize, meta: m.raw}
	b.rootSum, err = rootSum(f, m)
	return b, err
}

// deepest bounds the way from the root down, which a damaged file could make a
// circle.
const deepest = 16

// rootSum is the checksum of the pages from the root to the list of the first
// buckets. It changes with most transactions, and since the first bucket holds
// the file's own random id, no other file has the same: it tells whether a log
// continues this one.
func rootSum(f *os.File, m meta) (sum uint32, err error) {
	raw := make([]byte, m.pageSize)
	for id, depth := m.root, 0; depth < deepest; depth++ {
		if _, err := f.ReadAt(raw, int64(id*m.pageSize)); err != nil {
			return 0, err
		}
		sum = crc32.Update(sum, castagnoli, raw)
		p, err := parsePage(id, raw)
		if err != nil || p.leaf {
			return sum, err
		}
		first, err := p.element(0)
		if err != nil {
			return 0, err
		}
		id = first.child
	}
	return 0, errRedo
}

// checkpoint begins one when it is time, and ends the one before.
func (s *Store) checkpoint() {
	var err error // what it cannot do now is done after the next group
	defer guard(&err)()
	d := &s.durable
	if d.under {
		select {
		case err := <-d.outcome:
			s.finish(err)
		default:
		}
		return
	}
	if s.broken != nil || d.log == nil || d.log.at < checkpointBytes && d.log.number < checkpointGroups {
		return
	}
	if err := s.turnOver(); err != nil {
		return // the log that is there goes on; the next group tries again
	}
	d.finishing.Go(func() {
		writeOut(s.path, d.hurry)
		d.outcome <- s.db.Sync()
	})
}

// turnOver begins the next log. What the one before holds is still needed.
func (s *Store) turnOver() error {
	d := &s.durable
	if err := d.log.clear(); err != nil {
		return err
	}
	next, log, err := s.newLog(d.log.generation + 1)
	if err != nil {
		return err
	}
	if err := syncFolder(s.path); err != nil {
		_ = next.Rollback() // reads only
		return closeLog(log, err)
	}
	d.next, d.before, d.log, d.under = next, d.log, log, true
	return nil
}

// finish ends a checkpoint: its base is sealed, and the one before let go. When
// the pages cannot be flushed, the kernel may have forgotten them: nothing is
// written any more, and the next start does the steps of both logs again.
func (s *Store) finish(err error) {
	d := &s.durable
	d.under = false
	if err == nil {
		err = d.log.seal()
	}
	if err != nil {
		s.broken = diskError(err)
		return
	}
	_ = d.held.Rollback() // reads only
	_ = d.before.file.Close()
	d.held, d.next, d.before = d.next, nil, nil
}

// settled is settle, which must not keep the store from closing.
func (s *Store) settled() (err error) {
	defer guard(&err)()
	return s.settle()
}

// settle makes everything durable without a log, so that the file can be opened
// by itself, and writes down the free pages, which running transactions do not
// (half the cost of a commit), so that the next Open need not search for them.
func (s *Store) settle() error {
	d := &s.durable
	if d.under {
		d.finishing.Wait()
		s.finish(<-d.outcome)
	}
	if s.broken == nil && d.log != nil {
		if err := s.turnOver(); err != nil {
			return diskError(err)
		}
		s.finish(s.db.Sync())
	}
	if s.broken != nil {
		return s.broken
	}
	s.db.NoFreelistSync, s.db.NoSync = false, false
	if err := s.db.Update(func(*bbolt.Tx) error { return nil }); err != nil {
		return diskError(err)
	}
	if d.log == nil {
		return nil
	}
	if err := dropLogs(s.path, d.log.generation); err != nil {
		return diskError(err)
	}
	return nil
}

// release lets go of what is held open.
func (d *durable) release() {
	d.finishing.Wait()
	for _, held := range []*bbolt.Tx{d.held, d.next} {
		if held != nil {
			_ = held.Rollback() // reads only
		}
	}
	for _, log := range []*redoLog{d.log, d.before} {
		if log != nil {
			_ = log.file.Close() // all that counts was flushed
		}
	}
}

func closeLog(log *redoLog, err error) error {
	_ = log.file.Close() // the first error tells more
	return err
}

// logError is a log that cannot be used.
func logError(path string, err error) error {
	return &core.Error{
		Kind: core.KindConfig, Code: "store.log", Op: "open " + path,
		Text: "журнал " + path + "-log0 (или -log1) не относится к этой базе данных или повреждён: верните файл базы, рядом с которым он был записан, или восстановите резервную копию командой «uzel restore»",
		Err:  err,
	}
}
