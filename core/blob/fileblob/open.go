package fileblob

import (
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Open opens the store in the folder dir and makes it if the folder is missing
// or empty. It answers conflict when another process has it open, and config
// for a folder that holds something else or was written by a newer version.
// The caller closes the store.
func Open(dir string, o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Store{
		layout:      layout(dir),
		segmentSize: o.SegmentSize,
		disk:        disk{delay: o.FlushDelay, fault: o.fault},
		committed:   make(chan struct{}),
		deleting:    make(chan struct{}, 1),
	}
	if s.segmentSize == 0 {
		s.segmentSize = defaultSegmentSize
	}
	s.queue.init()
	if err := s.load(); err != nil {
		return nil, wrap("open blob store", err)
	}
	go s.commitAll() // Close waits for it
	return s, nil
}

func (o Options) check() error {
	if o.SegmentSize < 0 || o.SegmentSize > maxSegmentSize {
		text := fmt.Sprintf("от 0 до %d байт", int64(maxSegmentSize))
		return &core.Error{Kind: core.KindConfig, Code: "blob.segment_size", Field: "segment_size", Text: text}
	}
	if o.FlushDelay < 0 || o.FlushDelay > time.Minute {
		return &core.Error{Kind: core.KindConfig, Code: "blob.flush_delay", Field: "flush_delay", Text: "от 0 до 1 минуты"}
	}
	return nil
}

func (s *Store) load() (err error) {
	if s.lock, err = s.layout.open(&s.disk); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if s.graves, s.dead, err = openGraves(&s.disk, s.layout); err != nil {
		return err
	}
	if err = s.loadPacks(); err != nil {
		return err
	}
	// What cannot be erased now is tried again by the next Delete, which
	// reports it, and shown by Check.
	_ = s.fillGraves()
	return s.tidy()
}

func (s *Store) loadPacks() error {
	numbers, err := s.layout.packNumbers()
	if err != nil {
		return err
	}
	for i, no := range numbers {
		if err := s.loadPack(no, i == len(numbers)-1); err != nil {
			return err
		}
	}
	if s.tail != nil {
		return nil
	}
	next := uint32(1)
	if len(numbers) > 0 {
		next += numbers[len(numbers)-1]
	}
	p, err := s.layout.createPack(&s.disk, next)
	if err == nil {
		s.tail = newTail(p)
	}
	return err
}

func (s *Store) loadPack(no uint32, last bool) error {
	p, err := openPack(s.layout.pack(no), no)
	if err != nil {
		return err
	}
	ix, ok, err := openIndex(s.layout.index(no))
	if err != nil {
		p.close()
		return err
	}
	if ok && ix.sealed {
		s.sealed = append(s.sealed, &segment{pack: p, index: ix})
		return nil
	}
	if ok {
		defer ix.close()
	} else {
		ix = nil
	}
	t, err := s.recover(p, ix)
	if err != nil {
		p.close()
		return err
	}
	if last {
		s.tail = t
		return nil
	}
	return s.sealAgain(t)
}

// sealAgain ends the sealing of a pack that lost its index.
func (s *Store) sealAgain(t *tail) error {
	c := contents{covers: t.end, records: t.count, sealed: true}
	for sum, loc := range t.entries {
		c.entries = append(c.entries, entry{sum, loc})
	}
	seg, err := s.seal(t, c)
	if err != nil {
		t.close()
		return err
	}
	s.sealed = append(s.sealed, seg)
	return nil
}

// recover reads what the index, a checkpoint or nil, does not know of a pack
// and cuts off the torn end of a group nobody was told of.
func (s *Store) recover(p *pack, ix *index) (*tail, error) {
	info, err := p.f.Stat()
	if err != nil {
		return nil, err
	}
	t := newTail(p)
	if ix != nil && ix.covers <= info.Size() {
		if err := t.resume(ix, s.dead[p.no]); err != nil {
			return nil, err
		}
	}
	r := recovery{dead: s.dead[p.no], suspect: -1}
	if err := scan(p.f, p.salt, t.end, info.Size(), r.visit); err != nil {
		return nil, err
	}
	for _, rec := range r.sound() {
		t.count++
		t.end = rec.end()
		if _, dead := r.dead[rec.at]; !dead {
			t.entries[rec.sum] = rec.location
		}
	}
	if info.Size() == t.end {
		t.padded = t.end
		return t, nil
	}
	if err := t.cut(); err != nil {
		return nil, err
	}
	return t, s.disk.flush(p.f)
}

// resume takes over a checkpoint; a damaged one is as good as none.
func (t *tail) resume(ix *index, dead map[uint32]struct{}) error {
	entries, ok, err := ix.load()
	if err != nil || !ok {
		return err
	}
	for sum, loc := range entries {
		if _, gone := dead[loc.at]; gone {
			delete(entries, sum)
		}
	}
	t.entries, t.end, t.marked, t.count = entries, ix.covers, ix.covers, ix.records
	return nil
}

// recovery collects the records of a scan. A bad place is damage if a later
// group follows, for then its own group was flushed; otherwise it is where the
// last group is torn.
type recovery struct {
	dead    map[uint32]struct{}
	records []record
	suspect int64 // first bad place that may be torn, -1 if none
}

func (r *recovery) visit(f found) error {
	if f.gap {
		r.doubt(int64(f.at))
		return nil
	}
	if int64(f.base) > r.suspect {
		r.suspect = -1
	}
	_, dead := r.dead[f.at]
	if !f.intact && !dead {
		r.doubt(int64(f.at))
	}
	r.records = append(r.records, f.record)
	return nil
}

func (r *recovery) doubt(at int64) {
	if r.suspect < 0 {
		r.suspect = at
	}
}

// sound are the records before the torn place.
func (r *recovery) sound() []record {
	for i, rec := range r.records {
		if r.suspect >= 0 && int64(rec.at) >= r.suspect {
			return r.records[:i]
		}
	}
	return r.records
}

// tidy drops what is not needed any more: packs without a live record, old
// deletions.
func (s *Store) tidy() error {
	for _, seg := range s.sealed {
		if err := s.removeIfDead(seg); err != nil {
			return err
		}
	}
	for no := range s.dead {
		if s.packOf(no) == nil {
			delete(s.dead, no)
		}
	}
	return s.graves.rewrite(&s.disk, s.layout, s.dead)
}
