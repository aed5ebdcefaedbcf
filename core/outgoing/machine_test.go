package outgoing_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// fates is the life of a delivery once more, written down from what a clerk may
// expect and not from the code: what each thing that can happen leads to. What
// is not there changes no state; of a person's own acts it is a conflict.
var fates = map[core.DeliveryState]map[string]core.DeliveryState{
	core.DeliveryQueued: {"claim": core.DeliverySending, "cancel": core.DeliveryCancelled, "rejected": core.DeliveryRejected, "status rejected": core.DeliveryRejected},
	core.DeliverySending: {
		"sent": core.DeliverySent, "submitted": core.DeliverySubmitted, "delivered": core.DeliveryDelivered, "read": core.DeliveryRead,
		"rejected": core.DeliveryRejected, "unknown": core.DeliveryUnknown, "error": core.DeliveryQueued, "error rejected": core.DeliveryRejected,
		"error unknown": core.DeliveryUnknown, "error config": core.DeliveryQueued, "recover": core.DeliveryUnknown, "recover idempotent": core.DeliveryQueued,
		"status delivered": core.DeliveryDelivered, "status rejected": core.DeliveryRejected,
	},
	core.DeliverySubmitted: {
		"sent": core.DeliverySent, "delivered": core.DeliveryDelivered, "read": core.DeliveryRead, "rejected": core.DeliveryRejected, "unknown": core.DeliveryUnknown,
		"status delivered": core.DeliveryDelivered, "status rejected": core.DeliveryRejected,
	},
	core.DeliverySent: {
		"delivered": core.DeliveryDelivered, "read": core.DeliveryRead, "rejected": core.DeliveryRejected,
		"status delivered": core.DeliveryDelivered, "status rejected": core.DeliveryRejected,
	},
	core.DeliveryDelivered: {"read": core.DeliveryRead, "rejected": core.DeliveryRejected, "status rejected": core.DeliveryRejected},
	core.DeliveryRead:      {},
	core.DeliveryRejected:  {"retry": core.DeliveryQueued},
	core.DeliveryUnknown: {
		"sent": core.DeliverySent, "submitted": core.DeliverySubmitted, "delivered": core.DeliveryDelivered, "read": core.DeliveryRead,
		"rejected": core.DeliveryRejected, "not there": core.DeliveryQueued, "cancel": core.DeliveryCancelled, "retry": core.DeliveryQueued,
		"status delivered": core.DeliveryDelivered, "status rejected": core.DeliveryRejected,
	},
	core.DeliveryCancelled: {"retry": core.DeliveryQueued},
}

// happenings are the outcomes of attempts and of questions about them.
var happenings = map[string]core.Outcome{
	"sent":           {State: core.DeliverySent, ExternalID: "<out@mail.test>"},
	"submitted":      {State: core.DeliverySubmitted, Token: "t"},
	"delivered":      {State: core.DeliveryDelivered},
	"read":           {State: core.DeliveryRead},
	"rejected":       {State: core.DeliveryRejected, Text: "нет такого ящика"},
	"unknown":        {State: core.DeliveryUnknown},
	"not there":      {State: core.DeliveryQueued},
	"error":          {Err: errors.New("boom")},
	"error rejected": {Err: &core.Error{Kind: core.KindRejected}},
	"error unknown":  {Err: &core.Error{Kind: core.KindUnknown}},
	"error config":   {Err: &core.Error{Kind: core.KindConfig}},
}

var statuses = map[string]core.DeliveryState{"status delivered": core.DeliveryDelivered, "status rejected": core.DeliveryRejected}

// machine is one delivery of an answer and everything that can happen to it.
type machine struct {
	*desk
	id core.DeliveryID
	n  int
}

// acts are the names of everything that can happen.
func acts() []string {
	names := append([]string{"claim", "recover", "recover idempotent", "cancel", "retry"}, slices.Sorted(maps.Keys(statuses))...)
	return append(names, slices.Sorted(maps.Keys(happenings))...)
}

func (m *machine) do(name string) error {
	ctx := m.Context()
	switch name {
	case "claim":
		m.clock.Add(2 * time.Hour) // whatever waited is due
		_, err := m.out.Claim(ctx, box, 10_000)
		return err
	case "recover", "recover idempotent":
		return m.out.Recover(ctx, box, name != "recover")
	case "cancel":
		_, err := m.out.Cancel(ctx, m.id)
		return err
	case "retry":
		_, err := m.out.Retry(ctx, m.id)
		return err
	}
	if state, ok := statuses[name]; ok {
		return m.status(state)
	}
	o := happenings[name]
	o.Delivery = m.id
	return m.out.Settle(ctx, []core.Outcome{o})
}

// status is news that the outside system sends by itself.
func (m *machine) status(state core.DeliveryState) error {
	m.n++
	msg := &core.Message{
		ID: core.MessageID(core.NewID("msg", m.clock.Now())), Channel: box, ExternalID: fmt.Sprint(m.id, "-", m.n), Kind: core.MessageStatus, Change: core.ChangeNew,
		Status: &core.OutsideStatus{Delivery: m.id, State: state, Text: "сообщено"},
	}
	return m.store.Update(m.Context(), func(tx store.Tx) error {
		if err := store.Messages.Put(tx, msg); err != nil {
			return err
		}
		return m.out.OnStatus(tx, bus.MessageEvent{Message: msg.ID, Channel: box, Kind: msg.Kind})
	})
}

