package pluginhost_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/store"
)

func TestDeliveriesGoOutWithTheirFiles(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", nil)
	var ids []core.DeliveryID
	for i := range 20 {
		ids = append(ids, r.deliver("c", core.PurposeAnswer, strings.Repeat("x", i*40_000))) // small ones inline, large ones in pieces
	}
	for _, id := range ids {
		d := r.awaitDelivery(id, core.DeliverySent)
		if d.Attempts != 1 || d.ExternalID != "x-"+string(id) || d.SentAt == nil {
			t.Errorf("delivery = %+v", d)
		}
	}
	total := 0
	for _, l := range r.lines("bytes") {
		var n int
		fmt.Sscan(l, &n)
		total += n
	}
	if want := 190 * 40_000; total != want {
		t.Errorf("%d bytes arrived, want %d", total, want)
	}
	await(t, "the count of all", func() bool { return r.status("c").Sent == 20 })
	if s := r.status("c"); s.Queued != 0 || s.LastOutAt == nil {
		t.Errorf("status = %+v", s)
	}
}

func TestOutcomesOfDeliveries(t *testing.T) {
	cases := map[string]struct {
		send     string
		purpose  core.Purpose
		body     string
		missing  bool
		want     core.DeliveryState
		text     string
		attempts int
	}{
		"rejected by the outside system": {send: "reject", want: core.DeliveryRejected, text: "550 no such user", attempts: 1},
		"submitted, outcome later":       {send: "submit", want: core.DeliverySubmitted, attempts: 1},
		"unknown, then found sent":       {send: "unknown", want: core.DeliverySent, attempts: 1},
		"purpose not carried":            {purpose: core.PurposeStatus, want: core.DeliveryRejected, text: "с целью «status»"},
		"file over the limit":            {body: strings.Repeat("x", 1<<20+1), want: core.DeliveryRejected, text: "больше допустимого"},
		"file that is gone":              {missing: true, want: core.DeliveryRejected},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			purpose := tc.purpose
			if purpose == "" {
				purpose = core.PurposeAnswer
			}
			var id core.DeliveryID
			if tc.missing {
				var err error
				id, err = queue(r.store, "c", purpose, core.Attachment{Hash: strings.Repeat("0", 64), Name: "a"})
				if err != nil {
					t.Fatal(err)
				}
			} else {
				id = r.deliver("c", purpose, tc.body)
			}
			settings := set{}
			if tc.send != "" {
				settings["send"] = tc.send
			}
			r.channel("c", "test", settings)
			d := r.awaitDelivery(id, tc.want)
			if !strings.Contains(d.LastError, tc.text) || len(r.lines("attempts")) != tc.attempts {
				t.Errorf("%d attempts, error %q", len(r.lines("attempts")), d.LastError)
			}
		})
	}
}

func TestDeathOfThePluginLeavesDeliveriesUnknownUntilTracked(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"send": "hang"})
	r.awaitState("c", core.ChannelRunning)
	id := r.deliver("c", core.PurposeAnswer, "body")
	await(t, "the attempt", func() bool { return len(r.lines("attempts")) == 1 })
	syscall.Kill(r.status("c").PID, syscall.SIGKILL)
	await(t, "the question", func() bool { return len(r.lines("tracked")) > 0 })
	await(t, "the next attempt", func() bool { return len(r.lines("attempts")) == 2 })
	if first := r.lines("attempts")[1]; first != string(id)+" 2" {
		t.Errorf("second attempt = %s", first)
	}
}

func TestDeliveryWithoutAnAnswerIsGivenUpAndCancelled(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing.Send = 100 * time.Millisecond })
	r.channel("c", "test", set{"send": "hang"})
	id := r.deliver("c", core.PurposeAnswer, "body")
	await(t, "the cancellation", func() bool { return len(r.lines("cancelled")) > 0 })
	await(t, "the question about it", func() bool { return len(r.lines("tracked")) > 0 })
	if s := r.status("c"); s.Restarts != 0 {
		t.Errorf("the process fell over delivery %s: %+v", id, s)
	}
}

