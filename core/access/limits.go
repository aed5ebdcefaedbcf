package access

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Limits are a Scope as an index can ask for it: rows of these organisations or
// of none, and appeals of these lines, of none, or of the operator. None listed
// means no limit.
type Limits struct {
	Organizations []core.OrganizationID
	Lines         []core.EntryID
	Operator      core.UserID
}

// Limits of the scope. What they leave must still be asked for with Document.
func (s Scope) Limits() Limits {
	return Limits{slices.Clone(s.organizations), slices.Clone(s.lines), s.user}
}
