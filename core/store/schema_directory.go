package store

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// Entries are the lines of all directories. The index "value" has every value of
// every field under its EntryKey, whatever the declaration says: a declaration
// may then get a filter or a unique field without any entry being touched.
var Entries = Define("entries",
	Index[core.Entry]{Name: "directory", Keys: func(e *core.Entry) []string { return []string{string(e.Directory)} }},
	Index[core.Entry]{Name: "organization", Keys: func(e *core.Entry) []string { return some(string(e.Organization)) }},
	Index[core.Entry]{Name: "value", Keys: entryValues},
)

// entryKeyRunes bounds a text in an EntryKey: who looks up by it compares the
// records it finds.
const entryKeyRunes = 64

// EntryKey is the value of the index "value" for a field of a directory: a text,
// a number (float64) or a bool. Texts sort as a reader expects, without regard
// to case and with ё as е; numbers sort as numbers do.
func EntryKey(directory core.DirectoryName, field string, value any) string {
	return EntryKeys(directory, field) + EntryOrder(value)
}

// EntryKeys begins the EntryKey of every value of the field.
func EntryKeys(directory core.DirectoryName, field string) string {
	return string(directory) + "\x1f" + field + "\x1f"
}

// EntryOrder is the part of an EntryKey that stands for the value.
func EntryOrder(value any) string {
	switch v := value.(type) {
	case string:
		return cutRunes(FoldText(v), entryKeyRunes)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return sortableNumber(v)
	}
	return ""
}

// FoldText is the form texts are compared in.
func FoldText(text string) string {
	return strings.ReplaceAll(strings.ToLower(text), "ё", "е")
}

func cutRunes(text string, limit int) string {
	for i := range text {
		if limit == 0 {
			return text[:i]
		}
		limit--
	}
	return text
}

// sortableNumber is hexadecimal text in the order of the numbers: the sign bit
// turned for positive ones, all bits for negative ones.
func sortableNumber(v float64) string {
	bits := math.Float64bits(v)
	if bits>>63 == 0 {
		bits |= 1 << 63
	} else {
		bits = ^bits
	}
	return fmt.Sprintf("%016x", bits)
}

// entryValues are the keys of all values: of a list each item, of a map its keys.
func entryValues(e *core.Entry) (out []string) {
	add := func(field string, value any) { out = append(out, EntryKey(e.Directory, field, value)) }
	for field, value := range e.Values {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				add(field, item)
			}
		case map[string]any:
			for key := range v {
				add(field, key)
			}
		default:
			add(field, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Place is where a record stands in an index: its value there and its key.
type Place struct{ Value, Key string }

// Ordered walks the live records an index has under values that begin with
// prefix, in the order of value and key or, with desc, downwards; behind a place,
// unless that is zero. The table must not be changed meanwhile.
func (t *Table[T]) Ordered(tx Tx, index, prefix string, behind Place, desc bool) iter.Seq2[*T, error] {
	from := escape(nil, prefix)
	to := append(escape(nil, prefix), 0xff) // no text has this byte
	if behind != (Place{}) {
		mark := append(append(escape(nil, behind.Value), 0), behind.Key...)
		if desc {
			to = mark
		} else {
			from = append(mark, 0)
		}
	}
	return func(yield func(*T, error) bool) {
		for entry := range tx.Scan(t.index(index).bucket, from, to, desc) {
			_, key := cutEntry(entry)
			if !yield(t.Get(tx, string(key))) {
				return
			}
		}
	}
}
