package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/store"
)

type entryRows struct {
	Items []rest.EntryRow
	Next  string
}

func (c *client) entry(name string, values object) rest.EntryRow {
	c.hub.t.Helper()
	return read[rest.EntryRow](c.post("/api/v1/directories/"+name+"/entries", object{"values": values}).want(201))
}

func (r entryRows) labels(field string) (out []string) {
	for _, e := range r.Items {
		out = append(out, e.Text(field))
	}
	return out
}

func address(e rest.EntryRow) string {
	return "/api/v1/directories/" + string(e.Directory) + "/entries/" + string(e.ID)
}

func (c *client) csv(name, query, file string) directory.Report {
	c.hub.t.Helper()
	return read[directory.Report](c.send("POST", "/api/v1/directories/"+name+"/import"+query, "text/csv", []byte(file)).want(200))
}

// TestNewDirectoryIsOneDeclaration: this declaration is all there is of a
// directory of lifts, and everything else follows.
func TestNewDirectoryIsOneDeclaration(t *testing.T) {
	lifts := directory.Type{
		Name: "lifts", Title: directory.Words{RU: "Лифты", EN: "Lifts"},
		Fields: []directory.Field{
			{Name: "number", Title: directory.Words{RU: "Заводской номер", EN: "Number"}, Type: directory.Text, Required: true, Unique: true},
			{Name: "checked", Title: directory.Words{RU: "Освидетельствован", EN: "Checked"}, Type: directory.Date},
			{Name: "works", Title: directory.Words{RU: "Работает", EN: "Works"}, Type: directory.Bool, Default: true},
		},
		Label: "number", Key: "number", Columns: []string{"number", "checked", "works"}, Filters: []string{"works"}, Order: "number",
		Edit: []core.Role{core.RoleClerk},
	}

	h := newHub(t, func(c *rest.Config) {
		if err := c.Directories.Register(lifts); err != nil {
			t.Fatal(err)
		}
	})
	c := h.clerk()
	if d := read[rest.Directory](c.get("/api/v1/directories/lifts").want(200)); d.Title.RU != "Лифты" || !d.Editable || len(d.Fields) != 3 {
		t.Errorf("declaration %+v", d)
	}
	p := c.post("/api/v1/directories/lifts/entries", object{"values": object{"checked": "вчера", "works": "да", "floor": 1}}).problem(400, "entries.invalid")
	if len(p.Errors) != 4 {
		t.Errorf("faults %+v", p.Errors)
	}
	a := c.entry("lifts", object{"number": "Л-2", "checked": "2026-02-01"})
	changed := read[rest.EntryRow](c.with("If-Match", `"1"`).put(address(a), object{"values": object{"number": "Л-2", "works": false}}).want(200))
	stale := c.with("If-Match", `"1"`).put(address(a), object{"values": object{"number": "Л-3"}}).problem(409, "entries.stale")
	if len(stale.Errors) == 0 || !slices.ContainsFunc(stale.Errors, func(f core.FieldFault) bool { return f.Field == "values.works" }) {
		t.Errorf("changed meanwhile: %+v", stale.Errors)
	}
	c.put(address(a), object{"values": object{"number": "Л-3"}}).problem(428, "request.if_match")
	if r := c.csv("lifts", "?mode=good", "number;works\nЛ-1;да\nЛ-1;нет\n;да\n"); r.Created != 1 || r.Updated != 1 || r.Bad != 1 || !r.Taken {
		t.Errorf("import %+v", r)
	}
	list := read[entryRows](c.get("/api/v1/directories/lifts/entries?filter[works]=false&q=" + url.QueryEscape("л")).want(200))
	if got := list.labels("number"); !slices.Equal(got, []string{"Л-1", "Л-2"}) {
		t.Errorf("list %q", got)
	}
	file := c.get("/api/v1/directories/lifts/export").want(200)
	if got := string(file.body); !strings.Contains(got, "Заводской номер;Освидетельствован;Работает\r\n") || !strings.Contains(got, ";Л-2;;нет\r\n") {
		t.Errorf("export %q", got)
	}
	etag := fmt.Sprintf(`"%d"`, changed.Version)
	c.with("If-Match", etag).delete(address(a)).want(204)
	c.get(address(a)).want(200) // what used it still names it
	deleted := read[entryRows](c.get("/api/v1/directories/lifts/entries?deleted=true").want(200))
	if len(deleted.Items) != 1 {
		t.Fatalf("deleted %+v", deleted)
	}
	c.with("If-Match", fmt.Sprintf(`"%d"`, deleted.Items[0].Version)).post(address(a)+"/restore", nil).want(200)
	var history struct{ Items []store.Entry }
	c.get(address(a) + "/history").want(200).read(&history)
	var told []string
	for _, e := range history.Items {
		told = append(told, string(e.Operation))
		for _, change := range e.Changes {
			told = append(told, change.Field)
		}
	}
	if want := []string{"created", "updated", "values.checked", "values.works", "deleted", "restored"}; !slices.Equal(told, want) {
		t.Errorf("history %q, want %q", told, want)
	}
	var audited struct{ Items []core.AuditEntry }
	h.administrator().get("/api/v1/audit?object=" + strings.TrimPrefix(address(a), "/api/v1/")).want(200).read(&audited)
	if len(audited.Items) != 6 { // and the two changes that were refused
		t.Errorf("%d lines of audit", len(audited.Items))
	}
}

