package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Rows is how many records a table holds.
type Rows struct {
	Table   string `json:"table"`
	Live    int    `json:"live"`
	Deleted int    `json:"deleted"`
}

// Viewer is the part of a Store that CheckTables needs.
type Viewer interface {
	View(ctx context.Context, fn func(Tx) error) error
}

// table is what CheckTables and Prepare ask of a Table[T].
type table interface {
	Name() string
	check(c *checker) (Rows, error)
	builders() []builder
}

// CheckTables proves that every record can be read, that the indexes hold what
// the records say and nothing else, that unique values are unique, that
// histories have no gaps, and that each journal's numbers go from 1 to its
// counter without holes or doubles. report gets one line for each fault;
// progress, unless nil, the table and the number of its records read so far. It
// reads one consistent state and does not stop writers.
//
// others are tables that are declared outside of this package.
//
// Whole indexes and histories are compared with the records by a 64-bit sum of
// hashes, so that a sound store is proved by reading each bucket once from end
// to end; only where sums differ the faults are looked for one by one.
func CheckTables(ctx context.Context, s Viewer, report func(problem string), progress func(table string, records int), others ...table) ([]Rows, error) {
	var all []Rows
	err := s.View(ctx, func(tx Tx) error {
		c := &checker{ended: func() error { return context.Cause(ctx) }, tx: tx, report: report, progress: progress, seed: maphash.MakeSeed(), numbers: numbers{}}
		all = nil
		for _, t := range append(tables(), others...) {
			rows, err := t.check(c)
			if err != nil {
				return err
			}
			all = append(all, rows)
		}
		c.numbers.check(c.fault)
		return nil
	})
	return all, err
}

// checker is one run of CheckTables.
type checker struct {
	ended    func() error // why to stop, nil as long as it may go on
	tx       Tx
	report   func(string)
	progress func(string, int)
	seed     maphash.Seed
	numbers  numbers
}

func (c *checker) fault(format string, args ...any) { c.report(fmt.Sprintf(format, args...)) }

// every calls fn for each key of the bucket until it is to stop.
func (c *checker) every(bucket string, fn func(key, value []byte)) error {
	n := 0
	for k, v := range c.tx.Scan(bucket, nil, nil, false) {
		if n++; n%1024 == 0 && c.ended() != nil {
			return core.Unavailable("store.cancelled", "операция отменена", c.ended())
		}
		fn(k, v)
	}
	return nil
}

// sum is an unordered set of keys, as their number and the sum of their hashes.
type sum struct {
	n    int
	hash uint64
}

func (s *sum) add(seed maphash.Seed, key []byte) {
	s.n++
	s.hash += maphash.Bytes(seed, key)
}

// check proves one table.
func (t *Table[T]) check(c *checker) (Rows, error) {
	rows := Rows{Table: t.name}
	entries := make([]sum, len(t.indexes))
	var versions sum
	read := 0
	err := c.every(t.rows, func(key, raw []byte) {
		if read++; c.progress != nil && read%10_000 == 0 {
			c.progress(t.name, read)
		}
		rec := t.checkRow(c, key, raw)
		if rec == nil {
			return
		}
		meta := t.record(rec).RecordMeta()
		if meta.DeletedAt == nil {
			rows.Live++
		} else {
			rows.Deleted++
		}
		versions.add(c.seed, historyKey(string(key), meta.Version))
		t.expected(rec, func(i int, entry []byte) { entries[i].add(c.seed, entry) })
		c.numbers.see(rec)
	})
	if err != nil {
		return rows, err
	}
	if c.progress != nil {
		c.progress(t.name, read)
	}
	for i := range t.indexes {
		if err := t.checkIndex(c, &t.indexes[i], entries[i]); err != nil {
			return rows, err
		}
	}
	return rows, t.checkHistory(c, versions)
}

// checkRow decodes a record, nil if it cannot be used.
func (t *Table[T]) checkRow(c *checker, key, raw []byte) *T {
	rec, err := t.decode(raw)
	if err != nil {
		c.fault("%s %q: cannot be read: %v", t.name, key, err)
		return nil
	}
	if got := t.record(rec).RecordKey(); got != string(key) {
		c.fault("%s %q: the record says it is %q", t.name, key, got)
		return nil
	}
	if t.record(rec).RecordMeta().Version == 0 {
		c.fault("%s %q: has no version", t.name, key)
	}
	return rec
}

