package rest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func lineRule(title, words string, line core.EntryID) rest.RuleInput {
	return rest.RuleInput{
		Title: title, On: true, When: &core.Condition{Field: core.FieldSubject, Is: core.IsWords, Values: []string{words}},
		Then: []core.Action{{Do: core.ActSetLine, Line: line}},
	}
}

// letterIn registers and routes a document.
func (h *hub) letterIn(n int, subject string) core.DocumentID {
	h.t.Helper()
	d := &core.Document{
		ID: core.DocumentID(core.NewID("doc", h.clock())), Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Subject: subject, Thread: core.ThreadID(fmt.Sprint("t", n)), Sender: core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "a@b.example"}}},
	}
	put(h, store.Documents, d)
	h.route(d.ID)
	return d.ID
}

// route has the rules look at a document.
func (h *hub) route(id core.DocumentID) {
	h.t.Helper()
	h.update(func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(id))
		if err != nil {
			return err
		}
		return h.server.Rules.Route(tx, d)
	})
}

func TestRulesAreEditedOneByOne(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	if empty := read[core.RuleSet](admin.get("/api/v1/rules").want(200)); empty.Number != 0 || len(empty.Rules) != 0 {
		t.Errorf("%+v", empty)
	}
	roof := admin.with("Idempotency-Key", "k1").post("/api/v1/rules", lineRule("Крыша", "крыша", "repairs")).want(201)
	again := admin.with("Idempotency-Key", "k1").post("/api/v1/rules", lineRule("Крыша", "крыша", "repairs")).want(201)
	one, same := read[core.Rule](roof), read[core.Rule](again)
	if one.ID != same.ID || one.Changed != 1 || roof.header.Get("Location") != "/api/v1/rules/"+string(one.ID) {
		t.Errorf("%+v %+v", one, same)
	}
	two := read[core.Rule](admin.post("/api/v1/rules", lineRule("Лифт", "лифт", "lifts")).want(201))
	path := "/api/v1/rules/" + string(one.ID)
	admin.put(path, lineRule("Кровля", "кровля", "roofs")).problem(428, "request.if_match")
	changed := read[core.Rule](admin.with("If-Match", `"1"`).put(path, lineRule("Кровля", "кровля", "roofs")).want(200))
	if changed.ID != one.ID || changed.Title != "Кровля" || changed.Changed != 3 {
		t.Errorf("%+v", changed)
	}
	stale := admin.with("If-Match", `"1"`).put(path, lineRule("Опять", "кровля", "roofs")).problem(409, "rules.stale")
	if len(stale.Errors) != 1 || stale.Errors[0].Text != "изменено в версии 3" {
		t.Errorf("changed meanwhile: %+v", stale.Errors)
	}
	if r := read[core.Rule](admin.post(path+"/disable", nil).want(200)); r.On {
		t.Error("is on")
	}
	if r := read[core.Rule](admin.post(path+"/enable", nil).want(200)); !r.On || r.Changed != 5 {
		t.Errorf("%+v", r)
	}
	set := read[core.RuleSet](admin.with("If-Match", `"5"`).put("/api/v1/rules/order", rest.OrderInput{Rules: []core.RuleID{two.ID, one.ID}}).want(200))
	if set.Number != 6 || set.Rules[0].ID != two.ID {
		t.Errorf("%+v", set)
	}
	admin.with("If-Match", `"5"`).put("/api/v1/rules/order", rest.OrderInput{Rules: []core.RuleID{one.ID, two.ID}}).problem(409, "rules.stale")
	admin.with("If-Match", `"5"`).post("/api/v1/rules/revert", rest.RevertInput{Version: 1}).problem(409, "rules.stale")
	admin.with("If-Match", `"6"`).put("/api/v1/rules/order", rest.OrderInput{Rules: []core.RuleID{two.ID}}).problem(400, "request.body")
	admin.with("If-Match", `"2"`).delete("/api/v1/rules/" + string(two.ID)).want(204)
	admin.get("/api/v1/rules/"+string(two.ID)).problem(404, "rules.not_found")
	back := read[core.RuleSet](admin.with("If-Match", `"7"`).post("/api/v1/rules/revert", rest.RevertInput{Version: 6}).want(200))
	if back.Number != 8 || len(back.Rules) != 2 {
		t.Errorf("%+v", back)
	}
	var page struct{ Items []rest.RuleSetRow }
	admin.get("/api/v1/rules/versions?limit=3").want(200).read(&page)
	if len(page.Items) != 3 || page.Items[0].Number != 8 || page.Items[0].Rules != 2 || page.Items[0].By.Name == "" {
		t.Errorf("%+v", page)
	}
	if old := read[core.RuleSet](admin.get("/api/v1/rules/versions/1").want(200)); len(old.Rules) != 1 || old.Rules[0].Title != "Крыша" {
		t.Errorf("%+v", old)
	}
	admin.get("/api/v1/rules/versions/99").want(404)
}

