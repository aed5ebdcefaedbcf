package boltbus

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var errClosed = core.Unavailable("bus.closed", "шина событий закрыта", nil)

// PublishTx implements bus.Driver.
func (d *Driver) PublishTx(tx store.Tx, topic string, msgs ...*message.Message) error {
	t, err := d.topic(topic)
	if err != nil {
		return err
	}
	var last uint64
	for _, msg := range msgs {
		if last, err = tx.Sequence(t.log); err != nil {
			return err
		}
		raw := appendRecord(make([]byte, 0, recordSize(msg)), tx.Now(), msg)
		if err := tx.Insert(t.log, seqKey(last), raw); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { t.advance(last) })
	return nil
}

// Publish publishes the messages in a transaction of their own and returns when
// they are on disk: all of them or, with an error, none.
func (d *Driver) Publish(ctx context.Context, topic string, msgs ...*message.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	err := d.store.Update(ctx, func(tx store.Tx) error { return d.PublishTx(tx, topic, msgs...) })
	if err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}

// Publisher is a watermill Publisher of its own, closed by itself.
func (d *Driver) Publisher() *Publisher { return &Publisher{driver: d} }

// Publisher implements watermill's message.Publisher.
type Publisher struct {
	driver *Driver
	closed atomic.Bool
}

// Publish publishes as Driver.Publish does, under the context of the first
// message.
func (p *Publisher) Publish(topic string, msgs ...*message.Message) error {
	if p.closed.Load() {
		return errClosed
	}
	if len(msgs) == 0 {
		return nil
	}
	return p.driver.Publish(msgs[0].Context(), topic, msgs...)
}

// Close refuses what is published later. Nothing is pending: Publish waits.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}
