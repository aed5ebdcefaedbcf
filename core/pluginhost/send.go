package pluginhost

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// sendLoop holds a Send stream open and takes out what the outbox has for the
// channel.
func (l *live) sendLoop(ctx context.Context) error {
	defer close(l.sendDone)
	err := l.insist(ctx, func() error {
		return l.host.outbox.Recover(ctx, l.channel.id, l.entry.Limits.Idempotent)
	})
	pause := backoff{min: l.host.timing.RetryMin, max: l.host.timing.RetryMax}
	for err == nil || !l.isDraining() {
		if err == nil {
			err = l.send(ctx)
		}
		switch {
		case ctx.Err() != nil || l.isDraining():
			return nil
		case wire.IsBroken(err) || wire.IsGone(err):
			return err
		}
		d := pause.next(err)
		if err != nil {
			l.channel.trouble(fromSend, err, d)
		}
		if !l.pause(ctx, d) {
			return nil
		}
		err = nil
	}
	return nil
}

// insist repeats do until the store takes it or ctx ends.
func (l *live) insist(ctx context.Context, do func() error) error {
	return insist(ctx, &l.host.timing, l.channel, do)
}

func (l *live) wakeSender() {
	select {
	case l.sendBell <- struct{}{}:
	default:
	}
}

// sender is one Send stream. The feeder claims deliveries and hands them over,
// one after the other; answers come in any order and are settled in groups.
type sender struct {
	*live
	stream   pluginv1.Plugin_SendClient
	writer   plugin.Writer
	outcomes chan core.Outcome
	freed    chan struct{} // a place became free
	nextAt   time.Time     // of the next delivery, by the rate limit
	hold     backoff       // pauses while the settings are wrong

	mu        sync.Mutex
	flights   map[core.DeliveryID]*flight
	holdUntil time.Time
	late      []string // deliveries to be cancelled at the plugin
}

// flight is a delivery whose outcome is awaited.
type flight struct {
	handed bool // all of it went out: without an answer it may have been sent
	until  time.Time
}

// outcomesWaiting is how many outcomes may wait to be settled; beyond it the
// answers wait, and with them the plugin.
const outcomesWaiting = 1024

