package search

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	found "github.com/blevesearch/bleve/v2/search"
	index "github.com/blevesearch/bleve_index_api"
	"golang.org/x/sync/errgroup"

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
// for and still have a Next: documents that were deleted since are left out, and
// where much is found only the newest thousands are sorted and told page by
// page, then the older ones.
type Page struct {
	Hits []Hit
	Next string
	// Total of all pages, as the index has it. AtLeast: older documents were not
	// looked at yet, there may be more.
	Total   uint64
	AtLeast bool
	// Complete is false as long as the index is being built: there may be more.
	Complete bool
}

// Find answers a query. KindInvalid for a query nobody can answer, KindUnavailable
// as long as there is no index.
func (s *Service) Find(ctx context.Context, q Query) (Page, error) {
	page := Page{Complete: s.whole.Load(), Hits: []Hit{}}
	serving := s.serving.Load()
	if serving == nil {
		return page, errAbsent()
	}
	var shown []Hit
	err := serving.use(func(shards []*shard) error {
		a, err := q.begin(shards)
		if err != nil {
			return err
		}
		if err := a.look(ctx, s.Look); err != nil {
			return err
		}
		a.arrange()
		page.Total, page.AtLeast, page.Next = a.total, a.older != "", a.next()
		shown, err = s.show(ctx, a)
		return err
	})
	if err != nil {
		return Page{}, s.findFault(ctx, err)
	}
	for _, h := range shown {
		if q.Sees == nil || q.Sees(h.Document) {
			page.Hits = append(page.Hits, h)
		}
	}
	if len(page.Hits) < len(shown) { // the index is behind: its count is nobody's business now
		page.Total, page.AtLeast = uint64(len(page.Hits)), true
	}
	return page, nil
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

// asking is a query under way.
type asking struct {
	*Query
	*plan
	shards []*shard // still to be asked
	place  place
	sort   []string

	hits  []hit // in their order, one more than a page
	total uint64
	older string // what is older than this was not looked at; "": all was
}

// place is where a page begins.
type place struct {
	Below string   `json:"below,omitempty"` // older than this; "": the newest
	After []string `json:"after,omitempty"` // behind the document with these values of the order
}

type hit struct {
	*found.DocumentMatch
	shard *shard
}

func (q *Query) begin(shards []*shard) (*asking, error) {
	a := &asking{Query: q, shards: shards}
	var err error
	if a.plan, err = q.plan(shards[0].words()); err != nil {
		return nil, err
	}
	a.sort = q.order(a.plan)
	if q.After == "" {
		return a, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.After)
	if err == nil {
		err = json.Unmarshal(raw, &a.place)
	}
	if err != nil || len(a.place.After) != 0 && (len(a.place.After) != len(a.sort) || a.request(0).Validate() != nil) {
		return nil, core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	return a, nil
}

func (a *asking) request(size int) *bleve.SearchRequest {
	req := bleve.NewSearchRequestOptions(a.query, size, 0, false)
	req.SortBy(a.sort)
	req.SearchAfter = a.place.After
	return req
}

// look asks the shards, from newer to older ones and as many at once as there are
// processors, until it has looked at enough documents. What it finds does not
// depend on how many those are.
func (a *asking) look(ctx context.Context, budget uint64) error {
	row := slices.DeleteFunc(slices.Clone(a.shards), func(one *shard) bool { return a.place.Below != "" && one.from >= a.place.Below })
	var looked uint64
	for some := range slices.Chunk(row, runtime.GOMAXPROCS(0)) {
		answers, err := a.askAll(ctx, some)
		if err != nil {
			return err
		}
		for i, told := range answers {
			a.total += told.total
			a.hits = append(a.hits, told.hits...)
			if looked += told.cost; looked >= budget && some[i] != row[len(row)-1] {
				a.older = some[i].from
				return nil
			}
		}
	}
	return nil
}

// arrange brings what was found into its order.
func (a *asking) arrange() {
	slices.SortFunc(a.hits, a.compare)
	a.hits = a.hits[:min(len(a.hits), a.limit()+1)]
}

// told is the answer of one shard, and at how many documents it looked.
type told struct {
	hits  []hit
	total uint64
	cost  uint64
}

func (a *asking) askAll(ctx context.Context, shards []*shard) ([]told, error) {
	answers := make([]told, len(shards))
	all, ctx := errgroup.WithContext(ctx)
	for i, one := range shards {
		all.Go(func() error {
			return guarded(func() (err error) {
				answers[i], err = a.ask(ctx, one)
				return err
			})
		})
	}
	return answers, all.Wait()
}

func (a *asking) ask(ctx context.Context, one *shard) (t told, err error) {
	if a.rough != nil {
		if t.cost, err = a.roughly(ctx, one); t.cost == 0 || err != nil {
			return t, err
		}
	}
	looked := new(looks)
	res, err := one.index.SearchInContext(context.WithValue(ctx, looksKey{}, looked), a.request(a.limit()+1))
	if err != nil {
		return t, err
	}
	for _, h := range res.Hits {
		if a.place.Below == "" || h.ID < a.place.Below {
			t.hits = append(t.hits, hit{h, one})
		}
	}
	t.total = res.Total
	t.cost = max(t.cost, res.Total, looked.most()) * a.weight
	return t, nil
}

// roughly counts what the shard may have.
func (a *asking) roughly(ctx context.Context, one *shard) (n uint64, err error) {
	advanced, err := one.index.Advanced()
	if err != nil {
		return 0, err
	}
	reader, err := advanced.Reader()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	searcher, err := plain{a.rough}.Searcher(ctx, reader, one.index.Mapping(), found.SearcherOptions{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, searcher.Close()) }()
	pool := &found.SearchContext{DocumentMatchPool: found.NewDocumentMatchPool(searcher.DocumentMatchPoolSize(), 0), IndexReader: reader}
	for ; ; n++ {
		match, err := searcher.Next(pool)
		if match == nil || err != nil {
			return n, err
		}
		pool.DocumentMatchPool.Put(match)
	}
}

// compare is the order of the page.
func (a *asking) compare(x, y hit) int {
	if len(a.sort) > 1 && x.Score != y.Score {
		return cmp.Compare(y.Score, x.Score)
	}
	return cmp.Compare(y.ID, x.ID)
}

// next is where the page after this one begins, "" if there is none.
func (a *asking) next() string {
	p := place{Below: a.older}
	switch {
	case len(a.hits) > a.limit():
		last := a.hits[a.limit()-1]
		p = place{a.place.Below, []string{last.ID}}
		if len(a.sort) > 1 {
			p.After = []string{strconv.FormatFloat(last.Score, 'g', -1, 64), last.ID}
		}
	case a.older == "":
		return ""
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// show reads the documents of the page.
func (s *Service) show(ctx context.Context, a *asking) (out []Hit, err error) {
	hits := a.hits[:min(len(a.hits), a.limit())]
	analyzer := a.shards[0].words()
	err = s.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		for _, h := range hits {
			d, err := store.Documents.Get(tx, h.ID)
			if core.KindOf(err) == core.KindNotFound && err != nil {
				continue
			}
			if err != nil {
				return err
			}
			files, err := h.shard.files(d, a.terms)
			if err != nil {
				return err
			}
			out = append(out, Hit{d, h.Score, passages(analyzer, a.terms, d, files)})
		}
		return nil
	})
	return out, err
}

// files are the texts of the document's files if the index knows it as it is
// now: what was taken out of it since must not be shown.
func (s *shard) files(d *core.Document, terms []wanted) (out []string, err error) {
	if len(d.Files) == 0 || len(terms) == 0 {
		return nil, nil
	}
	known, err := s.index.Document(string(d.ID))
	if known == nil || err != nil {
		return nil, err
	}
	version := ""
	known.VisitFields(func(f index.Field) {
		switch f.Name() {
		case filesField:
			out = append(out, string(f.Value()))
		case versionField:
			version = string(f.Value())
		}
	})
	if version != strconv.FormatUint(d.Version, 10) {
		return nil, nil
	}
	return out, nil
}
