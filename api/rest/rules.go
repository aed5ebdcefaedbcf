package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/store"
)

// rulesRoutes are those of the routing rules.
func rulesRoutes() []*route {
	return []*route{
		{name: "rules.get", method: get, path: v1 + "/rules", op: access.ReadRules, serve: (*Server).getRules},
		{name: "rules.replace", method: put, path: v1 + "/rules", op: access.WriteRules, serve: (*Server).replaceRules},
		{name: "rules.create", method: post, path: v1 + "/rules", op: access.WriteRules, serve: (*Server).createRule},
		{name: "rules.check", method: post, path: v1 + "/rules/check", op: access.WriteRules, serve: (*Server).checkRules},
		{name: "rules.simulate", method: post, path: v1 + "/rules/simulate", op: access.WriteRules, serve: (*Server).simulateRules, streams: true},
		{name: "rules.order", method: put, path: v1 + "/rules/order", op: access.WriteRules, serve: (*Server).orderRules},
		{name: "rules.revert", method: post, path: v1 + "/rules/revert", op: access.WriteRules, serve: (*Server).revertRules},
		{name: "rules.versions", method: get, path: v1 + "/rules/versions", op: access.ReadRules, serve: (*Server).listRuleSets},
		{name: "rules.version", method: get, path: v1 + "/rules/versions/{version}", op: access.ReadRules, serve: (*Server).getRuleSet},
		{name: "rules.one", method: get, path: v1 + "/rules/{id}", op: access.ReadRules, serve: (*Server).getRule},
		{name: "rules.update", method: put, path: v1 + "/rules/{id}", op: access.WriteRules, serve: (*Server).updateRule},
		{name: "rules.delete", method: remove, path: v1 + "/rules/{id}", op: access.WriteRules, serve: (*Server).deleteRule},
		{name: "rules.enable", method: post, path: v1 + "/rules/{id}/enable", op: access.WriteRules, serve: (*Server).enableRule},
		{name: "rules.disable", method: post, path: v1 + "/rules/{id}/disable", op: access.WriteRules, serve: (*Server).disableRule},
		{name: "documents.decision", method: get, path: v1 + "/documents/{id}/decision", op: access.ReadDocuments, serve: (*Server).getDecision},
	}
}

// RuleInput is a rule as a person writes it. In a whole set a rule that exists
// already has its id.
type RuleInput struct {
	ID           core.RuleID         `json:"id,omitempty"`
	Title        string              `json:"title"`
	On           bool                `json:"on"`
	Organization core.OrganizationID `json:"organization"`
	Directions   []core.Direction    `json:"directions,omitempty"`
	When         *core.Condition     `json:"when,omitempty"`
	Then         []core.Action       `json:"then"`
}

// rule is the input as a rule. A fault the hub has found is kept as long as the
// rule is off.
func (in *RuleInput) rule(old core.Rule) core.Rule {
	r := core.Rule{
		ID: old.ID, Title: strings.TrimSpace(in.Title), On: in.On, Changed: old.Changed, Organization: in.Organization,
		Directions: in.Directions, When: in.When, Then: in.Then,
	}
	if !in.On {
		r.Fault = old.Fault
	}
	return r
}

// RulesInput is a whole rule set.
type RulesInput struct {
	Rules []RuleInput `json:"rules"`
	Note  string      `json:"note"`
}

// rules makes a rule set of the input. An id that the present set does not have
// is a mistake.
func (in *RulesInput) rules(old []core.Rule) ([]core.Rule, error) {
	var f faults
	f.short("note", in.Note, 500)
	out := make([]core.Rule, 0, len(in.Rules))
	for i := range in.Rules {
		var before core.Rule
		if id := in.Rules[i].ID; id != "" {
			at := indexOfRule(old, id)
			if at < 0 {
				f.add(join(indexed("rules", i), "id"), textNotFound)
				continue
			}
			before = old[at]
		}
		out = append(out, in.Rules[i].rule(before))
	}
	return out, f.err("rules.invalid")
}

func indexOfRule(rules []core.Rule, id core.RuleID) int {
	return slices.IndexFunc(rules, func(r core.Rule) bool { return r.ID == id })
}

// SimulationInput is what is simulated.
type SimulationInput struct {
	Rules []RuleInput `json:"rules"`
	Last  int         `json:"last"`
}

// OrderInput is all rules in their new order.
type OrderInput struct {
	Rules []core.RuleID `json:"rules"`
}

// RuleSetRow is a version of the rule set without its rules.
type RuleSetRow struct {
	core.Meta
	Number uint64     `json:"number"`
	By     core.Actor `json:"by"`
	Note   string     `json:"note,omitempty"`
	Rules  int        `json:"rules"`
	On     int        `json:"on"`
}

func showRuleSet(s *core.RuleSet) RuleSetRow {
	row := RuleSetRow{Meta: s.Meta, Number: s.Number, By: s.By, Note: s.Note, Rules: len(s.Rules)}
	for _, r := range s.Rules {
		if r.On {
			row.On++
		}
	}
	return row
}

