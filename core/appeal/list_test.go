package appeal_test

import (
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// TestOverdueListTouchesFewKeys counts the keys a page of overdue appeals of one
// line reads, in a store of many.
func TestOverdueListTouchesFewKeys(t *testing.T) {
	d := newDesk(t)
	now := d.clock.Now()
	var want []core.DocumentID
	d.update(func(tx store.Tx) error {
		for i := range 600 {
			due := now.Add(time.Duration(i-300) * time.Hour)
			line := []core.EntryID{"line_1", "line_2"}[i%2]
			doc := &core.Document{Kind: core.MessageCall, Sender: anna, Deadline: &core.Deadline{DueAt: due}, DueAt: &due, Appeal: &core.Appeal{Applicant: anna, Line: line}}
			if err := d.Register(tx, doc, ""); err != nil {
				return err
			}
			if line == "line_1" && due.Before(now) {
				want = append(want, doc.ID)
			}
		}
		return nil
	})
	var got []core.DocumentID
	after := ""
	for pages := 0; pages == 0 || after != ""; pages++ {
		coretest.View(t, d.store, func(tx store.Tx) error {
			counted := &counter{Tx: tx}
			page, err := store.Documents.ListSorted(counted, store.Sorted{
				Index: "appeal_due", Most: store.MomentKey(now), After: after, Limit: 10,
				Where: []store.Term{{Index: "appeal", Value: store.AppealFacet(store.FacetLine, "line_1")}},
			})
			if counted.keys > 60 {
				t.Errorf("a page of 10 touched %d keys", counted.keys)
			}
			for _, doc := range page.Items {
				got = append(got, doc.ID)
			}
			after = page.Next
			return err
		})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%d listed, want %d in the order of their terms", len(got), len(want))
	}
	coretest.View(t, d.store, func(tx store.Tx) error {
		_, err := store.Documents.ListSorted(tx, store.Sorted{Index: "appeal_due", After: "?"})
		wantError(t, err, core.KindInvalid, "list.cursor")
		return nil
	})
}

// counter counts the keys that are read.
type counter struct {
	store.Tx
	keys int
}

func (c *counter) Get(bucket string, key []byte) ([]byte, error) {
	c.keys++
	return c.Tx.Get(bucket, key)
}

func (c *counter) Scan(bucket string, from, to []byte, desc bool) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for k, v := range c.Tx.Scan(bucket, from, to, desc) {
			c.keys++
			if !yield(k, v) {
				return
			}
		}
	}
}
