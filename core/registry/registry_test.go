package registry_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

func reserve(t *testing.T, s store.Store, id core.JournalID, day core.Date) core.RegNumber {
	t.Helper()
	var n core.RegNumber
	coretest.Update(t, s, func(tx store.Tx) (err error) {
		n, err = registry.Reserve(tx, id, day)
		return err
	})
	return n
}

func TestNumbersCountFromOneAndStartAgainEachYear(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	for _, c := range []struct {
		day  core.Date
		want string
	}{
		{"2026-12-30", "Вх-2026/000001"},
		{"2026-12-31", "Вх-2026/000002"},
		{"2027-01-01", "Вх-2027/000001"},
		{"2026-12-31", "Вх-2026/000003"}, // registered late, on its own day
		{"2027-01-02", "Вх-2027/000002"},
	} {
		if got := reserve(t, s, registry.JournalIncoming, c.day).Text; got != c.want {
			t.Errorf("%s: got %s, want %s", c.day, got, c.want)
		}
	}
}

func TestNumberIsNotReusedOrLostAfterRollback(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	undone := errors.New("undone")
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			err := s.Update(t.Context(), func(tx store.Tx) error {
				n, err := registry.Reserve(tx, registry.JournalIncoming, "2026-11-18")
				if err != nil {
					return err
				}
				if i%3 == 0 {
					return undone
				}
				return store.Documents.Put(tx, &core.Document{
					ID: core.DocumentID(core.NewID("doc", tx.Now())), Number: &n,
					Direction: core.Incoming, State: core.DocumentRegistered,
				})
			})
			if err != nil && !errors.Is(err, undone) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[uint64]bool{}
	coretest.View(t, s, func(tx store.Tx) error {
		for d, err := range store.Documents.All(tx) {
			if err != nil {
				return err
			}
			seen[d.Number.Seq] = true
		}
		return nil
	})
	if len(seen) != 133 {
		t.Fatalf("%d different numbers, want 133", len(seen))
	}
	for n := range uint64(133) {
		if !seen[n+1] {
			t.Errorf("number %d is missing", n+1)
		}
	}
}

func TestPreviewTakesNothing(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	for range 3 {
		coretest.View(t, s, func(tx store.Tx) error {
			n, err := registry.Preview(tx, registry.JournalOutgoing, "2026-11-18")
			if n.Text != "Исх-2026/000001" {
				t.Errorf("preview is %s", n.Text)
			}
			return err
		})
	}
}

func TestRender(t *testing.T) {
	day := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	for template, want := range map[string]string{
		"{n}":                      "42",
		"{n:06}":                   "000042",
		"{index}/{n:03}-{yy}":      "01-15/042-26",
		"ОБР-{yyyy}.{mm}.{dd}-{n}": "ОБР-2026.03.07-42",
	} {
		if got := registry.Render(template, "01-15", day, 42); got != want {
			t.Errorf("%s: got %s, want %s", template, got, want)
		}
	}
}

func TestWrongJournalGetsAllFaultsAtOnce(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return registry.Save(tx, &core.Journal{ID: "Журнал", Direction: "sideways", Template: "Вх-{n", Yearly: true})
	})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindInvalid {
		t.Fatalf("got %v", err)
	}
	fields := map[string]bool{}
	for _, f := range e.Faults {
		fields[f.Field] = true
	}
	for _, f := range []string{"id", "title", "direction", "template"} {
		if !fields[f] {
			t.Errorf("no fault for %s in %v", f, err)
		}
	}
}

func TestTemplateFaults(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	for template, good := range map[string]bool{
		"{yyyy}/{n}": true, "{n}": false, "{yyyy}": false, "{yyyy}{n}{x}": false, "{yyyy}{n}}": false, "": false,
	} {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			return registry.Save(tx, &core.Journal{ID: core.JournalID(core.NewID("j", tx.Now())[2:]), Title: "Ж", Direction: core.Incoming, Template: template, Yearly: true})
		})
		if (err == nil) != good {
			t.Errorf("%q: %v", template, err)
		}
	}
}
