package task

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Tasks of kind approval belong to the route of a draft: it asks, and it tells
// what became of them. People work on the draft.

// Ask gives an approver of the draft a task.
func (s *Service) Ask(tx store.Tx, d *core.Draft, approver core.UserID) (core.TaskID, error) {
	t := &core.Task{
		ID: core.TaskID(core.NewID("tsk", tx.Now())), Organization: d.Organization, Kind: core.TaskApproval, State: core.TaskDraft,
		Title: "Согласовать: " + d.Subject, Document: d.InReplyTo, Draft: d.ID, Author: d.Author, Performer: approver,
	}
	var err error
	if t.Deadline, err = s.Due(tx, d.Organization, d.Route.DueAt, d.Route.Term, "срок согласования"); err != nil {
		return "", err
	}
	return t.ID, s.handOut(tx, t)
}

// Answered ends an approver's task with his visa.
func (s *Service) Answered(tx store.Tx, id core.TaskID, v core.Visa) error {
	return s.settle(tx, id, core.TaskDone, func(t *core.Task) error {
		t.DoneAt = &v.At
		t.Result = &core.TaskResult{Text: v.Remarks, At: v.At, By: v.By}
		if v.Signature != nil {
			t.Result.Files = []core.Attachment{*v.Signature}
		}
		return t.MoveTo(core.TaskClosed)
	})
}

// Withdrawn calls an approver's task off.
func (s *Service) Withdrawn(tx store.Tx, id core.TaskID) error {
	return s.settle(tx, id, core.TaskCancelled, func(*core.Task) error { return nil })
}

func (s *Service) settle(tx store.Tx, id core.TaskID, to core.TaskState, also func(*core.Task) error) error {
	t, err := store.Tasks.Get(tx, string(id))
	if err != nil {
		return err
	}
	if err := t.MoveTo(to); err != nil {
		return err
	}
	t.EndedAt = now(tx)
	if err := also(t); err != nil {
		return err
	}
	return s.save(tx, t, bus.TaskUpdated)
}