// Decision is what the rules made of a document, with why.
type Decision struct {
	core.Meta
	Document core.DocumentID `json:"document"`
	RuleSet  uint64          `json:"rule_set"`
	Effects  []core.Effect   `json:"effects"`
	Steps    []core.RuleStep `json:"steps"`
}

// SimulationLine is one line of a simulation.
type SimulationLine struct {
	execution.Simulated
	Error string `json:"error,omitempty"`
}

func (s *Server) getRules(c *call) (answer, error) {
	return s.readRules(c, s.Rules.Rules)
}

func (s *Server) readRules(c *call, read func(store.Tx) (*core.RuleSet, error)) (a answer, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		set, err := read(tx)
		if err == nil {
			a = versioned(set, set.Number)
		}
		return err
	})
	return a, err
}

// editRules makes the next version and answers with what show says of it.
func (s *Server) editRules(c *call, seen uint64, note string, edit func([]core.Rule) ([]core.Rule, error), show func(*core.RuleSet) answer) (a answer, err error) {
	err = s.write(c, func(tx store.Tx) error {
		set, err := s.Rules.Edit(tx, seen, note, edit)
		if err == nil {
			a = show(set)
		}
		return err
	})
	return a, err
}

func wholeSet(set *core.RuleSet) answer { return versioned(set, set.Number) }

// setVersion is version for a rule set, whose first version is 0: without rules.
func (c *call) setVersion() (uint64, error) {
	if c.r.Header.Get("If-Match") == etag(0) {
		return 0, nil
	}
	return c.version()
}

func (s *Server) replaceRules(c *call) (answer, error) {
	version, err := c.setVersion()
	if err != nil {
		return answer{}, err
	}
	var in RulesInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.editRules(c, version, in.Note, in.rules, wholeSet)
}

func (s *Server) createRule(c *call) (answer, error) {
	var in RuleInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.ID != "" {
		return answer{}, faults{{Field: "id", Text: textUnknownField}}.err("request.body")
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		set, err := s.Rules.Edit(tx, execution.AnyVersion, "новое правило", func(old []core.Rule) ([]core.Rule, error) {
			return append(old, in.rule(core.Rule{})), nil
		})
		if err != nil {
			return answer{}, oneRule(err)
		}
		r := &set.Rules[len(set.Rules)-1]
		c.object = "rules/" + string(r.ID)
		return created(v1+"/"+c.object, r, r.Changed), nil
	})
}

// oneRule takes the rule's place in the set out of the paths of faults: who sent
// one rule knows of no set.
func oneRule(err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != "rules.invalid" {
		return err
	}
	bare := *e
	bare.Field, bare.Faults = "", slices.Clone(e.Faults)
	for i, f := range bare.Faults {
		if parts := strings.SplitN(f.Field, ".", 3); len(parts) == 3 && parts[0] == "rules" {
			bare.Faults[i].Field = parts[2]
		}
	}
	return &bare
}

func (s *Server) getRule(c *call) (a answer, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		set, err := s.Rules.Rules(tx)
		if err != nil {
			return err
		}
		at := indexOfRule(set.Rules, c.rule())
		if at < 0 {
			return noRule()
		}
		a = versioned(set.Rules[at], set.Rules[at].Changed)
		return nil
	})
	return a, err
}

func (c *call) rule() core.RuleID { return core.RuleID(c.param("id")) }

func noRule() error { return core.NotFound("rules.not_found", "такого правила нет") }

// changeRule edits one rule; seen is the version the caller has, or AnyVersion.
// change returns the rules that take its place.
func (s *Server) changeRule(c *call, seen uint64, note string, change func(core.Rule) []core.Rule) (answer, error) {
	a, err := s.editRules(c, execution.AnyVersion, note, func(old []core.Rule) ([]core.Rule, error) {
		at := indexOfRule(old, c.rule())
		if at < 0 {
			return nil, noRule()
		}
		if seen != execution.AnyVersion && old[at].Changed != seen {
			return nil, &core.Error{
				Kind: core.KindConflict, Code: "rules.stale", Text: "запись изменена другим пользователем",
				Faults: []core.FieldFault{{Field: "changed", Text: fmt.Sprintf("изменено в версии %d", old[at].Changed)}},
			}
		}
		return slices.Replace(old, at, at+1, change(old[at])...), nil
	}, func(set *core.RuleSet) answer {
		at := indexOfRule(set.Rules, c.rule())
		if at < 0 {
			return done()
		}
		return versioned(set.Rules[at], set.Rules[at].Changed)
	})
	return a, oneRule(err)
}

func (s *Server) updateRule(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in RuleInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeRule(c, version, "правило изменено", func(old core.Rule) []core.Rule { return []core.Rule{in.rule(old)} })
}

func (s *Server) deleteRule(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return s.changeRule(c, version, "правило удалено", func(core.Rule) []core.Rule { return nil })
}

