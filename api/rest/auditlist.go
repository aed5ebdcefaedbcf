package rest

import (
	"encoding/csv"
	"strings"
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

// exportAudit streams what listAudit lists, as a table that Russian office
// programs open by a double click: UTF-8 with its mark, semicolons.
func (s *Server) exportAudit(c *call) (answer, error) {
	q := c.query()
	wanted := auditFilter(q)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", disposition("attachment", "audit.csv"))
	out := newPatientWriter(c.w)
	if _, err := out.Write([]byte("\ufeff")); err != nil {
		return answer{}, err
	}
	table := csv.NewWriter(out)
	table.Comma = ';'
	head := []string{"Время", "Пользователь", "Имя", "Под именем вошёл", "Действие", "Объект", "Исход", "Адрес", "Ключ доступа", "Запрос"}
	for i := range head {
		head[i] = wordsIn(languageOf(c.r)).text(head[i])
	}
	if err := table.Write(head); err != nil {
		return answer{}, err
	}
	err := s.Audit.Each(c.ctx(), wanted, func(e *core.AuditEntry) error { return table.Write(auditLine(e)) })
	table.Flush()
	if err == nil {
		err = table.Error()
	}
	return answer{}, err
}

func auditLine(e *core.AuditEntry) []string {
	line := []string{
		e.CreatedAt.In(core.OfficeZone).Format("2006-01-02 15:04:05"), e.Actor.ID, e.Actor.Name, e.Actor.BehindName,
		e.Operation, e.Object, e.Outcome, e.Remote, e.Token, e.Request,
	}
	for i := range line {
		line[i] = cell(line[i])
	}
	return line
}

// cell keeps a table program from taking a text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
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
