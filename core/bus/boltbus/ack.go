package boltbus

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// replayed marks sequences that RequeueTx gives out, apart from those of the log
// and behind them.
const replayed = 1 << 63

// retryHead is the due time before the record of a message that waits:
// nanoseconds since 1970, zero for "as soon as it is its turn".
const retryHead = 8

// delivery is a message on its way to a handler: the context of the message,
// and what the transactions need to know to acknowledge it.
type delivery struct {
	context.Context //nolint:containedctx // it is a context
	cancel          context.CancelFunc

	driver *Driver
	group  groupID
	seq    uint64
	retry  bool // kept in the retry bucket, not in the log
	// settled: a transaction acknowledged it or put it off.
	settled atomic.Bool
}

type deliveryKey struct{}

// Value implements context.Context.
func (dv *delivery) Value(key any) any {
	if key == (deliveryKey{}) {
		return dv
	}
	return dv.Context.Value(key)
}

func (d *Driver) deliveryOf(msg *message.Message) (*delivery, error) {
	dv, ok := msg.Context().Value(deliveryKey{}).(*delivery)
	if !ok || dv.driver != d {
		return nil, &core.Error{
			Kind: core.KindInternal, Code: "bus.foreign", Op: "acknowledge",
			Err: errors.New("message does not come from this driver, or lost its context"),
		}
	}
	return dv, nil
}

// AckTx implements bus.Acker.
func (d *Driver) AckTx(tx store.Tx, msg *message.Message) (already bool, err error) {
	dv, err := d.deliveryOf(msg)
	if err != nil {
		return false, err
	}
	if already, err = d.finish(tx, dv); err != nil {
		return false, err
	}
	tx.AfterCommit(func() {
		dv.settled.Store(true)
		if g := d.running(dv.group); g != nil {
			g.settle(dv.seq, dv.retry)
		}
	})
	return already, nil
}

// finish takes the message out of what the group still has to do.
func (d *Driver) finish(tx store.Tx, dv *delivery) (already bool, err error) {
	if !dv.retry {
		return markDone(tx, dv.group, dv.seq)
	}
	bucket, key := dv.group.retryBucket(), seqKey(dv.seq)
	raw, err := tx.Get(bucket, key)
	if err != nil || raw == nil {
		return true, err
	}
	return false, tx.Delete(bucket, key)
}

// markDone moves the cursor.
func markDone(tx store.Tx, id groupID, seq uint64) (already bool, err error) {
	key := id.cursorKey()
	raw, err := tx.Get(cursorBucket, key)
	if err != nil {
		return false, err
	}
	c := readCursor(raw)
	if c.done(seq) {
		return true, nil
	}
	c.mark(seq, seq)
	return false, tx.Put(cursorBucket, key, c)
}

// RetryTx implements bus.Driver.
func (d *Driver) RetryTx(tx store.Tx, msg *message.Message, due time.Time) (already bool, err error) {
	dv, err := d.deliveryOf(msg)
	if err != nil {
		return false, err
	}
	if already, err = d.finish(tx, dv); err != nil {
		return false, err
	}
	if already {
		tx.AfterCommit(func() { dv.settled.Store(true) })
		return true, nil
	}
	raw := appendRecord(make([]byte, retryHead, retryHead+recordSize(msg)), tx.Now(), msg)
	binary.BigEndian.PutUint64(raw, uint64(due.UnixNano()))
	if err := tx.Put(dv.group.retryBucket(), seqKey(dv.seq), raw); err != nil {
		return false, err
	}
	key := msg.Metadata[bus.KeyMetadata]
	tx.AfterCommit(func() {
		dv.settled.Store(true)
		d.putOff(dv.group, dv.seq, key, due.UnixNano())
	})
	return false, nil
}

// RequeueTx implements bus.Driver.
func (d *Driver) RequeueTx(tx store.Tx, topic, group string, msg *message.Message) error {
	id := groupID{topic, group}
	raw, err := tx.Get(cursorBucket, id.cursorKey())
	if err != nil {
		return err
	}
	if raw == nil {
		return core.NotFound("bus.group", "получатель события не найден")
	}
	n, err := tx.Sequence(id.retryBucket())
	if err != nil {
		return err
	}
	rec := appendRecord(make([]byte, retryHead, retryHead+recordSize(msg)), tx.Now(), msg)
	if err := tx.Put(id.retryBucket(), seqKey(replayed|n), rec); err != nil {
		return err
	}
	key := msg.Metadata[bus.KeyMetadata]
	tx.AfterCommit(func() { d.putOff(id, replayed|n, key, 0) })
	return nil
}

// putOff tells the group, if it runs, that a message now waits in its bucket.
func (d *Driver) putOff(id groupID, seq uint64, key string, due int64) {
	if g := d.running(id); g != nil {
		g.putOff(seq, key, due)
	}
}

// running is the group, nil if it has no subscription.
func (d *Driver) running(id groupID) *group {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.groups[id]
}
