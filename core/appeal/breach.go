package appeal

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Release is what the breach of a term may bring about by itself: the appeal
// leaves its operator and stands in the queue of its line again.
type Release struct{ Appeals *Service }

// Name implements schedule.Effect.
func (Release) Name() string { return settings.BreachRelease }

// Title implements schedule.Effect.
func (Release) Title() string { return "Вернуть обращение в линию" }

// Apply implements schedule.Effect. An appeal that waits for somebody else, that
// has no line to go back to, or whose term was extended meanwhile stays.
func (r Release) Apply(tx store.Tx, ev bus.DeadlineEvent) error {
	d, err := store.Documents.Get(tx, ev.ID)
	if err != nil {
		return unlessMissing(err)
	}
	a := d.Appeal
	if a == nil || a.MergedInto != "" || a.State != core.AppealInWork || a.Line == "" || a.Operator == "" || d.Deadline == nil || d.Deadline.BrokenAt == nil {
		return nil
	}
	_, err = r.Appeals.Transfer(tx, Ref{ID: d.ID}, a.Line, "")
	return err
}
