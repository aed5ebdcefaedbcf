package search

import (
	"context"

	"github.com/blevesearch/bleve/v2/mapping"
	found "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/blevesearch/bleve/v2/search/searcher"
	index "github.com/blevesearch/bleve_index_api"
)

// looks are how many documents of a shard each part of a query gave.
// Words that stand in many documents, but seldom together or not with what the
// filters ask for, cost much and find little.
type looks struct{ counts []*uint64 }

// looksKey is where a context has them.
type looksKey struct{}

// most is how many documents were looked at.
func (l *looks) most() (n uint64) {
	for _, count := range l.counts {
		n = max(n, *count)
	}
	return n
}

// watched is a query whose looks are counted.
type watched struct{ query.Query }

// Searcher implements query.Query.
func (w watched) Searcher(ctx context.Context, i index.IndexReader, m mapping.IndexMapping, o found.SearcherOptions) (found.Searcher, error) {
	s, err := w.Query.Searcher(ctx, i, m, o)
	all, ok := ctx.Value(looksKey{}).(*looks)
	if _, none := s.(*searcher.MatchNoneSearcher); none || !ok || err != nil {
		return s, err
	}
	c := &counting{s, new(uint64)}
	all.counts = append(all.counts, c.n)
	return c, nil
}

// counting counts the documents it gives. That there is none left costs nothing.
type counting struct {
	found.Searcher
	n *uint64
}

// Next implements found.Searcher.
func (c *counting) Next(ctx *found.SearchContext) (*found.DocumentMatch, error) {
	return c.count(c.Searcher.Next(ctx))
}

// Advance implements found.Searcher.
func (c *counting) Advance(ctx *found.SearchContext, id index.IndexInternalID) (*found.DocumentMatch, error) {
	return c.count(c.Searcher.Advance(ctx, id))
}

func (c *counting) count(m *found.DocumentMatch, err error) (*found.DocumentMatch, error) {
	if m != nil {
		*c.n++
	}
	return m, err
}
