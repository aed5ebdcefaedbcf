package boltstore_test

import (
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func open(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestUpdatesOfManyCallersAllLand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	s := open(t, path)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			err := s.Update(t.Context(), func(tx store.Tx) error {
				if _, err := tx.Sequence("t/x"); err != nil {
					return err
				}
				if err := tx.Put("t/x", []byte(strconv.Itoa(i)), []byte("v")); err != nil {
					return err
				}
				if i%2 == 1 {
					return errors.New("no")
				}
				return nil
			})
			if (err != nil) != (i%2 == 1) {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		n := 0
		for range tx.Scan("t/x", nil, nil, true) {
			n++
		}
		seq, err := tx.Sequence("t/x")
		if n != 32 || seq != 33 {
			t.Error(n, seq)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(path, boltstore.Options{}); core.KindOf(err) != core.KindConfig {
		t.Error(err)
	}
}
