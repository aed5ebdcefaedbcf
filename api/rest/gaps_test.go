package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/store"
)

func TestATaskIsDueAfterATerm(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	task := object{"kind": "task", "title": "Осмотреть", "performer": c.me(), "term": object{"kind": "working_days", "amount": 3}}
	made := read[core.Task](c.post("/api/v1/tasks", task).want(201))
	if d := made.Deadline; d == nil || d.Term.Amount != 3 || d.DueAt.Format(time.DateOnly) != "2026-03-05" {
		t.Errorf("the term is %+v", d)
	}
	task["due_at"] = "2026-04-01T09:00:00Z"
	if p := c.post("/api/v1/tasks", task).problem(400, "request.body"); len(p.Errors) != 1 || p.Errors[0].Field != "term" {
		t.Errorf("both: %+v", p.Errors)
	}
	delete(task, "due_at")
	task["term"] = object{"kind": "outside"}
	if p := c.post("/api/v1/tasks", task).problem(400, "request.body"); p.Errors[0].Field != "term.kind" {
		t.Errorf("an outside term: %+v", p.Errors)
	}
}

func TestApproversHaveATermFromWhenTheyAreAsked(t *testing.T) {
	h := newHub(t)
	maria, lawyer := h.clerk(), h.as("lawyer", core.RoleClerk)
	put(h, store.Channels, &core.Channel{ID: "mail"})
	h.appeal("doc_1")
	route := object{"order": "sequence", "approvers": []object{{"user": lawyer.me()}}, "term": object{"kind": "working_days", "amount": 1}}
	draft := func(route object) object {
		return object{
			"in_reply_to": "doc_1", "way": object{"channel": "mail", "route": route},
			"text": object{"text": "Починим", "to": []object{{"addresses": []object{{"kind": "email", "value": "anna@mail.test"}}}}},
		}
	}
	r := maria.post("/api/v1/drafts", draft(route)).want(201)
	one := "/api/v1/drafts/" + string(read[rest.DraftCard](r).Draft.ID)
	maria.with("If-Match", r.etag()).post(one+"/submit", nil).want(200)
	var asked struct{ Items []core.Task }
	lawyer.get("/api/v1/tasks?view=mine").want(200).read(&asked)
	if len(asked.Items) != 1 || asked.Items[0].Deadline == nil || asked.Items[0].Deadline.DueAt.Format(time.DateOnly) != "2026-03-03" {
		t.Errorf("asked for %+v", asked.Items)
	}
	route["due_at"] = "2026-04-01T09:00:00Z"
	maria.post("/api/v1/drafts", draft(route)).want(400)
}

func TestDueDateOfADocumentIsSetMovedAndTakenAway(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	d := register(c, "Запрос")
	patch := func(version int, body string) core.Document {
		return read[core.Document](c.with("If-Match", fmt.Sprintf(`"%d"`, version)).patch(path(&d), body).want(200))
	}
	due := patch(1, `{"due_at":"2026-03-20T12:00:00Z"}`)
	if due.DueAt == nil || due.Deadline == nil || due.Deadline.Basis == "" || !due.DueAt.Equal(due.Deadline.DueAt) {
		t.Errorf("due %+v", due)
	}
	if got := patch(2, `{"due_at":"2026-03-27T12:00:00Z"}`); got.DueAt.Day() != 27 || got.Deadline.DueAt.Day() != 27 {
		t.Errorf("moved to %v", got.DueAt)
	}
	if got := patch(3, `{"subject":"Запрос жителя"}`); got.DueAt == nil {
		t.Error("another edit took the term away")
	}
	if got := patch(4, `{"due_at":null}`); got.DueAt != nil || got.Deadline != nil {
		t.Errorf("taken away, it is %v", got.DueAt)
	}
	c.with("If-Match", `"5"`).patch(path(&d), `{"due_at":"завтра"}`).problem(400, "request.body")
}

func TestPlannedAppealsAreWokenByHand(t *testing.T) {
	var works *jobs.Service
	h := newHub(t, func(c *rest.Config) {
		appeals, kept := c.Appeals, c.Store
		works = jobs.New(jobs.Options{Store: c.Store, Bus: c.Events.(*bus.Bus), Now: c.Now}, []jobs.Job{{
			ID: "hub.planned", Title: "Запланированные обращения", Every: time.Hour, Run: func(ctx context.Context) (string, error) {
				woken, err := appeals.WakePlanned(ctx, kept, c.Now())
				return fmt.Sprint(woken), err
			},
		}})
		c.Jobs = works
	})
	admin := h.administrator()
	at := h.clock().Add(-time.Minute)
	put(h, store.Documents, &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Thread: "doc_1",
		Appeal: &core.Appeal{State: core.AppealWaiting, PlannedAt: &at},
	})
	admin.post("/api/v1/jobs/hub.planned/run", nil).want(200)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- works.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) { // polls until the job has run
		got := read[struct{ Document core.Document }](admin.get("/api/v1/documents/doc_1").want(200)).Document
		if got.Appeal.State == core.AppealNew {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the appeal is still %s", got.Appeal.State)
		}
	}
}

