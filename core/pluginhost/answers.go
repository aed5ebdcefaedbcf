package pluginhost

import (
	"context"
	"errors"
	"io"
	"time"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// answers reads what became of the deliveries until the stream ends.
func (s *sender) answers() error {
	for {
		down, err := s.stream.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return core.Unavailable("plugin.send_ended", "коннектор закрыл поток отправки", nil)
			}
			return wire.CallError(err, "send")
		}
		s.answer(wire.Sent(core.DeliveryID(down.GetDelivery()), down.GetReceipt(), down.GetFault(), s.host.now()))
	}
}

// answer takes the delivery off and passes its outcome on. One that nobody
// waits for (answered twice, or after it was given up) is dropped.
func (s *sender) answer(o core.Outcome) {
	s.mu.Lock()
	_, awaited := s.flights[o.Delivery]
	delete(s.flights, o.Delivery)
	s.mu.Unlock()
	if !awaited {
		return
	}
	s.watchSettings(o.Err)
	s.outcomes <- s.again(o)
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// watchSettings stops the sender for a while when the settings are wrong, and
// ends that when a delivery went through.
func (s *sender) watchSettings(err error) {
	switch kind := core.KindOf(err); {
	case err == nil:
		s.hold.reset()
		s.channel.over(fromSend)
	case kind == core.KindConfig || kind == core.KindUnauthenticated:
		s.mu.Lock()
		d := time.Until(s.holdUntil)
		if d <= 0 { // several at once are one reason to wait
			d = s.hold.next(err)
			s.holdUntil = time.Now().Add(d)
		}
		s.mu.Unlock()
		s.channel.trouble(fromSend, err, d)
	}
}

// again makes of "perhaps sent" a "send again" where the outside system drops
// the second one.
func (s *sender) again(o core.Outcome) core.Outcome {
	if !s.entry.Limits.Idempotent {
		return o
	}
	if o.Err != nil && core.KindOf(o.Err) == core.KindUnknown || o.Err == nil && o.State == core.DeliveryUnknown {
		o.State = ""
		o.Err = core.Unavailable("delivery.unknown", "ответ внешней системы потерян: отправим ещё раз", o.Err)
	}
	return o
}

// expire gives up deliveries the plugin does not answer, and the stream when it
// does not even take one.
func (s *sender) expire(ctx context.Context, giveUp context.CancelCauseFunc) {
	tick := time.NewTicker(max(min(time.Second, s.host.timing.Send/4), time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			late, stuck := s.expired(now)
			for _, id := range late {
				s.answer(core.Outcome{Delivery: id, Err: lost("коннектор не ответил за отведённое время")})
			}
			if stuck {
				giveUp(core.Unavailable("plugin.send_stuck", "коннектор не принимает отправку", nil))
			}
		}
	}
}

// expired are the deliveries that were handed over and not answered in time;
// stuck tells that one could not even be handed over.
func (s *sender) expired(now time.Time) (late []core.DeliveryID, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.flights {
		switch {
		case now.Before(f.until):
		case f.handed:
			late = append(late, id)
			s.late = append(s.late, string(id))
		default:
			stuck = true
		}
	}
	return late, stuck
}

// sendCancels tells the plugin what is no longer waited for. Only the feeder
// writes to the stream.
func (s *sender) sendCancels() {
	s.mu.Lock()
	late := s.late
	s.late = nil
	s.mu.Unlock()
	for _, id := range late {
		_ = s.stream.Send(&pluginv1.SendUp{Step: &pluginv1.SendUp_Cancel{Cancel: id}}) // the answers see a broken stream
	}
}

// abandon settles what got no answer before the stream ended.
func (s *sender) abandon() {
	s.mu.Lock()
	left := s.flights
	s.flights = make(map[core.DeliveryID]*flight)
	s.mu.Unlock()
	for id, f := range left {
		o := core.Outcome{Delivery: id, Err: lost("связь с коннектором прервалась во время отправки")}
		if !f.handed {
			o.Err = notHanded()
		}
		s.outcomes <- s.again(o)
	}
}

// putBack settles what was claimed and not handed over.
func (s *sender) putBack(parcels []core.Parcel) {
	for i := range parcels {
		s.outcomes <- core.Outcome{Delivery: parcels[i].Delivery.ID, Err: notHanded()}
	}
}

func lost(text string) error {
	return &core.Error{Kind: core.KindUnknown, Code: "delivery.unknown", Op: "deliver", Source: core.SourcePlugin, Text: text}
}

func notHanded() error {
	return core.Unavailable("delivery.not_handed", "связь с коннектором прервалась до отправки", nil)
}

func tooLong() error {
	return &core.Error{Kind: core.KindRejected, Code: "delivery.too_long", Op: "deliver", Text: "текст и реквизиты больше 3 МБ"}
}

func fileError(err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	return core.Unavailable("delivery.file", "файл не читается", err)
}

// maxSettle bounds the outcomes settled in one transaction.
const maxSettle = 256

// settleAll writes outcomes down, as many at once as wait, until no more come.
func (s *sender) settleAll(ctx context.Context) {
	for first := range s.outcomes {
		batch := append(make([]core.Outcome, 0, 16), first)
		for len(batch) < maxSettle {
			more, ok := tryReceive(s.outcomes)
			if !ok {
				break
			}
			batch = append(batch, more)
		}
		s.settle(ctx, batch)
	}
}

func tryReceive[T any](ch <-chan T) (v T, ok bool) {
	select {
	case v, ok = <-ch:
		return v, ok
	default:
		return v, false
	}
}

// settleTimeout bounds the last try when the work is over already.
const settleTimeout = 5 * time.Second

// settle writes outcomes down. What cannot be written before ctx ends stays
// `sending`, and Recover makes it unknown.
func (l *live) settle(ctx context.Context, batch []core.Outcome) {
	err := l.insist(ctx, func() error {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		return l.host.outbox.Settle(last, batch)
	})
	if err != nil {
		l.host.log.Error("outcomes not settled", "channel", string(l.channel.id), "count", len(batch), "error", err)
		return
	}
	unknown := false
	for i := range batch {
		l.channel.settled(&batch[i])
		unknown = unknown || core.KindOf(batch[i].Err) == core.KindUnknown
	}
	if unknown {
		l.wakeTracker()
	}
}
