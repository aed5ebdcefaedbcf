package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// OpenSession is a session of any user, as administrators see it.
type OpenSession struct {
	ID        core.SessionID `json:"id"`
	User      core.UserID    `json:"user"`
	Login     string         `json:"login"`
	Name      string         `json:"name"`
	CreatedAt time.Time      `json:"created_at"`
	Until     time.Time      `json:"until"`
	Agent     string         `json:"agent,omitempty"`
	Remote    string         `json:"remote,omitempty"`
	As        core.UserID    `json:"as,omitempty"` // entered as this user
	Current   bool           `json:"current"`
}

func (s *Server) listUserSessions(c *call) (answer, error) {
	q := c.query()
	user, after, limit := q.text("user"), q.text("after"), q.number("limit", 1, 1000, 50)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, next, err := s.Access.AllSessions(c.ctx(), core.UserID(user), after, limit)
	return ok(page[OpenSession]{items(got, c.showOpen), next}), err
}

func (c *call) showOpen(o access.OpenSession) OpenSession {
	return OpenSession{
		ID: o.Session.ID, User: o.User.ID, Login: o.User.Login, Name: o.User.Name,
		CreatedAt: o.Session.CreatedAt, Until: o.Session.Until, Agent: o.Session.Agent, Remote: o.Session.Remote,
		As: o.Session.As, Current: c.who.Session != nil && c.who.Session.ID == o.Session.ID,
	}
}

func (s *Server) endUserSession(c *call) (answer, error) {
	return done(), s.Access.RevokeSession(c.ctx(), core.SessionID(c.param("id")))
}

func (s *Server) enterAs(c *call) (answer, error) {
	who, err := s.Access.EnterAs(c.ctx(), c.who, core.UserID(c.param("id")))
	if err != nil {
		return answer{}, err
	}
	return ok(showSession(who)), nil
}

func (s *Server) leave(c *call) (answer, error) {
	c.object = "users/" + string(c.who.User.ID)
	who, err := s.Access.Leave(c.ctx(), c.who)
	if err != nil {
		return answer{}, err
	}
	return ok(showSession(who)), nil
}
