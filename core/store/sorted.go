package store

import (
	"bytes"
	"encoding/base64"

	"github.com/uzel-hub/uzel/core"
)

// Sorted asks for one page of a table in the order of an index's values: what is
// due first comes first. A record that has several values comes under each.
type Sorted struct {
	Index string
	// Least and Most bound the values, [Least, Most). Empty is open.
	Least, Most string
	// Where are equalities over declared indexes that must hold too. Each costs at
	// most one key for every entry that is walked.
	Where []Term
	// From and To bound the primary key, [From, To). Empty is open.
	From, To string
	After    string // Next of the page before
	Limit    int    // 1…1000; 0 means 50
}

// ListSorted reads one page. At most PageKeys keys are read for it, so a page may
// be short and still have a Next. KindInvalid for a damaged After.
func (t *Table[T]) ListSorted(tx Tx, q Sorted) (Page[T], error) {
	from, to, err := q.bounds()
	if err != nil {
		return Page[T]{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	var page Page[T]
	keys := 0
	for entry := range tx.Scan(t.index(q.Index).bucket, from, to, false) {
		keys++
		if len(page.Items) == limit || keys+len(q.Where)+1 > PageKeys {
			page.Next = base64.RawURLEncoding.EncodeToString(entry)
			return page, nil
		}
		_, key := cutEntry(entry)
		read, wanted, err := t.stands(tx, q, key)
		keys += read
		if err != nil {
			return Page[T]{}, err
		}
		if !wanted {
			continue
		}
		keys++
		rec, err := t.Get(tx, string(key))
		if err != nil {
			return Page[T]{}, err
		}
		page.Items = append(page.Items, rec)
	}
	return page, nil
}

// bounds are the entries to be walked. After is the entry that comes next.
func (q *Sorted) bounds() (from, to []byte, err error) {
	if q.Least != "" {
		from = escape(nil, q.Least)
	}
	if q.Most != "" {
		to = escape(nil, q.Most)
	}
	if q.After == "" {
		return from, to, nil
	}
	next, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil || len(next) == 0 {
		return nil, nil, core.Invalid("list.cursor", "after", "неверная метка страницы")
	}
	if bytes.Compare(next, from) > 0 {
		from = next
	}
	return from, to, nil
}

// stands tells whether the record with the key is within the bounds and under
// every term, and how many keys were read to know it.
func (t *Table[T]) stands(tx Tx, q Sorted, key []byte) (read int, wanted bool, err error) {
	if string(key) < q.From || q.To != "" && string(key) >= q.To {
		return 0, false, nil
	}
	for _, term := range q.Where {
		read++
		entry, err := tx.Get(t.index(term.Index).bucket, append(prefix(nil, term.Value), key...))
		if err != nil || entry == nil {
			return read, false, err
		}
	}
	return read, true, nil
}
