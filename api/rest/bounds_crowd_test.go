package rest_test

import (
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// crowdRows of every kind are more than a page may read, even if each costs one
// key. Few are put in a transaction.
const crowdRows, crowdStep = store.PageKeys + 1000, 500

// seekable are the values most filters are asked for: every second row has the
// first, the others have the second, one has the third and none the last. So what
// two filters let through, each half of all, may have nothing in common.
var seekable = []string{"even", "odd", "rare", "none"}

func is[T ~string](i int) T { return T(seekable[which(i)]) }

// which of the values the i-th row has.
func which(i int) int {
	if i == crowdRows/2 {
		return 2
	}
	return i % 2
}

// either is one of two values, by turns.
func either[T any](i int, even, odd T) T {
	if i%2 == 0 {
		return even
	}
	return odd
}

func id[T ~string](prefix string, at time.Time) T { return T(core.NewID(prefix, at)) }

// crowd fills all tables that are listed by pages with rows of an organisation
// the limited user does not see. It returns the paths of lists that belong to
// something, and what is looked for by list and filter.
func (h *hub) crowd() (paths map[string]string, sought map[string]map[string][]string) {
	h.t.Helper()
	start := h.clock()
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second) }
	documents := make([]core.DocumentID, crowdRows)
	parties := make([]core.PartyID, crowdRows)
	users := make([]core.UserID, crowdRows)
	for i := range crowdRows {
		documents[i], parties[i], users[i] = id[core.DocumentID]("doc", at(i)), id[core.PartyID]("pty", at(i)), id[core.UserID]("usr", at(i))
	}
	many(h, store.Documents, func(i int) *core.Document { return crowdDocument(i, documents[i], at(i)) })
	many(h, store.Parties, func(i int) *core.Party { return crowdParty(i, parties[i]) })
	many(h, store.Users, func(i int) *core.User { return crowdUser(i, users[i]) })
	many(h, store.Deliveries, func(i int) *core.Delivery {
		return &core.Delivery{
			ID: id[core.DeliveryID]("dlv", at(i)), Document: documents[i%2], Channel: is[core.ChannelID](i),
			State: either(i, core.DeliveryQueued, core.DeliverySent), Purpose: core.PurposeAnswer,
		}
	})
	many(h, store.Sessions, func(i int) *core.Session {
		return &core.Session{ID: core.SessionID(fmt.Sprintf("%064d", i)), User: users[i%2], Until: start.Add(either(i, time.Hour, -time.Hour))}
	})
	many(h, store.Audit, func(i int) *core.AuditEntry {
		return &core.AuditEntry{
			ID: id[core.AuditID]("aud", at(i)), Actor: core.Actor{Kind: core.ActorUser, ID: is[string](i)},
			Operation: is[string](i + 1), Object: is[string](i), Outcome: is[string](i + 1), Request: is[string](i),
		}
	})
	many(h, bus.DeadLetterTable, func(i int) *bus.DeadLetter {
		return &bus.DeadLetter{
			ID: core.NewID("evt", at(i)), Event: bus.Event{Topic: is[bus.Topic](i)}, Handler: is[string](i + 1),
			State: either(i, bus.DeadLetterOpen, bus.DeadLetterReplayed),
		}
	})
	many(h, store.Erasures, func(i int) *core.Erasure {
		return &core.Erasure{ID: id[core.ErasureID]("ers", at(i)), Party: parties[i%2], Parties: []core.PartyID{parties[i%2]}, State: either(i, core.ErasureRunning, core.ErasureFinished)}
	})
	many(h, store.Entries, func(i int) *core.Entry { return crowdReason(i, at(i)) })
	tasks := h.crowdTasks(at, documents)
	drafts := h.crowdDrafts(at, documents)
	run := h.crowdRuns(at)
	return map[string]string{
		"tasks.comments":  "/api/v1/tasks/" + string(tasks[0]) + "/comments",
		"drafts.versions": "/api/v1/drafts/" + string(drafts[0]) + "/versions",
		"mass.items":      "/api/v1/mass-runs/" + string(run) + "/items",
		"entries.list":    "/api/v1/directories/reasons/entries",
	}, map[string]map[string][]string{
		"documents.list":    crowdDocuments(),
		"appeals.list":      crowdDocuments(),
		"parties.list":      {"address": mails(), "name": {"Петров", "Иванов", "Сидоров"}},
		"users.list":        {"organization": seekable, "line": seekable, "extension": {"1", "5500", "none"}, "text": {"maria", "u1", "none"}},
		"deliveries.list":   {"document": {string(documents[0]), string(documents[1]), string(documents[2])}, "channel": seekable},
		"usersessions.list": {"user": {string(users[0]), string(users[1]), string(users[2])}},
		"audit.list":        {"actor": seekable, "operation": seekable, "object": seekable, "outcome": seekable, "request": seekable},
		"deadletters.list":  {"topic": seekable, "handler": seekable},
		"erasures.list":     {"party": {string(parties[0]), string(parties[1]), string(parties[2])}},
		"entries.list":      crowdReasons(),
		"tasks.list":        {"performer": seekable, "author": seekable, "controller": seekable, "draft": seekable, "parent": seekable, "document": {string(documents[0]), string(documents[1]), string(documents[2])}},
		"drafts.list":       {"author": seekable, "in_reply_to": {string(documents[0]), string(documents[1]), string(documents[2])}},
	}
}

