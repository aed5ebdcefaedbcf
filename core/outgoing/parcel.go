package outgoing

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// maxReferences bounds how many outside ids of a matter a parcel names.
const maxReferences = 20

// parcel gathers what the connector needs to make the delivery. A report is
// about the document itself.
func parcel(tx store.Tx, d *core.Delivery) (*core.Parcel, error) {
	if d.Document == "" { // a notice about no document
		return &core.Parcel{Delivery: *d, Document: told(&core.Document{}, d)}, nil
	}
	doc, err := store.Documents.Get(tx, string(d.Document))
	if err != nil {
		return nil, err
	}
	p := &core.Parcel{Delivery: *d, Document: *doc, Author: doc.Fields[FieldAuthor], Status: doc.State, Performer: d.Performer}
	switch {
	case d.Notice != "":
		p.Document, p.Author = told(doc, d), ""
		return p, nil
	case d.Purpose == core.PurposePerformer, d.Purpose == core.PurposeStatus:
		p.Origin = doc
		err = report(tx, p)
	case doc.InReplyTo != "":
		p.Origin, err = store.Documents.GetAny(tx, string(doc.InReplyTo))
	default:
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.Thread, err = thread(tx, d.Channel, p.Origin)
	return p, err
}

// told is a document of which a user hears: what he is told, and nothing of what
// an applicant wrote.
func told(about *core.Document, d *core.Delivery) core.Document {
	return core.Document{
		Meta: about.Meta, ID: about.ID, Organization: about.Organization, Direction: core.Internal, Kind: core.MessageLetter, State: about.State,
		Subject: d.Notice, Text: d.Notice, Recipients: d.To, Thread: about.Thread, Channel: d.Channel,
		Marks: []core.Mark{{Kind: core.MarkAutomatic}},
	}
}

// report puts the news in the place of what the applicant wrote: nobody wants
// his own letter back.
func report(tx store.Tx, p *core.Parcel) error {
	doc := &p.Document
	doc.HTML, doc.Files = "", nil
	if doc.Direction == core.Incoming {
		doc.Subject = answerSubject(doc.Subject)
	}
	number := ""
	if doc.Number != nil {
		number = " № " + doc.Number.Text
	}
	if p.Delivery.Purpose == core.PurposeStatus {
		doc.Text = "Обращение" + number + ": " + stateText(doc)
		return nil
	}
	if p.Delivery.DueAt != nil {
		doc.DueAt = p.Delivery.DueAt
	}
	var err error
	if p.Performer == nil { // not the one of a task
		p.Performer, err = performer(tx, doc)
	}
	if p.Performer == nil || err != nil {
		doc.Text = "Обращение" + number + ": исполнитель назначен"
		return err
	}
	doc.Text = "Обращение" + number + ": назначен исполнитель " + p.Performer.Name
	return nil
}

// performer is who works on the document, nil if it is nobody any more.
func performer(tx store.Tx, doc *core.Document) (*core.Correspondent, error) {
	if doc.Appeal == nil || doc.Appeal.Operator == "" {
		return nil, nil
	}
	u, err := store.Users.GetAny(tx, string(doc.Appeal.Operator))
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &core.Correspondent{Kind: core.PartyPerson, Name: u.Name}, nil
}

// stateText words the state of a document for whoever wrote it.
func stateText(doc *core.Document) string {
	if doc.Appeal != nil {
		switch at := doc.Appeal.PlannedAt; doc.Appeal.State {
		case core.AppealRejected:
			return "отклонено"
		case core.AppealForwarded:
			return "передано исполнителю"
		case core.AppealNew:
			return "ожидает исполнителя"
		case core.AppealWaiting:
			if at != nil {
				return "запланировано на " + at.In(core.OfficeZone).Format("02.01.2006")
			}
			return "запланировано"
		}
	}
	switch doc.State {
	case core.DocumentInWork:
		return "в работе"
	case core.DocumentAnswered:
		return "дан ответ"
	case core.DocumentClosed:
		return "закрыто"
	}
	return "зарегистрировано"
}

// thread names the matter as the channel's other side knows it: nearest first.
func thread(tx store.Tx, channel core.ChannelID, origin *core.Document) (core.ThreadHint, error) {
	hint := core.ThreadHint{External: origin.ExternalThread}
	for at := origin; at != nil && len(hint.References) < maxReferences; {
		if at.Channel == channel {
			hint.References = append(hint.References, names(at)...)
		}
		if at.InReplyTo == "" {
			break
		}
		next, err := store.Documents.GetAny(tx, string(at.InReplyTo))
		if err != nil {
			return hint, err
		}
		at = next
	}
	return hint, nil
}

// names are the ids the other side refers to the document by: the names it goes
// by, or else its external id.
func names(d *core.Document) []string {
	switch {
	case len(d.KnownAs) > 0:
		return d.KnownAs
	case d.ExternalID != "":
		return []string{d.ExternalID}
	}
	return nil
}
