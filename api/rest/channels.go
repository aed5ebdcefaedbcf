package rest

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/store"
)

// Channel is a channel as people see it: its secrets by name only.
type Channel struct {
	core.Meta
	ID            core.ChannelID      `json:"id"`
	Title         string              `json:"title"`
	Organization  core.OrganizationID `json:"organization,omitempty"`
	Plugin        string              `json:"plugin"`
	PluginVersion string              `json:"plugin_version,omitempty"`
	Enabled       bool                `json:"enabled"`
	PausedIn      bool                `json:"paused_in"`
	PausedOut     bool                `json:"paused_out"`
	Settings      json.RawMessage     `json:"settings"`
	Secrets       []string            `json:"secrets"`
	Journal       core.JournalID      `json:"journal,omitempty"`
	ForwardTo     []core.ChannelID    `json:"forward_to,omitempty"`
	Appeals       bool                `json:"appeals"`
	Notices       []core.NotifyWay    `json:"notices,omitempty"`
	Concurrency   int                 `json:"concurrency,omitempty"`
	// Status is missing until the host has seen the channel.
	Status *core.ChannelStatus `json:"status,omitempty"`
	// Carries is missing while the connector is not in the catalog.
	Carries *Carries `json:"carries,omitempty"`
}

// Carries is what a channel takes out, so that a person sees before sending
// what it cannot.
type Carries struct {
	Purposes []core.Purpose `json:"purposes"`
	Limits   catalog.Limits `json:"limits"`
}

func (s *Server) showChannel(ch *core.Channel, status *core.ChannelStatus) Channel {
	out := Channel{
		Meta: ch.Meta, ID: ch.ID, Title: ch.Title, Organization: ch.Organization, Plugin: ch.Plugin,
		PluginVersion: ch.Version, Enabled: ch.Enabled, PausedIn: ch.PausedIn, PausedOut: ch.PausedOut,
		Settings: ch.Settings, Secrets: sortedKeys(ch.Secrets), Journal: ch.Journal, ForwardTo: ch.ForwardTo,
		Appeals: ch.Appeals, Notices: ch.Notices, Concurrency: ch.Concurrency, Status: status,
	}
	if len(out.Settings) == 0 {
		out.Settings = json.RawMessage("{}")
	}
	if entry, err := s.Catalog.Get(ch.Plugin, ch.Version); err == nil {
		out.Carries = &Carries{items(entry.Purposes, itself), entry.Limits}
	}
	return out
}

// ChannelInput is what an administrator sets up.
type ChannelInput struct {
	ID            core.ChannelID      `json:"id"`
	Title         string              `json:"title"`
	Organization  core.OrganizationID `json:"organization"`
	Plugin        string              `json:"plugin"`
	PluginVersion string              `json:"plugin_version"`
	Enabled       bool                `json:"enabled"`
	Settings      json.RawMessage     `json:"settings"`
	Journal       core.JournalID      `json:"journal"`
	ForwardTo     []core.ChannelID    `json:"forward_to"`
	Appeals       bool                `json:"appeals"`
	Notices       []core.NotifyWay    `json:"notices"`
	Concurrency   int                 `json:"concurrency"`
}

// check looks at what the host cannot name: that the settings are an object.
func (in *ChannelInput) check() error {
	var f faults
	f.need("id", string(in.ID), 63)
	f.need("title", in.Title, 200)
	f.need("plugin", in.Plugin, 100)
	f.object("settings", in.Settings)
	for i, way := range in.Notices {
		choose(&f, indexed("notices", i), way, core.NotifyWays())
	}
	return f.err("request.body")
}

// object demands a JSON object.
func (f *faults) object(field string, raw json.RawMessage) {
	var fields map[string]json.RawMessage
	switch {
	case len(raw) == 0:
		f.add(field, textRequired)
	case isNull(raw) || json.Unmarshal(raw, &fields) != nil:
		f.add(field, textObject)
	}
}

