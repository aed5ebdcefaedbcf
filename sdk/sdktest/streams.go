package sdktest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk"
)

func killProcess(t testing.TB, id string) {
	t.Helper()
	pid, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// Reception says how a Receive stream behaves.
type Reception struct {
	Window      int   // 0 = 64
	WindowBytes int64 // 0 = 8 MiB
	// Answer decides on a message: nil keeps it, ErrSilence neither keeps nor
	// answers it (nor any after it), ErrLostAnswer keeps it and then falls silent,
	// another error refuses it. A nil func keeps all.
	Answer func(m sdk.Message) error
}

var (
	// ErrSilence makes the hub stop acknowledging.
	ErrSilence = errors.New("the hub is silent")
	// ErrLostAnswer makes the hub keep the message and stop acknowledging, as if
	// it died between the two.
	ErrLostAnswer = errors.New("the hub keeps and is silent")
)

// Receiving is an open Receive stream.
type Receiving struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	more   bool
}

// Receive opens a stream at the cursor kept so far.
func (h *Hub) Receive(r Reception) *Receiving {
	h.t.Helper()
	if r.Window == 0 {
		r.Window = 64
	}
	if r.WindowBytes == 0 {
		r.WindowBytes = 8 << 20
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	h.t.Cleanup(cancel)
	stream, err := h.Client.Receive(ctx)
	if err == nil {
		err = stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Start{Start: &pluginv1.ReceiveStart{
			Cursor: h.Cursor(), Window: int32(r.Window), WindowBytes: r.WindowBytes,
		}}})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	out := &Receiving{cancel: cancel, done: make(chan struct{}), more: true}
	go func() { // Wait and Cancel wait for it
		defer close(out.done)
		if out.err = h.receive(stream, r, out); out.err != nil && ctx.Err() == nil {
			h.mu.Lock()
			h.ended = out.err
			h.mu.Unlock()
		}
	}()
	return out
}

// Cancel ends the stream from the hub's side and waits for it.
func (r *Receiving) Cancel() {
	r.cancel()
	<-r.done
}

// Wait waits for the connector to end the stream. done tells that nothing more
// will ever come; the error is the connector's fault.
func (r *Receiving) Wait() (done bool, err error) {
	<-r.done
	return !r.more, r.err
}

// Done is closed when the stream is over.
func (r *Receiving) Done() <-chan struct{} { return r.done }

func (h *Hub) receive(stream pluginv1.Plugin_ReceiveClient, r Reception, out *Receiving) error {
	messages := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
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
		out.more = false
		return nil, io.EOF
	})
	ack := func(a *pluginv1.Ack) error {
		return stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Ack{Ack: a}})
	}
	return h.messages(messages, r.Answer, ack)
}

// messages keeps what comes in until the stream ends.
func (h *Hub) messages(in *plugin.Messages, answer func(sdk.Message) error, ack func(*pluginv1.Ack) error) error {
	silent := false
	for {
		m, err := in.Next()
		if err == nil {
			silent, err = h.message(m, answer, silent, ack)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorFrom(plugin.FaultOf(err))
		}
	}
}

func (h *Hub) message(in *plugin.Message, answer func(sdk.Message) error, silent bool, ack func(*pluginv1.Ack) error) (bool, error) {
	files, err := keep(in.Reader)
	if err != nil || in.Abandoned {
		return silent, err
	}
	var m *sdk.Message
	if in.Head != nil {
		one := messageFrom(in.Head)
		one.Files, m = files, &one
		h.offer(one.ExternalID)
		if answer != nil && !silent {
			err = answer(one)
		}
	}
	if !silent && errors.Is(err, ErrLostAnswer) {
		h.store(m, in.Cursor, in.HasCursor)
		silent = true
	}
	if silent = silent || errors.Is(err, ErrSilence); silent {
		return true, nil
	}
	if err != nil {
		return false, ack(&pluginv1.Ack{Seq: in.Seq, Fault: faultOf(err)})
	}
	h.store(m, in.Cursor, in.HasCursor)
	return false, ack(&pluginv1.Ack{Seq: in.Seq})
}

