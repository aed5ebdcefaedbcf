package main

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/uzel-hub/uzel/sdk"
)

// rescanDays is how far back a folder is read again when its UIDVALIDITY has
// changed and nothing that was known of its letters holds; what the hub has
// already is recognised there.
const rescanDays = 7

// cursor is how far the mailbox has been read: the connector's own mark that
// the hub keeps.
type cursor struct {
	// Since is the first day letters are taken from, fixed at the first start
	// when the settings say none.
	Since   string              `json:"since"`
	Folders map[string]position `json:"folders"`
}

// position in one folder.
type position struct {
	Validity uint32   `json:"validity"`
	UID      imap.UID `json:"uid"` // the last letter taken
	Day      string   `json:"day"` // the day the server received it
}

func readCursor(raw sdk.Cursor, now time.Time) (cursor, error) {
	c := cursor{Folders: map[string]position{}}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &c); err != nil {
			return c, &sdk.Error{Kind: "internal", Source: "plugin", Text: "метка чтения ящика повреждена", Err: err}
		}
	}
	if c.Since == "" {
		c.Since = now.Format(time.DateOnly)
	}
	return c, nil
}

func (c cursor) bytes() sdk.Cursor {
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return raw
}

// at is the cursor with another position in one folder.
func (c cursor) at(folder string, p position) cursor {
	c.Folders = maps.Clone(c.Folders)
	c.Folders[folder] = p
	return c
}

// start is where reading of a folder goes on, and from which day on.
func (c cursor) start(folder string, validity uint32, since time.Time) (position, time.Time) {
	if since.IsZero() {
		since = day(c.Since)
	}
	p, known := c.Folders[folder]
	if known && p.Validity == validity {
		return p, since
	}
	if last := day(p.Day); known && last.AddDate(0, 0, -rescanDays).After(since) {
		since = last.AddDate(0, 0, -rescanDays)
	}
	return position{Validity: validity}, since
}

// day reads a date; a damaged one is the beginning of time.
func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
