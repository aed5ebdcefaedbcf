package rest_test

import (
	"context"
	"encoding/csv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/store"
)

func (c *client) audit(query string) []core.AuditEntry {
	c.hub.t.Helper()
	return read[struct{ Items []core.AuditEntry }](c.get("/api/v1/audit?" + query).want(200)).Items
}

// A transaction has one moment, and the clock of the tests moves with each look:
// what has the same moment was written together.
func TestAuditEntryIsWrittenInTheOperationsTransaction(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	type made struct {
		CreatedAt string `json:"created_at"`
		User      *struct {
			CreatedAt string `json:"created_at"`
		} `json:"user"`
		Token *struct {
			CreatedAt string `json:"created_at"`
		} `json:"token"`
	}
	for operation, c := range map[string]struct {
		path string
		body any
	}{
		"parties.create":   {"/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}},
		"documents.create": {"/api/v1/documents", nil},
		"users.create":     {"/api/v1/users", rest.UserInput{Login: "ivan", Name: "Иван", Roles: []core.Role{core.RoleClerk}}},
		"tokens.create":    {"/api/v1/tokens", rest.TokenInput{Title: "1С", Scopes: []access.Operation{access.ReadDocuments}}},
		"journals.create":  {"/api/v1/journals", map[string]any{"id": "prikazy", "title": "Приказы", "direction": "internal", "template": "П-{n}"}},
	} {
		var got made
		if operation == "documents.create" {
			got = read[made](admin.json("POST", c.path, map[string]any{"direction": "internal", "subject": "Приказ"}).want(201))
		} else {
			got = read[made](admin.post(c.path, c.body).want(201))
		}
		switch {
		case got.User != nil:
			got.CreatedAt = got.User.CreatedAt
		case got.Token != nil:
			got.CreatedAt = got.Token.CreatedAt
		}
		entries := admin.audit("operation=" + operation)
		if len(entries) != 1 || entries[0].CreatedAt.Format("2006-01-02T15:04:05.999999999Z07:00") != got.CreatedAt {
			t.Errorf("%s at %s was audited by %+v", operation, got.CreatedAt, entries)
		}
		if e := entries[0]; e.Object == "" || e.Outcome != audit.OK {
			t.Errorf("%s: %+v", operation, e)
		}
	}
	signed := admin.audit("operation=session.create")
	if len(signed) != 1 || signed[0].Actor.Name != "Мария Петрова" || !strings.HasPrefix(signed[0].Object, "users/") {
		t.Errorf("sign-in: %+v", signed)
	}
}

// full is a store on a disk that may be full.
type full struct {
	store.Store
	now atomic.Bool
}

func (f *full) Update(ctx context.Context, fn func(store.Tx) error) error {
	if f.now.Load() {
		return core.Unavailable("store.full", "на диске кончилось место", nil)
	}
	return f.Store.Update(ctx, fn)
}

func TestNothingIsDoneUnauditedOnAFullDisk(t *testing.T) {
	var disk *full
	h := newHub(t, func(conf *rest.Config) {
		disk = &full{Store: conf.Store}
		conf.Store, conf.Audit = disk, audit.Journal{Store: disk}
	})
	admin := h.administrator()
	path := admin.post("/api/v1/channels", mailInput()).want(201).header.Get("Location")
	id := path[strings.LastIndex(path, "/")+1:]
	disk.now.Store(true)
	admin.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(503)
	admin.post(path+"/run", nil).want(503)
	admin.post("/api/v1/system/backup", nil).want(503)
	if h.host.noted("wake " + id) {
		t.Error("the channel was run unaudited")
	}
	disk.now.Store(false)
	admin.post(path+"/run", nil).want(204)
	if n := len(read[struct{ Items []core.Party }](admin.get("/api/v1/parties").want(200)).Items); n != 0 {
		t.Errorf("%d parties were written unaudited", n)
	}
	if got := admin.audit("operation=channels.run"); len(got) != 1 || got[0].Outcome != audit.OK || got[0].Object != "channels/"+id {
		t.Errorf("%+v", got)
	}
}

func TestWhatFailedIsAuditedOnceWithItsCode(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	admin.delete("/api/v1/plugins/nope/versions/1").want(404)
	got := admin.audit("operation=plugins.remove")
	if len(got) != 1 || got[0].Outcome == audit.Begun || got[0].Outcome == audit.OK {
		t.Fatalf("%+v", got)
	}
	if again := admin.audit("request=" + got[0].Request); len(again) != 1 || again[0].ID != got[0].ID {
		t.Fatalf("by request: %+v", again)
	}
}

func TestAuditIsExportedAsATable(t *testing.T) {
	h := newHub(t)
	admin := h.as("root", core.RoleAdministrator)
	if _, _, err := h.access.CreateUser(t.Context(), access.Profile{Login: "evil", Name: `=HYPERLINK("x")`, Roles: []core.Role{core.RoleClerk}}); err != nil {
		t.Fatal(err)
	}
	for range 1200 { // more than a page
		if err := (audit.Journal{Store: h.store}).Append(t.Context(), core.AuditEntry{
			Actor: core.Actor{Kind: core.ActorUser, ID: "usr_1", Name: `=HYPERLINK("x")`}, Operation: "documents.reply", Object: "documents/doc_1", Outcome: "ok",
		}); err != nil {
			t.Fatal(err)
		}
	}
	r := admin.get("/api/v1/audit/export?operation=documents.reply").want(200)
	text, ok := strings.CutPrefix(string(r.body), "\ufeff")
	if !ok || r.header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
		t.Fatalf("no mark, or %q", r.header.Get("Content-Type"))
	}
	table := csv.NewReader(strings.NewReader(text))
	table.Comma = ';'
	lines, err := table.ReadAll()
	if err != nil || len(lines) != 1201 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if lines[1][2] != `'=HYPERLINK("x")` || lines[1][4] != "documents.reply" {
		t.Fatalf("%q", lines[1])
	}
	admin.get("/api/v1/audit/export?limit=5").problem(400, "request.query")
	h.clerk().get("/api/v1/audit/export").problem(403, "access.forbidden")
}

func TestActionsOfAUserAreCounted(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	for range 3 {
		clerk.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(201)
	}
	clerk.post("/api/v1/journals", `{}`).problem(403, "access.forbidden")
	me := read[rest.Session](clerk.get("/api/v1/session")).User
	got := read[rest.UserActions](admin.get("/api/v1/users/" + string(me.ID) + "/actions").want(200))
	if len(got.Actions) != 3 || got.Actions[0].Operation != "parties.create" || got.Actions[0].Times != 3 || got.SignInAt == nil || got.More {
		t.Fatalf("%+v", got)
	}
	if none := read[rest.UserActions](admin.get("/api/v1/users/" + string(me.ID) + "/actions?from=2030-01-01").want(200)); len(none.Actions) != 0 {
		t.Fatalf("%+v", none)
	}
	admin.get("/api/v1/users/usr_nobody/actions").problem(404, "users.not_found")
	clerk.get("/api/v1/users/"+string(me.ID)+"/actions").problem(403, "access.forbidden")
}
