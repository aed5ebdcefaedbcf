// Package appeals are the mass operations on appeals: close, take, assign,
// forward, tag. Each does to one appeal what the desk does, through core/appeal,
// with all that follows from it.
package appeals

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/store"
)

// Operations are all of them.
func Operations(s *appeal.Service) []mass.Operation {
	return []mass.Operation{closing(s), taking(s), assigning(s), forwarding(s), tagging(s)}
}

// work is a mass.Operation with arguments A; undoing it needs an S.
type work[A, S any] struct {
	name, title, final string
	check              func(store.Tx, A) error
	do                 func(store.Tx, core.DocumentID, A) (S, error)
	undo               func(store.Tx, core.DocumentID, S) error // nil if final
}

func (w *work[A, S]) Name() string  { return w.name }
func (w *work[A, S]) Title() string { return w.title }
func (w *work[A, S]) Final() string { return w.final }

func (w *work[A, S]) Check(tx store.Tx, raw json.RawMessage) error {
	args, err := read[A](raw)
	if err != nil {
		return err
	}
	return ofArgs(w.check(tx, args))
}

func (w *work[A, S]) Work(raw json.RawMessage) (mass.Do, error) {
	args, err := read[A](raw)
	if err != nil {
		return nil, err
	}
	return func(tx store.Tx, id core.DocumentID) (json.RawMessage, error) {
		saved, err := w.do(tx, id, args)
		if err != nil || w.final != "" {
			return nil, err
		}
		return json.Marshal(saved)
	}, nil
}

func (w *work[A, S]) Undo(tx store.Tx, id core.DocumentID, raw json.RawMessage) error {
	saved, err := read[S](raw)
	if err != nil {
		return err
	}
	return w.undo(tx, id, saved)
}

// read decodes arguments; none are as good as empty ones.
func read[T any](raw json.RawMessage) (v T, err error) {
	if len(raw) == 0 {
		return v, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&v) != nil {
		return v, core.Invalid("mass.args", "args", "неизвестный или неверный параметр операции")
	}
	return v, nil
}

// ofArgs names the fields of a fault as they stand in an order.
func ofArgs(err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	out := *e
	out.Faults = slices.Clone(e.Faults)
	if out.Field != "" {
		out.Field = "args." + out.Field
	}
	for i := range out.Faults {
		out.Faults[i].Field = "args." + out.Faults[i].Field
	}
	return &out
}

// CloseArgs are the arguments of close, as at the desk.
type CloseArgs struct {
	Template core.EntryID    `json:"template"`
	Text     string          `json:"text"`
	Works    []string        `json:"works"`
	Notify   *core.NotifyWay `json:"notify"`
}

// closed is when close ended an appeal.
type closed struct {
	EndedAt time.Time `json:"ended_at"`
}

// closing is undone by opening the appeal again, as the desk does: what the
// applicant was told stays told, and what was merged into it stays closed.
func closing(s *appeal.Service) mass.Operation {
	return &work[CloseArgs, closed]{
		name: "close", title: "Закрыть обращения",
		check: func(tx store.Tx, a CloseArgs) error {
			if a.Notify != nil && *a.Notify != "" && !slices.Contains(core.NotifyWays(), *a.Notify) {
				return core.Invalid("mass.args", "notify", "нет такого значения")
			}
			return s.CheckResult(tx, appeal.Result(a))
		},
		do: func(tx store.Tx, id core.DocumentID, a CloseArgs) (closed, error) {
			d, err := s.Close(tx, appeal.Ref{ID: id}, appeal.Result(a))
			if err != nil {
				return closed{}, err
			}
			return closed{*d.Appeal.EndedAt}, nil
		},
		undo: func(tx store.Tx, id core.DocumentID, was closed) error {
			d, err := store.Documents.Get(tx, string(id))
			if err != nil {
				return err
			}
			if a := d.Appeal; a == nil || a.EndedAt == nil || !a.EndedAt.Equal(was.EndedAt) {
				return core.Conflict("appeal.moved", "с обращением с тех пор работали: возвращать нечего")
			}
			_, err = s.Reopen(tx, appeal.Ref{ID: id, Version: d.Version})
			return err
		},
	}
}

