package report

import (
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Sums are the figures of a group. Those of appeals count documents that are
// appeals; averages are over those that have the value, 0 if none has.
type Sums struct {
	Documents int64 `json:"documents"`
	Appeals   int64 `json:"appeals"`
	Answered  int64 `json:"answered"` // an answer was given, whatever came later
	Closed    int64 `json:"closed"`
	Rejected  int64 `json:"rejected"`
	Reopened  int64 `json:"reopened"`  // times
	Transfers int64 `json:"transfers"` // from line to line
	Forwarded int64 `json:"forwarded"` // to other systems: documents times systems

	// Timeliness of documents with a term, by when they were answered or ended. A
	// term that stands still is not over.
	InTime  int64 `json:"in_time"`
	Late    int64 `json:"late"`    // done, but after the term
	Overdue int64 `json:"overdue"` // not done, and the term is over
	Running int64 `json:"running"` // not done, the term is not over

	SpentSeconds int64 `json:"spent_seconds"` // work of operators
	// TakenSeconds and EndedSeconds are how long it took on the average from the
	// registration to the taking into work, and to the end.
	TakenSeconds int64   `json:"taken_seconds"`
	EndedSeconds int64   `json:"ended_seconds"`
	Rated        int64   `json:"rated"`
	Rating       float64 `json:"rating"` // average, 1 to 5
}

// average adds durations up.
type average struct {
	n   int64
	sum time.Duration
}

func (a *average) add(from time.Time, to *time.Time) {
	if to != nil {
		a.n++
		a.sum += to.Sub(from)
	}
}

func (a *average) seconds() int64 {
	if a.n == 0 {
		return 0
	}
	return int64((a.sum / time.Duration(a.n)).Seconds())
}

// counter makes Sums.
type counter struct {
	Sums
	taken, ended average
	score        int64
}

func (c *counter) sums() Sums {
	out := c.Sums
	out.TakenSeconds, out.EndedSeconds = c.taken.seconds(), c.ended.seconds()
	if out.Rated > 0 {
		out.Rating = float64(c.score) / float64(out.Rated)
	}
	return out
}

func (c *counter) count(d *core.Document, forwarded int, now time.Time) {
	c.Documents++
	c.Forwarded += int64(forwarded)
	if d.Deadline != nil {
		c.judge(d.Deadline, doneAt(d), now)
	}
	if d.Appeal != nil {
		c.countAppeal(d, d.Appeal)
	}
}

func (c *counter) countAppeal(d *core.Document, a *core.Appeal) {
	c.Appeals++
	if a.AnsweredAt != nil || a.State == core.AppealAnswered {
		c.Answered++
	}
	switch a.State {
	case core.AppealClosed:
		c.Closed++
	case core.AppealRejected:
		c.Rejected++
	}
	c.Reopened += int64(a.Reopened)
	c.Transfers += int64(a.Transfers)
	c.SpentSeconds += a.SpentSeconds
	c.taken.add(d.CreatedAt, a.TakenAt)
	c.ended.add(d.CreatedAt, a.EndedAt)
	if a.Rating != nil {
		c.Rated++
		c.score += int64(a.Rating.Score)
	}
}

func (c *counter) judge(term *core.Deadline, done *time.Time, now time.Time) {
	switch {
	case done != nil && term.Over(*done):
		c.Late++
	case done != nil:
		c.InTime++
	case term.Over(now):
		c.Overdue++
	default:
		c.Running++
	}
}

// doneAt is when a document was done with, nil if it is not: an appeal when it
// was answered or ended, whichever came first; any other document when it was
// answered, sent or closed. Documents of older hubs do not tell: they count by
// their last change.
func doneAt(d *core.Document) *time.Time {
	if a := d.Appeal; a != nil {
		if a.State != core.AppealAnswered && !a.State.Ended() {
			return nil // perhaps it was, and came back
		}
		if a.AnsweredAt != nil && (a.EndedAt == nil || a.AnsweredAt.Before(*a.EndedAt)) {
			return a.AnsweredAt
		}
		return a.EndedAt
	}
	if d.DoneAt == nil && d.State.Done() {
		return &d.UpdatedAt
	}
	return d.DoneAt
}
