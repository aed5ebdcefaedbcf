package pluginhost

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
	"github.com/uzel-hub/uzel/core/store"
)

// receiveLoop holds a Receive stream open while the direction is not paused.
// A receiver that ends with a fault is started again after a growing pause; one
// that breaks the protocol, or whose line breaks, ends the process.
func (l *live) receiveLoop(ctx context.Context) error {
	pause := backoff{min: l.host.timing.RetryMin, max: l.host.timing.RetryMax}
	for {
		inside, leave := l.in.enter(ctx, l.draining)
		if leave == nil {
			return nil
		}
		began := time.Now()
		err := l.receive(inside)
		paused := inside.Err() != nil
		leave()
		if time.Since(began) > l.host.timing.Settled {
			pause.reset()
		}
		switch {
		case ctx.Err() != nil || l.isDraining():
			return nil
		case paused:
			continue
		case wire.IsBroken(err) || wire.IsGone(err):
			return err
		case err == nil: // nothing more will come by itself
			l.channel.over(fromReceive)
			if !l.rest(ctx) {
				return nil
			}
			continue
		}
		d := pause.next(err)
		l.channel.trouble(fromReceive, err, d)
		if !l.pause(ctx, d) {
			return nil
		}
	}
}

// rest waits until somebody wants the receiver to look again.
func (l *live) rest(ctx context.Context) bool {
	select {
	case <-l.nudge.wait():
	case <-l.draining:
	case <-ctx.Done():
		return false
	}
	return !l.isDraining()
}

// receive holds one stream open. nil: the receiver ended by itself.
func (l *live) receive(ctx context.Context) error {
	cursor, err := l.host.cursor(ctx, l.channel.id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := l.client.Receive(ctx)
	if err != nil {
		return wire.CallError(err, "receive")
	}
	start := &pluginv1.ReceiveStart{
		Cursor: cursor, Window: int32(l.host.limits.Window), WindowBytes: l.host.limits.WindowBytes,
	}
	if err := stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Start{Start: start}}); err != nil {
		return streamError(stream, err)
	}
	settled := time.AfterFunc(l.host.timing.Settled, func() { l.channel.over(fromReceive) })
	defer settled.Stop()
	frames := &frames{stream: stream}
	messages := plugin.NewMessages(frames.next)
	in := newIntake(l.host, l, func(a *pluginv1.Ack) error {
		return stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Ack{Ack: a}})
	})
	err = in.run(core.WithActor(ctx, l.actor()), func() (*plugin.Message, error) {
		m, err := messages.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			err = wire.CallError(err, "receive")
		}
		return m, err
	})
	if err != nil {
		return err
	}
	return wire.Error(frames.fault, "receive")
}

// frames picks the frames out of a Receive stream and keeps how it ended.
type frames struct {
	stream pluginv1.Plugin_ReceiveClient
	fault  *pluginv1.Fault
}

func (f *frames) next() (*pluginv1.MessageFrame, error) {
	down, err := f.stream.Recv()
	if err != nil {
		return nil, err
	}
	switch step := down.GetStep().(type) {
	case *pluginv1.ReceiveDown_Frame:
		return step.Frame, nil
	case *pluginv1.ReceiveDown_Fault:
		f.fault = step.Fault
		return nil, io.EOF
	case *pluginv1.ReceiveDown_Done:
		return nil, io.EOF
	}
	return nil, plugin.Broken("empty step")
}

// streamError is why a stream cannot be written to: reading from it tells.
func streamError(stream interface{ RecvMsg(any) error }, err error) error {
	if errors.Is(err, io.EOF) {
		var none pluginv1.WakeReply
		err = stream.RecvMsg(&none)
	}
	return wire.CallError(err, "receive")
}

// actor is who writes what comes in through the channel.
func (l *live) actor() core.Actor {
	return core.Actor{Kind: core.ActorChannel, ID: string(l.channel.id)}
}

// cursor is where the channel's receiver goes on; nil at the very first start.
func (h *Host) cursor(ctx context.Context, id core.ChannelID) ([]byte, error) {
	var value []byte
	err := h.store.View(ctx, func(tx store.Tx) error {
		c, err := store.Cursors.Get(tx, string(id))
		if err != nil {
			return err
		}
		value = c.Value
		return nil
	})
	if err != nil && core.KindOf(err) == core.KindNotFound {
		return nil, nil
	}
	return value, err
}
