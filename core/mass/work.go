package mass

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Run works the runs there are, each a step at a time in turn, until ctx is
// done. What was begun before the hub stopped goes on.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := s.Step(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			s.log.Error("mass operation does not go on", "error", err)
			s.pause(ctx, time.After(s.retry))
		case !worked:
			s.pause(ctx, nil)
		}
	}
	return nil
}

func (s *Service) pause(ctx context.Context, until <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-until:
	case <-s.wake:
	}
}

// Step takes every active run a group further; worked tells that there was one.
// Run calls it; so do tests.
func (s *Service) Step(ctx context.Context) (worked bool, err error) {
	var active []*core.MassRun
	err = s.store.View(ctx, func(tx store.Tx) error {
		active = nil
		for r, err := range store.MassRuns.Find(tx, "active", "1") {
			if err != nil {
				return err
			}
			active = append(active, r)
		}
		return nil
	})
	for _, r := range active {
		err = errors.Join(err, s.step(ctx, r))
	}
	return len(active) > 0, err
}

// step is one transaction of a run, as the person who began it or has it undone.
func (s *Service) step(ctx context.Context, seen *core.MassRun) error {
	ctx = store.Deferrable(core.WithActor(ctx, worker(seen)))
	err := s.store.Update(ctx, func(tx store.Tx) error {
		r, err := store.MassRuns.Get(tx, string(seen.ID))
		if err != nil || !r.Active() {
			return err
		}
		if err := s.advance(bus.WithCorrelation(tx, string(r.ID)), r); err != nil {
			return err
		}
		return s.save(tx, r)
	})
	if err != nil {
		return fmt.Errorf("mass operation %s: %w", seen.ID, err)
	}
	return nil
}

// worker is in whose name a run works now.
func worker(r *core.MassRun) core.Actor {
	if r.State == core.MassUndoing && r.UndoneBy != nil {
		return *r.UndoneBy
	}
	return r.By
}

func (s *Service) advance(tx store.Tx, r *core.MassRun) error {
	switch {
	case r.CancelAsked:
		end(tx, r, core.MassCancelled)
	case r.State == core.MassUndoing && r.Next == 0:
		end(tx, r, core.MassUndone)
	case r.State == core.MassUndoing:
		return s.undoGroup(tx, r)
	case !r.Chosen: // all of them first: working one must not change what is chosen
		return s.choose(tx, r)
	case r.Next < r.Groups:
		return s.doGroup(tx, r)
	default:
		end(tx, r, core.MassDone)
	}
	return nil
}

func end(tx store.Tx, r *core.MassRun, state core.MassState) {
	now := tx.Now()
	r.State, r.CancelAsked, r.EndedAt = state, false, &now
}

func (s *Service) doGroup(tx store.Tx, r *core.MassRun) error {
	op, err := s.operation(r.Operation)
	if err != nil {
		return err
	}
	do, err := op.Work(r.Args)
	if err != nil {
		return err
	}
	g, err := store.MassGroups.Get(tx, core.MassGroupKey(r.ID, r.Next))
	if err != nil {
		return err
	}
	sees, err := s.sees(tx, tx.Actor())
	if err != nil {
		return err
	}
	for i := range g.Items {
		item := &g.Items[i]
		err := s.attempt(tx, sees, item.Document, func() (err error) {
			item.Saved, err = do(tx, item.Document)
			return err
		})
		if core.KindOf(err) == core.KindUnavailable {
			return err
		}
		if settle(item, err, core.MassItemDone, core.MassItemFailed) {
			r.Done++
		} else {
			r.Failed++
		}
	}
	r.Next++
	return store.MassGroups.Put(tx, g)
}

// undoGroup goes back one group, the last document first.
func (s *Service) undoGroup(tx store.Tx, r *core.MassRun) error {
	op, err := s.operation(r.Operation)
	if err != nil {
		return err
	}
	g, err := store.MassGroups.Get(tx, core.MassGroupKey(r.ID, r.Next-1))
	if err != nil {
		return err
	}
	sees, err := s.sees(tx, tx.Actor())
	if err != nil {
		return err
	}
	for i := range slices.Backward(g.Items) {
		item := &g.Items[i]
		if item.Outcome != core.MassItemDone {
			continue
		}
		err := s.attempt(tx, sees, item.Document, func() error { return op.Undo(tx, item.Document, item.Saved) })
		if core.KindOf(err) == core.KindUnavailable {
			return err
		}
		if settle(item, err, core.MassItemUndone, core.MassItemStuck) {
			r.Undone++
		}
	}
	r.Next--
	return store.MassGroups.Put(tx, g)
}

// attempt runs one document's work if it may be seen; a panic of it is that
// document's failure.
func (s *Service) attempt(tx store.Tx, sees Sees, id core.DocumentID, work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &core.Error{Kind: core.KindInternal, Code: "mass.panic", Op: "work a document"}
			s.log.Error("mass operation panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	if err := visible(tx, sees, id); err != nil {
		return err
	}
	return tx.Attempt(work)
}

// visible refuses what is not seen as if there were no such document.
func visible(tx store.Tx, sees Sees, id core.DocumentID) error {
	if sees == nil {
		return nil
	}
	d, err := store.Documents.Get(tx, string(id))
	if err == nil && !sees(d) {
		return core.NoRecord("documents")
	}
	return err
}

// settle writes the outcome of one document; true if it succeeded.
func settle(item *core.MassItem, err error, good, bad core.MassOutcome) bool {
	if err == nil {
		item.Outcome, item.Code, item.Text = good, "", ""
		return true
	}
	item.Outcome, item.Code, item.Text = bad, core.KindOf(err).String(), "внутренняя ошибка"
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind != core.KindInternal {
		item.Code, item.Text = e.Code, e.Text
	}
	return false
}

// choose takes the next documents of the filter.
func (s *Service) choose(tx store.Tx, r *core.MassRun) error {
	q, err := query(r.Filter, r.CreatedAt)
	if err != nil {
		return err
	}
	sees, err := s.sees(tx, tx.Actor())
	if err != nil {
		return err
	}
	if sees != nil {
		q.Filter = func(_ store.Tx, d *core.Document) bool { return sees(d) }
	}
	q.After, q.Limit = r.After, chooseSet
	keys, next, err := store.Documents.ListKeys(tx, q)
	if err != nil {
		return err
	}
	ids := make([]core.DocumentID, 0, len(keys))
	for _, key := range keys {
		ids = append(ids, core.DocumentID(key))
	}
	r.After, r.Chosen = next, next == ""
	return addGroups(tx, r, ids)
}

func addGroups(tx store.Tx, r *core.MassRun, ids []core.DocumentID) error {
	for group := range slices.Chunk(ids, GroupSize) {
		g := &core.MassGroup{Run: r.ID, Index: r.Groups}
		for _, id := range group {
			g.Items = append(g.Items, core.MassItem{Document: id, Outcome: core.MassItemWaiting})
		}
		if err := store.MassGroups.Put(tx, g); err != nil {
			return err
		}
		r.Groups++
	}
	r.Total += len(ids)
	return nil
}