func TestSubmittedDeliveryIsTracked(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"send": "submit"})
	id := r.deliver("c", core.PurposeAnswer, "body")
	r.awaitDelivery(id, core.DeliverySubmitted)
	r.due(id)
	r.awaitDelivery(id, core.DeliveryDelivered)
}

// due makes a delivery due now, which the outbox would let wait.
func (r *rig) due(id core.DeliveryID) {
	r.t.Helper()
	err := r.store.Update(r.t.Context(), func(tx store.Tx) error {
		d, err := store.Deliveries.Get(tx, string(id))
		if err != nil {
			return err
		}
		now := tx.Now()
		d.NextAt = &now
		return store.Deliveries.Put(tx, d)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.host.WakeSender("c")
}

func TestIdempotentConnectorIsSentUnknownOnesAgain(t *testing.T) {
	r := newRig(t, nil)
	r.add(identity{Name: "twice", Idempotent: true})
	id := r.deliver("c", core.PurposeAnswer, "body")
	r.channel("c", "twice", set{"send": "exit"})
	await(t, "the next try", func() bool {
		d := r.delivery(id)
		return d.State == core.DeliveryQueued && d.NextAt != nil
	})
	r.due(id)
	await(t, "two attempts", func() bool { return len(r.lines("attempts")) == 2 })
	if len(r.lines("tracked")) != 0 {
		t.Errorf("tracked %s", id)
	}
}

func TestConcurrencyIsKept(t *testing.T) {
	r := newRig(t, nil)
	draft := r.draft("c", "test", set{"send": "hang"})
	draft.Concurrency = 3
	ch, err := r.host.Channels().Create(t.Context(), draft)
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		r.deliver("c", core.PurposeAnswer, "body")
	}
	await(t, "three attempts", func() bool { return len(r.lines("attempts")) >= 3 })
	time.Sleep(50 * time.Millisecond)
	if n := len(r.lines("attempts")); n != 3 {
		t.Errorf("%d deliveries at once", n)
	}
	ch.Concurrency = 0 // what the connector says: eight
	if _, err := r.host.Channels().Update(t.Context(), *ch); err != nil {
		t.Fatal(err)
	}
	await(t, "eight attempts", func() bool { return len(r.lines("attempts")) >= 8 })
}

func TestRateIsKept(t *testing.T) {
	r := newRig(t, nil)
	r.add(identity{Name: "rated", Concurrency: 8, PerSecond: 20})
	for range 6 {
		r.deliver("c", core.PurposeAnswer, "body")
	}
	began := time.Now()
	r.channel("c", "rated", nil)
	await(t, "six deliveries", func() bool { return len(r.lines("sent")) == 6 })
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("six deliveries at 20 a second took %v", took)
	}
}

func TestPluginThatTakesNoDeliveriesIsNamed(t *testing.T) {
	r := newRig(t, func(o *pluginhost.Options) { o.Timing.Send = 200 * time.Millisecond })
	r.add(identity{Name: "deaf", Broken: "deaf"})
	var ids []core.DeliveryID
	for range 3 {
		ids = append(ids, r.deliver("c", core.PurposeAnswer, strings.Repeat("x", 1<<20)))
	}
	r.channel("c", "deaf", nil)
	await(t, "the reason", func() bool { return strings.Contains(r.status("c").Reason, "не принимает отправку") })
	await(t, "deliveries that wait for the next try", func() bool {
		for _, id := range ids {
			if d := r.delivery(id); d.State == core.DeliveryUnknown {
				t.Fatalf("delivery %s was not handed over, but may have been sent", id)
			}
		}
		return r.delivery(ids[0]).State == core.DeliveryQueued
	})
}

func TestFullDiskDoesNotLoseOutcomes(t *testing.T) {
	r := newRig(t, nil)
	r.channel("c", "test", set{"send": "slow"})
	r.awaitState("c", core.ChannelRunning)
	id := r.deliver("c", core.PurposeAnswer, "body")
	await(t, "the attempt", func() bool { return len(r.lines("attempts")) == 1 })
	r.faulty.setFull(true)
	r.awaitState("c", core.ChannelDegraded)
	r.faulty.setFull(false)
	r.awaitDelivery(id, core.DeliverySent)
	r.awaitState("c", core.ChannelRunning)
}
