package store

import (
	"bytes"
	"encoding/base64"

	"github.com/uzel-hub/uzel/core"
)

// Query asks for one page of a table.
type Query[T any] struct {
	// Where are equalities over declared indexes; all must hold. They are joined
	// by seeking from one index to the other, not by reading: what it costs goes by
	// the page and by the rarest of the terms, not by the size of the table.
	Where []Term
	// From and To bound the primary key, [From, To). For ids that is a time
	// range: core.FirstID. Empty is open.
	From, To string
	// Filter is asked for what no index can tell. What it reads by the transaction
	// it is given is paid for by the page.
	Filter func(Tx, *T) bool
	Desc   bool   // newest first
	After  string // Next of the page before
	Limit  int    // 1…1000; 0 means 50
	Keys   int    // most keys that are read for the page; 0 means PageKeys
	// Deleted lists deleted records too. They are in no index, so it goes
	// without Where.
	Deleted bool
}

// Term is `index = value`.
type Term struct{ Index, Value string }

// Page is one page of a list. At most PageKeys keys are read for it, whatever is
// asked: where Filter refuses nearly all records, or terms that many records
// have are had by few together, a page may be short, or even empty, and still
// have a Next, from where the walk goes on.
type Page[T any] struct {
	Items []*T
	Next  string // empty on the last page
}

const (
	defaultLimit = 50
	maxLimit     = 1000
)

// PageKeys is the most keys that are read for one page.
const PageKeys = 10_000

// lastRecord is what the last key of a page may still cost: its record, and what
// Filter reads to judge it.
const lastRecord = 4

// List reads one page. KindInvalid for a damaged After.
func (t *Table[T]) List(tx Tx, q Query[T]) (Page[T], error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	w, err := t.walker(tx, q)
	if err != nil {
		return Page[T]{}, err
	}
	var page Page[T]
	page.Next, err = w.collect(min(limit, maxLimit), func(key string, raw []byte) (bool, error) {
		rec, err := w.wanted(key, raw)
		if rec != nil {
			page.Items = append(page.Items, rec)
		}
		return rec != nil, err
	})
	return page, err
}

// ListKeys is List that reads the records only where the indexes do not say all.
func (t *Table[T]) ListKeys(tx Tx, q Query[T]) (keys []string, next string, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	w, err := t.walker(tx, q)
	if err != nil {
		return nil, "", err
	}
	next, err = w.collect(min(limit, maxLimit), func(key string, raw []byte) (bool, error) {
		ok, err := w.listed(key, raw)
		if ok {
			keys = append(keys, key)
		}
		return ok, err
	})
	return keys, next, err
}

// Count counts what List would list from q.After on, up to limit. more tells
// that counting ended before the list did: show "1000+".
func (t *Table[T]) Count(tx Tx, q Query[T], limit int) (n int, more bool, err error) {
	w, err := t.walker(tx, q)
	if err != nil {
		return 0, false, err
	}
	next, err := w.collect(max(limit, 1), func(key string, raw []byte) (bool, error) {
		ok, err := w.listed(key, raw)
		if ok {
			n++
		}
		return ok, err
	})
	return n, next != "", err
}

// walker steps through the primary keys all terms have in common.
type walker[T any] struct {
	table    *Table[T]
	tx       *Meter // counts what is read for the page
	q        Query[T]
	streams  []stream
	from, to string // what is still to be walked, [from, to)
	lead     int    // the stream that was behind all others last: most likely the rarest
}

// stream is the sorted keys one term allows: a part of a bucket.
type stream struct {
	bucket string
	prefix []byte
}

