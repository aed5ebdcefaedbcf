package rest

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
)

// PluginRow is a plugin in the list.
type PluginRow struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Summary  string         `json:"summary"`
	Current  string         `json:"current"`
	Pinned   bool           `json:"pinned"`
	Versions []string       `json:"versions"`
	Channels int            `json:"channels"`
	Trial    *catalog.Trial `json:"trial,omitempty"`
}

// PluginVersion is what a version of a plugin says about itself.
type PluginVersion struct {
	Name           string             `json:"name"`
	Title          string             `json:"title"`
	Summary        string             `json:"summary"`
	Version        string             `json:"version"`
	SDK            string             `json:"sdk,omitempty"`
	Abilities      []catalog.Ability  `json:"abilities"`
	Purposes       []core.Purpose     `json:"purposes"`
	Kinds          []core.MessageKind `json:"kinds"`
	Operations     []PluginOperation  `json:"operations"`
	Calls          []string           `json:"calls"`
	Limits         catalog.Limits     `json:"limits"`
	SettingsSchema json.RawMessage    `json:"settings_schema,omitempty"`
	Generated      []string           `json:"generated"`
	SHA256         string             `json:"sha256"`
	InstalledAt    time.Time          `json:"installed_at"`
	Current        bool               `json:"current"`
	Pinned         bool               `json:"pinned"`
	Versions       []string           `json:"versions"`
	Trial          *catalog.Trial     `json:"trial,omitempty"`
}

func (s *Server) showPlugin(e catalog.Entry) PluginVersion {
	return PluginVersion{
		Name: e.Name, Title: e.Title, Summary: e.Summary, Version: e.Version, SDK: e.SDK,
		Abilities: items(e.Abilities, itself), Purposes: items(e.Purposes, itself), Kinds: items(e.Kinds, itself),
		Operations: items(e.Operations, showOperation), Calls: items(e.Calls, itself), Limits: e.Limits,
		SettingsSchema: e.SettingsSchema, Generated: items(e.Generated, itself), SHA256: e.SHA256,
		InstalledAt: e.InstalledAt, Current: e.Current, Pinned: e.Pinned,
		Versions: s.versions(e.Name), Trial: s.Catalog.TrialOf(e.Name),
	}
}

// versions are the installed versions of a plugin, the newest first.
func (s *Server) versions(name string) []string {
	out := []string{}
	for _, e := range s.Catalog.List() {
		if e.Name == name {
			out = append(out, e.Version)
		}
	}
	return out
}

func (s *Server) listPlugins(c *call) (answer, error) {
	channels, err := s.Channels.List(c.ctx())
	if err != nil {
		return answer{}, err
	}
	out := list[PluginRow]{Items: []PluginRow{}}
	for _, e := range s.Catalog.List() {
		if e.Current {
			out.Items = append(out.Items, PluginRow{
				Name: e.Name, Title: e.Title, Summary: e.Summary, Current: e.Version, Pinned: e.Pinned,
				Versions: s.versions(e.Name), Channels: countOf(channels, e.Name), Trial: s.Catalog.TrialOf(e.Name),
			})
		}
	}
	return ok(out), nil
}

func countOf(channels []*core.Channel, plugin string) (n int) {
	for _, ch := range channels {
		if ch.Plugin == plugin {
			n++
		}
	}
	return n
}

func (s *Server) getPlugin(c *call) (answer, error) {
	e, err := s.Catalog.Get(c.param("name"), c.param("version"))
	if err != nil {
		return answer{}, err
	}
	return ok(s.showPlugin(e)), nil
}

func (s *Server) installPlugin(c *call) (answer, error) {
	media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if !slices.Contains([]string{"application/gzip", "application/x-gzip", "application/octet-stream"}, media) {
		return answer{}, core.Invalid("request.media_type", "", "пришлите application/gzip")
	}
	e, err := s.Catalog.Install(c.ctx(), c.r.Body)
	if err != nil {
		return answer{}, err
	}
	c.object = "plugins/" + e.Name + "/versions/" + e.Version
	s.declareDirectories(e.Name)
	s.Host.Reconcile() // channels may have waited for it
	return answer{Status: http.StatusCreated, Location: v1 + "/" + c.object, Body: s.showPlugin(e)}, nil
}

func (s *Server) removePlugin(c *call) (answer, error) {
	name, version := c.param("name"), c.param("version")
	c.object = "plugins/" + name + "/versions/" + version
	channels, err := s.Channels.List(c.ctx())
	if err != nil {
		return answer{}, err
	}
	current, err := s.Catalog.Get(name, "")
	if err != nil {
		return answer{}, err
	}
	for _, ch := range channels {
		if ch.Plugin == name && (ch.Version == version || ch.Version == "" && current.Version == version) {
			return answer{}, core.Conflict("plugins.used", "версия нужна каналу «"+ch.Title+"»")
		}
	}
	return done(), s.Catalog.Remove(name, version)
}

// CurrentInput names the version channels are to run.
type CurrentInput struct {
	Version string `json:"version"`
	Pin     bool   `json:"pin"`
}

func (s *Server) setCurrentPlugin(c *call) (answer, error) {
	var in CurrentInput
	if err := c.decodeVersion(&in, &in.Version); err != nil {
		return answer{}, err
	}
	if err := s.Catalog.SetCurrent(c.param("name"), in.Version, in.Pin); err != nil {
		return answer{}, err
	}
	s.declareDirectories(c.param("name"))
	s.Host.Reconcile()
	return done(), nil
}

// declareDirectories lets the directories appear that the current version of a
// connector brings. A wrong declaration does not keep the connector from working.
func (s *Server) declareDirectories(plugin string) {
	e, err := s.Catalog.Get(plugin, "")
	if err == nil && len(e.Directories) > 0 {
		err = s.Directories.RegisterOf(e.Name, e.Directories)
	}
	if err != nil {
		s.Log.Error("directories of a connector not declared", "plugin", plugin, "error", err)
	}
}

// UpgradeInput names the version to try.
type UpgradeInput struct {
	Version string `json:"version"`
}

func (s *Server) upgradePlugin(c *call) (answer, error) {
	var in UpgradeInput
	if err := c.decodeVersion(&in, &in.Version); err != nil {
		return answer{}, err
	}
	if err := s.Host.Upgrade(c.ctx(), c.param("name"), in.Version); err != nil {
		return answer{}, err
	}
	s.declareDirectories(c.param("name"))
	return done(), nil
}

// decodeVersion reads a body that names a version of the plugin in the path.
func (c *call) decodeVersion(v any, version *string) error {
	c.object = "plugins/" + c.param("name")
	if err := c.decode(v); err != nil {
		return err
	}
	var f faults
	f.need("version", *version, 100)
	return f.err("request.body")
}
