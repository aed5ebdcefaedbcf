package sdk

import (
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// Do runs one operation.
func (s *server) Do(stream pluginv1.Plugin_DoServer) error {
	up, err := stream.Recv()
	if err != nil {
		return err
	}
	req := up.GetRequest()
	if req == nil {
		return plugin.Broken("Do must begin with request")
	}
	files, disk, err := collect(plugin.NewReader(func() (*plugin.Part, error) { return doPart(stream) }), s.scratch())
	if err != nil {
		return err
	}
	defer files.free()
	d := &doing{stream: stream}
	err = disk
	if err == nil {
		err = s.do(d, req, files.files)
	}
	if err == nil || stream.Context().Err() != nil {
		return nil
	}
	return d.send(&pluginv1.DoDown{Step: &pluginv1.DoDown_Fault{Fault: faultOf(err)}})
}

func doPart(stream pluginv1.Plugin_DoServer) (*plugin.Part, error) {
	up, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	return &plugin.Part{File: up.GetFile(), Piece: up.GetPiece(), End: up.GetEnd()}, nil
}

// doing is one run of an operation.
type doing struct {
	stream pluginv1.Plugin_DoServer

	mu       sync.Mutex
	answered bool
}

func (d *doing) send(down *pluginv1.DoDown) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return lineError(d.stream.Send(down))
}

// progress is what the author may call from anywhere while Do runs; later it
// does nothing.
func (d *doing) progress(done, total int64, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.answered {
		// A broken line is told by the reply.
		_ = d.stream.Send(&pluginv1.DoDown{Step: &pluginv1.DoDown_Progress{Progress: &pluginv1.Progress{
			Done: done, Total: total, Text: clip(text),
		}}})
	}
}

func (d *doing) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered = true
}

func (s *server) do(d *doing, req *pluginv1.DoRequest, files []File) error {
	call, err := s.operationCall(req, files)
	if err != nil {
		return err
	}
	call.Progress = d.progress
	r, err := s.enter()
	if err != nil {
		return err
	}
	defer r.leave()
	operator, ok := r.Channel.(Operator)
	if !ok {
		return unimplemented(AbilityOperate)
	}
	ctx, done := r.work(d.stream.Context())
	defer done()
	var result Result
	err = s.guard("Do", func() (err error) {
		result, err = operator.Do(ctx, call)
		return err
	})
	d.close()
	if err != nil {
		return err
	}
	return d.reply(result)
}

// operationCall checks a request against what the connector declared.
func (s *server) operationCall(req *pluginv1.DoRequest, files []File) (call OperationCall, err error) {
	op, ok := s.operations[req.GetOperation()]
	switch {
	case !ok:
		return call, &Error{Kind: "not_found", Code: "operation.unknown", Source: "plugin", Text: "у коннектора нет такого действия"}
	case len(files) > 0 && !op.FilesIn:
		return call, Invalid("files", "действие не принимает файлов")
	}
	input, err := valuesFrom(req.GetInput())
	if err != nil {
		return call, Invalid("", "данные действия — не объект JSON")
	}
	if op.Input != nil && req.GetToken() == "" {
		if err := faulty("invalid", "input.invalid", op.input.Check(req.GetInput())); err != nil {
			return call, err
		}
	}
	return OperationCall{
		Operation: req.GetOperation(), Input: input, Files: files,
		Token: req.GetToken(), Document: req.GetDocument(), User: req.GetUser(),
	}, nil
}

func (d *doing) reply(result Result) error {
	head, err := resultTo(result)
	if err != nil {
		return &Error{Kind: "internal", Code: plugin.CodeWire, Source: "plugin", Text: "ответ действия не записывается в JSON", Err: err}
	}
	if err := d.send(&pluginv1.DoDown{Step: &pluginv1.DoDown_Reply{Reply: head}}); err != nil {
		return err
	}
	err = new(plugin.Writer).Steps(filesTo(result.Files),
		func(h *pluginv1.FileHead) error {
			return d.send(&pluginv1.DoDown{Step: &pluginv1.DoDown_File{File: h}})
		},
		func(p []byte) error { return d.send(&pluginv1.DoDown{Step: &pluginv1.DoDown_Piece{Piece: p}}) })
	if err != nil {
		return err
	}
	return d.send(&pluginv1.DoDown{Step: &pluginv1.DoDown_End{End: true}})
}