// moved are the hands an appeal was in and those it was given to.
type moved struct {
	Was   appeal.Hands `json:"was"`
	Given appeal.Hands `json:"given"`
}

// moving does what changes the hands of an appeal.
func moving(tx store.Tx, id core.DocumentID, do func(appeal.Ref) (*core.Document, error)) (moved, error) {
	d, err := store.Documents.Get(tx, string(id))
	if err != nil {
		return moved{}, err
	}
	given, err := do(appeal.Ref{ID: id})
	if err != nil {
		return moved{}, err
	}
	return moved{appeal.HandsOf(d.Appeal), appeal.HandsOf(given.Appeal)}, nil
}

func putBack(s *appeal.Service) func(store.Tx, core.DocumentID, moved) error {
	return func(tx store.Tx, id core.DocumentID, m moved) error {
		_, err := s.PutBack(tx, appeal.Ref{ID: id}, m.Was, m.Given)
		return err
	}
}

// taking puts appeals into the hands of whoever orders it.
func taking(s *appeal.Service) mass.Operation {
	return &work[struct{}, moved]{
		name: "take", title: "Взять в работу",
		check: func(tx store.Tx, _ struct{}) error {
			if tx.Actor().Kind != core.ActorUser {
				return core.Invalid("mass.args", "operation", "взять в работу может только сотрудник")
			}
			return nil
		},
		do: func(tx store.Tx, id core.DocumentID, _ struct{}) (moved, error) {
			return moving(tx, id, func(ref appeal.Ref) (*core.Document, error) { return s.Take(tx, ref, core.UserID(tx.Actor().ID)) })
		},
		undo: putBack(s),
	}
}

// AssignArgs name a line, an operator, or both.
type AssignArgs struct {
	Line     core.EntryID `json:"line"`
	Operator core.UserID  `json:"operator"`
}

func assigning(s *appeal.Service) mass.Operation {
	return &work[AssignArgs, moved]{
		name: "assign", title: "Передать линии или оператору",
		check: func(tx store.Tx, a AssignArgs) error { return s.CheckTransfer(tx, a.Line, a.Operator) },
		do: func(tx store.Tx, id core.DocumentID, a AssignArgs) (moved, error) {
			return moving(tx, id, func(ref appeal.Ref) (*core.Document, error) { return s.Transfer(tx, ref, a.Line, a.Operator) })
		},
		undo: putBack(s),
	}
}

// ForwardArgs name the channels of other systems.
type ForwardArgs struct {
	To []core.ChannelID `json:"to"`
}

// forwarding is final: another system has the appeal. What has not gone yet is
// called off delivery by delivery.
func forwarding(s *appeal.Service) mass.Operation {
	return &work[ForwardArgs, struct{}]{
		name: "forward", title: "Передать в другие системы",
		final: "переданное уже у другой системы: отзовите отправки, которые ещё не ушли, на карточках обращений",
		check: func(tx store.Tx, a ForwardArgs) error { return s.CheckForward(tx, a.To) },
		do: func(tx store.Tx, id core.DocumentID, a ForwardArgs) (none struct{}, err error) {
			if err := notForwarded(tx, id, a.To); err != nil {
				return none, err
			}
			_, err = s.Forward(tx, appeal.Ref{ID: id}, a.To)
			return none, err
		},
	}
}

// notForwarded refuses what another system has been given: a person may do so
// on purpose, one by one, but many at once are rather chosen by mistake.
func notForwarded(tx store.Tx, id core.DocumentID, to []core.ChannelID) error {
	for d, err := range store.Deliveries.Find(tx, "document", string(id)) {
		switch {
		case err != nil:
			return err
		case d.Forwards() && slices.Contains(to, d.Channel):
			return core.Conflict("mass.forwarded", "обращение уже передано в канал «"+string(d.Channel)+"»")
		}
	}
	return nil
}
