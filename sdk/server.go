package sdk

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

const (
	// drainTime is how long a replaced channel may finish what is under way.
	drainTime = 30 * time.Second
	// defaultGrace is how long Stop waits when the hub does not say.
	defaultGrace = 10 * time.Second
	// closeTime is how long the author's Close may take.
	closeTime = 2 * time.Second
)

// NewServer is a connector as the hub talks to it, without a process around it.
// Serve is what a connector's main calls; NewServer is for tests and for hubs
// that carry a connector inside. The error names every mistake of the
// description.
func NewServer[C any](c Connector[C], log hclog.Logger) (pluginv1.PluginServer, error) {
	d, err := describe(c)
	if err != nil {
		return nil, err
	}
	return newServer(d, log), nil
}

type server struct {
	pluginv1.UnimplementedPluginServer
	*described
	log   hclog.Logger
	calls *calls
	kinds map[Kind]bool
	under deliveries

	receiving chan struct{} // held by the Receive that runs

	configure sync.Mutex // one Configure or Stop at a time
	mu        sync.Mutex
	channel   *running // nil before Configure and after Stop
	stopped   bool
	retiring  sync.WaitGroup
}

func newServer(d *described, log hclog.Logger) *server {
	s := &server{described: d, log: log, calls: newCalls(d.Calls), kinds: map[Kind]bool{}, receiving: make(chan struct{}, 1)}
	for _, k := range d.Kinds {
		s.kinds[Kind(k)] = true
	}
	return s
}

// Describe tells what the connector is; it may be called at any time.
func (s *server) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.Description, error) {
	return s.Description, nil
}

// Configure makes a channel of the settings and, if that worked, puts it in the
// place of the one before, which finishes what it has under way.
func (s *server) Configure(ctx context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureReply, error) {
	s.configure.Lock()
	defer s.configure.Unlock()
	next, err := s.open(ctx, req)
	if err != nil {
		return &pluginv1.ConfigureReply{Fault: faultOf(err)}, nil
	}
	s.mu.Lock()
	old, stopped := s.channel, s.stopped
	if !stopped {
		s.channel = next
	}
	s.mu.Unlock()
	if stopped {
		next.retire(errStopping, 0, s.log)
		return &pluginv1.ConfigureReply{Fault: faultOf(errStopping)}, nil
	}
	if old != nil {
		s.retiring.Go(func() { old.retire(errReconfigured, drainTime, s.log) })
	}
	return &pluginv1.ConfigureReply{}, nil
}

func (s *server) open(ctx context.Context, req *pluginv1.ConfigureRequest) (*running, error) {
	env := Env{
		Channel: req.GetChannel(), Log: s.log, Scratch: req.GetScratch(),
		HookURL: req.GetHookUrl(), Locale: req.GetLocale(),
	}
	if env.Scratch == "" {
		env.Scratch = os.TempDir()
	}
	env.Call = func(ctx context.Context, call Call) (Result, error) { return s.calls.call(ctx, call, env.Scratch) }
	// The channel outlives the call that made it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	r := newRunning(env, end)
	err := s.guard("New", func() (err error) {
		r.Channel, err = s.described.open(life, given{
			json: req.GetSettings(), secrets: req.GetSecrets(),
			generated: map[string]string{"hook_url": req.GetHookUrl()},
		}, env)
		return err
	})
	if err == nil && r.Channel == nil {
		err = &Error{Kind: "internal", Code: plugin.CodePanic, Source: "plugin", Text: "сбой в коде коннектора: канал не создан"}
	}
	if err != nil {
		end()
		return nil, err
	}
	return r, nil
}

var (
	errStopping     = &Error{Kind: "unavailable", Code: plugin.CodeStopping, Source: "plugin", Text: "коннектор останавливается"}
	errReconfigured = &Error{Kind: "unavailable", Code: plugin.CodeReconfigured, Source: "plugin", Text: "настройки изменены, приём начинается заново"}
	errUnconfigured = &Error{Kind: "config", Code: plugin.CodeUnconfigured, Source: "plugin", Text: "канал ещё не настроен"}
)

