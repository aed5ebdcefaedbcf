package rest_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// exportedRows are more than a file is asked for at once.
const exportedRows = 2*report.PageSize + 10

// listedKinds are rows of all lists: some are of another organisation, and some of the
// clerk `me`.
type listedKinds struct {
	start     time.Time
	me        core.UserID
	documents [20]core.DocumentID
}

// listedRows fills all lists and names a document the clerk sees.
func listedRows(h *hub, me core.UserID) core.DocumentID {
	h.t.Helper()
	l := &listedKinds{start: h.clock(), me: me}
	for i := range l.documents {
		l.documents[i] = core.DocumentID(core.NewID("doc", l.start))
	}
	few(h, store.Documents, l.document)
	few(h, store.Parties, l.party)
	few(h, store.Users, func(i int) *core.User { return crowdUser(i, core.UserID("usr_"+numbered(i))) })
	few(h, store.Entries, l.entry)
	few(h, store.Deliveries, l.delivery)
	few(h, store.Drafts, l.draft)
	few(h, store.Erasures, l.erasure)
	few(h, store.MassRuns, l.run)
	few(h, store.RuleSets, func(i int) *core.RuleSet { return &core.RuleSet{Number: uint64(i + 1)} })
	few(h, store.Sessions, func(i int) *core.Session {
		return &core.Session{ID: core.SessionID(fmt.Sprintf("%064d", i)), User: me, Until: l.start.Add(time.Hour), Remote: fmt.Sprint("10.0.0.", i)}
	})
	few(h, store.Audit, l.audit)
	few(h, bus.DeadLetterTable, l.deadLetter)
	h.update(func(tx store.Tx) (err error) {
		for i := 0; i < exportedRows && err == nil; i++ {
			err = store.Tasks.Put(tx, l.task(i))
		}
		return err
	})
	l.massItems(h)
	l.deleted(h)
	return l.documents[0]
}

// few puts a row of a kind for each document.
func few[T any](h *hub, table *store.Table[T], row func(i int) *T) {
	h.t.Helper()
	h.update(func(tx store.Tx) error {
		for i := range len(listedKinds{}.documents) {
			if err := table.Put(tx, row(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func numbered(i int) string { return fmt.Sprintf("%06d", i) }

func (l *listedKinds) at(i int) time.Time { return l.start.Add(time.Duration(i) * time.Second) }

func (l *listedKinds) organization(i int) core.OrganizationID {
	return []core.OrganizationID{"org_1", "org_2", ""}[i%3]
}

func (l *listedKinds) document(i int) *core.Document {
	d := crowdDocument(i, l.documents[i], l.start)
	d.Organization, d.Subject, d.Appeal.Line = l.organization(i), "Письмо "+numbered(i), is[core.EntryID](i)
	d.Sender = core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: mail(i)}}}
	return d
}

func (l *listedKinds) party(i int) *core.Party {
	p := crowdParty(i, core.PartyID("pty_"+numbered(i)))
	p.Organization, p.Name = l.organization(i), either(i, "even ", "odd ")+"rare "+numbered(i)
	return p
}

func (l *listedKinds) entry(i int) *core.Entry {
	e := crowdReason(i, l.at(i))
	e.Organization = l.organization(i)
	return e
}

func (l *listedKinds) delivery(i int) *core.Delivery {
	return &core.Delivery{
		ID: core.DeliveryID("dlv_" + numbered(i)), Document: l.documents[i], Channel: is[core.ChannelID](i), Purpose: core.PurposeAnswer,
		State: either(i, core.DeliveryQueued, core.DeliverySent), ExternalID: "внешний " + numbered(i),
	}
}

func (l *listedKinds) draft(i int) *core.Draft {
	return &core.Draft{
		ID: core.DraftID(core.NewID("drf", l.at(i))), Organization: l.organization(i), State: either(i, core.DraftApproval, core.DraftEditing), Subject: "Ответ " + numbered(i),
		Author: either(i/2, is[core.UserID](i), l.me), InReplyTo: l.documents[i], Versions: 1, Steps: []core.ApprovalStep{{Approver: core.Approver{User: either(i/4, l.me, "usr_other")}, State: core.StepAsked}},
	}
}

func (l *listedKinds) erasure(i int) *core.Erasure {
	id := core.PartyID("pty_" + numbered(i))
	return &core.Erasure{ID: core.ErasureID("ers_" + numbered(i)), Party: id, Parties: []core.PartyID{id}, State: either(i, core.ErasureRunning, core.ErasureFinished)}
}

func (l *listedKinds) run(i int) *core.MassRun {
	return &core.MassRun{ID: core.MassID("mas_" + numbered(i)), Title: "Операция " + numbered(i), State: core.MassDone, By: core.Actor{ID: either(i, string(l.me), "usr_other")}, Chosen: true}
}

func (l *listedKinds) audit(i int) *core.AuditEntry {
	return &core.AuditEntry{
		ID: core.AuditID(core.NewID("aud", l.at(i))), Actor: core.Actor{Kind: core.ActorUser, ID: is[string](i)},
		Operation: is[string](i), Object: is[string](i), Outcome: is[string](i), Request: is[string](i),
	}
}

func (l *listedKinds) deadLetter(i int) *bus.DeadLetter {
	return &bus.DeadLetter{
		ID: core.NewID("evt", l.at(i)), Event: bus.Event{Topic: is[bus.Topic](i), Payload: json.RawMessage("{}")}, Handler: is[string](i),
		State: either(i, bus.DeadLetterOpen, bus.DeadLetterReplayed), Code: numbered(i),
	}
}

func (l *listedKinds) task(i int) *core.Task {
	return &core.Task{
		ID: core.TaskID(core.NewID("tsk", l.at(i))), Organization: l.organization(i), Title: "Проверить " + numbered(i),
		Kind: either(i, core.TaskAssignment, core.TaskPlain), State: either(i, core.TaskAssigned, core.TaskClosed),
		Document: l.documents[i%len(l.documents)], Draft: is[core.DraftID](i), Parent: is[core.TaskID](i),
		Author: either(i, l.me, is[core.UserID](i)), Performer: is[core.UserID](i), Controller: is[core.UserID](i),
		Deadline: &core.Deadline{DueAt: l.start.Add(either(i, -48*time.Hour, 48*time.Hour))},
	}
}

// massItems are the documents of one mass operation of the clerk.
func (l *listedKinds) massItems(h *hub) {
	h.t.Helper()
	run := &core.MassRun{ID: "mas_run", State: core.MassDone, By: core.Actor{ID: string(l.me)}, Chosen: true, Groups: 1, Title: "Теги", Total: len(l.documents)}
	g := &core.MassGroup{Run: run.ID}
	for i, id := range l.documents {
		g.Items = append(g.Items, core.MassItem{Document: id, Outcome: either(i, core.MassItemDone, core.MassItemFailed), Text: "причина " + numbered(i)})
	}
	put(h, store.MassRuns, run)
	put(h, store.MassGroups, g)
}

// deleted are entries that were.
func (l *listedKinds) deleted(h *hub) {
	h.t.Helper()
	h.update(func(tx store.Tx) error {
		for i := range len(l.documents) {
			e := l.entry(i)
			e.ID = core.EntryID(core.NewID("ent", l.at(1000+i)))
			if err := store.Entries.Put(tx, e); err != nil {
				return err
			}
			if err := store.Entries.Delete(tx, string(e.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}
