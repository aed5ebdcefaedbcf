package search

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/search/query"

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
	return slices.Clone(keywords[:len(keywords)-1]) // without codes
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
	// Sees narrows what is found to what the asker may see; nil: everything.
	Sees  func(*core.Document) bool
	After string // Next of the page before
	Limit int    // 1…200; 0 means 50
}

const (
	defaultLimit = 50
	maxLimit     = 200
	maxTerms     = 32
	minPrefix    = 2
)

// request turns the query into the library's.
func (q *Query) request(analyzer analysis.Analyzer) (*bleve.SearchRequest, error) {
	terms, err := parse(q.Text)
	if err != nil {
		return nil, err
	}
	must := []query.Query{}
	var not []query.Query
	for _, t := range terms {
		built := t.build(analyzer)
		switch {
		case built == nil: // a word that stands everywhere
		case t.not:
			not = append(not, built)
		default:
			must = append(must, built)
		}
	}
	relevant := len(must) > 0
	must = append(must, q.filters()...)
	if len(must) == 0 {
		must = append(must, bleve.NewMatchAllQuery())
	}
	all := bleve.NewBooleanQuery()
	all.AddMust(must...)
	all.AddMustNot(not...)
	req := bleve.NewSearchRequestOptions(all, q.limit(), 0, false)
	req.Fields = []string{"version"}
	req.IncludeLocations = relevant
	return req, q.order(req, relevant)
}

func (q *Query) limit() int {
	if q.Limit <= 0 {
		return defaultLimit
	}
	return min(q.Limit, maxLimit)
}

func (q *Query) filters() []query.Query {
	var out []query.Query
	for field, value := range q.Where {
		t := bleve.NewTermQuery(value)
		t.SetField(field)
		t.SetBoost(0) // a filter does not make a document fit better
		out = append(out, t)
	}
	if q.From.IsZero() && q.To.IsZero() {
		return out
	}
	var from, to *float64
	if !q.From.IsZero() {
		day := dayOf(q.From)
		from = &day
	}
	if !q.To.IsZero() {
		day := dayOf(q.To)
		to = &day
	}
	days := bleve.NewNumericRangeQuery(from, to)
	days.SetField("day")
	days.SetBoost(0)
	return append(out, days)
}

// order sets how the page is sorted and where it begins.
func (q *Query) order(req *bleve.SearchRequest, relevant bool) error {
	if q.Order == ByTime || !relevant {
		req.SortBy([]string{"-key"})
	} else {
		req.SortBy([]string{"-_score", "-key"})
	}
	if q.After == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.After)
	if err == nil {
		err = json.Unmarshal(raw, &req.SearchAfter)
	}
	if err != nil || len(req.SearchAfter) != len(req.Sort) || req.Validate() != nil {
		return core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	return nil
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

// build makes the query of a term, nil if it has no word to look for.
func (t term) build(analyzer analysis.Analyzer) query.Query {
	var any []query.Query
	switch tokens := analyzer.Analyze([]byte(t.text)); {
	case len(tokens) > 1 || t.phrase && len(tokens) == 1:
		any = phrase(t.text)
	case len(tokens) == 1:
		any = words(func(field string) boosted { return termIn(field, string(tokens[0].Term)) })
	}
	if t.prefix {
		beginning := strings.Map(sameYo, strings.ToLower(t.text))
		any = append(any, words(func(field string) boosted { return prefixIn(field, beginning) })...)
	}
	if !t.phrase {
		any = append(any, codeQueries(t.text)...)
	}
	if len(any) == 0 {
		return nil
	}
	return bleve.NewDisjunctionQuery(any...)
}

// boosted is a query of one field.
type boosted interface {
	query.Query
	SetBoost(float64)
}

// words asks the fields with texts.
func words(in func(field string) boosted) []query.Query {
	out := make([]query.Query, 0, len(textFields)+1)
	for _, f := range textFields {
		q := in(f.name)
		q.SetBoost(f.boost)
		out = append(out, q)
	}
	return out
}

func termIn(field, word string) boosted {
	q := bleve.NewTermQuery(word)
	q.SetField(field)
	return q
}

func prefixIn(field, beginning string) boosted {
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

// codeQueries ask for what is known by a number: as it is typed, and for a
// phone without the 8 or 7 it begins with.
func codeQueries(text string) []query.Query {
	typed := code(text)
	if len([]rune(typed)) < minCode || !strings.ContainsFunc(typed, unicode.IsDigit) {
		return nil
	}
	out := []query.Query{prefixIn("codes", typed)}
	if len(typed) == phoneDigits && (typed[0] == '8' || typed[0] == '7') && isDigits(typed) {
		out = append(out, prefixIn("codes", typed[1:]))
	}
	return out
}

// phoneDigits is the length of a Russian phone with its country code or the 8
// that stands for it.
const phoneDigits = 11

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// joinPhones takes the spaces out of phones, which people type in pieces:
// +7 (916) 123-45-67.
func joinPhones(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		if n := phoneAt(text); n > 0 {
			out.WriteString(code(text[:n]))
			text = text[n:]
			continue
		}
		n := strings.IndexByte(text, ' ') + 1
		if n == 0 {
			n = len(text)
		}
		out.WriteString(text[:n])
		text = text[n:]
	}
	return out.String()
}

// phoneAt is how many bytes of the text's beginning are a phone typed in
// pieces, 0 if they are none.
func phoneAt(text string) int {
	if !strings.HasPrefix(text, "+7") && !strings.HasPrefix(text, "8") {
		return 0
	}
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ -()", r):
			return 0
		}
		if digits == phoneDigits {
			if rest := text[i+1:]; rest == "" || rest[0] == ' ' {
				return i + 1
			}
			return 0
		}
	}
	return 0
}
