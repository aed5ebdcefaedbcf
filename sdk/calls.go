package sdk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// callsWait is how long a call waits for the hub to open the Calls stream.
const callsWait = 10 * time.Second

// calls are the connector's requests to the hub. They go over whichever Calls
// stream the hub holds open.
type calls struct {
	declared []string

	mu     sync.Mutex
	line   *callLine
	opened chan struct{} // closed and replaced when a stream is opened
}

func newCalls(declared []string) *calls {
	return &calls{declared: declared, opened: make(chan struct{})}
}

// callLine is one Calls stream.
type callLine struct {
	stream pluginv1.Plugin_CallsServer
	out    sync.Mutex // one frame at a time

	mu   sync.Mutex
	next uint64
	open map[uint64]*calling
	gone error
}

// calling is one call under way; it is filled by the goroutine that reads the
// stream and looked at by the caller when done is closed.
type calling struct {
	dir    string
	reply  *pluginv1.DoReply
	heads  []*pluginv1.FileHead
	spools []*spool
	files  []File
	err    error
	done   chan struct{}
}

// Calls carries the connector's requests until the hub closes the stream. A
// second stream takes the place of the first.
func (s *server) Calls(stream pluginv1.Plugin_CallsServer) error {
	line := &callLine{stream: stream, open: map[uint64]*calling{}}
	s.calls.use(line)
	for {
		up, err := stream.Recv()
		if err == nil {
			err = line.take(up)
		}
		if err != nil {
			s.calls.drop(line) // before its calls end: the next one must wait for another line
			line.fail(errGone(err))
			if isEnd(err) || stream.Context().Err() != nil {
				return nil
			}
			return err
		}
	}
}

func (c *calls) use(line *callLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = line
	close(c.opened)
	c.opened = make(chan struct{})
}

func (c *calls) drop(line *callLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line == line {
		c.line = nil
	}
}

// current waits for a stream.
func (c *calls) current(ctx context.Context) (*callLine, error) {
	late := time.NewTimer(callsWait)
	defer late.Stop()
	for {
		c.mu.Lock()
		line, opened := c.line, c.opened
		c.mu.Unlock()
		if line != nil {
			return line, nil
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late.C:
			return nil, errGone(errors.New("the hub has not opened Calls"))
		}
	}
}

// call is Env.Call.
func (c *calls) call(ctx context.Context, call Call, dir string) (Result, error) {
	if !slices.Contains(c.declared, call.Service) {
		return Result{}, &Error{
			Kind: "forbidden", Code: "call.undeclared", Source: "plugin",
			Text: "коннектор не объявил, что обращается к «" + call.Service + "»",
		}
	}
	input, err := call.Input.json()
	if err != nil {
		return Result{}, err
	}
	line, err := c.current(ctx)
	if err != nil {
		return Result{}, err
	}
	one := &calling{dir: dir, done: make(chan struct{})}
	id, err := line.begin(one)
	if err != nil {
		return Result{}, err
	}
	defer line.end(id)
	req := &pluginv1.CallRequest{Service: call.Service, Input: input, Token: call.Token}
	if err := line.ask(ctx, id, one, req, call.Files); err != nil {
		return Result{}, err
	}
	select {
	case <-one.done:
	case <-ctx.Done():
		line.cancel(id)
		return Result{}, ctx.Err()
	}
	if one.err != nil {
		return Result{}, one.err
	}
	return resultFrom(one.reply, one.files)
}

func (l *callLine) begin(one *calling) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone != nil {
		return 0, l.gone
	}
	l.next++
	l.open[l.next] = one
	return l.next, nil
}

func (l *callLine) end(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, id)
}

func (l *callLine) cancel(id uint64) {
	// A line that is gone has nothing left to cancel.
	_ = l.send(&pluginv1.CallsDown{Id: id, Step: &pluginv1.CallsDown_Cancel{Cancel: true}})
}

func (l *callLine) send(down *pluginv1.CallsDown) error {
	l.out.Lock()
	defer l.out.Unlock()
	return lineError(l.stream.Send(down))
}

// ask sends the request and its files. A hub that has answered already, with a
// fault for one, is not sent the rest.
func (l *callLine) ask(ctx context.Context, id uint64, one *calling, req *pluginv1.CallRequest, files []File) error {
	step := func(down *pluginv1.CallsDown) error {
		select {
		case <-one.done:
			return errAnswered
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		down.Id = id
		return l.send(down)
	}
	err := step(&pluginv1.CallsDown{Step: &pluginv1.CallsDown_Request{Request: req}})
	if err == nil {
		err = new(plugin.Writer).Steps(filesTo(files),
			func(h *pluginv1.FileHead) error {
				return step(&pluginv1.CallsDown{Step: &pluginv1.CallsDown_File{File: h}})
			},
			func(p []byte) error {
				return step(&pluginv1.CallsDown{Step: &pluginv1.CallsDown_Piece{Piece: p}})
			})
	}
	if err == nil {
		err = step(&pluginv1.CallsDown{Step: &pluginv1.CallsDown_End{End: true}})
	}
	switch {
	case errors.Is(err, errAnswered):
		return nil
	case err != nil:
		l.cancel(id)
	}
	return err
}

var errAnswered = errors.New("the call was answered")

// take files what came for one of the calls; what came for none is late and is
// dropped.
func (l *callLine) take(up *pluginv1.CallsUp) error {
	l.mu.Lock()
	one := l.open[up.GetId()]
	l.mu.Unlock()
	if one == nil || one.answered() {
		return nil
	}
	return one.take(up)
}

func (c *calling) answered() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *calling) take(up *pluginv1.CallsUp) error {
	switch step := up.GetStep().(type) {
	case *pluginv1.CallsUp_Reply:
		c.reply = step.Reply
	case *pluginv1.CallsUp_File:
		c.heads = append(c.heads, step.File)
		c.spools = append(c.spools, newSpool(c.dir, spoolMemory))
	case *pluginv1.CallsUp_Piece:
		if len(c.spools) == 0 {
			return plugin.Broken("piece without a file")
		}
		c.spools[len(c.spools)-1].Write(step.Piece) //nolint:errcheck // kept in the spool and told at the end
	case *pluginv1.CallsUp_End:
		c.finish()
	case *pluginv1.CallsUp_Fault:
		c.err = errorFrom(step.Fault)
		close(c.done)
	}
	return nil
}

func (c *calling) finish() {
	if c.reply == nil {
		c.err = plugin.Broken("end without a reply")
	}
	for i, s := range c.spools {
		if s.finish(nil); s.err != nil {
			c.err = s.err
		}
		c.files = append(c.files, fileFrom(c.heads[i], s))
	}
	close(c.done)
}

func (l *callLine) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = err
	for _, one := range l.open {
		if !one.answered() {
			one.err = err
			close(one.done)
		}
	}
}
