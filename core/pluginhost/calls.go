package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// callsLoop holds a Calls stream open: the plugin asks, the hub answers.
func (l *live) callsLoop(ctx context.Context) error {
	pause := backoff{min: l.host.timing.RetryMin, max: l.host.timing.RetryMax}
	for {
		err := l.serveCalls(ctx)
		switch {
		case ctx.Err() != nil || l.isDraining():
			return nil
		case wire.IsBroken(err) || wire.IsGone(err):
			return err
		}
		d := pause.next(err)
		l.channel.trouble(fromCalls, err, d)
		if !l.pause(ctx, d) {
			return nil
		}
	}
}

// callServer is one Calls stream.
type callServer struct {
	*live
	stream pluginv1.Plugin_CallsClient
	out    sync.Mutex // one frame at a time
	work   sync.WaitGroup

	mu   sync.Mutex
	open map[uint64]*served
}

// served is one call under way.
type served struct {
	steps  chan *pluginv1.CallsDown // its files
	cancel context.CancelFunc
	done   <-chan struct{}
}

// stepsWaiting is how many pieces of one call may wait; beyond it the stream
// does.
const stepsWaiting = 4

func (l *live) serveCalls(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := l.client.Calls(ctx)
	if err != nil {
		cancel()
		return wire.CallError(err, "serve calls")
	}
	s := &callServer{live: l, stream: stream, open: make(map[uint64]*served)}
	defer s.work.Wait()
	defer cancel()
	l.channel.over(fromCalls)
	for {
		down, err := stream.Recv()
		if err == nil {
			err = s.take(ctx, down)
		}
		if err != nil {
			return wire.CallError(err, "serve calls")
		}
	}
}

// take starts a call, or hands a step on to the one it belongs to. What belongs
// to none is late and dropped.
func (s *callServer) take(ctx context.Context, down *pluginv1.CallsDown) error {
	if r := down.GetRequest(); r != nil {
		return s.begin(ctx, down.GetId(), r)
	}
	s.mu.Lock()
	one := s.open[down.GetId()]
	s.mu.Unlock()
	if one == nil {
		return nil
	}
	if down.GetCancel() {
		one.cancel()
		return nil
	}
	select {
	case one.steps <- down:
	case <-one.done:
	}
	return nil
}

func (s *callServer) begin(ctx context.Context, id uint64, r *pluginv1.CallRequest) error {
	ctx, cancel := context.WithTimeout(ctx, s.host.timing.Operation)
	one := &served{steps: make(chan *pluginv1.CallsDown, stepsWaiting), cancel: cancel, done: ctx.Done()}
	s.mu.Lock()
	_, twice := s.open[id]
	full := len(s.open) >= s.host.limits.Calls
	if !twice && !full {
		s.open[id] = one
	}
	s.mu.Unlock()
	switch {
	case twice:
		cancel()
		return plugin.Broken("call number taken")
	case full:
		cancel()
		return s.fault(id, core.Unavailable("call.limit", "слишком много обращений к хабу одновременно", nil))
	}
	s.work.Go(func() {
		defer cancel()
		err := s.serve(ctx, id, r, one)
		s.mu.Lock()
		delete(s.open, id)
		s.mu.Unlock()
		if err != nil {
			_ = s.fault(id, err) // a broken line is seen by its reader
		}
	})
	return nil
}

func (s *callServer) fault(id uint64, err error) error {
	return s.send(&pluginv1.CallsUp{Id: id, Step: &pluginv1.CallsUp_Fault{Fault: wire.Fault(err)}})
}

func (s *callServer) send(up *pluginv1.CallsUp) error {
	s.out.Lock()
	defer s.out.Unlock()
	return s.stream.Send(up)
}

