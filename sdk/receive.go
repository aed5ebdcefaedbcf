package sdk

import (
	"context"
	"errors"
	"io"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// Receive runs the author's Receive for as long as the hub holds the stream.
func (s *server) Receive(stream pluginv1.Plugin_ReceiveServer) error {
	up, err := stream.Recv()
	if err != nil {
		return err
	}
	start := up.GetStart()
	if start == nil {
		return plugin.Broken("Receive must begin with start")
	}
	r, err := s.enter()
	if err != nil {
		return plugin.AsError(faultOf(err))
	}
	defer r.leave()
	receiver, ok := r.Channel.(Receiver)
	if !ok {
		return plugin.AsError(faultOf(unimplemented(AbilityReceive)))
	}
	// An author's Receive never runs twice at the same time: one whose stream was
	// cut may still be finishing.
	select {
	case s.receiving <- struct{}{}:
		defer func() { <-s.receiving }()
	case <-stream.Context().Done():
		return nil
	}
	err = s.receive(stream, r, receiver, start)
	return s.ended(stream, r, err)
}

// receive returns how the author's Receive ended.
func (s *server) receive(stream pluginv1.Plugin_ReceiveServer, r *running, receiver Receiver, start *pluginv1.ReceiveStart) error {
	ctx, done := r.receive(stream.Context())
	defer done()
	hard, cutOff := r.work(stream.Context())
	defer cutOff()

	step := &pluginv1.ReceiveDown_Frame{}
	down := &pluginv1.ReceiveDown{Step: step}
	e := newEmitter(s.kinds, int(start.GetWindow()), start.GetWindowBytes(), func(f *pluginv1.MessageFrame) error {
		step.Frame = f
		return lineError(stream.Send(down))
	})
	e.stopping = ctx.Done()
	defer context.AfterFunc(hard, func() { e.fail(errGone(context.Cause(hard))) })()
	go func() { // ends with the stream, at the latest when Receive returns
		for {
			up, err := stream.Recv()
			if err != nil {
				e.fail(errGone(err))
				return
			}
			e.ack(up.GetAck())
		}
	}()
	var after Cursor
	if len(start.GetCursor()) > 0 {
		after = start.GetCursor()
	}
	err := s.guard("Receive", func() error { return receiver.Receive(ctx, after, e) })
	// What was posted and not flushed is awaited here, so that it is not handed
	// over twice.
	if e.isIdle() {
		return err
	}
	return errors.Join(err, e.Flush(ctx))
}

// lineError is the failure of a stream as the author sees it.
func lineError(err error) error {
	if err == nil {
		return nil
	}
	return errGone(err)
}

// ended tells the hub how the receiver ended.
func (s *server) ended(stream pluginv1.Plugin_ReceiveServer, r *running, err error) error {
	why := r.reason()
	switch {
	case stream.Context().Err() != nil:
		return nil
	case errors.Is(why, errStopping):
		return nil
	case why != nil:
		err = why
	case err == nil:
		return stream.Send(&pluginv1.ReceiveDown{Step: &pluginv1.ReceiveDown_Done{Done: true}})
	}
	return stream.Send(&pluginv1.ReceiveDown{Step: &pluginv1.ReceiveDown_Fault{Fault: faultOf(err)}})
}

// isEnd tells a peer that closed its half in order.
func isEnd(err error) bool { return errors.Is(err, io.EOF) }
