package search

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	found "github.com/blevesearch/bleve/v2/search"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Hit is one document that was found, as it is in the store now.
type Hit struct {
	Document *core.Document
	Score    float64
	Passages []Passage // where the words stand; none for what filters alone have found
}

// Page is one page of what was found. It may hold fewer hits than were asked
// for and still have a Next: documents that were deleted since are left out.
type Page struct {
	Hits []Hit
	Next string
	// Total of all pages, as the index has it; with Query.Sees of this page only.
	Total uint64
	// Complete is false as long as the index is being built: there may be more.
	Complete bool
}

// Find answers a query. KindInvalid for a query nobody can answer, KindUnavailable
// as long as there is no index.
func (s *Service) Find(ctx context.Context, q Query) (Page, error) {
	complete := !s.building.Load()
	var res *bleve.SearchResult
	var shown [][]Passage
	err := s.index.use(func(index bleve.Index) error {
		req, err := q.request(index.Mapping().AnalyzerNamed(analyzerName))
		if err != nil {
			return err
		}
		if res, err = index.SearchInContext(ctx, req); err != nil {
			return err
		}
		shown, err = passages(index, res.Hits)
		return err
	})
	if err != nil {
		return Page{}, s.findFault(ctx, err)
	}
	page := Page{Total: res.Total, Complete: complete, Hits: []Hit{}}
	if len(res.Hits) == q.limit() {
		page.Next = cursorOf(res.Hits[len(res.Hits)-1])
	}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		page.Hits = page.Hits[:0]
		for i, hit := range res.Hits {
			d, err := store.Documents.Get(tx, hit.ID)
			if core.KindOf(err) == core.KindNotFound && err != nil {
				continue
			}
			if err != nil {
				return err
			}
			if q.Sees != nil && !q.Sees(d) {
				continue
			}
			page.Hits = append(page.Hits, Hit{d, hit.Score, current(d, hit, shown[i])})
		}
		return nil
	})
	if q.Sees != nil {
		page.Total = uint64(len(page.Hits)) // how many others there are is nobody's business
	}
	return page, err
}

// findFault gives the fault of a search its meaning. A damaged index is built
// anew.
func (s *Service) findFault(ctx context.Context, err error) error {
	if errors.Is(err, errDamaged) {
		s.stop(errDamaged) //nolint:errcheck // nobody builds now: whoever does will see for himself
		return core.Unavailable("search.absent", "поиск ещё не готов", err)
	}
	if ctx.Err() != nil {
		return core.Unavailable("search.cancelled", "поиск не успел закончиться, уточните запрос", context.Cause(ctx))
	}
	return err
}

// cursorOf is where the page after the hit begins.
func cursorOf(hit *found.DocumentMatch) string {
	after := append([]string{}, hit.Sort...)
	if len(after) > 1 {
		after[0] = strconv.FormatFloat(hit.Score, 'g', -1, 64)
	}
	raw, err := json.Marshal(after)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// current are the passages if the index knows the document as it is now: what
// was taken out of it since must not be shown.
func current(d *core.Document, hit *found.DocumentMatch, shown []Passage) []Passage {
	if version, _ := hit.Fields["version"].(string); version != strconv.FormatUint(d.Version, 10) {
		return nil
	}
	return shown
}
