package sdktest

import (
	"context"
	"io"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk"
)

// Handle offers a service to the connector; call it before OpenCalls.
func (h *Hub) Handle(service string, f Service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.services[service] = f
}

// OpenCalls opens the Calls stream and answers the connector's calls until the
// test ends or close is called.
func (h *Hub) OpenCalls() (closeStream func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	stream, err := h.Client.Calls(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	s := &serving{hub: h, stream: stream, open: map[uint64]*served{}}
	done := make(chan struct{})
	go func() { defer close(done); s.read(ctx) }()
	end := func() { cancel(); <-done }
	h.t.Cleanup(end)
	return end
}

// serving is the hub's half of a Calls stream.
type serving struct {
	hub    *Hub
	stream pluginv1.Plugin_CallsClient
	out    sync.Mutex
	work   sync.WaitGroup

	mu   sync.Mutex
	open map[uint64]*served // not answered yet
}

// served is one call that comes in. parts is closed when no more come: after
// the end, or because the connector gave up.
type served struct {
	request *pluginv1.CallRequest
	parts   chan *plugin.Part
	whole   bool
	cancel  context.CancelFunc
}

func (o *served) giveUp() {
	o.cancel()
	if !o.whole {
		o.whole = true
		close(o.parts)
	}
}

func (s *serving) read(ctx context.Context) {
	defer s.work.Wait()
	for {
		down, err := s.stream.Recv()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, one := range s.open {
				one.giveUp()
			}
			return
		}
		s.step(ctx, down)
	}
}

func (s *serving) step(ctx context.Context, down *pluginv1.CallsDown) {
	id := down.GetId()
	if down.GetRequest() != nil {
		ctx, cancel := context.WithCancel(ctx)
		one := &served{request: down.GetRequest(), parts: make(chan *plugin.Part, 1), cancel: cancel}
		s.mu.Lock()
		s.open[id] = one
		s.mu.Unlock()
		s.work.Go(func() { s.answer(ctx, id, one) })
		return
	}
	s.mu.Lock()
	one := s.open[id]
	s.mu.Unlock()
	switch {
	case one == nil || one.whole && !down.GetCancel(): // answered, or given up
	case down.GetCancel():
		one.giveUp()
	default:
		one.parts <- &plugin.Part{File: down.GetFile(), Piece: down.GetPiece(), End: down.GetEnd()}
		if down.GetEnd() {
			one.whole = true
			close(one.parts)
		}
	}
}

func (s *serving) send(id uint64, up *pluginv1.CallsUp) error {
	s.out.Lock()
	defer s.out.Unlock()
	up.Id = id
	return s.stream.Send(up)
}

func (s *serving) answer(ctx context.Context, id uint64, one *served) {
	result, err := s.serve(ctx, one)
	s.mu.Lock()
	delete(s.open, id)
	s.mu.Unlock()
	defer one.cancel()
	if err == nil {
		err = s.reply(id, result)
	}
	if err != nil && s.stream.Context().Err() == nil {
		// A line that breaks meanwhile has nobody to tell; one that was closed must end the call, not its answer.
		_ = s.send(id, &pluginv1.CallsUp{Step: &pluginv1.CallsUp_Fault{Fault: faultOf(err)}})
	}
}

func (s *serving) serve(ctx context.Context, one *served) (sdk.Result, error) {
	files, err := keep(plugin.NewReader(func() (*plugin.Part, error) {
		if p := <-one.parts; p != nil {
			return p, nil
		}
		return nil, io.ErrUnexpectedEOF
	}))
	if err != nil {
		return sdk.Result{}, err
	}
	s.hub.mu.Lock()
	f := s.hub.services[one.request.GetService()]
	s.hub.mu.Unlock()
	if f == nil {
		return sdk.Result{}, &sdk.Error{Kind: "not_found", Code: "service.unknown", Text: "такой услуги нет", Source: "hub"}
	}
	in, err := resultFrom(&pluginv1.DoReply{Output: one.request.GetInput()}, nil)
	if err != nil {
		return sdk.Result{}, err
	}
	return f(ctx, sdk.Call{Service: one.request.GetService(), Input: in.Output, Files: files, Token: one.request.GetToken()})
}

func (s *serving) reply(id uint64, r sdk.Result) error {
	err := s.send(id, &pluginv1.CallsUp{Step: &pluginv1.CallsUp_Reply{Reply: &pluginv1.DoReply{
		Output: valuesTo(r.Output), Pending: r.Pending, Token: r.Token, AskAfterMs: r.AskAfter.Milliseconds(),
	}}})
	if err != nil {
		return err
	}
	err = new(plugin.Writer).Steps(filesTo(r.Files),
		func(f *pluginv1.FileHead) error {
			return s.send(id, &pluginv1.CallsUp{Step: &pluginv1.CallsUp_File{File: f}})
		},
		func(p []byte) error {
			return s.send(id, &pluginv1.CallsUp{Step: &pluginv1.CallsUp_Piece{Piece: p}})
		})
	if err != nil {
		return err
	}
	return s.send(id, &pluginv1.CallsUp{Step: &pluginv1.CallsUp_End{End: true}})
}
