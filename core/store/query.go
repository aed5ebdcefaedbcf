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
	w.reads = true
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
	reads    bool // the record of each key
	streams  []stream
	from, to string  // what is still to be walked, [from, to)
	lead     int     // the stream that was behind all others last: most likely the rarest
	found    []found // ahead of what was offered
	over     bool    // nothing is behind them
}

// found is a key, what its row says if rows are walked, and the open bound before it.
type found struct {
	key    string
	raw    []byte
	before string
}

// foundMost is how many keys are found before their records are read.
const foundMost = 100

// stream is the sorted keys one term allows: a part of a bucket.
type stream struct {
	bucket string
	prefix []byte
}

func (t *Table[T]) walker(tx Tx, q Query[T]) (*walker[T], error) {
	w := &walker[T]{table: t, tx: &Meter{Tx: tx}, q: q, from: q.From, to: q.To}
	w.reads = !w.inIndexes()
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

// bound is where the walk stands: the open one.
func (w *walker[T]) bound() string {
	if w.q.Desc {
		return w.to
	}
	return w.from
}

func cursor(bound string) string { return base64.RawURLEncoding.EncodeToString([]byte(bound)) }

// inIndexes tells that the indexes say which keys belong to the list. Deleted
// records stand in none.
func (w *walker[T]) inIndexes() bool { return len(w.q.Where) > 0 && w.q.Filter == nil }

// collect offers keys to take until it has taken limit of them, and returns
// where to go on, or "" at the end.
func (w *walker[T]) collect(limit int, take func(key string, raw []byte) (bool, error)) (next string, err error) {
	for n := 0; ; {
		if len(w.found) == 0 && !w.over {
			w.find(limit - n + 1)
		}
		switch {
		case len(w.found) == 0 && w.over:
			return "", nil
		case len(w.found) == 0:
			return cursor(w.bound()), nil
		case n == limit:
			return cursor(w.found[0].before), nil
		}
		next := w.found[0]
		w.found = w.found[1:]
		taken, err := take(next.key, next.raw)
		if err != nil {
			return "", err
		}
		if taken {
			n++
		}
	}
}

// find finds up to n keys, and has their records fetched if they will be read.
func (w *walker[T]) find(n int) {
	if !w.reads {
		n = 1
	}
	n = min(n, foundMost)
	if n > 1 {
		w.ahead(n)
	}
	for w.found = w.found[:0]; len(w.found) < n; {
		before := w.bound()
		key, raw, ok := w.next()
		if !ok {
			w.over = !w.spent()
			break
		}
		w.found = append(w.found, found{key, raw, before})
	}
	if len(w.q.Where) == 0 || len(w.found) < 2 {
		return
	}
	for _, f := range w.found {
		w.tx.Ahead(w.table.rows, []byte(f.key), []byte(f.key+"\x00"), false, 1)
	}
}

// ahead has what the streams say next fetched. Of an index more: keys that other
// terms do not have are passed over.
func (w *walker[T]) ahead(n int) {
	if len(w.q.Where) > 0 {
		n *= 4
	}
	for _, s := range w.streams {
		from, to := w.bounds(s)
		w.tx.Ahead(s.bucket, from, to, w.q.Desc, n)
	}
}

// listed tells whether the record belongs to the list.
func (w *walker[T]) listed(key string, raw []byte) (bool, error) {
	if w.inIndexes() {
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

// spent tells that the page has cost what it may. What was found, and one key more,
// is still to be paid for.
func (w *walker[T]) spent() bool { return w.tx.Keys >= w.q.Keys-lastRecord*(len(w.found)+1) }

// bounds are those of the stream in its bucket.
func (w *walker[T]) bounds(s stream) (from, to []byte) {
	from = append(bytes.Clone(s.prefix), w.from...)
	switch {
	case w.to != "":
		to = append(bytes.Clone(s.prefix), w.to...)
	case s.prefix != nil:
		to = after(s.prefix)
	}
	return from, to
}

// seek is the first key of the stream within the bounds.
func (w *walker[T]) seek(s stream) (key string, value []byte, ok bool) {
	if w.spent() {
		return "", nil, false
	}
	from, to := w.bounds(s)
	for k, v := range w.tx.Scan(s.bucket, from, to, w.q.Desc) {
		return string(k[len(s.prefix):]), v, true
	}
	return "", nil, false
}
