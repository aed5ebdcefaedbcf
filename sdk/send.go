package sdk

import (
	"context"
	"errors"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// aheadLimit is how many dispatches the hub may send ahead of those under way.
// While more wait, nothing is read from the stream, cancellations included.
const aheadLimit = 64

// Send makes the deliveries of one stream: as many at once as the connector's
// limits allow, started in the order they came.
func (s *server) Send(stream pluginv1.Plugin_SendServer) error {
	if s.cannot(AbilitySend) {
		return plugin.AsError(faultOf(unimplemented(AbilitySend)))
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	out := &sending{server: s, stream: stream, known: map[string]*delivery{}}
	queue := make(chan *delivery, aheadLimit)
	var workers sync.WaitGroup
	for range s.Limits.GetConcurrency() {
		workers.Go(func() {
			for d := range queue {
				out.make(ctx, d)
			}
		})
	}
	err := out.read(ctx, queue)
	close(queue)
	if err != nil {
		cancel()
	}
	workers.Wait()
	return err
}

func (s *server) cannot(ability string) bool {
	for _, a := range s.Abilities {
		if a == ability {
			return false
		}
	}
	return true
}

// delivery is one dispatch on its way. cancel and canceled belong to the lock
// of the stream.
type delivery struct {
	Dispatch
	files    *spools
	fault    error                   // it cannot be made: its files could not be kept
	cancel   context.CancelCauseFunc // nil until it is under way
	canceled bool
}

type sending struct {
	*server
	stream pluginv1.Plugin_SendServer
	out    sync.Mutex // one answer at a time

	mu    sync.Mutex
	known map[string]*delivery
}

var errCanceled = &Error{Kind: "unavailable", Code: plugin.CodeCanceled, Source: "plugin", Text: "отправка отменена"}

// read takes dispatches off the stream until the hub closes it.
func (s *sending) read(ctx context.Context, queue chan<- *delivery) error {
	in := plugin.NewDispatches(s.frame)
	for {
		d, err := in.Next()
		if isEnd(err) {
			return nil
		}
		if err != nil {
			return err
		}
		one := &delivery{Dispatch: dispatchFrom(d.Head)}
		if one.files, one.fault, err = collect(d.Reader, s.scratch()); err != nil {
			return err
		}
		if d.Abandoned {
			one.files.free()
			continue
		}
		one.Files = one.files.files
		s.mu.Lock()
		s.known[one.Delivery] = one
		s.mu.Unlock()
		select {
		case queue <- one:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// frame is the next frame of a dispatch; cancellations are obeyed on the way.
func (s *sending) frame() (*pluginv1.DispatchFrame, error) {
	for {
		up, err := s.stream.Recv()
		if err != nil {
			return nil, err
		}
		switch step := up.GetStep().(type) {
		case *pluginv1.SendUp_Frame:
			return step.Frame, nil
		case *pluginv1.SendUp_Cancel:
			s.cancel(step.Cancel)
		default:
			return nil, plugin.Broken("empty step in Send")
		}
	}
}

func (s *sending) cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d := s.known[id]; {
	case d == nil:
	case d.cancel != nil:
		d.cancel(errCanceled)
	default:
		d.canceled = true
	}
}

// begin derives the context in which d is made.
func (s *sending) begin(ctx context.Context, d *delivery) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.cancel = cancel; d.canceled {
		cancel(errCanceled)
	}
	return ctx
}

func (s *sending) end(d *delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.cancel(nil)
	if s.known[d.Delivery] == d {
		delete(s.known, d.Delivery)
	}
}

func (s *server) scratch() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel == nil {
		return ""
	}
	return s.channel.Env.Scratch
}

// make runs the author's Send and answers.
func (s *sending) make(ctx context.Context, d *delivery) {
	receipt, err := s.send(s.begin(ctx, d), d)
	s.end(d)
	d.files.free()
	down := &pluginv1.SendDown{Delivery: d.Delivery}
	if err != nil {
		down.Fault = faultOf(err)
	} else {
		down.Receipt = receiptTo(receipt)
	}
	s.out.Lock()
	defer s.out.Unlock()
	if err := s.stream.Send(down); err != nil {
		s.log.Warn("receipt could not be handed over", "delivery", d.Delivery, "error", err)
	}
}

func (s *sending) send(ctx context.Context, d *delivery) (receipt Receipt, err error) {
	if d.fault != nil {
		return receipt, d.fault
	}
	leave, err := s.under.enter(ctx, d.Delivery)
	if err != nil {
		return receipt, context.Cause(ctx)
	}
	defer leave()
	r, err := s.enter()
	if err != nil {
		return receipt, err
	}
	defer r.leave()
	ctx, done := r.work(ctx)
	defer done()
	if cause := context.Cause(ctx); cause != nil {
		return receipt, cause
	}
	sender, ok := r.Channel.(Sender)
	if !ok {
		return receipt, unimplemented(AbilitySend)
	}
	err = s.guard("Send", func() (err error) {
		receipt, err = sender.Send(ctx, d.Dispatch)
		return err
	})
	return receipt, outcome(ctx, err)
}

// outcome is what an error of Send means when the delivery was cancelled or the
// code panicked: a panic may have come after the sending.
func outcome(ctx context.Context, err error) error {
	e, typed := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return nil
	case typed && e.Code == plugin.CodePanic:
		unknown := *e
		unknown.Kind = "unknown"
		return &unknown
	case !typed && errors.Is(err, context.Canceled) && context.Cause(ctx) != nil:
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// deliveries keeps the same delivery from being made twice at the same time,
// when the hub sends it again while the first attempt has not ended.
type deliveries struct {
	mu  sync.Mutex
	now map[string]chan struct{}
}

func (d *deliveries) enter(ctx context.Context, id string) (leave func(), err error) {
	for {
		d.mu.Lock()
		busy := d.now[id]
		if busy == nil {
			break
		}
		d.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer d.mu.Unlock()
	done := make(chan struct{})
	if d.now == nil {
		d.now = map[string]chan struct{}{}
	}
	d.now[id] = done
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.now, id)
		close(done)
	}, nil
}
