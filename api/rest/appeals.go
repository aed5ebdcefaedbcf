package rest

import (
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

// appealRoutes are those of the appeals, in the order of the contract.
func appealRoutes() []*route {
	const one = v1 + "/appeals/{id}"
	return []*route{
		{name: "appeals.list", method: get, path: v1 + "/appeals", op: access.ReadAppeals, serve: (*Server).listAppeals},
		{name: "appeals.create", method: post, path: v1 + "/appeals", op: access.WriteAppeals, serve: (*Server).createAppeal, streams: true},
		{name: "appeals.get", method: get, path: one, op: access.ReadAppeals, serve: (*Server).getAppeal},
		{name: "appeals.update", method: patch, path: one, op: access.WriteAppeals, serve: (*Server).updateAppeal},
		{name: "appeals.history", method: get, path: one + "/history", op: access.ReadAppeals, serve: (*Server).documentHistory},
		{name: "appeals.open", method: post, path: one + "/open", op: access.WriteAppeals, serve: (*Server).openAppeal},
		{name: "appeals.take", method: post, path: one + "/take", op: access.WriteAppeals, serve: (*Server).takeAppeal},
		{name: "appeals.plan", method: post, path: one + "/plan", op: access.WriteAppeals, serve: (*Server).planAppeal},
		{name: "appeals.transfer", method: post, path: one + "/transfer", op: access.WriteAppeals, serve: (*Server).transferAppeal},
		{name: "appeals.forward", method: post, path: one + "/forward", op: access.WriteAppeals, serve: (*Server).forwardAppeal},
		{name: "appeals.reply", method: post, path: one + "/reply", op: access.WriteAppeals, serve: (*Server).reply, streams: true},
		{name: "appeals.close", method: post, path: one + "/close", op: access.WriteAppeals, serve: (*Server).closeAppeal},
		{name: "appeals.reject", method: post, path: one + "/reject", op: access.WriteAppeals, serve: (*Server).rejectAppeal},
		{name: "appeals.reopen", method: post, path: one + "/reopen", op: access.WriteAppeals, serve: (*Server).reopenAppeal},
		{name: "appeals.rate", method: post, path: one + "/rating", op: access.WriteAppeals, serve: (*Server).rateAppeal},
		{name: "appeals.called", method: post, path: one + "/called", op: access.WriteAppeals, serve: (*Server).calledAppeal},
		{name: "appeals.other", method: post, path: one + "/other", op: access.WriteAppeals, serve: (*Server).otherAppeal},
		{name: "appeals.split", method: post, path: one + "/split", op: access.WriteAppeals, serve: (*Server).splitAppeal},
		{name: "appeals.merge", method: post, path: one + "/merge", op: access.WriteAppeals, serve: (*Server).mergeAppeal},
		{name: "appeals.unmerge", method: post, path: one + "/unmerge", op: access.WriteAppeals, serve: (*Server).unmergeAppeal},
		{name: "appeals.attach", method: post, path: one + "/files", op: access.WriteAppeals, serve: (*Server).attachFiles, streams: true},
		{name: "appeals.beat", method: post, path: one + "/heartbeat", op: access.WriteAppeals, serve: (*Server).beatAppeal, quiet: true},
		{name: "appeals.see", method: post, path: one + "/presence", op: access.ReadAppeals, serve: (*Server).seeAppeal, quiet: true},
		{name: "appeals.leave", method: remove, path: one + "/presence", op: access.ReadAppeals, serve: (*Server).leaveAppeal, quiet: true},
	}
}

// AppealRow is an appeal as lists show it: without its document's texts.
type AppealRow struct {
	DocumentRow
	Appeal *core.Appeal `json:"appeal"`
}

func showAppealRow(d *core.Document) AppealRow { return AppealRow{showRow(d), d.Appeal} }

// AppealCard is an appeal with what belongs to it.
type AppealCard struct {
	DocumentCard
	Related []AppealRow `json:"related"`
	Merged  []AppealRow `json:"merged"` // what ends with it
	// SpentSeconds is what was worked on it up to now.
	SpentSeconds int64 `json:"spent_seconds"`
}

// Views of the list that are sorted by a moment, by their index.
const (
	viewPlanned = "planned"
	viewDue     = "due" // has a term that is not met yet
	viewOverdue = "overdue"
)

var appealViews = []string{store.ViewAll, store.ViewOpen, store.ViewNotInWork, viewPlanned, viewDue, viewOverdue}

func (s *Server) listAppeals(c *call) (answer, error) {
	q := c.query()
	view, wanted := appealsWanted(q)
	wanted.After, wanted.Limit = q.text("after"), q.number("limit", 1, 1000, 50)
	order := enum(q, "order", appealOrders())
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.Document]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		got, err = listOrdered(tx, view, order, wanted, c.who.Scope().Document)
		return err
	})
	return ok(page[AppealRow]{items(got.Items, showAppealRow), got.Next}), err
}

