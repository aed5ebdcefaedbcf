package boltbus

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Newest implements bus.Log.
func (d *Driver) Newest(ctx context.Context, topic string) (seq uint64, err error) {
	t, err := d.topic(topic)
	if err != nil {
		return 0, err
	}
	err = d.store.View(ctx, func(tx store.Tx) error {
		seq = newest(tx, t)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look up end of %s: %w", topic, err)
	}
	return seq, nil
}

// Read implements bus.Log.
func (d *Driver) Read(ctx context.Context, topic string, after uint64, limit int) (msgs []bus.Logged, gap bool, err error) {
	t, err := d.topic(topic)
	if err != nil {
		return nil, false, err
	}
	err = d.store.View(ctx, func(tx store.Tx) error {
		msgs, gap = nil, false
		for key, raw := range tx.Scan(t.log, seqKey(after+1), nil, false) {
			seq := binary.BigEndian.Uint64(key)
			gap = gap || len(msgs) == 0 && seq != after+1
			if _, err := checkRecord(raw); err != nil {
				continue // the groups tell of it
			}
			if msgs = append(msgs, bus.Logged{Sequence: seq, Message: messageOf(bytes.Clone(raw))}); len(msgs) == limit {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", topic, err)
	}
	return msgs, gap, nil
}

// Watch implements bus.Log.
func (d *Driver) Watch(topic string, wake func()) (stop func()) {
	t, err := d.topic(topic)
	if err != nil {
		return func() {} // nothing is ever published under such a name
	}
	return t.watch(wake)
}