func (s *Server) enableRule(c *call) (answer, error) {
	return s.changeRule(c, execution.AnyVersion, "правило включено", func(r core.Rule) []core.Rule {
		r.On, r.Fault = true, nil
		return []core.Rule{r}
	})
}

func (s *Server) disableRule(c *call) (answer, error) {
	return s.changeRule(c, execution.AnyVersion, "правило выключено", func(r core.Rule) []core.Rule {
		r.On = false
		return []core.Rule{r}
	})
}

func (s *Server) orderRules(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in OrderInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.editRules(c, version, "порядок изменён", in.order, wholeSet)
}

// order puts the rules into the order; each must be named once.
func (in *OrderInput) order(old []core.Rule) ([]core.Rule, error) {
	var f faults
	out := make([]core.Rule, 0, len(old))
	for i, id := range in.Rules {
		at := indexOfRule(old, id)
		if at < 0 || slices.Contains(in.Rules[:i], id) {
			f.add(indexed("rules", i), textNotFound)
			continue
		}
		out = append(out, old[at])
	}
	if len(f) == 0 && len(out) != len(old) {
		f.add("rules", "названы не все правила")
	}
	return out, f.err("request.body")
}

func (s *Server) revertRules(c *call) (a answer, err error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in RevertInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	err = s.write(c, func(tx store.Tx) error {
		set, err := s.Rules.Revert(tx, version, in.Version)
		if err == nil {
			a = wholeSet(set)
		}
		return err
	})
	return a, err
}

func (s *Server) listRuleSets(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.RuleSet](q)
	wanted.Desc = true
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.RuleSet]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		got, err = store.RuleSets.List(tx, wanted)
		return err
	})
	return ok(page[RuleSetRow]{items(got.Items, showRuleSet), got.Next}), err
}

func (s *Server) getRuleSet(c *call) (answer, error) {
	number, err := strconv.ParseUint(c.param("version"), 10, 64)
	if err != nil {
		return answer{}, noRule()
	}
	return s.readRules(c, func(tx store.Tx) (*core.RuleSet, error) { return s.Rules.Version(tx, number) })
}

// checkRules tells what is wrong with a draft.
func (s *Server) checkRules(c *call) (answer, error) {
	var in RulesInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return done(), s.Store.View(c.ctx(), func(tx store.Tx) error {
		rules, err := s.draft(tx, in)
		if err != nil {
			return err
		}
		return s.Rules.Check(tx, rules)
	})
}

func (s *Server) draft(tx store.Tx, in RulesInput) ([]core.Rule, error) {
	set, err := s.Rules.Rules(tx)
	if err != nil {
		return nil, err
	}
	return in.rules(set.Rules)
}

// simulateRules streams what would differ. It ends when the caller goes or the
// server stops.
func (s *Server) simulateRules(c *call) (answer, error) {
	var in SimulationInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Last < 1 || in.Last > execution.MaxSimulated {
		return answer{}, faults{{Field: "last", Text: textNumber}}.err("request.body")
	}
	var rules []core.Rule
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		rules, err = s.draft(tx, RulesInput{Rules: in.Rules})
		return err
	})
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.streamContext(c)
	defer cancel()
	lines := newLines(c.w)
	err = s.Rules.Simulate(ctx, rules, in.Last, func(line execution.Simulated) error {
		return lines.say(SimulationLine{Simulated: line}, line.Progress != nil)
	})
	if err != nil && c.w.status != 0 {
		return answer{}, lines.say(SimulationLine{Error: problemOf(err, c.id, languageOf(c.r)).Detail}, true)
	}
	return answer{}, err
}

// lines writes lines of JSON.
type lines struct {
	w       patientWriter
	control *http.ResponseController
}

func newLines(w *recorder) *lines {
	return &lines{newPatientWriter(w), http.NewResponseController(w)}
}

func (l *lines) say(line any, flush bool) error {
	l.w.Header().Set("Content-Type", "application/x-ndjson")
	if err := json.NewEncoder(l.w).Encode(line); err != nil || !flush {
		return err
	}
	return l.control.Flush()
}

func (s *Server) getDecision(c *call) (a answer, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		if _, err := store.Documents.Get(tx, c.param("id")); err != nil {
			return err
		}
		d, err := s.decision(tx, core.DocumentID(c.param("id")))
		if err == nil && d == nil {
			err = core.NotFound("decisions.not_found", "правила этот документ не разбирали")
		}
		a = ok(d)
		return err
	})
	return a, err
}

// decision is nil if the rules have not looked at the document.
func (s *Server) decision(tx store.Tx, id core.DocumentID) (*Decision, error) {
	d, steps, err := s.Rules.Decision(tx, id)
	if d == nil || err != nil {
		return nil, err
	}
	return &Decision{Meta: d.Meta, Document: d.Document, RuleSet: d.RuleSet, Effects: slices.Concat([]core.Effect{}, d.Effects), Steps: steps}, nil
}
