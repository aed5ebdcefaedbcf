package rest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

func taskRoutes() []*route {
	const one = v1 + "/tasks/{id}"
	return []*route{
		{name: "tasks.list", method: get, path: v1 + "/tasks", op: access.ReadTasks, serve: (*Server).listTasks},
		{name: "tasks.create", method: post, path: v1 + "/tasks", op: access.WriteTasks, serve: (*Server).createTask},
		{name: "tasks.get", method: get, path: one, op: access.ReadTasks, serve: (*Server).getTask},
		{name: "tasks.update", method: patch, path: one, op: access.WriteTasks, serve: (*Server).updateTask},
		{name: "tasks.history", method: get, path: one + "/history", op: access.ReadTasks, serve: (*Server).taskHistory},
		{name: "tasks.file", method: get, path: one + "/files/{hash}", op: access.ReadTasks, serve: (*Server).getTaskFile, streams: true},
		{name: "tasks.comments", method: get, path: one + "/comments", op: access.ReadTasks, serve: (*Server).listTaskComments},
		{name: "tasks.comment", method: post, path: one + "/comments", op: access.WriteTasks, serve: (*Server).commentTask},
		{name: "tasks.assign", method: post, path: one + "/assign", op: access.WriteTasks, serve: (*Server).assignTask},
		{name: "tasks.accept", method: post, path: one + "/accept", op: access.WriteTasks, serve: (*Server).acceptTask},
		{name: "tasks.decline", method: post, path: one + "/decline", op: access.WriteTasks, serve: (*Server).declineTask},
		{name: "tasks.start", method: post, path: one + "/start", op: access.WriteTasks, serve: (*Server).startTask},
		{name: "tasks.delegate", method: post, path: one + "/delegate", op: access.WriteTasks, serve: (*Server).delegateTask},
		{name: "tasks.done", method: post, path: one + "/done", op: access.WriteTasks, serve: (*Server).reportTask, streams: true},
		{name: "tasks.close", method: post, path: one + "/close", op: access.WriteTasks, serve: (*Server).closeTask},
		{name: "tasks.return", method: post, path: one + "/return", op: access.WriteTasks, serve: (*Server).returnTask},
		{name: "tasks.cancel", method: post, path: one + "/cancel", op: access.WriteTasks, serve: (*Server).cancelTask},
		{name: "tasks.reopen", method: post, path: one + "/reopen", op: access.WriteTasks, serve: (*Server).reopenTask},
	}
}

// acting is the caller as tasks and drafts know him.
func (c *call) acting() core.Acting {
	return core.Acting{User: c.who.User.ID, Supervisor: c.who.Can(access.SuperviseTasks)}
}

var taskKinds = []core.TaskKind{core.TaskAssignment, core.TaskPlain, core.TaskControl, core.TaskApproval}

const (
	mine       = "mine"
	byMe       = "by_me"
	controlled = "controlled"
)

func (s *Server) listTasks(c *call) (answer, error) {
	wanted, err := taskQuery(c, s.Now())
	if err != nil {
		return answer{}, err
	}
	var got store.Page[core.Task]
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		if scope, filter := c.who.Scope(), wanted.Filter; !scope.Everything() {
			wanted.Filter = func(tx store.Tx, t *core.Task) bool { return scope.Task(tx, t) && (filter == nil || filter(tx, t)) }
		}
		got, err = store.Tasks.List(tx, wanted)
		return err
	})
	return ok(page[*core.Task]{items(got.Items, itself), got.Next}), err
}

func taskQuery(c *call, now time.Time) (store.Query[core.Task], error) {
	q := c.query()
	wanted := paged[core.Task](q)
	wanted.Desc = true
	me := string(c.who.User.ID)
	switch enum(q, "view", []string{mine, byMe, controlled}) {
	case mine:
		where(&wanted, "performer", me)
	case byMe:
		where(&wanted, "author", me)
	case controlled:
		where(&wanted, "controller", me)
	}
	for _, name := range []string{"performer", "author", "controller", "document", "draft", "parent"} {
		where(&wanted, name, q.text(name))
	}
	where(&wanted, "kind", string(enum(q, "kind", taskKinds)))
	where(&wanted, "state", string(enum(q, "state", core.TaskStates())))
	if q.flag("open") {
		where(&wanted, "open", store.TaskOpen)
	}
	overdue, before := q.flag("overdue"), q.day("due_before", 0)
	if overdue || !before.IsZero() {
		where(&wanted, "open", store.TaskDated)
		wanted.Filter = func(_ store.Tx, t *core.Task) bool {
			return (!overdue || t.Overdue(now)) && (before.IsZero() || t.Deadline.DueAt.Before(before))
		}
	}
	between(&wanted, "tsk", q.day("from", 0), q.day("to", 1))
	return wanted, q.err()
}

