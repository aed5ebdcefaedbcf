// Package pipe is a hub that keeps nothing. It moves messages over the real
// wire and answers at once, and so tells what the wire alone costs: the floor
// that the hub's own figures are compared with.
package pipe

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// Options say how much is under way at once.
type Options struct {
	Messages    int   // how many to move, then the stream is ended
	Window      int   // unanswered messages; 0 = 256
	WindowBytes int64 // 0 = 8 MiB
}

func (o *Options) setDefaults() {
	if o.Window == 0 {
		o.Window = 256
	}
	if o.WindowBytes == 0 {
		o.WindowBytes = 8 << 20
	}
}

// Result is what was moved.
type Result struct {
	Messages int
	Bytes    int64 // of files and texts
}

// Receive takes messages from a configured connector, throws them away and
// answers each as stored.
func Receive(ctx context.Context, source pluginv1.PluginClient, o Options) (Result, error) {
	return run(ctx, source, o, func(*plugin.Message, []*plugin.Incoming) error { return nil })
}

// Forward takes messages from source and hands each as a delivery with the same
// text and files to sink; it returns when all were delivered. Files that do not
// fit a frame are thrown away: the pipe is for small messages.
func Forward(ctx context.Context, source, sink pluginv1.PluginClient, o Options) (Result, error) {
	o.setDefaults()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, err := newDelivering(ctx, sink, o)
	if err != nil {
		return Result{}, err
	}
	r, err := run(ctx, source, o, out.deliver)
	if err != nil {
		return r, err
	}
	return r, out.close()
}

func run(ctx context.Context, source pluginv1.PluginClient, o Options, each func(*plugin.Message, []*plugin.Incoming) error) (Result, error) {
	o.setDefaults()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := source.Receive(ctx)
	if err == nil {
		err = stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Start{Start: &pluginv1.ReceiveStart{
			Window: int32(o.Window), WindowBytes: o.WindowBytes,
		}}})
	}
	if err != nil {
		return Result{}, err
	}
	a := newAcker(stream)
	defer a.stop()
	var r Result
	in := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) { return frame(stream) })
	var files []*plugin.Incoming
	for r.Messages < o.Messages {
		m, err := in.Next()
		if err != nil {
			return r, err
		}
		n, err := drain(m, &files)
		if err == nil {
			err = each(m, files)
		}
		if err != nil {
			return r, err
		}
		r.Messages++
		r.Bytes += n + int64(len(m.Head.GetText()))
		a.ack(m.Seq)
	}
	return r, nil
}

func frame(stream pluginv1.Plugin_ReceiveClient) (*pluginv1.MessageFrame, error) {
	down, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	switch step := down.GetStep().(type) {
	case *pluginv1.ReceiveDown_Frame:
		return step.Frame, nil
	case *pluginv1.ReceiveDown_Fault:
		return nil, plugin.AsError(step.Fault)
	}
	return nil, io.EOF
}

// drain reads a message to its end and keeps its small files.
func drain(m *plugin.Message, files *[]*plugin.Incoming) (total int64, err error) {
	*files = (*files)[:0]
	for {
		f, err := m.Reader.Next()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		if f.Whole() {
			*files = append(*files, f)
			total += int64(len(f.Body))
			continue
		}
		n, err := f.WriteTo(io.Discard)
		if total += n; err != nil {
			return total, err
		}
	}
}

// acker answers from a goroutine of its own; numbers that come while an answer
// is on its way are answered together.
type acker struct {
	last   atomic.Uint64
	wake   chan struct{}
	worker sync.WaitGroup
}

func newAcker(stream pluginv1.Plugin_ReceiveClient) *acker {
	a := &acker{wake: make(chan struct{}, 1)}
	a.worker.Go(func() {
		for range a.wake {
			up := &pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Ack{Ack: &pluginv1.Ack{Seq: a.last.Load()}}}
			if stream.Send(up) != nil {
				return // the reading half tells why
			}
		}
	})
	return a
}

func (a *acker) ack(seq uint64) {
	a.last.Store(seq)
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *acker) stop() {
	close(a.wake)
	a.worker.Wait()
}

// delivering is a Send stream with a window.
type delivering struct {
	stream pluginv1.Plugin_SendClient
	writer plugin.Writer
	up     pluginv1.SendUp
	room   chan struct{}
	files  []plugin.File
	done   chan error
}

func newDelivering(ctx context.Context, sink pluginv1.PluginClient, o Options) (*delivering, error) {
	stream, err := sink.Send(ctx)
	if err != nil {
		return nil, err
	}
	d := &delivering{stream: stream, room: make(chan struct{}, o.Window), done: make(chan error, 1)}
	go func() { d.done <- d.read() }() // awaited by close, or ended by ctx
	return d, nil
}

func (d *delivering) read() error {
	for {
		down, err := d.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = plugin.AsError(down.GetFault())
		}
		if err != nil {
			return err
		}
		<-d.room
	}
}

func (d *delivering) deliver(m *plugin.Message, files []*plugin.Incoming) error {
	select {
	case d.room <- struct{}{}:
	case err := <-d.done:
		d.done <- err
		return errors.Join(errors.New("the sink ended"), err)
	}
	d.files = d.files[:0]
	for _, f := range files {
		d.files = append(d.files, plugin.File{Head: f.Head, Body: f.Body})
	}
	head := &pluginv1.Dispatch{
		Delivery: m.Head.GetExternalId(), Purpose: "document", Attempt: 1,
		Document: &pluginv1.DispatchDocument{Subject: m.Head.GetSubject(), Text: m.Head.GetText()},
	}
	return d.writer.Dispatch(head, d.files, func(f *pluginv1.DispatchFrame) error {
		d.up.Step = &pluginv1.SendUp_Frame{Frame: f}
		return d.stream.Send(&d.up)
	})
}

// close ends the stream and waits for the outcome of all deliveries.
func (d *delivering) close() error {
	if err := d.stream.CloseSend(); err != nil {
		return err
	}
	return <-d.done
}
