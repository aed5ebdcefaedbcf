package mass

import (
	"context"
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// sweepGroups is how many groups of a run one transaction erases.
const sweepGroups = 50

// Sweep erases the runs that ended before the moment, with what became of each
// document, and tells how many. What they did stays in the history of the
// documents. It is a job: run it every day.
func (s *Service) Sweep(ctx context.Context, before time.Time) (swept int, err error) {
	for {
		id, err := s.oldest(ctx, before)
		if err != nil || id == "" {
			return swept, err
		}
		for gone := false; !gone; {
			err := s.store.Update(store.Deferrable(ctx), func(tx store.Tx) (err error) {
				gone, err = eraseSome(tx, id, before)
				return err
			})
			if err != nil {
				return swept, fmt.Errorf("sweep mass operation %s: %w", id, err)
			}
		}
		swept++
	}
}

// oldest is the first run that ended before the moment, "" if there is none.
func (s *Service) oldest(ctx context.Context, before time.Time) (id core.MassID, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		id = ""
		q := store.Query[core.MassRun]{
			To: core.FirstID("mas", before), Limit: 1, Filter: func(_ store.Tx, r *core.MassRun) bool { return old(r, before) },
		}
		page, err := store.MassRuns.List(tx, q)
		for ; err == nil && len(page.Items) == 0 && page.Next != ""; page, err = store.MassRuns.List(tx, q) {
			q.After = page.Next
		}
		if len(page.Items) > 0 {
			id = page.Items[0].ID
		}
		return err
	})
	return id, err
}

func old(r *core.MassRun, before time.Time) bool {
	return !r.Active() && r.EndedAt != nil && r.EndedAt.Before(before)
}

// eraseSome erases the last groups of a run, and the run with the first one. A
// run half erased can no longer be undone.
func eraseSome(tx store.Tx, id core.MassID, before time.Time) (gone bool, err error) {
	r, err := store.MassRuns.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return true, nil
	}
	if err != nil || !old(r, before) { // somebody has it undone
		return true, err
	}
	for range min(r.Groups, sweepGroups) {
		r.Groups--
		if err := store.MassGroups.Erase(tx, core.MassGroupKey(id, r.Groups)); err != nil {
			return false, err
		}
	}
	if r.Groups == 0 {
		return true, store.MassRuns.Erase(tx, string(id))
	}
	r.Undoable = false
	return false, store.MassRuns.Put(tx, r)
}
