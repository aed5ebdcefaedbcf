package appeal

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Calendar counts terms by the calendar of an organisation; schedule.Offices
// does.
type Calendar interface {
	// Deadline counts a term from start; basis is why, for people.
	Deadline(tx store.Tx, org core.OrganizationID, start time.Time, term core.Term, basis string) (*core.Deadline, error)
	// Change gives a deadline another length and basis; it keeps its start.
	Change(tx store.Tx, org core.OrganizationID, d *core.Deadline, term core.Term, basis string) error
}

// Sources tell what follows from where an appeal came from.
type Sources interface {
	// SourceOf is the source of what comes through the channel; empty: unknown.
	SourceOf(tx store.Tx, ch *core.Channel, kind core.MessageKind) (core.EntryID, error)
	// Plannable tells whether appeals of the source may wait for a planned date.
	Plannable(tx store.Tx, source core.EntryID) (bool, error)
	// Term is how long an appeal of the reason and source may take, nil if nothing
	// is said about it, and why, for people.
	Term(tx store.Tx, reason, source core.EntryID) (term *core.Term, basis string, err error)
}

// settleTerm gives the appeal the term of its reason, again whenever the reason
// or the source changes. A term that an outside system, a rule or a person has
// set or extended stays.
func (s *Service) settleTerm(tx store.Tx, old *core.Appeal, d *core.Document) error {
	a := d.Appeal
	if s.Sources == nil || a.State.Ended() || old.Reason == a.Reason && old.Source == a.Source {
		return nil
	}
	if d.Deadline != nil && (d.Deadline.Reason == "" || len(d.Deadline.Extensions) > 0) {
		return nil
	}
	term, basis, err := s.Sources.Term(tx, a.Reason, a.Source)
	if err != nil {
		return err
	}
	if term == nil {
		d.SetDeadline(nil)
		return nil
	}
	deadline, err := s.count(tx, d, *term, basis)
	if core.KindOf(err) == core.KindInvalid {
		return nil // a calendar without so much working time must not hold the appeal up
	}
	if err != nil {
		return err
	}
	deadline.Reason = a.Reason
	d.SetDeadline(deadline)
	return nil
}

// count begins a term with the registration, or changes the one that runs.
func (s *Service) count(tx store.Tx, d *core.Document, term core.Term, basis string) (*core.Deadline, error) {
	if d.Deadline != nil {
		changed := *d.Deadline
		return &changed, s.Calendar.Change(tx, d.Organization, &changed, term, basis)
	}
	start := d.CreatedAt
	if start.IsZero() {
		start = tx.Now() // it is registered just now
	}
	return s.Calendar.Deadline(tx, d.Organization, start, term, basis)
}
