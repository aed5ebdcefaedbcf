package directory

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// History is every change of an entry, deleted or not, oldest first: for each
// field of it, as `values.<field>`, what it was and what it became.
func (s *Service) History(tx store.Tx, name core.DirectoryName, id core.EntryID) ([]store.Entry, error) {
	if _, err := s.GetAny(tx, name, id); err != nil {
		return nil, err
	}
	out := []store.Entry{}
	for e, err := range store.Entries.History(tx, string(id)) {
		if err != nil {
			return nil, err
		}
		e.Changes = byField(e.Changes)
		out = append(out, e)
	}
	return out, nil
}

// byField takes the change of all values apart.
func byField(changes []store.FieldChange) (out []store.FieldChange) {
	for _, c := range changes {
		if c.Field == "values" {
			out = append(out, c.Apart("values.")...)
		} else {
			out = append(out, c)
		}
	}
	return out
}
