package sdk

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// Hook serves one request to the channel's web-hook.
func (s *server) Hook(stream pluginv1.Plugin_HookServer) error {
	up, err := stream.Recv()
	if err != nil {
		return err
	}
	if up.GetRequest() == nil {
		return plugin.Broken("Hook must begin with request")
	}
	r, err := s.enter()
	if err != nil {
		return plugin.AsError(faultOf(err))
	}
	defer r.leave()
	hook, ok := r.Channel.(Hook)
	if !ok {
		return plugin.AsError(faultOf(unimplemented(AbilityHook)))
	}
	h := &hooking{stream: stream, body: newSpool(r.Env.Scratch, spoolMemory)}
	h.emitter = newEmitter(s.kinds, 0, 0, h.frame)
	defer h.body.free()
	return h.serve(s, r, hook, up.GetRequest())
}

// hooking is one request under way.
type hooking struct {
	stream  pluginv1.Plugin_HookServer
	out     sync.Mutex
	emitter *emitter
	body    *spool
}

func (h *hooking) send(down *pluginv1.HookDown) error {
	h.out.Lock()
	defer h.out.Unlock()
	return lineError(h.stream.Send(down))
}

func (h *hooking) frame(f *pluginv1.MessageFrame) error {
	return h.send(&pluginv1.HookDown{Step: &pluginv1.HookDown_Frame{Frame: f}})
}

// read takes the body and the answers to what was emitted. The body goes to the
// spool, so that an answer behind it is not held up by an author who has not
// read it. It ends with the stream.
func (h *hooking) read() {
	for {
		up, err := h.stream.Recv()
		if err != nil {
			h.body.finish(io.ErrUnexpectedEOF)
			h.emitter.fail(errGone(err))
			return
		}
		switch step := up.GetStep().(type) {
		case *pluginv1.HookUp_Piece:
			h.body.Write(step.Piece) //nolint:errcheck // the spool tells its readers
		case *pluginv1.HookUp_End:
			h.body.finish(nil)
		case *pluginv1.HookUp_Ack:
			h.emitter.ack(step.Ack)
		}
	}
}

func (h *hooking) serve(s *server, r *running, hook Hook, req *pluginv1.HookRequest) error {
	ctx, done := r.work(h.stream.Context())
	defer done()
	go h.read()
	body, _ := h.body.open()
	request := (&http.Request{
		Method: req.GetMethod(), URL: &url.URL{Path: req.GetPath(), RawQuery: req.GetQuery()},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: body,
		ContentLength: req.GetLength(), RemoteAddr: req.GetRemote(), RequestURI: requestURI(req),
	}).WithContext(ctx)
	for _, head := range req.GetHeaders() {
		request.Header.Add(head.GetName(), head.GetValue())
	}
	request.Host = request.Header.Get("Host")
	var reply HookReply
	err := s.guard("ServeHook", func() (err error) {
		reply, err = hook.ServeHook(ctx, request, h.emitter)
		return err
	})
	if err == nil {
		err = h.emitter.Flush(ctx)
	}
	if err == nil {
		err = h.reply(reply)
	}
	if err == nil || h.stream.Context().Err() != nil {
		return nil
	}
	return h.send(&pluginv1.HookDown{Step: &pluginv1.HookDown_Fault{Fault: faultOf(err)}})
}

func requestURI(req *pluginv1.HookRequest) string {
	return (&url.URL{Path: req.GetPath(), RawQuery: req.GetQuery()}).RequestURI()
}

func (h *hooking) reply(reply HookReply) error {
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	head := &pluginv1.HookReply{Status: int32(reply.Status)}
	for name, values := range reply.Header {
		for _, v := range values {
			head.Headers = append(head.Headers, &pluginv1.Header{Name: clean(name), Value: clean(v)})
		}
	}
	if err := h.send(&pluginv1.HookDown{Step: &pluginv1.HookDown_Reply{Reply: head}}); err != nil {
		return err
	}
	if reply.Body != nil {
		if err := h.pieces(reply.Body); err != nil {
			return err
		}
	}
	return h.send(&pluginv1.HookDown{Step: &pluginv1.HookDown_End{End: true}})
}

func (h *hooking) pieces(body io.Reader) error {
	if c, ok := body.(io.Closer); ok {
		defer c.Close() //nolint:errcheck // read to its end or failed already
	}
	buf := make([]byte, plugin.PieceSize)
	for {
		n, err := io.ReadFull(body, buf)
		if n > 0 {
			if err := h.send(&pluginv1.HookDown{Step: &pluginv1.HookDown_Piece{Piece: buf[:n]}}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
