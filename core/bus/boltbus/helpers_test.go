package boltbus_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
)

func keyed(key, uuid string) *message.Message {
	msg := message.NewMessage(uuid, message.Payload("payload of "+uuid))
	msg.Metadata[bus.KeyMetadata] = key
	return msg
}

func declare(t testing.TB, d *boltbus.Driver, groups ...string) {
	t.Helper()
	for _, g := range groups {
		if err := d.Declare(t.Context(), topic, g); err != nil {
			t.Fatal(err)
		}
	}
}

func publish(t testing.TB, d *boltbus.Driver, msgs ...*message.Message) {
	t.Helper()
	if err := d.Publish(t.Context(), topic, msgs...); err != nil {
		t.Fatal(err)
	}
}

// subscribe returns the channel, and close, which ends the subscription.
func subscribe(t testing.TB, d *boltbus.Driver, group string) (msgs <-chan *message.Message, closeSub func()) {
	t.Helper()
	sub := d.Subscriber(group)
	msgs, err := sub.Subscribe(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	closeSub = func() {
		if err := sub.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(closeSub)
	return msgs, closeSub
}

func next(t testing.TB, msgs <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case msg, ok := <-msgs:
		if !ok {
			t.Fatal("channel was closed")
		}
		return msg
	case <-time.After(time.Minute):
		t.Fatal("no message came")
	}
	return nil
}

// nothing fails if a message is there once everything has settled.
func nothing(t testing.TB, msgs <-chan *message.Message) {
	t.Helper()
	select {
	case msg := <-msgs:
		t.Fatalf("unexpected message %s", msg.UUID)
	case <-time.After(50 * time.Millisecond):
	}
}

func update(t testing.TB, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// ackTx acknowledges in a transaction and tells whether one had done so before.
func ackTx(t testing.TB, s store.Store, d *boltbus.Driver, msg *message.Message) (already bool) {
	t.Helper()
	update(t, s, func(tx store.Tx) (err error) {
		already, err = d.AckTx(tx, msg)
		return err
	})
	return already
}

func retryTx(t testing.TB, s store.Store, d *boltbus.Driver, msg *message.Message, due time.Time) (already bool) {
	t.Helper()
	update(t, s, func(tx store.Tx) (err error) {
		already, err = d.RetryTx(tx, msg, due)
		return err
	})
	return already
}

func backlog(t testing.TB, d *boltbus.Driver) boltbus.Backlog {
	t.Helper()
	all, err := d.Backlogs(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("backlogs: %v %v", all, err)
	}
	return all[0]
}

func setup(t testing.TB, opts boltbus.Options) (store.Store, *boltbus.Driver) {
	t.Helper()
	s := openStore(t, filepath.Join(t.TempDir(), "uzel.db"))
	d := boltbus.New(s, opts)
	declare(t, d, group)
	return s, d
}
