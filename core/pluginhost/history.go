package pluginhost

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

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
		if err := undo(fields, later[i].Changes); err != nil {
			return nil, err
		}
	}
	if raw, err = store.Encode(fields); err != nil {
		return nil, err
	}
	then := &core.Channel{}
	return then, store.Decode(raw, then)
}

func undo(fields map[string]any, changes []store.FieldChange) error {
	for _, c := range changes {
		switch {
		case c.Field == "secrets": // history does not hold them
		case c.Before == nil:
			delete(fields, c.Field)
		case c.Field == "settings": // kept as the text they are, shown as what it says
			raw, err := json.Marshal(c.Before)
			if err != nil {
				return err
			}
			fields[c.Field] = raw
		default:
			fields[c.Field] = c.Before
		}
	}
	return nil
}

// faultsOf are the single faults an error carries.
func faultsOf(err error) []core.FieldFault {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e.Faults
	}
	return nil
}
