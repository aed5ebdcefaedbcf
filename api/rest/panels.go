package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/catalog"
)

func panelRoutes() []*route {
	return []*route{
		{name: "panels.list", method: get, path: v1 + "/panels", op: access.RunOperations, serve: (*Server).listPanels},
	}
}

// Panel is something a channel's connector brings to the desk: a button on the
// card of a document, or a panel beside an appeal.
type Panel struct {
	Channel      core.ChannelID  `json:"channel"`
	ChannelTitle string          `json:"channel_title"`
	Operation    PluginOperation `json:"operation"`
}

// listPanels are the panels of all channels that are on, as far as the caller
// may press them, in the order of the channels.
func (s *Server) listPanels(c *call) (answer, error) {
	q := c.query()
	place := enum(q, "place", []catalog.Place{catalog.PlaceDocument, catalog.PlaceAccount})
	if err := q.err(); err != nil {
		return answer{}, err
	}
	channels, err := s.Channels.List(c.ctx())
	if err != nil {
		return answer{}, err
	}
	out := []Panel{}
	for _, ch := range channels {
		entry, err := s.Catalog.Get(ch.Plugin, ch.Version)
		if !ch.Enabled || err != nil {
			continue // a channel whose connector is gone says so itself
		}
		for _, op := range entry.Operations {
			if onDesk(op.Place, place) && mayRun(c.who, op) {
				out = append(out, Panel{Channel: ch.ID, ChannelTitle: ch.Title, Operation: showOperation(op)})
			}
		}
	}
	return ok(list[Panel]{out}), nil
}

// onDesk tells whether an operation of the place stands on the desk, at the one
// that is wanted if one is.
func onDesk(place, wanted catalog.Place) bool {
	if wanted != "" {
		return place == wanted
	}
	return place == catalog.PlaceDocument || place == catalog.PlaceAccount
}