// serve answers one call; an error becomes its fault.
func (s *callServer) serve(ctx context.Context, id uint64, r *pluginv1.CallRequest, one *served) error {
	files, err := s.host.takeFiles(ctx, plugin.NewReader(func() (*plugin.Part, error) {
		select {
		case step := <-one.steps:
			return &plugin.Part{File: step.GetFile(), Piece: step.GetPiece(), End: step.GetEnd()}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}))
	if err != nil {
		return err
	}
	result, err := s.route(ctx, r, files)
	if err != nil {
		return err
	}
	return s.reply(ctx, id, result)
}

// route finds who answers: the hub itself, or a channel that offers the service.
// What the connector did not declare is refused.
func (s *callServer) route(ctx context.Context, r *pluginv1.CallRequest, files []core.Attachment) (Result, error) {
	name := r.GetService()
	if !s.entry.MayCall(name) {
		return Result{}, &core.Error{
			Kind: core.KindForbidden, Code: "call.undeclared", Text: "коннектор не объявил обращения к сервису «" + wire.Text(name) + "»",
		}
	}
	if own := s.host.services[name]; own != nil {
		return own(core.WithActor(ctx, s.actor()), ServiceCall{Channel: s.channel.id, Input: r.GetInput(), Files: files})
	}
	ask := ServiceRequest{Service: name, Input: r.GetInput(), Files: files, Token: r.GetToken(), Organization: s.channel.organization()}
	return s.host.ask(ctx, ask, s.channel)
}

// ServiceRequest asks channels for a service, a connector's operation of the
// place `service`.
type ServiceRequest struct {
	Service      string
	Organization core.OrganizationID // whose matter it is; empty: any channel may answer
	Channel      core.ChannelID      // this one and no other; empty: any
	Input        json.RawMessage     // a JSON object; empty = no input
	Files        []core.Attachment
	Token        string // of an earlier pending answer: the channel that gave it is asked
}

// Ask asks a running channel for a service. KindUnavailable if none offers it
// now.
func (h *Host) Ask(ctx context.Context, r ServiceRequest) (Result, error) {
	return h.ask(ctx, r, nil)
}

// ask routes a request. A pending answer's token gets the channel's name before
// it, so that it finds back to whoever gave it.
func (h *Host) ask(ctx context.Context, r ServiceRequest, asker *channel) (Result, error) {
	token := r.Token
	if token != "" {
		id, rest, ok := strings.Cut(token, tokenMark)
		if !ok || r.Channel != "" && r.Channel != core.ChannelID(id) {
			return Result{}, core.Invalid("call.token", "token", "этот ключ ожидания выдан не здесь")
		}
		r.Channel, token = core.ChannelID(id), rest
	}
	other, op := h.offers(r, asker)
	if other == nil {
		return Result{}, core.Unavailable("call.nobody", "нет работающего канала с сервисом «"+r.Service+"»", nil)
	}
	result, err := other.do(ctx, op, OperationCall{Operation: r.Service, Input: r.Input, Files: r.Files, Token: token})
	if err == nil && result.Pending {
		result.Token = string(other.channel.id) + tokenMark + result.Token
	}
	return result, err
}

// tokenMark stands between channel and token; no channel has it in its name.
const tokenMark = ":"

// offers finds a running channel with the service, never the asker itself: one
// of the organisation before one that belongs to none. Another organisation's
// keys and accounts are its own.
func (h *Host) offers(r ServiceRequest, asker *channel) (*live, catalog.Operation) {
	var found *live
	var offered catalog.Operation
	for _, c := range h.all() {
		l := c.liveNow()
		if l == nil || c == asker || r.Channel != "" && c.id != r.Channel {
			continue
		}
		op, ok := l.entry.Operation(r.Service)
		if !ok || op.Place != catalog.PlaceService {
			continue
		}
		switch own := c.organization(); {
		case own == r.Organization:
			return l, op
		case found == nil && (own == "" || r.Organization == ""):
			found, offered = l, op
		}
	}
	return found, offered
}

func (c *channel) organization() core.OrganizationID {
	if ch := c.wantedNow(); ch != nil {
		return ch.Organization
	}
	return ""
}

func (s *callServer) reply(ctx context.Context, id uint64, r Result) error {
	err := s.send(&pluginv1.CallsUp{Id: id, Step: &pluginv1.CallsUp_Reply{Reply: &pluginv1.DoReply{
		Output: r.Output, Pending: r.Pending, Token: r.Token, AskAfterMs: r.AskAfter.Milliseconds(),
	}}})
	if err != nil {
		return err
	}
	err = new(plugin.Writer).Steps(s.host.toFiles(ctx, r.Files),
		func(head *pluginv1.FileHead) error {
			return s.send(&pluginv1.CallsUp{Id: id, Step: &pluginv1.CallsUp_File{File: head}})
		},
		func(piece []byte) error {
			return s.send(&pluginv1.CallsUp{Id: id, Step: &pluginv1.CallsUp_Piece{Piece: piece}})
		})
	if unread, ok := errors.AsType[*plugin.ReadError](err); ok {
		return fileError(unread.Err)
	}
	if err != nil {
		return err
	}
	return s.send(&pluginv1.CallsUp{Id: id, Step: &pluginv1.CallsUp_End{End: true}})
}
