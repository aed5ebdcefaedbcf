package rest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/store"
)

// The limits of users in TestLimits.
const (
	limitNone = "none"
	limitOrg  = "organisation org_1"
	limitLine = "line lin_1"
	limitAll  = "line lin_all, with access to all appeals"
)

// profile creates and signs in a user with limits.
func (h *hub) profile(p access.Profile) *client {
	h.t.Helper()
	c := h.as(p.Login, p.Roles...)
	me := c.session().User
	if _, err := h.access.UpdateUser(h.t.Context(), me.ID, me.Version, p); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// fillLimits fills the hub with rows of two organisations and two lines.
func fillLimits(h *hub) {
	put(h, store.Entries, &core.Entry{ID: "lin_1", Directory: core.DirSupportLines, Values: map[string]any{"title": "Первая", "appeals": "own", "position": 1.0}})
	put(h, store.Entries, &core.Entry{ID: "lin_all", Directory: core.DirSupportLines, Values: map[string]any{"title": "Все", "appeals": "all", "position": 2.0}})
	for i, org := range []core.OrganizationID{"org_1", "org_2"} {
		id, line := fmt.Sprint(i+1), core.EntryID("lin_"+fmt.Sprint(i+1))
		doc := core.DocumentID("doc_" + id)
		put(h, store.Entries, &core.Entry{ID: core.EntryID(org), Directory: core.DirOrganizations, Values: map[string]any{"title": "УК " + id}})
		put(h, store.Entries, &core.Entry{ID: core.EntryID("ent_" + id), Directory: core.DirMessageTemplates, Organization: org, Values: map[string]any{"title": "Шаблон " + id, "position": 1.0}})
		put(h, store.Parties, &core.Party{ID: core.PartyID("pty_" + id), Organization: org, Kind: core.PartyPerson, Name: "Житель " + id, Addresses: []core.Contact{{Kind: core.AddressPhone, Value: "+7916111223" + id}}})
		put(h, store.Documents, &core.Document{
			ID: doc, Organization: org, Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Thread: core.ThreadID(doc),
			Appeal: &core.Appeal{State: core.AppealNew, Line: line},
		})
		put(h, store.Deliveries, &core.Delivery{ID: core.DeliveryID("dlv_" + id), Document: doc, Channel: "mail", Purpose: core.PurposeAnswer, State: core.DeliverySent})
		put(h, store.Tasks, &core.Task{ID: core.TaskID("tsk_" + id), Organization: org, Kind: core.TaskPlain, State: core.TaskInWork, Document: doc, Author: "usr_x"})
		put(h, store.Drafts, &core.Draft{ID: core.DraftID("drf_" + id), Organization: org, State: core.DraftEditing, InReplyTo: doc, Author: "usr_x", Versions: 1})
		put(h, store.DraftVersions, &core.DraftVersion{Draft: core.DraftID("drf_" + id), Number: 1})
		put(h, store.Erasures, &core.Erasure{
			ID: core.ErasureID("era_" + id), Party: core.PartyID("pty_" + id), State: core.ErasureFinished,
			Parties: []core.PartyID{}, Documents: []core.ErasedDocument{}, Tasks: []core.TaskID{}, Drafts: []core.DraftID{},
			Kept: []core.KeptDocument{}, KeptDrafts: []core.KeptDraft{}, Remains: []string{}, OrderedBy: core.Actor{Kind: core.ActorUser, ID: "usr_x"},
		})
		put(h, store.MassRuns, &core.MassRun{ID: core.MassID("mas_" + id), State: core.MassDone, By: core.Actor{Kind: core.ActorUser, ID: "usr_x"}})
	}
}

// TestLimits is the table of role, operation and limit: which of the two rows of
// each kind a user sees in a list and by its address.
func TestLimits(t *testing.T) {
	h := newHub(t)
	fillLimits(h)
	h.administrator()
	profiles := map[string]access.Profile{
		limitNone: {},
		limitOrg:  {Organizations: []core.OrganizationID{"org_1"}},
		limitLine: {Lines: []core.EntryID{"lin_1"}},
		limitAll:  {Lines: []core.EntryID{"lin_1", "lin_all"}},
	}
	// What a line limits are appeals and what belongs to them.
	byOrganization := map[string]int{limitNone: 2, limitOrg: 1, limitLine: 2, limitAll: 2}
	byLine := map[string]int{limitNone: 2, limitOrg: 1, limitLine: 1, limitAll: 2}
	own := map[string]int{limitNone: 2, limitOrg: 0, limitLine: 0, limitAll: 2}
	rows := []struct {
		list, one string
		seen      map[string]int
	}{
		{"documents", "documents/doc_", byLine},
		{"appeals", "appeals/doc_", byLine},
		{"appeals?view=open", "", byLine},
		{"deliveries", "deliveries/dlv_", byLine},
		{"tasks", "tasks/tsk_", byLine},
		{"drafts", "drafts/drf_", byLine},
		{"parties", "parties/pty_", byOrganization},
		{"erasures", "erasures/era_", byOrganization},
		{"mass-runs", "mass-runs/mas_", own},
		{"directories/organizations/entries", "directories/organizations/entries/org_", byOrganization},
		{"directories/message_templates/entries", "directories/message_templates/entries/ent_", byOrganization},
	}
	for _, role := range []core.Role{core.RoleOperator, core.RoleSupervisor, core.RoleAdministrator} {
		for limit, profile := range profiles {
			profile.Name, profile.Roles = "Пользователь", []core.Role{role}
			profile.Login = fmt.Sprintf("%s-%d-%d", role, len(profile.Organizations), len(profile.Lines))
			c := h.profile(profile)
			for _, row := range rows {
				want := row.seen[limit]
				if role == core.RoleAdministrator {
					want = 2
				}
				got := len(read[struct{ Items []any }](c.get("/api/v1/" + row.list).want(200)).Items)
				if got != want {
					t.Errorf("%s, %s: %s shows %d of 2, want %d", role, limit, row.list, got, want)
				}
				for n := 1; row.one != "" && n <= 2; n++ {
					status := http.StatusOK
					if n > want {
						status = http.StatusNotFound
					}
					c.get("/api/v1/" + row.one + fmt.Sprint(n)).want(status)
				}
			}
		}
	}
}

func TestALimitedUserChangesNothingHeDoesNotSee(t *testing.T) {
	h := newHub(t)
	fillLimits(h)
	h.administrator()
	c := h.profile(access.Profile{Login: "clerk", Name: "Мария", Roles: []core.Role{core.RoleClerk}, Organizations: []core.OrganizationID{"org_1"}})
	fresh := c.with("If-Match", `"1"`)
	fresh.post("/api/v1/appeals/doc_2/take", nil).problem(404, "documents.not_found")
	c.post("/api/v1/appeals/doc_2/heartbeat", nil).problem(404, "documents.not_found")
	c.post("/api/v1/appeals/doc_2/open", nil).want(404)
	fresh.post("/api/v1/appeals/doc_1/merge", map[string]any{"into": "doc_2"}).problem(404, "documents.not_found")
	fresh.post("/api/v1/documents/doc_2/deadline/pause", map[string]any{"reason": "x"}).problem(404, "documents.not_found")
	fresh.delete("/api/v1/parties/pty_2").problem(404, "parties.not_found")
	fresh.post("/api/v1/parties/pty_1/merge", map[string]any{"into": "pty_2"}).problem(404, "parties.not_found")
	fresh.post("/api/v1/documents/doc_1/party", map[string]any{"party": "pty_2"}).problem(400, "request.body")
	fresh.delete("/api/v1/directories/message_templates/entries/ent_2").want(404)
	c.post("/api/v1/mass-runs", map[string]any{"operation": "tag", "args": map[string]any{"add": []string{"x"}}, "documents": []string{"doc_2"}}).problem(400, "request.body")
	c.post("/api/v1/mass-runs", map[string]any{"operation": "tag", "args": map[string]any{"add": []string{"x"}}, "filter": map[string]any{}}).problem(403, "mass.limited")
	c.post("/api/v1/documents", map[string]any{"direction": "internal", "subject": "x", "organization": "org_2"}).problem(400, "request.body")
	c.post("/api/v1/parties", map[string]any{"kind": "person", "name": "x", "organization": "org_2"}).problem(400, "request.body")
	found := read[struct{ Items []any }](c.post("/api/v1/parties/match", map[string]any{"addresses": []map[string]any{{"kind": "phone", "value": "+79161112232"}}}).want(200))
	if len(found.Items) != 0 {
		t.Errorf("recognised %v", found.Items)
	}
}

func TestADecreeIsLoadedOverTheLaw(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	const year = "/api/v1/calendars/russia/years/2027"
	before := read[core.CalendarYear](c.get(year).want(200))
	if !before.Computed || before.Basis == "" || len(before.Days) < 14 {
		t.Fatalf("without a decree: computed %t, %q, %d days", before.Computed, before.Basis, len(before.Days))
	}
	moved := []map[string]any{
		{"date": "2027-02-20", "kind": "working", "note": "рабочая суббота вместо 22 февраля"},
		{"date": "2027-02-22", "kind": "day_off", "note": "перенос с субботы 20 февраля"},
	}
	decree := map[string]any{"basis": "Постановление Правительства РФ", "decree": true, "days": moved}
	c.put("/api/v1/calendars/office/years/2027", decree).problem(400, "request.body")
	after := read[core.CalendarYear](c.put(year, decree).want(200))
	kinds := map[core.Date]core.DayKind{}
	for _, d := range after.Days {
		kinds[d.Date] = d.Kind
	}
	if after.Computed || kinds["2027-02-22"] != core.DayOff || kinds["2027-02-23"] != core.DayHoliday || kinds["2027-01-01"] != core.DayHoliday {
		t.Errorf("with a decree: computed %t, %v", after.Computed, kinds)
	}
	c.with("If-Match", `"1"`).delete(year).want(204)
	if again := read[core.CalendarYear](c.get(year).want(200)); !again.Computed {
		t.Error("without it again the year is not computed")
	}
}

func TestASignOfLifeIsNotAudited(t *testing.T) {
	h := newHub(t)
	fillLimits(h)
	c := h.administrator()
	fresh := c.with("If-Match", `"1"`)
	fresh.post("/api/v1/appeals/doc_1/take", nil).want(200)
	for range 3 {
		c.post("/api/v1/appeals/doc_1/heartbeat", nil).want(200)
	}
	page, err := audit.Journal{Store: h.store}.List(t.Context(), audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, e := range page.Items {
		if e.Operation == "appeals.take" {
			taken++
		}
		if e.Operation == "appeals.beat" {
			t.Errorf("%+v", e)
		}
	}
	if taken != 1 {
		t.Errorf("taking is audited %d times", taken)
	}
}
