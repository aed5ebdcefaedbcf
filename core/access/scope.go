package access

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Scope is which rows a principal sees: those of his organisations, and of
// appeals those of his support lines, unless one of these has access to all
// appeals. What belongs to no organisation, or to no line yet, everybody sees.
// The zero Scope sees everything.
//
// It is the only place that decides so: whoever lists, reads or changes rows for
// a principal asks it.
type Scope struct {
	organizations []core.OrganizationID // none: all
	lines         []core.EntryID        // none: all
	user          core.UserID

	// byTags: of the reasons only those with one of the tags are given.
	byTags bool
	tags   []core.EntryID
}

// Scope of the principal. An administrator, who sets the limits, has none.
func (p *Principal) Scope() Scope {
	if p.Command || slices.Contains(p.User.Roles, core.RoleAdministrator) {
		return Scope{}
	}
	s := Scope{organizations: p.User.Organizations, lines: p.User.Lines, user: p.User.ID}
	if p.lines.allAppeals {
		s.lines = nil
	}
	s.byTags, s.tags = p.lines.byTags, p.lines.tags
	return s
}

// lineRights are what a user's support lines have access to together.
type lineRights struct {
	allAppeals bool           // one of them has access to all appeals
	byTags     bool           // each of them has access to reasons by tags only
	tags       []core.EntryID // which those are
}

func rightsOf(tx store.Tx, lines []core.EntryID) (r lineRights, err error) {
	all := false // one of them has access to all reasons
	for _, id := range lines {
		line, err := store.Entries.Get(tx, string(id))
		if core.KindOf(err) == core.KindNotFound && err != nil || err == nil && line.Directory != core.DirSupportLines {
			continue
		}
		if err != nil {
			return r, err
		}
		r.allAppeals = r.allAppeals || line.Text("appeals") == "all"
		if line.Text("reasons") != "tags" {
			all = true
			continue
		}
		r.byTags, r.tags = true, append(r.tags, tagsOf(line)...)
	}
	r.byTags = r.byTags && !all
	return r, nil
}

// tagsOf are the tags of a support line, or of a reason.
func tagsOf(e *core.Entry) (out []core.EntryID) {
	ids, _ := e.Values["tags"].([]any)
	for _, id := range ids {
		if text, ok := id.(string); ok {
			out = append(out, core.EntryID(text))
		}
	}
	return out
}

// Everything tells that there is no limit, so that nothing needs to be asked.
func (s Scope) Everything() bool { return len(s.organizations) == 0 && len(s.lines) == 0 }

// Organization tells whether rows of the organisation are seen.
func (s Scope) Organization(id core.OrganizationID) bool {
	return id == "" || len(s.organizations) == 0 || slices.Contains(s.organizations, id)
}

// Line tells whether appeals of the support line are seen.
func (s Scope) Line(id core.EntryID) bool {
	return id == "" || len(s.lines) == 0 || slices.Contains(s.lines, id)
}

// Document tells whether the document is seen. The operator of an appeal sees
// it whichever line it went to.
func (s Scope) Document(d *core.Document) bool {
	if !s.Organization(d.Organization) {
		return false
	}
	return d.Appeal == nil || s.Line(d.Appeal.Line) || d.Appeal.Operator == s.user
}

// Documents narrows a list of documents to those that are seen. A page of what
// is left may be short and still have a next one.
func (s Scope) Documents(q *store.Query[core.Document]) {
	if s.Everything() {
		return
	}
	filter := q.Filter
	q.Filter = func(tx store.Tx, d *core.Document) bool { return s.Document(d) && (filter == nil || filter(tx, d)) }
}

// Read reads a document; KindNotFound if it is not seen, as if there were none.
func (s Scope) Read(tx store.Tx, id string) (*core.Document, error) {
	d, err := store.Documents.Get(tx, id)
	if err == nil && !s.Document(d) {
		return nil, core.NoRecord("documents")
	}
	return d, err
}

// ReadAny is Read that also finds deleted documents.
func (s Scope) ReadAny(tx store.Tx, id string) (*core.Document, error) {
	d, err := store.Documents.GetAny(tx, id)
	if err == nil && !s.Document(d) {
		return nil, core.NoRecord("documents")
	}
	return d, err
}

// Party tells whether the card of an applicant or a counterparty is seen.
func (s Scope) Party(p *core.Party) bool { return s.Organization(p.Organization) }

// ReadParty reads a card, deleted ones too; KindNotFound if it is not seen.
func (s Scope) ReadParty(tx store.Tx, id string) (*core.Party, error) {
	p, err := store.Parties.GetAny(tx, id)
	if err == nil && !s.Party(p) {
		return nil, core.NoRecord("parties")
	}
	return p, err
}

// Entry tells whether an entry of a directory is seen: those of other
// organisations are not, nor are these themselves. Support lines are seen by
// everybody: appeals are passed on to them.
func (s Scope) Entry(e *core.Entry) bool {
	if e.Directory == core.DirOrganizations {
		return s.Organization(core.OrganizationID(e.ID))
	}
	return s.Organization(e.Organization)
}

// Offered tells whether an entry of a directory stands in lists: one that is seen
// may be no choice. Reasons that none of the user's lines has access to are seen
// on the appeals that have them, and not offered.
func (s Scope) Offered(e *core.Entry) bool {
	return s.Entry(e) && (e.Directory != core.DirReasons || s.Reason(e))
}

// Reason tells whether the user may give appeals the reason.
func (s Scope) Reason(e *core.Entry) bool {
	return !s.byTags || slices.ContainsFunc(tagsOf(e), func(tag core.EntryID) bool { return slices.Contains(s.tags, tag) })
}

// Task tells whether a task is seen: by whoever has a part in it, and by who sees
// what it is about.
func (s Scope) Task(tx store.Tx, t *core.Task) bool {
	return s.Everything() || t.Involves(s.user) || s.about(tx, t.Organization, t.Document)
}

// Draft tells whether a draft is seen: by its author and approvers, and by who
// sees what it answers.
func (s Scope) Draft(tx store.Tx, d *core.Draft) bool {
	return s.Everything() || d.Involves(s.user) || s.about(tx, d.Organization, d.InReplyTo)
}

func (s Scope) about(tx store.Tx, organization core.OrganizationID, document core.DocumentID) bool {
	if !s.Organization(organization) || document == "" {
		return s.Organization(organization)
	}
	_, err := s.Read(tx, string(document))
	return err == nil
}

// Run tells whether a mass operation is seen: what it did to which documents is
// its author's matter.
func (s Scope) Run(r *core.MassRun) bool { return s.Everything() || r.By.ID == string(s.user) }

// Erasure tells whether an act is seen: by who sees the card it is about.
func (s Scope) Erasure(tx store.Tx, act *core.Erasure) bool {
	if s.Everything() {
		return true
	}
	_, err := s.ReadParty(tx, string(act.Party))
	return err == nil
}
