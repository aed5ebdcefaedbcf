package party

import (
	"context"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/store"
)

// filesAtOnce is how many files are deleted between two notes of it.
const filesAtOnce = 50

// files deletes the files nothing else refers to. A hub killed between deleting
// and noting it deletes once more, which is no error. A file that comes in again
// meanwhile is left to the next round, which knows what became of it.
func (e *eraser) files(ctx context.Context) error {
	for e.act.State == core.ErasureRunning {
		if err := e.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *eraser) round(ctx context.Context) error {
	sweep := e.Blobs.Sweep()
	defer sweep.End()
	if err := sweep.Settle(ctx); err != nil {
		return err
	}
	hashes := make([]string, 0, len(e.act.Doomed))
	for _, f := range e.act.Doomed {
		hashes = append(hashes, f.Hash)
	}
	needed, err := store.Mentioned(ctx, e.Store, hashes, store.Erasures.Name())
	if err != nil {
		return err
	}
	for first, left := true, len(e.act.Doomed); first || left > 0; first = false {
		n := min(left, filesAtOnce)
		if err := e.deleteSome(ctx, sweep, n, needed); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// deleteSome works the first n of the files that may have to go; those that were
// put again go to the end of the list.
func (e *eraser) deleteSome(ctx context.Context, sweep *blob.Sweep, n int, needed map[string]bool) error {
	some := e.act.Doomed[:n]
	var again []core.DoomedFile
	var gone, shared []core.DoomedFile
	for _, f := range some {
		if needed[f.Hash] {
			shared = append(shared, f)
			continue
		}
		deleted, err := sweep.Delete(ctx, f.Hash)
		if err != nil {
			return err
		}
		if deleted {
			gone = append(gone, f)
		} else {
			again = append(again, f)
		}
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		act.SharedFiles += len(shared)
		for _, f := range gone {
			act.Files++
			act.Bytes += f.Size
		}
		if act.Doomed = append(act.Doomed[n:], again...); len(act.Doomed) == 0 {
			now := tx.Now()
			act.State, act.Stage, act.FinishedAt = core.ErasureFinished, "", &now
		}
		return nil
	})
}
