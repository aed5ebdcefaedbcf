package party_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// TestAFileThatComesInAgainDuringTheErasureStays: somebody uploads the very file
// while it is about to be deleted, and the record that names it is written after
// the erasure has begun to look who refers to what.
func TestAFileThatComesInAgainDuringTheErasureStays(t *testing.T) {
	for name, refer := range map[string]bool{"referred to": true, "given up": false} {
		t.Run(name, func(t *testing.T) {
			w := alone(t, 1)
			var claim blob.Claim
			ref, err := w.files.Put(claim.Under(t.Context()), strings.NewReader(annaFile))
			if err != nil {
				t.Fatal(err)
			}
			s := w.service()
			id := w.order(t, s)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			w.reaches(t, id, func(act *core.Erasure) bool { return act.Stage == core.ErasingFiles })
			if _, err := w.blobs.Stat(t.Context(), ref.Hash); err != nil {
				t.Errorf("deleted under a claim: %v", err)
			}
			if refer {
				coretest.Update(t, w.store, func(tx store.Tx) error {
					return store.Tasks.Put(tx, &core.Task{ID: "tsk_new", Result: &core.TaskResult{Files: []core.Attachment{{Hash: ref.Hash, Size: ref.Size, Name: "a.txt"}}}})
				})
			}
			claim.End()
			w.reaches(t, id, func(act *core.Erasure) bool { return act.State == core.ErasureFinished })
			cancel()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if _, err := w.blobs.Stat(t.Context(), ref.Hash); (err == nil) != refer {
				t.Errorf("the file: %v", err)
			}
			w.sound(t)
		})
	}
}

func (w *world) reaches(t *testing.T, id core.ErasureID, there func(*core.Erasure) bool) {
	t.Helper()
	for until := time.Now().Add(time.Minute); !there(w.act(t, id)); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the erasure does not get there")
		}
	}
}
