package task

import (
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Ref names the task an operation is about, as the caller has read it.
type Ref struct {
	ID      core.TaskID
	Version uint64 // 0: whatever it is now
}

// get reads the task for a change.
func get(tx store.Tx, ref Ref) (*core.Task, error) {
	t, err := store.Tasks.Get(tx, string(ref.ID))
	if err != nil {
		return nil, err
	}
	if ref.Version != 0 && t.Version != ref.Version {
		return nil, store.Tasks.Stale(tx, string(t.ID), ref.Version)
	}
	if t.Kind == core.TaskApproval {
		return nil, core.Conflict("task.approval", "согласование проходит в карточке проекта документа")
	}
	return t, nil
}

// move is the way of most operations: who may, to what state, and what else
// changes with it.
func (s *Service) move(tx store.Tx, ref Ref, to core.TaskState, may func(*core.Task) error, also func(*core.Task) error) (*core.Task, error) {
	t, err := get(tx, ref)
	if err != nil {
		return nil, err
	}
	if err := may(t); err != nil {
		return nil, err
	}
	if t.State == to {
		return nil, core.Conflict("task.transition", "поручение уже в состоянии «"+to.Title()+"»")
	}
	if err := t.MoveTo(to); err != nil {
		return nil, err
	}
	if also != nil {
		if err := also(t); err != nil {
			return nil, err
		}
	}
	return t, s.save(tx, t, bus.TaskUpdated)
}

// Who may do what.

func performer(by core.Acting) func(*core.Task) error {
	return func(t *core.Task) error {
		if t.Performer != by.User {
			return forbidden("это может только исполнитель поручения")
		}
		return nil
	}
}

func performerOrSupervisor(by core.Acting) func(*core.Task) error {
	if by.Supervisor {
		return anyone
	}
	return performer(by)
}

func author(by core.Acting) func(*core.Task) error {
	return func(t *core.Task) error {
		if t.Author != by.User && !by.Supervisor {
			return forbidden("это может только автор поручения или руководитель")
		}
		return nil
	}
}

// acceptor lets those judge the result who do not answer for it: the
// controller, the author, a supervisor, and none of them his own work.
func acceptor(by core.Acting) func(*core.Task) error {
	return func(t *core.Task) error {
		switch {
		case t.Performer == by.User:
			return forbidden("исполнитель не принимает собственную работу")
		case t.Acceptor() != by.User && t.Author != by.User && !by.Supervisor:
			return forbidden("это может только контролёр, автор поручения или руководитель")
		}
		return nil
	}
}

func anyone(*core.Task) error { return nil }

// Accept is the performer's word that he will do it.
func (s *Service) Accept(tx store.Tx, by core.Acting, ref Ref) (*core.Task, error) {
	return s.move(tx, ref, core.TaskAccepted, performer(by), nil)
}

// Decline is the performer's word that he will not, and why.
func (s *Service) Decline(tx store.Tx, by core.Acting, ref Ref, reason string) (*core.Task, error) {
	t, err := s.move(tx, ref, core.TaskDeclined, performer(by), because(tx, by, core.TaskActDecline, reason))
	if err != nil {
		return nil, err
	}
	return t, s.tell(tx, by, t, t.Author, "Поручение «"+t.Title+"» отклонено исполнителем")
}

// Start tells that the work has begun.
func (s *Service) Start(tx store.Tx, by core.Acting, ref Ref) (*core.Task, error) {
	return s.move(tx, ref, core.TaskInWork, performerOrSupervisor(by), func(t *core.Task) error {
		if t.EndedAt != nil {
			return core.Conflict("task.transition", "завершённое поручение возобновляют, указав причину")
		}
		return nil
	})
}

// Report is the performer's result. It ends a task that nobody has to accept.
func (s *Service) Report(tx store.Tx, by core.Acting, ref Ref, text string, files []core.Attachment) (*core.Task, error) {
	t, err := s.move(tx, ref, core.TaskDone, performerOrSupervisor(by), func(t *core.Task) error {
		if strings.TrimSpace(text) == "" && len(files) == 0 {
			return core.Invalid("task.invalid", "text", "опишите результат или приложите файл")
		}
		t.DoneAt = now(tx)
		t.Result = &core.TaskResult{Text: text, Files: files, At: tx.Now(), By: by.User}
		if t.Acceptor() == "" {
			return finish(tx, t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.State == core.TaskClosed {
		return t, s.tell(tx, by, t, t.Author, "Поручение «"+t.Title+"» исполнено")
	}
	return t, s.tell(tx, by, t, t.Acceptor(), "Поручение «"+t.Title+"» исполнено и ждёт приёмки")
}

// Close accepts what was done. A task with open subtasks stays open.
func (s *Service) Close(tx store.Tx, by core.Acting, ref Ref, comment string) (*core.Task, error) {
	return s.move(tx, ref, core.TaskClosed, acceptor(by), func(t *core.Task) error {
		if err := finish(tx, t); err != nil || strings.TrimSpace(comment) == "" {
			return err
		}
		return note(tx, by, t.ID, core.TaskActClose, comment)
	})
}

// finish closes the task if nothing under it is open.
func finish(tx store.Tx, t *core.Task) error {
	for sub, err := range store.Tasks.Find(tx, "parent", string(t.ID)) {
		if err != nil {
			return err
		}
		if !sub.State.Ended() {
			return core.Conflict("task.subtasks", "у поручения есть незавершённые подчинённые")
		}
	}
	t.EndedAt = now(tx)
	return t.MoveTo(core.TaskClosed)
}

// Return sends the result back to the performer.
func (s *Service) Return(tx store.Tx, by core.Acting, ref Ref, reason string) (*core.Task, error) {
	explain := because(tx, by, core.TaskActReturn, reason)
	t, err := s.move(tx, ref, core.TaskReturned, acceptor(by), func(t *core.Task) error {
		t.Returned++
		return explain(t)
	})
	if err != nil {
		return nil, err
	}
	return t, s.tell(tx, by, t, t.Performer, "Поручение «"+t.Title+"» возвращено на доработку")
}

// Cancel calls the task off, and its open subtasks with it.
func (s *Service) Cancel(tx store.Tx, by core.Acting, ref Ref, reason string) (*core.Task, error) {
	explain := because(tx, by, core.TaskActCancel, reason)
	return s.move(tx, ref, core.TaskCancelled, author(by), func(t *core.Task) error {
		t.EndedAt = now(tx)
		if err := explain(t); err != nil {
			return err
		}
		return s.cancelUnder(tx, t.ID)
	})
}

func (s *Service) cancelUnder(tx store.Tx, parent core.TaskID) error {
	for sub, err := range store.Tasks.Find(tx, "parent", string(parent)) {
		if err != nil {
			return err
		}
		if sub.State.Ended() {
			continue // and so has all below it
		}
		if err := sub.MoveTo(core.TaskCancelled); err != nil {
			return err
		}
		sub.EndedAt = now(tx)
		if err := s.save(tx, sub, bus.TaskUpdated); err != nil {
			return err
		}
		if err := s.cancelUnder(tx, sub.ID); err != nil {
			return err
		}
	}
	return nil
}

// Reopen takes up again what has ended: a closed task goes on in work, one that
// was called off is a draft again. A subtask needs a parent that has not ended.
func (s *Service) Reopen(tx store.Tx, by core.Acting, ref Ref, reason string) (*core.Task, error) {
	t, err := get(tx, ref)
	if err != nil {
		return nil, err
	}
	to, may := core.TaskInWork, acceptor(by)
	if t.State == core.TaskCancelled {
		to = core.TaskDraft
	}
	if to == core.TaskDraft || t.Acceptor() == "" {
		may = author(by)
	}
	explain := because(tx, by, core.TaskActReopen, reason)
	return s.move(tx, ref, to, may, func(t *core.Task) error {
		if t.EndedAt == nil {
			return core.Conflict("task.transition", "поручение не завершено")
		}
		t.EndedAt = nil
		t.Reopened++
		if err := parentGoesOn(tx, t); err != nil {
			return err
		}
		return explain(t)
	})
}

func parentGoesOn(tx store.Tx, t *core.Task) error {
	if t.Parent == "" {
		return nil
	}
	parent, err := store.Tasks.Get(tx, string(t.Parent))
	if err != nil {
		return err
	}
	if parent.State.Ended() {
		return core.Conflict("task.parent", "вышестоящее поручение завершено: сначала возобновите его")
	}
	return nil
}

// because demands a reason and keeps it as a comment.
func because(tx store.Tx, by core.Acting, act core.TaskAct, reason string) func(*core.Task) error {
	return func(t *core.Task) error {
		if strings.TrimSpace(reason) == "" {
			return core.Invalid("task.invalid", "reason", "укажите причину")
		}
		return note(tx, by, t.ID, act, reason)
	}
}

func note(tx store.Tx, by core.Acting, id core.TaskID, act core.TaskAct, text string) error {
	return store.TaskComments.Put(tx, &core.TaskComment{
		ID: core.TaskCommentID(core.NewID("tcm", tx.Now())), Task: id, By: by.User, Act: act, Text: strings.TrimSpace(text),
	})
}

// Comment adds a remark of whoever has a part in the task. The task itself does
// not change.
func (s *Service) Comment(tx store.Tx, by core.Acting, id core.TaskID, text string) (*core.TaskComment, error) {
	t, err := store.Tasks.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	if !by.Supervisor && !t.Involves(by.User) {
		return nil, forbidden("комментируют участники поручения")
	}
	c := &core.TaskComment{
		ID: core.TaskCommentID(core.NewID("tcm", tx.Now())), Task: id, By: by.User, Act: core.TaskCommented, Text: strings.TrimSpace(text),
	}
	if c.Text == "" {
		return nil, core.Invalid("task.invalid", "text", "обязательное поле")
	}
	if err := store.TaskComments.Put(tx, c); err != nil {
		return nil, err
	}
	return c, s.Bus.Publish(tx, bus.TaskUpdated, string(id), bus.AboutTask(t))
}

// Assign hands a draft out, or gives what was declined to another performer;
// empty: to the one it names.
func (s *Service) Assign(tx store.Tx, by core.Acting, ref Ref, to core.UserID) (*core.Task, error) {
	t, err := get(tx, ref)
	if err != nil {
		return nil, err
	}
	if err := author(by)(t); err != nil {
		return nil, err
	}
	if t.State != core.TaskDraft && t.State != core.TaskDeclined {
		return nil, core.Conflict("task.transition", "поручение уже дано")
	}
	if to == "" {
		to = t.Performer
	}
	if t.AssignedAt != nil && to != t.Performer { // somebody had it already
		if err := pass(tx, by, t, to, ""); err != nil {
			return nil, err
		}
	}
	give(t, to)
	if err := check(tx, t, false); err != nil {
		return nil, err
	}
	return t, s.handOut(tx, t)
}

// Delegate hands the task on to another performer. The performer may, the
// author and a supervisor.
func (s *Service) Delegate(tx store.Tx, by core.Acting, ref Ref, to core.UserID, reason string) (*core.Task, error) {
	t, err := get(tx, ref)
	if err != nil {
		return nil, err
	}
	if t.Performer != by.User {
		if err := author(by)(t); err != nil {
			return nil, err
		}
	}
	switch t.State {
	case core.TaskAssigned, core.TaskAccepted, core.TaskInWork, core.TaskReturned:
	default:
		return nil, core.Conflict("task.transition", "поручение в состоянии «"+t.State.Title()+"» нельзя перепоручить")
	}
	if to == t.Performer {
		return nil, core.Invalid("task.invalid", "performer", "этот сотрудник уже исполнитель")
	}
	if err := pass(tx, by, t, to, reason); err != nil {
		return nil, err
	}
	if err := checkPeople(tx, t); err != nil {
		return nil, err
	}
	return t, s.handOut(tx, t)
}

// pass makes another the performer and notes the link of the chain.
func pass(tx store.Tx, by core.Acting, t *core.Task, to core.UserID, reason string) error {
	if len(t.Delegations) >= MaxDelegations {
		return core.Conflict("task.delegations", "поручение передавали слишком много раз")
	}
	t.Delegations = append(t.Delegations, core.Delegation{
		At: tx.Now(), By: by.User, From: t.Performer, To: to, Reason: strings.TrimSpace(reason),
	})
	give(t, to)
	return nil
}

// give makes somebody the performer, who is no co-performer then.
func give(t *core.Task, to core.UserID) {
	t.Performer = to
	t.CoPerformers = slices.DeleteFunc(t.CoPerformers, func(u core.UserID) bool { return u == to })
}