// plainRows are enough for a list that passes nothing over: it reads its page.
const plainRows = 1000

// many puts the rows a table has here.
func many[T any](h *hub, table *store.Table[T], row func(i int) *T) { fill(h, table, crowdRows, row) }

func fill[T any](h *hub, table *store.Table[T], rows int, row func(i int) *T) {
	h.t.Helper()
	for from := 0; from < rows; from += crowdStep {
		h.update(func(tx store.Tx) error {
			for i := from; i < from+crowdStep; i++ {
				if err := table.Put(tx, row(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func mail(i int) string { return is[string](i) + "@mail.test" }

func mails() (out []string) {
	for _, name := range seekable {
		out = append(out, name+"@mail.test")
	}
	return out
}

// crowdDocument is an appeal: what is true of it by one filter is not by others.
func crowdDocument(i int, id core.DocumentID, at time.Time) *core.Document {
	due := at.Add(-24 * time.Hour)
	d := &core.Document{
		ID: id, Organization: "org_hidden", Direction: either(i, core.Incoming, core.Outgoing), Kind: core.MessageLetter,
		State: either(i+1, core.DocumentRegistered, core.DocumentInWork), Channel: is[core.ChannelID](i), Thread: is[core.ThreadID](i + 1),
		Number: &core.RegNumber{Journal: "incoming", Year: 2026, Seq: uint64(i + 1), Text: is[string](i)},
		Marks:  []core.Mark{{Kind: core.MarkAutomatic}, {Kind: either(i, core.MarkBounce, core.MarkRepaired)}},
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: mail(i + 1)}}},
		Appeal: &core.Appeal{
			State: either(i, core.AppealNew, core.AppealWaiting), Line: is[core.EntryID](i + 1), Operator: is[core.UserID](i), ReasonGroup: is[core.EntryID](i + 1),
			Reason: is[core.EntryID](i), Source: is[core.EntryID](i + 1), Tags: []core.EntryID{"all", is[core.EntryID](i)}, PlannedAt: &due,
			Accounts:  []core.AccountRef{{Number: is[string](i + 1)}},
			Applicant: core.Correspondent{Party: is[core.PartyID](i), Addresses: []core.Address{{Kind: core.AddressEmail, Value: mail(i)}}},
		},
	}
	if i%3 == 0 {
		d.Appeal.MergedInto = is[core.DocumentID](i)
	}
	d.SetDeadline(&core.Deadline{DueAt: due})
	return d
}

func crowdDocuments() map[string][]string {
	out := map[string][]string{"sender": mails(), "applicant": mails(), "tag": append([]string{"all"}, seekable...)}
	for _, name := range []string{"channel", "thread", "number", "party", "line", "operator", "reason_group", "reason", "source", "account", "merged_into"} {
		out[name] = seekable
	}
	return out
}

func crowdParty(i int, id core.PartyID) *core.Party {
	return &core.Party{
		ID: id, Organization: "org_hidden", Kind: core.PartyPerson, Name: either(i, "Петров", "Иванов"),
		Addresses: []core.Contact{
			{Kind: core.AddressEmail, Value: mail(i), Mark: either(i+1, core.ContactPersonal, core.ContactPublic)},
		},
	}
}

func crowdUser(i int, id core.UserID) *core.User {
	return &core.User{
		ID: id, Login: fmt.Sprint("u", i), Name: "Мария", Roles: []core.Role{either(i, core.RoleClerk, core.RoleOperator)}, Extension: fmt.Sprint(i),
		Organizations: []core.OrganizationID{is[core.OrganizationID](i + 1)}, Lines: []core.EntryID{is[core.EntryID](i)}, State: either(i, core.UserActive, core.UserLocked),
	}
}

// crowdReason is an entry of a directory with filters of all sorts.
func crowdReason(i int, at time.Time) *core.Entry {
	return &core.Entry{
		ID: id[core.EntryID]("ent", at), Directory: core.DirReasons, Organization: "org_hidden",
		Values: map[string]any{
			"title": fmt.Sprintf("Причина %05d", i), "code": fmt.Sprint("c", i), "position": float64(i), "group": is[string](i), "tags": []any{"all", is[string](i + 1)},
			"widget": i%2 == 0, "readings": i%2 == 1, "line": is[string](i + 1), "active": true,
		},
	}
}

func crowdReasons() map[string][]string {
	out := map[string][]string{
		"q": {"Причина", "Причина 0550", "Нет"}, "organization": {"org_hidden", "none"},
		"order":  {"title", "-title", "position", "-position"},
		"filter": {"widget=true", "widget=false", "readings=true", "active=true", "active=false", "code=c77", "tags=all"},
	}
	for _, field := range []string{"group", "tags", "line"} {
		for _, v := range seekable {
			out["filter"] = append(out["filter"], field+"="+v)
		}
	}
	return out
}

func crowdIDs[T ~string](prefix string, at func(int) time.Time) []T {
	out := make([]T, crowdRows)
	for i := range out {
		out[i] = id[T](prefix, at(i))
	}
	return out
}

func (h *hub) crowdTasks(at func(int) time.Time, documents []core.DocumentID) []core.TaskID {
	h.t.Helper()
	tasks := crowdIDs[core.TaskID]("tsk", at)
	admin := h.userOf("admin")
	many(h, store.Tasks, func(i int) *core.Task {
		return &core.Task{
			ID: tasks[i], Organization: "", Kind: either(i, core.TaskAssignment, core.TaskPlain), State: either(i, core.TaskAssigned, core.TaskInWork), Title: "Проверить",
			Document: documents[i%2], Draft: is[core.DraftID](i + 1), Author: is[core.UserID](i), Performer: is[core.UserID](i + 1),
			CoPerformers: either(i, []core.UserID{admin}, nil), Controller: either(i, is[core.UserID](i), admin), Parent: is[core.TaskID](i),
			Deadline: &core.Deadline{DueAt: at(i).Add(either(i, -48*time.Hour, 48*time.Hour))},
		}
	})
	fill(h, store.TaskComments, plainRows, func(i int) *core.TaskComment {
		return &core.TaskComment{ID: id[core.TaskCommentID]("tcm", at(i)), Task: tasks[0], By: admin, Text: "Так"}
	})
	return tasks
}

func (h *hub) crowdDrafts(at func(int) time.Time, documents []core.DocumentID) []core.DraftID {
	h.t.Helper()
	drafts := crowdIDs[core.DraftID]("drf", at)
	admin := h.userOf("admin")
	many(h, store.Drafts, func(i int) *core.Draft {
		return &core.Draft{
			ID: drafts[i], State: either(i, core.DraftApproval, core.DraftEditing), Subject: "Ответ", Author: either(i, admin, is[core.UserID](i)),
			InReplyTo: documents[i%2], Versions: 1, Steps: []core.ApprovalStep{{Approver: core.Approver{User: admin}, State: core.StepAsked}},
		}
	})
	fill(h, store.DraftVersions, plainRows, func(i int) *core.DraftVersion {
		return &core.DraftVersion{Draft: drafts[0], Number: i + 1, Text: "Ответ", By: admin}
	})
	return drafts
}

// crowdRuns are mass operations, versions of the rules, and one mass operation of
// many documents.
func (h *hub) crowdRuns(at func(int) time.Time) core.MassID {
	h.t.Helper()
	fill(h, store.MassRuns, plainRows, func(i int) *core.MassRun {
		return &core.MassRun{ID: id[core.MassID]("mas", at(i)), Operation: "tag", State: core.MassDone, By: core.Actor{ID: "usr_other"}, Chosen: true}
	})
	fill(h, store.RuleSets, plainRows, func(i int) *core.RuleSet { return &core.RuleSet{Number: uint64(i + 1)} })
	const groups = 100
	run := &core.MassRun{ID: id[core.MassID]("mas", at(crowdRows)), Operation: "tag", State: core.MassDone, Chosen: true, Groups: groups, Total: groups * 200}
	put(h, store.MassRuns, run)
	h.update(func(tx store.Tx) error {
		for i := range groups {
			g := &core.MassGroup{Run: run.ID, Index: i}
			for n := range 200 {
				g.Items = append(g.Items, core.MassItem{Document: core.DocumentID(fmt.Sprint("doc_", n)), Outcome: either(n, core.MassItemDone, core.MassItemFailed)})
			}
			if err := store.MassGroups.Put(tx, g); err != nil {
				return err
			}
		}
		return nil
	})
	return run.ID
}

func (h *hub) userOf(login string) (id core.UserID) {
	h.t.Helper()
	h.update(func(tx store.Tx) error {
		u, err := store.Users.One(tx, "login", login)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}