// task reads the task of the call, if the caller sees it.
func (c *call) task(tx store.Tx) (*core.Task, error) {
	t, err := store.Tasks.Get(tx, c.param("id"))
	if err == nil && !c.who.Scope().Task(tx, t) {
		return nil, core.NoRecord("tasks")
	}
	return t, err
}

// TaskCard is a task with what belongs to it.
type TaskCard struct {
	Task     *core.Task          `json:"task"`
	Overdue  bool                `json:"overdue"`
	Parent   *core.Task          `json:"parent,omitempty"`
	Subtasks []*core.Task        `json:"subtasks"`
	Comments []*core.TaskComment `json:"comments"`
}

func (s *Server) getTask(c *call) (answer, error) {
	var card TaskCard
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		card, err = c.taskCard(tx)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(card, card.Task.Version), nil
}

func (c *call) taskCard(tx store.Tx) (card TaskCard, err error) {
	card = TaskCard{Subtasks: []*core.Task{}}
	if card.Task, err = c.task(tx); err != nil {
		return card, err
	}
	card.Overdue = card.Task.Overdue(tx.Now())
	if card.Task.Parent != "" {
		if card.Parent, err = store.Tasks.GetAny(tx, string(card.Task.Parent)); err != nil {
			return card, err
		}
	}
	for sub, err := range store.Tasks.Find(tx, "parent", c.param("id")) {
		if err != nil {
			return card, err
		}
		card.Subtasks = append(card.Subtasks, sub)
	}
	last, err := store.TaskComments.List(tx, store.Query[core.TaskComment]{Where: []store.Term{{Index: "task", Value: c.param("id")}}, Desc: true})
	slices.Reverse(last.Items)
	card.Comments = items(last.Items, itself)
	return card, err
}

func (s *Server) taskHistory(c *call) (answer, error) {
	if err := s.seesTaskOfCall(c); err != nil {
		return answer{}, err
	}
	return history(s, c, store.Tasks)
}

func (s *Server) seesTaskOfCall(c *call) error {
	return s.Store.View(c.ctx(), func(tx store.Tx) error {
		_, err := c.task(tx)
		return err
	})
}

func (s *Server) getTaskFile(c *call) (answer, error) {
	var t *core.Task
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		t, err = c.task(tx)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	var files []core.Attachment
	if t.Result != nil {
		files = t.Result.Files
	}
	return s.sendOneOf(c, files)
}

// sendOneOf sends the file the call names, if it is among those.
func (s *Server) sendOneOf(c *call, files []core.Attachment) (answer, error) {
	q := c.query()
	name, inline := q.text("name"), q.flag("inline")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	file, err := fileOf(&core.Document{Files: files}, c.param("hash"), name)
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.sendFile(c, file, inline)
}

// TaskInput is a task to be made.
type TaskInput struct {
	Organization core.OrganizationID `json:"organization"`
	Kind         core.TaskKind       `json:"kind"`
	Title        string              `json:"title"`
	Text         string              `json:"text"`
	Document     core.DocumentID     `json:"document"`
	Performer    core.UserID         `json:"performer"`
	CoPerformers []core.UserID       `json:"co_performers"`
	Controller   core.UserID         `json:"controller"`
	Parent       core.TaskID         `json:"parent"`
	DueAt        *time.Time          `json:"due_at"`
	DueBasis     string              `json:"due_basis"`
	Term         *core.Term          `json:"term"`
	BeyondParent bool                `json:"beyond_parent"`
	Draft        bool                `json:"draft"`
}

const maxTaskText = 100_000

func (in *TaskInput) check() error {
	in.Title = strings.TrimSpace(in.Title)
	var f faults
	choose(&f, "kind", in.Kind, taskKinds[:3]) // approvals are made by drafts
	f.need("title", in.Title, 1000)
	f.short("text", in.Text, maxTaskText)
	f.short("due_basis", in.DueBasis, 1000)
	checkDue(&f, "", in.DueAt, in.Term)
	if len(in.CoPerformers) > 50 {
		f.add("co_performers", textTooMany)
	}
	return f.err("request.body")
}