func TestWhoMayChangeADirectoryStandsInItsDeclaration(t *testing.T) {
	h := newHub(t, func(c *rest.Config) {
		closed := directory.Desk()[0]
		closed.Name, closed.Read = "secrets", []core.Role{core.RoleSupervisor}
		if err := c.Directories.Register(closed); err != nil {
			t.Fatal(err)
		}
	})
	clerk, admin, auditor, lead := h.clerk(), h.administrator(), h.as("auditor", core.RoleAuditor), h.as("lead", core.RoleSupervisor)
	source := object{"values": object{"title": "Телефон", "code": "phone"}}
	clerk.post("/api/v1/directories/sources/entries", source).problem(403, "access.forbidden")
	clerk.send("POST", "/api/v1/directories/sources/import", "text/csv", []byte("title\n")).problem(403, "access.forbidden")
	auditor.post("/api/v1/directories/tags/entries", object{"values": object{"title": "x"}}).problem(403, "access.forbidden")
	auditor.get("/api/v1/directories/sources/entries").want(200)
	e := read[rest.EntryRow](admin.post("/api/v1/directories/sources/entries", source).want(201))
	clerk.with("If-Match", `"1"`).put(address(e), source).problem(403, "access.forbidden")
	clerk.with("If-Match", `"1"`).delete(address(e)).problem(403, "access.forbidden")
	if !read[rest.Directory](clerk.get("/api/v1/directories/tags").want(200)).Editable || read[rest.Directory](auditor.get("/api/v1/directories/tags").want(200)).Editable {
		t.Error("editable is not told as it is")
	}
	for _, path := range []string{"", "/entries", "/export", "/entries/ent_x", "/entries/ent_x/history"} {
		clerk.get("/api/v1/directories/secrets"+path).problem(403, "access.forbidden")
	}
	lead.get("/api/v1/directories/secrets/entries").want(200)
	lead.post("/api/v1/directories/secrets/entries", source).problem(403, "access.forbidden")
	var seen struct{ Items []rest.Directory }
	clerk.get("/api/v1/directories").want(200).read(&seen)
	if len(seen.Items) != len(directory.Desk()) {
		t.Errorf("a clerk sees %d directories", len(seen.Items))
	}
}

func TestEntriesAreListedPageByPageWithNames(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	water, heat := c.entry("reason_groups", object{"title": "Вода"}), c.entry("reason_groups", object{"title": "Тепло"})
	for i, title := range []string{"Протечка", "Нет воды", "Холодно"} {
		group := water
		if i == 2 {
			group = heat
		}
		c.entry("reasons", object{"title": title, "group": group.ID})
	}
	var got []string
	for next := ""; ; {
		p := read[entryRows](c.get("/api/v1/directories/reasons/entries?limit=1&order=-title&after=" + next).want(200))
		for _, e := range p.Items {
			got = append(got, e.Text("title")+" · "+e.Names[e.Text("group")])
		}
		if next = p.Next; next == "" {
			break
		}
	}
	if want := []string{"Холодно · Тепло", "Протечка · Вода", "Нет воды · Вода"}; !slices.Equal(got, want) {
		t.Errorf("list %q, want %q", got, want)
	}
	p := c.get("/api/v1/directories/reasons/entries?order=group&filter[widget]=x&filter[colour]=1&page=2").problem(400, "request.query")
	if len(p.Errors) != 4 {
		t.Errorf("faults %+v", p.Errors)
	}
	c.get("/api/v1/directories/none/entries").problem(404, "directory.not_found")
	c.get("/api/v1/directories/tags/entries/"+string(water.ID)).problem(404, "entries.not_found")
	refused := c.with("If-Match", `"1"`).delete(address(water)).problem(409, "entries.referred")
	if len(refused.Errors) != 2 || !strings.HasPrefix(refused.Errors[0].Field, "reasons/ent_") {
		t.Errorf("referred to by %+v", refused.Errors)
	}
}

