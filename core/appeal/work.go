package appeal

import (
	"context"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Take puts the appeal into the hands of the operator («взять в работу»). What
// another operator works on is refused with KindConflict; what the same one has
// stays as it is.
func (s *Service) Take(tx store.Tx, ref Ref, operator core.UserID) (*core.Document, error) {
	return s.open(tx, ref, func(d *core.Document) error {
		if d.Appeal.State == core.AppealInWork && d.Appeal.Operator != operator {
			return core.Conflict("appeal.taken", "обращение уже в работе у другого оператора")
		}
		if err := checkOperator(tx, operator); err != nil {
			return err
		}
		return take(tx, d, operator)
	})
}

// take is the one way into work.
func take(tx store.Tx, d *core.Document, operator core.UserID) error {
	d.Appeal.Operator = operator
	if d.Appeal.TakenAt == nil {
		now := tx.Now()
		d.Appeal.TakenAt = &now
	}
	return d.MoveAppeal(core.AppealInWork)
}

// checkOperator demands a user who can work.
func checkOperator(tx store.Tx, id core.UserID) error {
	u, err := store.Users.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound || err == nil && !u.MayEnter() {
		return core.Invalid("appeal.invalid", "operator", "такого оператора нет")
	}
	return err
}

// Plan lets the appeal wait for a moment to come.
func (s *Service) Plan(tx store.Tx, ref Ref, at time.Time) (*core.Document, error) {
	return s.open(tx, ref, func(d *core.Document) error {
		if !at.After(tx.Now()) {
			return core.Invalid("appeal.invalid", "planned_at", "дата должна быть в будущем")
		}
		if err := s.checkPlannable(tx, d.Appeal.Source); err != nil {
			return err
		}
		at = at.UTC()
		if d.Appeal.PlannedAt == nil || !d.Appeal.PlannedAt.Equal(at) {
			d.Appeal.PlannedAt = &at
		}
		return d.MoveAppeal(core.AppealWaiting)
	})
}

// checkPlannable demands a source whose appeals may wait; an unknown one may.
func (s *Service) checkPlannable(tx store.Tx, source core.EntryID) error {
	if source == "" || s.Sources == nil {
		return nil
	}
	may, err := s.Sources.Plannable(tx, source)
	if err == nil && !may {
		return core.Invalid("appeal.invalid", "planned_at", "обращения из этого источника не планируют")
	}
	return err
}

// wakeAtOnce is how many appeals one transaction of WakePlanned handles.
const wakeAtOnce = 100

// WakePlanned makes those planned appeals new whose moment has come at now, and
// tells how many. It is a job: run it every minute.
func (s *Service) WakePlanned(ctx context.Context, db store.Store, now time.Time) (woken int, err error) {
	for {
		n := 0
		err := db.Update(ctx, func(tx store.Tx) (err error) {
			n, err = s.wakeSome(tx, now)
			return err
		})
		if woken += n; err != nil || n < wakeAtOnce {
			return woken, err
		}
	}
}

func (s *Service) wakeSome(tx store.Tx, now time.Time) (int, error) {
	page, err := store.Documents.ListSorted(tx, store.Sorted{
		Index: "appeal_planned", Most: store.MomentKey(now.Add(1)), Limit: wakeAtOnce,
	})
	if err != nil {
		return 0, err
	}
	for _, old := range page.Items {
		d := own(old)
		if err := d.MoveAppeal(core.AppealNew); err != nil {
			return 0, err
		}
		if err := s.save(tx, old, d); err != nil {
			return 0, err
		}
	}
	return len(page.Items), nil
}

// Transfer gives the appeal to another line, to an operator, or to both; what is
// empty stays open for anybody. What was in work waits to be taken there; a plan,
// and what another system or the applicant has, stays as it is.
func (s *Service) Transfer(tx store.Tx, ref Ref, line core.EntryID, operator core.UserID) (*core.Document, error) {
	return s.open(tx, ref, func(d *core.Document) error {
		if err := s.checkTarget(tx, line, operator); err != nil {
			return err
		}
		if d.Appeal.Line == line && d.Appeal.Operator == operator {
			return nil
		}
		if d.Appeal.Line != "" && d.Appeal.Line != line {
			d.Appeal.Transfers++
		}
		d.Appeal.Line, d.Appeal.Operator = line, operator
		if d.Appeal.State != core.AppealInWork {
			return nil
		}
		return d.MoveAppeal(core.AppealNew)
	})
}

func (s *Service) checkTarget(tx store.Tx, line core.EntryID, operator core.UserID) error {
	if line == "" && operator == "" {
		return core.Invalid("appeal.invalid", "line", "укажите линию или оператора")
	}
	if operator != "" {
		if err := checkOperator(tx, operator); err != nil {
			return err
		}
	}
	return s.checkLine(tx, line)
}

// Forward hands the appeal to other systems («передать в систему»).
func (s *Service) Forward(tx store.Tx, ref Ref, to []core.ChannelID) (*core.Document, error) {
	d, err := s.open(tx, ref, func(d *core.Document) error {
		if err := s.checkChannels(tx, d, to); err != nil {
			return err
		}
		return d.MoveAppeal(core.AppealForwarded)
	})
	if err != nil {
		return nil, err
	}
	return d, s.Outgoing.Forward(tx, d, to)
}

func (s *Service) checkChannels(tx store.Tx, d *core.Document, to []core.ChannelID) error {
	var f faults
	if len(to) == 0 {
		f.add("to", "укажите, куда передать")
	}
	for _, id := range to {
		ch, err := store.Channels.Look(tx, string(id))
		switch {
		case err == nil && ch.DeletedAt != nil, core.KindOf(err) == core.KindNotFound:
			f.add("to", "нет канала «"+string(id)+"»")
		case err != nil:
			return err
		case id == d.Channel:
			f.add("to", "обращение пришло через этот канал")
		case !s.Carries(ch, core.PurposeForward):
			f.add("to", "канал «"+string(id)+"» не принимает переданные обращения")
		}
	}
	return f.err()
}

// Answered moves an appeal that was answered on, in the transaction of the
// answer. What has ended, or is merged into another, stays as it is. d was read
// in tx; outgoing.Service calls it.
func (s *Service) Answered(tx store.Tx, d *core.Document) error {
	if d.Appeal.State.Ended() || d.Appeal.MergedInto != "" {
		return nil
	}
	_, err := s.change(tx, Ref{ID: d.ID}, func(d *core.Document) error {
		now := tx.Now()
		d.Appeal.AnsweredAt = &now
		if d.Appeal.Operator == "" {
			d.Appeal.Operator = userOf(tx.Actor())
		}
		return d.MoveAppeal(core.AppealAnswered)
	})
	return err
}
