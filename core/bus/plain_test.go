package bus_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// plain is a driver that can only acknowledge after the commit, as one over a
// network does, and that delivers everything twice.
type plain struct {
	pubsub *gochannel.GoChannel
	under  sync.WaitGroup
}

func newPlain() *plain {
	return &plain{pubsub: gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})}
}

func (p *plain) send(topic string, msgs ...*message.Message) {
	for _, msg := range msgs {
		for range 2 {
			p.under.Go(func() { _ = p.pubsub.Publish(topic, msg.Copy()) })
		}
	}
}

func (p *plain) PublishTx(tx store.Tx, topic string, msgs ...*message.Message) error {
	tx.AfterCommit(func() { p.send(topic, msgs...) })
	return nil
}

func (p *plain) Declare(context.Context, string, string) error { return nil }

func (p *plain) Subscriber(string) message.Subscriber { return p.pubsub }

func (p *plain) RetryTx(tx store.Tx, msg *message.Message, due time.Time) (bool, error) {
	again := msg.Copy()
	tx.AfterCommit(func() { p.send(string(in), again) })
	return false, nil
}

func (p *plain) RequeueTx(tx store.Tx, topic, _ string, msg *message.Message) error {
	return p.PublishTx(tx, topic, msg)
}

func TestDriverWithoutTransactionalAckHasEachEffectOnce(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "uzel.db"))
	p, runs := newPlain(), newObserver()
	b := bus.New(bus.Options{Store: s, Driver: p, Observer: runs})
	f := &fixture{t: t, store: s, bus: b, runs: runs}
	var fails atomic.Int32
	b.Handle("a", in, func(_ context.Context, tx store.Tx, ev bus.Event) error {
		if _, err := add(tx, "n"+strconv.Itoa(number(ev))); err != nil {
			return err
		}
		if number(ev) == 3 && fails.Add(1) == 1 {
			return kindError(core.KindUnavailable)
		}
		return nil
	})
	stop := start(t, b)
	f.runs.await(t, func() bool { // watermill's channel drops what nobody subscribed to
		f.publish(in, "k", 0)
		return f.runs.count(bus.Done) > 0
	})
	for i := 1; i <= 20; i++ {
		f.publish(in, "k", i)
	}
	f.runs.await(t, func() bool {
		for i := 1; i <= 20; i++ {
			if f.counter("n"+strconv.Itoa(i)) == 0 {
				return false
			}
		}
		return f.runs.count(bus.Duplicate) >= 20
	})
	p.under.Wait()
	stop()
	for i := 1; i <= 20; i++ {
		if n := f.counter("n" + strconv.Itoa(i)); n != 1 {
			t.Errorf("event %d had %d effects", i, n)
		}
	}
	if f.runs.count(bus.Duplicate) == 0 || f.runs.count(bus.Retried) == 0 {
		t.Errorf("outcomes %v prove nothing", f.runs.all)
	}
}

func TestNotesOfHandledEventsAreForgottenInTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, path)
		p, runs := newPlain(), newObserver()
		b := bus.New(bus.Options{Store: s, Driver: p, Observer: runs, TrimEvery: 24 * time.Hour})
		f := &fixture{t: t, store: s, bus: b, runs: runs}
		b.Handle("a", in, func(context.Context, store.Tx, bus.Event) error { return nil })
		stop := start(t, b)
		synctest.Wait()
		for i := range 1500 {
			f.publish(in, "k", i)
		}
		time.Sleep(20 * 24 * time.Hour)
		f.publish(in, "k", 1500)
		time.Sleep(time.Second) // of synctest's clock, in no time: the store lets what can wait wait a little
		p.under.Wait()
		synctest.Wait()
		if n := notes(t, s); n != 1501 {
			t.Errorf("%d notes, want all", n)
		}
		time.Sleep(12 * 24 * time.Hour)
		stop()
		if n := notes(t, s); n != 1 {
			t.Errorf("%d notes, want the young one", n)
		}
	})
}

func notes(t *testing.T, s store.Store) (n int) {
	t.Helper()
	err := s.View(t.Context(), func(tx store.Tx) error {
		n = 0
		for range tx.Scan("b/h/a", nil, nil, false) {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
