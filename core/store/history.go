package store

import (
	"encoding/binary"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Operation is what a history entry records.
type Operation string

const (
	Created  Operation = "created"
	Updated  Operation = "updated"
	Deleted  Operation = "deleted"
	Restored Operation = "restored"
)

// FieldChange is one field before and after. The values are those of the
// record's own types, as JSON would show them.
type FieldChange struct {
	Field  string `json:"field"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

// Entry is one change of one record.
type Entry struct {
	Version   uint64        `json:"version"`
	At        time.Time     `json:"at"`
	Actor     core.Actor    `json:"actor"`
	Operation Operation     `json:"operation"`
	Changes   []FieldChange `json:"changes,omitempty"`
}

func (t *Table[T]) historyBucket() string { return "h/" + t.name }

// remember writes the history entry of a put. The entry of a new record holds
// no values: the later entries' "before" lead back to them.
func (t *Table[T]) remember(tx Tx, key string, old, rec *T) error {
	e := Entry{
		Version:   t.record(rec).RecordMeta().Version,
		At:        tx.Now(),
		Actor:     tx.Actor(),
		Operation: Created,
	}
	if old != nil {
		e.Operation = t.operation(old, rec)
		e.Changes = changes(reflect.ValueOf(old).Elem(), reflect.ValueOf(rec).Elem())
	}
	raw, err := Encode(e)
	if err != nil {
		return err
	}
	return tx.Put(t.historyBucket(), historyKey(key, e.Version), raw)
}

func (t *Table[T]) operation(old, rec *T) Operation {
	was := t.record(old).RecordMeta().DeletedAt != nil
	is := t.record(rec).RecordMeta().DeletedAt != nil
	switch {
	case !was && is:
		return Deleted
	case was && !is:
		return Restored
	}
	return Updated
}

func historyKey(key string, version uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(key), 0), version)
}

// changes compares two structs field by field, by their JSON names.
func changes(old, rec reflect.Value) []FieldChange {
	var out []FieldChange
	for i := range old.NumField() {
		name, _, _ := strings.Cut(old.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue // the embedded Meta tells itself
		}
		before, now := old.Field(i).Interface(), rec.Field(i).Interface()
		if !reflect.DeepEqual(before, now) {
			out = append(out, FieldChange{Field: name, Before: before, After: now})
		}
	}
	return out
}

// History walks the changes of a record, oldest first.
func (t *Table[T]) History(tx Tx, key string) iter.Seq2[Entry, error] {
	prefix := append([]byte(key), 0)
	return func(yield func(Entry, error) bool) {
		for _, raw := range tx.Scan(t.historyBucket(), prefix, after(prefix), false) {
			var e Entry
			err := Decode(raw, &e)
			if err != nil {
				err = fmt.Errorf("read history of %s: %w", t.name, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (t *Table[T]) forget(tx Tx, key string) error {
	prefix := append([]byte(key), 0)
	var keys [][]byte
	for k := range tx.Scan(t.historyBucket(), prefix, after(prefix), false) {
		keys = append(keys, append([]byte(nil), k...))
	}
	for _, k := range keys {
		if err := tx.Delete(t.historyBucket(), k); err != nil {
			return err
		}
	}
	return nil
}
