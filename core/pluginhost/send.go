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
	"github.com/uzel-hub/uzel/core/store"
)

// sendLoop holds a Send stream open and takes out what the outbox has for the
// channel.
func (l *live) sendLoop(ctx context.Context) error {
	defer close(l.sendDone)
	ctx = store.Deferrable(ctx) // what comes in goes first
	pause := backoff{min: l.host.timing.RetryMin, max: l.host.timing.RetryMax}
	for {
		err := l.insist(ctx, func() error {
			return l.host.outbox.Recover(ctx, l.channel.id, l.entry.Limits.Idempotent)
		})
		if err == nil {
			l.wakeTracker() // what was recovered is asked about at once
			err = l.send(ctx)
		}
		switch {
		case ctx.Err() != nil || l.isDraining():
			return nil
		case wire.IsBroken(err) || wire.IsGone(err):
			return err
		}
		d := pause.next(err)
		l.channel.trouble(fromSend, err, d)
		if !l.pause(ctx, d) {
			return nil
		}
	}
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
	nextAt   time.Time     // of the next delivery, by the rate limit; the feeder's alone
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
	working.Go(func() { s.expire(ctx, cancel) })
	settled := time.AfterFunc(l.host.timing.Settled, s.settledIn)
	defer settled.Stop()
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

// settledIn ends the problem that the stream before had.
func (s *sender) settledIn() {
	s.mu.Lock()
	held := time.Now().Before(s.holdUntil)
	s.mu.Unlock()
	if !held {
		s.channel.over(fromSend)
	}
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
// long to wait because the settings are wrong or so many a second are allowed.
func (s *sender) places() (n int, hold time.Duration) {
	s.live.mu.Lock()
	allowed := max(s.entry.Limits.Concurrency, 1)
	if s.concurrency > 0 {
		allowed = min(allowed, s.concurrency)
	}
	s.live.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entry.Limits.PerSecond > 0 { // claimed one by one, each when its turn comes
		allowed = min(allowed, len(s.flights)+1)
	}
	return allowed - len(s.flights), max(time.Until(s.holdUntil), time.Until(s.nextAt))
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
	queue, err := s.host.outbox.Pending(ctx, s.channel.id)
	if err != nil {
		return nil, err
	}
	idle := idleAtMost
	if !queue.NextAt.IsZero() {
		idle = min(idle, max(queue.NextAt.Sub(s.host.now()), time.Millisecond))
	}
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil, nil
		case <-s.sendBell:
			return nil, nil
		case <-s.draining:
			return nil, nil
		case <-s.freed: // an answer, or one given up
			s.sendCancels()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// hand hands one delivery over. An error means that the stream is broken.
func (s *sender) hand(ctx context.Context, p *core.Parcel) error {
	id := p.Delivery.ID
	if err := refuseParcel(&s.entry, p); err != nil {
		s.outcomes <- core.Outcome{Delivery: id, Err: err}
		return nil
	}
	if perSecond := s.entry.Limits.PerSecond; perSecond > 0 {
		s.nextAt = time.Now().Add(time.Duration(float64(time.Second) / perSecond))
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
