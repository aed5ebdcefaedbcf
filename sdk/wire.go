package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// clean makes text fit for the wire, which carries UTF-8 only.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func cleanAll(list []string) []string {
	for i, s := range list {
		if !utf8.ValidString(s) {
			fresh := append([]string(nil), list...)
			for j := i; j < len(fresh); j++ {
				fresh[j] = clean(fresh[j])
			}
			return fresh
		}
	}
	return list
}

func cleanMap(m map[string]string) map[string]string {
	for k, v := range m {
		if utf8.ValidString(k) && utf8.ValidString(v) {
			continue
		}
		fresh := make(map[string]string, len(m))
		for k, v := range m {
			fresh[clean(k)] = clean(v)
		}
		return fresh
	}
	return m
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func moment(ts *timestamppb.Timestamp) time.Time {
	if ts == nil {
		return time.Time{}
	}
	return ts.AsTime()
}

// ---- errors

// The most of a text and of the list of faults that cross the line.
const (
	faultText   = 4000
	faultFields = 200
)

// faultOf is an author's error as a value. A plain error means "try later".
func faultOf(err error) *pluginv1.Fault {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return plainFault(err)
	}
	f := &pluginv1.Fault{
		Kind: e.Kind, Code: clean(e.Code), Field: clean(e.Field), Source: e.Source,
		Text: clip(e.Text), RetryAfterMs: e.After.Milliseconds(),
	}
	if e.Text == "" && e.Err != nil {
		f.Text = clip(e.Err.Error())
	}
	for _, ff := range e.Faults[:min(len(e.Faults), faultFields)] {
		f.Fields = append(f.Fields, &pluginv1.FieldFault{Field: clip(ff.Field), Text: clip(ff.Text)})
	}
	return f
}

func plainFault(err error) *pluginv1.Fault {
	f := &pluginv1.Fault{Kind: "unavailable", Source: "plugin", Text: clip(err.Error())}
	switch {
	case errors.Is(err, context.Canceled):
		f.Code = plugin.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		f.Code = plugin.CodeTimeout
	}
	return f
}

func clip(s string) string {
	s = clean(s)
	if len(s) <= faultText {
		return s
	}
	return strings.ToValidUTF8(s[:faultText], "") + "…"
}

// errorFrom is a fault as the error it was.
func errorFrom(f *pluginv1.Fault) error {
	if f == nil {
		return nil
	}
	e := &Error{
		Kind: f.GetKind(), Code: f.GetCode(), Field: f.GetField(), Text: f.GetText(), Source: f.GetSource(),
		After: time.Duration(f.GetRetryAfterMs()) * time.Millisecond,
	}
	for _, ff := range f.GetFields() {
		e.Faults = append(e.Faults, FieldFault{ff.GetField(), ff.GetText()})
	}
	return e
}

// ---- messages

func messageTo(m *Message) *pluginv1.Message {
	out := &pluginv1.Message{
		ExternalId: clean(m.ExternalID), Kind: string(m.Kind), Change: string(m.Change), About: clean(m.About),
		At: stamp(m.At), From: partyTo(m.From), Subject: clean(m.Subject), Text: clean(m.Text), Html: clean(m.HTML),
		Thread: threadTo(m.Thread), Fields: cleanMap(m.Fields), Details: m.Details, DueAt: stamp(m.DueAt),
	}
	for _, p := range m.To {
		out.To = append(out.To, partyTo(p))
	}
	for _, k := range m.Marks {
		out.Marks = append(out.Marks, &pluginv1.Mark{Kind: clean(k.Kind), Reason: clean(k.Reason)})
	}
	if s := m.Status; s != nil {
		out.Status = &pluginv1.Status{
			Delivery: clean(s.Delivery), State: string(s.State), Code: clean(s.Code), Text: clean(s.Text), At: stamp(s.At),
		}
	}
	return out
}

func partyTo(p Party) *pluginv1.Party {
	if p.ID == "" && p.Kind == "" && p.Name == "" && p.Addresses == nil {
		return nil
	}
	out := &pluginv1.Party{Id: clean(p.ID), Kind: clean(p.Kind), Name: clean(p.Name)}
	for _, a := range p.Addresses {
		out.Addresses = append(out.Addresses, &pluginv1.Address{Kind: clean(a.Kind), Value: clean(a.Value)})
	}
	return out
}

