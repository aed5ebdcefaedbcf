package outgoing_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// carries are the purposes every channel carries.
type carries []core.Purpose

func (c carries) Carries(_ *core.Channel, p core.Purpose) bool { return slices.Contains(c, p) }

func TestPerformerIsReportedToTheOriginThatCarriesIt(t *testing.T) {
	for name, c := range map[string]struct {
		purposes outgoing.Purposes
		doc      func(*core.Document)
		want     int
	}{
		"carried":          {carries{core.PurposePerformer}, func(*core.Document) {}, 1},
		"not carried":      {carries{core.PurposeAnswer}, func(*core.Document) {}, 0},
		"nobody knows":     {nil, func(*core.Document) {}, 0},
		"no channel":       {carries{core.PurposePerformer}, func(d *core.Document) { d.Channel = "" }, 0},
		"deleted channel":  {carries{core.PurposePerformer}, func(d *core.Document) { d.Channel = "gone" }, 0},
		"our own document": {carries{core.PurposePerformer}, func(d *core.Document) { d.Direction = core.Outgoing }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.out.Purposes = c.purposes
			c.doc(d.doc)
			due := d.clock.Now().AddDate(0, 0, 3)
			coretest.Update(t, d.store, func(tx store.Tx) error {
				return d.out.ReportPerformer(tx, d.doc, core.Correspondent{Name: "Пётр Слесарев"}, &due)
			})
			parcels := d.claim()
			if len(parcels) != c.want {
				t.Fatalf("%d parcels, want %d", len(parcels), c.want)
			}
			if c.want == 0 {
				return
			}
			p := parcels[0]
			if p.Document.DueAt == nil || !p.Document.DueAt.Equal(due) || d.document(d.doc.ID).DueAt != nil {
				t.Errorf("due at %v", p.Document.DueAt)
			}
			if p.Delivery.Purpose != core.PurposePerformer || p.Performer.Name != "Пётр Слесарев" || p.Origin.ID != d.doc.ID ||
				p.Delivery.To[0].Name != "Анна" || !slices.Equal(p.Thread.References, []string{"<1@mail.test>"}) {
				t.Errorf("parcel %+v", p)
			}
			d.settle(core.Outcome{Delivery: p.Delivery.ID, State: core.DeliverySent})
			if got := d.document(d.doc.ID).State; got != core.DocumentRegistered {
				t.Errorf("a report moved the document to %s", got)
			}
		})
	}
}

func TestLetterFaultsAllAtOnce(t *testing.T) {
	d := newDesk(t)
	d.out.Purposes = carries{core.PurposeAnswer}
	letter := func(r outgoing.Reply) (fields []string) {
		err := d.store.Update(t.Context(), func(tx store.Tx) error {
			_, _, err := d.out.Letter(tx, "", r)
			return err
		})
		if e, ok := errors.AsType[*core.Error](err); ok {
			for _, f := range e.Faults {
				fields = append(fields, f.Field)
			}
		}
		return fields
	}
	if got := letter(outgoing.Reply{}); !slices.Equal(got, []string{"text", "channel", "subject", "to"}) {
		t.Errorf("faults %q", got)
	}
	if got := letter(outgoing.Reply{Subject: "x", Text: "y", Channel: box, To: []core.Correspondent{{Name: "z"}}}); !slices.Equal(got, []string{"to", "channel"}) {
		t.Errorf("faults %q", got)
	}
	if p := d.claim(); len(p) != 0 {
		t.Error("a refused letter was queued")
	}
}
