package store

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/uzel-hub/uzel/core"
)

// migrations bring records from before a change of a noun into its new form, each
// once in the life of a store and in this order: what was released stays, new ones
// go to the end. Change Older instead where a record can be read both ways for
// ever; a migration is for what indexes are made of.
var migrations = []migration{
	{"t/documents", appealDeadline, []string{"i/documents/deadline", "i/documents/appeal_due"}},
}

// migration changes the records of one bucket and has the indexes that depend on
// it built anew. What changes is no edit: versions and history stay.
type migration struct {
	rows    string
	change  func(raw []byte) (changed []byte, err error) // nil: as it is
	indexes []string
}

// Where the number of migrations that were done is kept.
const (
	migratedBucket = "s/migrations"
	migratedKey    = "done"
)

// migrate does what was not done yet. One that is cut short is begun again: a
// change leaves alone what was changed.
func migrate(ctx context.Context, s Store) error {
	done, err := migrated(ctx, s)
	if err != nil {
		return err
	}
	for ; done < len(migrations); done++ {
		if err := migrations[done].do(ctx, s, done+1); err != nil {
			return err
		}
	}
	return nil
}

func migrated(ctx context.Context, s Store) (done int, err error) {
	err = s.View(ctx, func(tx Tx) error {
		raw, err := tx.Get(migratedBucket, []byte(migratedKey))
		if len(raw) == 8 {
			done = int(binary.BigEndian.Uint64(raw))
		}
		return err
	})
	return done, err
}

func (m migration) do(ctx context.Context, s Store, number int) error {
	for from, more := []byte(nil), true; more; {
		var next []byte
		err := s.Update(ctx, func(tx Tx) (err error) {
			if next, err = m.portion(tx, from); err != nil || next != nil {
				return err
			}
			return m.end(tx, number)
		})
		if err != nil {
			return err
		}
		from, more = next, next != nil
	}
	return nil
}

// portion changes some records and returns the key to go on from, nil at the end.
func (m migration) portion(tx Tx, from []byte) (next []byte, err error) {
	records := portion(tx, m.rows, from, nil, portionSize)
	for _, r := range records {
		changed, err := m.change(r.value)
		if err == nil && changed != nil {
			err = tx.Put(m.rows, r.key, changed)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(records) == portionSize {
		next = append(bytes.Clone(records[len(records)-1].key), 0)
	}
	return next, nil
}

func (m migration) end(tx Tx, number int) error {
	for _, index := range m.indexes {
		if err := tx.Delete(builtBucket, []byte(index)); err != nil {
			return err
		}
	}
	return tx.Put(migratedBucket, []byte(migratedKey), binary.BigEndian.AppendUint64(nil, uint64(number)))
}

// appealDeadline moves the term of an appeal to its document, where that of any
// document is.
func appealDeadline(raw []byte) ([]byte, error) {
	if !bytes.Contains(raw, []byte("deadline")) {
		return nil, nil
	}
	var before struct {
		Appeal struct {
			Deadline *core.Deadline `json:"deadline"`
		} `json:"appeal"`
	}
	if err := Decode(raw, &before); err != nil || before.Appeal.Deadline == nil {
		return nil, err
	}
	var d core.Document
	if err := Decode(raw, &d); err != nil {
		return nil, err
	}
	if d.Deadline == nil {
		d.SetDeadline(before.Appeal.Deadline)
	}
	return Encode(&d)
}
