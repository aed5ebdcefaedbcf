package bus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Options of a Bus. Store and Driver are needed; other zero values mean what
// stands beside them.
type Options struct {
	Store  store.Store
	Driver Driver
	Log    hclog.Logger // nothing is logged
	// Version of the program, for dead letters.
	Version string
	// Observer is told what became of each run of a handler; nobody.
	Observer Observer
	// Now is the clock; time.Now.
	Now func() time.Time

	// FirstPause and LastPause bound the growing pause between the tries of an
	// event whose handler found something unavailable or wrongly set; 1 s, 1 h.
	FirstPause, LastPause time.Duration
	// FaultPause is the pause after a defect of the program, times five the
	// second time; 1 s.
	FaultPause time.Duration
	// GiveUpAfter makes such an event a dead letter; 7 days.
	GiveUpAfter time.Duration
	// TrimEvery is how often the driver throws old events away; 10 minutes.
	TrimEvery time.Duration
	// TailLag is how many events a Tail may be behind before it is told to
	// reload; 5,000.
	TailLag int
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	orElse(&o.FirstPause, time.Second)
	orElse(&o.LastPause, time.Hour)
	orElse(&o.FaultPause, time.Second)
	orElse(&o.GiveUpAfter, 7*24*time.Hour)
	orElse(&o.TrimEvery, 10*time.Minute)
	orElse(&o.TailLag, 5000)
}

func orElse[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Outcome is what became of one run of a handler.
type Outcome string

const (
	Done      Outcome = "done"
	Duplicate Outcome = "duplicate" // an earlier run had committed
	Retried   Outcome = "retried"   // will be tried again later
	Dead      Outcome = "dead"      // became a dead letter
	Undone    Outcome = "undone"    // the store refused; the event comes again
)

// Observer counts and measures. Its methods must be quick and may be called by
// many goroutines.
type Observer interface {
	Handled(handler string, topic Topic, outcome Outcome, took time.Duration)
}

type nobody struct{}

func (nobody) Handled(string, Topic, Outcome, time.Duration) {}

// Bus publishes events and runs handlers.
type Bus struct {
	opts     Options
	acker    Acker // nil if the driver has no transactional acknowledgement
	handlers []*handler
	faults   []error // of Handle
	tails    tails
}

var _ Publisher = (*Bus)(nil)

// New makes a bus; it does nothing before Run.
func New(opts Options) *Bus {
	opts.setDefaults()
	b := &Bus{opts: opts}
	b.acker, _ = opts.Driver.(Acker)
	return b
}

// Publish implements Publisher. The event takes over the actor and the
// correlation of tx. Events of one topic with the same key, the empty one too,
// are handled one after the other.
func (b *Bus) Publish(tx store.Tx, topic Topic, key string, payload any) error {
	ev, err := newEvent(tx, topic, key, payload)
	if err != nil {
		return err
	}
	return b.opts.Driver.PublishTx(tx, string(topic), messageOf(ev))
}

// Handle has h work on the events of a topic under a name, which must stay the
// same over restarts: it is the name of the durable subscription. Handlers of
// different names get the same events; a name may handle several topics. Handle
// is called before Declare and Run.
func (b *Bus) Handle(name string, topic Topic, h Handler) {
	for _, other := range b.handlers {
		if other.name == name && other.topic == topic {
			b.faults = append(b.faults, fmt.Errorf("handler %s of %s exists already", name, topic))
		}
	}
	b.handlers = append(b.handlers, &handler{bus: b, name: name, topic: topic, handle: h})
}

// Declare makes the subscriptions of all handlers durable: what is published
// after it reaches them. Call it before anything may publish.
func (b *Bus) Declare(ctx context.Context) error {
	if len(b.faults) > 0 {
		return &core.Error{Kind: core.KindInternal, Code: "bus.handler", Op: "declare", Err: b.faults[0]}
	}
	for _, h := range b.handlers {
		if err := b.opts.Driver.Declare(ctx, string(h.topic), h.name); err != nil {
			return err
		}
	}
	return nil
}

// Run declares, and hands events to handlers until ctx is done. It returns when
// the handlers under way have ended; their work is committed, for they do not
// see the end of ctx.
func (b *Bus) Run(ctx context.Context) error {
	if err := b.Declare(ctx); err != nil {
		return err
	}
	router, err := message.NewRouter(message.RouterConfig{}, routerLog{b.opts.Log})
	if err != nil {
		return fmt.Errorf("make router: %w", err)
	}
	var under sync.WaitGroup
	defer under.Wait()
	for _, h := range b.handlers {
		work := core.WithActor(context.WithoutCancel(ctx), core.Actor{Kind: core.ActorHub, ID: h.name})
		subscriber := &counted{Subscriber: b.opts.Driver.Subscriber(h.name), under: &under, closing: make(chan struct{})}
		defer subscriber.Close() //nolint:errcheck // waits for it, if the router did not come to that
		router.AddConsumerHandler(h.name+" "+string(h.topic), string(h.topic), subscriber, func(msg *message.Message) error {
			defer under.Done()
			return h.work(work, msg)
		})
	}
	var trimming sync.WaitGroup
	defer trimming.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	trimming.Go(func() { b.trim(ctx) })
	if len(b.handlers) == 0 {
		<-ctx.Done()
		return nil
	}
	if err := router.Run(ctx); err != nil {
		return fmt.Errorf("run handlers: %w", err)
	}
	return nil
}

// counted counts the messages that are given to the router until their handlers
// have ended. The router itself does not wait for one that it gets while it
// closes: its work would be committed behind the back of the next Run.
type counted struct {
	message.Subscriber
	under   *sync.WaitGroup
	once    sync.Once
	closing chan struct{}
	passing sync.WaitGroup
}

// Subscribe implements message.Subscriber.
func (c *counted) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	in, err := c.Subscriber.Subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make(chan *message.Message)
	c.passing.Go(func() {
		defer close(out)
		for msg := range in {
			c.pass(out, msg)
		}
	})
	return out, nil
}

