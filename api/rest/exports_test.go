package rest_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/report"
)

// unexported are the lists by pages nobody can have as a file, and why.
var unexported = map[string]string{
	"search.find":     "it ranks what has some words and says `at least`: what is found by it is looked at one by one",
	"tasks.comments":  "the talk about one task: a part of its card",
	"drafts.versions": "the texts of one draft: they are compared with each other on its card",
}

// elsewhere are the files that do not lie under their list.
var elsewhere = map[string]string{
	"appeals.list": "/api/v1/reports/appeals",
	"entries.list": "/api/v1/directories/{name}/export",
}

func exportOf(l pagedList) string {
	if path := elsewhere[l.name]; path != "" {
		return path
	}
	return l.path + "/export"
}

// TestEveryListCanBeHadAsAFile by the right of the list, with its filters: a list
// by pages that has no file, and is not named above with a reason, fails it.
func TestEveryListCanBeHadAsAFile(t *testing.T) {
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string]access.Operation{}
	for _, rt := range rest.AllRoutes() {
		rights[rt.Method+" "+rt.Path] = rt.Op
	}
	for _, l := range pagedLists(t) {
		item := doc.Paths.Value(exportOf(l))
		if unexported[l.name] != "" {
			continue
		}
		if item == nil || item.Get == nil {
			t.Errorf("%s cannot be had as a file", l.name)
			continue
		}
		if have, want := rights["GET "+exportOf(l)], rights["GET "+l.path]; have != want && have != access.ReadReports {
			t.Errorf("the file of %s takes %s, the list %s", l.name, have, want)
		}
		for _, filter := range l.filters {
			if item.Get.Parameters.GetByInAndName(openapi3.ParameterInQuery, filter.Name) == nil {
				t.Errorf("the file of %s is not filtered by %s", l.name, filter.Name)
			}
		}
	}
}

// toldApart are the columns of files that tell their rows apart, and where a row of
// the list has it.
var toldApart = map[string]struct{ field, column string }{
	"appeals.list":      {"subject", "Тема"},
	"audit.list":        {"request", "Запрос"},
	"deadletters.list":  {"code", "Код"},
	"deliveries.list":   {"external_id", "Внешний номер"},
	"documents.list":    {"subject", "Тема"},
	"drafts.list":       {"subject", "Тема"},
	"entries.list":      {"id", "id"},
	"erasures.list":     {"id", "Номер"},
	"mass.items":        {"text", "Причина"},
	"mass.list":         {"title", "Операция"},
	"parties.list":      {"name", "Имя или название"},
	"rules.versions":    {"number", "Версия"},
	"tasks.list":        {"title", "Что сделать"},
	"users.list":        {"login", "Логин"},
	"usersessions.list": {"remote", "Адрес"},
}

// TestAFileHasWhatItsListShows asks every list and its file by each value of each
// filter, as an administrator and as a clerk of one organisation.
func TestAFileHasWhatItsListShows(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Reports = &report.Service{Store: c.Store} })
	admin, clerk := h.administrator(), h.clerk()
	me := clerk.session().User
	if _, err := h.access.UpdateUser(t.Context(), me.ID, me.Version, access.Profile{Login: "maria", Name: me.Name, Roles: me.Roles, Organizations: []core.OrganizationID{"org_1"}}); err != nil {
		t.Fatal(err)
	}
	document := listedRows(h, me.ID)
	for _, l := range pagedLists(t) {
		if unexported[l.name] == "" {
			x := &exporting{T: t, list: l, me: me.ID, document: document, clients: map[string]*client{"administrator": admin, "clerk": clerk}}
			x.all()
		}
	}
}

// exporting compares one list with its file.
type exporting struct {
	*testing.T
	list     pagedList
	clients  map[string]*client
	me       core.UserID     // the clerk
	document core.DocumentID // one he sees
}

