package boltstore_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
	"github.com/uzel-hub/uzel/core/store/storetest"
)

func TestMain(m *testing.M) {
	if storetest.Child(openDSN) {
		return
	}
	os.Exit(m.Run())
}

func openDSN(path string) (store.Store, error) {
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return nil, err
	}
	return proved{s, path}, nil
}

// proved has bbolt's own check, which no other transaction may run beside, go
// over the file when it is closed.
type proved struct {
	*boltstore.Store
	path string
}

func (p proved) Close() error {
	if err := p.Store.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(p.path, 0o600, &bbolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		var faults []error
		for fault := range tx.Check() {
			faults = append(faults, fault)
		}
		return errors.Join(faults...)
	})
	return errors.Join(err, db.Close())
}

var kills = flag.Int("kills", 30, "how often TestKillStoreLosesNothingAcknowledged kills")

func TestKillStoreLosesNothingAcknowledged(t *testing.T) {
	storetest.Kill(t, openDSN, filepath.Join(t.TempDir(), "uzel.db"), *kills)
}