func TestRulesOfBadInput(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	bad := rest.RuleInput{When: &core.Condition{Expr: "subject =="}, Then: []core.Action{{Do: core.ActForward, Channels: []core.ChannelID{"nowhere"}}}}
	p := admin.post("/api/v1/rules", bad).problem(400, "rules.invalid")
	if len(p.Errors) != 2 || p.Errors[0].Field != "title" || p.Errors[1].Field != "when.expr" {
		t.Errorf("%+v", p.Errors)
	}
	draft := rest.RulesInput{Rules: []rest.RuleInput{lineRule("Лифт", "лифт", "lifts"), bad}}
	if p := admin.post("/api/v1/rules/check", draft).problem(400, "rules.invalid"); len(p.Errors) != 2 || p.Errors[1].Field != "rules.1.when.expr" {
		t.Errorf("%+v", p.Errors)
	}
	admin.post("/api/v1/rules/check", rest.RulesInput{Rules: draft.Rules[:1]}).want(204)
	admin.post("/api/v1/rules", `{"title":"a","then":[{"do":"stop","colour":"red"}]}`).problem(400, "request.body")
	admin.post("/api/v1/rules/simulate", rest.SimulationInput{Rules: draft.Rules, Last: 10}).problem(400, "rules.invalid")
	admin.post("/api/v1/rules/simulate", rest.SimulationInput{Rules: draft.Rules[:1]}).problem(400, "request.body")
	h.clerk().get("/api/v1/rules").problem(403, "access.forbidden")
}

func TestRulesAreTriedBeforeTheyAreSwitchedOn(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	draft := rest.RulesInput{Rules: []rest.RuleInput{lineRule("Крыша", "крыша", "repairs")}, Note: "первые правила"}
	roof := h.letterIn(1, "Течёт крыша")
	h.letterIn(2, "Сломан лифт")
	admin.get("/api/v1/documents/"+string(roof)+"/decision").problem(404, "decisions.not_found")
	out := admin.post("/api/v1/rules/simulate", rest.SimulationInput{Rules: draft.Rules, Last: 100}).want(200)
	var lines []rest.SimulationLine
	for s := bufio.NewScanner(bytes.NewReader(out.body)); s.Scan(); {
		var line rest.SimulationLine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 || lines[0].Difference == nil || lines[0].Difference.Document != roof || lines[0].Difference.Then[0].Action.Line != "repairs" ||
		lines[1].Progress == nil || !lines[1].Progress.Finished || lines[1].Progress.Total != 2 {
		t.Errorf("%s", out.body)
	}
	set := read[core.RuleSet](admin.with("If-Match", `"0"`).put("/api/v1/rules", draft).want(200))
	if set.Number != 1 || set.Note != "первые правила" {
		t.Errorf("%+v", set)
	}
	next := h.letterIn(3, "Снова крыша")
	d := read[rest.Decision](admin.get("/api/v1/documents/" + string(next) + "/decision").want(200))
	if d.RuleSet != 1 || len(d.Effects) != 1 || !d.Effects[0].Done || d.Steps[0].Outcome != core.RuleMatched {
		t.Errorf("%+v", d)
	}
	if card := read[rest.DocumentCard](h.clerk().get("/api/v1/documents/" + string(next)).want(200)); card.Decision == nil || card.Decision.Steps[0].Title != "Крыша" {
		t.Errorf("%+v", card.Decision)
	}
}
