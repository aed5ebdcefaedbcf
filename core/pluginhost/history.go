package pluginhost

import (
	"context"
	"errors"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// shownChange hides what secrets were, not that they changed, and shows settings
// as the JSON they are.
func shownChange(c store.FieldChange) store.FieldChange {
	switch c.Field {
	case "secrets":
		c.Before, c.After = nil, nil
	case "settings":
		c.Before, c.After = asJSON(c.Before), asJSON(c.After)
	}
	return c
}

func asJSON(v any) any {
	if raw, ok := v.([]byte); ok {
		return string(raw)
	}
	return v
}

// at rebuilds the channel as it was at a version: what later entries say stood
// there before goes back in, newest first.
func (s *Channels) at(ctx context.Context, have *core.Channel, version uint64) (*core.Channel, error) {
	if version == 0 || version > have.Meta.Version {
		return nil, core.NotFound("channel.version_not_found", "нет такой версии настроек")
	}
	raw, err := store.Encode(have)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := store.Decode(raw, &fields); err != nil {
		return nil, err
	}
	var later []store.Entry
	err = s.host.store.View(ctx, func(tx store.Tx) error {
		for e, err := range store.Channels.History(tx, string(have.ID)) {
			if err != nil {
				return err
			}
			if e.Version > version {
				later = append(later, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := len(later) - 1; i >= 0; i-- {
		undo(fields, later[i].Changes)
	}
	if raw, err = store.Encode(fields); err != nil {
		return nil, err
	}
	then := &core.Channel{}
	return then, store.Decode(raw, then)
}

func undo(fields map[string]any, changes []store.FieldChange) {
	for _, c := range changes {
		if c.Before == nil {
			delete(fields, c.Field)
			continue
		}
		fields[c.Field] = c.Before
	}
}

// faultsOf are the single faults an error carries.
func faultsOf(err error) []core.FieldFault {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e.Faults
	}
	return nil
}