func (in *ChannelInput) apply(ch *core.Channel) {
	ch.ID, ch.Title, ch.Organization = in.ID, in.Title, in.Organization
	ch.Plugin, ch.Version, ch.Enabled = in.Plugin, in.PluginVersion, in.Enabled
	ch.Appeals, ch.Notices = in.Appeals, in.Notices
	ch.Settings, ch.Journal, ch.ForwardTo, ch.Concurrency = in.Settings, in.Journal, in.ForwardTo, in.Concurrency
}

func (c *call) channel() core.ChannelID { return core.ChannelID(c.param("id")) }

// answerChannel is a channel with its status.
func (s *Server) answerChannel(c *call, ch *core.Channel, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	status, err := s.Host.Status(c.ctx(), ch.ID)
	if core.KindOf(err) == core.KindNotFound && err != nil {
		return versioned(s.showChannel(ch, nil), ch.Meta.Version), nil
	}
	return versioned(s.showChannel(ch, &status), ch.Meta.Version), err
}

func (s *Server) listChannels(c *call) (answer, error) {
	channels, err := s.Channels.List(c.ctx())
	if err != nil {
		return answer{}, err
	}
	byID := map[core.ChannelID]*core.ChannelStatus{}
	for _, status := range s.Host.Statuses(c.ctx()) {
		byID[status.Channel] = &status
	}
	return ok(list[Channel]{items(channels, func(ch *core.Channel) Channel { return s.showChannel(ch, byID[ch.ID]) })}), nil
}

func (s *Server) getChannel(c *call) (answer, error) {
	ch, err := s.Channels.Get(c.ctx(), c.channel())
	return s.answerChannel(c, ch, err)
}

func (s *Server) createChannel(c *call) (answer, error) {
	var in ChannelInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	var wanted core.Channel
	in.apply(&wanted)
	ch, err := s.Channels.Create(c.ctx(), wanted)
	c.object = "channels/" + string(in.ID)
	a, err := s.answerChannel(c, ch, err)
	if err != nil {
		return answer{}, err
	}
	return created(v1+"/"+c.object, a.Body, ch.Meta.Version), nil
}

func (s *Server) updateChannel(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in ChannelInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	if in.ID != c.channel() {
		return answer{}, core.Invalid("request.body", "id", "код канала не меняется")
	}
	have, err := s.Channels.Get(c.ctx(), in.ID)
	if err != nil {
		return answer{}, err
	}
	wanted := *have // with what is paused
	in.apply(&wanted)
	wanted.Meta.Version = version
	ch, err := s.Channels.Update(c.ctx(), wanted)
	return s.answerChannel(c, ch, err)
}

func (s *Server) deleteChannel(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	have, err := s.Channels.Get(c.ctx(), c.channel())
	if err != nil {
		return answer{}, err
	}
	if have.Meta.Version != version {
		return answer{}, core.Conflict("channels.stale", "запись изменена другим пользователем")
	}
	return done(), s.Channels.Delete(c.ctx(), c.channel())
}

func (s *Server) channelHistory(c *call) (answer, error) {
	entries, err := s.Channels.History(c.ctx(), c.channel())
	return ok(list[store.Entry]{items(entries, func(e store.Entry) store.Entry {
		for i, change := range e.Changes {
			e.Changes[i].Before, e.Changes[i].After = asObject(change.Before), asObject(change.After)
		}
		return e
	})}), err
}

// asObject shows settings, which come as JSON text, as what they are.
func asObject(v any) any {
	if text, ok := v.(string); ok && len(text) > 0 && text[0] == '{' && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return v
}

// RevertInput names a version of a channel's history.
type RevertInput struct {
	Version uint64 `json:"version"`
}

func (s *Server) revertChannel(c *call) (answer, error) {
	var in RevertInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Version == 0 {
		return answer{}, core.Invalid("request.body", "version", textRequired)
	}
	ch, err := s.Channels.Revert(c.ctx(), c.channel(), in.Version)
	return s.answerChannel(c, ch, err)
}

func (s *Server) enableChannel(c *call) (answer, error) {
	ch, err := s.Channels.SetEnabled(c.ctx(), c.channel(), true)
	return s.answerChannel(c, ch, err)
}

