package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
)

func (s *Server) listAudit(c *call) (answer, error) {
	q := c.query()
	wanted := audit.Filter{
		Actor: q.text("actor"), Operation: q.text("operation"), Object: q.text("object"), Outcome: q.text("outcome"),
		From: q.day("from", 0), To: q.day("to", 1),
		After: q.text("after"), Limit: q.number("limit", 1, 1000, 50),
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, err := s.Audit.List(c.ctx(), wanted)
	return ok(page[*core.AuditEntry]{items(got.Items, itself), got.Next}), err
}
