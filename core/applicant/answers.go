package applicant

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

// List answers with the applicant's appeals, newest first, as a Page.
func (s *Service) List(ctx context.Context, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	q, err := ask(question)
	if err != nil {
		return nil, err
	}
	out := Page{Items: []Appeal{}}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		sender := core.Address{Kind: core.AddressOutside, Value: q.Applicant}
		page, err := store.Documents.List(tx, store.Query[core.Document]{
			Where:  []store.Term{{Index: "sender_key", Value: sender.Key()}, {Index: "channel", Value: string(channel)}},
			Filter: func(_ store.Tx, d *core.Document) bool { return d.Appeal != nil && wrote(d, channel, q.Applicant) },
			Desc:   true, After: q.After, Limit: q.Limit,
		})
		for _, d := range page.Items {
			out.Items = append(out.Items, view(d))
		}
		out.Next = page.Next
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// Get answers with one appeal and, if asked for, its conversation, as an Appeal.
func (s *Service) Get(ctx context.Context, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	q, err := ask(question)
	if err != nil {
		return nil, err
	}
	var out Appeal
	err = s.Store.View(ctx, func(tx store.Tx) error {
		d, err := find(tx, channel, q)
		if err != nil {
			return err
		}
		out = view(d)
		if q.Full {
			out.Messages, err = messages(tx, d, q.Applicant)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// File finds a file of the appeal's conversation by its hash.
func (s *Service) File(ctx context.Context, channel core.ChannelID, question json.RawMessage) (out core.Attachment, err error) {
	q, err := ask(question)
	if err != nil {
		return out, err
	}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		d, err := find(tx, channel, q)
		if err != nil {
			return err
		}
		found := false
		err = matter(tx, d, q.Applicant, func(part *core.Document, _ *core.Delivery) {
			for _, f := range part.Files {
				if f.Hash == q.Hash && shown(f) {
					out, found = f, true
				}
			}
		})
		if err == nil && !found {
			err = none()
		}
		return err
	})
	return out, err
}

// Rate takes down the applicant's rating and answers with the Appeal.
func (s *Service) Rate(ctx context.Context, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	q, err := ask(question)
	if err != nil {
		return nil, err
	}
	var out Appeal
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		d, err := find(tx, channel, q)
		if err != nil {
			return err
		}
		if d, err = s.Appeals.Rate(tx, appeal.Ref{ID: d.ID}, q.Score, q.Comment); err == nil {
			out = view(d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// matter calls each with what the applicant wrote and was sent in the matter of
// d, the last maxMessages documents of it.
func matter(tx store.Tx, d *core.Document, applicant string, each func(*core.Document, *core.Delivery)) error {
	page, err := store.Documents.List(tx, store.Query[core.Document]{
		Where: []store.Term{{Index: "thread", Value: string(d.Thread)}}, Desc: true, Limit: maxMessages,
	})
	if err != nil {
		return err
	}
	slices.Reverse(page.Items)
	for _, part := range page.Items {
		if wrote(part, d.Channel, applicant) {
			each(part, nil)
			continue
		}
		dlv, err := sent(tx, part, d.Channel, applicant)
		if err != nil {
			return err
		}
		if dlv != nil {
			each(part, dlv)
		}
	}
	return nil
}

// sent is the delivery by which the applicant has, or is about to have, our
// document through the channel; nil if there is none.
func sent(tx store.Tx, d *core.Document, channel core.ChannelID, applicant string) (*core.Delivery, error) {
	if d.Direction != core.Outgoing {
		return nil, nil
	}
	for dlv, err := range store.Deliveries.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return nil, err
		}
		if dlv.Channel == channel && handed(dlv.State) && slices.ContainsFunc(dlv.To, func(c core.Correspondent) bool { return is(c, applicant) }) {
			return dlv, nil
		}
	}
	return nil, nil
}

// handed tells that the outside system was given the document, or is being
// given it now: it may ask before it has answered.
func handed(s core.DeliveryState) bool {
	switch s {
	case core.DeliveryQueued, core.DeliveryRejected, core.DeliveryCancelled:
		return false
	}
	return true
}

func messages(tx store.Tx, d *core.Document, applicant string) (out []Message, err error) {
	err = matter(tx, d, applicant, func(part *core.Document, dlv *core.Delivery) {
		m := Message{
			ID: part.ExternalID, Direction: part.Direction, At: part.CreatedAt,
			Subject: part.Subject, Text: part.Text, HTML: part.HTML, Files: files(part.Files),
		}
		if part.Number != nil {
			m.Number = part.Number.Text
		}
		if dlv != nil {
			m.ID, m.Delivery, m.Purpose, m.State = string(part.ID), dlv.ID, dlv.Purpose, dlv.State
			m.Author = part.Fields[outgoing.FieldAuthor]
		}
		out = append(out, m)
	})
	return out, err
}

func files(list []core.Attachment) (out []File) {
	for _, f := range list {
		if shown(f) {
			out = append(out, File{f.Hash, f.Name, f.MediaType, f.Size})
		}
	}
	return out
}

// shown leaves out what only clerks need: letters as they came.
func shown(f core.Attachment) bool {
	return f.Role != core.FileOriginal && f.Role != core.FileHTML
}

// Entry is one line of the channel's log: a delivery and what it was about.
type Entry struct {
	Delivery  core.DeliveryID    `json:"delivery"`
	Purpose   core.Purpose       `json:"purpose"`
	State     core.DeliveryState `json:"state"`
	Attempts  int                `json:"attempts"`
	At        time.Time          `json:"at"`
	Error     string             `json:"error,omitempty"`
	Applicant string             `json:"applicant"`
	Appeal    string             `json:"appeal"` // external id
	Number    string             `json:"number,omitempty"`
	Status    core.DocumentState `json:"status,omitempty"` // of the appeal's document, now
	Performer string             `json:"performer,omitempty"`
	Message   core.DocumentID    `json:"message,omitempty"` // what went out, if it was a document of its own
}

// Log is the answer of LogService.
type Log struct {
	Items []Entry `json:"items"`
	Next  string  `json:"next,omitempty"`
}

// Log answers with the channel's deliveries since a moment, oldest first.
func (s *Service) Log(ctx context.Context, channel core.ChannelID, question json.RawMessage) (json.RawMessage, error) {
	q, err := ask(question)
	if err != nil {
		return nil, err
	}
	from := ""
	if q.Since != "" {
		since, err := time.Parse(time.RFC3339, q.Since)
		if err != nil {
			return nil, core.Invalid("applicant.question", "since", "нужен момент вида 2026-11-01T00:00:00Z")
		}
		from = core.FirstID("dlv", since)
	}
	out := Log{Items: []Entry{}}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		page, err := store.Deliveries.List(tx, store.Query[core.Delivery]{
			Where: []store.Term{{Index: "channel", Value: string(channel)}}, From: from, After: q.After, Limit: q.Limit,
		})
		out.Next = page.Next
		for _, dlv := range page.Items {
			e, lost := entry(tx, dlv)
			err = cmp.Or(err, lost)
			out.Items = append(out.Items, e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func entry(tx store.Tx, dlv *core.Delivery) (Entry, error) {
	e := Entry{
		Delivery: dlv.ID, Purpose: dlv.Purpose, State: dlv.State, Attempts: dlv.Attempts, At: dlv.CreatedAt, Error: dlv.LastError,
	}
	if len(dlv.To) > 0 {
		e.Applicant = dlv.To[0].Address(core.AddressOutside)
	}
	if dlv.Performer != nil {
		e.Performer = dlv.Performer.Name
	}
	d, err := store.Documents.GetAny(tx, string(dlv.Document))
	if err == nil && d.Direction == core.Outgoing {
		e.Message = d.ID
		if d.InReplyTo == "" {
			return e, nil
		}
		d, err = store.Documents.GetAny(tx, string(d.InReplyTo))
	}
	if err != nil {
		return e, err
	}
	e.Appeal, e.Status = d.ExternalID, d.State
	if d.Number != nil {
		e.Number = d.Number.Text
	}
	return e, nil
}
