package store

import (
	"bytes"
	"iter"
	"reflect"
	"strings"
	"sync"

	"github.com/uzel-hub/uzel/core"
)

// Table is a typed table: what a noun is kept in. Tables are declared once, in
// schema.go, and are safe for concurrent use: they hold nothing but what Look
// has read.
type Table[T any] struct {
	name    string
	rows    string // bucket of the records, by primary key
	past    string // bucket of the history entries, empty without history
	record  func(*T) core.Record
	fields  []field // as history shows them
	indexes []Index[T]
	older   func(raw []byte, rec *T) error // of Older, nil if there is none
	looked  sync.Map                       // of Look: key to *looked[T]
}

// Index is a declared way to find records. Keys returns the values a record is
// found under (none: not indexed); a value is any text.
type Index[T any] struct {
	Name   string
	Unique bool // a second record with the value is refused with KindConflict
	Keys   func(*T) []string

	bucket string
}

// Define declares a table. T is the noun, P its pointer.
func Define[T any, P interface {
	*T
	core.Record
}](name string, indexes ...Index[T],
) *Table[T] {
	for i := range indexes {
		indexes[i].bucket = "i/" + name + "/" + indexes[i].Name
	}
	return &Table[T]{
		name:    name,
		rows:    "t/" + name,
		past:    "h/" + name,
		record:  func(t *T) core.Record { return P(t) },
		fields:  fieldsOf(reflect.TypeFor[T](), nil),
		indexes: indexes,
	}
}

// WithoutHistory is for records that only machines write and that never change
// in a way a person would ask about.
func (t *Table[T]) WithoutHistory() *Table[T] {
	t.past = ""
	return t
}

// Older reads what records from before a change of the noun say in their own
// way. It is called with every record that is read, and must be quick to see
// that there is nothing to do. A record is kept in the new way when it is put.
func (t *Table[T]) Older(read func(raw []byte, rec *T) error) *Table[T] {
	t.older = read
	return t
}

// Name of the table, as in buckets, history and error codes.
func (t *Table[T]) Name() string { return t.name }

// index finds a declared index; another name is a defect of the program.
func (t *Table[T]) index(name string) *Index[T] {
	for i := range t.indexes {
		if t.indexes[i].Name == name {
			return &t.indexes[i]
		}
	}
	panic("store: table " + t.name + " has no index " + name)
}

// Get reads a record. KindNotFound if there is none or it was deleted.
func (t *Table[T]) Get(tx Tx, key string) (*T, error) {
	rec, err := t.GetAny(tx, key)
	if err != nil {
		return nil, err
	}
	if t.record(rec).RecordMeta().DeletedAt != nil {
		return nil, t.notFound()
	}
	return rec, nil
}

// GetAny is Get that also finds deleted records.
func (t *Table[T]) GetAny(tx Tx, key string) (*T, error) {
	raw, err := tx.Get(t.rows, []byte(key))
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, t.notFound()
	}
	return t.decode(raw)
}

// Look is GetAny for records that are few, seldom changed and read for each
// message: channels and journals. The record is shared: it must not be changed.
func (t *Table[T]) Look(tx Tx, key string) (*T, error) {
	raw, err := tx.Get(t.rows, []byte(key))
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, t.notFound()
	}
	if had, ok := t.looked.Load(key); ok && bytes.Equal(had.(*looked[T]).raw, raw) {
		return had.(*looked[T]).rec, nil
	}
	rec, err := t.decode(raw)
	if err == nil {
		t.looked.Store(key, &looked[T]{bytes.Clone(raw), rec})
	}
	return rec, err
}

// looked is a record and the bytes it was read from.
type looked[T any] struct {
	raw []byte
	rec *T
}

// Has tells whether a record with the key exists, deleted or not, without
// reading it.
func (t *Table[T]) Has(tx Tx, key string) (bool, error) {
	raw, err := tx.Get(t.rows, []byte(key))
	return raw != nil, err
}

// Put writes a record: a new one with Version 0, or a changed one with the
// Version it was read with. Another version is refused with KindConflict, as is
// a unique value that another record has; a refused put writes nothing. Put
// sets the Meta of rec, moves the indexes and writes the history entry. A rec
// whose transaction failed must be read or made anew.
func (t *Table[T]) Put(tx Tx, rec *T) error {
	key := t.record(rec).RecordKey()
	if key == "" || strings.IndexByte(key, 0) >= 0 {
		return &core.Error{Kind: core.KindInternal, Code: t.name + ".key", Op: "put " + t.name}
	}
	old, err := t.stored(tx, key)
	if err != nil {
		return err
	}
	return t.write(tx, key, old, rec)
}

// Replace is Put of a record that was read in this transaction; old is as it was
// read. A copy of the struct is enough if what its lists, maps and pointers hold
// is replaced and not changed.
func (t *Table[T]) Replace(tx Tx, old, rec *T) error {
	return t.write(tx, t.record(rec).RecordKey(), old, rec)
}

