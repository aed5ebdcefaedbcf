package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
)

// auditFilter reads what chooses entries, but for the page.
func auditFilter(q *query) audit.Filter {
	return audit.Filter{
		Actor: q.text("actor"), Operation: q.text("operation"), Object: q.text("object"), Outcome: q.text("outcome"),
		Request: q.text("request"), From: q.day("from", 0), To: q.day("to", 1),
	}
}

func (s *Server) listAudit(c *call) (answer, error) {
	q := c.query()
	wanted := auditFilter(q)
	wanted.After, wanted.Limit = q.text("after"), q.number("limit", 1, 1000, 50)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, err := s.Audit.List(c.ctx(), wanted)
	return ok(page[*core.AuditEntry]{items(got.Items, itself), got.Next}), err
}

// UserActions are what a user did in a time, by operation and outcome.
type UserActions struct {
	User    User          `json:"user"`
	Actions []audit.Count `json:"actions"`
	// More tells that only the newest actions were counted.
	More     bool       `json:"more"`
	SignInAt *time.Time `json:"sign_in_at,omitempty"` // the last one, at any time
}

func (s *Server) userActions(c *call) (answer, error) {
	q := c.query()
	wanted := audit.Filter{From: q.day("from", 0), To: q.day("to", 1), Actor: c.param("id")}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	user, err := s.Access.User(c.ctx(), core.UserID(c.param("id")))
	if err != nil {
		return answer{}, err
	}
	counts, more, err := s.Audit.Summary(c.ctx(), wanted)
	if err != nil {
		return answer{}, err
	}
	out := UserActions{User: showUser(&user), Actions: items(counts, itself), More: more}
	last, err := s.Audit.List(c.ctx(), audit.Filter{Actor: c.param("id"), Operation: "session.create", Outcome: audit.OK, Limit: 1})
	if err == nil && len(last.Items) > 0 {
		out.SignInAt = &last.Items[0].CreatedAt
	}
	return ok(out), err
}
