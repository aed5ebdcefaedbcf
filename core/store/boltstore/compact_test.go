package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func TestCompactKeepsAllButTheRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	s := open(t, path, boltstore.Options{})
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
	wantError(t, boltstore.Compact(path), core.KindConfig, "store.locked")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := size(t, path)
	if err := os.WriteFile(path+".compact", []byte("cut short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := boltstore.Compact(path); err != nil {
		t.Fatal(err)
	}
	if after := size(t, path); after > before/8 {
		t.Errorf("%d bytes became %d", before, after)
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what it was made in: %v", err)
	}
	s = open(t, path, boltstore.Options{})
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
}

// TestWhoWaitsForTheFileGetsTheCompactOne opens the file while it is compacted:
// what is written then must not go into the file that was replaced.
func TestWhoWaitsForTheFileGetsTheCompactOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	s := open(t, path, boltstore.Options{})
	put(t, s, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	compacted := false
	s = open(t, path, boltstore.Options{OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag, perm)
		if err == nil && !compacted {
			compacted, err = true, boltstore.Compact(path)
		}
		return f, err
	}})
	put(t, s, "b")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, boltstore.Options{})
	err := s.View(t.Context(), func(tx store.Tx) error {
		for _, key := range []string{"a", "b"} {
			if v, err := tx.Get("b", []byte(key)); err != nil || v == nil {
				t.Errorf("%s: %q, %v", key, v, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func put(t testing.TB, s *boltstore.Store, key string) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b", []byte(key), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
}

// TestBackupHasNothingOfWhatWasDeleted looks into the bytes of copies: of a store
// that has just been opened, which still has its list of free pages, and of one
// that writes.
func TestBackupHasNothingOfWhatWasDeleted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hub.db")
	secret := []byte("у меня протекает крыша")
	s := open(t, path, boltstore.Options{})
	put(t, s, "kept")
	for _, do := range []func(tx store.Tx, key []byte) error{
		func(tx store.Tx, key []byte) error { return tx.Put("b", key, bytes.Repeat(secret, 90)) },
		func(tx store.Tx, key []byte) error { return tx.Delete("b", key) },
	} {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			for i := range 500 {
				if err := do(tx, fmt.Appendf(nil, "%05d", i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || !bytes.Contains(raw, secret) {
		t.Fatalf("the file has nothing to leave out: %v", err)
	}
	s = open(t, path, boltstore.Options{})
	for _, name := range []string{"opened", "writing"} {
		var out bytes.Buffer
		if err := s.Backup(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Bytes(), secret) {
			t.Errorf("%s: the copy has what was deleted", name)
		}
		to := filepath.Join(dir, name)
		if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		restored := open(t, to, boltstore.Options{})
		if err := restored.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		put(t, restored, "new")
		put(t, s, name)
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
