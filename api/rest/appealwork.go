package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

// What people do with appeals at the desk, in one transaction each.

func (c *call) appeal() core.DocumentID { return core.DocumentID(c.param("id")) }

// changeAppeal works on the appeal of the call, if it still has the version.
func (s *Server) changeAppeal(c *call, do func(store.Tx, appeal.Ref) (*core.Document, error)) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return s.doAppeal(c, appeal.Ref{ID: c.appeal(), Version: version}, do)
}

func (s *Server) doAppeal(c *call, ref appeal.Ref, do func(store.Tx, appeal.Ref) (*core.Document, error)) (answer, error) {
	var d *core.Document
	err := s.write(c, func(tx store.Tx) (err error) {
		if _, err = c.who.Scope().Read(tx, string(ref.ID)); err != nil {
			return err
		}
		d, err = do(tx, ref)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(s.shown(d), d.Version), nil
}

func (s *Server) openAppeal(c *call) (answer, error) {
	return s.doAppeal(c, appeal.Ref{ID: c.appeal()}, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		d, err := store.Documents.Get(tx, string(ref.ID))
		if err != nil {
			return nil, err
		}
		return s.Appeals.Ensure(tx, d)
	})
}

func (s *Server) takeAppeal(c *call) (answer, error) {
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Take(tx, ref, c.who.User.ID)
	})
}

// PlanInput is when an appeal is taken up again.
type PlanInput struct {
	PlannedAt *time.Time `json:"planned_at"`
}

func (s *Server) planAppeal(c *call) (answer, error) {
	var in PlanInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.PlannedAt == nil {
		return answer{}, core.Invalid("request.body", "planned_at", textRequired)
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Plan(tx, ref, *in.PlannedAt)
	})
}

// TransferInput names a line, an operator, or both.
type TransferInput struct {
	Line     core.EntryID `json:"line"`
	Operator core.UserID  `json:"operator"`
}

func (s *Server) transferAppeal(c *call) (answer, error) {
	var in TransferInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Transfer(tx, ref, in.Line, in.Operator)
	})
}

// ForwardInput names the channels of other systems.
type ForwardInput struct {
	To []core.ChannelID `json:"to"`
}

func (s *Server) forwardAppeal(c *call) (answer, error) {
	var in ForwardInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Forward(tx, ref, in.To)
	})
}

// ResultInput is how an appeal is closed. What is left out comes from the
// template; notify left out is the way the appeal has.
type ResultInput struct {
	Template core.EntryID    `json:"template"`
	Text     string          `json:"text"`
	Works    []string        `json:"works"`
	Notify   *core.NotifyWay `json:"notify"`
}

func (in ResultInput) result() appeal.Result { return appeal.Result(in) }

func (s *Server) closeAppeal(c *call) (answer, error) {
	var in ResultInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Close(tx, ref, in.result())
	})
}

// RejectInput is why an appeal is rejected.
type RejectInput struct {
	Reason string          `json:"reason"`
	Notify *core.NotifyWay `json:"notify"`
}

func (s *Server) rejectAppeal(c *call) (answer, error) {
	var in RejectInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Reject(tx, ref, in.Reason, in.Notify)
	})
}

func (s *Server) reopenAppeal(c *call) (answer, error) { return s.changeAppeal(c, s.Appeals.Reopen) }

func (s *Server) calledAppeal(c *call) (answer, error) { return s.changeAppeal(c, s.Appeals.Called) }

func (s *Server) unmergeAppeal(c *call) (answer, error) { return s.changeAppeal(c, s.Appeals.Unmerge) }

// RatingInput is the applicant's own word, whatever changed meanwhile.
type RatingInput struct {
	Score   int    `json:"score"`
	Comment string `json:"comment"`
}

func (s *Server) rateAppeal(c *call) (answer, error) {
	var in RatingInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.doAppeal(c, appeal.Ref{ID: c.appeal()}, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		return s.Appeals.Rate(tx, ref, in.Score, in.Comment)
	})
}

// MergeInput names the appeal to work on instead.
type MergeInput struct {
	Into core.DocumentID `json:"into"`
}

func (s *Server) mergeAppeal(c *call) (answer, error) {
	var in MergeInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeAppeal(c, func(tx store.Tx, ref appeal.Ref) (*core.Document, error) {
		if _, err := c.who.Scope().Read(tx, string(in.Into)); err != nil {
			return nil, err
		}
		return s.Appeals.Merge(tx, ref, in.Into)
	})
}

// QuestionInput is another matter of the same applicant.
type QuestionInput struct {
	Subject     string            `json:"subject"`
	Text        string            `json:"text"`
	Description string            `json:"description"`
	ReasonGroup core.EntryID      `json:"reason_group"`
	Reason      core.EntryID      `json:"reason"`
	Extra       map[string]string `json:"extra"`
	Journal     core.JournalID    `json:"journal"`
}

// OtherInput closes an appeal and opens the next.
type OtherInput struct {
	Result   ResultInput   `json:"result"`
	Question QuestionInput `json:"question"`
}

// AppealPair is an appeal and the one opened beside it.
type AppealPair struct {
	First *core.Document `json:"first"`
	Next  *core.Document `json:"next"`
}

func (s *Server) otherAppeal(c *call) (answer, error) {
	var in OtherInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Question.Subject == "" {
		return answer{}, core.Invalid("request.body", "question.subject", textRequired)
	}
	return s.pair(c, in, func(tx store.Tx, ref appeal.Ref) (*core.Document, *core.Document, error) {
		if err := c.mayGive(tx, "question.reason", in.Question.Reason, ""); err != nil {
			return nil, nil, err
		}
		return s.Appeals.Other(tx, ref, in.Result.result(), appeal.Question(in.Question))
	})
}

func (s *Server) splitAppeal(c *call) (answer, error) {
	var in QuestionInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.pair(c, in, func(tx store.Tx, ref appeal.Ref) (*core.Document, *core.Document, error) {
		if err := c.mayGive(tx, "reason", in.Reason, ""); err != nil {
			return nil, nil, err
		}
		return s.Appeals.Split(tx, ref, appeal.Question(in))
	})
}

func (s *Server) pair(c *call, in any, do func(store.Tx, appeal.Ref) (first, next *core.Document, err error)) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if _, err := c.who.Scope().Read(tx, c.param("id")); err != nil {
			return answer{}, err
		}
		first, next, err := do(tx, appeal.Ref{ID: c.appeal(), Version: version})
		if err != nil {
			return answer{}, err
		}
		return created(v1+"/appeals/"+string(next.ID), AppealPair{s.shown(first), s.shown(next)}, next.Version), nil
	})
}

// WorkedTime is what was worked on an appeal up to now.
type WorkedTime struct {
	SpentSeconds int64 `json:"spent_seconds"`
}

func (s *Server) beatAppeal(c *call) (answer, error) {
	var out WorkedTime
	err := s.write(c, func(tx store.Tx) (err error) {
		if _, err = c.who.Scope().Read(tx, c.param("id")); err != nil {
			return err
		}
		out.SpentSeconds, err = s.Appeals.Beat(tx, c.appeal(), c.who.User.ID)
		return err
	})
	return ok(out), err
}
