package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/store"
)

// Channels is how people set channels up. A channel goes in with its secrets
// inside Settings, where the plugin's schema has them; it comes out with the
// paths of the secrets that are set as keys of Secrets, and no values.
//
// Settings are tried out on a process of the plugin before they are kept: all
// their faults come back at once, as KindInvalid.
type Channels struct{ host *Host }

// Channels is the service for people.
func (h *Host) Channels() *Channels { return &Channels{host: h} }

var channelIDForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Get reads a channel.
func (s *Channels) Get(ctx context.Context, id core.ChannelID) (*core.Channel, error) {
	ch, err := s.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	return masked(ch), nil
}

func (s *Channels) stored(ctx context.Context, id core.ChannelID) (*core.Channel, error) {
	var ch *core.Channel
	err := s.host.store.View(ctx, func(tx store.Tx) (err error) {
		ch, err = store.Channels.Get(tx, string(id))
		return err
	})
	return ch, err
}

// List reads all channels, by id.
func (s *Channels) List(ctx context.Context) ([]*core.Channel, error) {
	var out []*core.Channel
	err := s.host.store.View(ctx, func(tx store.Tx) error {
		for ch, err := range store.Channels.All(tx) {
			if err != nil {
				return err
			}
			out = append(out, masked(ch))
		}
		return nil
	})
	return out, err
}

// masked is the channel without the values of its secrets.
func masked(ch *core.Channel) *core.Channel {
	out := *ch
	out.Secrets = make(map[string][]byte, len(ch.Secrets))
	for path := range ch.Secrets {
		out.Secrets[path] = nil
	}
	return &out
}

// Create keeps a new channel and, if it is enabled, starts it. KindConflict if
// the id is or was taken: documents refer to it for ever.
func (s *Channels) Create(ctx context.Context, ch core.Channel) (*core.Channel, error) {
	if !channelIDForm.MatchString(string(ch.ID)) {
		return nil, core.Invalid("channel.id", "id", "только строчные латинские буквы, цифры и дефис, до 63 знаков")
	}
	ch.Meta = core.Meta{}
	if err := s.prepare(ctx, &ch, &core.Channel{}); err != nil {
		return nil, err
	}
	return s.put(ctx, &ch)
}

// Update keeps a changed channel. Its Version must be the stored one
// (KindConflict), or 0 for whatever is stored. A secret that is not given, or
// given as ***, stays; one that is given empty goes.
func (s *Channels) Update(ctx context.Context, ch core.Channel) (*core.Channel, error) {
	have, err := s.stored(ctx, ch.ID)
	if err != nil {
		return nil, err
	}
	if ch.Meta.Version == 0 {
		ch.Meta = have.Meta
	}
	if err := s.prepare(ctx, &ch, have); err != nil {
		return nil, err
	}
	return s.put(ctx, &ch)
}

// prepare brings ch into the form it is kept in, in the place of have, and tries
// it out.
func (s *Channels) prepare(ctx context.Context, ch, have *core.Channel) error {
	entry, err := s.entry(ch)
	if err != nil {
		return err
	}
	if err := s.checkFields(ctx, ch); err != nil {
		return err
	}
	secrets, err := s.settle(ch, &entry, have)
	if err != nil {
		return err
	}
	return s.host.try(ctx, entry, ch, secrets, nil)
}

func (s *Channels) entry(ch *core.Channel) (catalog.Entry, error) {
	entry, err := s.host.catalog.Get(ch.Plugin, ch.Version)
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind == core.KindNotFound {
		return entry, core.Invalid("channel.plugin", "plugin", e.Text)
	}
	return entry, err
}

