package boltbus

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/uzel-hub/uzel/core/store"
)

// Backlog is how far a group is behind.
type Backlog struct {
	Topic   string `json:"topic"`
	Group   string `json:"group"`
	Pending uint64 `json:"pending"` // published and not done
	Waiting int    `json:"waiting"` // of those, in the retry bucket; counted up to 1000
	// Declared since New; else no handler of this program works on it.
	Declared bool `json:"declared"`
}

// maxCounted bounds the counting of what waits.
const maxCounted = 1000

// Backlogs tells how far each group is behind, in the order of topic and group.
// It is quick enough for metrics.
func (d *Driver) Backlogs(ctx context.Context) ([]Backlog, error) {
	var all []Backlog
	err := d.store.View(ctx, func(tx store.Tx) error {
		all = nil
		return d.eachGroup(tx, func(t *topic, id groupID, c cursor) error {
			b := Backlog{Topic: id.topic, Group: id.name, Declared: d.isDeclared(id)}
			for range tx.Scan(id.retryBucket(), nil, nil, false) {
				if b.Waiting++; b.Waiting == maxCounted {
					break
				}
			}
			b.Pending = c.pending(newest(tx, t)) + uint64(b.Waiting)
			all = append(all, b)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count backlogs: %w", err)
	}
	return all, nil
}

// eachGroup walks the groups in the store.
func (d *Driver) eachGroup(tx store.Tx, fn func(*topic, groupID, cursor) error) error {
	for key, raw := range tx.Scan(cursorBucket, nil, nil, false) {
		name, group, _ := strings.Cut(string(key), "/")
		t, err := d.topic(name)
		if err != nil {
			return err
		}
		if err := fn(t, groupID{name, group}, readCursor(raw)); err != nil {
			return err
		}
	}
	return nil
}

// Check proves the queues sound: every kept message can be read, none is
// missing between two others, and no group is further than its topic. report
// gets one line for each fault.
func (d *Driver) Check(ctx context.Context, report func(problem string)) error {
	err := d.store.View(ctx, func(tx store.Tx) error {
		checked := map[*topic]bool{}
		return d.eachGroup(tx, func(t *topic, id groupID, c cursor) error {
			if !checked[t] {
				checked[t] = true
				checkLog(tx, t, report)
			}
			if last := newest(tx, t); c.low() > last {
				report(fmt.Sprintf("очередь %s, получатель %s: обработано до %d, а опубликовано до %d", id.topic, id.name, c.low(), last))
			}
			checkRetries(tx, id, report)
			return ctx.Err()
		})
	})
	if err != nil {
		return fmt.Errorf("check queues: %w", err)
	}
	return nil
}

func checkLog(tx store.Tx, t *topic, report func(string)) {
	var before uint64
	for key, raw := range tx.Scan(t.log, nil, nil, false) {
		seq := binary.BigEndian.Uint64(key)
		if before > 0 && seq != before+1 {
			report(fmt.Sprintf("очередь %s: нет событий с %d по %d", t.name, before+1, seq-1))
		}
		if _, err := checkRecord(raw); err != nil {
			report(fmt.Sprintf("очередь %s: событие %d не читается", t.name, seq))
		}
		before = seq
	}
}

func checkRetries(tx store.Tx, id groupID, report func(string)) {
	for key, raw := range tx.Scan(id.retryBucket(), nil, nil, false) {
		if _, err := checkRecord(raw[min(retryHead, len(raw)):]); err != nil {
			report(fmt.Sprintf("очередь %s, получатель %s: отложенное событие %d не читается", id.topic, id.name, binary.BigEndian.Uint64(key)))
		}
	}
}
