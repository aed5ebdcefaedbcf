package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

// ReasonInput says why.
type ReasonInput struct {
	Reason string `json:"reason"`
}

// PerformerInput names who is to do it.
type PerformerInput struct {
	Performer core.UserID `json:"performer"`
	Reason    string      `json:"reason"`
}

// TaskResultInput is what was done; files come with it.
type TaskResultInput struct {
	Text string `json:"text"`
}

// CommentInput is a remark.
type CommentInput struct {
	Text string `json:"text"`
}

func checkShort(field, text string) error {
	var f faults
	f.short(field, text, 10_000)
	return f.err("request.body")
}

// because decodes a reason and changes the task.
func (s *Server) because(c *call, do func(store.Tx, core.Acting, task.Ref, string) (*core.Task, error)) (answer, error) {
	var in ReasonInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := checkShort("reason", in.Reason); err != nil {
		return answer{}, err
	}
	return s.changeTask(c, func(tx store.Tx, by core.Acting, ref task.Ref) (*core.Task, error) { return do(tx, by, ref, in.Reason) })
}

func (s *Server) acceptTask(c *call) (answer, error)  { return s.changeTask(c, s.Tasks.Accept) }
func (s *Server) startTask(c *call) (answer, error)   { return s.changeTask(c, s.Tasks.Start) }
func (s *Server) declineTask(c *call) (answer, error) { return s.because(c, s.Tasks.Decline) }
func (s *Server) closeTask(c *call) (answer, error)   { return s.because(c, s.Tasks.Close) }
func (s *Server) returnTask(c *call) (answer, error)  { return s.because(c, s.Tasks.Return) }
func (s *Server) cancelTask(c *call) (answer, error)  { return s.because(c, s.Tasks.Cancel) }
func (s *Server) reopenTask(c *call) (answer, error)  { return s.because(c, s.Tasks.Reopen) }

func (s *Server) assignTask(c *call) (answer, error) {
	return s.handTask(c, func(tx store.Tx, by core.Acting, ref task.Ref, in PerformerInput) (*core.Task, error) {
		return s.Tasks.Assign(tx, by, ref, in.Performer)
	})
}

func (s *Server) delegateTask(c *call) (answer, error) {
	return s.handTask(c, func(tx store.Tx, by core.Acting, ref task.Ref, in PerformerInput) (*core.Task, error) {
		return s.Tasks.Delegate(tx, by, ref, in.Performer, in.Reason)
	})
}

func (s *Server) handTask(c *call, do func(store.Tx, core.Acting, task.Ref, PerformerInput) (*core.Task, error)) (answer, error) {
	var in PerformerInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := checkShort("reason", in.Reason); err != nil {
		return answer{}, err
	}
	return s.changeTask(c, func(tx store.Tx, by core.Acting, ref task.Ref) (*core.Task, error) { return do(tx, by, ref, in) })
}

func (s *Server) reportTask(c *call) (answer, error) {
	var in TaskResultInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	var f faults
	f.short("text", in.Text, maxTaskText)
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	return s.changeTask(c, func(tx store.Tx, by core.Acting, ref task.Ref) (*core.Task, error) {
		return s.Tasks.Report(tx, by, ref, in.Text, files)
	})
}

func (s *Server) listTaskComments(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.TaskComment](q)
	where(&wanted, "task", c.param("id"))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.TaskComment]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if _, err = c.task(tx); err != nil {
			return err
		}
		got, err = store.TaskComments.List(tx, wanted)
		return err
	})
	return ok(page[*core.TaskComment]{items(got.Items, itself), got.Next}), err
}

func (s *Server) commentTask(c *call) (answer, error) {
	var in CommentInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := checkShort("text", in.Text); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if _, err := c.task(tx); err != nil {
			return answer{}, err
		}
		comment, err := s.Tasks.Comment(tx, c.acting(), core.TaskID(c.param("id")), in.Text)
		if err != nil {
			return answer{}, err
		}
		return created(v1+"/tasks/"+c.param("id")+"/comments", comment, comment.Version), nil
	})
}