func TestMassOperationsOverREST(t *testing.T) {
	h := newHub(t)
	clerk := h.clerk()
	line := h.administrator().entry("support_lines", object{"title": "Лифты"})
	put(h, store.Channels, &core.Channel{ID: "gis", Enabled: true, Appeals: true})
	runs := []struct {
		operation, args string
		state           core.AppealState
	}{
		{"assign", `{"line":"` + string(line.ID) + `"}`, core.AppealNew},
		{"take", `{}`, core.AppealInWork},
		{"close", `{"text":"Готово"}`, core.AppealClosed},
		{"forward", `{"to":["gis"]}`, core.AppealForwarded},
	}
	for i, run := range runs {
		id := core.DocumentID(fmt.Sprint("doc_", i))
		h.appeal(id)
		order := fmt.Sprintf(`{"operation":%q,"args":%s,"documents":[%q]}`, run.operation, run.args, id)
		for _, who := range []*client{h.as("auditor-"+run.operation, core.RoleAuditor), h.anonymous()} {
			if got := who.post("/api/v1/mass-runs", order).status; got != 403 && got != 401 {
				t.Errorf("%s by who may not: %d", run.operation, got)
			}
		}
		r := read[core.MassRun](clerk.post("/api/v1/mass-runs", order).want(201))
		h.work()
		if r = read[core.MassRun](clerk.get("/api/v1/mass-runs/" + string(r.ID)).want(200)); r.Done != 1 {
			t.Errorf("%s: %+v", run.operation, r)
		}
		if got := read[struct{ Document core.Document }](clerk.get("/api/v1/documents/" + string(id)).want(200)).Document; got.Appeal.State != run.state {
			t.Errorf("%s makes it %s", run.operation, got.Appeal.State)
		}
	}
}

func TestALimitedUserNamesTheDocumentsOfAMassOperation(t *testing.T) {
	h := newHub(t)
	fillLimits(h)
	h.administrator()
	c := h.profile(access.Profile{Login: "oleg", Name: "Олег", Roles: []core.Role{core.RoleSupervisor}, Organizations: []core.OrganizationID{"org_1"}})
	c.post("/api/v1/mass-runs", `{"operation":"take","args":{},"filter":{"appeal_state":"new"}}`).problem(403, "mass.limited")
	if p := c.post("/api/v1/mass-runs", `{"operation":"take","args":{},"documents":["doc_1","doc_2"]}`).problem(400, "request.body"); p.Errors[0].Field != "documents.1" {
		t.Errorf("faults %+v", p.Errors)
	}
	c.post("/api/v1/mass-runs", `{"operation":"take","args":{},"documents":["doc_1"]}`).want(201)
}

func TestNoticesAreHeardByThoseTheyAreTo(t *testing.T) {
	h := newHub(t)
	h.administrator()
	maria, oleg := h.clerk(), h.as("oleg", core.RoleSupervisor)
	maria.put("/api/v1/session/notifications", object{"desk": []string{"overdue"}, "email": []string{}}).want(200)
	his, hers := oleg.me(), maria.me()
	hears := maria.stream("/api/v1/events?topics=notice.raised", "")
	hears.want("ready")
	h.update(func(tx store.Tx) error {
		for i, n := range []bus.NoticeEvent{
			{Users: []core.UserID{his}, Notice: core.NoticeOverdue, Text: "Олегу"},
			{Users: []core.UserID{hers, his}, Notice: core.NoticeDueSoon, Text: "об этом не надо"},
			{Users: []core.UserID{hers}, Notice: core.NoticeOverdue, Text: "нарушен"},
			{Users: []core.UserID{hers}, Text: "правило"},
		} {
			if err := h.bus.Publish(tx, bus.NoticeRaised, fmt.Sprint(i), n); err != nil {
				return err
			}
		}
		return nil
	})
	for _, want := range []string{"нарушен", "правило"} {
		var ev bus.Event
		var notice bus.NoticeEvent
		if err := json.Unmarshal([]byte(hears.want("notice.raised").data), &ev); err != nil {
			t.Fatal(err)
		}
		if err := ev.Decode(&notice); err != nil || notice.Text != want {
			t.Errorf("heard %q, want %q: %v", notice.Text, want, err)
		}
	}
}

func TestAConnectorBringsDirectoriesWhenItIsInstalled(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.get("/api/v1/directories/email.boxes").problem(404, "directory.not_found")
	var pack bytes.Buffer
	if err := h.server.Catalog.Pack(t.Context(), binary100(t, "1.2.0"), &pack); err != nil {
		t.Fatal(err)
	}
	admin.send("POST", "/api/v1/plugins", "application/gzip", pack.Bytes()).want(201)
	admin.get("/api/v1/directories/email.boxes").problem(404, "directory.not_found") // 1.0.0 is current still
	admin.put("/api/v1/plugins/email/current", `{"version":"1.2.0"}`).want(204)
	e := admin.entry("email.boxes", object{"title": "Первый"})
	if !strings.HasPrefix(address(e), "/api/v1/directories/email.boxes/") {
		t.Errorf("entry %+v", e)
	}
	admin.get(address(e) + "/history").want(200)
	if file := admin.get("/api/v1/directories/email.boxes/export").want(200); !strings.Contains(string(file.body), "Первый") {
		t.Errorf("export %s", file.body)
	}
}
