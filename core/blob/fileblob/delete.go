package fileblob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/uzel-hub/uzel/core/blob"
)

// Delete removes the file; see [blob.Store]. Deletions happen one after the
// other, and none while a Snapshot is taken.
func (s *Store) Delete(ctx context.Context, hash string) error {
	if err := s.calls.enter(ctx); err != nil {
		return wrap("delete blob", err)
	}
	defer s.calls.leave()
	sum, err := blob.ParseHash(hash)
	if err != nil {
		return wrap("delete blob", err)
	}
	if err := s.holdDeletions(ctx); err != nil {
		return wrap("delete blob", err)
	}
	defer s.releaseDeletions()
	s.counters.deletes.Add(1)
	return wrap("delete blob", errors.Join(s.deleteSmall(sum), s.deleteLarge(sum)))
}

func (s *Store) holdDeletions(ctx context.Context) error {
	select {
	case s.deleting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) releaseDeletions() { <-s.deleting }

// deleteSmall also finishes deletions that an error has left half done.
func (s *Store) deleteSmall(sum blob.Sum) error {
	p, ok, err := s.find(sum)
	if err != nil {
		return err
	}
	if ok {
		if err := s.dig(sum, grave{p.pack.no, p.at}); err != nil {
			return err
		}
	}
	return s.fillGraves()
}

// dig makes the deletion last and hides the record.
func (s *Store) dig(sum blob.Sum, g grave) error {
	if err := s.graves.add(&s.disk, g, graveDug); err != nil {
		return err
	}
	if err := s.disk.flush(s.graves.f); err != nil {
		return err
	}
	s.graves.open = append(s.graves.open, g)
	s.mu.Lock()
	defer s.mu.Unlock()
	bury(s.dead, g)
	if s.tail.no == g.no {
		delete(s.tail.entries, sum)
	}
	return nil
}

// fillGraves takes the bytes of deleted records off the disk.
func (s *Store) fillGraves() error {
	for len(s.graves.open) > 0 {
		if err := s.fillGrave(s.graves.open[0]); err != nil {
			return err
		}
		s.graves.open = s.graves.open[1:]
	}
	return nil
}

func (s *Store) fillGrave(g grave) error {
	p := s.packOf(g.no)
	if p == nil {
		return nil // removed with all its records
	}
	var head [recordHeaderSize]byte
	if _, err := p.ReadAt(head[:], int64(g.at)); err != nil {
		return err
	}
	// A header that is damaged cannot tell how much to erase.
	if rec, ok := decodeRecord(head[:], p.salt, int64(g.at)); ok {
		if err := p.erase(&s.disk, s.layout.tmp(), rec.location); err != nil {
			return err
		}
	}
	if err := s.graves.add(&s.disk, g, graveFilled); err != nil {
		return err
	}
	if seg := s.sealedSegment(g.no); seg != nil {
		return s.removeIfDead(seg)
	}
	return nil
}

// packOf is the pack of that number, nil if it was removed.
func (s *Store) packOf(no uint32) *pack {
	if seg := s.sealedSegment(no); seg != nil {
		return seg.pack
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.tail.no == no {
		return s.tail.pack
	}
	return nil
}

func (s *Store) sealedSegment(no uint32) *segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := slices.IndexFunc(s.sealed, func(seg *segment) bool { return seg.no == no })
	if i < 0 {
		return nil
	}
	return s.sealed[i]
}

// removeIfDead removes a sealed pack without a live record. The index goes
// first: a pack without one is understood by the next open.
func (s *Store) removeIfDead(seg *segment) error {
	if !s.forgetIfDead(seg) {
		return nil
	}
	seg.index.close()
	if err := os.Remove(seg.index.f.Name()); err != nil {
		return err
	}
	return seg.remove(&s.disk)
}

func (s *Store) forgetIfDead(seg *segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.sealed, seg)
	if i < 0 || len(s.dead[seg.no]) < seg.index.records {
		return false
	}
	s.sealed = slices.Concat(s.sealed[:i], s.sealed[i+1:])
	delete(s.dead, seg.no)
	return true
}

func (s *Store) deleteLarge(sum blob.Sum) error {
	path := s.layout.file(sum)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.disk.flushDir(filepath.Dir(path))
}
