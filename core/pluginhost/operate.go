package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// OperationCall is one run of an operation.
type OperationCall struct {
	Operation string
	Input     json.RawMessage // a JSON object; empty = no input
	Files     []core.Attachment
	Token     string          // of an earlier pending answer
	Document  core.DocumentID // for operations on a document
	User      core.UserID     // who pressed it, empty when the hub runs it by itself
	// Progress, if not nil, hears how far a long run has come.
	Progress func(Progress)
}

// Progress tells how far a run has come; Total 0 = not known.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Text  string `json:"text,omitempty"`
}

// running is the channel's process. KindUnavailable if there is none.
func (h *Host) running(id core.ChannelID) (*live, error) {
	c, err := h.channel(id)
	if err != nil {
		return nil, err
	}
	l := c.liveNow()
	if l == nil {
		st, _ := c.stateNow()
		return nil, core.Unavailable("channel.not_running", "канал «"+string(id)+"» не работает (состояние «"+string(st)+"»)", nil)
	}
	return l, nil
}

// Do runs an operation of the channel. Who may do so is the caller's to check:
// Operation.Roles. Files that come back are stored among the hub's blobs.
func (h *Host) Do(ctx context.Context, id core.ChannelID, call OperationCall) (Result, error) {
	l, err := h.running(id)
	if err != nil {
		return Result{}, err
	}
	op, ok := l.entry.Operation(call.Operation)
	if !ok {
		return Result{}, core.NotFound("operation.not_found", "у канала нет операции «"+call.Operation+"»")
	}
	return l.do(ctx, op, call)
}

func (l *live) do(ctx context.Context, op catalog.Operation, call OperationCall) (Result, error) {
	if len(call.Files) > 0 && !op.FilesIn {
		return Result{}, core.Invalid("operation.files", "files", "операция не принимает файлов")
	}
	ctx, cancel := context.WithTimeout(ctx, l.host.timing.Operation)
	defer cancel()
	stream, err := l.client.Do(ctx)
	if err != nil {
		return Result{}, wire.CallError(err, "run operation")
	}
	// A plugin that answers before it has read everything ends the stream: its
	// answer says more than the failure to write.
	if err := l.ask(ctx, stream, &call); err != nil && !errors.Is(err, io.EOF) {
		return Result{}, fileError(err)
	}
	d := &doing{host: l.host, stream: stream, progress: call.Progress}
	return d.result(ctx)
}

func (l *live) ask(ctx context.Context, stream pluginv1.Plugin_DoClient, call *OperationCall) error {
	err := stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_Request{Request: &pluginv1.DoRequest{
		Operation: call.Operation, Input: call.Input, Token: call.Token,
		Document: string(call.Document), User: string(call.User),
	}}})
	if err != nil {
		return err
	}
	err = new(plugin.Writer).Steps(l.host.toFiles(ctx, call.Files),
		func(head *pluginv1.FileHead) error {
			return stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_File{File: head}})
		},
		func(piece []byte) error {
			return stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_Piece{Piece: piece}})
		})
	if err != nil {
		if unread, ok := errors.AsType[*plugin.ReadError](err); ok {
			return unread.Err
		}
		return err
	}
	if err := stream.Send(&pluginv1.DoUp{Step: &pluginv1.DoUp_End{End: true}}); err != nil {
		return err
	}
	return stream.CloseSend()
}

// toFiles are attachments for the line, read from the blobs when their turn
// comes.
func (h *Host) toFiles(ctx context.Context, in []core.Attachment) []plugin.File {
	files := make([]plugin.File, len(in))
	for i, a := range in {
		files[i] = plugin.File{Head: wire.Head(a), Open: func() (io.ReadCloser, error) {
			return h.blobs.Open(ctx, a.Hash)
		}}
	}
	return files
}

// doing reads the answer to one run.
type doing struct {
	host     *Host
	stream   pluginv1.Plugin_DoClient
	progress func(Progress)
	reply    *pluginv1.DoReply
	err      error // what ended the stream, in the hub's words
}