func TestFilesOfAnEntry(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	e := read[rest.EntryRow](c.form("/api/v1/directories/organizations/entries",
		object{"values": object{"title": "ООО «Дом»", "inn": "7707083893", "files": []string{"устав.txt"}}},
		file{"устав.txt", "Устав"}, file{"лишний.txt", "Лишний"}).want(201))
	if len(e.Files) != 1 || e.Files[0].Name != "устав.txt" || !strings.HasPrefix(string(e.ID), "org_") {
		t.Fatalf("entry %+v", e.Entry)
	}
	got := c.get(address(e) + "/files/" + e.Files[0].Hash).want(200)
	if string(got.body) != "Устав" {
		t.Errorf("file %q", got.body)
	}
	kept := read[rest.EntryRow](c.with("If-Match", `"1"`).put(address(e), object{"values": object{"title": "ООО «Дом 2»", "files": []string{"устав.txt"}}}).want(200))
	if len(kept.Files) != 1 || kept.Files[0].Hash != e.Files[0].Hash {
		t.Errorf("files %+v", kept.Files)
	}
	gone := read[rest.EntryRow](c.with("If-Match", `"2"`).put(address(e), object{"values": object{"title": "ООО «Дом 2»"}}).want(200))
	if len(gone.Files) != 0 {
		t.Errorf("files %+v", gone.Files)
	}
	c.get(address(e)+"/files/"+e.Files[0].Hash).problem(404, "files.not_found")
}

func TestEntryIsMadeOnceForAKey(t *testing.T) {
	h := newHub(t)
	c := h.administrator().with("Idempotency-Key", "раз")
	body := object{"values": object{"title": "Срочно"}}
	first := read[rest.EntryRow](c.post("/api/v1/directories/tags/entries", body).want(201))
	again := read[rest.EntryRow](c.post("/api/v1/directories/tags/entries", body).want(201))
	if first.ID != again.ID {
		t.Error("two entries")
	}
	c.post("/api/v1/directories/tags/entries", object{"values": object{"title": "Иначе"}}).problem(422, "request.idempotency")
}

func TestImportOverREST(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	const two = "title,color\nСрочно,red\n,blue\n"
	if r := c.csv("tags", "", two); r.Taken || r.Created != 1 || len(r.Faults) != 1 || r.Faults[0] != (directory.RowFault{Line: 3, Field: "title", Text: "обязательное поле"}) {
		t.Errorf("dry run %+v", r)
	}
	if got := read[entryRows](c.get("/api/v1/directories/tags/entries").want(200)); len(got.Items) != 0 {
		t.Errorf("a dry run took %d", len(got.Items))
	}
	p := c.send("POST", "/api/v1/directories/tags/import?mode=some&encoding=koi8&separator=x&a=b", "text/csv", []byte(two)).problem(400, "request.query")
	if len(p.Errors) != 4 {
		t.Errorf("faults %+v", p.Errors)
	}
	c.send("POST", "/api/v1/directories/tags/import", "text/csv", []byte("title,возраст\n")).problem(400, "import.head")
	c.send("POST", "/api/v1/directories/tags/import", "text/csv", []byte("title\n"+strings.Repeat("x", 8<<20))).problem(http.StatusRequestEntityTooLarge, "request.too_large")
	c.csv("tags", "?mode=all&separator=,&encoding=utf-8", "title,color\nСрочно,red\n")
	got := c.get("/api/v1/directories/tags/export?encoding=windows-1251&separator=,").want(200)
	if ct := got.header.Get("Content-Type"); ct != "text/csv; charset=windows-1251" || !strings.Contains(got.header.Get("Content-Disposition"), "tags.csv") {
		t.Errorf("header %v", got.header)
	}
	if strings.Contains(string(got.body), "Срочно") {
		t.Error("windows-1251 is UTF-8")
	}
}
