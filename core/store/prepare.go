package store

import (
	"bytes"
	"context"
	"errors"

	"github.com/uzel-hub/uzel/core"
)

// builtBucket lists the index buckets that are complete.
const builtBucket = "s/indexes"

// portionSize is how many records or entries one transaction of Prepare handles.
const portionSize = 1000

// Prepare makes the indexes in the store those of the schema: one declared since
// the store was last used is built from the records, one no longer declared is
// emptied. Records from before a change of their noun are brought into its new
// form first. It is called once, before anything else uses the store; when all
// indexes are there it only looks. An index whose Keys change needs a new name.
//
// KindConflict if records share a value of a new unique index. progress, unless
// nil, gets the index being built and the number of records done; others are
// tables that are declared outside of this package.
func Prepare(ctx context.Context, s Store, progress func(index string, records int), others ...table) error {
	if err := migrate(ctx, s); err != nil {
		return err
	}
	built, err := builtIndexes(ctx, s)
	if err != nil {
		return err
	}
	declared := map[string]builder{}
	for _, t := range append(tables(), others...) {
		for _, b := range t.builders() {
			declared[b.bucket] = b
		}
	}
	for _, bucket := range built {
		if _, ok := declared[bucket]; ok {
			delete(declared, bucket)
		} else if err := dropIndex(ctx, s, bucket); err != nil {
			return err
		}
	}
	return build(ctx, s, declared, progress)
}

func builtIndexes(ctx context.Context, s Store) (built []string, err error) {
	err = s.View(ctx, func(tx Tx) error {
		built = nil
		for k := range tx.Scan(builtBucket, nil, nil, false) {
			built = append(built, string(k))
		}
		return nil
	})
	return built, err
}

// builder builds one index.
type builder struct {
	bucket string
	rows   string
	// add enters the records of a portion and returns the key to go on from, nil
	// at the end.
	add func(tx Tx, from []byte) (next []byte, n int, err error)
}

// build builds the missing indexes. Those of empty tables, which in a fresh
// store are all, take one transaction together.
func build(ctx context.Context, s Store, missing map[string]builder, progress func(string, int)) error {
	if len(missing) == 0 {
		return nil
	}
	var todo []builder
	err := s.Update(ctx, func(tx Tx) error {
		todo = nil
		for bucket, b := range missing {
			if len(portion(tx, b.rows, nil, nil, 1)) > 0 || len(portion(tx, bucket, nil, nil, 1)) > 0 {
				todo = append(todo, b)
			} else if err := tx.Put(builtBucket, []byte(bucket), nil); err != nil {
				return err
			}
		}
		return nil
	})
	for _, b := range todo {
		err = errors.Join(err, b.build(ctx, s, progress))
	}
	return err
}

// build builds an index anew; what a build that was cut short left is removed.
func (b builder) build(ctx context.Context, s Store, progress func(string, int)) error {
	if err := dropIndex(ctx, s, b.bucket); err != nil {
		return err
	}
	done := 0
	for from, more := []byte(nil), true; more; {
		var next []byte
		var n int
		err := s.Update(ctx, func(tx Tx) (err error) {
			if next, n, err = b.add(tx, from); err != nil || next != nil {
				return err
			}
			return tx.Put(builtBucket, []byte(b.bucket), nil)
		})
		if err != nil {
			return err
		}
		from, more = next, next != nil
		if done += n; progress != nil {
			progress(b.bucket, done)
		}
	}
	return nil
}

func dropIndex(ctx context.Context, s Store, bucket string) error {
	for more := true; more; {
		err := s.Update(ctx, func(tx Tx) error {
			entries := portion(tx, bucket, nil, nil, portionSize)
			more = len(entries) == portionSize
			for _, e := range entries {
				if err := tx.Delete(bucket, e.key); err != nil {
					return err
				}
			}
			return tx.Delete(builtBucket, []byte(bucket))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Table[T]) builders() []builder {
	var out []builder
	for i := range t.indexes {
		out = append(out, builder{
			bucket: t.indexes[i].bucket,
			rows:   t.rows,
			add: func(tx Tx, from []byte) ([]byte, int, error) {
				return t.addEntries(tx, &t.indexes[i], from)
			},
		})
	}
	return out
}

func (t *Table[T]) addEntries(tx Tx, ix *Index[T], from []byte) (next []byte, n int, err error) {
	records := portion(tx, t.rows, from, nil, portionSize)
	for _, r := range records {
		rec, err := t.decode(r.value)
		if err != nil {
			return nil, 0, err
		}
		key := t.record(rec).RecordKey()
		values := t.values(ix, rec)
		if ix.Unique && taken(tx, ix.bucket, values, key) {
			return nil, 0, core.Conflict(t.name+"."+ix.Name+".taken", "такое значение уже есть")
		}
		if err := apply(tx, key, []move{{bucket: ix.bucket, in: values}}); err != nil {
			return nil, 0, err
		}
	}
	if len(records) == portionSize {
		next = append(bytes.Clone(records[portionSize-1].key), 0)
	}
	return next, len(records), nil
}
