package boltstore_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
	"github.com/uzel-hub/uzel/core/store/storetest"
)

func open(t testing.TB, path string, opts boltstore.Options) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		dir := t.TempDir()
		return storetest.Opener{
			Open: func(t testing.TB, now func() time.Time) store.Store {
				path := filepath.Join(dir, "uzel.db")
				return proved{open(t, path, boltstore.Options{Now: now}), path}
			},
			Restore: func(t testing.TB, backup io.Reader) store.Store {
				path := filepath.Join(t.TempDir(), "copy.db")
				f, err := os.Create(path)
				if err == nil {
					_, err = io.Copy(f, backup)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, path, boltstore.Options{})
			},
		}
	})
}
