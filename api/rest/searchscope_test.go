package rest_test

import (
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// limited is a clerk of the organisation org_1 and the line ent_1.
func (h *hub) limited() *client {
	h.t.Helper()
	c := h.clerk()
	me := c.session().User
	p := access.Profile{Login: "maria", Name: "Мария", Roles: me.Roles, Organizations: []core.OrganizationID{"org_1"}, Lines: []core.EntryID{"ent_1"}}
	if _, err := h.access.UpdateUser(h.t.Context(), me.ID, me.Version, p); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// belonging are a document of the limited clerk's, and those of others.
func belonging() (mine *core.Document, others []*core.Document) {
	document := func(id core.DocumentID, org core.OrganizationID, line core.EntryID) *core.Document {
		return &core.Document{
			ID: id, Organization: org, Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Протечка", Text: "Тайна " + string(id),
			Appeal: &core.Appeal{State: core.AppealNew, Line: line},
		}
	}
	return document("doc_1", "org_1", "ent_1"), []*core.Document{document("doc_2", "org_1", "ent_2"), document("doc_3", "org_2", "ent_1")}
}

func TestSearchShowsALimitedUserNothingOfOthers(t *testing.T) {
	h := newSearchHub(t)
	admin := h.administrator()
	clerk := h.limited()
	mine, others := belonging()
	untilIndexed(t, admin, 0)
	put(h, store.Documents, append(others, mine)...)
	admin.post("/api/v1/search/index", nil).want(202)
	untilIndexed(t, admin, 3)
	admin.delete("/api/v1/search/index").problem(409, "search.not_rebuilding")
	for _, q := range []string{"протечка", "", "тайна", "про*", "Протечка -лифт"} {
		for _, order := range []string{"relevance", "time"} {
			r := clerk.get(findPath("q", q, "order", order)).want(200)
			page := read[rest.SearchPage](r)
			if page.Total != 1 || len(page.Items) != 1 || page.Items[0].Document.ID != "doc_1" || strings.Contains(string(r.body), "doc_2") || strings.Contains(string(r.body), "doc_3") {
				t.Errorf("%q by %s: %s", q, order, r.body)
			}
		}
	}
	for _, path := range []string{findPath("q", "doc_2"), findPath("line", "ent_2"), findPath("organization", "org_2")} {
		if page := read[rest.SearchPage](clerk.get(path).want(200)); page.Total != 0 || len(page.Items) != 0 {
			t.Errorf("%s: %+v", path, page)
		}
	}
	if page := read[rest.SearchPage](admin.get(findPath("q", "протечка")).want(200)); page.Total != 3 {
		t.Errorf("the administrator found %d", page.Total)
	}
}

func TestEventsTellALimitedUserNothingOfOthers(t *testing.T) {
	h := newHub(t)
	h.administrator()
	clerk := h.limited()
	mine, others := belonging()
	put(h, store.Documents, append(others, mine)...)
	put(h, store.Tasks,
		&core.Task{ID: "tsk_1", Document: "doc_1", Organization: "org_1", Kind: core.TaskPlain, State: core.TaskAssigned},
		&core.Task{ID: "tsk_2", Document: "doc_2", Organization: "org_1", Kind: core.TaskPlain, State: core.TaskAssigned})
	put(h, store.Drafts,
		&core.Draft{ID: "drf_1", InReplyTo: "doc_1", Organization: "org_1", State: core.DraftEditing},
		&core.Draft{ID: "drf_3", InReplyTo: "doc_3", Organization: "org_2", State: core.DraftEditing})
	s := clerk.stream("/api/v1/events", "")
	s.want("ready")
	h.update(func(tx store.Tx) error {
		for _, e := range []struct {
			topic bus.Topic
			key   string
			about any
		}{
			{bus.AppealUpdated, "doc_2", bus.AppealEvent{Document: "doc_2"}},
			{bus.TaskUpdated, "tsk_2", bus.TaskEvent{Task: "tsk_2", Document: "doc_2"}},
			{bus.TaskUpdated, "tsk_9", bus.TaskEvent{Task: "tsk_9"}},
			{bus.DraftUpdated, "drf_3", bus.DraftEvent{Draft: "drf_3"}},
			{bus.DeadlineWarned, "doc_3", bus.DeadlineEvent{Kind: "document", ID: "doc_3"}},
			{bus.AppealUpdated, "doc_1", bus.AppealEvent{Document: "doc_1"}},
			{bus.TaskUpdated, "tsk_1", bus.TaskEvent{Task: "tsk_1", Document: "doc_1"}},
			{bus.DraftUpdated, "drf_1", bus.DraftEvent{Draft: "drf_1"}},
			{bus.DeadlineWarned, "doc_1", bus.DeadlineEvent{Kind: "document", ID: "doc_1"}},
		} {
			if err := h.bus.Publish(tx, e.topic, e.key, e.about); err != nil {
				return err
			}
		}
		return nil
	})
	heard := map[string]bool{}
	for range 4 {
		e, ok := s.next()
		if !ok || strings.Contains(e.data, "_2") || strings.Contains(e.data, "_3") || strings.Contains(e.data, "_9") {
			t.Fatalf("%+v", e)
		}
		heard[e.event] = true
	}
	if len(heard) != 4 {
		t.Errorf("heard %v", heard)
	}
}
