package rest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func etag(d core.Document) string { return fmt.Sprintf("%q", fmt.Sprint(d.Version)) }

// registered is an appeal taken by telephone.
func registered(c *client) core.Document {
	c.hub.t.Helper()
	return read[core.Document](c.post("/api/v1/appeals", `{"subject":"Нет света","take":true,"accounts":[{"number":"100500"}],
		"applicant":{"name":"Анна","addresses":[{"kind":"phone","value":"+79160000000"}]}}`).want(201))
}

func TestAppealFromTheCallToTheRating(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	d := registered(c)
	path := "/api/v1/appeals/" + string(d.ID)
	if d.Appeal.State != core.AppealInWork || d.Number == nil || d.Appeal.Operator == "" {
		t.Fatalf("%+v", d.Appeal)
	}
	c.post(path+"/heartbeat", nil).want(200)
	h.pass(time.Minute)
	if spent := read[rest.WorkedTime](c.post(path+"/heartbeat", nil).want(200)); spent.SpentSeconds < 60 {
		t.Errorf("spent %d", spent.SpentSeconds)
	}
	c.patch(path, `{"description":"Щиток"}`).problem(428, "request.if_match")
	d = read[core.Document](c.with("If-Match", etag(d)).patch(path, `{"description":"Щиток","premises":{"text":"Ленина, 1"},"notify":"phone"}`).want(200))
	stale := c.with("If-Match", `"1"`).patch(path, `{"comment":"x"}`).problem(409, "documents.stale")
	if len(stale.Errors) != 3 || stale.Errors[0].Field != "description" {
		t.Errorf("changed meanwhile: %+v", stale.Errors)
	}
	c.with("If-Match", etag(d)).post(path+"/close", `{}`).problem(400, "appeal.invalid")
	d = read[core.Document](c.with("If-Match", etag(d)).post(path+"/close", `{"text":"Заменён автомат","works":["Автомат"]}`).want(200))
	if d.Appeal.State != core.AppealClosed || d.State != core.DocumentClosed || d.Appeal.SpentSeconds < 60 {
		t.Fatalf("%+v", d.Appeal)
	}
	if rows := read[page[rest.AppealRow]](c.get("/api/v1/appeals?mark=to_call&account=100500").want(200)); len(rows.Items) != 1 {
		t.Fatalf("to call: %+v", rows)
	}
	d = read[core.Document](c.with("If-Match", etag(d)).post(path+"/called", nil).want(200))
	d = read[core.Document](c.post(path+"/rating", rest.RatingInput{Score: 5}).want(200))
	card := read[rest.AppealCard](c.get(path).want(200))
	if card.Document.Appeal.Rating.Score != 5 || card.SpentSeconds < 60 || len(card.Document.Marks) != 0 {
		t.Fatalf("%+v", card)
	}
	c.get(path + "/history").want(200)
	c.with("If-Match", etag(d)).patch("/api/v1/documents/"+string(d.ID), `{"state":"in_work"}`).problem(409, "document.appeal")
}

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func TestAppealGoesEveryWayOverREST(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	put(h, store.Channels, &core.Channel{ID: "gis", Enabled: true})
	d := registered(c)
	path := "/api/v1/appeals/" + string(d.ID)
	for _, step := range []struct {
		path string
		body any
		want core.AppealState
	}{
		{"/plan", `{"planned_at":"2026-04-01T09:00:00Z"}`, core.AppealWaiting},
		{"/take", nil, core.AppealInWork},
		{"/transfer", rest.TransferInput{Line: "ent_1"}, core.AppealNew},
		{"/forward", rest.ForwardInput{To: []core.ChannelID{"gis"}}, core.AppealForwarded},
		{"/take", nil, core.AppealInWork},
		{"/reject", `{"reason":"не наше"}`, core.AppealRejected},
		{"/reopen", nil, core.AppealInWork},
	} {
		d = read[core.Document](c.with("If-Match", etag(d)).post(path+step.path, step.body).want(200))
		if d.Appeal.State != step.want {
			t.Fatalf("%s: %s, want %s", step.path, d.Appeal.State, step.want)
		}
	}
	c.with("If-Match", etag(d)).post(path+"/reopen", nil).problem(409, "appeal.transition")
	pair := read[rest.AppealPair](c.with("If-Match", etag(d)).post(path+"/split", `{"subject":"Второе"}`).want(201))
	second := "/api/v1/appeals/" + string(pair.Next.ID)
	merged := read[core.Document](c.with("If-Match", etag(*pair.Next)).post(second+"/merge", rest.MergeInput{Into: d.ID}).want(200))
	if card := read[rest.AppealCard](c.get(path).want(200)); len(card.Merged) != 1 || len(card.Related) != 1 {
		t.Fatalf("%+v", card)
	}
	c.with("If-Match", etag(merged)).post(second+"/unmerge", nil).want(200)
	other := `{"result":{"text":"Объяснили"},"question":{"subject":"Ещё"}}`
	once := c.with("If-Match", etag(*pair.First)).with("Idempotency-Key", "k1")
	first := read[rest.AppealPair](once.post(path+"/other", other).want(201))
	if again := read[rest.AppealPair](once.post(path+"/other", other).want(201)); again.Next.ID != first.Next.ID {
		t.Error("opened twice")
	}
}

