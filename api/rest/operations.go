package rest

import (
	"encoding/json"
	"mime"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

// PluginOperation is something a connector can do besides.
type PluginOperation struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Help         string          `json:"help,omitempty"`
	Place        catalog.Place   `json:"place"`
	InputSchema  json.RawMessage `json:"input_schema,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Every        float64         `json:"every,omitempty"` // seconds
	FilesIn      bool            `json:"files_in,omitempty"`
	FilesOut     bool            `json:"files_out,omitempty"`
	Confirm      bool            `json:"confirm,omitempty"`
	Roles        []core.Role     `json:"roles,omitempty"`
}

func showOperation(op catalog.Operation) PluginOperation {
	return PluginOperation{
		Name: op.Name, Title: op.Title, Help: op.Help, Place: op.Place, InputSchema: op.InputSchema,
		OutputSchema: op.OutputSchema, Every: op.Every.Seconds(), FilesIn: op.FilesIn, FilesOut: op.FilesOut,
		Confirm: op.Confirm, Roles: op.Roles,
	}
}

// mayRun: the connector names the roles, or else the place decides. What
// connectors ask of each other no person may ask.
func mayRun(who *access.Principal, op catalog.Operation) bool {
	switch {
	case op.Place == catalog.PlaceService || !who.Can(access.RunOperations):
		return false
	case len(op.Roles) > 0:
		return slices.ContainsFunc(op.Roles, func(r core.Role) bool { return slices.Contains(who.User.Roles, r) })
	case op.Place == catalog.PlaceChannel:
		return who.Can(access.OperateChannels)
	}
	return true
}

// plugin is the version of the plugin the channel of the call runs.
func (s *Server) plugin(c *call) (catalog.Entry, error) {
	ch, err := s.Channels.Get(c.ctx(), c.channel())
	if err != nil {
		return catalog.Entry{}, err
	}
	return s.Catalog.Get(ch.Plugin, ch.Version)
}

func (s *Server) listOperations(c *call) (answer, error) {
	entry, err := s.plugin(c)
	if err != nil {
		return answer{}, err
	}
	may := slices.DeleteFunc(slices.Clone(entry.Operations), func(op catalog.Operation) bool { return !mayRun(c.who, op) })
	return ok(list[PluginOperation]{items(may, showOperation)}), nil
}

// OperationInput is what an operation is run with.
type OperationInput struct {
	Input    json.RawMessage `json:"input"`
	Token    string          `json:"token"`
	Document core.DocumentID `json:"document"`
}

// ResultFile is a file an operation gave out.
type ResultFile struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
	URL       string `json:"url"`
}

// OperationResult is what became of a run.
type OperationResult struct {
	Output   json.RawMessage `json:"output,omitempty"`
	Files    []ResultFile    `json:"files,omitempty"`
	Pending  bool            `json:"pending"`
	Token    string          `json:"token,omitempty"`
	AskAfter float64         `json:"ask_after,omitempty"` // seconds
}

func (s *Server) showResult(c *call, r pluginhost.Result) OperationResult {
	return OperationResult{
		Output: r.Output, Pending: r.Pending, Token: r.Token, AskAfter: r.AskAfter.Seconds(),
		Files: items(r.Files, func(f core.Attachment) ResultFile {
			return ResultFile{Name: f.Name, Size: f.Size, MediaType: f.MediaType, URL: s.ticketURL(c, f)}
		}),
	}
}

func (s *Server) runOperation(c *call) (answer, error) {
	entry, err := s.plugin(c)
	if err != nil {
		return answer{}, err
	}
	c.object = "channels/" + c.param("id") + "/operations/" + c.param("operation")
	op, found := entry.Operation(c.param("operation"))
	switch {
	case !found || op.Place == catalog.PlaceService:
		return answer{}, core.NotFound("operation.not_found", "у канала нет такой операции")
	case !mayRun(c.who, op):
		return answer{}, refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	wanted, err := s.operationCall(c, op)
	if err != nil {
		return answer{}, err
	}
	if wantsStream(c) {
		return answer{}, s.streamOperation(c, wanted)
	}
	result, err := s.Host.Do(c.ctx(), c.channel(), wanted)
	return ok(s.showResult(c, result)), err
}

func (s *Server) operationCall(c *call, op catalog.Operation) (pluginhost.OperationCall, error) {
	var in OperationInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return pluginhost.OperationCall{}, err
	}
	var f faults
	if len(in.Input) > 0 {
		f.object("input", in.Input)
	}
	if op.Place == catalog.PlaceDocument && in.Document == "" {
		f.add("document", textRequired)
	}
	return pluginhost.OperationCall{
		Operation: op.Name, Input: in.Input, Files: files, Token: in.Token, Document: in.Document, User: c.who.User.ID,
	}, f.err("request.body")
}

func wantsStream(c *call) bool {
	for part := range strings.SplitSeq(c.r.Header.Get("Accept"), ",") {
		if media, _, _ := mime.ParseMediaType(part); media == "text/event-stream" {
			return true
		}
	}
	return false
}

// streamOperation shows how far the run has come. The problem of a run that
// failed is its last event.
func (s *Server) streamOperation(c *call, wanted pluginhost.OperationCall) error {
	ctx, cancel := s.streamContext(c)
	defer cancel()
	out := newEventStream(c.w)
	if out.comment("run") != nil {
		return nil
	}
	wanted.Progress = func(p pluginhost.Progress) {
		if out.send(message{event: "progress", data: p}) != nil {
			cancel()
		}
	}
	result, err := s.Host.Do(ctx, c.channel(), wanted)
	last := message{event: "result", data: s.showResult(c, result)}
	if err != nil {
		c.failed = err
		last = message{event: "problem", data: problemOf(err, c.id, languageOf(c.r))}
	}
	out.send(last) //nolint:errcheck // the reader has gone
	return nil
}
