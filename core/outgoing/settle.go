package outgoing

import (
	"context"
	"errors"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Settle writes down what became of attempts, or what tracking found out. An
// outcome that no longer fits the delivery's state (a late receipt for one that
// was called off) changes nothing.
func (s *Service) Settle(ctx context.Context, outcomes []core.Outcome) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		for _, o := range outcomes {
			if err := s.settle(tx, o); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) settle(tx store.Tx, o core.Outcome) error {
	d, err := store.Deliveries.Get(tx, string(o.Delivery))
	if err != nil {
		if core.KindOf(err) == core.KindNotFound {
			return nil
		}
		return err
	}
	old := *d
	if late(d.State, o) {
		return nil
	}
	if o.Err != nil {
		set, err := settings.DeliveriesOf(tx)
		if err != nil {
			return err
		}
		fail(tx.Now(), set.GiveUp(), d, o.Err)
	} else if err := succeed(tx.Now(), d, o); err != nil {
		return nil // late, too
	}
	if err := s.save(tx, &old, d); err != nil {
		return err
	}
	return s.follow(tx, d)
}

// late tells that an outcome came when the delivery had moved on meanwhile: a
// failure says something only of an attempt or of a question under way, and
// that the outside system does not have it only while its fate is unknown. One
// that was called off must not go out after all.
func late(s core.DeliveryState, o core.Outcome) bool {
	switch {
	case o.Err != nil:
		return s != core.DeliverySending && s != core.DeliverySubmitted && s != core.DeliveryUnknown
	case o.State == core.DeliveryQueued:
		return s != core.DeliveryUnknown
	}
	return false
}

// succeed takes over what the connector told.
func succeed(now time.Time, d *core.Delivery, o core.Outcome) error {
	state := o.State
	if state == "" {
		state = core.DeliverySent
	}
	if err := d.MoveTo(state); err != nil {
		return err
	}
	d.LastError, d.ErrorKind, d.ErrorField, d.NextAt = "", "", "", nil
	take(&d.Token, o.Token)
	take(&d.ExternalID, o.ExternalID)
	take(&d.OutsideCode, o.Code)
	take(&d.OutsideText, o.Text)
	take(&d.Cost, o.Cost)
	switch state {
	case core.DeliverySubmitted, core.DeliveryUnknown:
		askAgain(now, d)
	case core.DeliverySent, core.DeliveryDelivered, core.DeliveryRead:
		if d.SentAt == nil {
			d.SentAt = moment(now, o.At)
		}
	case core.DeliveryRejected:
		d.LastError, d.ErrorKind = o.Text, core.KindRejected.String()
	}
	return nil
}

// askAgain sets when the connector is asked for the delivery's fate again.
func askAgain(now time.Time, d *core.Delivery) {
	d.Tracks++
	at := now.Add(pause(d.Tracks))
	d.NextAt = &at
}

func take(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func moment(now, at time.Time) *time.Time {
	if at.IsZero() {
		at = now
	}
	return &at
}

// fail takes over a failed attempt, or a failed question about one.
func fail(now time.Time, giveUp time.Duration, d *core.Delivery, err error) {
	describe(d, err)
	if d.State != core.DeliverySending {
		askAgain(now, d) // the delivery itself did not fail
		return
	}
	next, wait := verdict(now, giveUp, d, err)
	if d.MoveTo(next) != nil {
		return
	}
	d.NextAt = nil
	if wait > 0 {
		at := now.Add(wait)
		d.NextAt = &at
	}
}

// verdict decides by the kind of the error what comes next, and after what pause.
// A delivery is repeated for giveUp while the other side is unavailable, as mail
// servers do. While the outside system as a whole cannot be reached
// (core.CodeUnreachable), nothing is given up.
func verdict(now time.Time, giveUp time.Duration, d *core.Delivery, err error) (core.DeliveryState, time.Duration) {
	switch core.KindOf(err) {
	case core.KindRejected, core.KindInvalid, core.KindNotFound, core.KindForbidden:
		return core.DeliveryRejected, 0
	case core.KindUnknown:
		return core.DeliveryUnknown, 0
	case core.KindConfig, core.KindUnauthenticated:
		d.Attempts-- // the channel waits for a setting: that was no attempt of the delivery
		return core.DeliveryQueued, 0
	}
	if core.CodeOf(err) != core.CodeUnreachable && now.Sub(d.CreatedAt) > giveUp {
		return core.DeliveryRejected, 0
	}
	return core.DeliveryQueued, max(core.AfterOf(err), pause(d.Attempts))
}

// describe keeps what went wrong in words for people.
func describe(d *core.Delivery, err error) {
	d.ErrorKind = core.KindOf(err).String()
	d.LastError = err.Error()
	if e, ok := errors.AsType[*core.Error](err); ok {
		d.ErrorField = e.Field
		if e.Text != "" {
			d.LastError = e.Text
		}
	}
}

// own tells that a delivery carries a document made for it.
func own(d *core.Delivery) bool {
	return d.Purpose == core.PurposeAnswer || d.Purpose == core.PurposeDocument || d.Purpose == core.PurposeNotice && d.Notice == ""
}

// follow moves the outgoing document with its delivery and wakes the
// sender for what is queued again.
func (s *Service) follow(tx store.Tx, d *core.Delivery) error {
	if d.State == core.DeliveryQueued {
		s.wakeAfter(tx, d.Channel)
		return nil
	}
	next, ok := documentState(d.State)
	if !ok || !own(d) {
		return nil
	}
	doc, err := store.Documents.Get(tx, string(d.Document))
	if err != nil {
		if core.KindOf(err) == core.KindNotFound {
			return nil
		}
		return err
	}
	changed := doc.State != next && doc.MoveAt(tx.Now(), next) == nil
	if doc.ExternalID == "" && d.ExternalID != "" {
		doc.ExternalID, changed = d.ExternalID, true
	}
	if !changed {
		return nil
	}
	if err := store.Documents.Put(tx, doc); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.DocumentUpdated, string(doc.ID), bus.AboutDocument(doc))
}

func documentState(s core.DeliveryState) (core.DocumentState, bool) {
	switch s {
	case core.DeliverySent, core.DeliveryDelivered, core.DeliveryRead:
		return core.DocumentSent, true
	case core.DeliveryRejected:
		return core.DocumentUndeliv, true
	}
	return "", false
}