// ---- send

// sending is the hub's long-lived Send stream.
type sending struct {
	stream pluginv1.Plugin_SendClient
	writer plugin.Writer
	out    sync.Mutex

	mu   sync.Mutex
	open map[string][]chan *pluginv1.SendDown
	gone error
}

// Send makes one delivery and waits for its outcome. When ctx ends, the
// connector is told to cancel the delivery and its answer is still awaited.
func (h *Hub) Send(ctx context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	s, err := h.sender()
	if err != nil {
		return sdk.Receipt{}, err
	}
	answer := make(chan *pluginv1.SendDown, 1)
	s.mu.Lock()
	s.open[d.Delivery] = append(s.open[d.Delivery], answer)
	s.mu.Unlock()
	if err := s.dispatch(d); err != nil {
		return sdk.Receipt{}, err
	}
	canceled := ctx.Done()
	for {
		select {
		case down := <-answer:
			if down == nil {
				return sdk.Receipt{}, s.gone
			}
			return receiptFrom(down.GetReceipt()), errorFrom(down.GetFault())
		case <-canceled:
			canceled = nil
			if err := s.send(&pluginv1.SendUp{Step: &pluginv1.SendUp_Cancel{Cancel: d.Delivery}}); err != nil {
				return sdk.Receipt{}, err
			}
		}
	}
}

func (h *Hub) sender() (*sending, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sending != nil && h.sending.alive() {
		return h.sending, nil
	}
	stream, err := h.Client.Send(h.t.Context())
	if err != nil {
		return nil, errorFrom(plugin.FaultOf(err))
	}
	s := &sending{stream: stream, open: map[string][]chan *pluginv1.SendDown{}}
	go s.read() // ends with the stream, at the latest with the test's context
	h.sending = s
	return s, nil
}

func (s *sending) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone == nil
}

func (s *sending) send(up *pluginv1.SendUp) error {
	s.out.Lock()
	defer s.out.Unlock()
	return s.stream.Send(up)
}

func (s *sending) dispatch(d sdk.Dispatch) error {
	s.out.Lock()
	defer s.out.Unlock()
	return s.writer.Dispatch(dispatchTo(d), filesTo(d.Files), func(f *pluginv1.DispatchFrame) error {
		return s.stream.Send(&pluginv1.SendUp{Step: &pluginv1.SendUp_Frame{Frame: f}})
	})
}

func (s *sending) read() {
	for {
		down, err := s.stream.Recv()
		s.mu.Lock()
		if err != nil {
			s.gone = errorFrom(plugin.FaultOf(err))
			for _, waiting := range s.open {
				for _, answer := range waiting {
					close(answer)
				}
			}
			s.open = nil
			s.mu.Unlock()
			return
		}
		if waiting := s.open[down.GetDelivery()]; len(waiting) > 0 {
			waiting[0] <- down
			s.open[down.GetDelivery()] = waiting[1:]
		}
		s.mu.Unlock()
	}
}

// ---- hook

// Hook hands on one request as the hub's port does and returns the reply. What
// the connector emits meanwhile is kept.
func (h *Hub) Hook(r *http.Request) (*http.Response, error) {
	stream, err := h.Client.Hook(r.Context())
	if err != nil {
		return nil, err
	}
	req := &pluginv1.HookRequest{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Remote: r.RemoteAddr, Length: r.ContentLength,
	}
	for name, values := range r.Header {
		for _, v := range values {
			req.Headers = append(req.Headers, &pluginv1.Header{Name: name, Value: v})
		}
	}
	up := &upward{stream: stream}
	if err := up.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Request{Request: req}}); err != nil {
		return nil, err
	}
	var body sync.WaitGroup
	defer body.Wait()
	body.Go(func() { up.body(r.Body) })
	return h.hookReply(stream, up)
}

