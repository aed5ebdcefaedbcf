package fileblob

import (
	"context"
	"os"
	"path/filepath"
)

// Snapshot makes the folder dst, which must be missing or empty, a store with
// every file that is stored now; puts go on meanwhile, deletions wait. Files
// that no longer change are hard links where dst is on the same file system
// and copies elsewhere; a later Delete in this store does not reach them. When
// Snapshot returns nil all of it is on stable storage; after an error dst is
// removed.
//
// A database that refers to files is copied first: then each file it knows is
// in the snapshot, unless somebody deletes between the two.
func (s *Store) Snapshot(ctx context.Context, dst string) error {
	if err := s.calls.enter(ctx); err != nil {
		return wrap("snapshot blobs", err)
	}
	defer s.calls.leave()
	if err := emptyFolder(dst); err != nil {
		return wrap("snapshot blobs", err)
	}
	err := s.snapshot(ctx, layout(dst))
	if err != nil {
		os.RemoveAll(dst)
	}
	return wrap("snapshot blobs", err)
}

func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return errFormat(dir, "не пуста")
	}
	return nil
}

func (s *Store) snapshot(ctx context.Context, dst layout) error {
	if err := s.holdDeletions(ctx); err != nil {
		return err
	}
	defer s.releaseDeletions()
	if err := dst.createFolders(&s.disk); err != nil {
		return err
	}
	for _, part := range []func(context.Context, layout) error{s.copyPacks, s.copyLarge, s.copyGraves} {
		if err := part(ctx, dst); err != nil {
			return err
		}
	}
	if err := dst.flushFolders(&s.disk); err != nil {
		return err
	}
	return s.finishSnapshot(dst)
}

// copyPacks takes the last pack up to its last flushed record.
func (s *Store) copyPacks(ctx context.Context, dst layout) error {
	t, c := s.contents(false)
	err := s.disk.replace(dst.tmp(), dst.pack(t.no), func(f *os.File) error {
		return s.disk.copyRange(f, t.f, c.covers)
	})
	if err != nil {
		return err
	}
	if err := writeIndex(&s.disk, dst.tmp(), dst.index(t.no), c); err != nil {
		return err
	}
	for _, seg := range s.sealedBefore(t.no) {
		if err := s.share(ctx, seg.path, dst.pack(seg.no), dst); err != nil {
			return err
		}
		if err := s.share(ctx, seg.index.f.Name(), dst.index(seg.no), dst); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) copyLarge(ctx context.Context, dst layout) error {
	return s.eachLarge(ctx, func(path string, _ int64) error {
		name := filepath.Base(path)
		return s.share(ctx, path, filepath.Join(dst.files(), name[:2], name), dst)
	})
}

func (s *Store) copyGraves(_ context.Context, dst layout) error {
	return s.copyFile(s.layout.deleted(), dst.deleted(), dst)
}

// share links a file that no longer changes, or copies it.
func (s *Store) share(ctx context.Context, from, to string, dst layout) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.disk.link(from, to) == nil {
		return nil
	}
	return s.copyFile(from, to, dst)
}

func (s *Store) copyFile(from, to string, dst layout) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	return s.disk.replace(dst.tmp(), to, func(f *os.File) error {
		return s.disk.copyRange(f, src, info.Size())
	})
}

func (s *Store) finishSnapshot(dst layout) error {
	lock, err := os.OpenFile(dst.format(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	return dst.writeFormat(&s.disk, lock)
}
