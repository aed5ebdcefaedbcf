package directory

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// PublicService is the name under which connectors call Public.
const PublicService = "directories"

// PublicQuery is a connector's question.
type PublicQuery struct {
	Directory core.DirectoryName `json:"directory"`
	Filter    map[string]string  `json:"filter"` // by the filters of the directory
	Begins    string             `json:"q"`
	After     string             `json:"after"`
	Limit     int                `json:"limit"`
}

// PublicPage is the answer: entries as Values has them, with their id.
type PublicPage struct {
	Items []PublicEntry `json:"items"`
	Next  string        `json:"next,omitempty"`
}

// PublicEntry is an entry as a connector sees it.
type PublicEntry struct {
	ID     core.EntryID   `json:"id"`
	Values map[string]any `json:"values"`
}

// Public answers a channel: the entries of its organisation, and those for all,
// of the directories that are public or its connector's own. Of a directory with
// PublicIf it sees only the entries that are let out. KindForbidden for any other
// directory, KindInvalid for a question it cannot read.
func (s *Service) Public(ctx context.Context, st store.Store, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	var ask PublicQuery
	if err := json.Unmarshal(question, &ask); err != nil {
		return nil, core.Invalid("directory.question", "", "вопрос о справочнике не читается")
	}
	out := PublicPage{Items: []PublicEntry{}}
	err := st.View(ctx, func(tx store.Tx) error {
		ch, err := store.Channels.Get(tx, string(channel))
		if err != nil {
			return err
		}
		q, err := s.publicQuery(ch, ask)
		if err != nil {
			return err
		}
		page, err := s.List(tx, ask.Directory, q)
		for _, e := range page.Items {
			out.Items = append(out.Items, PublicEntry{e.ID, e.Values})
		}
		out.Next = page.Next
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (s *Service) publicQuery(ch *core.Channel, ask PublicQuery) (Query, error) {
	t, err := s.Type(ask.Directory)
	if err != nil {
		return Query{}, err
	}
	own := strings.HasPrefix(string(t.Name), ch.Plugin+".")
	if !own && !t.Public {
		return Query{}, &core.Error{Kind: core.KindForbidden, Code: "directory.closed", Text: "этот справочник закрыт для коннекторов"}
	}
	q := Query{Organization: ch.Organization, Begins: ask.Begins, After: ask.After, Limit: ask.Limit, Where: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(ask.Filter)) {
		f, ok := t.Field(name)
		if !ok || !slices.Contains(t.Filters, name) {
			return q, core.Invalid("directory.question", short(name), textUnknown)
		}
		if q.Where[name], err = f.FilterValue(ask.Filter[name]); err != nil {
			return q, err
		}
	}
	if t.PublicIf != "" && !own {
		q.Where[t.PublicIf] = true
	}
	return q, nil
}
