package schedule

import (
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// CheckTerm finds what is wrong with the length of a term.
func CheckTerm(term core.Term) error {
	var f faults
	switch term.Kind {
	case core.TermCalendarDays, core.TermWorkingDays:
		f.number("term.amount", term.Amount, 1, mostDays)
	case core.TermHours, core.TermWorkingHours:
		f.number("term.amount", term.Amount, 1, mostHours)
	case core.TermOutside:
		f.number("term.amount", term.Amount, 0, 0)
	default:
		f.add("term.kind", "нет такого значения")
	}
	if term.Roll && term.Kind != core.TermCalendarDays {
		f.add("term.roll", "переносится только срок в календарных днях")
	}
	return f.err("deadline.term")
}

// Start begins a deadline. basis is why, for people. A term in days begins on
// the day after that of start and ends with its last day (articles 191 and 194 of
// the Civil Code); a term in hours begins at once.
func (c *Calendar) Start(start time.Time, term core.Term, basis string) (*core.Deadline, error) {
	if err := CheckTerm(term); err != nil {
		return nil, err
	}
	if term.Kind == core.TermOutside {
		return nil, core.Invalid("deadline.outside", "due_at", "срок задаёт внешняя система")
	}
	d := &core.Deadline{StartAt: start.UTC(), Term: term, Basis: basis, Calendar: string(c.def.ID)}
	return d, c.settle(d, start)
}

// Outside is a deadline that an outside system has set.
func (c *Calendar) Outside(start, due time.Time, basis string) *core.Deadline {
	d := &core.Deadline{
		StartAt: start.UTC(), DueAt: due.UTC(), Term: core.Term{Kind: core.TermOutside}, Basis: basis, Calendar: string(c.def.ID),
	}
	d.WarnAt = c.warnAt(d)
	return d
}

// ByHand is a deadline that a person has set: its length is what is left, in
// hours round the clock, the last begun one counted; when to warn of it follows
// the calendar as with terms in days.
func (c *Calendar) ByHand(start, due time.Time, basis string) *core.Deadline {
	left := due.Sub(start)
	d := &core.Deadline{
		StartAt: start.UTC(), DueAt: due.UTC(), Basis: basis, Calendar: string(c.def.ID),
		Term: core.Term{Kind: core.TermHours, Amount: max(int((left+time.Hour-1)/time.Hour), 0)},
	}
	d.WarnAt = c.warnAt(d)
	return d
}

// Move puts the deadline to another moment, earlier or later, as whoever gave it
// may. Who and why stay with the deadline. What was warned of or broken begins
// anew.
func (c *Calendar) Move(d *core.Deadline, at time.Time, by core.UserID, to time.Time, reason string) {
	d.Extensions = append(slices.Clone(d.Extensions), core.Extension{
		At: at.UTC(), By: by, From: d.DueAt, To: to.UTC(), Reason: reason,
	})
	d.DueAt, d.WarnedAt, d.BrokenAt = to.UTC(), nil, nil
	d.WarnAt = c.warnAt(d)
}

// Change gives the term another length and basis. Start and pauses stay.
func (c *Calendar) Change(d *core.Deadline, at time.Time, term core.Term, basis string) error {
	if err := CheckTerm(term); err != nil {
		return err
	}
	d.Term, d.Basis = term, basis
	return c.settle(d, at)
}

// Pause stops the term at the moment. KindConflict if it stands already, or if
// an outside system counts it.
func (c *Calendar) Pause(d *core.Deadline, at time.Time, reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return core.Invalid("deadline.reason", "reason", "обязательное поле")
	case d.Term.Kind == core.TermOutside:
		return core.Conflict("deadline.outside", "срок считает внешняя система, приостановить его нельзя")
	case d.Paused():
		return core.Conflict("deadline.paused", "срок уже приостановлен")
	case at.After(d.DueAt):
		return core.Conflict("deadline.over", "срок уже истёк")
	}
	d.Pauses = append(slices.Clone(d.Pauses), core.Pause{From: at.UTC(), Reason: reason})
	return nil
}

// Resume goes on with a term that stands: it becomes due later by what it stood.
func (c *Calendar) Resume(d *core.Deadline, at time.Time) error {
	if !d.Paused() {
		return core.Conflict("deadline.not_paused", "срок не приостановлен")
	}
	d.Pauses = slices.Clone(d.Pauses)
	to := later(at.UTC(), d.Pauses[len(d.Pauses)-1].From)
	d.Pauses[len(d.Pauses)-1].To = &to
	return c.settle(d, at)
}

