package routing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

// Set is a rule set made ready for deciding. It is safe for concurrent use.
type Set struct {
	rules   []rule
	columns []column // texts that the rules look at
	asks    asks
}

type rule struct {
	core.Rule
	when  node   // nil: always
	fails string // why it cannot be carried out; empty: it can
}

// Len is how many rules there are.
func (s *Set) Len() int { return len(s.rules) }

// Periods are the days over which the rules count the sender's appeals, sorted.
func (s *Set) Periods() []int { return s.asks.periods }

// AsksOpen tells that the rules look at the sender's open appeals.
func (s *Set) AsksOpen() bool { return s.asks.open }

// AsksWorking tells that the rules look at the working time.
func (s *Set) AsksWorking() bool { return s.asks.working }

// asks is what must be looked up before the rules can be tried.
type asks struct {
	periods  []int
	open     bool
	working  bool
	language bool // by an expression
}

func (a *asks) period(days int) {
	if at, found := slices.BinarySearch(a.periods, days); !found {
		a.periods = slices.Insert(a.periods, at, days)
	}
}

// name notes a name of an expression.
func (a *asks) name(name string) {
	switch name {
	case "appeals_day":
		a.period(1)
	case "appeals_week":
		a.period(7)
	case "appeals_month":
		a.period(30)
	case "open_appeals":
		a.open = true
	case "working":
		a.working = true
	case "language":
		a.language = true
	}
}

// Compile checks the rules and makes them ready. What is wrong with them is
// reported all at once, KindInvalid, with paths that begin with rules.
func Compile(rules []core.Rule) (*Set, error) {
	c := &compiler{}
	if len(rules) > MaxRules {
		c.fault("rules", fmt.Sprintf("не больше %d правил", MaxRules))
		return nil, c.err()
	}
	out := &Set{rules: make([]rule, len(rules))}
	seen := map[core.RuleID]bool{}
	for i, r := range rules {
		path := "rules." + strconv.Itoa(i)
		if r.ID != "" && seen[r.ID] {
			c.fault(path+".id", "такое правило уже есть выше")
		}
		seen[r.ID] = true
		out.rules[i] = rule{Rule: r, when: c.rule(path+".", &r)}
	}
	out.asks, out.columns = c.asks, c.columns
	return out, c.err()
}

// Check is what is wrong with one rule, with the paths of its own fields; nil:
// nothing.
func Check(r *core.Rule) []core.FieldFault {
	c := &compiler{}
	c.rule("", r)
	return c.faults
}

// compiler gathers faults.
type compiler struct {
	faults   []core.FieldFault
	asks     asks
	columns  []column
	nodes    int // of the rule so far
	patterns int
}

func (c *compiler) fault(field, text string) {
	c.faults = append(c.faults, core.FieldFault{Field: field, Text: text})
}

func (c *compiler) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	e := &core.Error{Kind: core.KindInvalid, Code: "rules.invalid", Faults: c.faults}
	if len(c.faults) == 1 {
		e.Field = c.faults[0].Field
	}
	return e
}

func (c *compiler) rule(path string, r *core.Rule) node {
	c.nodes, c.patterns = 0, 0
	c.text(path+"title", r.Title, 200, true)
	for i, d := range r.Directions {
		if !slices.Contains([]core.Direction{core.Incoming, core.Outgoing, core.Internal}, d) {
			c.fault(path+"directions."+strconv.Itoa(i), textChoice)
		}
	}
	c.actions(path+"then", r.Then)
	if r.When == nil {
		return nil
	}
	n := c.condition(path+"when", r.When, 1)
	if c.nodes > MaxNodes {
		c.fault(path+"when", fmt.Sprintf("не больше %d условий в правиле", MaxNodes))
	}
	if c.patterns > MaxPatterns {
		c.fault(path+"when", fmt.Sprintf("не больше %d регулярных выражений в правиле", MaxPatterns))
	}
	return n
}

// Texts of faults.
const (
	textRequired = "обязательное поле"
	textChoice   = "нет такого значения"
	textTooLong  = "слишком длинно"
	textTooMany  = "слишком много"
	textForeign  = "здесь не нужно"
)

func (c *compiler) text(path, value string, limit int, required bool) {
	if required && strings.TrimSpace(value) == "" {
		c.fault(path, textRequired)
	}
	if utf8.RuneCountInString(value) > limit {
		c.fault(path, textTooLong)
	}
}

// condition compiles one node; its number is its place in the order of writing.
func (c *compiler) condition(path string, w *core.Condition, depth int) node {
	at := place(c.nodes)
	c.nodes++
	if c.nodes > MaxNodes || depth > MaxDepth {
		if depth > MaxDepth {
			c.fault(path, fmt.Sprintf("условия вложены глубже %d", MaxDepth))
		}
		return nothing{}
	}
	if n := forms(w); n != 1 {
		c.fault(path, "нужно ровно одно из: all, any, not, field, expr")
		return nothing{}
	}
	switch {
	case w.Field != "":
		return c.comparison(path, w, at)
	case w.Expr != "":
		c.compared(path, w, wants{})
		return c.expression(path+".expr", w.Expr, at)
	}
	c.compared(path, w, wants{})
	switch {
	case w.Not != nil:
		return negation{c.condition(path+".not", w.Not, depth+1)}
	case w.All != nil:
		return conjunction{c.conditions(path+".all", w.All, depth), at}
	}
	return disjunction{c.conditions(path+".any", w.Any, depth), at}
}