func partyFrom(p *pluginv1.Party) Party {
	out := Party{ID: p.GetId(), Kind: p.GetKind(), Name: p.GetName()}
	for _, a := range p.GetAddresses() {
		out.Addresses = append(out.Addresses, Address{a.GetKind(), a.GetValue()})
	}
	return out
}

func threadTo(t ThreadHint) *pluginv1.ThreadHint {
	if t.External == "" && t.References == nil && t.Numbers == nil && t.KnownAs == nil {
		return nil
	}
	return &pluginv1.ThreadHint{
		External: clean(t.External), References: cleanAll(t.References), Numbers: cleanAll(t.Numbers),
		KnownAs: cleanAll(t.KnownAs),
	}
}

func threadFrom(t *pluginv1.ThreadHint) ThreadHint {
	return ThreadHint{
		External: t.GetExternal(), References: t.GetReferences(), Numbers: t.GetNumbers(), KnownAs: t.GetKnownAs(),
	}
}

// ---- files

func headOf(f *File) *pluginv1.FileHead {
	return &pluginv1.FileHead{
		Name: clean(f.Name), MediaType: clean(f.MediaType), Role: clean(f.Role), ContentId: clean(f.ContentID),
		Signs: clean(f.Signs), Note: clean(f.Note), Size: f.Size, Hash: clean(f.Hash),
	}
}

func filesTo(files []File) []plugin.File {
	if len(files) == 0 {
		return nil
	}
	out := make([]plugin.File, len(files))
	for i := range files {
		f := &files[i]
		out[i] = plugin.File{Head: headOf(f), Body: f.body, Open: f.Open}
		if f.Open == nil {
			out[i].Open = func() (io.ReadCloser, error) { return nil, errors.New("the file has no Open") }
		}
	}
	return out
}

func fileFrom(h *pluginv1.FileHead, s *spool) File {
	f := File{
		Name: h.GetName(), MediaType: h.GetMediaType(), Role: h.GetRole(), ContentID: h.GetContentId(),
		Signs: h.GetSigns(), Note: h.GetNote(), Size: s.len(), Hash: h.GetHash(), Open: s.open,
	}
	f.body = s.memory()
	return f
}

// ---- deliveries

func dispatchFrom(d *pluginv1.Dispatch) Dispatch {
	doc := d.GetDocument()
	out := Dispatch{
		Delivery: d.GetDelivery(), Purpose: Purpose(d.GetPurpose()), Attempt: int(d.GetAttempt()),
		Document: Document{
			ID: doc.GetId(), Number: doc.GetNumber(), Date: doc.GetDate(),
			Subject: doc.GetSubject(), Text: doc.GetText(), HTML: doc.GetHtml(),
			Kind: doc.GetKind(), Direction: doc.GetDirection(),
			OriginNumber: doc.GetOriginNumber(), OriginDate: doc.GetOriginDate(), Author: doc.GetAuthor(),
		},
		Thread: threadFrom(d.GetThread()),
		Origin: d.GetOrigin(), Status: d.GetStatus(), Fields: d.GetFields(), DueAt: moment(d.GetDueAt()),
	}
	for _, p := range d.GetTo() {
		out.To = append(out.To, partyFrom(p))
	}
	if d.GetPerformer() != nil {
		p := partyFrom(d.GetPerformer())
		out.Performer = &p
	}
	return out
}

func receiptTo(r Receipt) *pluginv1.Receipt {
	state := r.State
	if state == "" {
		state = StateSent
	}
	return &pluginv1.Receipt{
		State: string(state), Token: clean(r.Token), ExternalId: clean(r.ExternalID), Code: clean(r.Code),
		Text: clip(r.Text), Cost: clean(r.Cost), At: stamp(r.At), Fault: faultOf(r.Err),
	}
}

// ---- operations

func resultTo(r Result) (*pluginv1.DoReply, error) {
	output, err := r.Output.json()
	if err != nil {
		return nil, err
	}
	return &pluginv1.DoReply{
		Output: output, Pending: r.Pending, Token: clean(r.Token), AskAfterMs: r.AskAfter.Milliseconds(),
	}, nil
}

func resultFrom(r *pluginv1.DoReply, files []File) (Result, error) {
	output, err := valuesFrom(r.GetOutput())
	return Result{
		Output: output, Files: files, Pending: r.GetPending(), Token: r.GetToken(),
		AskAfter: time.Duration(r.GetAskAfterMs()) * time.Millisecond,
	}, err
}

// details checks that what an author puts as JSON is JSON.
func details(raw json.RawMessage) bool { return len(raw) == 0 || json.Valid(raw) }
