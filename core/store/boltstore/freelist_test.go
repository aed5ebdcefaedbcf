package boltstore_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// hasFreelist tells whether the file lists its free pages.
func hasFreelist(t testing.TB, path string, pageSize int) bool {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list, newest uint64
	for _, m := range [][]byte{raw[16:], raw[pageSize+16:]} {
		if txid := binary.NativeEndian.Uint64(m[48:]); txid >= newest {
			list, newest = binary.NativeEndian.Uint64(m[32:]), txid
		}
	}
	return list != math.MaxUint64
}

func TestFreePagesAreListedOnceAfterAKill(t *testing.T) {
	path := write(t, sample(t, false))
	if hasFreelist(t, path, 4096) {
		t.Fatal("the sample was closed in order")
	}
	s := open(t, path, boltstore.Options{})
	if !hasFreelist(t, path, 4096) {
		t.Error("opening did not list the free pages")
	}
	for range 3 {
		if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
			t.Error(err)
		}
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("deep", []byte("more"), nil) }); err != nil {
			t.Error(err)
		}
		if hasFreelist(t, path, 4096) {
			t.Error("a running store writes the list with each commit")
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !hasFreelist(t, path, 4096) {
		t.Error("closing did not list the free pages")
	}
}

// TestManyFreePagesAfterAKill has more free pages than fit into the header's
// count. The file has pages of another size than ours.
func TestManyFreePagesAfterAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, boltstore.Options{})
	each := func(fn func(tx store.Tx, key []byte) error) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Tx) error {
			var errs []error
			for i := range 700 {
				errs = append(errs, fn(tx, fmt.Append(nil, i)))
			}
			return errors.Join(errs...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each(func(tx store.Tx, key []byte) error { return tx.Put("b", key, make([]byte, 100_000)) })
	each(func(tx store.Tx, key []byte) error { return tx.Delete("b", key) })
	raw, err := os.ReadFile(path) // as a killed process leaves it
	if err != nil {
		t.Fatal(err)
	}
	killed := write(t, raw)
	reopened := open(t, killed, boltstore.Options{})
	if !hasFreelist(t, killed, 1024) {
		t.Error("opening did not list the free pages")
	}
	if err := reopened.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	before := size(t, killed)
	err = reopened.Update(t.Context(), func(tx store.Tx) error {
		return tx.Put("b", []byte("big"), bytes.Repeat([]byte("v"), 60_000_000))
	})
	if err != nil {
		t.Error(err)
	}
	if after := size(t, killed); after > before {
		t.Errorf("free pages were not used: %d bytes became %d", before, after)
	}
}
