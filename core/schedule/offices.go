package schedule

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Offices counts terms for the parts of the hub that know no calendars: by the
// calendar of the organisation, or the country's. It has no state.
type Offices struct{}

// Working tells whether the organisation works at the moment.
func (Offices) Working(tx store.Tx, org core.OrganizationID, at time.Time) (bool, error) {
	c, err := For(tx, org)
	return err == nil && c.Open(at), err
}

// Deadline counts a term from start. Basis is why, for people.
func (Offices) Deadline(tx store.Tx, org core.OrganizationID, start time.Time, term core.Term, basis string) (*core.Deadline, error) {
	c, err := For(tx, org)
	if err != nil {
		return nil, err
	}
	return c.Start(start, term, basis)
}

// Outside is a deadline that an outside system has set.
func (Offices) Outside(tx store.Tx, org core.OrganizationID, due time.Time, basis string) (*core.Deadline, error) {
	c, err := For(tx, org)
	if err != nil {
		return nil, err
	}
	return c.Outside(tx.Now(), due, basis), nil
}

// ByHand is a deadline that a person has set.
func (Offices) ByHand(tx store.Tx, org core.OrganizationID, due time.Time, basis string) (*core.Deadline, error) {
	c, err := For(tx, org)
	if err != nil {
		return nil, err
	}
	return c.ByHand(tx.Now(), due, basis), nil
}

// Move puts a deadline to another moment, earlier or later, and notes who did
// and why. d is a copy that may be changed.
func (Offices) Move(tx store.Tx, org core.OrganizationID, d *core.Deadline, by core.UserID, to time.Time, reason string) error {
	c, err := Of(tx, d, org)
	if err != nil {
		return err
	}
	c.Move(d, tx.Now(), by, to, reason)
	return nil
}

// Change gives a deadline that runs another length and basis; it keeps its start
// and its pauses. d is a copy that may be changed.
func (Offices) Change(tx store.Tx, org core.OrganizationID, d *core.Deadline, term core.Term, basis string) error {
	c, err := Of(tx, d, org)
	if err != nil {
		return err
	}
	return c.Change(d, tx.Now(), term, basis)
}