func (t *Table[T]) walker(tx Tx, q Query[T]) (*walker[T], error) {
	w := &walker[T]{table: t, tx: &Meter{Tx: tx}, q: q, from: q.From, to: q.To}
	if w.q.Keys == 0 {
		w.q.Keys = PageKeys
	}
	if len(q.Where) == 0 {
		w.streams = []stream{{bucket: t.rows}}
	}
	for _, term := range q.Where {
		w.streams = append(w.streams, stream{t.index(term.Index).bucket, prefix(nil, term.Value)})
	}
	if q.After == "" {
		return w, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil || len(raw) == 0 {
		return nil, core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	if bound := string(raw); !q.Desc {
		w.from = max(w.from, bound)
	} else if w.to == "" || bound < w.to {
		w.to = bound
	}
	return w, nil
}

// cursor is where the walk stands: the open bound.
func (w *walker[T]) cursor() string {
	bound := w.from
	if w.q.Desc {
		bound = w.to
	}
	return base64.RawURLEncoding.EncodeToString([]byte(bound))
}

// collect offers keys to take until it has taken limit of them, and returns
// where to go on, or "" at the end.
func (w *walker[T]) collect(limit int, take func(key string, raw []byte) (bool, error)) (next string, err error) {
	for n := 0; ; {
		here := w.cursor()
		key, raw, ok := w.next()
		switch {
		case !ok && w.spent():
			return w.cursor(), nil
		case !ok:
			return "", nil
		case n == limit:
			return here, nil
		}
		taken, err := take(key, raw)
		if err != nil {
			return "", err
		}
		if taken {
			n++
		}
	}
}

// listed tells whether the record belongs to the list. What stands in an index
// needs not be read: deleted records do not.
func (w *walker[T]) listed(key string, raw []byte) (bool, error) {
	if len(w.q.Where) > 0 && w.q.Filter == nil {
		return true, nil
	}
	rec, err := w.wanted(key, raw)
	return rec != nil, err
}

// wanted reads the record, nil if it does not belong to the list.
func (w *walker[T]) wanted(key string, raw []byte) (rec *T, err error) {
	if len(w.q.Where) > 0 {
		rec, err = w.table.GetAny(w.tx, key)
	} else {
		rec, err = w.table.decode(raw)
	}
	if err != nil {
		return nil, err
	}
	if !w.q.Deleted && w.table.record(rec).RecordMeta().DeletedAt != nil {
		return nil, nil
	}
	if w.q.Filter != nil && !w.q.Filter(w.tx, rec) {
		return nil, nil
	}
	return rec, nil
}

// next finds the next common key and the value of the last stream under it:
// each stream in turn seeks to the candidate; one that has it not offers its
// own next key as the new candidate, and begins the next time.
func (w *walker[T]) next() (key string, value []byte, ok bool) {
	n := len(w.streams)
	for i, agreed := w.lead, 0; agreed < n; i = (i + 1) % n {
		other, value, ok := w.seek(w.streams[i])
		if !ok {
			return "", nil, false
		}
		if other == key {
			agreed++
		} else {
			key, agreed, w.lead = other, 1, i
		}
		if agreed == n {
			w.pass(key)
			return key, value, true
		}
		w.include(key)
	}
	return "", nil, false
}

// include moves the open bound onto key.
func (w *walker[T]) include(key string) {
	if w.q.Desc {
		w.to = key + "\x00"
	} else {
		w.from = key
	}
}

// pass moves the open bound behind key.
func (w *walker[T]) pass(key string) {
	if w.q.Desc {
		w.to = key
	} else {
		w.from = key + "\x00"
	}
}

// spent tells that the page has cost what it may. The last key is still to be
// paid for.
func (w *walker[T]) spent() bool { return w.tx.Keys >= w.q.Keys-lastRecord }

// seek is the first key of the stream within the bounds.
func (w *walker[T]) seek(s stream) (key string, value []byte, ok bool) {
	if w.spent() {
		return "", nil, false
	}
	from := append(bytes.Clone(s.prefix), w.from...)
	var to []byte
	switch {
	case w.to != "":
		to = append(bytes.Clone(s.prefix), w.to...)
	case s.prefix != nil:
		to = after(s.prefix)
	}
	for k, v := range w.tx.Scan(s.bucket, from, to, w.q.Desc) {
		return string(k[len(s.prefix):]), v, true
	}
	return "", nil, false
}
