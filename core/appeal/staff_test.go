package appeal_test

import (
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// staffed gives olga an address and what she wants to hear of by e-mail; pavl has
// an address and wants nothing.
func staffed(t *testing.T, wants ...core.Notice) (*desk, *core.Document) {
	d := newDesk(t)
	d.update(func(tx store.Tx) error {
		for id, by := range map[core.UserID][]core.Notice{olga: wants, pavl: nil, gone: wants} {
			u, err := store.Users.Get(tx, string(id))
			if err != nil {
				return err
			}
			u.Email, u.Notify.Email = u.Login+"@hub.test", by
			if err := store.Users.Put(tx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return d, d.arrive(mail, core.MessageAppeal, nil)
}

// parcels are what a channel has to carry now.
func (d *desk) parcels(channel core.ChannelID) []core.Parcel {
	d.Helper()
	out := &outgoing.Service{Store: d.store, Bus: d.bus}
	parcels, err := out.Claim(d.Context(), channel, 10)
	if err != nil {
		d.Fatal(err)
	}
	return parcels
}

func TestUsersHearByEmailOfWhatTheyWant(t *testing.T) {
	d, doc := staffed(t, core.NoticeOverdue)
	all := []core.UserID{olga, pavl, gone, "usr_none"}
	d.update(func(tx store.Tx) error {
		for _, n := range []bus.NoticeEvent{
			{Users: all, Document: doc.ID, Notice: core.NoticeDueSoon, Text: "Срок истекает"},
			{Users: all, Document: doc.ID, Notice: core.NoticeOverdue, Text: "Срок нарушен"},
			{Users: all, Document: doc.ID, Text: "правило"}, // for the desk only
			{Users: all, Document: "doc_none", Notice: core.NoticeOverdue},
		} {
			if err := d.Tell(tx, n); err != nil {
				return err
			}
		}
		return nil
	})
	got := d.parcels(mail)
	if len(got) != 1 || got[0].Delivery.Purpose != core.PurposeNotice || got[0].Document.Text != "Срок нарушен" || got[0].Document.Subject != "Срок нарушен" ||
		len(got[0].Document.Files) != 0 || got[0].Delivery.To[0].Addresses[0].Value != "olga@hub.test" {
		t.Fatalf("parcels %+v", got)
	}
	sent := []core.Outcome{{Delivery: got[0].Delivery.ID, State: core.DeliverySent, ExternalID: "<notice@hub.test>", At: d.clock.Now()}}
	if err := d.out.Settle(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	coretest.View(t, d.store, func(tx store.Tx) error {
		after, err := store.Documents.Get(tx, string(doc.ID))
		if err == nil && (after.State != doc.State || after.ExternalID != doc.ExternalID) {
			t.Errorf("the document moved from %s to %s", doc.State, after.State)
		}
		return err
	})
	if n := len(d.notices(doc)); n != 0 {
		t.Errorf("%d documents were registered", n)
	}
}

func TestAPerformerHearsByEmailThatATaskIsHis(t *testing.T) {
	d, doc := staffed(t, core.NoticeAssigned)
	tell := func(author, performer core.UserID) {
		task := &core.Task{
			ID: core.TaskID("tsk_" + author), Kind: core.TaskPlain, State: core.TaskAssigned, Title: "Осмотреть", Document: doc.ID, Author: author, Performer: performer,
		}
		d.update(func(tx store.Tx) error {
			if err := store.Tasks.Put(tx, task); err != nil {
				return err
			}
			return d.TellPerformer(tx, bus.AboutTask(task))
		})
	}
	tell(pavl, olga)
	tell(olga, olga) // knows it
	tell(gone, pavl) // does not want to know
	var texts []string
	for _, p := range d.parcels(mail) {
		texts = append(texts, p.Document.Text)
	}
	if want := []string{"Вам поручено: «Осмотреть»"}; !slices.Equal(texts, want) {
		t.Errorf("told %q, want %q", texts, want)
	}
}

func TestWithoutAChannelForEmailNobodyIsToldByIt(t *testing.T) {
	d, doc := staffed(t, core.NoticeOverdue)
	d.update(func(tx store.Tx) error {
		if err := store.Channels.Delete(tx, string(mail)); err != nil {
			return err
		}
		return d.Tell(tx, bus.NoticeEvent{Users: []core.UserID{olga}, Document: doc.ID, Notice: core.NoticeOverdue, Text: "Срок"})
	})
	if got := d.sent(doc.ID); len(got) != 0 {
		t.Errorf("deliveries %q", got)
	}
}
