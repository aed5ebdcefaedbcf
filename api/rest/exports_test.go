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
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
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
	document := h.rows(me.ID)
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

// exportedRows are more than a file is asked for at once.
const exportedRows = 2*report.PageSize + 10

// rows fills all lists. Each third row is of another organisation, and one of a
// kind has what every second has too.
func (h *hub) rows(me core.UserID) core.DocumentID {
	h.t.Helper()
	start, documents := h.clock(), make([]core.DocumentID, 20)
	for i := range documents {
		documents[i] = core.DocumentID(core.NewID("doc", start))
	}
	org := func(i int) core.OrganizationID { return []core.OrganizationID{"org_1", "org_2", ""}[i%3] }
	some := func(n int, put func(tx store.Tx, i int) error) {
		h.update(func(tx store.Tx) error {
			for i := range n {
				if err := put(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	name := func(i int) string { return fmt.Sprintf("%06d", i) }
	some(20, func(tx store.Tx, i int) error {
		id := documents[i]
		d := crowdDocument(i, id, start)
		d.Organization, d.Subject, d.Sender, d.Appeal.Line = org(i), "Письмо "+name(i), core.Correspondent{Addresses: []core.Address{{Kind: core.AddressEmail, Value: mail(i)}}}, is[core.EntryID](i)
		p := crowdParty(i, core.PartyID("pty_"+name(i)))
		p.Organization, p.Name = org(i), either(i, "even ", "odd ")+"rare "+name(i)
		u := crowdUser(i, core.UserID("usr_"+name(i)))
		e := crowdReason(i, start.Add(time.Duration(i)*time.Second))
		e.Organization = org(i)
		at := start.Add(time.Duration(i) * time.Second)
		for _, err := range []error{
			store.Documents.Put(tx, d), store.Parties.Put(tx, p), store.Users.Put(tx, u), store.Entries.Put(tx, e),
			store.Deliveries.Put(tx, &core.Delivery{ID: core.DeliveryID("dlv_" + name(i)), Document: id, Channel: is[core.ChannelID](i), State: either(i, core.DeliveryQueued, core.DeliverySent), Purpose: core.PurposeAnswer, ExternalID: "внешний " + name(i)}),
			store.Drafts.Put(tx, &core.Draft{ID: core.DraftID(core.NewID("drf", at)), Organization: org(i), State: either(i, core.DraftApproval, core.DraftEditing), Subject: "Ответ " + name(i), Author: is[core.UserID](i), InReplyTo: id, Versions: 1}),
			store.Drafts.Put(tx, &core.Draft{ID: core.DraftID(core.NewID("drf", at)), State: core.DraftEditing, Subject: "Свой " + name(i), Author: me, Versions: 1}),
			store.Erasures.Put(tx, &core.Erasure{ID: core.ErasureID("ers_" + name(i)), Party: p.ID, Parties: []core.PartyID{p.ID}, State: either(i, core.ErasureRunning, core.ErasureFinished)}),
			store.MassRuns.Put(tx, &core.MassRun{ID: core.MassID("mas_" + name(i)), Title: "Операция " + name(i), State: core.MassDone, By: core.Actor{ID: either(i, string(me), "usr_other")}, Chosen: true}),
			store.RuleSets.Put(tx, &core.RuleSet{Number: uint64(i + 1)}),
			store.Sessions.Put(tx, &core.Session{ID: core.SessionID(fmt.Sprintf("%064d", i)), User: me, Until: start.Add(time.Hour), Remote: "10.0.0." + fmt.Sprint(i)}),
			store.Audit.Put(tx, &core.AuditEntry{ID: core.AuditID(core.NewID("aud", at)), Actor: core.Actor{Kind: core.ActorUser, ID: is[string](i)}, Operation: is[string](i), Object: is[string](i), Outcome: is[string](i), Request: is[string](i)}),
			bus.DeadLetterTable.Put(tx, &bus.DeadLetter{ID: core.NewID("evt", at), Event: bus.Event{Topic: is[bus.Topic](i), Payload: json.RawMessage("{}")}, Handler: is[string](i), State: either(i, bus.DeadLetterOpen, bus.DeadLetterReplayed), Code: name(i)}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	some(exportedRows, func(tx store.Tx, i int) error {
		at := start.Add(time.Duration(i) * time.Second)
		return store.Tasks.Put(tx, &core.Task{
			ID: core.TaskID(core.NewID("tsk", at)), Organization: org(i), Kind: either(i, core.TaskAssignment, core.TaskPlain), State: either(i, core.TaskAssigned, core.TaskClosed), Title: "Проверить " + name(i),
			Document: documents[i%20], Draft: is[core.DraftID](i), Author: either(i, me, is[core.UserID](i)), Performer: is[core.UserID](i), Controller: is[core.UserID](i), Parent: is[core.TaskID](i),
			Deadline: &core.Deadline{DueAt: start.Add(either(i, -48*time.Hour, 48*time.Hour))},
		})
	})
	run := &core.MassRun{ID: "mas_run", State: core.MassDone, By: core.Actor{ID: string(me)}, Chosen: true, Groups: 1, Title: "Теги", Total: 20}
	put(h, store.MassRuns, run)
	g := &core.MassGroup{Run: run.ID}
	for i := range 20 {
		g.Items = append(g.Items, core.MassItem{Document: documents[i], Outcome: either(i, core.MassItemDone, core.MassItemFailed), Text: "причина " + name(i)})
	}
	put(h, store.MassGroups, g)
	some(20, func(tx store.Tx, i int) error {
		e := crowdReason(i, start.Add(time.Hour+time.Duration(i)*time.Second))
		e.Organization = org(i)
		if err := store.Entries.Put(tx, e); err != nil {
			return err
		}
		return store.Entries.Delete(tx, string(e.ID))
	})
	return documents[0]
}