// upward is the hub's half of a Hook stream.
type upward struct {
	stream pluginv1.Plugin_HookClient
	mu     sync.Mutex
}

func (u *upward) send(up *pluginv1.HookUp) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.stream.Send(up)
}

// body sends the request's body; a connector that has answered takes no more.
func (u *upward) body(r io.Reader) {
	buf := make([]byte, plugin.PieceSize)
	for r != nil {
		n, err := r.Read(buf)
		if n > 0 && u.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Piece{Piece: buf[:n]}}) != nil {
			return
		}
		if err != nil {
			break
		}
	}
	_ = u.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_End{End: true}})
}

func (h *Hub) hookReply(stream pluginv1.Plugin_HookClient, up *upward) (*http.Response, error) {
	var last *pluginv1.HookDown
	messages := plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
		down, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if last = down; down.GetFrame() == nil {
			return nil, io.EOF
		}
		return down.GetFrame(), nil
	})
	err := h.messages(messages, nil, func(a *pluginv1.Ack) error {
		return up.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Ack{Ack: a}})
	})
	if err == nil {
		err = errorFrom(last.GetFault())
	}
	if err != nil {
		return nil, err
	}
	reply := last.GetReply()
	out := &http.Response{StatusCode: int(reply.GetStatus()), Header: http.Header{}}
	for _, head := range reply.GetHeaders() {
		out.Header.Add(head.GetName(), head.GetValue())
	}
	var body bytes.Buffer
	for {
		down, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if f := down.GetFault(); f != nil {
			return nil, errorFrom(f)
		}
		if body.Write(down.GetPiece()); down.GetEnd() {
			out.Body = io.NopCloser(&body)
			return out, nil
		}
	}
}

// ---- operations

// Do runs one operation. call.Progress, if set, hears of the progress.
func (h *Hub) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := h.Client.Do(ctx)
	if err == nil {
		err = ask(stream, call)
	}
	if err != nil && !errors.Is(err, io.EOF) { // io.EOF: the answer has come already
		return sdk.Result{}, err
	}
	var reply *pluginv1.DoReply
	for reply == nil {
		down, err := stream.Recv()
		if err != nil {
			return sdk.Result{}, errorFrom(plugin.FaultOf(err))
		}
		switch step := down.GetStep().(type) {
		case *pluginv1.DoDown_Progress:
			if call.Progress != nil {
				call.Progress(step.Progress.GetDone(), step.Progress.GetTotal(), step.Progress.GetText())
			}
		case *pluginv1.DoDown_Fault:
			return sdk.Result{}, errorFrom(step.Fault)
		case *pluginv1.DoDown_Reply:
			reply = step.Reply
		}
	}
	files, err := keep(plugin.NewReader(func() (*plugin.Part, error) {
		down, err := stream.Recv()
		if err == nil {
			err = plugin.AsError(down.GetFault())
		}
		return &plugin.Part{File: down.GetFile(), Piece: down.GetPiece(), End: down.GetEnd()}, err
	}))
	if err != nil {
		return sdk.Result{}, errorFrom(plugin.FaultOf(err))
	}
	return resultFrom(reply, files)
}

func ask(stream pluginv1.Plugin_DoClient, call sdk.OperationCall) error {
	err := stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_Request{Request: &pluginv1.DoRequest{
		Operation: call.Operation, Input: valuesTo(call.Input), Token: call.Token, Document: call.Document, User: call.User,
	}}})
	if err != nil {
		return err
	}
	err = new(plugin.Writer).Steps(filesTo(call.Files),
		func(f *pluginv1.FileHead) error {
			return stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_File{File: f}})
		},
		func(p []byte) error { return stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_Piece{Piece: p}}) })
	if err != nil {
		return err
	}
	if err := stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_End{End: true}}); err != nil {
		return err
	}
	return stream.CloseSend()
}
