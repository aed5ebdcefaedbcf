package directory

import (
	"encoding/base64"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Query asks for one page of a directory.
type Query struct {
	Where map[string]any // by field: the value as kept; of a list, one of its items
	// Organization leaves the entries of other organisations out; those for all
	// stay.
	Organization core.OrganizationID
	// Sees is asked for each entry, nil: all are wanted.
	Sees    func(*core.Entry) bool
	Begins  string // how the label begins, without regard to case
	Order   string // a sortable field, - before it: downwards; empty: the type's own
	Deleted bool   // deleted entries instead, oldest first
	After   string // Next of the page before
	Limit   int    // 1…1000; 0 means 50
}

// Page is one page. At most store.PageKeys keys are read for it: where nearly all
// entries are refused, a page may be short or even empty and still have a Next.
type Page struct {
	Items []*core.Entry
	Next  string // empty on the last page
}

const (
	defaultLimit = 50
	maxLimit     = 1000
	// fewKeys is what may be read to find all that the filters let through; what
	// is left of store.PageKeys is for the walk in the list's order.
	fewKeys = store.PageKeys / 2
)

// List reads a page. KindInvalid for a field that cannot be sorted by and for a
// damaged After.
func (s *Service) List(tx store.Tx, name core.DirectoryName, q Query) (Page, error) {
	t, err := s.Type(name)
	if err != nil {
		return Page{}, err
	}
	l := &lister{tx: &store.Meter{Tx: tx}, typ: t, q: q}
	if l.q.Order == "" {
		l.q.Order = t.Order
	}
	l.field = strings.TrimPrefix(l.q.Order, "-")
	l.desc = l.field != l.q.Order
	if l.q.Limit <= 0 {
		l.q.Limit = defaultLimit
	}
	l.q.Limit = min(l.q.Limit, maxLimit)
	switch {
	case !t.Sortable(l.field):
		return Page{}, core.Invalid("list.order", "order", "по этому полю нельзя упорядочить")
	case q.Deleted:
		return l.deleted()
	}
	return l.page()
}

// lister reads one page.
type lister struct {
	tx    *store.Meter // counts what is read for the page
	typ   *Type
	q     Query
	field string // sorted by
	desc  bool
}

func (l *lister) deleted() (Page, error) {
	got, err := store.Entries.List(l.tx, store.Query[core.Entry]{
		Deleted: true, After: l.q.After, Limit: l.q.Limit,
		Filter: func(_ store.Tx, e *core.Entry) bool {
			return e.DeletedAt != nil && e.Directory == l.typ.Name && l.fits(e)
		},
	})
	return Page{got.Items, got.Next}, err
}

func (l *lister) page() (Page, error) {
	behind, err := readMark(l.q.After)
	if err != nil {
		return Page{}, err
	}
	found, err := l.few()
	if err != nil {
		return Page{}, err
	}
	if found != nil {
		return l.collect(l.sorted(found, behind))
	}
	place := store.Place{}
	if behind.Key != "" {
		place = store.Place{Value: store.EntryKeys(l.typ.Name, l.field) + behind.Value, Key: behind.Key}
	}
	return l.collect(store.Entries.Ordered(l.tx, "value", l.prefix(), place, l.desc))
}

// prefix begins the entries of the index that may be wanted.
func (l *lister) prefix() string {
	prefix := store.EntryKeys(l.typ.Name, l.field)
	if l.field == l.typ.Label {
		prefix += store.EntryOrder(l.q.Begins)
	}
	return prefix
}

// collect takes what fits until the page is full.
func (l *lister) collect(all iter.Seq2[*core.Entry, error]) (page Page, err error) {
	var last *core.Entry
	for e, err := range all {
		switch {
		case err != nil:
			return Page{}, err
		case len(page.Items) == l.q.Limit || last != nil && l.tx.Keys+entryKeys > store.PageKeys:
			page.Next = writeMark(l.place(last))
			return page, nil
		}
		last = e
		if l.fits(e) {
			page.Items = append(page.Items, e)
		}
	}
	return page, nil
}

// entryKeys is what the next entry costs: its place in the index, and itself.
const entryKeys = 2

// place is where an entry stands in the order: the part of its key that is its
// value's, and its id.
func (l *lister) place(e *core.Entry) store.Place {
	return store.Place{Value: store.EntryOrder(e.Values[l.field]), Key: string(e.ID)}
}

// few finds all entries the filters let through by joining indexes, if there are
// filters and no more than can be sorted at once; otherwise nil.
func (l *lister) few() ([]*core.Entry, error) {
	if len(l.q.Where) == 0 {
		return nil, nil
	}
	q := store.Query[core.Entry]{Limit: maxLimit, Keys: fewKeys}
	for field, value := range l.q.Where {
		q.Where = append(q.Where, store.Term{Index: "value", Value: store.EntryKey(l.typ.Name, field, value)})
	}
	got, err := store.Entries.List(l.tx, q)
	if err != nil || got.Next != "" {
		return nil, err
	}
	return slices.Concat([]*core.Entry{}, got.Items), nil
}

// sorted puts found entries in order and leaves out what is not behind the mark.
func (l *lister) sorted(found []*core.Entry, behind store.Place) iter.Seq2[*core.Entry, error] {
	compare := func(a, b store.Place) int {
		n := strings.Compare(a.Value, b.Value)
		if n == 0 {
			n = strings.Compare(a.Key, b.Key)
		}
		if l.desc {
			return -n
		}
		return n
	}
	slices.SortFunc(found, func(a, b *core.Entry) int { return compare(l.place(a), l.place(b)) })
	return func(yield func(*core.Entry, error) bool) {
		for _, e := range found {
			if behind.Key != "" && compare(l.place(e), behind) <= 0 {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// fits tells whether the entry is wanted.
func (l *lister) fits(e *core.Entry) bool {
	if l.q.Sees != nil && !l.q.Sees(e) {
		return false
	}
	if l.q.Organization != "" && e.Organization != "" && e.Organization != l.q.Organization {
		return false
	}
	if l.q.Begins != "" && !strings.HasPrefix(store.FoldText(e.Text(l.typ.Label)), store.FoldText(l.q.Begins)) {
		return false
	}
	for field, value := range l.q.Where {
		if !has(e.Values[field], value) {
			return false
		}
	}
	return true
}

// has tells whether a value is the wanted one or a list that has it.
func has(value, wanted any) bool {
	if items, ok := value.([]any); ok {
		return slices.ContainsFunc(items, func(item any) bool { return has(item, wanted) })
	}
	text, isText := value.(string)
	want, wantText := wanted.(string)
	if isText && wantText {
		return store.FoldText(text) == store.FoldText(want)
	}
	return value == wanted
}

// A mark in After is the place of the last entry that was looked at.
func writeMark(p store.Place) string {
	raw, _ := json.Marshal([]string{p.Value, p.Key}) //nolint:errcheck,errchkjson // two texts cannot fail to be encoded
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readMark(text string) (store.Place, error) {
	if text == "" {
		return store.Place{}, nil
	}
	var parts []string
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &parts) != nil || len(parts) != 2 || parts[1] == "" {
		return store.Place{}, core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	return store.Place{Value: parts[0], Key: parts[1]}, nil
}

// FilterValue reads the text of a filter as a value of the field; KindInvalid if
// it cannot be one.
func (f *Field) FilterValue(text string) (any, error) {
	var value any = text
	switch f.Type {
	case Number:
		value = parseNumber(text)
	case Bool:
		value = map[string]any{"true": true, "false": false}[text]
	case Date:
		_, err := time.Parse(time.DateOnly, text)
		value = when(err == nil, text)
	}
	if value == nil || value == "" {
		return nil, core.Invalid("request.query", f.Name, textChoice)
	}
	return value, nil
}

// Names are the labels of what an entry refers to, by id, for people.
func (s *Service) Names(tx store.Tx, e *core.Entry) (map[string]string, error) {
	t, err := s.Type(e.Directory)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Ref == "" {
			continue
		}
		of, err := s.Type(f.Ref)
		if err != nil {
			return nil, err
		}
		for _, id := range f.targets(e.Values[f.Name]) {
			target, err := store.Entries.GetAny(tx, id)
			if err != nil && core.KindOf(err) != core.KindNotFound {
				return nil, err
			}
			if err == nil {
				names[id] = target.Text(of.Label)
			}
		}
	}
	return names, nil
}
