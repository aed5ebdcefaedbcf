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

// documentDeadline is when somebody has to look at the deadline of a document
// that waits for its answer.
func documentDeadline(d *core.Document) []string {
	if !d.Waits() {
		return nil
	}
	return nextLook(d.Deadline)
}

// taskDeadline is when somebody has to look at the deadline of a task that its
// performer has not reported on.
func taskDeadline(t *core.Task) []string {
	if t.State == core.TaskDraft || t.State == core.TaskDone || t.State.Ended() {
		return nil
	}
	return nextLook(t.Deadline)
}

func nextLook(d *core.Deadline) []string {
	look := d.NextLook()
	if look == nil {
		return nil
	}
	return []string{MomentKey(*look)}
}
