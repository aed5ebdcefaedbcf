package fileblob_test

import (
	"testing"

	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/blobtest"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

func TestConformance(t *testing.T) {
	blobtest.Run(t, opener(fileblob.Options{}))
}

// Small packs put the change of packs into every case.
func TestConformanceWithSmallPacks(t *testing.T) {
	blobtest.Run(t, opener(fileblob.Options{SegmentSize: 300 << 10}))
}

func opener(o fileblob.Options) blobtest.Open {
	return func(t *testing.T, dir string) blob.Store { return open(t, dir, o) }
}

func open(t testing.TB, dir string, o fileblob.Options) *fileblob.Store {
	t.Helper()
	s, err := fileblob.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
