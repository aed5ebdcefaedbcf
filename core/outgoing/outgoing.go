// Package outgoing takes answers out: a reply becomes a numbered outgoing
// document and a delivery; deliveries are claimed by the channel's sender,
// settled by its receipts, tracked, repeated and called off.
//
// It writes delivery.requested and delivery.updated, and reads message.received
// of kind status.
package outgoing

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Service owns the deliveries.
type Service struct {
	Store store.Store
	Bus   bus.Publisher
	// Wake tells a channel's sender that there is something to claim. It is
	// called after commit and must be quick. Nil: nobody listens.
	Wake func(core.ChannelID)
	// Answered moves an appeal on that was answered, in the transaction of the
	// answer; appeal.Service does.
	Answered func(tx store.Tx, appeal *core.Document) error
	// Purposes knows what channels can carry. Nil: they carry answers only.
	Purposes Purposes
}

// Purposes tells whether the channel's connector delivers for the purpose. It is
// asked in transactions and must not wait for anything.
type Purposes interface {
	Carries(ch *core.Channel, p core.Purpose) bool
}

// request queues a delivery in the caller's transaction.
func (s *Service) request(tx store.Tx, d *core.Delivery) error {
	d.ID = core.DeliveryID(core.NewID("dlv", tx.Now()))
	d.State = core.DeliveryQueued
	if err := store.Deliveries.Put(tx, d); err != nil {
		return err
	}
	s.wakeAfter(tx, d.Channel)
	return s.Bus.Publish(tx, bus.DeliveryRequested, string(d.Document), bus.AboutDelivery(d))
}

func (s *Service) wakeAfter(tx store.Tx, channel core.ChannelID) {
	if s.Wake != nil {
		tx.AfterCommit(func() { s.Wake(channel) })
	}
}

// save writes a delivery that moved and tells about it. old is as it was read.
func (s *Service) save(tx store.Tx, old, d *core.Delivery) error {
	if err := store.Deliveries.Replace(tx, old, d); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.DeliveryUpdated, string(d.Document), bus.AboutDelivery(d))
}

// Forward queues the document, which came in, for other channels (Передать в
// систему).
func (s *Service) Forward(tx store.Tx, doc *core.Document, to []core.ChannelID) error {
	for _, channel := range to {
		d := &core.Delivery{Document: doc.ID, Channel: channel, Purpose: core.PurposeForward}
		if err := s.request(tx, d); err != nil {
			return err
		}
	}
	return nil
}

// Report queues news about a document for the channel it came through: who works
// on it (purpose performer) or what became of it (purpose status).
func (s *Service) Report(tx store.Tx, about *core.Document, p core.Purpose) error {
	return s.request(tx, &core.Delivery{
		Document: about.ID, Channel: about.Channel, Purpose: p, To: []core.Correspondent{about.Sender},
	})
}

// Cancel calls a delivery off before it was sent, or closes one whose fate is
// unknown. KindConflict if it has gone.
func (s *Service) Cancel(ctx context.Context, id core.DeliveryID) (*core.Delivery, error) {
	return s.move(ctx, id, core.DeliveryCancelled)
}

// Retry queues a delivery again that was rejected, cancelled or is unknown. That
// is a person's decision: after unknown the addressee may get it twice.
func (s *Service) Retry(ctx context.Context, id core.DeliveryID) (*core.Delivery, error) {
	return s.move(ctx, id, core.DeliveryQueued)
}

func (s *Service) move(ctx context.Context, id core.DeliveryID, to core.DeliveryState) (*core.Delivery, error) {
	var moved *core.Delivery
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		d, err := store.Deliveries.Get(tx, string(id))
		if err != nil {
			return err
		}
		old := *d
		if err := retryable(d, to); err != nil {
			return err
		}
		if err := d.MoveTo(to); err != nil {
			return err
		}
		d.NextAt = nil
		if to == core.DeliveryQueued {
			d.LastError, d.ErrorKind, d.ErrorField, d.Tracks = "", "", "", 0
		}
		s.wakeAfter(tx, d.Channel)
		moved = d
		return s.save(tx, &old, d)
	})
	return moved, err
}

// retryable refuses to queue what is being sent at this moment: only its sender
// may do that.
func retryable(d *core.Delivery, to core.DeliveryState) error {
	if to == core.DeliveryQueued && d.State == core.DeliverySending {
		return core.Conflict("delivery.sending", "отправка выполняется прямо сейчас")
	}
	return nil
}

// pause is the wait before the n-th next try: 30 s doubling to an hour, with a
// fifth of jitter so that many deliveries do not come back at once.
func pause(n int) time.Duration {
	d := 30 * time.Second << min(max(n-1, 0), 10)
	d = min(d, time.Hour)
	return d - time.Duration(rand.Int64N(int64(d)/5))
}
