package rest

import (
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// UserInput is what an administrator says about a user.
type UserInput struct {
	Login         string                `json:"login"`
	Name          string                `json:"name"`
	Email         string                `json:"email,omitempty"`
	Roles         []core.Role           `json:"roles"`
	Extension     string                `json:"extension,omitempty"`
	Organizations []core.OrganizationID `json:"organizations,omitempty"`
	Lines         []core.EntryID        `json:"lines,omitempty"`
	State         core.UserState        `json:"state,omitempty"`
	StateReason   string                `json:"state_reason,omitempty"`
}

func (in UserInput) profile() access.Profile {
	return access.Profile{
		Login: in.Login, Name: in.Name, Email: in.Email, Roles: in.Roles, Extension: in.Extension,
		Organizations: in.Organizations, Lines: in.Lines, State: in.State, StateReason: in.StateReason,
	}
}

// NewUser is a user with the only copy of the one-time password.
type NewUser struct {
	User     User   `json:"user"`
	Password string `json:"password"`
}

// OneTimePassword must be changed at the first sign-in.
type OneTimePassword struct {
	Password string `json:"password"`
}

// version is the version an edit refers to, from If-Match.
func (c *call) version() (uint64, error) {
	sent := c.r.Header.Get("If-Match")
	if sent == "" {
		return 0, core.Invalid("request.if_match", "If-Match", "пришлите в If-Match прочитанный ETag")
	}
	text := strings.Trim(strings.TrimPrefix(sent, "W/"), `"`)
	version, err := strconv.ParseUint(text, 10, 64)
	if err != nil || version == 0 {
		return 0, core.Invalid("request.header", "If-Match", textBrokenVersion)
	}
	return version, nil
}

func (s *Server) listUsers(c *call) (answer, error) {
	q := c.query()
	wanted := access.UserFilter{
		State: enum(q, "state", core.UserStates()), Role: enum(q, "role", access.Roles()),
		Organization: core.OrganizationID(q.text("organization")), Line: core.EntryID(q.text("line")),
		Extension: q.text("extension"), Text: q.text("text"),
		After: q.text("after"), Limit: q.number("limit", 1, 1000, 50),
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, err := s.Access.Users(c.ctx(), wanted)
	return ok(page[User]{items(got.Items, showUser), got.Next}), err
}

func (s *Server) createUser(c *call) (answer, error) {
	var in UserInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	user, password, err := s.Access.CreateUser(c.ctx(), in.profile())
	if err != nil {
		return answer{}, err
	}
	c.object = "users/" + string(user.ID)
	return created(v1+"/"+c.object, NewUser{showUser(&user), password}, user.Version), nil
}

func (s *Server) getUser(c *call) (answer, error) {
	user, err := s.Access.User(c.ctx(), core.UserID(c.param("id")))
	return versioned(showUser(&user), user.Version), err
}

func (s *Server) updateUser(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in UserInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	user, err := s.Access.UpdateUser(c.ctx(), core.UserID(c.param("id")), version, in.profile())
	return versioned(showUser(&user), user.Version), err
}

func (s *Server) deleteUser(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.Access.DeleteUser(c.ctx(), core.UserID(c.param("id")), version)
}

func (s *Server) resetPassword(c *call) (answer, error) {
	password, err := s.Access.ResetPassword(c.ctx(), core.UserID(c.param("id")))
	return ok(OneTimePassword{password}), err
}