// send works with one stream until the channel drains (nil) or the stream ends.
func (l *live) send(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := l.client.Send(ctx)
	if err != nil {
		return wire.CallError(err, "send")
	}
	s := &sender{
		live: l, stream: stream,
		outcomes: make(chan core.Outcome, outcomesWaiting),
		freed:    make(chan struct{}, 1),
		hold:     backoff{min: l.host.timing.RetryMin, max: l.host.timing.RetryMax},
		flights:  make(map[core.DeliveryID]*flight),
	}
	var settling, working sync.WaitGroup
	settling.Go(func() { s.settleAll(ctx) })
	working.Go(func() { cancel(s.answers()) })
	working.Go(func() { s.expire(ctx) })
	err = s.feed(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(err)
	working.Wait()
	s.abandon()
	close(s.outcomes)
	settling.Wait()
	return err
}

// feed claims and hands over until ctx ends, the stream breaks, or the channel
// drains and every answer has come.
func (s *sender) feed(ctx context.Context) error {
	for !s.isDraining() {
		n, err := s.ready(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		parcels, err := s.claim(ctx, n)
		if err != nil {
			return err
		}
		for i := range parcels {
			if err := s.hand(ctx, &parcels[i]); err != nil {
				s.putBack(parcels[i+1:])
				return err
			}
		}
	}
	return s.finish(ctx)
}

// ready waits until deliveries may be claimed and tells how many; 0 when the
// question has to be asked again.
func (s *sender) ready(ctx context.Context) (int, error) {
	s.sendCancels()
	open, changed := s.out.state()
	places, hold := s.places()
	if open && places > 0 && hold <= 0 {
		return places, nil
	}
	timer := time.NewTimer(max(hold, 0))
	defer timer.Stop()
	if hold <= 0 {
		timer.Stop()
	}
	select {
	case <-timer.C:
	case <-changed:
	case <-s.freed:
	case <-s.sendBell: // more may be allowed at once now; claiming comes next anyway
	case <-s.nudge.wait():
		s.release()
	case <-s.draining:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return 0, nil
}

// places is how many deliveries may be under way beside those that are, and how
// long to wait because the settings are wrong.
func (s *sender) places() (n int, hold time.Duration) {
	s.live.mu.Lock()
	allowed := max(s.entry.Limits.Concurrency, 1)
	if s.concurrency > 0 {
		allowed = min(allowed, s.concurrency)
	}
	s.live.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return allowed - len(s.flights), time.Until(s.holdUntil)
}

// release ends the pause after a wrong setting.
func (s *sender) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holdUntil = time.Time{}
}

// idleAtMost bounds the sleep of a sender whose outbox is empty.
const idleAtMost = time.Minute

// claim takes up to n deliveries; when there are none it waits for a reason to
// ask again.
func (s *sender) claim(ctx context.Context, n int) ([]core.Parcel, error) {
	parcels, err := s.host.outbox.Claim(ctx, s.channel.id, n)
	if err != nil || len(parcels) > 0 {
		return parcels, err
	}
	_, next, err := s.host.outbox.Pending(ctx, s.channel.id)
	if err != nil {
		return nil, err
	}
	idle := idleAtMost
	if !next.IsZero() {
		idle = min(idle, max(next.Sub(s.host.now()), time.Millisecond))
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.sendBell:
	case <-s.draining:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return nil, nil
}

// hand hands one delivery over. An error means that the stream is broken.
func (s *sender) hand(ctx context.Context, p *core.Parcel) error {
	id := p.Delivery.ID
	if err := refuseParcel(&s.entry, p); err != nil {
		s.outcomes <- core.Outcome{Delivery: id, Err: err}
		return nil
	}
	if !s.rate(ctx) {
		s.putBack([]core.Parcel{*p})
		return context.Cause(ctx)
	}
	s.mu.Lock()
	s.flights[id] = &flight{until: time.Now().Add(s.host.timing.Send)}
	s.mu.Unlock()
	err := s.writer.Dispatch(wire.Dispatch(p), s.files(ctx, p), func(f *pluginv1.DispatchFrame) error {
		if f.End {
			s.handed(id)
		}
		return s.stream.Send(&pluginv1.SendUp{Step: &pluginv1.SendUp_Frame{Frame: f}})
	})
	unread, isUnread := errors.AsType[*plugin.ReadError](err)
	switch {
	case err == nil:
		return nil
	case isUnread:
		s.answer(core.Outcome{Delivery: id, Err: fileError(unread.Err)})
		return nil
	case errors.Is(err, plugin.ErrHeadTooLarge):
		s.answer(core.Outcome{Delivery: id, Err: tooLong()})
		return nil
	}
	return s.broken(ctx, err)
}

// broken is why the stream cannot be written to: the answers know.
func (s *sender) broken(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return wire.CallError(err, "send")
}

func (s *sender) handed(id core.DeliveryID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.flights[id]; f != nil {
		f.handed = true
	}
}

func (s *sender) files(ctx context.Context, p *core.Parcel) []plugin.File {
	files := make([]plugin.File, len(p.Document.Files))
	for i, a := range p.Document.Files {
		files[i] = plugin.File{Head: wire.Head(a), Open: func() (io.ReadCloser, error) {
			return s.host.blobs.Open(ctx, a.Hash)
		}}
	}
	return files
}

// rate waits for the delivery's turn when so many a second are allowed.
func (s *sender) rate(ctx context.Context) bool {
	perSecond := s.entry.Limits.PerSecond
	if perSecond <= 0 {
		return true
	}
	now := time.Now()
	if now.Before(s.nextAt) && !sleep(ctx, s.nextAt.Sub(now)) {
		return false
	}
	s.nextAt = time.Now().Add(time.Duration(float64(time.Second) / perSecond))
	return true
}

// finish waits for the answers that are still to come and ends the stream.
func (s *sender) finish(ctx context.Context) error {
	for {
		s.mu.Lock()
		n := len(s.flights)
		s.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-s.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ---- answers

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

// expire gives up deliveries the plugin does not answer.
func (s *sender) expire(ctx context.Context) {
	tick := time.NewTicker(max(min(time.Second, s.host.timing.Send/4), time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, id := range s.expired(now) {
				s.answer(core.Outcome{Delivery: id, Err: lost("коннектор не ответил за отведённое время")})
			}
		}
	}
}

func (s *sender) expired(now time.Time) []core.DeliveryID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []core.DeliveryID
	for id, f := range s.flights {
		if now.After(f.until) && f.handed {
			out = append(out, id)
			s.late = append(s.late, string(id))
		}
	}
	return out
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

// ---- settling

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
