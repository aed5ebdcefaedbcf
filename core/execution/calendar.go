package execution

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func (s *Service) calendar() Calendar {
	if s.Calendar == nil {
		return Week{}
	}
	return s.Calendar
}

// Week is the plain working week of the office's zone: Monday to Friday, nine to
// six, no holidays.
type Week struct{}

const (
	weekOpens  = 9
	weekCloses = 18
)

// Working implements Calendar.
func (Week) Working(_ store.Tx, _ core.OrganizationID, at time.Time) (bool, error) {
	at = at.In(core.OfficeZone)
	return weekday(at) && at.Hour() >= weekOpens && at.Hour() < weekCloses, nil
}

func weekday(at time.Time) bool { return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday }

// Deadline implements Calendar. Terms in days end with their last day.
func (Week) Deadline(_ store.Tx, _ core.OrganizationID, start time.Time, term core.Term, basis string) (core.Deadline, error) {
	local := start.In(core.OfficeZone)
	d := core.Deadline{StartAt: start, Term: term, Basis: basis, Calendar: "week"}
	switch term.Kind {
	case core.TermHours:
		d.DueAt = start.Add(time.Duration(term.Amount) * time.Hour)
	case core.TermCalendarDays:
		d.DueAt = endOfDay(local.AddDate(0, 0, term.Amount))
	case core.TermWorkingDays:
		d.DueAt = endOfDay(plusWorkingDays(local, term.Amount))
	case core.TermWorkingHours:
		d.DueAt = plusWorkingHours(local, time.Duration(term.Amount)*time.Hour)
	default:
		return d, core.Invalid("term.kind", "kind", "такой срок не отсчитывается")
	}
	d.DueAt = d.DueAt.UTC()
	return d, nil
}

func endOfDay(t time.Time) time.Time { return atHour(t.AddDate(0, 0, 1), 0).Add(-time.Second) }

func atHour(t time.Time, hour int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), hour, 0, 0, 0, t.Location())
}

func plusWorkingDays(t time.Time, days int) time.Time {
	for days > 0 {
		t = t.AddDate(0, 0, 1)
		if weekday(t) {
			days--
		}
	}
	return t
}

func plusWorkingHours(t time.Time, left time.Duration) time.Time {
	for {
		opens, closes := atHour(t, weekOpens), atHour(t, weekCloses)
		if t.Before(opens) {
			t = opens
		}
		if weekday(t) && t.Before(closes) {
			if rest := closes.Sub(t); left <= rest {
				return t.Add(left)
			} else {
				left -= rest
			}
		}
		t = atHour(t.AddDate(0, 0, 1), weekOpens)
	}
}