// step makes something happen and holds the delivery against the model.
func (m *machine) step(name string) (fault string) {
	before := m.delivery(m.id)
	m.bus.Take(bus.DeliveryUpdated)
	err := m.do(name)
	after := m.delivery(m.id)
	want, moves := fates[before.State][name]
	if !moves {
		want = before.State
	}
	person := name == "cancel" || name == "retry"
	same := name == "cancel" && before.State == core.DeliveryCancelled || name == "retry" && before.State == core.DeliveryQueued
	switch {
	case after.State != want:
		return fmt.Sprintf("%s in %s led to %s, want %s (%v)", name, before.State, after.State, want, err)
	case person && !moves && !same && core.KindOf(err) != core.KindConflict:
		return fmt.Sprintf("%s in %s: %v, want a conflict", name, before.State, err)
	case err != nil && (moves || !person):
		return fmt.Sprintf("%s in %s: %v", name, before.State, err)
	case err != nil && after.Version != before.Version:
		return fmt.Sprintf("%s in %s was refused and changed the delivery", name, before.State)
	case moves && name != "claim" && len(m.bus.Take(bus.DeliveryUpdated)) == 0:
		return fmt.Sprintf("%s in %s: nobody was told", name, before.State)
	}
	return m.sound(name, before, after)
}

// sound is what holds after whatever happened.
func (m *machine) sound(name string, before, after *core.Delivery) string {
	doc := m.document(after.Document)
	for rule, holds := range map[string]bool{
		"attempts grow by a claim only":      after.Attempts <= before.Attempts || name == "claim" && after.Attempts == before.Attempts+1,
		"a final state waits for nothing":    !after.State.Final() || after.NextAt == nil,
		"what was sent has its moment":       after.SentAt != nil || after.State != core.DeliverySent && after.State != core.DeliveryDelivered && after.State != core.DeliveryRead,
		"a rejected delivery says why":       after.State != core.DeliveryRejected || after.ErrorKind != "",
		"the document follows what was sent": after.State != core.DeliverySent && after.State != core.DeliveryDelivered && after.State != core.DeliveryRead || doc.State == core.DocumentSent,
		"and what was not":                   after.State != core.DeliveryRejected || doc.State == core.DocumentUndeliv,
		"in one queue at most":               m.queues(after.ID) <= 1,
		"nothing is lost":                    after.State.Final() || after.State == core.DeliverySent || m.queues(after.ID) == 1,
	} {
		if !holds {
			return fmt.Sprintf("after %s in %s: %s: %+v, document %s", name, before.State, rule, after, doc.State)
		}
	}
	return ""
}

// queues counts where the hub would find the delivery to work on it.
func (m *machine) queues(id core.DeliveryID) (n int) {
	m.Helper()
	coretest.View(m.T, m.store, func(tx store.Tx) error {
		for state := range fates {
			for key := range store.Deliveries.FindKeys(tx, "queue", store.QueueKey(box, state)) {
				if key == string(id) {
					n++
				}
			}
			from := store.QueueKey(box, state) + "\x1f"
			for d, err := range store.Deliveries.Range(tx, "due", from, from+"\x7f") {
				if err != nil {
					return err
				}
				if d.ID == id {
					n++
				}
			}
		}
		return nil
	})
	return n
}

// ways lead to each state.
var ways = map[core.DeliveryState][]string{
	core.DeliveryQueued: nil, core.DeliverySending: {"claim"}, core.DeliverySubmitted: {"claim", "submitted"}, core.DeliverySent: {"claim", "sent"},
	core.DeliveryDelivered: {"claim", "delivered"}, core.DeliveryRead: {"claim", "read"}, core.DeliveryRejected: {"claim", "rejected"},
	core.DeliveryUnknown: {"claim", "unknown"}, core.DeliveryCancelled: {"cancel"},
}

func TestEverythingThatCanHappenInEveryState(t *testing.T) {
	d := newDesk(t)
	for state, way := range ways {
		for _, name := range acts() {
			m := &machine{desk: d, id: d.answer().ID}
			for _, first := range way {
				if fault := m.step(first); fault != "" {
					t.Fatal(fault)
				}
			}
			if now := m.delivery(m.id).State; now != state {
				t.Fatalf("the way to %s leads to %s", state, now)
			}
			if fault := m.step(name); fault != "" {
				t.Error(fault)
			}
		}
	}
}

// TestRandomFatesFollowTheModel takes deliveries through random sequences, in
// which half of the steps are possible ones.
func TestRandomFatesFollowTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		m := &machine{desk: d, id: d.answer().ID}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			possible := slices.Sorted(maps.Keys(fates[m.delivery(m.id).State]))
			if fault := m.step(rapid.SampledFrom(append(possible, acts()...)).Draw(rt, "act")); fault != "" {
				rt.Fatal(fault)
			}
		}
	})
}
