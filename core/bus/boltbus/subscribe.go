package boltbus

import (
	"context"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Subscriber implements bus.Driver.
func (d *Driver) Subscriber(group string) message.Subscriber {
	return &Subscriber{driver: d, group: group, closing: make(chan struct{})}
}

// Subscriber implements watermill's message.Subscriber for one group. Several
// subscriptions of a group, of the same or of other Subscribers, share its
// messages.
type Subscriber struct {
	driver *Driver
	group  string

	mu      sync.Mutex
	closed  bool
	closing chan struct{}
	running sync.WaitGroup // subscriptions
}

// SubscribeInitialize implements watermill's message.SubscribeInitializer by
// declaring the subscription.
func (s *Subscriber) SubscribeInitialize(topic string) error {
	return s.driver.Declare(context.Background(), topic, s.group)
}

// Subscribe implements watermill's message.Subscriber. Many messages may be
// under way at once, but of each key only one.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	if err := s.driver.Declare(ctx, topic, s.group); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	g, err := s.driver.enter(groupID{topic, s.group})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	sub := &subscription{driver: s.driver, group: g, out: make(chan *message.Message)}
	s.running.Go(func() {
		defer s.driver.leave(g)
		defer cancel()
		sub.run(ctx)
	})
	s.running.Go(func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	return sub.out, nil
}

// Close implements watermill's message.Subscriber: it ends all subscriptions
// and waits for them. Messages under way come again, unless their transaction
// commits yet.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// enter adds a subscription to a group and starts the group with the first one.
func (d *Driver) enter(id groupID) (*group, error) {
	t, err := d.topic(id.topic)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.groups[id]
	if g == nil {
		g = newGroup(d, t, id)
		d.groups[id] = g
		g.run()
	}
	g.subs++
	return g, nil
}

// leave takes a subscription away; the last one ends the group.
func (d *Driver) leave(g *group) {
	d.mu.Lock()
	g.subs--
	last := g.subs == 0
	if last {
		delete(d.groups, g.id)
	}
	d.mu.Unlock()
	if last {
		g.stop()
		g.done.Wait()
	}
}

func (g *group) run() {
	ctx, cancel := context.WithCancel(context.Background())
	unwatch := g.topic.watch(func() {
		if g.idle.Load() {
			poke(g.wake)
		}
	})
	g.stop = cancel
	g.done.Go(func() {
		defer unwatch()
		g.feed(ctx)
	})
}

// subscription hands the messages of a group to one channel.
type subscription struct {
	driver *Driver
	group  *group
	out    chan *message.Message
	under  sync.WaitGroup // messages under way
}

// run hands out messages, each key in order, until ctx is done.
func (s *subscription) run(ctx context.Context) {
	defer s.under.Wait()
	defer close(s.out)
	for {
		raw, dv := s.group.take()
		if dv == nil {
			select {
			case <-s.group.more:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !s.hand(ctx, raw, dv) {
			return
		}
	}
}

// hand gives a message to the channel; false when ctx is done.
func (s *subscription) hand(ctx context.Context, raw []byte, dv *delivery) bool {
	msg := messageOf(raw)
	dv.Context, dv.cancel = context.WithCancel(ctx)
	msg.SetContext(dv)
	select {
	case s.out <- msg:
		s.under.Go(func() { s.await(dv, msg) })
		return true
	case <-ctx.Done():
		dv.cancel()
		s.group.giveBack(dv, false)
		return false
	}
}

// await waits for the answer to a message.
func (s *subscription) await(dv *delivery, msg *message.Message) {
	defer dv.cancel()
	select {
	case <-msg.Acked():
		s.acked(dv, msg)
	case <-msg.Nacked():
		s.group.giveBack(dv, true)
	case <-dv.Done():
		select {
		case <-msg.Acked():
			s.acked(dv, msg)
		default:
			s.group.giveBack(dv, false)
		}
	}
}

// acked acknowledges a message that no transaction has acknowledged.
func (s *subscription) acked(dv *delivery, msg *message.Message) {
	if dv.settled.Load() {
		return
	}
	err := s.driver.store.Update(context.WithoutCancel(dv), func(tx store.Tx) error {
		_, err := s.driver.AckTx(tx, msg)
		return err
	})
	if err != nil {
		s.driver.opts.Log.Error("message comes again: its acknowledgement was not stored", "topic", dv.group.topic,
			"group", dv.group.name, "sequence", dv.seq, "kind", core.KindOf(err), "error", err)
		s.group.giveBack(dv, true)
	}
}
