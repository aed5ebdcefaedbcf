package pluginhost

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// HookPath is where the web-hooks of the channels begin.
const HookPath = "/hooks/"

// Hooks serves /hooks/{channel}/…: each request goes to the channel's process,
// whose reply may say that what it brought is on disk, because it is.
func (h *Host) Hooks() http.Handler { return http.HandlerFunc(h.serveHook) }

func (h *Host) serveHook(w http.ResponseWriter, r *http.Request) {
	rest, _ := strings.CutPrefix(r.URL.Path, HookPath)
	id, path, _ := strings.Cut(rest, "/")
	l, err := h.hooked(core.ChannelID(id))
	if err != nil {
		hookError(w, err)
		return
	}
	select {
	case l.hooks <- struct{}{}:
		defer func() { <-l.hooks }()
	default:
		hookError(w, core.Unavailable("hook.limit", "слишком много обращений сразу", nil))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timing.Call)
	defer cancel()
	hk := &hooking{live: l, w: w, r: r, path: "/" + path}
	if err := hk.serve(ctx); err != nil && !hk.answered {
		hookError(w, err)
	}
}

// hooked is the process that takes the channel's web-hooks now. Strangers ask
// here, so what exists and what does not looks the same.
func (h *Host) hooked(id core.ChannelID) (*live, error) {
	none := core.NotFound("hook.not_found", "нет такого адреса")
	c, err := h.channel(id)
	if err != nil {
		return nil, none
	}
	e, err := h.catalog.Get(c.wantedNow().Plugin, c.wantedNow().Version)
	if err != nil || !e.Can(catalog.Hooks) {
		return nil, none
	}
	l := c.liveNow()
	if l == nil {
		return nil, core.Unavailable("hook.not_running", "приём приостановлен", nil)
	}
	if open, _ := l.in.state(); !open || l.isDraining() {
		return nil, core.Unavailable("hook.paused", "приём приостановлен", nil)
	}
	return l, nil
}

// hooking is one request under way.
type hooking struct {
	*live
	w    http.ResponseWriter
	r    *http.Request
	path string

	stream   pluginv1.Plugin_HookClient
	out      sync.Mutex // one step at a time
	answered bool       // the reply's head was written
}

func (hk *hooking) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := hk.client.Hook(ctx)
	if err != nil {
		cancel()
		return wire.CallError(err, "serve hook")
	}
	hk.stream = stream
	// The body is read beside the answers, but not beyond them: a client that
	// does not send the rest of it must not hold the handler.
	uploaded := make(chan error, 1)
	go func() {
		err := hk.upload()
		uploaded <- err // first: whoever sees the stream end looks here for the reason
		if err != nil {
			cancel()
		}
	}()
	in := newIntake(hk.host, hk.live, func(a *pluginv1.Ack) error {
		return hk.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Ack{Ack: a}})
	})
	err = in.run(core.WithActor(ctx, hk.actor()), hk.messages())
	cancel()
	select {
	case uerr := <-uploaded:
		return cmp.Or(uerr, err)
	default:
	}
	_ = http.NewResponseController(hk.w).SetReadDeadline(time.Now()) // of a connection nobody reads from any more
	<-uploaded
	return err
}

func (hk *hooking) send(up *pluginv1.HookUp) error {
	hk.out.Lock()
	defer hk.out.Unlock()
	return hk.stream.Send(up)
}

// upload sends the request. Only an error of the request itself is returned;
// that of the line is seen by its reader.
func (hk *hooking) upload() error {
	r := hk.r
	head := &pluginv1.HookRequest{
		Method: r.Method, Path: hk.path, Query: r.URL.RawQuery, Headers: hookHeaders(r),
		Remote: r.RemoteAddr, Length: r.ContentLength,
	}
	if err := hk.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Request{Request: head}}); err != nil {
		return nil
	}
	body := http.MaxBytesReader(nil, r.Body, hk.host.limits.HookBytes)
	buf := make([]byte, plugin.PieceSize)
	for {
		n, err := io.ReadFull(body, buf)
		if n > 0 {
			if hk.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_Piece{Piece: buf[:n]}}) != nil {
				return nil
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			_ = hk.send(&pluginv1.HookUp{Step: &pluginv1.HookUp_End{End: true}})
			return nil
		default:
			return hookBodyError(err)
		}
	}
}

func hookBodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return core.Invalid("hook.too_large", "", "тело запроса больше допустимого")
	}
	return core.Invalid("hook.body", "", "тело запроса не прочитано")
}

// hookHeaders are the request's headers but those that belong to the hub's own
// sessions and to this connection.
func hookHeaders(r *http.Request) []*pluginv1.Header {
	out := []*pluginv1.Header{{Name: "Host", Value: r.Host}}
	for name, values := range r.Header {
		if name == "Cookie" || hopByHop(name) {
			continue
		}
		for _, v := range values {
			out = append(out, &pluginv1.Header{Name: name, Value: wire.Text(v)})
		}
	}
	return out
}

func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// messages reads the plugin's steps: frames become messages, the reply is
// written out as it comes.
func (hk *hooking) messages() func() (*plugin.Message, error) {
	var frames *plugin.Messages
	var next func() (*plugin.Message, error)
	frames = plugin.NewMessages(func() (*pluginv1.MessageFrame, error) {
		down, err := hk.stream.Recv()
		if err != nil {
			return nil, err
		}
		if down.GetFrame() == nil {
			return nil, plugin.Broken("reply inside a message")
		}
		return down.GetFrame(), nil
	})
	next = func() (*plugin.Message, error) {
		for {
			down, err := hk.stream.Recv()
			if err != nil {
				if errors.Is(err, io.EOF) {
					return nil, wire.CallError(plugin.Broken("no reply"), "serve hook")
				}
				return nil, wire.CallError(err, "serve hook")
			}
			switch step := down.GetStep().(type) {
			case *pluginv1.HookDown_Frame:
				m, err := frames.Begin(step.Frame)
				if err != nil {
					err = wire.CallError(err, "serve hook")
				}
				return m, err
			case *pluginv1.HookDown_Fault:
				return nil, wire.Error(step.Fault, "serve hook")
			case *pluginv1.HookDown_Reply:
				hk.answer(step.Reply)
			case *pluginv1.HookDown_Piece:
				if hk.answered {
					_, _ = hk.w.Write(step.Piece) // whoever asked may have gone
				}
			case *pluginv1.HookDown_End:
				return nil, io.EOF
			}
		}
	}
	return next
}

// answer writes the reply's head. A reply is a stranger's on the hub's own
// address: it may not set cookies there nor run as the hub's page.
func (hk *hooking) answer(reply *pluginv1.HookReply) {
	head := hk.w.Header()
	for _, h := range reply.GetHeaders() {
		name := http.CanonicalHeaderKey(h.GetName())
		if name != "Set-Cookie" && !hopByHop(name) {
			head.Add(name, h.GetValue())
		}
	}
	head.Set("Content-Security-Policy", "sandbox")
	head.Set("X-Content-Type-Options", "nosniff")
	status := int(reply.GetStatus())
	if status < 200 || status > 599 {
		status = http.StatusBadGateway
	}
	hk.answered = true
	hk.w.WriteHeader(status)
}

// hookError answers a stranger: what went wrong, and no more.
func hookError(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		e = &core.Error{}
	}
	status := http.StatusInternalServerError
	switch e.Kind {
	case core.KindInvalid, core.KindRejected:
		status = http.StatusBadRequest
	case core.KindUnauthenticated:
		status = http.StatusUnauthorized
	case core.KindForbidden:
		status = http.StatusForbidden
	case core.KindNotFound:
		status = http.StatusNotFound
	case core.KindConflict:
		status = http.StatusConflict
	case core.KindUnavailable, core.KindConfig, core.KindUnknown:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(max(int(e.After.Seconds()), 5)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "code": e.Code, "title": e.Text}) // whoever asked may have gone
}
