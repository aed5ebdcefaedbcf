package main

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

// cursor is what is known of the organisation's appeals: the connector's own
// mark that the hub keeps.
type cursor struct {
	Through string    `json:"through,omitempty"` // the last day that was exported
	Full    string    `json:"full,omitempty"`    // the day on which the whole look back was exported
	Reread  time.Time `json:"reread,omitzero"`   // when the known appeals were last read again
	// Appeals are the open ones and, for a while, the closed, by GUID.
	Appeals map[string]seen `json:"appeals,omitempty"`
	// Waiting are those that could not be taken yet: a file was not ready.
	Waiting []string `json:"waiting,omitempty"`
}

// seen is what was last told to the hub of an appeal.
type seen struct {
	Hash      string `json:"h"`
	Count     int    `json:"n,omitempty"` // of changes told
	Closed    string `json:"c,omitempty"` // the day it was seen closed, or not seen any more
	Withdrawn bool   `json:"w,omitempty"`
	Ratings   int    `json:"r,omitempty"` // of those told
}

func readCursor(raw sdk.Cursor) (cursor, error) {
	c := cursor{Appeals: map[string]seen{}}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &c); err != nil {
			return c, &sdk.Error{Kind: "internal", Source: "plugin", Text: "метка чтения обращений повреждена", Err: err}
		}
	}
	if c.Appeals == nil {
		c.Appeals = map[string]seen{}
	}
	return c, nil
}

func (c *cursor) bytes() sdk.Cursor {
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return raw
}

// window is a span of days, both included.
type window struct{ from, to time.Time }

// windows are the days to export now: two at a time, each overlapping the one
// before, from the last day exported on. Once a day, and at first, they reach
// back as far as the settings say: a day of GIS is over when it says so.
func (c *cursor) windows(today time.Time, lookBack int) []window {
	from := today.AddDate(0, 0, -1)
	if c.Full != today.Format(time.DateOnly) {
		from = today.AddDate(0, 0, -lookBack)
	}
	if through, err := time.Parse(time.DateOnly, c.Through); err == nil && through.AddDate(0, 0, -1).Before(from) {
		from = through.AddDate(0, 0, -1)
	}
	var out []window
	for d := from; d.Before(today); d = d.AddDate(0, 0, 1) {
		out = append(out, window{d, d.AddDate(0, 0, 1)})
	}
	return out
}

// known are the appeals to read again.
func (c *cursor) known() []string { return slices.Sorted(maps.Keys(c.Appeals)) }

// forget drops the appeals that have been closed for longer than days.
func (c *cursor) forget(today time.Time, days int) {
	last := today.AddDate(0, 0, -days).Format(time.DateOnly)
	maps.DeleteFunc(c.Appeals, func(_ string, s seen) bool { return s.Closed != "" && s.Closed < last })
}

// missed notes which of the appeals asked for GIS does not show: they have gone
// to another organisation. They are watched for as long as closed ones.
func (c *cursor) missed(asked []string, shown []appeals.Appeal, today time.Time) {
	for _, guid := range asked {
		if slices.ContainsFunc(shown, func(ap appeals.Appeal) bool { return ap.Key() == guid }) {
			continue
		}
		c.taken(guid)
		if s, known := c.Appeals[guid]; known && s.Closed == "" {
			s.Closed = today.Format(time.DateOnly)
			c.Appeals[guid] = s
		}
	}
}

func (c *cursor) wait(guid string) {
	if !slices.Contains(c.Waiting, guid) {
		c.Waiting = append(c.Waiting, guid)
	}
}

func (c *cursor) taken(guid string) {
	c.Waiting = slices.DeleteFunc(c.Waiting, func(w string) bool { return w == guid })
}