func (d *doing) result(ctx context.Context) (Result, error) {
	files, err := d.host.takeFiles(ctx, plugin.NewReader(d.part))
	switch {
	case d.err != nil:
		return Result{}, d.err
	case err != nil:
		return Result{}, err
	case d.reply == nil:
		return Result{}, wire.CallError(plugin.Broken("end without a reply"), "run operation")
	}
	return resultOf(d.reply, files)
}

// part reads steps until one belongs to the files.
func (d *doing) part() (*plugin.Part, error) {
	for {
		down, err := d.stream.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = plugin.Broken("stream ended without end")
			}
			d.err = wire.CallError(err, "run operation")
			return nil, err
		}
		switch step := down.GetStep().(type) {
		case *pluginv1.DoDown_Progress:
			if d.progress != nil {
				p := step.Progress
				d.progress(Progress{Done: p.GetDone(), Total: p.GetTotal(), Text: wire.Text(p.GetText())})
			}
		case *pluginv1.DoDown_Reply:
			d.reply = step.Reply
		case *pluginv1.DoDown_Fault:
			d.err = wire.Error(step.Fault, "run operation")
			return nil, d.err
		default:
			return &plugin.Part{File: down.GetFile(), Piece: down.GetPiece(), End: down.GetEnd()}, nil
		}
	}
}

func resultOf(r *pluginv1.DoReply, files []core.Attachment) (Result, error) {
	if len(r.GetOutput()) > 0 && !json.Valid(r.GetOutput()) {
		return Result{}, wire.CallError(plugin.Broken("output is not JSON"), "run operation")
	}
	return Result{
		Output: r.GetOutput(), Files: files, Pending: r.GetPending(), Token: r.GetToken(),
		AskAfter: time.Duration(r.GetAskAfterMs()) * time.Millisecond,
	}, nil
}

// takeFiles stores what the reader brings, within the limits of one message.
func (h *Host) takeFiles(ctx context.Context, r *plugin.Reader) ([]core.Attachment, error) {
	var out []core.Attachment
	left := h.limits.MessageBytes
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, wire.CallError(err, "take files")
		}
		if len(out) == h.limits.Files {
			return nil, core.Invalid("operation.files", "files", "слишком много файлов")
		}
		a := wire.File(f.Head)
		src := &lineReader{r: f}
		ref, err := h.blobs.Put(ctx, blob.Limit(typed(&a, src), min(left, h.limits.FileBytes)))
		if src.err != nil {
			return nil, wire.CallError(src.err, "take files")
		}
		if err != nil {
			return nil, err
		}
		a.Hash, a.Size = ref.Hash, ref.Size
		left -= ref.Size
		out = append(out, a)
	}
}

// ---- by itself

// RunScheduled runs an operation of the channel to its end, asking again as long
// as it is pending: a job does, when the operation's time has come.
// KindUnavailable if the channel does not run.
func (h *Host) RunScheduled(ctx context.Context, id core.ChannelID, operation string) error {
	l, err := h.running(id)
	if err != nil {
		return err
	}
	op, ok := l.entry.Operation(operation)
	if !ok {
		return core.NotFound("operation.not_found", "у канала нет операции «"+operation+"»")
	}
	return l.runScheduled(ctx, op)
}

// askSlowest and askFastest bound how often a pending operation is asked.
const (
	askFastest = time.Second
	askSlowest = 10 * time.Minute
)

func (l *live) runScheduled(ctx context.Context, op catalog.Operation) error {
	call := OperationCall{Operation: op.Name}
	for {
		r, err := l.do(ctx, op, call)
		if err != nil || !r.Pending {
			return err
		}
		call.Token = r.Token
		select {
		case <-time.After(min(max(r.AskAfter, askFastest), askSlowest)):
		case <-l.draining:
			return core.Unavailable("channel.not_running", "канал остановлен во время операции", nil)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