func (t *Table[T]) write(tx Tx, key string, old, rec *T) error {
	meta := t.record(rec).RecordMeta()
	given := *meta
	if err := t.stamp(tx, key, old, meta); err != nil {
		return err
	}
	moves, err := t.moves(tx, key, old, rec)
	if err != nil {
		*meta = given
		return err
	}
	raw, err := Encode(rec)
	if err != nil {
		return err
	}
	put := tx.Put
	if old == nil {
		put = tx.Insert
	}
	if err := put(t.rows, []byte(key), raw); err != nil {
		return err
	}
	if err := apply(tx, key, moves); err != nil {
		return err
	}
	return t.remember(tx, key, old, rec)
}

// stamp checks the version and moves the Meta on.
func (t *Table[T]) stamp(tx Tx, key string, old *T, meta *core.Meta) error {
	var had core.Meta
	if old != nil {
		had = *t.record(old).RecordMeta()
	}
	switch {
	case meta.Version == had.Version:
	case meta.Version == 0: // a new one, for whoever puts it
		return core.Conflict(t.name+".stale", "запись изменена другим пользователем")
	default:
		return t.Stale(tx, key, meta.Version)
	}
	now := tx.Now()
	meta.Version++
	meta.UpdatedAt = now
	meta.CreatedAt = had.CreatedAt
	if old == nil {
		meta.CreatedAt = now
	}
	return nil
}

// Delete marks the record deleted: it leaves the indexes and the lists, its
// history stays, Restore brings it back.
func (t *Table[T]) Delete(tx Tx, key string) error {
	rec, err := t.Get(tx, key)
	if err != nil {
		return err
	}
	old := *rec
	now := tx.Now()
	t.record(rec).RecordMeta().DeletedAt = &now
	return t.write(tx, key, &old, rec)
}

// Restore brings a deleted record back. KindConflict if a unique value of it
// was taken meanwhile.
func (t *Table[T]) Restore(tx Tx, key string) error {
	rec, err := t.GetAny(tx, key)
	if err != nil {
		return err
	}
	old := *rec
	t.record(rec).RecordMeta().DeletedAt = nil
	return t.write(tx, key, &old, rec)
}

// Erase removes the record, its index entries and its history for good: for
// sessions that ended and for the erasure of personal data.
func (t *Table[T]) Erase(tx Tx, key string) error {
	old, err := t.stored(tx, key)
	if err != nil || old == nil {
		return err
	}
	moves, err := t.moves(tx, key, old, nil)
	if err != nil {
		return err
	}
	if err := apply(tx, key, moves); err != nil {
		return err
	}
	if err := tx.Delete(t.rows, []byte(key)); err != nil {
		return err
	}
	return t.forget(tx, key)
}

// Find reads the records an index has under the value, in the order of their
// keys, oldest first. Records may be changed meanwhile; one that loses the
// value may still come.
func (t *Table[T]) Find(tx Tx, index, value string) iter.Seq2[*T, error] {
	return t.read(tx, t.FindKeys(tx, index, value))
}

// FindKeys is Find without reading the records.
func (t *Table[T]) FindKeys(tx Tx, index, value string) iter.Seq[string] {
	from := prefix(nil, value)
	return entryKeys(tx, t.index(index).bucket, from, after(from))
}

// Known tells whether an index has the value.
func (t *Table[T]) Known(tx Tx, index, value string) bool {
	from := prefix(nil, value)
	for range tx.Scan(t.index(index).bucket, from, after(from), false) {
		return true
	}
	return false
}

// Range reads the records an index has under values in [from, to), in the order
// of the values; an empty bound is open. Like Find it allows changes.
func (t *Table[T]) Range(tx Tx, index, from, to string) iter.Seq2[*T, error] {
	var end []byte
	if to != "" {
		end = escape(nil, to)
	}
	return t.read(tx, entryKeys(tx, t.index(index).bucket, escape(nil, from), end))
}

func (t *Table[T]) read(tx Tx, keys iter.Seq[string]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for key := range keys {
			if !yield(t.Get(tx, key)) {
				return
			}
		}
	}
}

// One reads the record a unique index has under the value, KindNotFound if
// there is none.
func (t *Table[T]) One(tx Tx, index, value string) (*T, error) {
	from := prefix(nil, value)
	for entry := range tx.Scan(t.index(index).bucket, from, after(from), false) {
		return t.Get(tx, string(entry[len(from):]))
	}
	return nil, t.notFound()
}

// All walks every live record in the order of the keys. Records may be changed
// meanwhile.
func (t *Table[T]) All(tx Tx) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for _, raw := range walk(tx, t.rows, nil, nil) {
			rec, err := t.decode(raw)
			if err == nil && t.record(rec).RecordMeta().DeletedAt != nil {
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// stored reads the record for writing; nil if there is none.
func (t *Table[T]) stored(tx Tx, key string) (*T, error) {
	raw, err := tx.Get(t.rows, []byte(key))
	if err != nil || raw == nil {
		return nil, err
	}
	return t.decode(raw)
}

func (t *Table[T]) decode(raw []byte) (*T, error) {
	rec := new(T)
	err := Decode(raw, rec)
	if err == nil && t.older != nil {
		err = t.older(raw, rec)
	}
	if err != nil {
		return nil, &core.Error{Kind: core.KindInternal, Code: t.name + ".damaged", Op: "read " + t.name, Err: err}
	}
	return rec, nil
}

func (t *Table[T]) notFound() error { return core.NoRecord(t.name) }
