package fileblob

import (
	"slices"

	"github.com/uzel-hub/uzel/core/blob"
)

const (
	// padBelow is the size of a group from which on zeros ahead do not pay:
	// its own bytes take longer than the journal commit they spare.
	padBelow = 96 << 10
	padTo    = 512 << 10
	// checkpointEvery bytes of the last pack its index is written, so that an
	// open after a crash reads no more than that.
	checkpointEvery = 32 << 20
)

var zeros = make([]byte, padTo)

// commitAll is the committer: it ends when the queue is closed and empty.
func (s *Store) commitAll() {
	defer close(s.committed)
	group := make([]*put, 0, maxGroup)
	for group = s.queue.take(group); len(group) > 0; group = s.queue.take(group[:0]) {
		err := s.commit(group)
		for _, p := range group {
			p.done <- err
		}
	}
}

// commit makes a group last. After an error nothing of it can be seen.
func (s *Store) commit(group []*put) error {
	fresh, err := s.fresh(group)
	if err != nil || len(fresh) == 0 {
		return err
	}
	if s.tail.full(s.segmentSize) {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	bufs, end := s.tail.place(fresh)
	if err := s.write(bufs, end); err != nil {
		return err
	}
	s.publish(fresh, end)
	if end-s.tail.marked >= checkpointEvery && s.marking.TryLock() {
		s.tail.marked = end
		go func() { // callers must not wait for it
			defer s.marking.Unlock()
			_ = s.checkpoint() // an open without it only takes longer
		}()
	}
	return nil
}

// fresh are the puts of the group whose content is not stored yet, one for
// each content.
func (s *Store) fresh(group []*put) ([]*put, error) {
	fresh := make([]*put, 0, len(group))
	inGroup := make(map[blob.Sum]struct{}, len(group))
	for _, p := range group {
		stored, err := s.storedSince(p)
		if err != nil {
			return nil, err
		}
		if _, twin := inGroup[p.sum]; twin || stored {
			continue
		}
		inGroup[p.sum] = struct{}{}
		fresh = append(fresh, p)
	}
	s.counters.duplicates.Add(uint64(len(group) - len(fresh)))
	return fresh, nil
}

// storedSince tells whether somebody stored the same content after p was looked
// up. The sealed packs are asked only if one was sealed since.
func (s *Store) storedSince(p *put) (bool, error) {
	if p.seen != s.tail.no {
		_, ok, err := s.find(p.sum)
		return ok, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.tail.entries[p.sum]
	return ok, nil
}

// place gives each put its place behind the last record and finishes the
// headers.
func (t *tail) place(group []*put) (bufs [][]byte, end int64) {
	bufs = make([][]byte, 0, 2*len(group))
	end = t.end
	for _, p := range group {
		p.at, p.base = uint32(end), uint32(t.end)
		p.record.encode(p.head[:], t.salt)
		bufs = append(bufs, p.head[:], p.body)
		end = p.location.end()
	}
	return bufs, end
}

// write brings the group to the disk, with zeros behind a small one.
func (s *Store) write(bufs [][]byte, end int64) error {
	t := s.tail
	small := end-t.end < padBelow
	if err := s.disk.writeAt(t.f, bufs, t.end); err != nil {
		_ = t.cut() // the next group is written over what is left
		return err
	}
	if end > t.padded {
		t.padded = end
		if small && s.disk.writeAt(t.f, [][]byte{zeros}, end) == nil {
			t.padded += padTo
		}
	}
	if err := s.disk.flush(t.f); err != nil {
		// Nobody can tell which bytes arrived, and a second flush would not
		// say: this file gets no more of them.
		t.broken = true
		_ = t.cut()
		return err
	}
	return nil
}

// publish lets everybody see a group that is on the disk.
func (s *Store) publish(group []*put, end int64) {
	size := uint64(0)
	s.mu.Lock()
	for _, p := range group {
		s.tail.entries[p.sum] = p.location
		size += uint64(len(p.body))
	}
	s.tail.end = end
	s.tail.count += len(group)
	s.mu.Unlock()
	s.counters.bytes.Add(size)
	s.counters.group(len(group))
}

// contents is what an index of the last pack holds now.
func (s *Store) contents(sealed bool) (*tail, contents) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tail
	c := contents{entries: make([]entry, 0, len(t.entries)), covers: t.end, records: t.count, sealed: sealed}
	for sum, loc := range t.entries {
		c.entries = append(c.entries, entry{sum, loc})
	}
	return t, c
}

// checkpoint writes the index of the last pack as far as it is. Whoever calls it
// holds s.marking.
func (s *Store) checkpoint() error {
	t, c := s.contents(false)
	return writeIndex(&s.disk, s.layout.tmp(), s.layout.index(t.no), c)
}

// rotate seals the last pack and begins a new one. After an error the last
// pack is still the last.
func (s *Store) rotate() error {
	s.marking.Lock() // one that is under way must not replace the final index
	defer s.marking.Unlock()
	next, err := s.layout.createPack(&s.disk, s.tail.no+1)
	if err != nil {
		return err
	}
	t, c := s.contents(true)
	seg, err := s.seal(t, c)
	if err != nil {
		_ = next.remove(&s.disk)
		return err
	}
	s.mu.Lock()
	s.sealed = append(slices.Clip(s.sealed), seg)
	s.tail = newTail(next)
	s.mu.Unlock()
	return s.removeIfDead(seg)
}

// seal cuts the pack and writes its final index.
func (s *Store) seal(t *tail, c contents) (*segment, error) {
	if err := t.cut(); err != nil {
		return nil, err
	}
	path := s.layout.index(t.no)
	if err := writeIndex(&s.disk, s.layout.tmp(), path, c); err != nil {
		return nil, err
	}
	ix, ok, err := openIndex(path)
	if err == nil && !ok {
		err = errDamaged("index just written: " + path)
	}
	if err != nil {
		return nil, err
	}
	return &segment{pack: t.pack, index: ix}, nil
}
