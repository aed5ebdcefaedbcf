package routing

import (
	"strconv"

	"github.com/uzel-hub/uzel/core"
)

// actions checks what a rule does.
func (c *compiler) actions(path string, all []core.Action) {
	if len(all) == 0 {
		c.fault(path, "нужно хотя бы одно действие")
	}
	if len(all) > MaxActions {
		c.fault(path, textTooMany)
		return
	}
	for i := range all {
		c.action(path+"."+strconv.Itoa(i)+".", &all[i])
	}
}

// action checks one action: it has what its kind needs and nothing else.
func (c *compiler) action(path string, a *core.Action) {
	needs, ok := actionFields[a.Do]
	if !ok {
		c.fault(path+"do", textChoice)
		return
	}
	for _, f := range parametersOf(a) {
		_, known := needs[f.name]
		switch {
		case f.given && !known:
			c.fault(path+f.name, textForeign)
		case !f.given && needs[f.name]:
			c.fault(path+f.name, textRequired)
		}
	}
	c.text(path+"title", a.Title, 500, false)
	c.text(path+"text", a.Text, 10_000, false)
	for name, n := range map[string]int{"users": len(a.Users), "tags": len(a.Tags), "channels": len(a.Channels)} {
		if n > 50 {
			c.fault(path+name, textTooMany)
		}
	}
	c.choice(path, a)
	c.term(path+"term", a.Term)
	if a.Do == core.ActReply && (a.Template == "") == (a.Text == "") {
		c.fault(path+"text", "нужен либо шаблон, либо текст")
	}
}

// actionFields says which parameters each kind of action has; true: it must.
var actionFields = map[core.ActionKind]map[string]bool{
	core.ActSetLine:     {"line": true},
	core.ActSetOperator: {"choice": true, "users": true},
	core.ActSetReason:   {"reason": true, "reason_group": false},
	core.ActAddTags:     {"tags": true},
	core.ActSetTerm:     {"term": true},
	core.ActCreateTask:  {"title": true, "text": false, "performer": true, "controller": false, "term": false},
	core.ActReply:       {"template": false, "title": false, "text": false},
	core.ActForward:     {"channels": true},
	core.ActNotify:      {"users": true, "text": false},
	core.ActStop:        {},
}

type parameter struct {
	name  string
	given bool
}

func parametersOf(a *core.Action) []parameter {
	return []parameter{
		{"line", a.Line != ""},
		{"choice", a.Choice != ""},
		{"users", len(a.Users) > 0},
		{"reason_group", a.ReasonGroup != ""},
		{"reason", a.Reason != ""},
		{"tags", len(a.Tags) > 0},
		{"term", a.Term != nil},
		{"performer", a.Performer != ""},
		{"controller", a.Controller != ""},
		{"channels", len(a.Channels) > 0},
		{"template", a.Template != ""},
		{"title", a.Title != ""},
		{"text", a.Text != ""},
	}
}

func (c *compiler) choice(path string, a *core.Action) {
	switch a.Choice {
	case "", core.ChooseLoad, core.ChooseTurn:
	case core.ChooseFixed:
		if len(a.Users) > 1 {
			c.fault(path+"users", "назначается ровно один")
		}
	default:
		c.fault(path+"choice", textChoice)
	}
}

func (c *compiler) term(path string, t *core.Term) {
	if t == nil {
		return
	}
	switch t.Kind {
	case core.TermCalendarDays, core.TermWorkingDays, core.TermWorkingHours, core.TermHours:
		if t.Amount < 1 || t.Amount > 10_000 {
			c.fault(path+".amount", "от 1 до 10000")
		}
	default:
		c.fault(path+".kind", textChoice)
	}
}
