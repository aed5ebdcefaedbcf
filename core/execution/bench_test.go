package execution_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// office is a rule set of the size and the mixture of a large office: most rules
// look at words of subject and text, at channel and sender; one in ten has a
// pattern, one in twenty an expression.
func office(n int) []core.Rule {
	rules := make([]core.Rule, n)
	for i := range rules {
		var when core.Condition
		switch {
		case i%20 == 0:
			when.Expr = fmt.Sprintf(`fields["account"] == "%d" and open_appeals < 100`, i)
		case i%10 == 5:
			when = core.Condition{Field: core.FieldSubject, Is: core.IsMatches, Values: []string{fmt.Sprintf(`дом\s*%d[а-я]?$`, i)}}
		case i%4 == 0:
			when = core.Condition{Field: core.FieldText, Is: core.IsWords, Values: []string{fmt.Sprintf("квартира %d", 1000+i), "авария потоп*"}}
		case i%4 == 1:
			when.All = []core.Condition{*subject("лифт", "подъемник"), {Field: core.FieldChannel, Is: core.IsEqual, Values: []string{"mail"}}}
		case i%4 == 2:
			when = core.Condition{Field: core.FieldSenderDomain, Is: core.IsEqual, Values: []string{fmt.Sprintf("uk%d.example", i), "gov.example"}}
		default:
			when = core.Condition{Not: &core.Condition{Field: core.FieldText, Is: core.IsContains, Values: []string{"вода", "стена"}}}
		}
		rules[i] = doing(fmt.Sprintf("правило %d", i), &when, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"t"}})
	}
	rules[n-1] = doing("всем", nil, setLine("common"))
	return rules
}

// BenchmarkRouting measures the processor time of routing a document through
// 200 rules, with its decision and its change written, against that of
// registering it: the metric routing/registering has to be below 1.
func BenchmarkRouting(b *testing.B) {
	d := newDesk(b)
	d.set(office(200)...)
	text := "Добрый день! Вода льётся по стене третий день, "
	for range 5 {
		text += text
	}
	var registering, routing time.Duration
	b.ReportAllocs()
	for b.Loop() {
		const batch = 100 // of one flush, as under load
		ids := make([]core.DocumentID, 0, batch)
		registering += cpu(b, func() {
			d.update(func(tx store.Tx) error { return d.letters(tx, text, batch) })
		})
		for _, ev := range d.bus.Take(bus.DocumentRegistered) {
			ids = append(ids, core.DocumentID(ev.Key))
		}
		routing += cpu(b, func() {
			d.update(func(tx store.Tx) error {
				for _, id := range ids {
					if err := d.rules.Route(tx, bus.DocumentEvent{Document: id}); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	b.ReportMetric(float64(routing)/float64(registering), "routing/registering")
	b.ReportMetric(float64(registering.Microseconds())/float64(b.N)/100, "µs-registering")
	b.ReportMetric(float64(routing.Microseconds())/float64(b.N)/100, "µs-routing")
}

// letters stores messages and registers them.
func (d *desk) letters(tx store.Tx, text string, n int) error {
	for range n {
		d.n++
		d.clock.Add(time.Millisecond)
		m := &core.Message{
			ID: core.MessageID(core.NewID("msg", d.clock.Now())), Channel: "mail", ExternalID: fmt.Sprintf("<%d@mail.test>", d.n),
			Kind: core.MessageLetter, Change: core.ChangeNew, Subject: "Течёт крыша, дом 5", Text: text,
			From:   core.Correspondent{Name: "Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("r%d@dom.example", d.n)}}},
			Files:  []core.Attachment{{Name: "Фото.jpg", MediaType: "image/jpeg", Size: 20_000, Hash: fmt.Sprintf("%064d", d.n), Role: core.FileAttachment}},
			Fields: map[string]string{"delivery_type": "Электронная почта", "account": "40702"},
		}
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		if err := d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: m.Channel, Kind: m.Kind}); err != nil {
			return err
		}
	}
	return nil
}

// cpu is the processor time the whole process spent while fn ran.
func cpu(b *testing.B, fn func()) time.Duration {
	b.Helper()
	before := spent(b)
	fn()
	return spent(b) - before
}

func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
