package bench

import (
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func newRoutingDesk(t testing.TB) *routingDesk {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "hub.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := openRoutingDesk(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// BenchmarkRouting is the figures of routing, for profiles.
func BenchmarkRouting(b *testing.B) {
	d := newRoutingDesk(b)
	b.ReportAllocs()
	for b.Loop() {
		c, err := d.run(b.Context(), 6400)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(c.against(c.routing), "routing/registering")
		b.ReportMetric(c.against(c.deciding), "deciding/registering")
		b.ReportMetric(float64(c.registering.Microseconds()), "µs-registering")
	}
}

// TestOfficeRulesDoSomethingWithEachLetter keeps the figure honest: rules that
// match nothing would be cheap.
func TestOfficeRulesDoSomethingWithEachLetter(t *testing.T) {
	d := newRoutingDesk(t)
	if _, err := d.run(t.Context(), 64); err != nil {
		t.Fatal(err)
	}
	err := d.store.View(t.Context(), func(tx store.Tx) error {
		for _, id := range d.fresh {
			doc, err := store.Documents.Get(tx, string(id))
			if err != nil {
				return err
			}
			if a := doc.Appeal; a == nil || a.Line == "" || a.Line == "common" || a.Reason == "" {
				t.Errorf("%s is %+v", doc.Subject, doc.Appeal)
			}
			decided, steps, err := d.rules.Decision(tx, id)
			if err != nil {
				return err
			}
			if len(steps) != ruled || len(decided.Effects) < 3 || len(decided.Faults) > 0 || steps[ruled-1].Outcome != core.RuleMatched {
				t.Errorf("%s: %d steps, effects %+v", doc.Subject, len(steps), decided.Effects)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
