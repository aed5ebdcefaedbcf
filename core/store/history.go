package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
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
		e.Changes = changes(t.fields, reflect.ValueOf(old).Elem(), reflect.ValueOf(rec).Elem())
	}
	raw, err := Encode(e)
	if err != nil {
		return err
	}
	return tx.Insert(t.past, historyKey(key, e.Version), raw)
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

// field is a field of a record as history knows it, by its JSON name.
type field struct {
	index  []int
	name   string
	hidden bool
}

// fieldsOf lists the fields of a record. Those of an embedded struct count as
// its own, as they do in JSON; Meta is left out: the entry itself tells version,
// moment and operation.
func fieldsOf(t reflect.Type, at []int) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[core.Meta]():
		case f.Anonymous && name == "":
			out = append(out, fieldsOf(f.Type, index)...)
		case name != "" && name != "-":
			out = append(out, field{index, name, f.Tag.Get("history") == "hidden"})
		}
	}
	return out
}

// changes compares two records field by field.
func changes(fields []field, old, rec reflect.Value) []FieldChange {
	var out []FieldChange
	for _, f := range fields {
		before, after := old.FieldByIndex(f.index), rec.FieldByIndex(f.index)
		switch {
		case same(before, after):
		case f.hidden:
			out = append(out, FieldChange{Field: f.name})
		default:
			out = append(out, FieldChange{Field: f.name, Before: shown(before), After: shown(after)})
		}
	}
	return out
}

// same tells that two values are equal for a reader: an empty list is none, and
// a moment is the same in any time zone.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.String:
		return a.String() == b.String()
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.Int, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
	case reflect.Slice, reflect.Map:
		if a.Len() == 0 && b.Len() == 0 {
			return true
		}
	}
	switch x := a.Interface().(type) {
	case time.Time:
		return x.Equal(b.Interface().(time.Time))
	case *time.Time:
		return x.Equal(*b.Interface().(*time.Time))
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

// Apart is a change of named values, taken apart: one change for each of them
// that differs, under its name behind the prefix, in the order of the names.
func (c FieldChange) Apart(prefix string) (out []FieldChange) {
	before, after := NamedValues(c.Before), NamedValues(c.After)
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !reflect.DeepEqual(before[name], after[name]) {
			out = append(out, FieldChange{Field: prefix + name, Before: before[name], After: after[name]})
		}
	}
	return out
}

// NamedValues are what a field of named values was or became, as the history
// tells it; empty for anything else.
func NamedValues(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		return v
	case map[any]any: // as CBOR reads it
		for name, value := range v {
			if name, ok := name.(string); ok {
				out[name] = value
			}
		}
	}
	return out
}
