package search_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/uzel-hub/uzel/core"
)

func TestAFullShardIsOneSegment(t *testing.T) {
	d := newDesk(t)
	d.shard = 1024 // two batches of the walk
	for range 1025 {
		d.register(core.Document{Subject: "Протечка", Channel: "mail"})
	}
	d.begin()
	d.indexed(1025)
	d.end()
	segments := d.segments()
	if got := segments[d.shard]; got != 1 {
		t.Errorf("%d segments in the full shard: %v", got, segments)
	}
}

// segments are how many the shards have, by how many documents are in them.
func (d *desk) segments() map[uint64]uint64 {
	d.Helper()
	out := map[uint64]uint64{}
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "index_meta.json" {
			return err
		}
		index, err := bleve.Open(filepath.Dir(path))
		if err != nil {
			return err
		}
		defer index.Close() //nolint:errcheck // only read
		documents, err := index.DocCount()
		if err != nil {
			return err
		}
		advanced, err := index.Advanced()
		if err != nil {
			return err
		}
		out[documents] = advanced.(*scorch.Scorch).StatsMap()["TotFileSegmentsAtRoot"].(uint64)
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return out
}
