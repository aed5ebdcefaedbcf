package sdktest

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk"
)

// This file is the hub's half of what sdk does on the connector's side: the
// types of an author from and to the wire.

func errorFrom(f *pluginv1.Fault) error {
	if f == nil {
		return nil
	}
	e := &sdk.Error{
		Kind: f.GetKind(), Code: f.GetCode(), Field: f.GetField(), Text: f.GetText(), Source: f.GetSource(),
		After: time.Duration(f.GetRetryAfterMs()) * time.Millisecond,
	}
	for _, ff := range f.GetFields() {
		e.Faults = append(e.Faults, sdk.FieldFault{Field: ff.GetField(), Text: ff.GetText()})
	}
	return e
}

func faultOf(err error) *pluginv1.Fault {
	if err == nil {
		return nil
	}
	e, ok := err.(*sdk.Error)
	if !ok {
		return &pluginv1.Fault{Kind: sdk.KindOf(err), Text: err.Error(), Source: "hub"}
	}
	f := &pluginv1.Fault{
		Kind: e.Kind, Code: e.Code, Field: e.Field, Text: e.Text, Source: e.Source, RetryAfterMs: e.After.Milliseconds(),
	}
	for _, ff := range e.Faults {
		f.Fields = append(f.Fields, &pluginv1.FieldFault{Field: ff.Field, Text: ff.Text})
	}
	return f
}

func moment(ts *timestamppb.Timestamp) time.Time {
	if ts == nil {
		return time.Time{}
	}
	return ts.AsTime()
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func messageFrom(m *pluginv1.Message) sdk.Message {
	out := sdk.Message{
		ExternalID: m.GetExternalId(), Kind: sdk.Kind(m.GetKind()), Change: sdk.Change(m.GetChange()), About: m.GetAbout(),
		At: moment(m.GetAt()), From: partyFrom(m.GetFrom()), Subject: m.GetSubject(), Text: m.GetText(), HTML: m.GetHtml(),
		Thread: sdk.ThreadHint{
			External: m.GetThread().GetExternal(), References: m.GetThread().GetReferences(), Numbers: m.GetThread().GetNumbers(),
			KnownAs: m.GetThread().GetKnownAs(),
		},
		Fields: m.GetFields(), Details: m.GetDetails(), DueAt: moment(m.GetDueAt()),
	}
	for _, p := range m.GetTo() {
		out.To = append(out.To, partyFrom(p))
	}
	for _, k := range m.GetMarks() {
		out.Marks = append(out.Marks, sdk.Mark{Kind: k.GetKind(), Reason: k.GetReason()})
	}
	if s := m.GetStatus(); s != nil {
		out.Status = &sdk.Status{
			Delivery: s.GetDelivery(), State: sdk.State(s.GetState()), Code: s.GetCode(), Text: s.GetText(), At: moment(s.GetAt()),
		}
	}
	return out
}

func partyFrom(p *pluginv1.Party) sdk.Party {
	out := sdk.Party{ID: p.GetId(), Kind: p.GetKind(), Name: p.GetName()}
	for _, a := range p.GetAddresses() {
		out.Addresses = append(out.Addresses, sdk.Address{Kind: a.GetKind(), Value: a.GetValue()})
	}
	return out
}

func partyTo(p sdk.Party) *pluginv1.Party {
	out := &pluginv1.Party{Id: p.ID, Kind: p.Kind, Name: p.Name}
	for _, a := range p.Addresses {
		out.Addresses = append(out.Addresses, &pluginv1.Address{Kind: a.Kind, Value: a.Value})
	}
	return out
}

func dispatchTo(d sdk.Dispatch) *pluginv1.Dispatch {
	doc := d.Document
	out := &pluginv1.Dispatch{
		Delivery: d.Delivery, Purpose: string(d.Purpose), Attempt: int32(d.Attempt),
		Document: &pluginv1.DispatchDocument{
			Id: doc.ID, Number: doc.Number, Date: doc.Date, Subject: doc.Subject, Text: doc.Text, Html: doc.HTML,
			Kind: doc.Kind, Direction: doc.Direction, OriginNumber: doc.OriginNumber, OriginDate: doc.OriginDate, Author: doc.Author,
		},
		Thread: &pluginv1.ThreadHint{
			External: d.Thread.External, References: d.Thread.References, Numbers: d.Thread.Numbers, KnownAs: d.Thread.KnownAs,
		},
		Origin: d.Origin, Status: d.Status, Fields: d.Fields, DueAt: stamp(d.DueAt),
	}
	for _, p := range d.To {
		out.To = append(out.To, partyTo(p))
	}
	if d.Performer != nil {
		out.Performer = partyTo(*d.Performer)
	}
	return out
}

func receiptFrom(r *pluginv1.Receipt) sdk.Receipt {
	return sdk.Receipt{
		State: sdk.State(r.GetState()), Token: r.GetToken(), ExternalID: r.GetExternalId(), Code: r.GetCode(),
		Text: r.GetText(), Cost: r.GetCost(), At: moment(r.GetAt()), Err: errorFrom(r.GetFault()),
	}
}

func headTo(f sdk.File) *pluginv1.FileHead {
	return &pluginv1.FileHead{
		Name: f.Name, MediaType: f.MediaType, Role: f.Role, ContentId: f.ContentID, Signs: f.Signs, Note: f.Note, Size: f.Size, Hash: f.Hash,
	}
}

func filesTo(files []sdk.File) []plugin.File {
	out := make([]plugin.File, len(files))
	for i, f := range files {
		out[i] = plugin.File{Head: headTo(f), Open: f.Open}
	}
	return out
}

func fileFrom(h *pluginv1.FileHead, body []byte) sdk.File {
	return sdk.File{
		Name: h.GetName(), MediaType: h.GetMediaType(), Role: h.GetRole(), ContentID: h.GetContentId(), Signs: h.GetSigns(),
		Note: h.GetNote(), Size: int64(len(body)), Hash: h.GetHash(),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
}

// keep reads all files of r into memory.
func keep(r *plugin.Reader) ([]sdk.File, error) {
	var files []sdk.File
	for {
		in, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		files = append(files, fileFrom(in.Head, body))
	}
}

func valuesTo(v sdk.Values) []byte {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // a test's own values
	}
	return raw
}

func resultFrom(r *pluginv1.DoReply, files []sdk.File) (sdk.Result, error) {
	out := sdk.Result{
		Files: files, Pending: r.GetPending(), Token: r.GetToken(), AskAfter: time.Duration(r.GetAskAfterMs()) * time.Millisecond,
	}
	if len(r.GetOutput()) == 0 {
		return out, nil
	}
	return out, json.Unmarshal(r.GetOutput(), &out.Output)
}

// Body reads a file whole, for a test that looks at it.
func Body(f sdk.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	return io.ReadAll(r)
}
