package store

import (
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Tables of the working calendars.
var (
	Calendars = Define("calendars",
		Index[core.WorkCalendar]{Name: "organization", Unique: true, Keys: func(c *core.WorkCalendar) []string {
			return some(string(c.Organization))
		}},
	)
	CalendarYears = Define("calendar_years",
		Index[core.CalendarYear]{Name: "calendar", Keys: func(y *core.CalendarYear) []string { return []string{string(y.Calendar)} }},
	)
)

// MomentKey is the value of an index over moments; values sort as time does.
func MomentKey(at time.Time) string { return at.UTC().Format(dueLayout) }

// documentDeadline is when somebody has to look at the deadline of an appeal
// that waits for its answer.
func documentDeadline(d *core.Document) []string {
	if d.Appeal == nil || d.Appeal.State == core.AppealAnswered || d.Appeal.State.Ended() {
		return nil
	}
	look := d.Appeal.Deadline.NextLook()
	if look == nil {
		return nil
	}
	return []string{MomentKey(*look)}
}
