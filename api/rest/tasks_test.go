package rest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/store"
)

// me is the id of the user behind a client.
func (c *client) me() core.UserID {
	c.hub.t.Helper()
	return read[rest.Session](c.get("/api/v1/session").want(200)).User.ID
}

func (r *response) etag() string { return r.header.Get("ETag") }

func TestTaskOverREST(t *testing.T) {
	h := newHub(t)
	boss, anna := h.clerk(), h.as("anna", core.RoleOperator)
	in := object{"kind": "assignment", "title": "Починить крышу", "performer": anna.me(), "due_at": h.clock().Add(time.Hour)}
	made := boss.with("Idempotency-Key", "k1").post("/api/v1/tasks", in).want(201)
	again := boss.with("Idempotency-Key", "k1").post("/api/v1/tasks", in).want(201)
	id := read[core.Task](made).ID
	if read[core.Task](again).ID != id {
		t.Fatal("made twice")
	}
	one := "/api/v1/tasks/" + string(id)
	anna.post(one+"/accept", nil).problem(428, "request.if_match")
	boss.with("If-Match", made.etag()).post(one+"/accept", nil).problem(403, "task.forbidden")
	r := anna.with("If-Match", made.etag()).post(one+"/accept", nil).want(200)
	anna.with("If-Match", made.etag()).post(one+"/start", nil).problem(409, "tasks.stale")
	r = anna.with("If-Match", r.etag()).form(one+"/done", object{"text": "Готово"}, file{"act.txt", "акт"}).want(200)
	result := read[core.Task](r)
	if got := anna.get(one + "/files/" + result.Result.Files[0].Hash).want(200); string(got.body) != "акт" {
		t.Errorf("file %s", got.body)
	}
	boss.post(one+"/comments", object{"text": "Вижу"}).want(201)
	boss.with("If-Match", r.etag()).post(one+"/return", object{"reason": ""}).problem(400, "task.invalid")
	boss.with("If-Match", r.etag()).post(one+"/close", object{"reason": "Принято"}).want(200)
	card := read[rest.TaskCard](boss.get(one).want(200))
	if card.Task.State != core.TaskClosed || len(card.Comments) != 2 {
		t.Errorf("card %+v", card)
	}
	boss.get(one + "/history").want(200)
	boss.get(one + "/comments").want(200)
	h.as("auditor", core.RoleAuditor).post("/api/v1/tasks", in).problem(403, "access.forbidden")
}

func TestTaskLists(t *testing.T) {
	h := newHub(t)
	boss, anna := h.clerk(), h.as("anna", core.RoleOperator)
	for i := range 3 {
		boss.post("/api/v1/tasks", object{"kind": "task", "title": fmt.Sprint("Задача ", i), "performer": anna.me(), "due_at": h.clock().Add(time.Duration(i+1) * time.Hour)}).want(201)
	}
	h.pass(90 * time.Minute)
	for path, c := range map[string]struct {
		who  *client
		want int
	}{
		"?view=mine":                {anna, 3},
		"?view=mine&open=true":      {boss, 0},
		"?view=by_me":               {boss, 3},
		"?view=controlled":          {boss, 0},
		"?view=mine&overdue=true":   {anna, 1},
		"?state=assigned&kind=task": {boss, 3},
		"?document=doc_none":        {boss, 0},
	} {
		var got struct{ Items []core.Task }
		c.who.get("/api/v1/tasks" + path).want(200).read(&got)
		if len(got.Items) != c.want {
			t.Errorf("%s: %d tasks, want %d", path, len(got.Items), c.want)
		}
	}
	boss.get("/api/v1/tasks?whose=mine").problem(400, "request.query")
}

func TestDraftOverREST(t *testing.T) {
	h := newHub(t)
	maria, lawyer := h.clerk(), h.as("lawyer", core.RoleClerk)
	put(h, store.Channels, &core.Channel{ID: "mail"})
	put(h, store.Documents, &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Крыша", Channel: "mail", Thread: "doc_1",
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
	})
	way := object{"route": object{"order": "sequence", "approvers": []object{{"user": lawyer.me(), "signed": true}}}}
	r := maria.form("/api/v1/drafts", object{"in_reply_to": "doc_1", "way": way, "text": object{"text": "Починим"}}, file{"plan.txt", "план"}).want(201)
	card := read[rest.DraftCard](r)
	one := "/api/v1/drafts/" + string(card.Draft.ID)
	r = maria.with("If-Match", r.etag()).post(one+"/versions", object{"text": "Починим\nзавтра", "keep_files": []string{card.Text.Files[0].Hash}}).want(200)
	diff := read[approval.Comparison](maria.get(one + "/versions/2/compare").want(200))
	if diff.From != 1 || len(diff.Lines) != 2 {
		t.Errorf("comparison %+v", diff)
	}
	if got := maria.get(one + "/versions/2/files/" + card.Text.Files[0].Hash).want(200); string(got.body) != "план" {
		t.Errorf("file %s", got.body)
	}
	maria.with("If-Match", r.etag()).post(one+"/submit", nil).want(200)
	var asked struct{ Items []core.Draft }
	lawyer.get("/api/v1/drafts?view=asked").want(200).read(&asked)
	if len(asked.Items) != 1 {
		t.Fatalf("asked for %d drafts", len(asked.Items))
	}
	maria.post(one+"/visa", object{"version": 2, "agreed": true}).problem(403, "draft.forbidden")
	lawyer.post(one+"/visa", object{"version": 1, "agreed": true}).problem(409, "draft.version")
	lawyer.post(one+"/visa", object{"version": 2, "agreed": true}).problem(400, "draft.invalid")
	sent := read[rest.DraftCard](lawyer.form(one+"/visa", object{"version": 2, "agreed": true}, file{"visa.sig", "подпись"}).want(200))
	if sent.Draft.State != core.DraftSent || sent.Draft.Document == "" || sent.Draft.Visas[0].Signature == nil {
		t.Fatalf("draft %+v", sent.Draft)
	}
	maria.get("/api/v1/documents/" + string(sent.Draft.Document)).want(200)
	maria.get(one + "/versions").want(200)
	maria.get(one + "/versions/1").want(200)
	maria.get(one+"/versions/x").problem(404, "draft_versions.not_found")
	maria.get(one + "/history").want(200)
	maria.get("/api/v1/drafts?view=mine&state=sent").want(200)
}
