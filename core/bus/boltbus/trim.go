package boltbus

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/uzel-hub/uzel/core/store"
)

// trimChunk bounds the messages one transaction throws away.
const trimChunk = 500

// Trim implements bus.Trimmer: it throws away messages that are older than the
// retention or more than the number to be kept, and that all groups declared
// since New are done with. The last message of a topic always stays. A group
// that nobody declares any more loses what is thrown away meanwhile.
func (d *Driver) Trim(ctx context.Context) error {
	for _, t := range d.knownTopics() {
		for n := trimChunk; n == trimChunk; {
			err := d.store.Update(ctx, func(tx store.Tx) (err error) {
				n, err = d.trim(tx, t)
				return err
			})
			if err != nil {
				return fmt.Errorf("trim %s: %w", t.name, err)
			}
		}
	}
	return nil
}

func (d *Driver) knownTopics() []*topic {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*topic, 0, len(d.topics))
	for _, t := range d.topics {
		all = append(all, t)
	}
	return all
}

// trim throws one chunk away and returns its size.
func (d *Driver) trim(tx store.Tx, t *topic) (int, error) {
	last := newest(tx, t)
	floor, err := d.floor(tx, t, last)
	if err != nil {
		return 0, err
	}
	var old [][]byte
	for key, raw := range tx.Scan(t.log, nil, nil, false) {
		seq := binary.BigEndian.Uint64(key)
		surplus := last-seq >= uint64(d.opts.MaxKept)
		if seq > floor || seq == last || !surplus && tx.Now().Sub(recordTime(raw)) < d.opts.Retention {
			break
		}
		if old = append(old, bytes.Clone(key)); len(old) == trimChunk {
			break
		}
	}
	for _, key := range old {
		if err := tx.Delete(t.log, key); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// floor is the last sequence all declared groups of the topic are done with.
func (d *Driver) floor(tx store.Tx, t *topic, last uint64) (uint64, error) {
	floor := last
	for _, id := range d.groupsOf(t.name) {
		raw, err := tx.Get(cursorBucket, id.cursorKey())
		if err != nil {
			return 0, err
		}
		floor = min(floor, readCursor(raw).low())
	}
	return floor, nil
}

func (d *Driver) groupsOf(topic string) []groupID {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []groupID
	for id := range d.declared {
		if id.topic == topic {
			ids = append(ids, id)
		}
	}
	return ids
}
