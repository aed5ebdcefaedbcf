package appeal

import (
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Result is how an appeal is closed. What is empty is taken from the template.
type Result struct {
	Template core.EntryID
	Text     string
	Works    []string
	// Notify tells the applicant in this way; nil: in the way the appeal has.
	Notify *core.NotifyWay
}

// Close ends the appeal with a result and tells the applicant. KindInvalid on
// notify if that is not possible: the operator chooses another way then. What is
// merged into it is closed with it.
func (s *Service) Close(tx store.Tx, ref Ref, r Result) (*core.Document, error) {
	result, err := s.result(tx, r)
	if err != nil {
		return nil, err
	}
	return s.end(tx, ref, r.Notify, func(d *core.Document) error {
		if d.Appeal.Result, err = s.filled(tx, d, *result); err != nil {
			return err
		}
		return d.MoveAppeal(core.AppealClosed)
	})
}

// filled is the result as it is told of d: names in the text of a template give
// way to what they stand for.
func (s *Service) filled(tx store.Tx, d *core.Document, r core.AppealResult) (*core.AppealResult, error) {
	if r.Template == "" || s.Fill == nil {
		return &r, nil
	}
	about := own(d)
	about.Appeal.Result = &r
	text, err := s.Fill(tx, about, r.Text)
	r.Text = text
	return &r, err
}

func (s *Service) result(tx store.Tx, r Result) (*core.AppealResult, error) {
	out := &core.AppealResult{Template: r.Template, Text: strings.TrimSpace(r.Text), Works: r.Works, At: tx.Now(), By: userOf(tx.Actor())}
	if r.Template != "" && s.Directories != nil {
		text, works, err := s.Directories.Result(tx, r.Template)
		if core.KindOf(err) == core.KindNotFound {
			return nil, core.Invalid("appeal.invalid", "template", "такого шаблона нет")
		}
		if err != nil {
			return nil, err
		}
		if out.Text == "" {
			out.Text = text
		}
		if len(out.Works) == 0 {
			out.Works = works
		}
	}
	if out.Text == "" {
		return nil, core.Invalid("appeal.invalid", "text", "опишите результат")
	}
	return out, nil
}

// Reject ends the appeal without a result. The reason is obligatory if the
// settings say so.
func (s *Service) Reject(tx store.Tx, ref Ref, reason string, notify *core.NotifyWay) (*core.Document, error) {
	reason = strings.TrimSpace(reason)
	set, err := settings.AppealsOf(tx)
	if err != nil {
		return nil, err
	}
	if reason == "" && set.RejectReason {
		return nil, core.Invalid("appeal.invalid", "reason", "укажите причину отклонения")
	}
	return s.end(tx, ref, notify, func(d *core.Document) error {
		d.Appeal.RejectReason = reason
		return d.MoveAppeal(core.AppealRejected)
	})
}

// end closes or rejects the appeal and those merged into it, and tells the
// applicants.
func (s *Service) end(tx store.Tx, ref Ref, notify *core.NotifyWay, how func(*core.Document) error) (*core.Document, error) {
	d, err := s.open(tx, ref, func(d *core.Document) error {
		if notify != nil {
			d.Appeal.Notify = *notify
		}
		if err := finish(tx, d, how); err != nil {
			return err
		}
		return s.notify(tx, d)
	})
	if err != nil {
		return nil, err
	}
	return d, s.endMerged(tx, d.ID, how)
}

func finish(tx store.Tx, d *core.Document, how func(*core.Document) error) error {
	now := tx.Now()
	d.Appeal.EndedAt = &now
	return how(d)
}

// endMerged ends what is merged into the appeal. An applicant who cannot be told
// there as he wished is called: nobody is asked about each of many.
func (s *Service) endMerged(tx store.Tx, into core.DocumentID, how func(*core.Document) error) error {
	merged, err := mergedInto(tx, into)
	if err != nil {
		return err
	}
	for _, id := range merged {
		_, err := s.change(tx, Ref{ID: id}, func(d *core.Document) error {
			if d.Appeal.State.Ended() {
				return nil
			}
			if err := finish(tx, d, how); err != nil {
				return err
			}
			err := s.notify(tx, d)
			if core.KindOf(err) == core.KindInvalid {
				mark(d)
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Reopen opens an appeal again that was answered or has ended: in the hands of
// the operator it had, or to be taken by anybody.
func (s *Service) Reopen(tx store.Tx, ref Ref) (*core.Document, error) {
	return s.work(tx, ref, func(d *core.Document) error {
		if !d.Appeal.State.Ended() && d.Appeal.State != core.AppealAnswered {
			return core.Conflict("appeal.transition", "обращение не завершено")
		}
		return reopen(d)
	})
}

func reopen(d *core.Document) error {
	a := d.Appeal
	if a.State.Ended() {
		a.Reopened++
	}
	a.Result, a.RejectReason, a.EndedAt = nil, "", nil
	unmark(d)
	if a.Operator == "" || a.TakenAt == nil {
		return d.MoveAppeal(core.AppealNew)
	}
	return d.MoveAppeal(core.AppealInWork)
}

// Rate takes down what the applicant thinks of the answer or the result, 1 to 5.
// A later rating replaces the one before.
func (s *Service) Rate(tx store.Tx, ref Ref, score int, comment string) (*core.Document, error) {
	return s.change(tx, ref, func(d *core.Document) error {
		if score < 1 || score > 5 {
			return core.Invalid("appeal.invalid", "score", "оценка от 1 до 5")
		}
		if !d.Appeal.State.Ended() && d.Appeal.State != core.AppealAnswered {
			return core.Conflict("appeal.transition", "оценить можно обращение, на которое ответили")
		}
		d.Appeal.Rating = &core.Rating{Score: score, Comment: comment, At: tx.Now()}
		return nil
	})
}

// Called notes that the applicant was told by telephone.
func (s *Service) Called(tx store.Tx, ref Ref) (*core.Document, error) {
	return s.change(tx, ref, func(d *core.Document) error {
		if !toCall(d) {
			return core.Conflict("appeal.transition", "звонить заявителю не нужно")
		}
		unmark(d)
		return nil
	})
}

func isToCall(m core.Mark) bool { return m.Kind == core.MarkToCall }

func toCall(d *core.Document) bool { return slices.ContainsFunc(d.Marks, isToCall) }

func mark(d *core.Document) {
	if !toCall(d) {
		d.Marks = append(slices.Clone(d.Marks), core.Mark{Kind: core.MarkToCall, Reason: "сообщить заявителю о завершении обращения"})
	}
}

func unmark(d *core.Document) {
	if toCall(d) {
		d.Marks = slices.DeleteFunc(slices.Clone(d.Marks), isToCall)
	}
}

// mergedInto are the ids of what is merged into the appeal.
func mergedInto(tx store.Tx, into core.DocumentID) (out []core.DocumentID, err error) {
	for key := range store.Documents.FindKeys(tx, "appeal", store.AppealFacet(store.FacetMergedInto, string(into))) {
		out = append(out, core.DocumentID(key))
	}
	return out, nil
}
