package appeal_test

import (
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// raised are the notices published since the last look.
func (d *desk) raised() (out []bus.NoticeEvent) {
	d.Helper()
	for _, p := range d.bus.Take(bus.NoticeRaised) {
		var ev bus.NoticeEvent
		if err := p.Decode(&ev); err != nil {
			d.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

func TestOperatorHearsWhatOthersGiveHim(t *testing.T) {
	d := newDesk(t)
	doc := d.arrive(mail, core.MessageAppeal, nil)
	transfer := func(by, to core.UserID) {
		t.Helper()
		err := d.as(by, func(tx store.Tx) error {
			_, err := d.Transfer(tx, appeal.Ref{ID: doc.ID}, "", to)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	transfer(pavl, olga)
	got := d.raised()
	if len(got) != 1 || !slices.Equal(got[0].Users, []core.UserID{olga}) || got[0].Notice != core.NoticeAssigned || got[0].Document != doc.ID || got[0].Text == "" {
		t.Fatalf("%+v", got)
	}
	transfer(pavl, pavl)
	d.Quiet = true
	transfer(pavl, olga)
	if got := d.raised(); len(got) != 0 {
		t.Errorf("his own doing or a mass operation: %+v", got)
	}
}

func TestOperatorHearsOfNewsInHisMatter(t *testing.T) {
	d := newDesk(t)
	doc := d.arrive(chat, core.MessageChat, inThread("77"))
	if got := d.raised(); len(got) != 0 {
		t.Fatalf("nobody has it yet: %+v", got)
	}
	err := d.as(olga, func(tx store.Tx) error {
		_, err := d.Take(tx, appeal.Ref{ID: doc.ID}, olga)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.arrive(chat, core.MessageChat, inThread("77"))
	got := d.raised()
	if len(got) != 1 || !slices.Equal(got[0].Users, []core.UserID{olga}) || got[0].Notice != core.NoticeAnswered || got[0].Document != doc.ID {
		t.Fatalf("%+v", got)
	}
}

func TestNoticesAboutNoDocumentGoByEmail(t *testing.T) {
	d, _ := staffed(t, core.NoticeChannel)
	d.update(func(tx store.Tx) error {
		return d.Tell(tx, bus.NoticeEvent{Users: []core.UserID{olga}, Channel: mail, Notice: core.NoticeChannel, Text: "Канал остановился"})
	})
	got := d.parcels(mail)
	if len(got) != 1 || got[0].Document.Text != "Канал остановился" || got[0].Delivery.To[0].Addresses[0].Value != "olga@hub.test" {
		t.Fatalf("%+v", got)
	}
	out := &outgoing.Service{Store: d.store, Bus: d.bus}
	if err := out.Settle(t.Context(), []core.Outcome{{Delivery: got[0].Delivery.ID, State: core.DeliverySent, ExternalID: "<n@hub>", At: d.clock.Now()}}); err != nil {
		t.Fatal(err)
	}
}