func (s *Server) newTask(tx store.Tx, in *TaskInput) (task.New, error) {
	n := task.New{
		Organization: in.Organization, Kind: in.Kind, Title: in.Title, Text: in.Text, Document: in.Document, Performer: in.Performer,
		CoPerformers: in.CoPerformers, Controller: in.Controller, Parent: in.Parent, BeyondParent: in.BeyondParent, Draft: in.Draft,
	}
	var err error
	n.Deadline, err = s.Tasks.Due(tx, in.organization(tx), in.DueAt, in.Term, cmp.Or(in.DueBasis, basisByHand))
	return n, err
}

func (s *Server) createTask(c *call) (answer, error) {
	var in TaskInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if err := c.within(in.Organization); err != nil {
			return answer{}, err
		}
		if err := c.seesAbout(tx, "document", in.Document); err != nil {
			return answer{}, err
		}
		n, err := s.newTask(tx, &in)
		if err != nil {
			return answer{}, err
		}
		t, err := s.Tasks.Create(tx, c.acting(), n)
		if err != nil {
			return answer{}, err
		}
		c.object = "tasks/" + string(t.ID)
		return created(v1+"/"+c.object, t, t.Version), nil
	})
}

// seesAbout refuses what is about a document the caller does not see.
func (c *call) seesAbout(tx store.Tx, field string, id core.DocumentID) error {
	if id == "" {
		return nil
	}
	_, err := c.who.Scope().Read(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("request.body", field, textNotFound)
	}
	return err
}

// TaskPatch changes what a task says.
type TaskPatch struct {
	Title        optional[string]        `json:"title"`
	Text         optional[string]        `json:"text"`
	CoPerformers optional[[]core.UserID] `json:"co_performers"`
	Controller   optional[core.UserID]   `json:"controller"`
	DueAt        *time.Time              `json:"due_at"`
	DueBasis     string                  `json:"due_basis"`
	Term         *core.Term              `json:"term"`
	BeyondParent *bool                   `json:"beyond_parent"`
	Reason       string                  `json:"reason"`
}

func (p *TaskPatch) check() error {
	var f faults
	if p.Title.Set {
		f.need("title", strings.TrimSpace(p.Title.or("")), 1000)
	}
	f.short("text", p.Text.or(""), maxTaskText)
	f.short("due_basis", p.DueBasis, 1000)
	checkDue(&f, "", p.DueAt, p.Term)
	f.short("reason", p.Reason, 10_000)
	if len(p.CoPerformers.or(nil)) > 50 {
		f.add("co_performers", textTooMany)
	}
	return f.err("request.body")
}

// given is nil for what was left out; null is the empty value.
func given[T any](o optional[T]) *T {
	if !o.Set {
		return nil
	}
	var none T
	v := o.or(none)
	return &v
}

func (p *TaskPatch) edit() task.Edit {
	return task.Edit{
		Title: given(p.Title), Text: given(p.Text), CoPerformers: given(p.CoPerformers), Controller: given(p.Controller),
		BeyondParent: p.BeyondParent, Reason: p.Reason,
	}
}

func (s *Server) updateTask(c *call) (answer, error) {
	var in TaskPatch
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.changeTask(c, func(tx store.Tx, by core.Acting, ref task.Ref) (*core.Task, error) {
		t, err := store.Tasks.Get(tx, string(ref.ID))
		if err != nil {
			return nil, err
		}
		edit := in.edit()
		if edit.Deadline, err = s.Tasks.Due(tx, t.Organization, in.DueAt, in.Term, cmp.Or(in.DueBasis, basisByHand)); err != nil {
			return nil, err
		}
		return s.Tasks.Update(tx, by, ref, edit)
	})
}

// changeTask changes the task of the call, if it still has the version.
func (s *Server) changeTask(c *call, do func(store.Tx, core.Acting, task.Ref) (*core.Task, error)) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var t *core.Task
	err = s.write(c, func(tx store.Tx) (err error) {
		if _, err = c.task(tx); err != nil {
			return err
		}
		t, err = do(tx, c.acting(), task.Ref{ID: core.TaskID(c.param("id")), Version: version})
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(t, t.Version), nil
}