func (s *Channels) checkFields(ctx context.Context, ch *core.Channel) error {
	var faults core.Faults
	if ch.Title == "" {
		faults.Add("title", "назовите канал")
	}
	if ch.Concurrency < 0 {
		faults.Add("concurrency", "не меньше нуля")
	}
	if slices.Contains(ch.ForwardTo, ch.ID) {
		faults.Add("forward_to", "канал не может передавать самому себе")
	}
	err := s.host.store.View(ctx, func(tx store.Tx) error {
		for _, to := range ch.ForwardTo {
			if found, err := store.Channels.Has(tx, string(to)); err != nil || !found {
				faults.Add("forward_to", "нет канала «"+string(to)+"»")
			}
		}
		if ch.Journal != "" {
			if found, err := store.Journals.Has(tx, string(ch.Journal)); err != nil || !found {
				faults.Add("journal", "нет журнала «"+string(ch.Journal)+"»")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return faults.Err("channel.invalid")
}

// settle splits the secrets off the settings of ch, completes both with what
// have had and the hub generates, and returns all secrets in the open.
func (s *Channels) settle(ch *core.Channel, entry *catalog.Entry, have *core.Channel) (map[string]string, error) {
	form, err := parseSchema(entry.SettingsSchema)
	if err != nil {
		return nil, err
	}
	settings, err := parseSettings(ch.Settings)
	if err != nil {
		return nil, err
	}
	given, err := split(form, settings)
	if err != nil {
		return nil, err
	}
	before, err := parseSettings(have.Settings)
	if err != nil {
		return nil, err
	}
	fill(form, settings, before)
	if ch.Secrets, err = s.host.seal(given, have.Secrets, settings); err != nil {
		return nil, err
	}
	if ch.Settings, err = json.Marshal(settings); err != nil {
		return nil, err
	}
	return s.host.openSecrets(ch)
}

// put keeps the channel, tells about it and has the host look at it.
func (s *Channels) put(ctx context.Context, ch *core.Channel) (*core.Channel, error) {
	var kept core.Channel
	err := s.host.store.Update(ctx, func(tx store.Tx) error {
		kept = *ch
		if err := store.Channels.Put(tx, &kept); err != nil {
			return err
		}
		return s.host.bus.Publish(tx, bus.ChannelUpdated, string(ch.ID), bus.ChannelEvent{Channel: ch.ID})
	})
	if err != nil {
		if ch.Meta.Version == 0 && core.KindOf(err) == core.KindConflict {
			return nil, core.Conflict("channel.exists", "канал с таким именем есть или был")
		}
		return nil, err
	}
	s.host.look(ctx)
	return masked(&kept), nil
}

// Delete stops the channel and deletes it; what came through it stays. Its
// history is kept.
func (s *Channels) Delete(ctx context.Context, id core.ChannelID) error {
	err := s.host.store.Update(ctx, func(tx store.Tx) error {
		if err := store.Channels.Delete(tx, string(id)); err != nil {
			return err
		}
		return s.host.bus.Publish(tx, bus.ChannelUpdated, string(id), bus.ChannelEvent{Channel: id, Deleted: true})
	})
	if err == nil {
		s.host.look(ctx)
	}
	return err
}

// SetEnabled starts or stops the channel.
func (s *Channels) SetEnabled(ctx context.Context, id core.ChannelID, enabled bool) (*core.Channel, error) {
	return s.change(ctx, id, func(ch *core.Channel) { ch.Enabled = enabled })
}

// Pause pauses and resumes the directions; what waits, waits. A nil direction
// stays as it is.
func (s *Channels) Pause(ctx context.Context, id core.ChannelID, in, out *bool) (*core.Channel, error) {
	return s.change(ctx, id, func(ch *core.Channel) {
		if in != nil {
			ch.PausedIn = *in
		}
		if out != nil {
			ch.PausedOut = *out
		}
	})
}

// change edits what needs no trial.
func (s *Channels) change(ctx context.Context, id core.ChannelID, edit func(*core.Channel)) (*core.Channel, error) {
	ch, err := s.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	edit(ch)
	return s.put(ctx, ch)
}

// History is what was changed, by whom and when, oldest first, without the
// values of secrets.
func (s *Channels) History(ctx context.Context, id core.ChannelID) ([]store.Entry, error) {
	var out []store.Entry
	err := s.host.store.View(ctx, func(tx store.Tx) error {
		if _, err := store.Channels.GetAny(tx, string(id)); err != nil {
			return err
		}
		for e, err := range store.Channels.History(tx, string(id)) {
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// Revert returns the channel's configuration to what it was at a version of its
// history. It is tried out like any other. Secrets stay as they are, for history
// does not hold them, and so does whether the channel is enabled and paused.
func (s *Channels) Revert(ctx context.Context, id core.ChannelID, version uint64) (*core.Channel, error) {
	have, err := s.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	then, err := s.at(ctx, have, version)
	if err != nil {
		return nil, err
	}
	then.Meta = have.Meta
	then.Enabled, then.PausedIn, then.PausedOut = have.Enabled, have.PausedIn, have.PausedOut
	entry, err := s.entry(then)
	if err != nil {
		return nil, err
	}
	secrets, err := s.settle(then, &entry, have)
	if err != nil {
		return nil, err
	}
	if err := s.host.try(ctx, entry, then, secrets, nil); err != nil {
		return nil, err
	}
	return s.put(ctx, then)
}

// Draft is a channel that is not kept: what a person has typed into the form.
// For a channel that exists, secrets that are not given are those that are kept.
type Draft struct {
	Channel core.Channel
	Section string // part of the settings to check, empty = all
}

// Check tries a draft out and asks the outside system whether it lets us in.
// The parts tell how each part of the settings fared; the error is the first
// no.
func (s *Channels) Check(ctx context.Context, d Draft) ([]CheckPart, error) {
	ch := d.Channel
	have, err := s.stored(ctx, ch.ID)
	if err != nil {
		have = &core.Channel{} // a new one
	}
	entry, err := s.entry(&ch)
	if err != nil {
		return nil, err
	}
	secrets, err := s.settle(&ch, &entry, have)
	if err != nil {
		return nil, err
	}
	var parts []CheckPart
	err = s.host.try(ctx, entry, &ch, secrets, func(client pluginv1.PluginClient) (err error) {
		parts, err = s.host.check(ctx, client, d.Section)
		return err
	})
	return parts, err
}
