package boltstore_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

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
	return boltstore.Open(path, boltstore.Options{})
}

var kills = flag.Int("kills", 30, "how often TestKillStoreLosesNothingAcknowledged kills")

func TestKillStoreLosesNothingAcknowledged(t *testing.T) {
	storetest.Kill(t, openDSN, filepath.Join(t.TempDir(), "uzel.db"), *kills)
}
