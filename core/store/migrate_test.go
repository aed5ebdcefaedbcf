package store_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// oldAppeal is the record of an appeal from when its term was its own: under
// appeal, and no document had any.
func oldAppeal(t *testing.T, id core.DocumentID, due time.Time) []byte {
	t.Helper()
	raw, err := store.Encode(map[string]any{
		"id": id, "version": 3, "created_at": due.AddDate(0, 0, -10), "updated_at": due.AddDate(0, 0, -9),
		"direction": "incoming", "kind": "appeal", "state": "registered", "subject": "Течёт крыша", "thread": id, "sender": map[string]any{},
		"appeal": map[string]any{
			"state": "new", "applicant": map[string]any{},
			"deadline": map[string]any{
				"due_at": due, "start_at": due.AddDate(0, 0, -10), "term": map[string]any{"kind": "calendar_days", "amount": 10}, "basis": "Регламент",
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestTheTermOfAnOldAppealBecomesItsDocuments(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	due := time.Date(2026, 12, 1, 21, 0, 0, 0, time.UTC)
	kept := &core.Document{ID: "doc_new", Direction: core.Incoming, State: core.DocumentRegistered, Thread: "doc_new", Appeal: &core.Appeal{State: core.AppealNew}}
	kept.SetDeadline(&core.Deadline{DueAt: due.AddDate(0, 1, 0), Basis: "Закон"})
	coretest.Update(t, s, func(tx store.Tx) error {
		if err := store.Documents.Put(tx, kept); err != nil {
			return err
		}
		return tx.Put("t/documents", []byte("doc_old"), oldAppeal(t, "doc_old", due))
	})
	for range 2 { // the second time there is nothing to do
		if err := store.Prepare(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		coretest.View(t, s, func(tx store.Tx) error {
			d, err := store.Documents.Get(tx, "doc_old")
			if err != nil {
				return err
			}
			if d.Deadline == nil || !d.Deadline.DueAt.Equal(due) || d.Deadline.Basis != "Регламент" || d.DueAt == nil || !d.DueAt.Equal(due) || d.Version != 3 {
				t.Errorf("the old appeal is %+v, its term %+v", d, d.Deadline)
			}
			if d, err = store.Documents.Get(tx, "doc_new"); err != nil || d.Deadline.Basis != "Закон" || d.Version != 1 {
				t.Errorf("the new appeal is %+v, %v", d, err)
			}
			for _, index := range []string{"deadline", "appeal_due"} {
				var found []core.DocumentID
				for d, err := range store.Documents.Range(tx, index, "", "") {
					if err != nil {
						return err
					}
					found = append(found, d.ID)
				}
				if len(found) != 2 || found[0] != "doc_old" {
					t.Errorf("by %s there are %q", index, found)
				}
			}
			return nil
		})
	}
	coretest.Update(t, s, func(tx store.Tx) error { // and it can be worked on
		d, err := store.Documents.Get(tx, "doc_old")
		if err == nil {
			d.SetDeadline(nil)
			err = store.Documents.Put(tx, d)
		}
		return err
	})
}
