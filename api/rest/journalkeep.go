package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

func (s *Server) deleteJournal(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.write(c, func(tx store.Tx) error {
		return registry.Delete(tx, core.JournalID(c.param("id")), version)
	})
}

func (s *Server) restoreJournal(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var shown Journal
	err = s.write(c, func(tx store.Tx) error {
		if err := registry.Restore(tx, core.JournalID(c.param("id")), version); err != nil {
			return err
		}
		shown, err = journalOf(tx, c.param("id"))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(shown, shown.Version), nil
}
