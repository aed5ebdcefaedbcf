package search

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/mapping"
	found "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/uzel-hub/uzel/core"
)

// Order of what is found.
type Order string

const (
	ByRelevance Order = "relevance" // what fits best first
	ByTime      Order = "time"      // newest first
)

// Filters are the fields Query.Where may name: those of the list of documents
// and of appeals.
func Filters() []string {
	return slices.Clone(filterFields)
}

// Query asks for one page.
type Query struct {
	// Text as people type it: every word must occur in some form; "words in
	// quotes" as they stand; -word must not occur; word* begins so. Parts of
	// numbers (phone, INN, account, registration number) find the whole, from
	// three characters on. Empty: the filters alone.
	Text string
	// Where are values fields must have, by the names of Filters.
	Where map[string]string
	// From and To bound the moment of registration by days of the office's
	// calendar: [From, To). Zero is open.
	From, To time.Time
	Order    Order // "" is ByRelevance with a Text, else ByTime
	// Only narrows what is found to what the asker may see, as the index knows it;
	// nil: everything. Sees says so of a document as it is now.
	Only  *Only
	Sees  func(*core.Document) bool
	After string // Next of the page before
	Limit int    // 1…200; 0 means 50
}

// Only are a user's limits. What has no organisation, or no line, is within them.
type Only struct {
	Organizations []core.OrganizationID // none: all
	Lines         []core.EntryID        // none: all
	Operator      core.UserID           // whose appeals are seen whichever their line
}

const (
	defaultLimit = 50
	maxLimit     = 200
	maxTerms     = 32
	minPrefix    = 2
)

// plan is how a query is asked.
type plan struct {
	query    query.Query
	rough    query.Query // finds at least as much and costs little; nil: query is as cheap
	weight   uint64      // what the look at a document costs that rough finds
	relevant bool        // there are words to sort by
	terms    []wanted    // of the text, to be marked in passages
}

// phraseWeight is how many times the look at the places of words costs more
// than that at the words alone.
const phraseWeight = 5

// prefixWeight is the same for a word that is not typed to its end: there are
// hundreds that begin so.
const prefixWeight = 2

func (q *Query) plan(analyzer analysis.Analyzer) (*plan, error) {
	terms, err := parse(q.Text)
	if err != nil {
		return nil, err
	}
	p := &plan{weight: 1}
	all := bleve.NewBooleanQuery()
	var must, rough []query.Query
	for _, t := range terms {
		b := t.build(analyzer)
		switch {
		case b.query == nil: // a word that stands everywhere
		case t.not:
			all.AddMustNot(plain{b.query})
		default:
			must, rough = append(must, watched{b.query}), append(rough, b.rough)
			p.terms = append(p.terms, b.wanted...)
			p.weight = max(p.weight, b.weight)
		}
	}
	p.relevant = len(must) > 0
	filters := append(q.filters(), q.Only.filters()...)
	must = append(must, filters...)
	if len(must) == 0 {
		must = append(must, bleve.NewMatchAllQuery())
	}
	all.AddMust(must...)
	p.query = all
	if rough = append(rough, filters...); len(rough) > 1 || p.weight == phraseWeight {
		p.rough = bleve.NewConjunctionQuery(rough...)
	}
	return p, nil
}

// plain is a query that only says yes or no: it does not make a document fit
// better, and the library answers it by sets of documents.
type plain struct{ query.Query }

// Searcher implements query.Query.
func (p plain) Searcher(ctx context.Context, i index.IndexReader, m mapping.IndexMapping, o found.SearcherOptions) (found.Searcher, error) {
	o.Score, o.IncludeTermVectors, o.Explain = "none", false, false
	return p.Query.Searcher(ctx, i, m, o)
}

func (q *Query) limit() int {
	if q.Limit <= 0 {
		return defaultLimit
	}
	return min(q.Limit, maxLimit)
}

func exactly(field, value string) query.Query {
	t := bleve.NewTermQuery(value)
	t.SetField(field)
	return t
}

func (q *Query) filters() []query.Query {
	var out []query.Query
	for field, value := range q.Where {
		out = append(out, plain{exactly(field, value)})
	}
	if q.From.IsZero() && q.To.IsZero() {
		return out
	}
	var from, to string
	if !q.From.IsZero() {
		from = dayOf(q.From)
	}
	if !q.To.IsZero() {
		to = dayOf(q.To)
	}
	days := bleve.NewTermRangeQuery(from, to)
	days.SetField("day")
	return append(out, plain{days})
}

// filters are those of the limits: of the organisations, and of the lines or of
// one's own.
func (o *Only) filters() (out []query.Query) {
	if o == nil {
		return nil
	}
	if len(o.Organizations) > 0 {
		out = append(out, plain{anyOf("organization", o.Organizations)})
	}
	if len(o.Lines) > 0 {
		lines := anyOf("line", o.Lines)
		lines.AddQuery(exactly("operator", string(o.Operator)))
		out = append(out, plain{lines})
	}
	return out
}

func anyOf[T ~string](field string, values []T) *query.DisjunctionQuery {
	out := bleve.NewDisjunctionQuery(exactly(field, none))
	for _, v := range values {
		out.AddQuery(exactly(field, string(v)))
	}
	return out
}