func (s *Server) disableChannel(c *call) (answer, error) {
	ch, err := s.Channels.SetEnabled(c.ctx(), c.channel(), false)
	return s.answerChannel(c, ch, err)
}

// DirectionInput names what to pause or resume.
type DirectionInput struct {
	Direction string `json:"direction"` // in, out, both
}

func (s *Server) pauseChannel(c *call) (answer, error)  { return s.setPaused(c, true) }
func (s *Server) resumeChannel(c *call) (answer, error) { return s.setPaused(c, false) }

func (s *Server) setPaused(c *call, paused bool) (answer, error) {
	var in DirectionInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	var f faults
	choose(&f, "direction", in.Direction, []string{"in", "out", "both"})
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	var inward, outward *bool
	if in.Direction != "out" {
		inward = &paused
	}
	if in.Direction != "in" {
		outward = &paused
	}
	ch, err := s.Channels.Pause(c.ctx(), c.channel(), inward, outward)
	return s.answerChannel(c, ch, err)
}

func (s *Server) runChannel(c *call) (answer, error) {
	return done(), s.Host.Wake(c.ctx(), c.channel())
}

func (s *Server) restartChannel(c *call) (answer, error) {
	return done(), s.Host.Restart(c.channel())
}

// CheckResult is how a test of a connection went. That the outside system says
// no is an answer and not an error.
type CheckResult struct {
	OK      bool                   `json:"ok"`
	Parts   []pluginhost.CheckPart `json:"parts"`
	Problem *Problem               `json:"problem,omitempty"`
}

func checked(c *call, parts []pluginhost.CheckPart, err error) (answer, error) {
	out := CheckResult{OK: err == nil, Parts: items(parts, itself)}
	if err == nil {
		return ok(out), nil
	}
	says := []core.Kind{core.KindConfig, core.KindUnavailable, core.KindRejected, core.KindUnknown}
	if !slices.Contains(says, asError(err).Kind) {
		return answer{}, err
	}
	p := problemOf(err, c.id, languageOf(c.r))
	out.Problem = &p
	return ok(out), nil
}

// checkChannel asks the running process; a channel that does not run is tried
// out as it is kept.
func (s *Server) checkChannel(c *call) (answer, error) {
	q := c.query()
	section := q.text("section")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	have, err := s.Channels.Get(c.ctx(), c.channel())
	if err != nil {
		return answer{}, err
	}
	parts, err := s.Host.Check(c.ctx(), have.ID, section)
	if e, is := errors.AsType[*core.Error](err); is && (e.Code == "channel.not_running" || e.Kind == core.KindNotFound) {
		parts, err = s.Channels.Check(c.ctx(), pluginhost.Draft{Channel: *have, Section: section})
	}
	return checked(c, parts, err)
}

// ChannelDraft is a channel somebody is about to set up.
type ChannelDraft struct {
	Channel       core.ChannelID  `json:"channel"`
	Plugin        string          `json:"plugin"`
	PluginVersion string          `json:"plugin_version"`
	Settings      json.RawMessage `json:"settings"`
	Section       string          `json:"section"`
}

func (s *Server) tryChannel(c *call) (answer, error) {
	var in ChannelDraft
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	var f faults
	f.need("plugin", in.Plugin, 100)
	f.object("settings", in.Settings)
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	draft := core.Channel{ID: in.Channel, Plugin: in.Plugin, Version: in.PluginVersion, Settings: in.Settings}
	parts, err := s.Channels.Check(c.ctx(), pluginhost.Draft{Channel: draft, Section: in.Section})
	return checked(c, parts, err)
}

func (s *Server) channelLog(c *call) (answer, error) {
	q := c.query()
	n, follow := q.number("lines", 1, 5000, 200), q.flag("follow")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if _, err := s.Channels.Get(c.ctx(), c.channel()); err != nil {
		return answer{}, err
	}
	if follow {
		return answer{}, s.followLog(c, n)
	}
	lines, err := s.Host.LogTail(c.channel(), n)
	return ok(list[pluginhost.LogLine]{items(lines, itself)}), err
}