func (c *compiler) conditions(path string, all []core.Condition, depth int) []node {
	out := make([]node, 0, len(all))
	for i := range all {
		out = append(out, c.condition(path+"."+strconv.Itoa(i), &all[i], depth+1))
	}
	return out
}

// forms counts which of the forms of a condition are given.
func forms(w *core.Condition) int {
	n := 0
	for _, given := range []bool{len(w.All) > 0, len(w.Any) > 0, w.Not != nil, w.Field != "", w.Expr != ""} {
		if given {
			n++
		}
	}
	return n
}

// comparison compiles a leaf.
func (c *compiler) comparison(path string, w *core.Condition, at place) node {
	kind, ok := fieldKinds[w.Field]
	if !ok {
		c.fault(path+".field", textChoice)
		return nothing{}
	}
	if !slices.Contains(relations[kind], w.Is) {
		c.fault(path+".is", "для этого поля можно: "+listed(relations[kind]))
		return nothing{}
	}
	named, dated := w.Field == core.FieldRequisite, w.Field == core.FieldAppeals
	c.compared(path, w, wants{named, dated, kind == textField && w.Is != core.IsPresent, kind == numberField})
	if named {
		c.text(path+".name", w.Name, 100, true)
	}
	if dated && (w.Days < 1 || w.Days > 3660) {
		c.fault(path+".days", "от 1 до 3660")
	}
	if dated {
		c.asks.period(w.Days)
	}
	c.asks.open = c.asks.open || w.Field == core.FieldOpenAppeals
	c.asks.working = c.asks.working || w.Field == core.FieldWorkingTime
	switch kind {
	case numberField:
		return numeric{w.Field, w.Is, w.Days, w.Number, at}
	case flagField:
		return flag{w.Field, at}
	}
	return c.textual(path, w, at)
}

// wants tells which of the fields of a comparison a node has.
type wants struct{ name, days, values, number bool }

// compared refuses what does not belong to the node, and misses what does.
func (c *compiler) compared(path string, w *core.Condition, want wants) {
	if w.Name != "" && !want.name {
		c.fault(path+".name", textForeign)
	}
	if w.Days != 0 && !want.days {
		c.fault(path+".days", textForeign)
	}
	if w.Number != 0 && !want.number {
		c.fault(path+".number", textForeign)
	}
	if w.Field == "" && w.Is != "" {
		c.fault(path+".is", textForeign)
	}
	switch {
	case len(w.Values) > 0 && !want.values:
		c.fault(path+".values", textForeign)
	case len(w.Values) == 0 && want.values:
		c.fault(path+".values", textRequired)
	case len(w.Values) > MaxValues:
		c.fault(path+".values", textTooMany)
	}
	for i, v := range w.Values[:min(len(w.Values), MaxValues)] {
		c.text(path+".values."+strconv.Itoa(i), v, 500, true)
	}
}

func (c *compiler) textual(path string, w *core.Condition, at place) node {
	base := textual{c.column(column{w.Field, w.Name}), at}
	switch w.Is {
	case core.IsPresent:
		return present{base}
	case core.IsEqual:
		return equal{base, setOf(foldAll(w.Values))}
	case core.IsBegins:
		return edge{base, foldAll(w.Values), strings.HasPrefix}
	case core.IsEnds:
		return edge{base, foldAll(w.Values), strings.HasSuffix}
	case core.IsMatches:
		return patterns{base, c.patternsOf(path, w.Values)}
	case core.IsWords:
		return phrases{base, c.phrases(path, w.Values)}
	}
	return parts{base, each(foldAll(w.Values), newLiteral)}
}

// column is the place of a column among those of the set.
func (c *compiler) column(of column) int {
	if at := slices.Index(c.columns, of); at >= 0 {
		return at
	}
	c.columns = append(c.columns, of)
	return len(c.columns) - 1
}

func setOf(texts []string) map[string]bool {
	out := make(map[string]bool, len(texts))
	for _, text := range texts {
		out[text] = true
	}
	return out
}

func (c *compiler) patternsOf(path string, values []string) []pattern {
	out := make([]pattern, 0, len(values))
	for i, v := range values {
		if c.patterns++; c.patterns > MaxPatterns {
			return nil // is told by the rule
		}
		p, err := newPattern(v)
		if err != nil {
			c.fault(path+".values."+strconv.Itoa(i), "регулярное выражение не разобрано: "+patternFault(err))
			continue
		}
		out = append(out, p)
	}
	return out
}

func (c *compiler) phrases(path string, values []string) (out [][]literal) {
	for i, v := range values {
		var phrase []literal
		for _, text := range strings.Fields(fold(v)) {
			stem, open := strings.CutSuffix(text, "*")
			if stem == "" || strings.ContainsFunc(stem, notInWord) {
				c.fault(path+".values."+strconv.Itoa(i), "только слова из букв и цифр через пробел, * лишь в конце слова")
				break
			}
			phrase = append(phrase, newWord(stem, open))
		}
		out = append(out, phrase)
	}
	return out
}

func listed(all []core.Relation) string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
