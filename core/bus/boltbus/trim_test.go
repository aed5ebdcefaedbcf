package boltbus_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/bus/boltbus"
)

func TestTrimKeepsWhatAGroupStillNeeds(t *testing.T) {
	s, d := setup(t, boltbus.Options{MaxKept: 10})
	declare(t, d, "slow")
	msgs, _ := subscribe(t, d, group)
	for i := range 700 {
		publish(t, d, keyed(strconv.Itoa(i), strconv.Itoa(i)))
		ackTx(t, s, d, next(t, msgs))
	}
	trim(t, d)
	if n := kept(t, d); n != 700 {
		t.Fatalf("%d are kept, the slow group has seen none", n)
	}
	d = boltbus.New(s, boltbus.Options{MaxKept: 10}) // a program without the slow group
	declare(t, d, group)
	trim(t, d)
	if n := kept(t, d); n != 10 {
		t.Errorf("%d are kept", n)
	}
	slow, _ := subscribe(t, d, "slow") // it comes back
	for i := 690; i < 700; i++ {
		msg := next(t, slow)
		if msg.UUID != strconv.Itoa(i) {
			t.Fatalf("got %s, want %d", msg.UUID, i)
		}
		ackTx(t, s, d, msg)
	}
	publish(t, d, keyed("a", "new"))
	msg := next(t, slow)
	if msg.UUID != "new" {
		t.Errorf("got %s", msg.UUID)
	}
	ackTx(t, s, d, msg)
	all, err := d.Backlogs(t.Context())
	if err != nil || len(all) != 2 || all[1].Group != "slow" || all[1].Pending != 0 {
		t.Errorf("what was thrown away counts as pending: %+v %v", all, err)
	}
}

func TestTrimKeepsTheRetention(t *testing.T) {
	s, d := setup(t, boltbus.Options{Retention: time.Hour})
	msgs, _ := subscribe(t, d, group)
	for range 5 {
		publish(t, d, keyed("a", "1"))
		ackTx(t, s, d, next(t, msgs))
	}
	trim(t, d)
	if n := kept(t, d); n != 5 {
		t.Errorf("%d are kept, want all", n)
	}
	d = boltbus.New(s, boltbus.Options{Retention: time.Nanosecond})
	declare(t, d, group)
	trim(t, d)
	if n := kept(t, d); n != 1 {
		t.Errorf("%d are kept, want the last", n)
	}
}

func trim(t *testing.T, d *boltbus.Driver) {
	t.Helper()
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func kept(t *testing.T, d *boltbus.Driver) int {
	t.Helper()
	msgs, _, err := d.Read(t.Context(), topic, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return len(msgs)
}
