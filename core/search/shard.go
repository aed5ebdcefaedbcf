package search

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"
)

// shard is the index of the documents whose ids begin at one id and end before
// that of the next newer shard.
type shard struct {
	name  string // of its folder
	from  string // "": the oldest shard
	dir   string
	index bleve.Index
}

// Names of what a shard keeps about itself.
var (
	versionKey = []byte("mapping") // mappingVersion it was made with
	purgedKey  = []byte("purged")
)

// settings of the library. A shard that is filled with whole batches has as many
// segments as these allow: none of them is written twice before it is full.
func settings() map[string]any {
	return map[string]any{
		"scorchMergePlanOptions": map[string]any{
			"maxSegmentsPerTier": 16, "maxSegmentSize": 1 << 20, "tierGrowth": 10.0, "segmentsPerMergeTask": 10,
			"floorSegmentSize": batchDocuments / 2, "reclaimDeletesWeight": 2.0,
		},
	}
}

func makeShard(dir, name, from string) (*shard, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("make shard: %w", err)
	}
	m, err := newMapping()
	if err != nil {
		return nil, fmt.Errorf("make mapping: %w", err)
	}
	s := &shard{name: name, from: from, dir: dir}
	s.index, err = bleve.NewUsing(dir, m, scorch.Name, scorch.Name, settings())
	if err != nil {
		return nil, fmt.Errorf("make shard: %w", err)
	}
	if err := s.index.SetInternal(versionKey, []byte(mappingVersion)); err != nil {
		return nil, errors.Join(err, s.index.Close())
	}
	return s, nil
}

func openShard(dir, name, from string) (*shard, error) {
	s := &shard{name: name, from: from, dir: dir}
	return s, s.open()
}

func (s *shard) open() error {
	err := guarded(func() (err error) {
		s.index, err = bleve.Open(s.dir)
		return err
	})
	if err != nil {
		return fmt.Errorf("open shard: %w", err)
	}
	version, err := s.index.GetInternal(versionKey)
	if err == nil && string(version) != mappingVersion {
		err = fmt.Errorf("shard of version %q", version)
	}
	if err != nil {
		s.close()
	}
	return err
}

// words is the analyser of texts.
func (s *shard) words() analysis.Analyzer { return s.index.Mapping().AnalyzerNamed(analyzerName) }

// close lets the files go. There is nothing to be done about an index that
// cannot be closed.
func (s *shard) close() {
	guarded(s.index.Close) //nolint:errcheck // see above
}

func (s *shard) count() (n uint64, err error) {
	err = guarded(func() error {
		n, err = s.index.DocCount()
		return err
	})
	return n, err
}

// merger is what the library's index can do beside.
type merger interface {
	ForceMerge(ctx context.Context, o *mergeplan.MergePlanOptions) error
}

// oneSegment has all segments merged in one go.
var oneSegment = mergeplan.MergePlanOptions{
	MaxSegmentsPerTier: 1, MaxSegmentSize: 1 << 30, MaxSegmentFileSize: 1 << 40, TierGrowth: 1,
	SegmentsPerMergeTask: 1 << 20, FloorSegmentSize: 1 << 30, FloorSegmentFileSize: 1 << 40, ReclaimDeletesWeight: 2,
}

// merge writes all segments as one, without what was deleted, and waits until
// it is on disk. A single segment stays as it is.
func (s *shard) merge(ctx context.Context) error {
	advanced, err := s.index.Advanced()
	if err != nil {
		return err
	}
	all := oneSegment
	if err := advanced.(merger).ForceMerge(ctx, &all); err != nil {
		return err
	}
	return s.index.SetInternal(purgedKey, nil)
}
