package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/routing"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// ruled is how many rules a document is tried by.
const ruled = 200

// routing measures the processor time of deciding on documents by an office's
// rules and of doing what was decided, against that of registering them.
// Processor time and not time: a neighbour on the machine moves it less.
func (b *runner) routing(ctx context.Context) (err error) {
	path := filepath.Join(b.dir, "routing.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(), os.Remove(path)) }()
	d, err := openRoutingDesk(ctx, s)
	if err != nil {
		return err
	}
	c, err := d.run(ctx, b.commits/4)
	if err != nil {
		return err
	}
	b.note("deciding_vs_registering", c.against(c.deciding))
	b.note("routing_vs_registering", c.against(c.routing))
	b.say("  routing    %6d µs of a core, %d µs of it to decide, of %d µs  %.2f",
		c.routing.Microseconds(), c.deciding.Microseconds(), c.registering.Microseconds(), c.against(c.routing))
	return nil
}

// routingCost is the processor time that one document takes.
type routingCost struct {
	registering time.Duration // its message stored, an appeal made of it, numbered and written
	deciding    time.Duration // read and tried by the rules
	routing     time.Duration // what registering costs more where the rules follow it in its transaction
}

func (c *routingCost) against(part time.Duration) float64 {
	return part.Seconds() / c.registering.Seconds()
}

// routingDesk is the two stages of a residents' desk, where each letter is an
// appeal, without the hub around them, so that the processor time of each is
// known.
type routingDesk struct {
	store  *boltstore.Store
	bus    *bus.Bus
	intake *intake.Service
	rules  *execution.Service
	set    *routing.Set
	fresh  []core.DocumentID // registered since the last batch
}

func openRoutingDesk(ctx context.Context, s *boltstore.Store) (*routingDesk, error) {
	set, err := routing.Compile(officeRules(ruled))
	if err != nil {
		return nil, err
	}
	d := &routingDesk{store: s, set: set}
	log := hclog.NewNullLogger()
	d.bus = bus.New(bus.Options{Store: s, Driver: boltbus.New(s, boltbus.Options{Log: log}), Log: log})
	out := &outgoing.Service{Store: s, Bus: d.bus}
	appeals := &appeal.Service{Bus: d.bus, Outgoing: out, Carries: func(*core.Channel, core.Purpose) bool { return false }}
	d.intake = &intake.Service{Bus: d, Forward: out.Forward, Arrive: appeals.Arrive}
	d.rules = &execution.Service{Store: s, Bus: d.bus, Forward: out.Forward, Appeals: appeals, Calendar: schedule.Offices{}}
	return d, s.Update(ctx, func(tx store.Tx) error {
		if err := registry.Seed(tx); err != nil {
			return err
		}
		if err := store.Channels.Put(tx, &core.Channel{ID: "mail", Appeals: true}); err != nil {
			return err
		}
		_, err := d.rules.Edit(tx, execution.AnyVersion, "", func([]core.Rule) ([]core.Rule, error) { return officeRules(ruled), nil })
		return err
	})
}

// Publish implements bus.Publisher: what intake registers is noted.
func (d *routingDesk) Publish(tx store.Tx, topic bus.Topic, key string, payload any) error {
	if topic == bus.DocumentRegistered {
		d.fresh = append(d.fresh, core.DocumentID(key))
	}
	return d.bus.Publish(tx, topic, key, payload)
}

// run registers n documents without the rules, so many to a flush as are under
// load, and as many with them.
func (d *routingDesk) run(ctx context.Context, n int) (c routingCost, err error) {
	const batch = 64
	done, routed := 0, time.Duration(0)
	for ; done < n; done += batch {
		if err := d.take(ctx, done, batch, nil, &c.registering); err != nil {
			return c, err
		}
		if err := spend(&c.deciding, func() error { return d.store.View(ctx, d.decide) }); err != nil {
			return c, err
		}
		if err := d.take(ctx, done, batch, d.rules.Route, &routed); err != nil {
			return c, err
		}
	}
	c.routing = routed - c.registering
	for _, spent := range []*time.Duration{&c.registering, &c.deciding, &c.routing} {
		*spent /= time.Duration(done)
	}
	return c, nil
}

// take registers so many letters from a number on, with what follows it.
func (d *routingDesk) take(ctx context.Context, from, n int, follow func(store.Tx, *core.Document) error, spent *time.Duration) error {
	letters := make([]*core.Message, n)
	for i := range letters {
		letters[i] = officeLetter(from + i)
	}
	d.fresh, d.intake.Follow = d.fresh[:0], follow
	return spend(spent, func() error {
		return d.store.Update(ctx, func(tx store.Tx) error { return d.register(tx, letters) })
	})
}

func (d *routingDesk) register(tx store.Tx, letters []*core.Message) error {
	for _, m := range letters {
		if err := store.Messages.Put(tx, m); err != nil {
			return err
		}
		if err := d.intake.Take(tx, bus.MessageEvent{Message: m.ID, Channel: m.Channel, Kind: m.Kind}); err != nil {
			return err
		}
	}
	return nil
}

// decide is the part of routing that reads and decides.
func (d *routingDesk) decide(tx store.Tx) error {
	for _, id := range d.fresh {
		doc, err := store.Documents.Get(tx, string(id))
		if err != nil {
			return err
		}
		if decided := d.set.Decide(&routing.Facts{Document: doc, At: tx.Now()}); len(decided.Faults) > 0 {
			return errors.New("an office's rule has failed")
		}
	}
	return nil
}

// spend adds the processor time of do, with that of a flush in it.
func spend(sum *time.Duration, do func() error) error {
	before, err := processorTime()
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	after, err := processorTime()
	*sum += after - before
	return err
}

// processorTime is what this process has used so far.
func processorTime() (time.Duration, error) {
	var u unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// officeLetter is one of a few hundred words about one of the topics.
func officeLetter(n int) *core.Message {
	topic := topics[n%len(topics)]
	text := "Добрый день! " + topic.words + "."
	for len(text) < textBytes {
		text += " " + phrases[rand.IntN(len(phrases))] + fmt.Sprintf(" Дом %d, квартира %d.", rand.IntN(90), rand.IntN(200))
	}
	return &core.Message{
		ID: core.MessageID(core.NewID("msg", time.Now())), Channel: "mail", ExternalID: fmt.Sprintf("%x@mail.example.org", noise(12)),
		Kind: core.MessageLetter, Change: core.ChangeNew, Subject: topic.words, Text: text,
		From: core.Correspondent{
			Name:      fmt.Sprint("Житель ", n%senders),
			Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("resident%d@example.org", n%senders)}},
		},
		Files:  []core.Attachment{{Hash: fmt.Sprintf("%064d", n), Size: fileBytes, Name: "Фото.jpg", MediaType: "image/jpeg", Role: core.FileAttachment}},
		Fields: map[string]string{"delivery_type": "Электронная почта", "account": fmt.Sprint(40_000 + n%senders)},
	}
}