// enter takes the present channel for one piece of work; leave gives it back.
func (s *server) enter() (*running, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return nil, errStopping
	case s.channel == nil:
		return nil, errUnconfigured
	}
	s.channel.enter()
	return s.channel, nil
}

// with runs f on the present channel; an error becomes the fault of a call.
func (s *server) with(ctx context.Context, what string, f func(context.Context, *running) error) error {
	r, err := s.enter()
	if err != nil {
		return plugin.AsError(faultOf(err))
	}
	defer r.leave()
	ctx, done := r.work(ctx)
	defer done()
	return plugin.AsError(faultOf(s.guard(what, func() error { return f(ctx, r) })))
}

// guard turns a panic of the author's code into an error and a log line.
func (s *server) guard(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("connector code panicked", "in", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = &Error{Kind: "internal", Code: plugin.CodePanic, Source: "plugin", Text: "сбой в коде коннектора"}
		}
	}()
	return f()
}

// Check runs the author's check; a fault in the reply is the answer "no".
func (s *server) Check(ctx context.Context, req *pluginv1.CheckRequest) (*pluginv1.CheckReply, error) {
	reply := &pluginv1.CheckReply{}
	err := s.with(ctx, "Check", func(ctx context.Context, r *running) error {
		sections, ok := r.Channel.(SectionChecker)
		if !ok {
			return r.Channel.Check(ctx)
		}
		var first error
		for _, part := range sections.CheckSections(ctx, req.GetSection()) {
			out := &pluginv1.CheckPart{Name: clean(part.Name), Ok: part.Err == nil}
			if part.Err != nil {
				out.Text = faultOf(part.Err).GetText()
			}
			if first == nil {
				first = part.Err
			}
			reply.Parts = append(reply.Parts, out)
		}
		return first
	})
	if err != nil {
		reply.Fault = plugin.FaultOf(err)
	}
	return reply, nil
}

// Track asks what became of deliveries.
func (s *server) Track(ctx context.Context, req *pluginv1.TrackRequest) (*pluginv1.TrackReply, error) {
	reply := &pluginv1.TrackReply{}
	return reply, s.with(ctx, "Track", func(ctx context.Context, r *running) error {
		tracker, ok := r.Channel.(Tracker)
		if !ok {
			return unimplemented(AbilityTrack)
		}
		items := make([]TrackItem, len(req.GetItems()))
		for i, it := range req.GetItems() {
			items[i] = TrackItem{it.GetDelivery(), it.GetToken(), it.GetExternalId()}
		}
		receipts, err := tracker.Track(ctx, items)
		if err != nil {
			return err
		}
		if len(receipts) != len(items) {
			return &Error{Kind: "internal", Code: plugin.CodeWire, Source: "plugin", Text: fmt.Sprintf(
				"коннектор ответил о %d отправках из %d", len(receipts), len(items))}
		}
		for _, rc := range receipts {
			reply.Receipts = append(reply.Receipts, receiptTo(rc))
		}
		return nil
	})
}

// Wake asks the receiver to look now.
func (s *server) Wake(ctx context.Context, _ *pluginv1.WakeRequest) (*pluginv1.WakeReply, error) {
	reply := &pluginv1.WakeReply{}
	return reply, s.with(ctx, "Wake", func(ctx context.Context, r *running) error {
		if w, ok := r.Channel.(Waker); ok {
			return w.Wake(ctx)
		}
		reply.Restart = true
		return nil
	})
}

// Stop takes nothing new, lets what is under way finish within the grace and
// closes the channel.
func (s *server) Stop(_ context.Context, req *pluginv1.StopRequest) (*pluginv1.StopReply, error) {
	s.configure.Lock()
	defer s.configure.Unlock()
	s.mu.Lock()
	old := s.channel
	s.channel, s.stopped = nil, true
	s.mu.Unlock()
	grace := time.Duration(req.GetGraceMs()) * time.Millisecond
	if grace <= 0 {
		grace = defaultGrace
	}
	if old != nil {
		old.retire(errStopping, grace, s.log)
	}
	replaced := make(chan struct{})
	go func() { s.retiring.Wait(); close(replaced) }()
	if !within(replaced, grace) {
		s.log.Warn("a replaced channel was cut off")
	}
	return &pluginv1.StopReply{}, nil
}
