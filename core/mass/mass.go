// Package mass works one operation over many documents: over a selection or
// over all that a filter finds, in groups of one transaction, each document
// once, whatever happens to the program meanwhile. A person can watch it, stop
// it, read what became of every document, and undo it where the operation can be
// undone.
//
// It writes mass.updated, and document events through the operations.
package mass

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Operation is something that can be done to many documents.
type Operation interface {
	Name() string  // `close`; unique, in REST and in what is stored
	Title() string // for people, in Russian
	// Final is why what was done cannot be undone, for people; empty: it can.
	Final() string
	// Check finds what is wrong with the arguments: KindInvalid. It is asked
	// once, before anything is done, and writes nothing.
	Check(tx store.Tx, args json.RawMessage) error
	// Work reads the arguments once for many documents: do works one document in
	// the transaction of its group. An error of it is the outcome of the document
	// and takes back what do wrote; KindUnavailable alone stops the group, which is
	// tried again. saved is what Undo needs.
	Work(args json.RawMessage) (do Do, err error)
	// Undo puts one document back, or refuses: it may have changed since. It is
	// called of documents that were done, unless the operation is Final.
	Undo(tx store.Tx, id core.DocumentID, saved json.RawMessage) error
}

// Do works one document.
type Do func(tx store.Tx, id core.DocumentID) (saved json.RawMessage, err error)

// Publisher publishes in a transaction and shows what need not be kept; bus.Bus
// does.
type Publisher interface {
	bus.Publisher
	Broadcast(topic bus.Topic, payload any) error
}

// Bounds.
const (
	GroupSize = 200    // documents in one transaction
	MaxNamed  = 10_000 // documents a selection may name
	chooseSet = 1000   // documents of a filter that one transaction chooses
)

// Service runs mass operations. Run works them; the rest may be called at any
// time by anyone.
type Service struct {
	store store.Store
	bus   Publisher
	log   hclog.Logger
	ops   []Operation
	sees  func(store.Tx, core.Actor) (Sees, error)
	wake  chan struct{}
	retry time.Duration
}

// Sees tells whether somebody may see the document; nil: everything.
type Sees func(*core.Document) bool

// Options of New.
type Options struct {
	Store store.Store
	Bus   Publisher
	Log   hclog.Logger // nil: silent
	// Sees bounds what runs touch to what the person sees in whose name they work,
	// at the moment of the work. Nil: nobody is bound.
	Sees func(tx store.Tx, by core.Actor) (Sees, error)
	// Retry is the pause after a failure of the store; 0 means 5 s.
	Retry time.Duration
}

// New makes the service. Two operations of one name are a defect of the program.
func New(o Options, ops ...Operation) *Service {
	s := &Service{store: o.Store, bus: o.Bus, log: o.Log, ops: ops, sees: o.Sees, wake: make(chan struct{}, 1), retry: o.Retry}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	if s.retry == 0 {
		s.retry = 5 * time.Second
	}
	if s.sees == nil {
		s.sees = func(store.Tx, core.Actor) (Sees, error) { return nil, nil }
	}
	slices.SortFunc(s.ops, func(a, b Operation) int { return strings.Compare(a.Name(), b.Name()) })
	for i := 1; i < len(s.ops); i++ {
		if s.ops[i-1].Name() == s.ops[i].Name() {
			panic("mass: two operations " + s.ops[i].Name()) // a defect of the composition, at start
		}
	}
	return s
}

// Operations are all there are, by name.
func (s *Service) Operations() []Operation { return slices.Clone(s.ops) }

func (s *Service) operation(name string) (Operation, error) {
	i := slices.IndexFunc(s.ops, func(o Operation) bool { return o.Name() == name })
	if i < 0 {
		return nil, core.Invalid("mass.operation", "operation", "нет такого значения")
	}
	return s.ops[i], nil
}

// Order is what a person asks for: an operation over either a filter or named
// documents.
type Order struct {
	Operation string
	Args      json.RawMessage
	Filter    *core.MassFilter
	Documents []core.DocumentID
}

