package rest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/store"
)

func (c *client) uses(e rest.EntryRow) (out []string) {
	c.hub.t.Helper()
	var uses struct{ Items []directory.Use }
	c.get(address(e) + "/uses").want(200).read(&uses)
	for _, u := range uses.Items {
		out = append(out, fmt.Sprint(u.Place, " ", u.Count, " ", u.More))
	}
	return out
}

func told(p rest.Problem) (out []string) {
	for _, f := range p.Errors {
		out = append(out, f.Field+" · "+f.Text)
	}
	return out
}

// withEntries has rules know the directories, as the hub's do.
func withEntries(c *rest.Config) {
	lists := c.Directories
	c.Rules.Entries = func(tx store.Tx, dir core.DirectoryName, id core.EntryID) (bool, error) {
		_, err := lists.Get(tx, dir, id)
		if core.KindOf(err) == core.KindNotFound {
			return false, nil
		}
		return err == nil, err
	}
}

func TestDeletingAnEntryTellsWhereItIsUsed(t *testing.T) {
	h := newHub(t, withEntries)
	admin := h.administrator()
	line, free := admin.entry("support_lines", object{"title": "Лифты"}), admin.entry("support_lines", object{"title": "Никакая"})
	h.profile(access.Profile{Login: "oleg", Name: "Олег", Roles: []core.Role{core.RoleOperator}, Lines: []core.EntryID{line.ID}})
	admin.post("/api/v1/rules", lineRule("Лифт", "лифт", line.ID)).want(201)
	for i := range 2 {
		put(h, store.Documents, &core.Document{
			ID: core.DocumentID(fmt.Sprint("doc_", i)), Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered,
			Thread: "thr_1", Appeal: &core.Appeal{State: core.AppealNew, Line: line.ID},
		})
	}
	if got, want := admin.uses(line), []string{"appeals 2 false", "users 1 false", "rules 1 false"}; !slices.Equal(got, want) {
		t.Errorf("uses %q, want %q", got, want)
	}
	asked := told(admin.with("If-Match", `"1"`).delete(address(line)).problem(409, "entries.used"))
	if want := []string{"uses.appeals · обращения: 2", "uses.users · пользователи: 1", "uses.rules · правила маршрутизации: 1"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
	admin.with("If-Match", `"1"`).delete(address(line)+"?used=maybe").problem(400, "request.query")
	if got := admin.uses(free); len(got) != 0 {
		t.Errorf("uses %q of what nothing names", got)
	}
	admin.with("If-Match", `"1"`).delete(address(free)).want(204)

	reason := admin.entry("reasons", object{"title": "Стоит", "group": admin.entry("reason_groups", object{"title": "Лифт"}).ID, "line": line.ID})
	refused := told(admin.with("If-Match", `"1"`).delete(address(line)+"?used=true").problem(409, "entries.referred"))
	if len(refused) != 4 || refused[0] != "reasons/"+string(reason.ID)+" · Причины обращений: Линия поддержки" || refused[1] != "uses.appeals · обращения: 2" {
		t.Errorf("refused %q", refused)
	}
	h.as("auditor", core.RoleAuditor).get(address(line) + "/uses").want(200)
	admin.get("/api/v1/directories/tags/entries/"+string(line.ID)+"/uses").problem(404, "entries.not_found")
}

// TestRuleThatNamesADeletedEntryIsSwitchedOff: whoever deletes what a rule names
// was told so; the rule then fails at the next document, which goes on without.
func TestRuleThatNamesADeletedEntryIsSwitchedOff(t *testing.T) {
	h := newHub(t, withEntries)
	admin := h.administrator()
	lifts, desk := admin.entry("support_lines", object{"title": "Лифты"}), admin.entry("support_lines", object{"title": "Общая"})
	broken := read[core.Rule](admin.post("/api/v1/rules", lineRule("Лифт", "лифт", lifts.ID)).want(201))
	admin.post("/api/v1/rules", lineRule("Прочее", "лифт", desk.ID)).want(201)
	admin.with("If-Match", `"1"`).delete(address(lifts)).problem(409, "entries.used")
	admin.with("If-Match", `"1"`).delete(address(lifts) + "?used=true").want(204)
	d := &core.Document{
		ID: "doc_1", Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Subject: "Стоит лифт",
		Thread: "thr_1", Appeal: &core.Appeal{State: core.AppealNew},
	}
	put(h, store.Documents, d)
	h.route(d.ID)
	off := read[core.Rule](admin.get("/api/v1/rules/" + string(broken.ID)).want(200))
	if off.On || off.Fault == nil || off.Fault.Document != d.ID {
		t.Errorf("the rule is %+v", off)
	}
	if got := read[struct{ Document core.Document }](admin.get("/api/v1/documents/doc_1").want(200)).Document; got.Appeal.Line != desk.ID {
		t.Errorf("the document went to line %q, not on to the next rule's", got.Appeal.Line)
	}
	var answer object
	admin.post("/api/v1/rules/"+string(broken.ID)+"/enable", nil).want(400).read(&answer)
	admin.with("If-Match", `"2"`).post(address(lifts)+"/restore", nil).want(200)
	if on := read[core.Rule](admin.post("/api/v1/rules/"+string(broken.ID)+"/enable", nil).want(200)); !on.On || on.Fault != nil {
		t.Errorf("switched on again: %+v", on)
	}
}

func TestUsesOfAnOrganisationAreCountedWithinBounds(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	org := admin.entry("organizations", object{"title": "ООО «Дом»"})
	id := core.OrganizationID(org.ID)
	document := func(n int, of core.OrganizationID) *core.Document {
		return &core.Document{
			ID: core.DocumentID(fmt.Sprintf("doc_%05d", n)), Organization: of, Direction: core.Incoming, Kind: core.MessageLetter,
			State: core.DocumentRegistered, Thread: "thr_1",
		}
	}
	put(h, store.Documents, document(0, id), document(1, id))
	put(h, store.Channels, &core.Channel{ID: "mail", Organization: id})
	if got, want := admin.uses(org), []string{"documents 2 false", "channels 1 false"}; !slices.Equal(got, want) {
		t.Errorf("uses %q, want %q", got, want)
	}
	many := []*core.Document{document(2, id)}
	for n := range 1000 {
		many = append(many, document(3+n, ""))
	}
	put(h, store.Documents, many[:1000]...)
	if got, want := admin.uses(org), []string{"documents 1 true", "channels 1 false"}; !slices.Equal(got, want) {
		t.Errorf("uses %q, want %q", got, want)
	}
}
