package store

import (
	"context"
	"slices"
)

// Redact takes the values of the named fields out of the history of a record:
// who changed them and when stays, what they were does not. It is for the
// erasure of personal data, after the put that emptied the fields.
func (t *Table[T]) Redact(tx Tx, key string, fields ...string) error {
	if t.past == "" {
		return nil
	}
	from := historyPrefix(key)
	for k, raw := range walk(tx, t.past, from, after(from)) {
		var e Entry
		if err := Decode(raw, &e); err != nil {
			return err
		}
		if !redact(&e, fields) {
			continue
		}
		out, err := Encode(e)
		if err != nil {
			return err
		}
		if err := tx.Put(t.past, k, out); err != nil {
			return err
		}
	}
	return nil
}

// redact tells whether there was anything to take out.
func redact(e *Entry, fields []string) (changed bool) {
	for i := range e.Changes {
		c := &e.Changes[i]
		if slices.Contains(fields, c.Field) && (c.Before != nil || c.After != nil) {
			c.Before, c.After, changed = nil, nil, true
		}
	}
	return changed
}

// hashLength is that of a file's hash as records name it: SHA-256 in lower-case
// hex.
const hashLength = 64

// Mentioned returns those of the hashes of files that a record of any table
// names, deleted records too, except those of the tables named in but. It reads
// everything, in portions, so that writers and the space they free do not wait
// for it: a record written meanwhile may be missed.
func Mentioned(ctx context.Context, s Viewer, hashes []string, but ...string) (map[string]bool, error) {
	found := make(map[string]bool)
	wanted := make(map[string]bool, len(hashes))
	for _, h := range hashes {
		wanted[h] = true
	}
	for _, t := range tables() {
		if slices.Contains(but, t.Name()) {
			continue
		}
		if err := mentioned(ctx, s, "t/"+t.Name(), wanted, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func mentioned(ctx context.Context, s Viewer, bucket string, wanted, found map[string]bool) error {
	for from, more := []byte(nil), true; more; {
		err := s.View(ctx, func(tx Tx) error {
			more = false
			n := 0
			for k, raw := range tx.Scan(bucket, from, nil, false) {
				if n++; n > portionSize {
					from, more = slices.Clone(k), true
					break
				}
				hashesIn(raw, wanted, found)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hashesIn looks for wanted hashes in the bytes of a record. The byte behind a
// text may look like one more digit, so every place of a run is tried.
func hashesIn(raw []byte, wanted, found map[string]bool) {
	run := 0
	for i, c := range raw {
		if c < '0' || c > '9' && c < 'a' || c > 'f' {
			run = 0
			continue
		}
		if run++; run >= hashLength {
			if h := raw[i+1-hashLength : i+1]; wanted[string(h)] {
				found[string(h)] = true
			}
		}
	}
}
