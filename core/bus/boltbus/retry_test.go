package boltbus_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store"
)

func TestMessagesOfOneKeyComeOneAfterTheOther(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	msgs, _ := subscribe(t, d, group)
	publish(t, d, keyed("a", "a1"), keyed("a", "a2"), keyed("b", "b1"), keyed("a", "a3"))
	a1, b1 := next(t, msgs), next(t, msgs)
	if a1.UUID != "a1" || b1.UUID != "b1" {
		t.Fatalf("got %s, %s", a1.UUID, b1.UUID)
	}
	nothing(t, msgs)
	ackTx(t, s, d, a1)
	if got := next(t, msgs); got.UUID != "a2" {
		t.Errorf("got %s", got.UUID)
	}
	nothing(t, msgs)
}

func TestRetryHoldsItsKeyBackAndNothingElse(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%v", restart), func(t *testing.T) {
			s, d := setup(t, boltbus.Options{})
			msgs, closeSub := subscribe(t, d, group)
			publish(t, d, keyed("a", "a1"), keyed("a", "a2"), keyed("b", "b1"))
			a1, b1 := next(t, msgs), next(t, msgs)
			a1.Metadata["attempts"] = "1"
			due := time.Now().Add(300 * time.Millisecond)
			if retryTx(t, s, d, a1, due) {
				t.Fatal("already")
			}
			a1.Ack()
			ackTx(t, s, d, b1)
			publish(t, d, keyed("a", "a3"), keyed("b", "b2"))
			b2 := next(t, msgs)
			if b2.UUID != "b2" {
				t.Fatalf("got %s: the key did not wait", b2.UUID)
			}
			ackTx(t, s, d, b2)
			if restart {
				closeSub()
				d = boltbus.New(s, boltbus.Options{})
				declare(t, d, group)
				msgs, _ = subscribe(t, d, group)
			}
			for i, want := range []string{"a1", "a2", "a3"} {
				msg := next(t, msgs)
				if msg.UUID != want {
					t.Fatalf("got %s, want %s", msg.UUID, want)
				}
				if i == 0 && (time.Now().Before(due) || msg.Metadata["attempts"] != "1") {
					t.Errorf("came early or without its metadata: %v", msg.Metadata)
				}
				ackTx(t, s, d, msg)
			}
			if b := backlog(t, d); b.Pending != 0 || b.Waiting != 0 {
				t.Errorf("backlog %+v", b)
			}
		})
	}
}

func TestRetryLetsTheCursorGoOn(t *testing.T) {
	s, d := setup(t, boltbus.Options{Window: 4})
	msgs, _ := subscribe(t, d, group)
	publish(t, d, keyed("poison", "p"))
	retryTx(t, s, d, next(t, msgs), time.Now().Add(time.Hour))
	for i := range 500 { // many windows and spans
		publish(t, d, keyed("poison", "behind"), keyed(strconv.Itoa(i), strconv.Itoa(i)))
		msg := next(t, msgs)
		if msg.UUID != strconv.Itoa(i) {
			t.Fatalf("got %s", msg.UUID)
		}
		ackTx(t, s, d, msg)
	}
	if b := backlog(t, d); b.Pending != 501 {
		t.Errorf("backlog %+v", b)
	}
}

func TestRetryOfAFinishedMessageChangesNothing(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	msgs, _ := subscribe(t, d, group)
	publish(t, d, keyed("a", "1"))
	msg := next(t, msgs)
	ackTx(t, s, d, msg)
	if !retryTx(t, s, d, msg, time.Now()) {
		t.Error("not told that it is finished")
	}
	nothing(t, msgs)
}

// A delivery that outlives its subscription may end after the message was
// delivered anew.
func TestStaleDeliveryAndNewOneEndOnce(t *testing.T) {
	for _, first := range []string{"ack", "retry"} {
		t.Run(first, func(t *testing.T) {
			s, d := setup(t, boltbus.Options{})
			msgs, closeSub := subscribe(t, d, group)
			publish(t, d, keyed("a", "1"), keyed("a", "2"))
			stale := next(t, msgs)
			closeSub()
			msgs, _ = subscribe(t, d, group)
			fresh := next(t, msgs)
			if first == "retry" {
				retryTx(t, s, d, stale, time.Now())
			} else {
				ackTx(t, s, d, stale)
			}
			if !ackTx(t, s, d, fresh) {
				t.Error("acknowledged twice")
			}
			fresh.Ack()
			if first == "retry" {
				again := next(t, msgs)
				if again.UUID != "1" || ackTx(t, s, d, again) {
					t.Fatalf("got %s", again.UUID)
				}
			}
			if got := next(t, msgs); got.UUID != "2" || ackTx(t, s, d, got) {
				t.Errorf("got %s", got.UUID)
			}
			nothing(t, msgs)
		})
	}
}

func TestRequeuedMessageReachesOneGroup(t *testing.T) {
	for _, running := range []bool{false, true} {
		s, d := setup(t, boltbus.Options{})
		declare(t, d, "other")
		other, _ := subscribe(t, d, "other")
		var msgs <-chan *message.Message
		if running {
			msgs, _ = subscribe(t, d, group)
		}
		update(t, s, func(tx store.Tx) error { return d.RequeueTx(tx, topic, group, keyed("a", "again")) })
		if !running {
			msgs, _ = subscribe(t, d, group)
		}
		msg := next(t, msgs)
		if msg.UUID != "again" || ackTx(t, s, d, msg) {
			t.Errorf("got %s", msg.UUID)
		}
		nothing(t, msgs)
		nothing(t, other)
	}
}

func TestRequeueForAnUnknownGroupIsRefused(t *testing.T) {
	s, d := setup(t, boltbus.Options{})
	err := s.Update(t.Context(), func(tx store.Tx) error { return d.RequeueTx(tx, topic, "nobody", keyed("a", "1")) })
	if core.KindOf(err) != core.KindNotFound {
		t.Errorf("got %v", err)
	}
}
