package rest

import (
	"cmp"
	"errors"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// By when, as people say it: at a moment, or after a term that the calendar of
// the organisation counts.

// basisByHand is why a deadline is what it is when its author does not say.
const basisByHand = "срок указан вручную"

// setDue gives a document the deadline that a person named; nil takes it away.
func setDue(tx store.Tx, d *core.Document, due *time.Time) error {
	if due == nil {
		d.SetDeadline(nil)
		return nil
	}
	deadline, err := schedule.Offices{}.ByHand(tx, d.Organization, *due, basisByHand)
	if err == nil {
		d.SetDeadline(deadline)
	}
	return err
}

// checkDue bounds a deadline that is named by a moment or by a term.
func checkDue(f *faults, path string, at *time.Time, term *core.Term) {
	if term == nil {
		return
	}
	if at != nil {
		f.add(join(path, "term"), "срок задан и датой, и длительностью")
	}
	if e, ok := errors.AsType[*core.Error](schedule.CheckTerm(*term)); ok {
		for _, fault := range e.Faults {
			f.add(join(path, fault.Field), fault.Text)
		}
	}
	if term.Kind == core.TermOutside {
		f.add(join(path, "term.kind"), textChoice)
	}
}

// organization is whose calendar counts the term of a new task.
func (in *TaskInput) organization(tx store.Tx) core.OrganizationID {
	if in.Organization != "" {
		return in.Organization
	}
	document := in.Document
	if parent, err := store.Tasks.Get(tx, string(in.Parent)); err == nil {
		if parent.Organization != "" {
			return parent.Organization
		}
		document = cmp.Or(document, parent.Document)
	}
	if d, err := store.Documents.Get(tx, string(document)); err == nil {
		return d.Organization
	}
	return ""
}
