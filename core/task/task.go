// Package task is who must do what by when: assignments are handed out,
// accepted, delegated, split into subtasks, reported, accepted by their
// controller or returned. Each operation checks who may do it, refuses with
// KindForbidden or KindConflict, and commits with its event.
//
// It writes task.assigned and task.updated.
package task

import (
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Service owns the tasks. It has no state of its own.
type Service struct {
	Bus bus.Publisher
	// Origin hears who works on a document; nil: nobody is told.
	Origin   Origin
	Calendar Calendar
}

// Calendar counts terms by the calendar of an organisation; schedule.Offices
// does.
type Calendar interface {
	// Deadline counts a term from start; basis is why, for people.
	Deadline(tx store.Tx, org core.OrganizationID, start time.Time, term core.Term, basis string) (*core.Deadline, error)
	// ByHand is the deadline of somebody who named a moment.
	ByHand(tx store.Tx, org core.OrganizationID, due time.Time, basis string) (*core.Deadline, error)
	// Move puts a deadline to another moment and notes who did and why.
	Move(tx store.Tx, org core.OrganizationID, d *core.Deadline, by core.UserID, to time.Time, reason string) error
}

// Due is the deadline of who says by when something is to be done: at a moment,
// or after a term that begins now; nil if he says neither. KindInvalid for a
// term that cannot be counted.
func (s *Service) Due(tx store.Tx, org core.OrganizationID, at *time.Time, term *core.Term, basis string) (*core.Deadline, error) {
	switch {
	case at != nil:
		return s.Calendar.ByHand(tx, org, *at, basis)
	case term != nil:
		return s.Calendar.Deadline(tx, org, tx.Now(), *term, basis)
	}
	return nil, nil
}

// Origin tells the channel a document came through who works on it and until
// when (nil: by the term of the document), if the channel can carry that;
// outgoing.Service does.
type Origin interface {
	ReportPerformer(tx store.Tx, doc *core.Document, performer core.Correspondent, due *time.Time) error
}

// Bounds of a tree of tasks, so that what concerns a whole one fits in a
// transaction.
const (
	MaxDepth       = 5   // of subtasks of subtasks
	MaxSubtasks    = 100 // of one task
	MaxDelegations = 20
)

// New is a task to be made.
type New struct {
	Organization core.OrganizationID // empty: the parent's or the document's
	Kind         core.TaskKind       // not approval: drafts ask for those
	Title, Text  string
	Document     core.DocumentID // empty: the parent's
	Performer    core.UserID     // may be empty for a draft
	CoPerformers []core.UserID
	Controller   core.UserID
	Parent       core.TaskID
	Deadline     *core.Deadline // nil: the parent's
	BeyondParent bool           // the deadline may be later than the parent's
	Draft        bool           // keep it; Assign hands it out
}

// Create makes a task and hands it out, unless it is to be kept as a draft.
// Subtasks are made by whoever has a part in the parent.
func (s *Service) Create(tx store.Tx, by core.Acting, n New) (*core.Task, error) {
	t := &core.Task{
		ID: core.TaskID(core.NewID("tsk", tx.Now())), Organization: n.Organization, Kind: n.Kind, State: core.TaskDraft,
		Title: strings.TrimSpace(n.Title), Text: n.Text, Document: n.Document, Author: by.User, Performer: n.Performer,
		CoPerformers: n.CoPerformers, Controller: n.Controller, Parent: n.Parent, Deadline: n.Deadline, BeyondParent: n.BeyondParent,
	}
	if err := underParent(tx, by, t); err != nil {
		return nil, err
	}
	if err := check(tx, t, n.Draft); err != nil {
		return nil, err
	}
	if n.Draft {
		return t, s.save(tx, t, bus.TaskUpdated)
	}
	return t, s.handOut(tx, t)
}

// underParent checks that the task may be made a part of its parent, and takes
// over what it does not say itself.
func underParent(tx store.Tx, by core.Acting, t *core.Task) error {
	if t.Parent == "" {
		return nil
	}
	parent, err := store.Tasks.Get(tx, string(t.Parent))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("task.invalid", "parent", "такого поручения нет")
	}
	if err != nil {
		return err
	}
	if !by.Supervisor && !parent.Involves(by.User) {
		return forbidden("подчинённое поручение создают участники поручения")
	}
	if parent.State.Ended() || parent.State == core.TaskDone || parent.Kind == core.TaskApproval {
		return core.Conflict("task.parent", "у этого поручения больше не может быть подчинённых")
	}
	inherit(t, parent)
	return roomUnder(tx, parent)
}

