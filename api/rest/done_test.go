package rest_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// TestALetterAnsweredInTimeStaysSo through whatever is done to it later.
func TestALetterAnsweredInTimeStaysSo(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Reports = &report.Service{Store: c.Store, Now: c.Now} })
	c := h.administrator()
	put(h, store.Channels, &core.Channel{ID: "mail", Plugin: "email", Title: "Почта", Enabled: true})
	d := &core.Document{ID: "doc_1", Channel: "mail", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Письмо", Thread: "thr_1"}
	d.SetDeadline(&core.Deadline{DueAt: h.clock().Add(24 * time.Hour), Term: core.Term{Kind: core.TermOutside}})
	put(h, store.Documents, d)
	sums := func() report.Sums { return read[rest.Summary](c.get("/api/v1/reports/summary").want(200)).Total }
	change := func(body string) *core.Document {
		t.Helper()
		now := read[rest.DocumentCard](c.get("/api/v1/documents/doc_1").want(200)).Document
		c.sees(now.Version).patch("/api/v1/documents/doc_1", body).want(200)
		return read[rest.DocumentCard](c.get("/api/v1/documents/doc_1").want(200)).Document
	}
	change(`{"state":"in_work"}`)
	if got := change(`{"state":"answered"}`); got.DoneAt == nil {
		t.Fatalf("%+v", got)
	}
	h.pass(48 * time.Hour)
	c.signIn("admin", password)
	change(`{"subject":"Письмо жителя"}`)
	change(`{"state":"closed"}`)
	if s := sums(); s.InTime != 1 || s.Late != 0 {
		t.Errorf("%+v", s)
	}
	if got := change(`{"state":"in_work"}`); got.DoneAt != nil {
		t.Errorf("done with %v", got.DoneAt)
	}
	if s := sums(); s.Overdue != 1 {
		t.Errorf("%+v", s)
	}
	change(`{"state":"answered"}`)
	if s := sums(); s.Late != 1 {
		t.Errorf("%+v", s)
	}
}

// TestATermThatStandsIsNotOverdue in the list of what is.
func TestATermThatStandsIsNotOverdue(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	for i, pauses := range [][]core.Pause{nil, {{From: h.clock()}}} {
		d := &core.Document{ID: []core.DocumentID{"doc_1", "doc_2"}[i], Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Thread: "t", Subject: []string{"просрочено", "стоит"}[i], Appeal: &core.Appeal{State: core.AppealNew}}
		d.SetDeadline(&core.Deadline{DueAt: h.clock().Add(-time.Hour), Term: core.Term{Kind: core.TermOutside}, Pauses: pauses})
		put(h, store.Documents, d)
	}
	for _, order := range []string{"", "&order=due", "&order=subject"} {
		if got := subjects(t, c, "&view=overdue"+order, 1); got != "просрочено" {
			t.Errorf("%s: %s", order, got)
		}
	}
}
