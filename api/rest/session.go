package rest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// User is a user without what must not be shown.
type User struct {
	core.Meta
	ID            core.UserID               `json:"id"`
	Login         string                    `json:"login"`
	Name          string                    `json:"name"`
	Email         string                    `json:"email,omitempty"`
	Roles         []core.Role               `json:"roles"`
	Extension     string                    `json:"extension,omitempty"`
	Organizations []core.OrganizationID     `json:"organizations"`
	Lines         []core.EntryID            `json:"lines"`
	Notify        core.NotificationSettings `json:"notify"`
	State         core.UserState            `json:"state"`
	StateReason   string                    `json:"state_reason,omitempty"`
	MustChange    bool                      `json:"must_change"`
}

func showUser(u *core.User) User {
	return User{
		Meta: u.Meta, ID: u.ID, Login: u.Login, Name: u.Name, Email: u.Email, Roles: u.Roles, Extension: u.Extension,
		Organizations: items(u.Organizations, itself), Lines: items(u.Lines, itself), Notify: showNotify(u.Notify),
		State: cmp.Or(u.State, core.UserActive), StateReason: u.StateReason, MustChange: u.MustChange,
	}
}

func showNotify(n core.NotificationSettings) core.NotificationSettings {
	return core.NotificationSettings{Desk: items(n.Desk, itself), Email: items(n.Email, itself)}
}

// Session is who asks and what he may do.
type Session struct {
	User       User               `json:"user"`
	Operations []access.Operation `json:"operations"`
	CSRF       string             `json:"csrf,omitempty"`
	Until      *time.Time         `json:"until,omitempty"`
	// Entered is set while an administrator works as User.
	Entered *Entered `json:"entered,omitempty"`
}

// Entered is who entered as another user, and when that ends by itself.
type Entered struct {
	ID    core.UserID `json:"id"`
	Name  string      `json:"name"`
	Until time.Time   `json:"until"`
}

func showSession(p *access.Principal) Session {
	out := Session{User: showUser(&p.User), Operations: p.Operations()}
	if p.Session != nil {
		out.CSRF, out.Until = p.Session.CSRF, &p.Session.Until
	}
	if p.Behind != nil {
		out.Entered = &Entered{ID: p.Behind.ID, Name: p.Behind.Name, Until: *p.Session.AsUntil}
	}
	return out
}

// Credentials are what a person signs in with.
type Credentials struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

func (s *Server) signIn(c *call) (answer, error) {
	var in Credentials
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	var f faults
	f.need("login", in.Login, 100)
	f.need("password", in.Password, 1000)
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	door := access.Credentials{Login: in.Login, Password: in.Password, Remote: c.remote, Agent: c.r.UserAgent()}
	opened, err := s.Access.SignIn(c.ctx(), door)
	if id := opened.Principal.User.ID; id != "" {
		c.object = "users/" + string(id)
	}
	if err != nil {
		return answer{}, err
	}
	c.who = &opened.Principal
	c.w.Header().Add("Set-Cookie", s.cookie(c.r, opened.Cookie, 0).String())
	return ok(showSession(c.who)), nil
}

func (s *Server) getSession(c *call) (answer, error) { return ok(showSession(c.who)), nil }

func (s *Server) signOut(c *call) (answer, error) {
	if c.who.Session == nil {
		return answer{}, core.Conflict("access.token", "у ключа доступа нет сеанса, отзовите его")
	}
	if err := s.Access.EndSession(c.ctx(), c.who.Owner(), c.who.Session.ID); err != nil {
		return answer{}, err
	}
	c.w.Header().Add("Set-Cookie", s.cookie(c.r, "", -1).String())
	return done(), nil
}

// PasswordChange is a new password of one's own.
type PasswordChange struct {
	Old string `json:"old_password"`
	New string `json:"new_password"`
}