// Extend moves the deadline to a later moment; a term in days ends with the day
// of to. Who and why stay with the deadline.
func (c *Calendar) Extend(d *core.Deadline, at time.Time, by core.UserID, to time.Time, reason string) error {
	if d.Term.Kind == core.TermCalendarDays || d.Term.Kind == core.TermWorkingDays {
		to = endOf(c.midnight(to))
	}
	switch {
	case strings.TrimSpace(reason) == "":
		return core.Invalid("deadline.reason", "reason", "обязательное поле")
	case !to.After(d.DueAt):
		return core.Invalid("deadline.earlier", "to", "новый срок должен быть позже прежнего")
	case !to.After(at):
		return core.Invalid("deadline.past", "to", "новый срок уже прошёл")
	case d.Paused():
		return core.Conflict("deadline.paused", "сначала возобновите срок")
	}
	d.Extensions = append(slices.Clone(d.Extensions), core.Extension{
		At: at.UTC(), By: by, From: d.DueAt, To: to.UTC(), Reason: reason,
	})
	return c.settle(d, at)
}

// settle counts the due moment anew. Warnings and breaches of a deadline that
// is still to come are forgotten: it will be looked at again.
func (c *Calendar) settle(d *core.Deadline, now time.Time) error {
	due, err := c.due(d)
	if err != nil {
		return err
	}
	d.DueAt = due.UTC()
	d.WarnAt = c.warnAt(d)
	if d.WarnAt != nil && d.WarnAt.After(now) {
		d.WarnedAt = nil
	}
	if d.DueAt.After(now) {
		d.BrokenAt = nil
	}
	return nil
}

// due is the whole arithmetic: the term from its start, or what it was last
// extended to, and then each pause that has ended. What is left of the term when
// a pause begins is counted on from the end of the pause.
func (c *Calendar) due(d *core.Deadline) (due time.Time, err error) {
	start := d.StartAt
	if n := len(d.Extensions); n > 0 {
		start, due = d.Extensions[n-1].At, d.Extensions[n-1].To
	} else if due, err = c.add(start, d.Term); err != nil {
		return due, err
	}
	if d.Term.Kind == core.TermOutside {
		return later(due, d.DueAt), nil
	}
	for _, p := range d.Pauses {
		if p.To == nil || !p.To.After(start) || p.From.After(due) {
			continue
		}
		if due, err = c.resume(d.Term.Kind, start, due, later(p.From, start), *p.To); err != nil {
			return due, err
		}
	}
	if d.Term.Roll && len(d.Extensions) == 0 {
		last, err := c.nextWorkingDay(c.midnight(due))
		return endOf(last), err
	}
	return due, nil
}

func (c *Calendar) add(start time.Time, term core.Term) (time.Time, error) {
	length := time.Duration(term.Amount) * time.Hour
	switch term.Kind {
	case core.TermCalendarDays:
		return endOf(c.AddDays(start, term.Amount)), nil
	case core.TermWorkingDays:
		last, err := c.AddWorkingDays(start, term.Amount)
		return endOf(last), err
	case core.TermWorkingHours:
		return c.AddWorking(start, length)
	case core.TermHours:
		return start.Add(length), nil
	}
	return start, nil
}

// resume is the due moment of a term that stood in [from, to). A day does not
// count if the term stood at its end.
func (c *Calendar) resume(kind core.TermKind, start, due, from, to time.Time) (time.Time, error) {
	dayBefore := func(t time.Time) time.Time { return later(c.midnight(start), c.AddDays(t, -1)) }
	switch kind {
	case core.TermCalendarDays:
		return endOf(c.AddDays(dayBefore(to), c.Days(dayBefore(from), due))), nil
	case core.TermWorkingDays:
		last, err := c.AddWorkingDays(dayBefore(to), c.WorkingDays(dayBefore(from), due))
		return endOf(last), err
	case core.TermWorkingHours:
		return c.AddWorking(to, c.Working(from, due))
	}
	return due.Add(to.Sub(from)), nil
}

// warnAt is when to warn of a deadline: nil if there is no room for it between
// start and due.
func (c *Calendar) warnAt(d *core.Deadline) *time.Time {
	at, ok := c.beforeDue(d)
	if !ok || !at.After(d.StartAt) || !at.Before(d.DueAt) {
		return nil
	}
	at = at.UTC()
	return &at
}

func (c *Calendar) beforeDue(d *core.Deadline) (time.Time, bool) {
	percent := time.Duration(c.def.WarnPercent)
	switch d.Term.Kind {
	case core.TermHours:
		return d.DueAt.Add(-d.DueAt.Sub(d.StartAt) * percent / 100), percent > 0
	case core.TermWorkingHours:
		whole := c.Working(d.StartAt, d.DueAt)
		at, err := c.AddWorking(d.StartAt, whole-whole*percent/100)
		return at, percent > 0 && err == nil
	}
	return c.workingDaysBefore(d.DueAt, c.def.WarnDays), c.def.WarnDays > 0
}

// workingDaysBefore is the opening hour of the n-th working day before that of
// t.
func (c *Calendar) workingDaysBefore(t time.Time, n int) time.Time {
	at := c.midnight(t)
	for range mostWalk {
		if n <= 0 {
			break
		}
		if at = at.AddDate(0, 0, -1); c.working(at) {
			n--
		}
	}
	if _, hours, _ := c.look(at); len(hours) > 0 {
		return at.Add(hours[0].from)
	}
	return at
}
