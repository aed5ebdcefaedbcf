package wire

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
)

// Dispatch is a parcel for the connector, without its files.
func Dispatch(p *core.Parcel) *pluginv1.Dispatch {
	d := &pluginv1.Dispatch{
		Delivery: string(p.Delivery.ID),
		Purpose:  string(p.Delivery.Purpose),
		Attempt:  int32(p.Delivery.Attempts),
		Document: document(p),
		To:       toParties(p.Delivery.To),
		Thread: &pluginv1.ThreadHint{
			External: p.Thread.External, References: p.Thread.References, Numbers: p.Thread.Numbers,
		},
		Fields: p.Document.Fields,
	}
	if p.Origin != nil {
		d.Origin = p.Origin.ExternalID
	}
	if p.Delivery.Purpose == core.PurposeStatus {
		d.Status = string(p.Status)
	}
	if p.Performer != nil {
		d.Performer = toParty(*p.Performer)
	}
	if p.Document.DueAt != nil {
		d.DueAt = timestamppb.New(*p.Document.DueAt)
	}
	return d
}

func document(p *core.Parcel) *pluginv1.DispatchDocument {
	doc := &pluginv1.DispatchDocument{
		Id:        string(p.Document.ID),
		Subject:   p.Document.Subject,
		Text:      p.Document.Text,
		Html:      p.Document.HTML,
		Kind:      string(p.Document.Kind),
		Direction: string(p.Document.Direction),
		Author:    p.Author,
	}
	doc.Number, doc.Date = number(p.Document.Number)
	if p.Origin != nil {
		doc.OriginNumber, doc.OriginDate = number(p.Origin.Number)
	}
	return doc
}

func number(n *core.RegNumber) (text, date string) {
	if n == nil {
		return "", ""
	}
	return n.Text, string(n.Date)
}

func toParties(in []core.Correspondent) []*pluginv1.Party {
	out := make([]*pluginv1.Party, len(in))
	for i, c := range in {
		out[i] = toParty(c)
	}
	return out
}

func toParty(c core.Correspondent) *pluginv1.Party {
	p := &pluginv1.Party{Kind: string(c.Kind), Name: c.Name, Id: string(c.Party)}
	for _, a := range c.Addresses {
		p.Addresses = append(p.Addresses, &pluginv1.Address{Kind: string(a.Kind), Value: a.Value})
	}
	return p
}

// Head is an attachment's head for the connector.
func Head(a core.Attachment) *pluginv1.FileHead {
	return &pluginv1.FileHead{
		Name: a.Name, MediaType: a.MediaType, Role: string(a.Role), ContentId: a.ContentID,
		Signs: a.Signs, Size: a.Size, Note: a.Note, Hash: a.Hash,
	}
}

// Sent is what a connector says about one delivery, as an outcome: of an
// attempt, or of tracking.
func Sent(id core.DeliveryID, r *pluginv1.Receipt, f *pluginv1.Fault, now time.Time) core.Outcome {
	out := core.Outcome{Delivery: id, At: now}
	if f == nil {
		f = r.GetFault()
	}
	if f != nil {
		out.Err = Error(f, "deliver")
		return out
	}
	out.Token = shorten(Text(r.GetToken()), maxExternalID)
	out.ExternalID = shorten(Text(r.GetExternalId()), maxExternalID)
	out.Code = cut64(r.GetCode())
	out.Text = shorten(Text(r.GetText()), maxFaultText)
	out.Cost = cut64(r.GetCost())
	if at := moment(r.GetAt()); !at.IsZero() {
		out.At = at
	}
	switch state := core.DeliveryState(r.GetState()); {
	case state == "":
		out.State = core.DeliverySent
	case r.GetState() == "retry":
		out.State = core.DeliveryQueued
	case knownOutcome(state):
		out.State = state
	default:
		out.Err = &core.Error{
			Kind: core.KindUnknown, Code: "plugin.receipt", Op: "deliver", Source: core.SourcePlugin,
			Text: "коннектор сообщил неизвестное состояние отправки",
		}
	}
	return out
}
