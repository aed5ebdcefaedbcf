package access

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Scope is which rows a principal sees: those of his organisations, and of
// appeals those of his support lines. What belongs to no organisation, or to no
// line yet, everybody sees. The zero Scope sees everything.
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
	return Scope{organizations: p.User.Organizations, lines: p.User.Lines, user: p.User.ID}
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
