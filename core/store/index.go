package store

import (
	"bytes"
	"crypto/sha256"
	"iter"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// An index entry is a key `value 0x00 primary-key` without a value of its own:
// entries of one value are sorted by primary key, so that lists by several
// values are joined without sorting (query.go).

// maxValue bounds an index value in a key: drivers bound keys, and outside
// systems choose ids of any length. What is longer is told apart by its hash.
const maxValue = 512

// prefix begins all entries of the value. Values may hold any bytes: 0x00 is
// written 01 01 and 0x01 is written 01 02, which keeps their order.
func prefix(buf []byte, value string) []byte {
	return append(escape(buf, value), 0)
}

func escape(buf []byte, value string) []byte {
	if len(value) > maxValue {
		sum := sha256.Sum256([]byte(value))
		value = value[:maxValue] + string(sum[:])
	}
	if !strings.ContainsAny(value, "\x00\x01") {
		return append(buf, value...)
	}
	for _, c := range []byte(value) {
		if c <= 1 {
			buf = append(buf, 1)
			c++
		}
		buf = append(buf, c)
	}
	return buf
}

// after is the first key that no longer has the prefix; prefix ends in 0x00.
func after(prefix []byte) []byte {
	out := slices.Clone(prefix)
	out[len(out)-1]++
	return out
}

// cutEntry splits an entry into its value, as escape wrote it, and its key.
func cutEntry(entry []byte) (value, key []byte) {
	value, key, _ = bytes.Cut(entry, []byte{0})
	return value, key
}

// move is how a put changes one index: the values it no longer has and those
// it has now.
type move struct {
	bucket  string
	out, in []string
}

// moves finds how the indexes change from old to rec, either of which may be
// nil. It fails with KindConflict if a unique value is taken, before anything
// is written.
func (t *Table[T]) moves(tx Tx, key string, old, rec *T) ([]move, error) {
	out := make([]move, 0, len(t.indexes))
	for i := range t.indexes {
		ix := &t.indexes[i]
		was, is := t.values(ix, old), t.values(ix, rec)
		m := move{bucket: ix.bucket, out: without(was, is), in: without(is, was)}
		if ix.Unique && taken(tx, ix.bucket, m.in, key) {
			return nil, core.Conflict(t.name+"."+ix.Name+".taken", "такое значение уже есть")
		}
		if len(m.out)+len(m.in) > 0 {
			out = append(out, m)
		}
	}
	return out, nil
}

// without is a less the values of b.
func without(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return slices.Contains(b, v) })
}

func (t *Table[T]) values(ix *Index[T], rec *T) []string {
	if rec == nil || t.record(rec).RecordMeta().DeletedAt != nil {
		return nil
	}
	return ix.Keys(rec)
}

// taken tells that another record has one of the values.
func taken(tx Tx, bucket string, values []string, key string) bool {
	for _, v := range values {
		from := prefix(nil, v)
		for entry := range tx.Scan(bucket, from, after(from), false) {
			if string(entry[len(from):]) != key {
				return true
			}
		}
	}
	return false
}

func apply(tx Tx, key string, moves []move) error {
	var buf []byte
	for _, m := range moves {
		for _, v := range m.out {
			buf = append(prefix(buf[:0], v), key...)
			if err := tx.Delete(m.bucket, buf); err != nil {
				return err
			}
		}
		for _, v := range m.in {
			buf = append(prefix(buf[:0], v), key...)
			if err := tx.Insert(m.bucket, buf, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryKeys walks the primary keys of the entries in [from, to).
func entryKeys(tx Tx, bucket string, from, to []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for entry := range walk(tx, bucket, from, to) {
			if _, key := cutEntry(entry); !yield(string(key)) {
				return
			}
		}
	}
}

type pair struct{ key, value []byte }

// walk is tx.Scan upwards in portions, between which and during which the
// bucket may be changed: it reads a portion before it yields it.
func walk(tx Tx, bucket string, from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for size := 8; ; size = min(2*size, 256) {
			portion := portion(tx, bucket, from, to, size)
			for _, p := range portion {
				if !yield(p.key, p.value) {
					return
				}
			}
			if len(portion) < size {
				return
			}
			from = append(slices.Clone(portion[size-1].key), 0)
		}
	}
}

func portion(tx Tx, bucket string, from, to []byte, size int) []pair {
	var out []pair
	for k, v := range tx.Scan(bucket, from, to, false) {
		out = append(out, pair{k, v})
		if len(out) == size {
			break
		}
	}
	return out
}
