package rest

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/store"
)

// MassOperation is something that can be done to many documents.
type MassOperation struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Undoable bool   `json:"undoable"`
	Final    string `json:"final,omitempty"` // why it cannot be undone
}

func (s *Server) listMassOperations(*call) (answer, error) {
	return ok(list[MassOperation]{items(s.Mass.Operations(), func(o mass.Operation) MassOperation {
		return MassOperation{Name: o.Name(), Title: o.Title(), Undoable: o.Final() == "", Final: o.Final()}
	})}), nil
}

// MassInput orders a mass operation over either documents or a filter.
type MassInput struct {
	Operation string            `json:"operation"`
	Args      json.RawMessage   `json:"args"`
	Documents []core.DocumentID `json:"documents"`
	Filter    *core.MassFilter  `json:"filter"`
}

func (in *MassInput) check() error {
	var f faults
	f.need("operation", in.Operation, 100)
	if len(in.Documents) > mass.MaxNamed {
		f.add("documents", textTooMany)
	}
	for i, id := range in.Documents {
		f.need("documents."+strconv.Itoa(i), string(id), 100)
	}
	if in.Filter != nil {
		maybe(&f, "filter.direction", in.Filter.Direction, directions)
		maybe(&f, "filter.state", in.Filter.State, documentStates)
		maybe(&f, "filter.view", in.Filter.View, []string{store.ViewAll, store.ViewOpen, store.ViewNotInWork})
		maybe(&f, "filter.mark", in.Filter.Mark, markKinds)
		maybe(&f, "filter.appeal_state", in.Filter.AppealState, core.AppealStates())
	}
	return f.err("request.body")
}

// maybe demands one of the values, or none.
func maybe[T ~string](f *faults, field string, value T, of []T) {
	if value != "" {
		choose(f, field, value, of)
	}
}

// changesAppeals refuses a token that may run mass operations and not touch
// appeals: all operations there are change them.
func (c *call) changesAppeals() error {
	if !c.who.Can(access.WriteAppeals) {
		return refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	return nil
}

func (s *Server) beginMassRun(c *call) (answer, error) {
	if err := c.changesAppeals(); err != nil {
		return answer{}, err
	}
	var in MassInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if err := c.seesAll(tx, in); err != nil {
			return answer{}, err
		}
		r, err := s.Mass.Begin(tx, mass.Order{Operation: in.Operation, Args: in.Args, Filter: in.Filter, Documents: in.Documents})
		if err != nil {
			return answer{}, err
		}
		c.object = "mass-runs/" + string(r.ID)
		return created(v1+"/"+c.object, r, r.Version), nil
	})
}

// seesAll refuses documents the caller does not see. A filter may choose such, so
// who is limited names his documents.
func (c *call) seesAll(tx store.Tx, in MassInput) error {
	scope := c.who.Scope()
	if scope.Everything() {
		return nil
	}
	if in.Filter != nil {
		return refuse(core.KindForbidden, "mass.limited", "вам доступны не все документы: назовите те, над которыми нужна операция")
	}
	var f faults
	for i, id := range in.Documents {
		_, err := scope.Read(tx, string(id))
		if core.KindOf(err) == core.KindNotFound {
			f.add("documents."+strconv.Itoa(i), textNotFound)
		} else if err != nil {
			return err
		}
	}
	return f.err("request.body")
}

// seesRun refuses, as if it were not there, a run the caller does not see.
func (s *Server) seesRun(c *call) error {
	r, err := s.Mass.Get(c.ctx(), c.massRun())
	if err == nil && !c.who.Scope().Run(r) {
		return core.NoRecord("mass_runs")
	}
	return err
}

func (s *Server) listMassRuns(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.MassRun](q)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, err := s.Mass.List(c.ctx(), wanted.After, wanted.Limit)
	got.Items = slices.DeleteFunc(got.Items, func(r *core.MassRun) bool { return !c.who.Scope().Run(r) })
	return ok(page[*core.MassRun]{items(got.Items, itself), got.Next}), err
}

func answerRun(r *core.MassRun, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return versioned(r, r.Version), nil
}

func (c *call) massRun() core.MassID { return core.MassID(c.param("id")) }

func (s *Server) getMassRun(c *call) (answer, error) {
	if err := s.seesRun(c); err != nil {
		return answer{}, err
	}
	return answerRun(s.Mass.Get(c.ctx(), c.massRun()))
}

func (s *Server) cancelMassRun(c *call) (answer, error) {
	if err := s.seesRun(c); err != nil {
		return answer{}, err
	}
	return answerRun(s.Mass.Cancel(c.ctx(), c.massRun()))
}

func (s *Server) undoMassRun(c *call) (answer, error) {
	if err := s.seesRun(c); err != nil {
		return answer{}, err
	}
	if err := c.changesAppeals(); err != nil {
		return answer{}, err
	}
	return answerRun(s.Mass.Undo(c.ctx(), c.massRun()))
}

var massOutcomes = []core.MassOutcome{
	core.MassItemWaiting, core.MassItemDone, core.MassItemFailed, core.MassItemUndone, core.MassItemStuck,
}

func (s *Server) listMassItems(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.MassGroup](q)
	outcome := enum(q, "outcome", massOutcomes)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if err := s.seesRun(c); err != nil {
		return answer{}, err
	}
	got, err := s.Mass.Items(c.ctx(), c.massRun(), outcome, wanted.After, wanted.Limit)
	return ok(page[core.MassItem]{got.Items, got.Next}), err
}