func (s *Server) changePassword(c *call) (answer, error) {
	var in PasswordChange
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	var keep core.SessionID
	if c.who.Session != nil {
		keep = c.who.Session.ID
	}
	return done(), s.Access.ChangePassword(c.ctx(), c.who.User.ID, keep, in.Old, in.New)
}

// OwnSession is one of one's own sign-ins.
type OwnSession struct {
	ID        core.SessionID `json:"id"`
	CreatedAt time.Time      `json:"created_at"`
	Until     time.Time      `json:"until"`
	Agent     string         `json:"agent,omitempty"`
	Remote    string         `json:"remote,omitempty"`
	Current   bool           `json:"current"`
}

func (s *Server) listSessions(c *call) (answer, error) {
	sessions, err := s.Access.Sessions(c.ctx(), c.who.User.ID)
	if err != nil {
		return answer{}, err
	}
	return ok(list[OwnSession]{items(sessions, func(have *core.Session) OwnSession {
		return OwnSession{
			ID: have.ID, CreatedAt: have.CreatedAt, Until: have.Until, Agent: have.Agent, Remote: have.Remote,
			Current: c.who.Session != nil && c.who.Session.ID == have.ID,
		}
	})}), nil
}

func (s *Server) endSession(c *call) (answer, error) {
	return done(), s.Access.EndSession(c.ctx(), c.who.User.ID, core.SessionID(c.param("id")))
}

// Token is an API token without its hash.
type Token struct {
	core.Meta
	ID     core.TokenID `json:"id"`
	Title  string       `json:"title"`
	Scopes []string     `json:"scopes"`
	Until  *time.Time   `json:"until,omitempty"`
}

func showToken(t *core.Token) Token {
	return Token{Meta: t.Meta, ID: t.ID, Title: t.Title, Scopes: t.Scopes, Until: t.Until}
}

// TokenInput asks for an API token.
type TokenInput struct {
	Title  string             `json:"title"`
	Scopes []access.Operation `json:"scopes"`
	Until  *time.Time         `json:"until"`
}

// NewToken is a token with its only copy of the secret.
type NewToken struct {
	Token  Token  `json:"token"`
	Secret string `json:"secret"`
}

func (s *Server) listTokens(c *call) (answer, error) {
	tokens, err := s.Access.Tokens(c.ctx(), c.who.User.ID)
	return ok(list[Token]{items(tokens, showToken)}), err
}

func (s *Server) createToken(c *call) (answer, error) {
	var in TokenInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := c.noWider(in.Scopes); err != nil {
		return answer{}, err
	}
	wanted := access.NewToken{Title: in.Title, Scopes: in.Scopes, Until: in.Until}
	token, secret, err := s.Access.CreateToken(c.ctx(), c.who.User.ID, wanted)
	if err != nil {
		return answer{}, err
	}
	c.object = "tokens/" + string(token.ID)
	return answer{Status: http.StatusCreated, Body: NewToken{showToken(token), secret}}, nil
}

// noWider keeps a token from making another one that may more than itself.
func (c *call) noWider(scopes []access.Operation) error {
	var f faults
	for i, op := range scopes {
		if c.who.Token != nil && !slices.Contains(c.who.Token.Scopes, string(op)) {
			f.add(join("scopes", strconv.Itoa(i)), textWider)
		}
	}
	return f.err("tokens.wider")
}

func (s *Server) revokeToken(c *call) (answer, error) {
	return done(), s.Access.RevokeToken(c.ctx(), c.who.User.ID, core.TokenID(c.param("id")))
}

// RoleRights is one line of the table of permissions.
type RoleRights struct {
	Role       core.Role          `json:"role"`
	Operations []access.Operation `json:"operations"`
}

func (s *Server) listRoles(*call) (answer, error) {
	return ok(list[RoleRights]{items(access.Roles(), func(role core.Role) RoleRights {
		out := RoleRights{Role: role, Operations: []access.Operation{}}
		for _, op := range access.Operations() {
			if access.Can(role, op) {
				out.Operations = append(out.Operations, op)
			}
		}
		return out
	})}), nil
}
