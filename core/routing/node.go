package routing

import (
	"regexp"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// place is the number of a condition within its rule, in the order of writing.
type place uint16

// node is a compiled condition. It tells which condition decided: of an all that
// does not hold the first that does not, of an any that holds the first that
// does, else itself.
type node interface {
	holds(s *sight) (ok bool, by place, err error)
}

// nothing stands for a condition with a fault; such a set is never used.
type nothing struct{}

func (nothing) holds(*sight) (bool, place, error) { return false, 0, nil }

type conjunction struct {
	of []node
	at place
}

func (n conjunction) holds(s *sight) (bool, place, error) {
	for _, part := range n.of {
		if ok, by, err := part.holds(s); !ok || err != nil {
			return false, by, err
		}
	}
	return true, n.at, nil
}

type disjunction struct {
	of []node
	at place
}

func (n disjunction) holds(s *sight) (bool, place, error) {
	for _, part := range n.of {
		if ok, by, err := part.holds(s); ok || err != nil {
			return ok, by, err
		}
	}
	return false, n.at, nil
}

type negation struct{ of node }

func (n negation) holds(s *sight) (bool, place, error) {
	ok, by, err := n.of.holds(s)
	return !ok && err == nil, by, err
}

type numeric struct {
	field  core.RuleField
	is     core.Relation
	days   int
	number int
	at     place
}

func (n numeric) holds(s *sight) (bool, place, error) {
	v := s.number(n.field, n.days)
	switch n.is {
	case core.IsAtLeast:
		return v >= n.number, n.at, nil
	case core.IsAtMost:
		return v <= n.number, n.at, nil
	}
	return v == n.number, n.at, nil
}

type flag struct {
	field core.RuleField
	at    place
}

func (n flag) holds(s *sight) (bool, place, error) { return s.yes(n.field), n.at, nil }

// textual is what all comparisons of texts have.
type textual struct {
	field core.RuleField
	name  string
	at    place
}

type present struct{ textual }

func (n present) holds(s *sight) (bool, place, error) {
	return slices.ContainsFunc(s.folded(n.field, n.name), func(v string) bool { return strings.TrimSpace(v) != "" }), n.at, nil
}

// partTests compare a text with a value, both folded.
var partTests = map[core.Relation]func(text, value string) bool{
	core.IsEqual:    func(text, value string) bool { return text == value },
	core.IsContains: strings.Contains,
	core.IsBegins:   strings.HasPrefix,
	core.IsEnds:     strings.HasSuffix,
}

type parts struct {
	textual
	of   []string
	test func(text, value string) bool
}

func (n parts) holds(s *sight) (bool, place, error) {
	for _, text := range s.folded(n.field, n.name) {
		for _, value := range n.of {
			if n.test(text, value) {
				return true, n.at, nil
			}
		}
	}
	return false, n.at, nil
}

type patterns struct {
	textual
	of []*regexp.Regexp
}

func (n patterns) holds(s *sight) (bool, place, error) {
	for _, text := range s.folded(n.field, n.name) {
		for _, re := range n.of {
			if re.MatchString(text) {
				return true, n.at, nil
			}
		}
	}
	return false, n.at, nil
}

// word is one word of a phrase; an open one may go on.
type word struct {
	text string
	open bool
}

type phrases struct {
	textual
	of [][]word
}

func (n phrases) holds(s *sight) (bool, place, error) {
	had := s.split(n.field, n.name)
	for _, phrase := range n.of {
		if !slices.ContainsFunc(phrase, func(w word) bool { return !w.in(had) }) {
			return true, n.at, nil
		}
	}
	return false, n.at, nil
}

// in looks for the word among sorted ones.
func (w word) in(sorted []string) bool {
	i, found := slices.BinarySearch(sorted, w.text)
	return found || w.open && i < len(sorted) && strings.HasPrefix(sorted[i], w.text)
}
