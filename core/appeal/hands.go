package appeal

import (
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Hands are the hands an appeal is in: all that Take and Transfer change. They
// are kept to put an appeal back.
type Hands struct {
	State     core.AppealState `json:"state"`
	Line      core.EntryID     `json:"line,omitempty"`
	Operator  core.UserID      `json:"operator,omitempty"`
	PlannedAt *time.Time       `json:"planned_at,omitempty"`
	TakenAt   *time.Time       `json:"taken_at,omitempty"`
	Transfers int              `json:"transfers,omitempty"`
}

// HandsOf are those an appeal is in now.
func HandsOf(a *core.Appeal) Hands {
	return Hands{State: a.State, Line: a.Line, Operator: a.Operator, PlannedAt: a.PlannedAt, TakenAt: a.TakenAt, Transfers: a.Transfers}
}

// same tells that it is the same person's, or nobody's, in the same state.
func (h Hands) same(o Hands) bool {
	return h.State == o.State && h.Line == o.Line && h.Operator == o.Operator
}

// PutBack undoes a Take or a Transfer: the appeal goes back into the hands it
// was in. KindConflict if it is no longer in those it was given to, KindInvalid
// if the operator of old does not work here any more. The state of its document
// stays: that somebody looked at it is not undone.
func (s *Service) PutBack(tx store.Tx, ref Ref, was, given Hands) (*core.Document, error) {
	return s.open(tx, ref, func(d *core.Document) error {
		a := d.Appeal
		if !HandsOf(a).same(given) {
			return core.Conflict("appeal.moved", "с обращением с тех пор работали: возвращать нечего")
		}
		if was.Operator != "" {
			if err := checkOperator(tx, was.Operator); err != nil {
				return err
			}
		}
		a.Line, a.Operator, a.PlannedAt, a.TakenAt, a.Transfers = was.Line, was.Operator, was.PlannedAt, was.TakenAt, was.Transfers
		return d.MoveAppeal(was.State)
	})
}

// CheckTransfer finds what is wrong with where a Transfer would go, whichever
// the appeal.
func (s *Service) CheckTransfer(tx store.Tx, line core.EntryID, operator core.UserID) error {
	return s.checkTarget(tx, line, operator)
}

// CheckResult finds what is wrong with a result, whichever the appeal.
func (s *Service) CheckResult(tx store.Tx, r Result) error {
	_, err := s.result(tx, r)
	return err
}

// CheckTags finds tags that do not exist, whichever the appeal: faults of add.
func (s *Service) CheckTags(tx store.Tx, add []core.EntryID) error {
	if s.Directories == nil {
		return nil
	}
	var f faults
	for i, tag := range add {
		if err := s.known(tx, &f, reference{"add." + strconv.Itoa(i), core.DirTags, tag}); err != nil {
			return err
		}
	}
	return f.err()
}

// CheckForward finds what is wrong with the channels of a Forward, whichever the
// appeal.
func (s *Service) CheckForward(tx store.Tx, to []core.ChannelID) error {
	return s.checkChannels(tx, &core.Document{}, to)
}
