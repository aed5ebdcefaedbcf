package outgoing

import (
	"context"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Claim hands out up to max deliveries of the channel that are due: they are
// `sending`, durably, before the caller sees them, so that after a crash nobody
// takes them for untouched.
func (s *Service) Claim(ctx context.Context, channel core.ChannelID, max int) ([]core.Parcel, error) {
	var parcels []core.Parcel
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		parcels = parcels[:0]
		due, err := queued(tx, channel, max)
		if err != nil {
			return err
		}
		for _, d := range due {
			p, err := s.claim(tx, d)
			if err != nil {
				return err
			}
			if p != nil {
				parcels = append(parcels, *p)
			}
		}
		return nil
	})
	return parcels, err
}

// queued are the deliveries to make now: repeated ones that are due, then fresh
// ones.
func queued(tx store.Tx, channel core.ChannelID, max int) ([]*core.Delivery, error) {
	out, err := due(tx, channel, core.DeliveryQueued, max)
	if err != nil || len(out) == max {
		return out, err
	}
	for d, err := range store.Deliveries.Find(tx, "queue", store.QueueKey(channel, core.DeliveryQueued)) {
		if err != nil {
			return nil, err
		}
		if out = append(out, d); len(out) == max {
			break
		}
	}
	return out, nil
}

func due(tx store.Tx, channel core.ChannelID, state core.DeliveryState, max int) ([]*core.Delivery, error) {
	var out []*core.Delivery
	from := store.QueueKey(channel, state) + "\x1f"
	for d, err := range store.Deliveries.Range(tx, "due", from, store.DueKey(channel, state, tx.Now())) {
		if err != nil {
			return nil, err
		}
		if out = append(out, d); len(out) == max {
			break
		}
	}
	return out, nil
}

// claim moves one delivery to sending. A delivery whose document is gone is
// rejected instead and gives no parcel.
func (s *Service) claim(tx store.Tx, d *core.Delivery) (*core.Parcel, error) {
	p, err := parcel(tx, d)
	if err != nil {
		if core.KindOf(err) != core.KindNotFound {
			return nil, err
		}
		return nil, s.reject(tx, d, "документ удалён")
	}
	old := *d
	if err := d.MoveTo(core.DeliverySending); err != nil {
		return nil, err
	}
	d.Attempts++
	d.NextAt = nil
	if err := store.Deliveries.Replace(tx, &old, d); err != nil {
		return nil, err
	}
	p.Delivery = *d
	return p, nil
}

func (s *Service) reject(tx store.Tx, d *core.Delivery, text string) error {
	old := *d
	if err := d.MoveTo(core.DeliveryRejected); err != nil {
		return err
	}
	d.LastError, d.ErrorKind, d.NextAt = text, core.KindRejected.String(), nil
	return s.save(tx, &old, d)
}

// Recover settles what a crash left in `sending`: it may have been sent, so it
// becomes unknown; with an idempotent connector it is queued again. Called by
// the channel's host before the sender starts.
func (s *Service) Recover(ctx context.Context, channel core.ChannelID, idempotent bool) error {
	to := core.DeliveryUnknown
	if idempotent {
		to = core.DeliveryQueued
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		var left []*core.Delivery
		for d, err := range store.Deliveries.Find(tx, "queue", store.QueueKey(channel, core.DeliverySending)) {
			if err != nil {
				return err
			}
			left = append(left, d)
		}
		for _, d := range left {
			old := *d
			if err := d.MoveTo(to); err != nil {
				return err
			}
			d.LastError, d.ErrorKind = "работа прервалась во время отправки", core.KindUnknown.String()
			if err := s.save(tx, &old, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// ToTrack are up to max deliveries whose fate the connector should be asked for
// now: submitted and unknown ones.
func (s *Service) ToTrack(ctx context.Context, channel core.ChannelID, max int) ([]core.Delivery, error) {
	var out []core.Delivery
	err := s.Store.View(ctx, func(tx store.Tx) error {
		for _, state := range []core.DeliveryState{core.DeliveryUnknown, core.DeliverySubmitted} {
			for d, err := range store.Deliveries.Find(tx, "queue", store.QueueKey(channel, state)) {
				if err != nil {
					return err
				}
				if len(out) == max {
					return nil
				}
				out = append(out, *d)
			}
			later, err := due(tx, channel, state, max)
			if err != nil {
				return err
			}
			for _, d := range later {
				if len(out) < max {
					out = append(out, *d)
				}
			}
		}
		return nil
	})
	return out, err
}

// pendingLimit bounds the counting of what waits.
const pendingLimit = 1000

// Pending tells what waits in the channel's queue.
func (s *Service) Pending(ctx context.Context, channel core.ChannelID) (q core.DeliveryQueue, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		oldest := "~" // behind every id
		for key := range store.Deliveries.FindKeys(tx, "queue", store.QueueKey(channel, core.DeliveryQueued)) {
			oldest = min(oldest, key)
			if q.Waiting++; q.Waiting == pendingLimit {
				break
			}
		}
		from := store.QueueKey(channel, core.DeliveryQueued) + "\x1f"
		for d, err := range store.Deliveries.Range(tx, "due", from, from+"\x7f") {
			if err != nil {
				return err
			}
			oldest = min(oldest, string(d.ID))
			if q.NextAt.IsZero() {
				q.NextAt = *d.NextAt
			}
			if q.Waiting++; q.Waiting >= pendingLimit {
				break
			}
		}
		if since, err := core.IDTime(oldest); err == nil {
			q.Since = &since
		}
		return nil
	})
	return q, err
}
