package routing

import (
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// Steps reads a trace: for each rule of the set that made it how it ended and
// why, in Russian.
func Steps(rules []core.Rule, trace []uint16, faults map[int]string) []core.RuleStep {
	out := make([]core.RuleStep, 0, len(trace))
	for i, word := range trace[:min(len(trace), len(rules))] {
		outcome, by := unpack(word)
		why := because(&rules[i], outcome, by)
		if text, failed := faults[i]; failed {
			why = text
		}
		out = append(out, core.RuleStep{Rule: rules[i].ID, Title: rules[i].Title, Outcome: outcome, Why: why})
	}
	return out
}

func because(r *core.Rule, outcome core.RuleOutcome, by place) string {
	switch outcome {
	case core.RuleOff:
		return "правило выключено"
	case core.RuleForeign:
		return "правило для другой организации или другого направления"
	case core.RuleSkipped:
		return "правило выше остановило разбор"
	case core.RuleFailed:
		return "правило не сработало"
	}
	if r.When == nil {
		return "правило без условий"
	}
	text := Describe(find(r.When, &by))
	if outcome == core.RuleMatched {
		return "подошло условие: " + text
	}
	return "решило условие: " + text
}

// find is the condition with the number, in the order of writing.
func find(w *core.Condition, number *place) *core.Condition {
	if *number == 0 {
		return w
	}
	for _, part := range below(w) {
		*number--
		if found := find(part, number); found != nil {
			return found
		}
	}
	return nil
}

func below(w *core.Condition) []*core.Condition {
	var out []*core.Condition
	for i := range w.All {
		out = append(out, &w.All[i])
	}
	for i := range w.Any {
		out = append(out, &w.Any[i])
	}
	if w.Not != nil {
		out = append(out, w.Not)
	}
	return out
}

// Describe says a condition in Russian words.
func Describe(w *core.Condition) string {
	switch {
	case w == nil:
		return ""
	case w.Expr != "":
		return "выражение " + shortened(w.Expr)
	case w.Field != "":
		return describeComparison(w)
	case w.Not != nil:
		return "не (" + Describe(w.Not) + ")"
	case len(w.All) > 0:
		return joined(w.All, " и ")
	}
	return joined(w.Any, " или ")
}

func joined(parts []core.Condition, word string) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = Describe(&parts[i])
		if len(parts[i].All)+len(parts[i].Any) > 1 {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, word)
}

func describeComparison(w *core.Condition) string {
	text := fieldTitles[w.Field]
	if w.Field == core.FieldRequisite {
		text += " «" + w.Name + "»"
	}
	if w.Days > 0 {
		text += " за " + strconv.Itoa(w.Days) + " дн."
	}
	switch fieldKinds[w.Field] {
	case flagField:
		return text
	case numberField:
		return text + " " + relationTitles[w.Is] + " " + strconv.Itoa(w.Number)
	}
	text += " " + relationTitles[w.Is]
	if len(w.Values) > 0 {
		text += " " + quoted(w.Values)
	}
	return text
}

// quoted shows the first values.
func quoted(values []string) string {
	const shown = 5
	texts := make([]string, 0, shown+1)
	for _, v := range values[:min(len(values), shown)] {
		texts = append(texts, shortened(v))
	}
	if len(values) > shown {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

func shortened(text string) string {
	const limit = 100
	if r := []rune(text); len(r) > limit {
		text = string(r[:limit]) + "…"
	}
	return "«" + text + "»"
}
