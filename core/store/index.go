package store

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// An index entry is a key `value 0x00 primary-key` without a value: entries of
// one value are sorted by primary key, so that lists by several values are
// joined without sorting (query.go).

func entry(value, key string) []byte {
	out := make([]byte, 0, len(value)+1+len(key))
	out = append(out, value...)
	out = append(out, 0)
	return append(out, key...)
}

// after is the first key that no longer has the prefix; prefix ends in 0x00.
func after(prefix []byte) []byte {
	out := slices.Clone(prefix)
	out[len(out)-1]++
	return out
}

// moveIndexes takes the record out of the entries it no longer belongs to and
// puts it into the new ones. old or rec may be nil.
func (t *Table[T]) moveIndexes(tx Tx, key string, old, rec *T) error {
	for i := range t.indexes {
		ix := &t.indexes[i]
		was, is := t.values(ix, old), t.values(ix, rec)
		for _, v := range was {
			if slices.Contains(is, v) {
				continue
			}
			if err := tx.Delete(t.indexBucket(ix.Name), entry(v, key)); err != nil {
				return err
			}
		}
		for _, v := range is {
			if slices.Contains(was, v) {
				continue
			}
			if err := t.enter(tx, ix, v, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Table[T]) values(ix *Index[T], rec *T) []string {
	if rec == nil || t.record(rec).RecordMeta().DeletedAt != nil {
		return nil
	}
	return ix.Keys(rec)
}

func (t *Table[T]) enter(tx Tx, ix *Index[T], value, key string) error {
	if ix.Unique {
		for other := range t.FindKeys(tx, ix.Name, value) {
			if other != key {
				return core.Conflict(t.name+"."+ix.Name+".taken", "такое значение уже есть")
			}
		}
	}
	return tx.Put(t.indexBucket(ix.Name), entry(value, key), nil)
}
