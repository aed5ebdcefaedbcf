package rest

import (
	"encoding/json"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// settingsRoutes are those of the settings of the office.
func settingsRoutes() []*route {
	const section = v1 + "/settings/{id}"
	return []*route{
		{name: "settings.list", method: get, path: v1 + "/settings", op: access.ReadSettings, serve: (*Server).listSettings},
		{name: "settings.get", method: get, path: section, op: access.ReadSettings, serve: (*Server).getSettings},
		{name: "settings.update", method: put, path: section, op: access.WriteSettings, serve: (*Server).updateSettings},
		{name: "settings.history", method: get, path: section + "/history", op: access.ReadSettings, serve: (*Server).settingsHistory},
		{name: "settings.revert", method: post, path: section + "/revert", op: access.WriteSettings, serve: (*Server).revertSettings},
	}
}

// SettingsSection is a section of the settings as it is now.
type SettingsSection struct {
	core.Meta
	ID          string          `json:"id"`
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	ReadOnly    bool            `json:"read_only"`
	Schema      json.RawMessage `json:"schema"`
	Values      json.RawMessage `json:"values"`
}

func (c *call) showSettings(st settings.State) SettingsSection {
	in := wordsIn(languageOf(c.r))
	return SettingsSection{
		Meta: st.Meta, ID: st.Section.Name, Title: in.text(st.Section.Title), Description: in.text(st.Section.Help),
		ReadOnly: st.Section.ReadOnly, Schema: st.Section.SchemaIn(in.text), Values: st.Values,
	}
}

func (c *call) answerSettings(st settings.State) answer {
	if st.Section.ReadOnly {
		return ok(c.showSettings(st))
	}
	return versioned(c.showSettings(st), st.Version)
}

func (s *Server) listSettings(c *call) (answer, error) {
	var all []settings.State
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		all, err = s.Settings.List(tx)
		return err
	})
	return ok(list[SettingsSection]{items(all, c.showSettings)}), err
}

func (s *Server) getSettings(c *call) (a answer, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		st, err := s.Settings.Get(tx, c.param("id"))
		a = c.answerSettings(st)
		return err
	})
	return a, err
}

// SettingsInput are all values of a section.
type SettingsInput struct {
	Values json.RawMessage `json:"values"`
}

func (s *Server) updateSettings(c *call) (a answer, err error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in SettingsInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	err = s.Store.Update(c.ctx(), func(tx store.Tx) error {
		st, err := s.Settings.Put(tx, c.param("id"), version, in.Values)
		a = c.answerSettings(st)
		return err
	})
	return a, err
}

func (s *Server) settingsHistory(c *call) (answer, error) {
	var entries []store.Entry
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		entries, err = s.Settings.History(tx, c.param("id"))
		return err
	})
	return ok(list[store.Entry]{items(entries, itself)}), err
}

func (s *Server) revertSettings(c *call) (a answer, err error) {
	var in RevertInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Version == 0 {
		return answer{}, core.Invalid("request.body", "version", textRequired)
	}
	err = s.Store.Update(c.ctx(), func(tx store.Tx) error {
		st, err := s.Settings.Revert(tx, c.param("id"), in.Version)
		a = c.answerSettings(st)
		return err
	})
	return a, err
}
