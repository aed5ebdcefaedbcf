package routing

import (
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
	column int
	at     place
}

type present struct{ textual }

func (n present) holds(s *sight) (bool, place, error) {
	return slices.ContainsFunc(s.texts(n.column), func(v string) bool { return strings.TrimSpace(v) != "" }), n.at, nil
}

type equal struct {
	textual
	of map[string]bool
}

func (n equal) holds(s *sight) (bool, place, error) {
	for _, text := range s.texts(n.column) {
		if n.of[text] {
			return true, n.at, nil
		}
	}
	return false, n.at, nil
}

// edge compares the beginnings or the ends of texts.
type edge struct {
	textual
	of   []string
	test func(text, value string) bool
}

func (n edge) holds(s *sight) (bool, place, error) {
	for _, text := range s.texts(n.column) {
		for _, value := range n.of {
			if n.test(text, value) {
				return true, n.at, nil
			}
		}
	}
	return false, n.at, nil
}

type parts struct {
	textual
	of []literal
}

func (n parts) holds(s *sight) (bool, place, error) {
	texts, sieve := s.sifted(n.column)
	for i := range n.of {
		if n.of[i].inOne(texts, sieve) {
			return true, n.at, nil
		}
	}
	return false, n.at, nil
}

type patterns struct {
	textual
	of []pattern
}

func (n patterns) holds(s *sight) (bool, place, error) {
	texts, sieve := s.sifted(n.column)
	for i := range n.of {
		if n.of[i].inOne(texts, sieve) {
			return true, n.at, nil
		}
	}
	return false, n.at, nil
}

// phrases are lists of words; a word is a literal of spaced texts.
type phrases struct {
	textual
	of [][]literal
}

func (n phrases) holds(s *sight) (bool, place, error) {
	_, sieve := s.sifted(n.column)
	for _, phrase := range n.of {
		if sieve.maybeAll(phrase) && allIn(phrase, s.words(n.column)) {
			return true, n.at, nil
		}
	}
	return false, n.at, nil
}

func allIn(phrase []literal, text string) bool {
	for i := range phrase {
		if !strings.Contains(text, phrase[i].text) {
			return false
		}
	}
	return true
}
