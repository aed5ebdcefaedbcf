package approval

import (
	"errors"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Word is an approver's word.
type Word struct {
	Version   int // the text that was read: another one is refused
	Agreed    bool
	Remarks   string
	Signature *core.Attachment
}

// Visa takes an approver's word, which nobody gives in his name. The last one
// that is needed sends the document.
func (s *Service) Visa(tx store.Tx, by core.Acting, id core.DraftID, w Word) (*core.Draft, error) {
	d, err := store.Drafts.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	step, err := turn(d, by.User)
	if err != nil {
		return nil, err
	}
	if w.Version != d.Versions {
		return nil, core.Conflict("draft.version", "появилась новая редакция: прочитайте её")
	}
	if err := w.check(step); err != nil {
		return nil, err
	}
	v := core.Visa{
		At: tx.Now(), By: by.User, Version: w.Version, Round: d.Round, Agreed: w.Agreed,
		Remarks: strings.TrimSpace(w.Remarks), Signature: w.Signature,
	}
	d.Visas = append(d.Visas, v)
	step.State = core.StepRefused
	if v.Agreed {
		step.State = core.StepAgreed
	}
	if err := s.Tasks.Answered(tx, step.Task, v); err != nil {
		return nil, err
	}
	if err := s.advance(tx, d); err != nil {
		return nil, err
	}
	return d, s.save(tx, d)
}

// turn finds the step of a user whose word is waited for.
func turn(d *core.Draft, user core.UserID) (*core.ApprovalStep, error) {
	i := slices.IndexFunc(d.Steps, func(st core.ApprovalStep) bool { return st.User == user })
	named := i >= 0 || d.Route != nil && slices.ContainsFunc(d.Route.Approvers, func(a core.Approver) bool { return a.User == user })
	switch {
	case !named:
		return nil, forbidden("вас нет в маршруте согласования")
	case d.State != core.DraftApproval || i < 0:
		return nil, core.Conflict("draft.transition", "проект не на согласовании")
	case d.Steps[i].State == core.StepWaiting:
		return nil, core.Conflict("draft.turn", "ваша очередь ещё не подошла")
	case d.Steps[i].State != core.StepAsked:
		return nil, core.Conflict("draft.visa", "ваша виза уже есть")
	}
	return &d.Steps[i], nil
}

func (w *Word) check(step *core.ApprovalStep) error {
	switch {
	case !w.Agreed && strings.TrimSpace(w.Remarks) == "":
		return core.Invalid("draft.invalid", "remarks", "напишите, с чем вы не согласны")
	case w.Agreed && step.Signed && w.Signature == nil:
		return core.Invalid("draft.invalid", "signature", "виза должна быть подписана электронной подписью")
	}
	return nil
}

// steps are those of a new round: whoever need not be asked again has agreed
// already.
func steps(d *core.Draft) []core.ApprovalStep {
	out := make([]core.ApprovalStep, 0, len(d.Route.Approvers))
	for _, a := range d.Route.Approvers {
		step := core.ApprovalStep{Approver: a, State: core.StepWaiting}
		if stands(d, a) {
			step.State = core.StepAgreed
		}
		out = append(out, step)
	}
	return out
}

// stands tells whether the approver's last word still holds: a «yes» to this
// very text does, to an earlier one only if the route says so, and never if it
// has to be signed.
func stands(d *core.Draft, a core.Approver) bool {
	for _, v := range slices.Backward(d.Visas) {
		if v.By != a.User {
			continue
		}
		signed := !a.Signed || v.Signature != nil
		same := v.Version == d.Versions
		return v.Agreed && signed && (same || d.Route.Restart == core.RestartOthers && !a.Signed)
	}
	return false
}

// advance asks whoever is next and ends the round that is over.
func (s *Service) advance(tx store.Tx, d *core.Draft) error {
	refused := has(d, core.StepRefused)
	if d.Route.Order == core.ApprovalParallel || !refused && !has(d, core.StepAsked) {
		if err := s.ask(tx, d); err != nil {
			return err
		}
	}
	switch {
	case has(d, core.StepAsked):
		return nil
	case refused:
		return d.MoveTo(core.DraftRemarks)
	}
	return s.agreed(tx, d)
}

func has(d *core.Draft, state core.StepState) bool {
	return slices.ContainsFunc(d.Steps, func(st core.ApprovalStep) bool { return st.State == state })
}

// ask gives tasks to those who wait: to all, or to the first.
func (s *Service) ask(tx store.Tx, d *core.Draft) (err error) {
	for i := range d.Steps {
		step := &d.Steps[i]
		if step.State != core.StepWaiting {
			continue
		}
		if step.Task, err = s.Tasks.Ask(tx, d, step.User); err != nil {
			return err
		}
		step.State = core.StepAsked
		if d.Route.Order == core.ApprovalSequence {
			return nil
		}
	}
	return nil
}

// agreed sends the document. What stands in the way is not the last approver's
// fault: his visa is kept, and the author sees the problem.
func (s *Service) agreed(tx store.Tx, d *core.Draft) error {
	if err := d.MoveTo(core.DraftAgreed); err != nil {
		return err
	}
	v, err := newest(tx, d)
	if err != nil {
		return err
	}
	_, err = s.signed(tx, v)
	if err == nil {
		err = s.Outbox.CheckDraft(tx, d, v)
	}
	if err != nil {
		d.Problem = problem(err)
		if d.Problem == "" {
			return err
		}
		return nil
	}
	return s.issue(tx, d, v)
}

// problem is an error a person can mend, in words; empty: it is none of those.
func problem(err error) string {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind == core.KindInternal || e.Kind == core.KindUnavailable {
		return ""
	}
	words := []string{}
	if e.Text != "" {
		words = append(words, e.Text)
	}
	for _, f := range e.Faults {
		words = append(words, f.Text)
	}
	return strings.Join(words, "; ")
}
