package approval_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

var (
	maria  = core.Acting{User: "usr_maria"} // the author
	lawyer = core.Acting{User: "usr_lawyer"}
	bursar = core.Acting{User: "usr_bursar"}
	head   = core.Acting{User: "usr_head"}
	chief  = core.Acting{User: "usr_chief", Supervisor: true}
)

// desk has one channel, one incoming letter, and the services as the hub has
// them.
type desk struct {
	*testing.T
	store store.Store
	bus   *coretest.Recorder
	clock *coretest.Clock
	svc   *approval.Service
}

// carriesAll are channels that can do anything.
type carriesAll struct{}

func (carriesAll) Carries(*core.Channel, core.Purpose) bool { return true }

func newDesk(t *testing.T) *desk {
	clock := coretest.NewClock()
	d := &desk{T: t, store: coretest.Open(t, clock), bus: &coretest.Recorder{}, clock: clock}
	out := &outgoing.Service{Store: d.store, Bus: d.bus, Purposes: carriesAll{}}
	d.svc = &approval.Service{Bus: d.bus, Tasks: &task.Service{Bus: d.bus, Origin: out, Calendar: schedule.Offices{}}, Outbox: out}
	coretest.Update(t, d.store, func(tx store.Tx) error {
		for _, who := range []core.Acting{maria, lawyer, bursar, head, chief} {
			if err := store.Users.Put(tx, &core.User{ID: who.User, Login: string(who.User), Name: string(who.User)}); err != nil {
				return err
			}
		}
		if err := store.Channels.Put(tx, &core.Channel{ID: "mail"}); err != nil {
			return err
		}
		return store.Documents.Put(tx, &core.Document{
			ID: "doc_1", Organization: "org_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
			Subject: "Течёт крыша", Channel: "mail", ExternalID: "<1@mail.test>", Thread: "doc_1",
			Sender: core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
		})
	})
	return d
}

type change func(tx store.Tx) (*core.Draft, error)

func (d *desk) do(fn change) (got *core.Draft, err error) {
	d.Helper()
	d.clock.Add(time.Second)
	err = d.store.Update(d.Context(), func(tx store.Tx) error {
		got, err = fn(tx)
		return err
	})
	return got, err
}

func (d *desk) must(fn change) *core.Draft {
	d.Helper()
	got, err := d.do(fn)
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) draft(id core.DraftID) *core.Draft {
	d.Helper()
	var got *core.Draft
	coretest.View(d.T, d.store, func(tx store.Tx) (err error) {
		got, err = store.Drafts.Get(tx, string(id))
		return err
	})
	return got
}

func route(order core.ApprovalOrder, restart core.ApprovalRestart, who ...core.Acting) *core.ApprovalRoute {
	r := &core.ApprovalRoute{Order: order, Restart: restart}
	for _, w := range who {
		r.Approvers = append(r.Approvers, core.Approver{User: w.User})
	}
	return r
}

func (d *desk) answer(r *core.ApprovalRoute) *core.Draft {
	d.Helper()
	return d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Create(tx, maria, approval.New{
			InReplyTo: "doc_1", Way: approval.Way{SignedAs: "Директор", Route: r}, Text: approval.Text{Text: "Починим"},
		})
	})
}

func (d *desk) submit(id core.DraftID) *core.Draft {
	d.Helper()
	return d.must(d.submitting(id))
}

func (d *desk) submitting(id core.DraftID) change {
	return func(tx store.Tx) (*core.Draft, error) { return d.svc.Submit(tx, maria, approval.Ref{ID: id}) }
}

func (d *desk) revise(id core.DraftID, text string) *core.Draft {
	d.Helper()
	return d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Revise(tx, maria, approval.Ref{ID: id}, approval.Text{Text: text})
	})
}

func (d *desk) visa(by core.Acting, id core.DraftID, w approval.Word) (*core.Draft, error) {
	d.Helper()
	return d.do(func(tx store.Tx) (*core.Draft, error) { return d.svc.Visa(tx, by, id, w) })
}

func (d *desk) yes(by core.Acting, id core.DraftID) *core.Draft {
	d.Helper()
	got, err := d.visa(by, id, approval.Word{Version: d.draft(id).Versions, Agreed: true})
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) no(by core.Acting, id core.DraftID) *core.Draft {
	d.Helper()
	got, err := d.visa(by, id, approval.Word{Version: d.draft(id).Versions, Remarks: "Не так"})
	if err != nil {
		d.Fatal(err)
	}
	return got
}

// asked are those whose word is waited for, by their open tasks.
func (d *desk) asked(id core.DraftID) (out []core.UserID) {
	d.Helper()
	coretest.View(d.T, d.store, func(tx store.Tx) error {
		for t, err := range store.Tasks.Find(tx, "draft", string(id)) {
			if err != nil {
				return err
			}
			if !t.State.Ended() {
				out = append(out, t.Performer)
			}
		}
		return nil
	})
	slices.Sort(out) // those asked in one moment have no order
	return out
}

// numbers counts the outgoing documents and takes the last number of the
// journal.
func (d *desk) numbers() (documents int, last uint64) {
	d.Helper()
	coretest.View(d.T, d.store, func(tx store.Tx) error {
		for doc, err := range store.Documents.Find(tx, "direction", string(core.Outgoing)) {
			if err != nil {
				return err
			}
			documents++
			last = max(last, doc.Number.Seq)
		}
		return nil
	})
	return documents, last
}
