package fileblob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/uzel-hub/uzel/core/blob"
)

// Check reads the whole store and reports every file whose bytes do not have
// its hash, everything unreadable and every disagreement between packs and
// indexes. It may run beside all other calls. The error tells why the check
// did not come to its end.
func (s *Store) Check(ctx context.Context, report func(blob.Problem)) error {
	if err := s.calls.enter(ctx); err != nil {
		return wrap("check blobs", err)
	}
	defer s.calls.leave()
	c := checker{store: s, report: report}
	return wrap("check blobs", errors.Join(c.packs(ctx), c.large(ctx), c.graves(ctx)))
}

type checker struct {
	store  *Store
	report func(blob.Problem)
}

// packs checks first the last pack, then the sealed ones, as Walk does.
func (c checker) packs(ctx context.Context) error {
	t, tail := c.store.contents(false)
	entries := make(map[blob.Sum]location, len(tail.entries))
	for _, e := range tail.entries {
		entries[e.sum] = e.location
	}
	if err := c.pack(ctx, t.pack, tail.covers, entries); err != nil {
		return err
	}
	for _, seg := range c.store.sealedBefore(t.no) {
		entries, ok, err := seg.index.load()
		if err != nil || !ok {
			c.problem("", seg.index.f.Name(), errors.Join(err, errDamaged("entries of the index")))
			continue
		}
		if err := c.pack(ctx, seg.pack, seg.index.covers, entries); err != nil {
			return err
		}
	}
	return nil
}

// sealedBefore are the sealed packs below a number.
func (s *Store) sealedBefore(no uint32) []*segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(s.sealed), func(seg *segment) bool { return seg.no >= no })
}

// pack compares the records of a pack with the entries of its index.
func (c checker) pack(ctx context.Context, p *pack, end int64, entries map[blob.Sum]location) error {
	err := scan(p, p.salt, packHeaderSize, end, func(f found) error {
		c.record(p, f, entries)
		return ctx.Err()
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.store.packOf(p.no) == nil {
		return nil // all of it was deleted meanwhile
	}
	if err != nil {
		c.problem("", p.path, err)
	}
	for sum, loc := range entries {
		if !c.store.isDead(p.no, loc.at) {
			c.problem(sum.String(), recordPlace(p, loc), errDamaged("record is missing"))
		}
	}
	return nil
}

// record strikes a sound record off the entries.
func (c checker) record(p *pack, f found, entries map[blob.Sum]location) {
	if f.gap {
		c.problem("", recordPlace(p, f.location), errDamaged("bytes that are no record"))
		return
	}
	listed, ok := entries[f.sum]
	if ok && listed == f.location {
		delete(entries, f.sum)
	}
	if c.store.isDead(p.no, f.at) {
		return
	}
	if !f.intact || blob.Sum(sha256.Sum256(f.body)) != f.sum {
		c.problem(f.sum.String(), recordPlace(p, f.location), errDamaged("content does not have its hash"))
		return
	}
	if listed != f.location {
		c.problem(f.sum.String(), recordPlace(p, f.location), errDamaged("record is not in the index"))
	}
}

func recordPlace(p *pack, loc location) string {
	return fmt.Sprintf("%s at %d", p.path, loc.at)
}

func (c checker) problem(hash, place string, err error) {
	c.report(blob.Problem{Hash: hash, Place: place, Err: err})
}

func (c checker) large(ctx context.Context) error {
	return c.store.eachLarge(ctx, func(path string, _ int64) error {
		name := filepath.Base(path)
		sum, err := blob.ParseHash(name)
		if err != nil || c.store.layout.file(sum) != path {
			c.problem("", path, errDamaged("file with a strange name"))
			return nil
		}
		got, err := hashFile(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.problem(name, path, err)
		case got != sum:
			c.problem(name, path, errDamaged("content does not have its hash"))
		}
		return nil
	})
}

func hashFile(ctx context.Context, path string) (blob.Sum, error) {
	f, err := os.Open(path)
	if err != nil {
		return blob.Sum{}, err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, SmallLimit)
	for {
		n, err := f.Read(buf)
		_, _ = h.Write(buf[:n]) // never fails
		if errors.Is(err, io.EOF) {
			return blob.Sum(h.Sum(nil)), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return blob.Sum{}, err
		}
	}
}

// graves reports deleted records whose bytes could not be erased.
func (c checker) graves(ctx context.Context) error {
	if err := c.store.holdDeletions(ctx); err != nil {
		return err
	}
	defer c.store.releaseDeletions()
	for _, g := range c.store.graves.open {
		place := fmt.Sprintf("%s at %d", c.store.layout.pack(g.no), g.at)
		c.problem("", place, errDamaged("deleted record is not erased"))
	}
	return nil
}
