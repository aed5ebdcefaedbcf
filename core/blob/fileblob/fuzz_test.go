package fileblob_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

// FuzzDamagedFolder changes bytes of a store anywhere. It may be refused, files
// may be lost, but what is read has its hash and nothing falls over.
func FuzzDamagedFolder(f *testing.F) {
	for which := range uint8(5) {
		f.Add(which, uint32(0), false, []byte("spoilt"))
		f.Add(which, uint32(40), true, []byte{})
		f.Add(which, uint32(3000), false, make([]byte, 200))
	}
	files := makeSmallStore(f)
	names := []string{
		"packs/00000001.pack", "packs/00000001.index", "packs/00000003.pack", "packs/00000003.index", "deleted",
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, cut bool, patch []byte) {
		name := names[int(which)%len(names)]
		dir := t.TempDir()
		for path, p := range files {
			if path == name {
				p = damage(slices.Clone(p), int(at), cut, patch)
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, path), p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := fileblob.Open(dir, fileblob.Options{SegmentSize: 20 << 10})
		if err != nil {
			return
		}
		useDamaged(t, s)
		closeStore(t, s)
		closeStore(t, open(t, dir, fileblob.Options{}))
	})
}

func damage(p []byte, at int, cut bool, patch []byte) []byte {
	at %= len(p)
	if cut {
		p = p[:at]
	}
	end := at + len(patch)
	if end > len(p) {
		p = append(p, make([]byte, end-len(p))...)
	}
	copy(p[at:], patch)
	return p
}

// useDamaged calls everything and believes nothing but hashes.
func useDamaged(t *testing.T, s *fileblob.Store) {
	var refs []blob.Ref
	_ = s.Walk(t.Context(), func(ref blob.Ref) error { refs = append(refs, ref); return nil })
	for _, ref := range refs {
		r, err := s.Open(t.Context(), ref.Hash)
		if err != nil {
			continue
		}
		p, err := io.ReadAll(r)
		if err != nil || refOf(p).Hash != ref.Hash {
			t.Errorf("%s reads as %s, %v", ref.Hash, refOf(p).Hash, err)
		}
		r.Close()
	}
	_ = s.Check(t.Context(), func(blob.Problem) {})
	if len(refs) > 0 {
		_ = s.Delete(t.Context(), refs[0].Hash)
	}
	fresh := several(3, 9000)
	for _, p := range fresh {
		if _, err := s.Put(t.Context(), bytes.NewReader(p)); err != nil {
			t.Error(err)
		}
	}
	wantStored(t, s, fresh...)
}

// makeSmallStore is the content of a store with three packs and deletions.
func makeSmallStore(f *testing.F) map[string][]byte {
	dir := f.TempDir()
	s := open(f, dir, fileblob.Options{SegmentSize: 20 << 10})
	for i := range 9 {
		p := bytes.Repeat([]byte{byte(i)}, 7000)
		if _, err := s.Put(f.Context(), bytes.NewReader(p)); err != nil {
			f.Fatal(err)
		}
		if i%4 == 1 {
			if err := s.Delete(f.Context(), refOf(p).Hash); err != nil {
				f.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return files
}
