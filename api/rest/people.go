package rest

import (
	"cmp"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// Colleague is what everybody may know of a user: to whom work can be given,
// and whose name stands behind an id.
type Colleague struct {
	ID            core.UserID           `json:"id"`
	Name          string                `json:"name"`
	Roles         []core.Role           `json:"roles"`
	Extension     string                `json:"extension,omitempty"`
	Organizations []core.OrganizationID `json:"organizations"`
	Lines         []core.EntryID        `json:"lines"`
	State         core.UserState        `json:"state"`
}

func showColleague(u *core.User) Colleague {
	return Colleague{
		ID: u.ID, Name: u.Name, Roles: u.Roles, Extension: u.Extension, State: cmp.Or(u.State, core.UserActive),
		Organizations: items(u.Organizations, itself), Lines: items(u.Lines, itself),
	}
}

// listPeople gives all users at once: there are as many as an office has desks.
func (s *Server) listPeople(c *call) (answer, error) {
	out := list[Colleague]{Items: []Colleague{}}
	for after := ""; ; {
		got, err := s.Access.Users(c.ctx(), access.UserFilter{After: after, Limit: 1000})
		if err != nil {
			return answer{}, err
		}
		out.Items = append(out.Items, items(got.Items, showColleague)...)
		if after = got.Next; after == "" {
			return ok(out), nil
		}
	}
}
