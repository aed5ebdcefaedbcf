package boltstore_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func TestCompactKeepsAllButTheRoom(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.db"), filepath.Join(dir, "to.db")
	s := open(t, from, boltstore.Options{})
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 5_000 {
			if err := tx.Put("b", fmt.Appendf(nil, "%05d", i), bytes.Repeat([]byte("v"), 900)); err != nil {
				return err
			}
		}
		_, err := tx.Sequence("b")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 4_750 {
			if err := tx.Delete("b", fmt.Appendf(nil, "%05d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, boltstore.Compact(from, to), core.KindConfig, "store.locked")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := boltstore.Compact(from, to); err != nil {
		t.Fatal(err)
	}
	before, after := size(t, from), size(t, to)
	if after > before/8 {
		t.Errorf("%d bytes became %d", before, after)
	}
	s = open(t, to, boltstore.Options{})
	err = s.Update(t.Context(), func(tx store.Tx) error {
		n := 0
		for range tx.Scan("b", nil, nil, false) {
			n++
		}
		seq, err := tx.Sequence("b")
		if n != 250 || seq != 2 {
			t.Errorf("%d keys, sequence %d", n, seq)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	wantError(t, boltstore.Compact(from, to), core.KindConfig, "store.open")
	if size(t, to) < after {
		t.Error("the file that was there was touched")
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