// Begin queues a run in the caller's transaction, to be worked as the actor of
// it. KindInvalid if the order makes no sense.
func (s *Service) Begin(tx store.Tx, o Order) (*core.MassRun, error) {
	op, err := s.check(tx, o)
	if err != nil {
		return nil, err
	}
	r := &core.MassRun{
		ID: core.MassID(core.NewID("mas", tx.Now())), Operation: op.Name(), Title: op.Title(), Args: o.Args, Filter: o.Filter,
		By: tx.Actor(), State: core.MassRunning, Undoable: op.Final() == "",
	}
	if o.Filter == nil {
		r.Chosen = true
		if err := addGroups(tx, r, unique(o.Documents)); err != nil {
			return nil, err
		}
	}
	if err := s.save(tx, r); err != nil {
		return nil, err
	}
	tx.AfterCommit(s.Wake)
	return r, nil
}

func (s *Service) check(tx store.Tx, o Order) (Operation, error) {
	op, err := s.operation(o.Operation)
	switch {
	case err != nil:
		return nil, err
	case (o.Filter == nil) == (len(o.Documents) == 0):
		return nil, core.Invalid("mass.order", "documents", "нужны либо документы, либо отбор")
	case len(o.Documents) > MaxNamed:
		return nil, core.Invalid("mass.order", "documents", "слишком много")
	}
	if o.Filter != nil {
		if _, err := query(o.Filter, time.Time{}); err != nil {
			return nil, err
		}
	}
	return op, op.Check(tx, o.Args)
}

// Get reads a run.
func (s *Service) Get(ctx context.Context, id core.MassID) (r *core.MassRun, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		r, err = store.MassRuns.Get(tx, string(id))
		return err
	})
	return r, err
}

// List reads one page of runs, newest first.
func (s *Service) List(ctx context.Context, after string, limit int) (page store.Page[core.MassRun], err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		page, err = store.MassRuns.List(tx, store.Query[core.MassRun]{Desc: true, After: after, Limit: limit})
		return err
	})
	return page, err
}

// Cancel stops a run after the group being worked. KindConflict if it does not
// run.
func (s *Service) Cancel(ctx context.Context, id core.MassID) (*core.MassRun, error) {
	return s.change(ctx, id, func(_ store.Tx, r *core.MassRun) error {
		if !r.Active() {
			return core.Conflict("mass.ended", "операция уже закончена")
		}
		r.CancelAsked = true
		return nil
	})
}

// Undo puts back what a run that has ended did, in the name of whoever asks for
// it. KindConflict if it cannot be undone or was already.
func (s *Service) Undo(ctx context.Context, id core.MassID) (*core.MassRun, error) {
	return s.change(ctx, id, func(tx store.Tx, r *core.MassRun) error {
		switch {
		case !r.Undoable:
			return core.Conflict("mass.not_undoable", s.final(r.Operation))
		case r.Active():
			return core.Conflict("mass.running", "операция ещё идёт")
		case r.State == core.MassUndone:
			return core.Conflict("mass.undone", "операция уже отменена обратно")
		}
		by := tx.Actor()
		r.State, r.CancelAsked, r.EndedAt, r.UndoneBy = core.MassUndoing, false, nil, &by
		return nil
	})
}

func (s *Service) final(operation string) string {
	if op, err := s.operation(operation); err == nil && op.Final() != "" {
		return op.Final()
	}
	return "сведения для отмены этой операции уже удалены" // Sweep
}

func (s *Service) change(ctx context.Context, id core.MassID, change func(store.Tx, *core.MassRun) error) (r *core.MassRun, err error) {
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if r, err = store.MassRuns.Get(tx, string(id)); err != nil {
			return err
		}
		if err := change(tx, r); err != nil {
			return err
		}
		tx.AfterCommit(s.Wake)
		return s.save(tx, r)
	})
	return r, err
}

// save writes a run and tells what became of it.
func (s *Service) save(tx store.Tx, r *core.MassRun) error {
	if err := store.MassRuns.Put(tx, r); err != nil {
		return err
	}
	ev := bus.MassEvent{
		Run: r.ID, Operation: r.Operation, State: r.State, Total: r.Total, Chosen: r.Chosen, Done: r.Done, Failed: r.Failed, Undone: r.Undone,
	}
	tx.AfterCommit(func() {
		if err := s.bus.Broadcast(bus.MassUpdated, ev); err != nil {
			s.log.Warn("progress of a mass operation not shown", "run", ev.Run, "error", err)
		}
	})
	return nil
}

// Wake has Run look for work. It never waits.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func unique(ids []core.DocumentID) []core.DocumentID {
	seen := make(map[core.DocumentID]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id core.DocumentID) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}
