package pluginhost

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
	"github.com/uzel-hub/uzel/core/store"
)

// close says that no more messages come.
func (in *intake) close() {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	in.signal()
}

// commitAll ends when all that was taken is committed and acknowledged.
func (in *intake) commitAll(ctx context.Context) error {
	var batch []*item
	for {
		var last bool
		if batch, last = in.taken(batch[:0]); len(batch) == 0 {
			if last {
				return nil
			}
			select {
			case <-in.wake:
				runtime.Gosched() // others are about to be taken
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		err := in.commit(ctx, batch)
		release(batch)
		if err != nil {
			return err
		}
		if err := in.acknowledge(batch); err != nil {
			return err
		}
	}
}

// taken is all of the queue. last means that it is empty for good.
func (in *intake) taken(batch []*item) (_ []*item, last bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	batch = append(batch, in.queue...)
	clear(in.queue)
	in.queue = in.queue[:0]
	return batch, in.closed
}

// commit writes the batch in one transaction. When one message is to blame for
// a refusal, they are written one by one and that one is refused.
func (in *intake) commit(ctx context.Context, batch []*item) error {
	again := false
	err := in.insist(ctx, func() error {
		if again {
			if err := in.beginAgain(ctx, batch); err != nil {
				return err
			}
		}
		again = true
		stored := sync.OnceValue(filesOf(batch))
		go stored() // while the transaction waits and runs
		return in.host.store.Update(ctx, func(tx store.Tx) error {
			tx.BeforeCommit(stored)
			return in.write(tx, batch)
		})
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	if len(batch) == 1 {
		batch[0].msg, batch[0].hasCursor, batch[0].refused = nil, false, err
		return nil
	}
	for i := range batch {
		if err := in.commit(ctx, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// filesOf returns what waits until the files of the batch are stored.
func filesOf(batch []*item) (wait func() error) {
	var waits []func() error
	for _, it := range slices.Backward(batch) { // the last one takes the others along
		waits = append(waits, it.begun...)
	}
	return func() error {
		for _, wait := range waits {
			if err := wait(); err != nil {
				return err
			}
		}
		return nil
	}
}

// beginAgain begins to store what a failed attempt has perhaps not stored.
func (in *intake) beginAgain(ctx context.Context, batch []*item) error {
	for _, it := range batch {
		if it.msg == nil {
			continue
		}
		if err := in.begin(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

// write stores the new messages of the batch, their events and the last cursor.
func (in *intake) write(tx store.Tx, batch []*item) error {
	var cursor *item
	for _, it := range batch {
		if it.hasCursor {
			cursor = it
		}
		if it.msg == nil {
			continue
		}
		if err := in.writeMessage(tx, it); err != nil {
			return err
		}
	}
	if cursor == nil {
		return nil
	}
	return putCursor(tx, in.channel, cursor.cursor)
}

func (in *intake) writeMessage(tx store.Tx, it *item) error {
	it.duplicate = store.Messages.Known(tx, "external", store.ExternalKey(in.channel, it.msg.ExternalID))
	if it.duplicate {
		return nil
	}
	m := it.msg
	m.Meta = core.Meta{} // the transaction may run again
	m.ID = core.MessageID(core.NewID("msg", tx.Now()))
	m.Channel, m.Connector = in.channel, in.connector
	if m.At.IsZero() {
		m.At = tx.Now()
	}
	if err := store.Messages.Put(tx, m); err != nil {
		return err
	}
	return in.host.bus.Publish(tx, bus.MessageReceived, string(m.ID),
		bus.MessageEvent{Message: m.ID, Channel: in.channel, Kind: m.Kind})
}

func putCursor(tx store.Tx, channel core.ChannelID, value []byte) error {
	c, err := store.Cursors.Get(tx, string(channel))
	if core.KindOf(err) == core.KindNotFound && err != nil {
		c, err = &core.Cursor{Channel: channel}, nil
	}
	if err != nil || bytes.Equal(c.Value, value) {
		return err
	}
	c.Value = value
	return store.Cursors.Put(tx, c)
}

// acknowledge answers the batch: refusals one by one, then everything else at
// once; and makes room in the window.
func (in *intake) acknowledge(batch []*item) error {
	var done uint64
	var stored, duplicates int
	var size, weight int64
	for _, it := range batch {
		weight += it.size
		size += it.total
		switch {
		case it.refused != nil:
			in.events.refused(it.refused)
			if err := in.ack(&pluginv1.Ack{Seq: it.seq, Fault: wire.Fault(it.refused)}); err != nil {
				return err
			}
			continue
		case it.duplicate:
			duplicates++
		case it.msg != nil:
			stored++
		}
		done = it.seq
	}
	in.count.Release(int64(len(batch)))
	in.bytes.Release(weight)
	in.events.stored(stored, duplicates, size)
	if done == 0 {
		return nil
	}
	return in.ack(&pluginv1.Ack{Seq: done})
}