// expected gives the index entries a record must have, by index.
func (t *Table[T]) expected(rec *T, give func(i int, entry []byte)) {
	key := t.record(rec).RecordKey()
	var buf []byte
	for i := range t.indexes {
		values := t.values(&t.indexes[i], rec)
		for j, v := range values {
			if slices.Contains(values[:j], v) {
				continue
			}
			buf = append(prefix(buf[:0], v), key...)
			give(i, buf)
		}
	}
}

// checkIndex compares an index with what the records ask for.
func (t *Table[T]) checkIndex(c *checker, ix *Index[T], want sum) error {
	var got sum
	var last []byte
	err := c.every(ix.bucket, func(entry, _ []byte) {
		got.add(c.seed, entry)
		value, key := cutEntry(entry)
		if ix.Unique && last != nil && bytes.Equal(value, last) {
			c.fault("%s %q: shares a value of the unique index %s with another record", t.name, key, ix.Name)
		}
		last = value
	})
	if err != nil || got == want {
		return err
	}
	if err := t.findMissing(c, ix); err != nil {
		return err
	}
	return t.findStray(c, ix)
}

// findMissing reports records without their entries.
func (t *Table[T]) findMissing(c *checker, ix *Index[T]) error {
	return c.every(t.rows, func(key, raw []byte) {
		rec, err := t.decode(raw)
		if err != nil {
			return // was reported
		}
		for _, v := range t.values(ix, rec) {
			entry := append(prefix(nil, v), key...)
			if got, err := c.tx.Get(ix.bucket, entry); err != nil || got == nil {
				c.fault("%s %q: is missing in the index %s", t.name, key, ix.Name)
			}
		}
	})
}

// findStray reports entries without their records.
func (t *Table[T]) findStray(c *checker, ix *Index[T]) error {
	return c.every(ix.bucket, func(entry, _ []byte) {
		_, key := cutEntry(entry)
		raw, err := c.tx.Get(t.rows, key)
		if err != nil || raw == nil {
			c.fault("%s %q: stands in the index %s, but there is no such record", t.name, key, ix.Name)
			return
		}
		rec, err := t.decode(raw)
		if err != nil {
			return // was reported
		}
		for _, v := range t.values(ix, rec) {
			if bytes.Equal(entry, append(prefix(nil, v), key...)) {
				return
			}
		}
		c.fault("%s %q: stands in the index %s under a value it does not have", t.name, key, ix.Name)
	})
}

// checkHistory proves that the versions of each record go from 1 to its own.
func (t *Table[T]) checkHistory(c *checker, want sum) error {
	if t.past == "" {
		return nil
	}
	var got sum
	var last []byte // key and version of the entry before
	end := func() {
		if last != nil {
			got.add(c.seed, last)
		}
	}
	err := c.every(t.past, func(k, raw []byte) {
		t.checkEntry(c, k, raw)
		key, version := cutHistory(k)
		had, before := cutHistory(last)
		if !bytes.Equal(key, had) {
			end()
			before = 0
		}
		if version != before+1 {
			c.fault("%s %q: history jumps from version %d to %d", t.name, key, before, version)
		}
		last = k
	})
	end()
	if err != nil || got == want {
		return err
	}
	return t.findUntold(c)
}

func (t *Table[T]) checkEntry(c *checker, k, raw []byte) {
	var e Entry
	key, version := cutHistory(k)
	if err := Decode(raw, &e); err != nil {
		c.fault("%s %q: history entry %d cannot be read: %v", t.name, key, version, err)
	} else if e.Version != version {
		c.fault("%s %q: history entry %d says it is %d", t.name, key, version, e.Version)
	}
}

// findUntold reports records whose history ends elsewhere than they do, and
// histories without records.
func (t *Table[T]) findUntold(c *checker) error {
	err := c.every(t.rows, func(key, raw []byte) {
		rec, err := t.decode(raw)
		if err != nil {
			return // was reported
		}
		from := historyPrefix(string(key))
		var told uint64
		for k := range c.tx.Scan(t.past, from, after(from), true) {
			_, told = cutHistory(k)
			break
		}
		if version := t.record(rec).RecordMeta().Version; version != told {
			c.fault("%s %q: is at version %d, its history at %d", t.name, key, version, told)
		}
	})
	if err != nil {
		return err
	}
	return c.every(t.past, func(k, _ []byte) {
		key, version := cutHistory(k)
		if raw, err := c.tx.Get(t.rows, key); version == 1 && (err != nil || raw == nil) {
			c.fault("%s %q: has a history, but there is no such record", t.name, key)
		}
	})
}

// cutHistory splits a key of a history bucket.
func cutHistory(k []byte) (key []byte, version uint64) {
	if len(k) < 9 {
		return k, 0
	}
	return k[:len(k)-9], binary.BigEndian.Uint64(k[len(k)-8:])
}
