package appeal

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Beat is a sign of life of the operator who works on the appeal: a browser
// sends one every half a minute while the card is open and used. It returns the
// seconds worked so far. KindConflict if somebody else has it, or nobody.
func (s *Service) Beat(tx store.Tx, id core.DocumentID, operator core.UserID) (int64, error) {
	d, err := read(tx, Ref{ID: id})
	if err != nil {
		return 0, err
	}
	if !runs(d) || d.Appeal.Operator != operator {
		return 0, core.Conflict("appeal.not_in_work", "обращение не в работе у этого оператора")
	}
	c, err := clockOf(tx, id)
	if err != nil {
		return 0, err
	}
	set, err := settings.AppealsOf(tx)
	if err != nil {
		return 0, err
	}
	c.Beat(tx.Now(), set.Idle())
	return c.Spent(), store.WorkClocks.Put(tx, c)
}

// Spent is what operators have worked on the appeal so far, in seconds.
func (s *Service) Spent(tx store.Tx, id core.DocumentID) (int64, error) {
	c, err := clockOf(tx, id)
	if err != nil {
		return 0, err
	}
	return c.Spent(), nil
}

// runs tells that work on the appeal is counted.
func runs(d *core.Document) bool {
	return d.Appeal.State == core.AppealInWork && d.Appeal.MergedInto == ""
}

func clockOf(tx store.Tx, id core.DocumentID) (*core.WorkClock, error) {
	c, err := store.WorkClocks.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return &core.WorkClock{Document: id}, nil
	}
	return c, err
}

// stopClock ends the counting when the appeal leaves its operator's hands and
// takes the time over into it.
func (s *Service) stopClock(tx store.Tx, old, d *core.Document) error {
	if !runs(old) || runs(d) && old.Appeal.Operator == d.Appeal.Operator {
		return nil
	}
	c, err := clockOf(tx, d.ID)
	if err != nil || c.Since == nil {
		return err
	}
	set, err := settings.AppealsOf(tx)
	if err != nil {
		return err
	}
	c.Stop(tx.Now(), set.Idle())
	d.Appeal.SpentSeconds = c.SpentSeconds
	return store.WorkClocks.Put(tx, c)
}
