package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2"
)

// doom notes that the shard of a document holds what was erased. The library
// only marks as deleted what is replaced or deleted; the words stay in its files
// until it happens to merge them.
func (w *worker) doom(id string) { w.doomed = append(w.doomed, w.set.of(id).name) }

func union(known, more []string) []string {
	out := append(slices.Clone(known), more...)
	slices.Sort(out)
	return slices.Compact(out)
}

// purge writes the shards anew that hold what was erased, without it. It is
// known on disk which these are: a hub that is killed meanwhile does it then.
func (w *worker) purge(ctx context.Context) error {
	for len(w.set.state.Doomed) > 0 {
		name := w.set.state.Doomed[0]
		i := slices.IndexFunc(w.set.shards, func(one *shard) bool { return one.name == name })
		if i >= 0 {
			if err := w.purgeShard(ctx, w.set.shards[i]); err != nil {
				return fmt.Errorf("purge shard: %w", err)
			}
		}
		w.set.state.Doomed = w.set.state.Doomed[1:]
		if err := w.set.save(); err != nil {
			return err
		}
	}
	return nil
}

// purgeShard merges all files of a shard into one. A single one would stay as
// it is, so one document is written once more first. Files that are not needed
// any more go when the shard is opened.
func (w *worker) purgeShard(ctx context.Context, one *shard) error {
	id, err := one.any(ctx)
	if err != nil {
		return err
	}
	if id != "" {
		d, err := w.read(ctx, id)
		if err != nil {
			return err
		}
		if err := w.put(ctx, id, d); err != nil {
			return err
		}
		if err := w.commit(); err != nil {
			return err
		}
	}
	if err := guarded(func() error { return one.merge(ctx) }); err != nil {
		return err
	}
	w.set.mu.Lock()
	defer w.set.mu.Unlock()
	one.close()
	return one.open()
}

// any is the id of some document of the shard, "" if it has none.
func (s *shard) any(ctx context.Context) (id string, err error) {
	err = guarded(func() error {
		req := bleve.NewSearchRequestOptions(bleve.NewMatchAllQuery(), 1, 0, false)
		res, err := s.index.SearchInContext(ctx, req)
		if err == nil && len(res.Hits) > 0 {
			id = res.Hits[0].ID
		}
		return err
	})
	return id, err
}
