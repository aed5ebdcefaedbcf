package bus

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// tries is how often an event is given to a handler that has a defect, and how
// often at once to one that found a conflict.
const tries = 3

// handler is a Handler with its subscription.
type handler struct {
	bus    *Bus
	name   string
	topic  Topic
	handle Handler
}

// work does one delivery of a message. An error means that nothing could be
// stored, not even that it failed: the driver delivers it again.
func (h *handler) work(ctx context.Context, msg *message.Message) error {
	start := h.bus.opts.Now()
	outcome, err := h.settle(ctx, msg)
	h.bus.opts.Observer.Handled(h.name, h.topic, outcome, h.bus.opts.Now().Sub(start))
	return err
}

func (h *handler) settle(ctx context.Context, msg *message.Message) (Outcome, error) {
	ev := eventOf(h.topic, msg)
	for try := 1; ; try++ {
		outcome, err := h.once(ctx, msg, ev)
		if err == nil {
			return outcome, nil
		}
		if core.KindOf(err) != core.KindConflict || try == tries {
			return h.failed(ctx, msg, ev, err)
		}
	}
}

// once runs the handler in the transaction that acknowledges the message. That
// can wait: whoever hands the hub a message is acknowledged first.
func (h *handler) once(ctx context.Context, msg *message.Message, ev Event) (outcome Outcome, err error) {
	err = h.bus.opts.Store.Update(store.Deferrable(ctx), func(tx store.Tx) error {
		already, err := h.ack(tx, msg)
		if err != nil || already {
			outcome = Duplicate
			return err
		}
		outcome = Done
		return h.guarded(ctx, WithCorrelation(tx, ev.Correlation), ev)
	})
	return outcome, err
}

// guarded turns a panic of the handler into an error.
func (h *handler) guarded(ctx context.Context, tx store.Tx, ev Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &core.Error{
				Kind: core.KindInternal, Code: "handler.panic", Op: "handle " + string(ev.Topic),
				Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	return h.handle(ctx, tx, ev)
}

// ack acknowledges in tx: by the driver, or by a note of the event's id where
// the driver can only acknowledge after the commit.
func (h *handler) ack(tx store.Tx, msg *message.Message) (already bool, err error) {
	if h.bus.acker != nil {
		return h.bus.acker.AckTx(tx, msg)
	}
	bucket, key := h.handledBucket(), []byte(msg.UUID)
	raw, err := tx.Get(bucket, key)
	if err != nil || raw != nil {
		return true, err
	}
	return false, tx.Put(bucket, key, []byte{1})
}

func (h *handler) handledBucket() string { return "b/h/" + h.name }

// keepHandled is how long notes of handled events are kept, longer than any
// driver may deliver an event again.
const keepHandled = 30 * 24 * time.Hour

// forgetHandled throws old notes away; ids begin with their time.
func (h *handler) forgetHandled(ctx context.Context) error {
	const chunk = 1000
	for n := chunk; n == chunk; {
		err := h.bus.opts.Store.Update(ctx, func(tx store.Tx) error {
			var old [][]byte
			until := []byte(core.FirstID(EventPrefix, tx.Now().Add(-keepHandled)))
			for key := range tx.Scan(h.handledBucket(), nil, until, false) {
				if old = append(old, bytes.Clone(key)); len(old) == chunk {
					break
				}
			}
			n = len(old)
			for _, key := range old {
				if err := tx.Delete(h.handledBucket(), key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("forget handled events: %w", err)
		}
	}
	return nil
}

// failed decides by the kind of the error what becomes of the event and stores
// the decision.
func (h *handler) failed(ctx context.Context, msg *message.Message, ev Event, cause error) (Outcome, error) {
	now := h.bus.opts.Now()
	f := failuresOf(msg)
	f.Attempts++
	if f.Attempts == 1 {
		f.First = now
	}
	if core.KindOf(cause) == core.KindInternal {
		f.Faults++
	}
	pause, again := h.bus.opts.pause(cause, f, now)
	outcome := Dead
	err := h.bus.opts.Store.Update(ctx, func(tx store.Tx) (err error) {
		var already bool
		if again {
			outcome = Retried
			f.write(msg)
			already, err = h.bus.opts.Driver.RetryTx(tx, msg, now.Add(pause))
		} else if already, err = h.ack(tx, msg); err == nil && !already {
			err = h.bus.FileDeadLetter(tx, h.deadLetter(ev, cause, f))
		}
		if already {
			outcome = Duplicate
		}
		return err
	})
	if err != nil {
		return Undone, fmt.Errorf("put off event %s: %w", ev.ID, err)
	}
	h.tell(outcome, ev, cause, f)
	return outcome, nil
}

// tell logs what a person may want to know: the first failure, and the last.
func (h *handler) tell(outcome Outcome, ev Event, cause error, f failures) {
	kind := core.KindOf(cause)
	switch {
	case outcome == Dead:
		h.bus.opts.Log.Warn("event became a dead letter", "handler", h.name, "topic", ev.Topic, "event", ev.ID,
			"attempts", f.Attempts, "kind", kind, "error", cause)
	case outcome == Retried && f.Attempts == 1:
		h.bus.opts.Log.Info("event will be tried again", "handler", h.name, "topic", ev.Topic, "event", ev.ID,
			"kind", kind, "error", cause)
	}
}

// pause is how long the event waits for its next try; false if there is none.
func (o *Options) pause(cause error, f failures, now time.Time) (time.Duration, bool) {
	switch core.KindOf(cause) {
	case core.KindInternal:
		if f.Faults >= tries {
			return 0, false
		}
		return jitter(o.FaultPause * time.Duration(1+4*(f.Faults-1))), true
	case core.KindUnavailable, core.KindConfig:
		if now.Sub(f.First) >= o.GiveUpAfter {
			return 0, false
		}
		if after := core.AfterOf(cause); after > 0 {
			return after + jitter(after/10), true
		}
		return jitter(o.growing(f.Attempts)), true
	default:
		return 0, false
	}
}

// growing doubles with each attempt.
func (o *Options) growing(attempt int) time.Duration {
	pause := o.FirstPause
	for ; attempt > 1 && pause < o.LastPause; attempt-- {
		pause *= 2
	}
	return min(pause, o.LastPause)
}

// jitter takes up to a fifth off, so that what failed together does not come
// back together.
func jitter(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d - rand.N(d/5)
}
