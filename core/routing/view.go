package routing

import "github.com/uzel-hub/uzel/core"

// column is a text that the rules of a set look at: a field or a requisite.
type column struct {
	field core.RuleField
	name  string // of the requisite
}

// live tells that rules above may have set the column.
func (c column) live() bool {
	switch c.field {
	case core.FieldLine, core.FieldReason, core.FieldReasonGroup, core.FieldTag:
		return true
	}
	return false
}

// view is what a document has in a column.
type view struct {
	folded bool
	texts  []string // folded
	sieve  sieve    // of texts
	words  string   // of all texts, with a space around each
}

// texts are the values of a column in the form they are compared in.
func (s *sight) texts(column int) []string {
	v := &s.views[column]
	if !v.folded {
		v.texts, v.folded = s.fold(s.set.columns[column]), true
	}
	return v.texts
}

func (s *sight) fold(c column) []string {
	if c.field == core.FieldRequisite {
		return foldAll(some(s.Document.Fields[c.name]))
	}
	return foldAll(s.raw(c.field))
}

// sifted are the texts with their sieve.
func (s *sight) sifted(column int) ([]string, *sieve) {
	texts := s.texts(column)
	v := &s.views[column]
	if v.sieve.bits == nil {
		v.sieve = newSieve(texts)
	}
	return texts, &v.sieve
}

// words are those of the texts, with a space around each.
func (s *sight) words(column int) string {
	v := &s.views[column]
	if v.words == "" {
		v.words = spaced(s.texts(column))
	}
	return v.words
}

// forget has what rules may have set be looked at again.
func (s *sight) forget() {
	for i, c := range s.set.columns {
		if c.live() {
			s.views[i] = view{}
		}
	}
	if s.env != nil {
		s.refresh()
	}
}
