package core

import "time"

// TermKind is how the length of a term is counted.
type TermKind string

const (
	TermCalendarDays TermKind = "calendar_days" // календарные дни
	TermWorkingDays  TermKind = "working_days"  // рабочие дни
	TermWorkingHours TermKind = "working_hours" // рабочие часы
	TermHours        TermKind = "hours"         // часы круглосуточно
	TermOutside      TermKind = "outside"       // set by the outside system
)

// Term (срок) is a length of time.
type Term struct {
	Kind   TermKind `json:"kind"`
	Amount int      `json:"amount,omitempty"` // days or hours; none for TermOutside
	// Roll moves the last of calendar days to the next working day if it is a day
	// off: article 193 of the Civil Code, where the basis refers to it.
	Roll bool `json:"roll,omitempty"`
}

// Deadline (контрольный срок) is a due moment that explains itself.
type Deadline struct {
	DueAt    time.Time `json:"due_at"`
	StartAt  time.Time `json:"start_at"`
	Term     Term      `json:"term"`
	Basis    string    `json:"basis"`              // why: the rule, the reason, the law, the outside system
	Calendar string    `json:"calendar,omitempty"` // id of the working calendar it was counted by
	// Reason of the appeal whose term this is: with another reason it changes.
	// Empty: somebody else has set it, and it stays.
	Reason EntryID `json:"reason,omitempty"`
	// Effect is what happens by itself when the term is broken; empty: nothing.
	Effect     string      `json:"effect,omitempty"`
	Pauses     []Pause     `json:"pauses,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"`
	WarnAt     *time.Time  `json:"warn_at,omitempty"` // when to warn of it; nil: not at all
	WarnedAt   *time.Time  `json:"warned_at,omitempty"`
	BrokenAt   *time.Time  `json:"broken_at,omitempty"` // when the breach was noticed and acted on
}

// Paused tells that the term stands still now; no term does not.
func (d *Deadline) Paused() bool {
	return d != nil && len(d.Pauses) > 0 && d.Pauses[len(d.Pauses)-1].To == nil
}

// Over tells that the term was over at a moment. One that stands still is not,
// wherever its due moment is: that moves when it goes on.
func (d *Deadline) Over(at time.Time) bool { return at.After(d.DueAt) && !d.Paused() }

// NextLook is when somebody has to look at the deadline next, to warn of it or
// to notice its breach; nil: never, as it is now.
func (d *Deadline) NextLook() *time.Time {
	switch {
	case d == nil || d.BrokenAt != nil || d.Paused():
		return nil
	case d.WarnedAt == nil && d.WarnAt != nil:
		return d.WarnAt
	}
	return &d.DueAt
}

// Pause is a stretch that does not count; To is nil while it lasts.
type Pause struct {
	From   time.Time  `json:"from"`
	To     *time.Time `json:"to,omitempty"`
	Reason string     `json:"reason"`
}

// Extension (продление) tells who moved a deadline, and why.
type Extension struct {
	At     time.Time `json:"at"`
	By     UserID    `json:"by"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}