func inherit(t, parent *core.Task) {
	if t.Document == "" {
		t.Document = parent.Document
	}
	if t.Organization == "" {
		t.Organization = parent.Organization
	}
	if t.Deadline == nil && parent.Deadline != nil {
		own := *parent.Deadline
		own.Pauses, own.Extensions, own.WarnedAt, own.BrokenAt = nil, nil, nil, nil
		t.Deadline = &own
	}
}

// roomUnder refuses trees that are too deep or too wide.
func roomUnder(tx store.Tx, parent *core.Task) error {
	n := 0
	for range store.Tasks.FindKeys(tx, "parent", string(parent.ID)) {
		n++
	}
	if n >= MaxSubtasks {
		return core.Conflict("task.subtasks_limit", "у поручения слишком много подчинённых")
	}
	for depth := 1; parent.Parent != ""; depth++ {
		if depth == MaxDepth {
			return core.Conflict("task.depth", "слишком много уровней подчинённых поручений")
		}
		var err error
		if parent, err = store.Tasks.Get(tx, string(parent.Parent)); err != nil {
			return err
		}
	}
	return nil
}

// save writes the task with its event.
func (s *Service) save(tx store.Tx, t *core.Task, topic bus.Topic) error {
	if err := store.Tasks.Put(tx, t); err != nil {
		return err
	}
	return s.Bus.Publish(tx, topic, string(t.ID), bus.AboutTask(t))
}

// handOut gives the task to its performer.
func (s *Service) handOut(tx store.Tx, t *core.Task) error {
	if err := t.MoveTo(core.TaskAssigned); err != nil {
		return err
	}
	t.AssignedAt = now(tx)
	if err := s.save(tx, t, bus.TaskAssigned); err != nil {
		return err
	}
	return s.report(tx, t)
}

// report tells the origin of the document who works on it. What is split off,
// agreed or only watched says nothing about that.
func (s *Service) report(tx store.Tx, t *core.Task) error {
	if t.Document == "" || t.Parent != "" || t.Kind != core.TaskAssignment && t.Kind != core.TaskPlain {
		return nil
	}
	doc, err := store.Documents.Get(tx, string(t.Document))
	if core.KindOf(err) == core.KindNotFound {
		return nil // deleted since: there is nothing to report on
	}
	if err != nil {
		return err
	}
	if err := s.intoWork(tx, doc); err != nil {
		return err
	}
	performer, err := store.Users.Get(tx, string(t.Performer))
	if err != nil || s.Origin == nil {
		return err
	}
	var due *time.Time
	if t.Deadline != nil {
		due = &t.Deadline.DueAt
	}
	return s.Origin.ReportPerformer(tx, doc, core.Correspondent{Kind: core.PartyPerson, Name: performer.Name}, due)
}

// intoWork moves the document on that somebody works on now. An appeal has a
// life of its own, which its operator leads.
func (s *Service) intoWork(tx store.Tx, doc *core.Document) error {
	if doc.Direction != core.Incoming || doc.State != core.DocumentRegistered || doc.Appeal != nil {
		return nil
	}
	if err := doc.MoveTo(core.DocumentInWork); err != nil {
		return err
	}
	if err := store.Documents.Put(tx, doc); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.DocumentUpdated, string(doc.ID), bus.AboutDocument(doc))
}

func now(tx store.Tx) *time.Time {
	at := tx.Now()
	return &at
}

func forbidden(text string) error {
	return &core.Error{Kind: core.KindForbidden, Code: "task.forbidden", Text: text}
}
