package task

import (
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Edit changes what a task says; nil leaves it as it is.
type Edit struct {
	Title, Text  *string
	CoPerformers *[]core.UserID
	Controller   *core.UserID
	Deadline     *core.Deadline // moves the term; then Reason says why
	BeyondParent *bool
	Reason       string
}

// Update edits a task that has not ended. Its author may, its controller and a
// supervisor.
func (s *Service) Update(tx store.Tx, by core.Acting, ref Ref, e Edit) (*core.Task, error) {
	t, err := get(tx, ref)
	if err != nil {
		return nil, err
	}
	if t.Controller != by.User || by.User == "" {
		if err := author(by)(t); err != nil {
			return nil, err
		}
	}
	if t.State.Ended() {
		return nil, core.Conflict("task.ended", "завершённое поручение не меняется")
	}
	if e.Controller != nil && *e.Controller != t.Controller && t.State == core.TaskDone {
		return nil, core.Conflict("task.controller", "контролёр не меняется, пока он принимает работу")
	}
	e.apply(t)
	if err := s.moveDeadline(tx, by, t, e); err != nil {
		return nil, err
	}
	if err := checkEdited(tx, t, e); err != nil {
		return nil, err
	}
	return t, s.save(tx, t, bus.TaskUpdated)
}

func (e *Edit) apply(t *core.Task) {
	if e.Title != nil {
		t.Title = strings.TrimSpace(*e.Title)
	}
	if e.Text != nil {
		t.Text = *e.Text
	}
	if e.CoPerformers != nil {
		t.CoPerformers = *e.CoPerformers
	}
	if e.Controller != nil {
		t.Controller = *e.Controller
	}
	if e.BeyondParent != nil {
		t.BeyondParent = *e.BeyondParent
	}
}

// moveDeadline sets the term of a task that has none, or extends (or shortens)
// it, telling who did and why. What was warned of or broken begins anew.
func (s *Service) moveDeadline(tx store.Tx, by core.Acting, t *core.Task, e Edit) error {
	if e.Deadline == nil {
		return nil
	}
	if t.Deadline == nil || t.State == core.TaskDraft {
		t.Deadline = e.Deadline
		return nil
	}
	if strings.TrimSpace(e.Reason) == "" {
		return core.Invalid("task.invalid", "reason", "укажите причину переноса срока")
	}
	moved := *t.Deadline
	t.Deadline = &moved
	return s.Calendar.Move(tx, t.Organization, &moved, by.User, e.Deadline.DueAt, strings.TrimSpace(e.Reason))
}

// checkEdited proves what was changed sound. A term that has passed does not
// keep anyone from mending the title.
func checkEdited(tx store.Tx, t *core.Task, e Edit) error {
	c := checking(tx)
	if t.Title == "" {
		c.Add("title", "обязательное поле")
	}
	if e.Controller != nil || e.CoPerformers != nil {
		c.others(t)
	}
	c.control(t, t.State == core.TaskDraft)
	if e.Deadline != nil || e.BeyondParent != nil {
		c.deadline(t)
	}
	if err := c.result(); err != nil {
		return err
	}
	return deadlinesUnder(tx, t)
}

// deadlinesUnder refuses a term before that of a subtask which does not say
// that it may be later.
func deadlinesUnder(tx store.Tx, t *core.Task) error {
	if t.Deadline == nil {
		return nil
	}
	for sub, err := range store.Tasks.Find(tx, "parent", string(t.ID)) {
		if err != nil {
			return err
		}
		if !sub.State.Ended() && !sub.BeyondParent && sub.Deadline != nil && sub.Deadline.DueAt.After(t.Deadline.DueAt) {
			return core.Conflict("task.subtask_deadline", "срок раньше срока открытого подчинённого поручения: сначала измените его срок")
		}
	}
	return nil
}