// appealsWanted reads the view and the filters of a list of appeals.
func appealsWanted(q *query) (view string, wanted store.Query[core.Document]) {
	view = enum(q, "view", appealViews)
	appealFilters(q, &wanted)
	between(&wanted, "doc", q.day("from", 0), q.day("to", 1))
	return view, wanted
}

// appealFilters reads the parameters that are facets of the index "appeal", and
// those of documents.
func appealFilters(q *query, wanted *store.Query[core.Document]) {
	facet := func(name, value string) {
		if value != "" {
			where(wanted, "appeal", store.AppealFacet(name, value))
		}
	}
	facet(store.FacetState, string(enum(q, "state", core.AppealStates())))
	for _, name := range []string{
		store.FacetLine, store.FacetOperator, store.FacetReasonGroup, store.FacetReason, store.FacetSource, store.FacetTag,
		store.FacetAccount, store.FacetParty, store.FacetMergedInto,
	} {
		facet(name, q.text(name))
	}
	facet(store.FacetApplicant, q.address("applicant"))
	where(wanted, "mark", string(enum(q, "mark", markKinds)))
	where(wanted, "channel", q.text("channel"))
	where(wanted, "thread", q.text("thread"))
	where(wanted, "text_number", q.text("number"))
}

// listView reads a page of a view: newest first, or what is due first.
func listView(tx store.Tx, view string, q store.Query[core.Document]) (store.Page[core.Document], error) {
	sorted := store.Sorted{Where: q.Where, From: q.From, To: q.To, After: q.After, Limit: q.Limit}
	switch view {
	case viewPlanned:
		sorted.Index = "appeal_planned"
		return store.Documents.ListSorted(tx, sorted)
	case viewDue:
		sorted.Index = "appeal_due"
		return store.Documents.ListSorted(tx, sorted)
	case viewOverdue:
		sorted.Index, sorted.Most = "appeal_due", store.MomentKey(tx.Now())
		got, err := store.Documents.ListSorted(tx, sorted)
		got.Items = slices.DeleteFunc(got.Items, func(d *core.Document) bool { return d.Deadline.Paused() })
		return got, err
	case "":
		view = store.ViewAll
	}
	q.Where = append(slices.Clone(q.Where), store.Term{Index: "appeal", Value: store.AppealFacet(store.FacetView, view)})
	return store.Documents.List(tx, q)
}

func (s *Server) getAppeal(c *call) (answer, error) {
	var card AppealCard
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		card, err = s.appealCard(tx, c.who.Scope(), c.param("id"))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	card.Document = s.shown(card.Document)
	return versioned(card, card.Document.Version), nil
}