func TestViewsAndFiltersOfAppealsCombine(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	for i, line := range []core.EntryID{"l1", "l2", "l1"} {
		c.post("/api/v1/appeals", fmt.Sprintf(`{"subject":"x","line":%q,"applicant":{},"due_at":"2026-03-01T00:00:00Z","take":%t}`, line, i == 2)).want(201)
	}
	c.post("/api/v1/appeals", `{"subject":"later","line":"l3","applicant":{},"due_at":"2126-03-01T00:00:00Z"}`).want(201)
	c.post("/api/v1/documents", `{"direction":"incoming","subject":"Письмо"}`).want(201)
	for query, want := range map[string]int{
		"": 4, "?view=open": 4, "?view=not_in_work": 3, "?view=not_in_work&line=l1": 1, "?view=planned": 0, "?view=overdue": 3,
		"?view=overdue&line=l1": 2, "?view=due": 4, "?view=due&line=l2": 1, "?view=overdue&line=l1&state=new": 1, "?line=l2&state=in_work": 0, "?view=overdue&to=2026-03-01": 0,
	} {
		if got := read[page[rest.AppealRow]](c.get("/api/v1/appeals" + query).want(200)); len(got.Items) != want {
			t.Errorf("%q: %d, want %d", query, len(got.Items), want)
		}
	}
	first := read[page[rest.AppealRow]](c.get("/api/v1/appeals?view=overdue&limit=2").want(200))
	if rest := read[page[rest.AppealRow]](c.get("/api/v1/appeals?view=overdue&limit=2&after=" + first.Next).want(200)); len(first.Items) != 2 || len(rest.Items) != 1 {
		t.Errorf("pages of %d and %d", len(first.Items), len(rest.Items))
	}
	if due := read[page[rest.AppealRow]](c.get("/api/v1/appeals?view=due").want(200)).Items; due[3].Subject != "later" {
		t.Errorf("the latest term first: %+v", due)
	}
	c.get("/api/v1/appeals?view=mine&colour=red").problem(400, "request.query")
}

func TestLetterIsMadeAnAppealAndAnswered(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	put(h, store.Channels, &core.Channel{ID: "mail", Enabled: true})
	put(h, store.Documents, &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Subject: "Крыша", Channel: "mail", Thread: "doc_1",
		Sender: core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}},
	})
	c.get("/api/v1/appeals/doc_1").problem(404, "appeals.not_found")
	c.post("/api/v1/appeals/doc_1/open", nil).want(200)
	c.post("/api/v1/appeals/doc_1/reply", `{"text":"Завтра"}`).want(201)
	if got := read[rest.AppealCard](c.get("/api/v1/appeals/doc_1").want(200)); got.Document.Appeal.State != core.AppealAnswered || got.Document.State != core.DocumentAnswered {
		t.Fatalf("%+v", got.Document.Appeal)
	}
	auditor := h.as("anton", core.RoleAuditor)
	auditor.get("/api/v1/appeals").want(200)
	auditor.post("/api/v1/appeals/doc_1/take", nil).problem(403, "access.forbidden")
}
