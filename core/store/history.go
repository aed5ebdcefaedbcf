package store

import (
	"encoding/binary"
	"encoding/json"
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

// FieldChange is one field before and after. The values are what JSON would
// show of the record's own types. A field tagged `history:"hidden"` (password
// hashes, secrets) is named without its values.
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

// remember writes the history entry of a put. The entry of a new record holds
// no values: the later entries' "before" lead back to them.
func (t *Table[T]) remember(tx Tx, key string, old, rec *T) error {
	if t.past == "" {
		return nil
	}
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
	return tx.Put(t.past, historyKey(key, e.Version), raw)
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

// historyKey is `primary-key 0x00 version`.
func historyKey(key string, version uint64) []byte {
	return binary.BigEndian.AppendUint64(historyPrefix(key), version)
}

func historyPrefix(key string) []byte {
	return append(append(make([]byte, 0, len(key)+9), key...), 0)
}

// changes compares two structs field by field, by their JSON names. Fields of
// an embedded struct count as the struct's own, as they do in JSON.
func changes(old, rec reflect.Value) []FieldChange {
	var out []FieldChange
	for i := range old.NumField() {
		field := old.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Type == reflect.TypeFor[core.Meta]():
			// the entry itself tells version, moment and operation
		case field.Anonymous && name == "":
			out = append(out, changes(old.Field(i), rec.Field(i))...)
		case name == "" || name == "-" || same(old.Field(i), rec.Field(i)):
		case field.Tag.Get("history") == "hidden":
			out = append(out, FieldChange{Field: name})
		default:
			out = append(out, FieldChange{Field: name, Before: shown(old.Field(i)), After: shown(rec.Field(i))})
		}
	}
	return out
}

// same tells that two values are equal for a reader: an empty list is none, and
// a moment is the same in any time zone.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Slice, reflect.Map:
		if a.Len() == 0 && b.Len() == 0 {
			return true
		}
	}
	switch x := a.Interface().(type) {
	case time.Time:
		return x.Equal(b.Interface().(time.Time))
	case *time.Time:
		y := b.Interface().(*time.Time)
		return x == y || x != nil && y != nil && x.Equal(*y)
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// shown is the value as it is kept in an entry: embedded JSON as what it says.
func shown(v reflect.Value) any {
	raw, ok := v.Interface().(json.RawMessage)
	if !ok {
		return v.Interface()
	}
	if len(raw) == 0 {
		return nil
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return string(raw)
	}
	return out
}

// History walks the changes of a record, oldest first.
func (t *Table[T]) History(tx Tx, key string) iter.Seq2[Entry, error] {
	from := historyPrefix(key)
	return func(yield func(Entry, error) bool) {
		if t.past == "" {
			return
		}
		for _, raw := range tx.Scan(t.past, from, after(from), false) {
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

// forget removes the history of a record.
func (t *Table[T]) forget(tx Tx, key string) error {
	if t.past == "" {
		return nil
	}
	from := historyPrefix(key)
	for k := range walk(tx, t.past, from, after(from)) {
		if err := tx.Delete(t.past, k); err != nil {
			return err
		}
	}
	return nil
}
