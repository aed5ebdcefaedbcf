package routing

import (
	"errors"
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Decision is what the rules make of a document.
type Decision struct {
	Planned []Planned
	Trace   []uint16       // a word for each rule; Steps reads them
	Faults  map[int]string // rules that failed, by their place; texts for people
}

// Planned is an action of a rule that matched.
type Planned struct {
	Rule   int // its place in the set
	Action core.Action
	Note   string // why it will not be done; empty: it will
}

// Decide tries the rules on the facts, from top to bottom.
func (s *Set) Decide(f *Facts) Decision {
	d := Decision{Trace: make([]uint16, len(s.rules))}
	sight := s.look(f)
	for i := range s.rules {
		outcome, by, err := s.rules[i].try(sight)
		d.Trace[i] = pack(outcome, by)
		switch {
		case err != nil:
			if d.Faults == nil {
				d.Faults = map[int]string{}
			}
			d.Faults[i] = err.Error()
		case outcome == core.RuleMatched && d.plan(sight, i, s.rules[i].Then):
			for rest := i + 1; rest < len(s.rules); rest++ {
				d.Trace[rest] = pack(core.RuleSkipped, 0)
			}
			return d
		}
	}
	return d
}

// Failing is the set in which the rules at these places fail, for the reasons
// given: what they do cannot be done.
func (s *Set) Failing(why map[int]string) *Set {
	out := *s
	out.rules = slices.Clone(s.rules)
	for i, text := range why {
		out.rules[i].fails = text
	}
	return &out
}

// try looks whether the rule is for the document.
func (r *rule) try(s *sight) (outcome core.RuleOutcome, by place, err error) {
	defer func() {
		if recover() != nil {
			outcome, err = core.RuleFailed, errors.New("внутренняя ошибка правила")
		}
	}()
	switch {
	case r.fails != "":
		return core.RuleFailed, 0, errors.New(r.fails)
	case !r.On:
		return core.RuleOff, 0, nil
	case !r.concerns(s.Document):
		return core.RuleForeign, 0, nil
	case r.when == nil:
		return core.RuleMatched, 0, nil
	}
	ok, by, err := r.when.holds(s)
	switch {
	case err != nil:
		return core.RuleFailed, by, err
	case ok:
		return core.RuleMatched, by, nil
	}
	return core.RuleMissed, by, nil
}

func (r *rule) concerns(d *core.Document) bool {
	if r.Organization != "" && r.Organization != d.Organization {
		return false
	}
	if len(r.Directions) == 0 {
		return d.Direction == core.Incoming
	}
	return slices.Contains(r.Directions, d.Direction)
}

// plan adds the actions of a rule; stop tells that no rule below is tried.
func (d *Decision) plan(s *sight, rule int, actions []core.Action) (stop bool) {
	for _, a := range actions {
		if a.Do == core.ActStop {
			stop = true
		}
		a, note := s.admit(a)
		d.Planned = append(d.Planned, Planned{Rule: rule, Action: a, Note: note})
	}
	return stop
}

// Notes of actions that are not done.
const (
	noteHasLine     = "линия уже назначена"
	noteHasOperator = "оператор уже назначен"
	noteHasReason   = "причина уже указана"
	noteHasTags     = "эти теги уже стоят"
	noteHasTerm     = "срок уже установлен"
	noteForwarded   = "в эти каналы уже передаётся"
	noteReplied     = "автоответ уже посылает другое правило"
	noteAutomatic   = "документ отправлен автоматически: автоответ не посылается"
	noteNotIncoming = "автоответ посылается только на входящий документ"
)

// admit decides whether an action is to be done, and what is left of it, and
// lets the rules below see what it sets.
func (s *sight) admit(a core.Action) (core.Action, string) {
	switch a.Do {
	case core.ActSetLine:
		note := fill(&s.line, a.Line, noteHasLine)
		s.forget()
		return a, note
	case core.ActSetReason:
		if note := fill(&s.reason, a.Reason, noteHasReason); note != "" {
			return a, note
		}
		s.group = a.ReasonGroup
		s.forget()
	case core.ActSetOperator:
		return a, once(&s.manned, noteHasOperator)
	case core.ActSetTerm:
		return a, once(&s.due, noteHasTerm)
	case core.ActAddTags:
		fresh := without(a.Tags, s.tags)
		if len(fresh) == 0 {
			return a, noteHasTags
		}
		a.Tags, s.tags = fresh, append(s.tags, fresh...)
		s.forget()
	case core.ActForward:
		fresh := without(a.Channels, s.sentTo)
		if len(fresh) == 0 {
			return a, noteForwarded
		}
		a.Channels, s.sentTo = fresh, append(s.sentTo, fresh...)
	case core.ActReply:
		return a, s.mayReply()
	}
	return a, ""
}

func fill(had *core.EntryID, with core.EntryID, note string) string {
	if *had != "" {
		return note
	}
	*had = with
	return ""
}

func once(had *bool, note string) string {
	if *had {
		return note
	}
	*had = true
	return ""
}

// without are the values that are not had yet, each once.
func without[T comparable](values, had []T) []T {
	var out []T
	for _, v := range values {
		if !slices.Contains(had, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// mayReply keeps machines from answering each other.
func (s *sight) mayReply() string {
	if s.Document.Direction != core.Incoming {
		return noteNotIncoming
	}
	for _, m := range s.Document.Marks {
		if m.Kind == core.MarkAutomatic || m.Kind == core.MarkBounce {
			return noteAutomatic
		}
	}
	return once(&s.replied, noteReplied)
}

// outcomes in the order of their numbers in a word of a trace, which is stored:
// new ones go to the end.
var outcomes = []core.RuleOutcome{
	core.RuleMatched, core.RuleMissed, core.RuleOff, core.RuleForeign, core.RuleSkipped, core.RuleFailed,
}

// pack makes a word of a trace: the outcome in the low three bits, and above
// them the condition that decided.
func pack(outcome core.RuleOutcome, by place) uint16 {
	return uint16(by)<<3 | uint16(slices.Index(outcomes, outcome))
}

func unpack(word uint16) (core.RuleOutcome, place) {
	n := int(word & 7)
	if n >= len(outcomes) {
		n = len(outcomes) - 1
	}
	return outcomes[n], place(word >> 3)
}
