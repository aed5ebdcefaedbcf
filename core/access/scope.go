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
}

// Scope of the principal. An administrator, who sets the limits, has none.
func (p *Principal) Scope() Scope {
	if p.Command || slices.Contains(p.User.Roles, core.RoleAdministrator) {
		return Scope{}
	}
	s := Scope{organizations: p.User.Organizations, lines: p.User.Lines, user: p.User.ID}
	if p.allAppeals {
		s.lines = nil
	}
	return s
}

// liftsLines tells that one of the support lines has access to all appeals.
func liftsLines(tx store.Tx, lines []core.EntryID) (bool, error) {
	for _, id := range lines {
		line, err := store.Entries.Get(tx, string(id))
		if core.KindOf(err) == core.KindNotFound && err != nil {
			continue
		}
		if err != nil || line.Directory == core.DirSupportLines && line.Text("appeals") == "all" {
			return err == nil, err
		}
	}
	return false, nil
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
	q.Filter = func(d *core.Document) bool { return s.Document(d) && (filter == nil || filter(d)) }
}

// Read reads a document; KindNotFound if it is not seen, as if there were none.
func (s Scope) Read(tx store.Tx, id string) (*core.Document, error) {
	d, err := store.Documents.Get(tx, id)
	if err == nil && !s.Document(d) {
		return nil, core.NotFound("documents.not_found", "запись не найдена (documents)")
	}
	return d, err
}

// ReadAny is Read that also finds deleted documents.
func (s Scope) ReadAny(tx store.Tx, id string) (*core.Document, error) {
	d, err := store.Documents.GetAny(tx, id)
	if err == nil && !s.Document(d) {
		return nil, core.NotFound("documents.not_found", "запись не найдена (documents)")
	}
	return d, err
}

// Party tells whether the card of an applicant or a counterparty is seen.
func (s Scope) Party(p *core.Party) bool { return s.Organization(p.Organization) }

// ReadParty reads a card, deleted ones too; KindNotFound if it is not seen.
func (s Scope) ReadParty(tx store.Tx, id string) (*core.Party, error) {
	p, err := store.Parties.GetAny(tx, id)
	if err == nil && !s.Party(p) {
		return nil, core.NotFound("parties.not_found", "запись не найдена (parties)")
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