func (s *Server) appealCard(tx store.Tx, who access.Scope, id string) (card AppealCard, err error) {
	if card.DocumentCard, err = readCard(tx, who, id); err != nil {
		return card, err
	}
	a := card.Document.Appeal
	if a == nil {
		return card, core.NotFound("appeals.not_found", "документ не является обращением")
	}
	card.Related, card.Merged = []AppealRow{}, []AppealRow{}
	for _, other := range a.Related {
		d, err := store.Documents.GetAny(tx, string(other))
		if err != nil {
			return card, err
		}
		if who.Document(d) {
			card.Related = append(card.Related, showAppealRow(d))
		}
	}
	for d, err := range store.Documents.Find(tx, "appeal", store.AppealFacet(store.FacetMergedInto, id)) {
		if err != nil {
			return card, err
		}
		if who.Document(d) {
			card.Merged = append(card.Merged, showAppealRow(d))
		}
	}
	card.SpentSeconds, err = s.Appeals.Spent(tx, card.Document.ID)
	return card, err
}

// AppealInput registers an appeal by hand.
type AppealInput struct {
	Kind         core.MessageKind    `json:"kind"`
	Subject      string              `json:"subject"`
	Text         string              `json:"text"`
	Applicant    core.Correspondent  `json:"applicant"`
	Accounts     []core.AccountRef   `json:"accounts"`
	Premises     *core.Premises      `json:"premises"`
	ReasonGroup  core.EntryID        `json:"reason_group"`
	Reason       core.EntryID        `json:"reason"`
	Description  string              `json:"description"`
	Comment      string              `json:"comment"`
	Extra        map[string]string   `json:"extra"`
	Tags         []core.EntryID      `json:"tags"`
	Source       core.EntryID        `json:"source"`
	Line         core.EntryID        `json:"line"`
	Notify       core.NotifyWay      `json:"notify"`
	Organization core.OrganizationID `json:"organization"`
	Journal      core.JournalID      `json:"journal"`
	DueAt        *time.Time          `json:"due_at"`
	Take         bool                `json:"take"` // into the caller's hands at once
}

func (in *AppealInput) check() error {
	if in.Kind == "" {
		in.Kind = core.MessageCall
	}
	var f faults
	choose(&f, "kind", in.Kind, messageKinds)
	f.need("subject", strings.TrimSpace(in.Subject), 1000)
	checkCorrespondent(&f, "applicant", in.Applicant)
	checkAppealTexts(&f, in.Description, in.Comment, in.Extra)
	checkAppealLists(&f, in.Accounts, in.Tags)
	return f.err("request.body")
}

func checkAppealTexts(f *faults, description, comment string, extra map[string]string) {
	f.short("description", description, 100_000)
	f.short("comment", comment, 100_000)
	if len(extra) > 100 {
		f.add("extra", textTooMany)
	}
	for _, name := range sortedKeys(extra) {
		f.need(join("extra", name), name, 100)
		f.short(join("extra", name), extra[name], 10_000)
	}
}

func checkAppealLists(f *faults, accounts []core.AccountRef, tags []core.EntryID) {
	if len(accounts) > 50 {
		f.add("accounts", textTooMany)
	}
	for i, a := range accounts {
		f.need(join(indexed("accounts", i), "number"), a.Number, 100)
	}
	if len(tags) > 50 {
		f.add("tags", textTooMany)
	}
}

func (in *AppealInput) document(files []core.Attachment) *core.Document {
	return &core.Document{
		Organization: in.Organization, Kind: in.Kind, Subject: in.Subject, Text: in.Text, Sender: in.Applicant, Files: files,
		Appeal: &core.Appeal{
			Applicant: in.Applicant, Accounts: in.Accounts, Premises: in.Premises, ReasonGroup: in.ReasonGroup, Reason: in.Reason,
			Description: in.Description, Comment: in.Comment, Extra: in.Extra, Tags: in.Tags, Source: in.Source, Line: in.Line, Notify: in.Notify,
		},
	}
}