func (x *exporting) all() {
	seen := map[string]int{}
	for name, c := range x.clients {
		seen[name] = x.compare(c, url.Values{})
	}
	if seen["administrator"] == 0 {
		x.Errorf("%s is empty", x.list.name)
	}
	// What belongs to an organisation is not all the clerk's, and what is the
	// administrator's matter is refused him. A mass operation is its author's whole.
	if whole := x.list.name == "mass.items"; seen["clerk"] >= seen["administrator"] != whole || seen["clerk"] == 0 {
		x.Errorf("%s: the clerk sees %d of %d", x.list.name, seen["clerk"], seen["administrator"])
	}
	for _, p := range x.list.filters {
		found := 0
		for _, v := range x.values(p) {
			for _, c := range x.clients {
				found = max(found, x.compare(c, queryOf(p.Name, v)))
			}
		}
		if found <= 0 {
			x.Errorf("%s: nothing is found by %s", x.list.name, p.Name)
		}
	}
}

// values of a filter: those of the contract, or what every second row has.
func (x *exporting) values(p *openapi3.Parameter) (out []string) {
	for _, v := range p.Schema.Value.Enum {
		out = append(out, v.(string))
	}
	switch {
	case len(out) > 0:
		return out
	case p.Schema.Value.Type.Is("boolean"):
		return []string{"true"}
	case p.Schema.Value.Format == "date":
		return []string{"2026-03-02", "2026-03-03"}
	}
	switch x.list.name + " " + p.Name {
	case "erasures.list party":
		return []string{"pty_000001"}
	case "deliveries.list document", "tasks.list document", "drafts.list in_reply_to":
		return []string{string(x.document)}
	case "parties.list address", "documents.list sender", "appeals.list applicant":
		return []string{mail(1)}
	case "users.list extension":
		return []string{"1"}
	case "users.list text":
		return []string{"u1"}
	case "usersessions.list user":
		return []string{string(x.me)}
	case "entries.list q":
		return []string{"Причина"}
	case "entries.list order":
		return []string{"title", "-position"}
	case "entries.list organization":
		return []string{"org_1"}
	case "entries.list filter":
		return []string{"group=odd", "widget=true"}
	}
	return seekable[:3]
}

// refused is how many rows are seen of a list one may not read.
const refused = -1

// compare asks the list, page by page, and the file the same, and tells how many
// rows there were.
func (x *exporting) compare(c *client, q url.Values) int {
	x.Helper()
	fill := strings.NewReplacer("{name}", "reasons", "{id}", "mas_run")
	path, file := fill.Replace(x.list.path), fill.Replace(exportOf(x.list))
	q.Set("limit", "7")
	var want []string
	for next, more := "", true; more; more = next != "" {
		q.Set("after", next)
		if next == "" {
			q.Del("after")
		}
		status, body := c.plain(path + "?" + q.Encode())
		if status == 403 {
			c.get(file).problem(403, "access.forbidden")
			return refused
		}
		var got page[map[string]any]
		if err := json.Unmarshal(body, &got); err != nil || status != 200 {
			x.Fatalf("%s?%s: %d %s", path, q.Encode(), status, body)
		}
		for _, row := range got.Items {
			want = append(want, fmt.Sprint(row[toldApart[x.list.name].field]))
		}
		next = got.Next
	}
	q.Del("limit")
	q.Del("after")
	if got := columnOf(x.T, c, file+"?"+q.Encode(), toldApart[x.list.name].column); !slices.Equal(got, want) {
		x.Errorf("%s?%s has\n%q, the list\n%q", file, q.Encode(), got, want)
	}
	return len(want)
}

// plain asks without holding the answer against the contract: the rows of this
// test have what filters look at and little else.
func (c *client) plain(path string) (int, []byte) {
	r := httptest.NewRequestWithContext(c.hub.t.Context(), http.MethodGet, path, nil)
	r.Header = c.header.Clone()
	out := httptest.NewRecorder()
	c.hub.server.ServeHTTP(out, r)
	return out.Code, out.Body.Bytes()
}

// tableOf is a file as it is opened.
func tableOf(t *testing.T, c *client, path string) [][]string {
	t.Helper()
	status, body := c.plain(path)
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff")))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil || status != 200 {
		t.Fatalf("%s: %d, %v", path, status, err)
	}
	return rows
}

func columnOf(t *testing.T, c *client, path, title string) (out []string) {
	t.Helper()
	rows := tableOf(t, c, path)
	at := slices.Index(rows[0], title)
	if at < 0 {
		t.Fatalf("%s has no column %s: %q", path, title, rows[0])
	}
	for _, row := range rows[1:] {
		out = append(out, row[at])
	}
	return out
}