// order of the hits, and the names of the library for it.
func (q *Query) order(p *plan) []string {
	if q.Order == ByTime || !p.relevant {
		return []string{"-key"}
	}
	return []string{"-_score", "-key"}
}

// term is one thing that was typed.
type term struct {
	text   string
	phrase bool // in quotes
	prefix bool // ends in *
	not    bool // begins with -
}

// parse takes apart what was typed. Quotes that do not close go to the end.
func parse(text string) ([]term, error) {
	var out []term
	for rest := []rune(joinPhones(text)); ; {
		var t term
		var ok bool
		if t, rest, ok = next(rest); !ok {
			return out, nil
		}
		if t.prefix && len([]rune(t.text)) < minPrefix {
			return nil, core.Invalid("search.prefix", "q", "перед * нужно не меньше двух знаков")
		}
		if t.text != "" {
			out = append(out, t)
		}
		if len(out) > maxTerms {
			return nil, core.Invalid("search.terms", "q", "слишком много слов")
		}
	}
}

// quotes are the pairs people type.
var quotes = [...][2]rune{{'"', '"'}, {'«', '»'}, {'“', '”'}, {'„', '“'}}

// next cuts the next term off.
func next(text []rune) (t term, rest []rune, ok bool) {
	for len(text) > 0 && unicode.IsSpace(text[0]) {
		text = text[1:]
	}
	if len(text) == 0 {
		return t, nil, false
	}
	if text[0] == '-' && len(text) > 1 && !unicode.IsSpace(text[1]) {
		t.not, text = true, text[1:]
	}
	for _, pair := range quotes {
		if text[0] == pair[0] {
			t.phrase = true
			t.text, rest = until(text[1:], func(r rune) bool { return r == pair[1] })
			return t, rest[min(1, len(rest)):], true
		}
	}
	t.text, rest = until(text, unicode.IsSpace)
	t.text, t.prefix = strings.CutSuffix(t.text, "*")
	return t, rest, true
}

func until(text []rune, end func(rune) bool) (string, []rune) {
	i := slices.IndexFunc(text, end)
	if i < 0 {
		i = len(text)
	}
	return string(text[:i]), text[i:]
}

// built is a term made into queries; query is nil if it has no word to look for.
type built struct {
	query, rough query.Query
	weight       uint64
	wanted       []wanted
}

// build makes the queries of a term.
func (t term) build(analyzer analysis.Analyzer) built {
	out := built{weight: 1}
	var any, rough []query.Query
	text := plainYo(t.text)
	var stems []string
	for _, token := range analyzer.Analyze([]byte(text)) {
		stems = append(stems, string(token.Term))
		out.wanted = append(out.wanted, wanted{text: string(token.Term)})
	}
	switch {
	case len(stems) > 1:
		out.weight = phraseWeight
		any, rough = phrase(text), []query.Query{together(stems, textFields...)}
	case len(stems) == 1:
		any = words(func(field string) boosted { return termIn(field, stems[0]) })
		rough = slices.Clone(any)
	}
	if parts := codeParts(t.text); len(parts) > 0 && !t.phrase {
		out.weight = phraseWeight
		for _, part := range parts {
			any = append(any, plain{bleve.NewPhraseQuery(part, codesField)})
			rough = append(rough, together(part, codesField))
		}
	}
	if t.prefix && !t.phrase {
		out.weight = max(out.weight, prefixWeight)
		beginning := strings.ToLower(text)
		for _, f := range textFields {
			begins := plain{prefixIn(f, beginning)}
			any, rough = append(any, begins), append(rough, begins)
		}
		out.wanted = append(out.wanted, wanted{beginning, true})
	}
	if len(any) > 0 {
		out.query, out.rough = bleve.NewDisjunctionQuery(any...), plain{bleve.NewDisjunctionQuery(rough...)}
	}
	return out
}

// together asks for documents that have all the words of a phrase in the fields,
// in any place.
func together(words []string, fields ...string) query.Query {
	all := make([]query.Query, len(words))
	for i, word := range words {
		any := bleve.NewDisjunctionQuery()
		for _, field := range fields {
			any.AddQuery(exactly(field, word))
		}
		all[i] = any
	}
	return bleve.NewConjunctionQuery(all...)
}

// boosted is a query of one field.
type boosted interface {
	query.Query
	SetBoost(float64)
}

// words asks the fields with texts.
func words(in func(field string) boosted) []query.Query {
	var out []query.Query
	for i, field := range textFields {
		q := in(field)
		q.SetBoost(boosts[i])
		out = append(out, q)
	}
	return out
}

func termIn(field, word string) boosted {
	q := bleve.NewTermQuery(word)
	q.SetField(field)
	return q
}

func prefixIn(field, beginning string) query.Query {
	q := bleve.NewPrefixQuery(beginning)
	q.SetField(field)
	return q
}

func phrase(text string) []query.Query {
	return words(func(field string) boosted {
		q := bleve.NewMatchPhraseQuery(text)
		q.SetField(field)
		return q
	})
}