func (s *Server) createAppeal(c *call) (answer, error) {
	var in AppealInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.update(c, []any{in, files}, func(tx store.Tx) (answer, error) {
		d := in.document(files)
		var f faults
		if err := c.within(in.Organization); err != nil {
			return answer{}, err
		}
		if err := knownParty(&f, c.who.Scope(), tx, "applicant", &d.Sender); err != nil {
			return answer{}, err
		}
		if err := f.err("request.body"); err != nil {
			return answer{}, err
		}
		if err := setDue(tx, d, in.DueAt); err != nil {
			return answer{}, err
		}
		d.Appeal.Applicant = d.Sender
		if in.Take {
			d.Appeal.Operator = c.who.User.ID
		}
		if err := c.mayGive(tx, "reason", in.Reason, ""); err != nil {
			return answer{}, err
		}
		if err := s.Appeals.Register(tx, d, in.Journal); err != nil {
			return answer{}, err
		}
		c.object = "appeals/" + string(d.ID)
		return created(v1+"/"+c.object, s.shown(d), d.Version), nil
	})
}

// AppealPatch changes what people word of an appeal; null empties a field.
type AppealPatch struct {
	Subject     optional[string]             `json:"subject"`
	Applicant   optional[core.Correspondent] `json:"applicant"`
	Accounts    optional[[]core.AccountRef]  `json:"accounts"`
	Premises    optional[core.Premises]      `json:"premises"`
	ReasonGroup optional[core.EntryID]       `json:"reason_group"`
	Reason      optional[core.EntryID]       `json:"reason"`
	Description optional[string]             `json:"description"`
	Comment     optional[string]             `json:"comment"`
	Extra       optional[map[string]string]  `json:"extra"`
	Tags        optional[[]core.EntryID]     `json:"tags"`
	Source      optional[core.EntryID]       `json:"source"`
	Notify      optional[core.NotifyWay]     `json:"notify"`
}

func (p *AppealPatch) check() error {
	var f faults
	if p.Subject.Set {
		f.need("subject", strings.TrimSpace(p.Subject.or("")), 1000)
	}
	checkCorrespondent(&f, "applicant", p.Applicant.or(core.Correspondent{}))
	checkAppealTexts(&f, p.Description.or(""), p.Comment.or(""), p.Extra.or(nil))
	checkAppealLists(&f, p.Accounts.or(nil), p.Tags.or(nil))
	return f.err("request.body")
}

func (p *AppealPatch) apply(d *core.Document) {
	a := d.Appeal
	set(&d.Subject, p.Subject)
	set(&a.Applicant, p.Applicant)
	set(&a.Accounts, p.Accounts)
	set(&a.ReasonGroup, p.ReasonGroup)
	set(&a.Reason, p.Reason)
	set(&a.Description, p.Description)
	set(&a.Comment, p.Comment)
	set(&a.Extra, p.Extra)
	set(&a.Tags, p.Tags)
	set(&a.Source, p.Source)
	set(&a.Notify, p.Notify)
	if p.Premises.Set {
		a.Premises = p.Premises.Value
	}
}

// set takes over what a patch names; null is the zero value.
func set[T any](field *T, o optional[T]) {
	if o.Set {
		var none T
		*field = o.or(none)
	}
}

func (s *Server) updateAppeal(c *call) (answer, error) {
	var in AppealPatch
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		old, err := store.Documents.Get(tx, string(ref.ID))
		if err == nil && old.Appeal != nil {
			err = c.mayGive(tx, "reason", in.Reason.or(""), old.Appeal.Reason)
		}
		if err != nil {
			return nil, err
		}
		return s.Appeals.Edit(tx, ref, in.apply)
	})
}

// mayGive refuses a reason that none of the caller's support lines has access to.
// The one an appeal had may stay. What does not exist is told by who looks it up.
func (c *call) mayGive(tx store.Tx, field string, reason, had core.EntryID) error {
	if reason == "" || reason == had {
		return nil
	}
	e, err := store.Entries.GetAny(tx, string(reason))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil
	case err == nil && !c.who.Scope().Reason(e):
		return core.Invalid("request.body", field, "причина не доступна вашим линиям поддержки")
	}
	return err
}
