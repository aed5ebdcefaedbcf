package store

import (
	"encoding/base64"

	"github.com/uzel-hub/uzel/core"
)

// Query asks for one page of a table.
type Query[T any] struct {
	// Where are equalities over declared indexes; all must hold. They are joined
	// by seeking, not by reading: a page touches few keys whatever the size.
	Where []Term
	// From and To bound the primary key, [From, To). For ids that is a time
	// range: core.FirstID. Empty is open.
	From, To string
	// Filter is asked for what no index can tell. At most scanLimit records are
	// read for a page; a page may then be short and still have a Next.
	Filter func(*T) bool
	Desc   bool   // newest first
	After  string // Next of the page before
	Limit  int    // 1…1000; 0 means 50
	// Deleted lists deleted records too. They are in no index, so it goes
	// without Where.
	Deleted bool
}

// Term is `index = value`.
type Term struct{ Index, Value string }

// Page is one page of a list.
type Page[T any] struct {
	Items []*T
	Next  string // empty on the last page
}

const (
	defaultLimit = 50
	maxLimit     = 1000
	scanLimit    = 10_000
)

// List reads one page. KindInvalid for a damaged After.
func (t *Table[T]) List(tx Tx, q Query[T]) (Page[T], error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	walk := walker[T]{table: t, tx: tx, q: q}
	if err := walk.start(); err != nil {
		return Page[T]{}, err
	}
	var page Page[T]
	for scanned := 0; ; scanned++ {
		key, ok := walk.next()
		if !ok {
			return page, nil
		}
		if len(page.Items) == limit || scanned == scanLimit {
			page.Next = base64.RawURLEncoding.EncodeToString([]byte(walk.last))
			return page, nil
		}
		walk.last = key
		rec, err := t.GetAny(tx, key)
		if err != nil {
			return Page[T]{}, err
		}
		if !q.Deleted && t.record(rec).RecordMeta().DeletedAt != nil {
			continue
		}
		if q.Filter == nil || q.Filter(rec) {
			page.Items = append(page.Items, rec)
		}
	}
}

// walker steps through the primary keys all terms have in common.
type walker[T any] struct {
	table    *Table[T]
	tx       Tx
	q        Query[T]
	from, to string // what is still to be walked, [from, to)
	last     string // the last key given out
}

func (w *walker[T]) start() error {
	w.from, w.to = w.q.From, w.q.To
	if w.q.After == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(w.q.After)
	if err != nil || len(raw) == 0 {
		return core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	w.last = string(raw)
	w.pass(w.last)
	return nil
}

// pass moves the open bound behind key.
func (w *walker[T]) pass(key string) {
	if w.q.Desc {
		w.to = key
	} else {
		w.from = key + "\x00"
	}
}

// next finds the next common key: each term in turn seeks to the candidate; a
// term that has it not offers its own next key as the new candidate.
func (w *walker[T]) next() (string, bool) {
	key, ok := w.seek(0)
	if !ok {
		return "", false
	}
	agreed := 1
	for i := 1; agreed < len(w.q.Where); i++ {
		w.include(key)
		other, ok := w.seek(i % len(w.q.Where))
		if !ok {
			return "", false
		}
		if other == key {
			agreed++
			continue
		}
		key, agreed = other, 1
	}
	w.pass(key)
	return key, true
}

// include moves the open bound onto key.
func (w *walker[T]) include(key string) {
	if w.q.Desc {
		w.to = key + "\x00"
	} else {
		w.from = key
	}
}

// seek is the first key of the i-th term within the bounds.
func (w *walker[T]) seek(i int) (string, bool) {
	if len(w.q.Where) == 0 {
		return w.first(w.table.rows(), nil)
	}
	term := w.q.Where[i]
	return w.first(w.table.indexBucket(term.Index), append([]byte(term.Value), 0))
}

func (w *walker[T]) first(bucket string, prefix []byte) (string, bool) {
	var from, to []byte
	from = append(append(from, prefix...), w.from...)
	switch {
	case w.to != "":
		to = append(append(to, prefix...), w.to...)
	case prefix != nil:
		to = after(prefix)
	}
	for key := range w.tx.Scan(bucket, from, to, w.q.Desc) {
		return string(key[len(prefix):]), true
	}
	return "", false
}
