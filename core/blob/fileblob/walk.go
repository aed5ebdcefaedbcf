package fileblob

import (
	"context"
	"os"
	"path/filepath"

	"github.com/uzel-hub/uzel/core/blob"
)

// Walk calls fn for every file; see [blob.Store].
func (s *Store) Walk(ctx context.Context, fn func(blob.Ref) error) error {
	if err := s.calls.enter(ctx); err != nil {
		return wrap("walk blobs", err)
	}
	defer s.calls.leave()
	var stopped error
	err := s.walk(ctx, func(ref blob.Ref) error {
		stopped = fn(ref)
		return stopped
	})
	if stopped != nil {
		return stopped
	}
	return wrap("walk blobs", err)
}

func (s *Store) walk(ctx context.Context, fn func(blob.Ref) error) error {
	// The last pack is listed before the sealed ones: what is sealed meanwhile
	// is in the list already.
	t, c := s.contents(false)
	for _, e := range c.entries {
		if err := s.show(ctx, t.no, e, fn); err != nil {
			return err
		}
	}
	for _, seg := range s.sealedBefore(t.no) {
		err := seg.index.each(func(e entry) error { return s.show(ctx, seg.no, e, fn) })
		if err != nil {
			return err
		}
	}
	return s.walkLarge(ctx, fn)
}

func (s *Store) show(ctx context.Context, no uint32, e entry, fn func(blob.Ref) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.isDead(no, e.at) {
		return nil
	}
	return fn(blob.Ref{Hash: e.sum.String(), Size: int64(e.size)})
}

func (s *Store) walkLarge(ctx context.Context, fn func(blob.Ref) error) error {
	return s.eachLarge(ctx, func(path string, size int64) error {
		return fn(blob.Ref{Hash: filepath.Base(path), Size: size})
	})
}

// eachLarge calls fn for every file in the folders of large ones.
func (s *Store) eachLarge(ctx context.Context, fn func(path string, size int64) error) error {
	folders, err := os.ReadDir(s.layout.files())
	if err != nil {
		return err
	}
	for _, folder := range folders {
		dir := filepath.Join(s.layout.files(), folder.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := f.Info()
			if os.IsNotExist(err) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			if err := fn(filepath.Join(dir, f.Name()), info.Size()); err != nil {
				return err
			}
		}
	}
	return nil
}
