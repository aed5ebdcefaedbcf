package core

import (
	"slices"
	"time"
)

// TaskID is the id of a task.
type TaskID string

// TaskCommentID is the id of a comment on a task.
type TaskCommentID string

// TaskKind is the sort of a task.
type TaskKind string

const (
	TaskAssignment TaskKind = "assignment" // поручение: what was done is accepted by its controller
	TaskPlain      TaskKind = "task"       // задача: over when reported, unless it has a controller
	TaskApproval   TaskKind = "approval"   // согласование: made by a draft's route, over with the visa
	TaskControl    TaskKind = "control"    // контроль: always with a controller and a deadline
)

// TaskState is where a task is in its life.
type TaskState string

const (
	TaskDraft     TaskState = "draft"     // черновик: nobody has it yet
	TaskAssigned  TaskState = "assigned"  // поручено: the performer has not answered yet
	TaskAccepted  TaskState = "accepted"  // принято к исполнению
	TaskDeclined  TaskState = "declined"  // отклонено исполнителем: the author gives it to another
	TaskInWork    TaskState = "in_work"   // в работе
	TaskDone      TaskState = "done"      // исполнено: waits to be accepted
	TaskReturned  TaskState = "returned"  // возвращено на доработку
	TaskClosed    TaskState = "closed"    // закрыто: what was done is accepted
	TaskCancelled TaskState = "cancelled" // отменено
)

// taskNext is the whole life of a task: every transition that exists. Giving it
// to another performer leads back to assigned; one that was called off is a
// draft when it is taken up again.
var taskNext = map[TaskState][]TaskState{
	TaskDraft:     {TaskAssigned, TaskCancelled},
	TaskAssigned:  {TaskAccepted, TaskDeclined, TaskInWork, TaskDone, TaskCancelled},
	TaskAccepted:  {TaskAssigned, TaskInWork, TaskDone, TaskCancelled},
	TaskDeclined:  {TaskAssigned, TaskCancelled},
	TaskInWork:    {TaskAssigned, TaskDone, TaskCancelled},
	TaskDone:      {TaskReturned, TaskClosed, TaskCancelled},
	TaskReturned:  {TaskAssigned, TaskInWork, TaskDone, TaskCancelled},
	TaskClosed:    {TaskInWork},
	TaskCancelled: {TaskDraft},
}

// Ended tells that nobody has to do anything about the task any more.
func (s TaskState) Ended() bool { return s == TaskClosed || s == TaskCancelled }

// TaskStates are all states, in the order of a life.
func TaskStates() []TaskState {
	return []TaskState{
		TaskDraft, TaskAssigned, TaskAccepted, TaskDeclined, TaskInWork, TaskDone, TaskReturned, TaskClosed, TaskCancelled,
	}
}

// Task (задача, поручение) is who must do what by when, under whose control.
type Task struct {
	Meta
	ID           TaskID         `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	Kind         TaskKind       `json:"kind"`
	State        TaskState      `json:"state"`
	Title        string         `json:"title"`
	Text         string         `json:"text,omitempty"`
	Document     DocumentID     `json:"document,omitempty"` // what it is about
	Draft        DraftID        `json:"draft,omitempty"`    // kind approval: what is to be agreed

	Author       UserID   `json:"author"`
	Performer    UserID   `json:"performer,omitempty"` // исполнитель; empty in drafts only
	CoPerformers []UserID `json:"co_performers,omitempty"`
	Controller   UserID   `json:"controller,omitempty"` // контролёр; see Acceptor

	Parent   TaskID    `json:"parent,omitempty"`
	Deadline *Deadline `json:"deadline,omitempty"`
	// BeyondParent: whoever set the deadline knew that it is later than the
	// parent's.
	BeyondParent bool `json:"beyond_parent,omitempty"`

	Result      *TaskResult  `json:"result,omitempty"`
	Delegations []Delegation `json:"delegations,omitempty"` // oldest first

	AssignedAt *time.Time `json:"assigned_at,omitempty"` // to the present performer
	DoneAt     *time.Time `json:"done_at,omitempty"`     // last reported
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Returned   int        `json:"returned,omitempty"` // how often it was not accepted
	Reopened   int        `json:"reopened,omitempty"`
}

// RecordKey implements Record.
func (t *Task) RecordKey() string { return string(t.ID) }

// MoveTo changes the state, or refuses with KindConflict if there is no such
// transition. Moving to the present state is no change and no error.
func (t *Task) MoveTo(next TaskState) error {
	if t.State == next {
		return nil
	}
	if !slices.Contains(taskNext[t.State], next) {
		return Conflict("task.transition", "переход поручения из состояния «"+t.State.Title()+"» в «"+next.Title()+"» невозможен")
	}
	t.State = next
	return nil
}

// Acceptor is who accepts what was done: the controller or, where there is
// none, the author of what is more than a plain task. Empty: nobody, the
// performer's report ends the task.
func (t *Task) Acceptor() UserID {
	switch {
	case t.Controller != "":
		return t.Controller
	case t.Kind == TaskPlain || t.Author == t.Performer:
		return ""
	}
	return t.Author
}

// Performs tells whether the user is among those who do the task.
func (t *Task) Performs(u UserID) bool {
	return t.Performer == u || slices.Contains(t.CoPerformers, u)
}

// Involves tells whether the user has a part in the task.
func (t *Task) Involves(u UserID) bool {
	return t.Author == u || t.Controller == u || t.Performs(u)
}

// Overdue tells whether the term was broken by now. What was reported in time
// and waits to be accepted is not overdue.
func (t *Task) Overdue(now time.Time) bool {
	if t.Deadline == nil || t.State == TaskDraft || t.State.Ended() {
		return false
	}
	if t.State == TaskDone && t.DoneAt != nil {
		now = *t.DoneAt
	}
	return t.Deadline.Over(now)
}

// TaskResult is what the performer reported.
type TaskResult struct {
	Text  string       `json:"text,omitempty"`
	Files []Attachment `json:"files,omitempty"`
	At    time.Time    `json:"at"`
	By    UserID       `json:"by"`
}

// Delegation (перепоручение) is one link of the chain of performers.
type Delegation struct {
	At     time.Time `json:"at"`
	By     UserID    `json:"by"`
	From   UserID    `json:"from"`
	To     UserID    `json:"to"`
	Reason string    `json:"reason,omitempty"`
}

// TaskAct is what was done to a task with the words of a comment.
type TaskAct string

const (
	TaskCommented  TaskAct = "comment" // nothing else
	TaskActDecline TaskAct = "decline"
	TaskActClose   TaskAct = "close"
	TaskActReturn  TaskAct = "return"
	TaskActCancel  TaskAct = "cancel"
	TaskActReopen  TaskAct = "reopen"
)

// TaskComment is a remark on a task: a person's own, or the reason of what was
// done to it. It is written once.
type TaskComment struct {
	Meta
	ID   TaskCommentID `json:"id"`
	Task TaskID        `json:"task"`
	By   UserID        `json:"by"`
	Act  TaskAct       `json:"act"`
	Text string        `json:"text"`
}

// RecordKey implements Record.
func (c *TaskComment) RecordKey() string { return string(c.ID) }

// Acting is who does something to a task or a draft.
type Acting struct {
	User UserID
	// Supervisor may stand in for authors, controllers and performers, but
	// neither accepts work nor agrees in another's name.
	Supervisor bool
}