func (c *counted) pass(out chan<- *message.Message, msg *message.Message) {
	c.under.Add(1)
	select {
	case out <- msg:
	case <-c.closing:
		c.under.Done() // not acknowledged: it comes again
	}
}

// Close implements message.Subscriber.
func (c *counted) Close() error {
	c.once.Do(func() { close(c.closing) })
	err := c.Subscriber.Close()
	c.passing.Wait()
	return err
}

// trim throws old events away from time to time.
func (b *Bus) trim(ctx context.Context) {
	tick := time.NewTicker(b.opts.TrimEvery)
	defer tick.Stop()
	for {
		if err := b.trimOnce(ctx); err != nil && ctx.Err() == nil {
			b.opts.Log.Error("old events were not thrown away", "kind", core.KindOf(err), "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bus) trimOnce(ctx context.Context) error {
	if t, ok := b.opts.Driver.(Trimmer); ok {
		if err := t.Trim(ctx); err != nil {
			return err
		}
	}
	if b.acker != nil {
		return nil
	}
	for _, h := range b.handlers {
		if err := h.forgetHandled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// routerLog is watermill's logger. What the router tells of each message is
// dropped, and of its own life only faults matter to an administrator.
type routerLog struct{ log hclog.Logger }

func (l routerLog) Error(msg string, err error, fields watermill.LogFields) {
	l.log.Error(msg, append(pairs(fields), "kind", core.KindOf(err), "error", err)...)
}

func (l routerLog) Info(msg string, fields watermill.LogFields) { l.log.Debug(msg, pairs(fields)...) }

func (l routerLog) Debug(msg string, fields watermill.LogFields) { l.log.Trace(msg, pairs(fields)...) }
func (l routerLog) Trace(string, watermill.LogFields)            {}

func (l routerLog) With(fields watermill.LogFields) watermill.LoggerAdapter {
	return routerLog{l.log.With(pairs(fields)...)}
}

func pairs(fields watermill.LogFields) []any {
	all := make([]any, 0, 2*len(fields)+4)
	for k, v := range fields {
		all = append(all, k, v)
	}
	return all
}
