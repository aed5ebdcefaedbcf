package outgoing

import (
	"context"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

// Reply is an answer a person wrote to an incoming document.
type Reply struct {
	Subject string // empty: «Re: » and the subject of the document
	Text    string
	HTML    string // sanitised by the caller
	Files   []core.Attachment
	// To are the addressees; empty: the sender of the document.
	To []core.Correspondent
	// Channel carries it; empty: the one the document came through.
	Channel core.ChannelID
	Journal core.JournalID // empty: the default journal of outgoing documents
	Author  string         // who signs, as printed
	// KeepOpen leaves the document's state as it is (an intermediate answer).
	KeepOpen bool
	// Automatic marks what a machine answers: it goes as a notice, so that no
	// machine answers it, and leaves the document's state as it is.
	Automatic bool
}

// FieldAuthor is the requisite that holds who signs an outgoing document.
const FieldAuthor = "author"

// Reply registers the answer as an outgoing document of the same matter and
// queues its delivery, in the caller's transaction.
func (s *Service) Reply(tx store.Tx, to core.DocumentID, r Reply) (*core.Document, *core.Delivery, error) {
	origin, err := store.Documents.Get(tx, string(to))
	if err != nil {
		return nil, nil, err
	}
	d := draft(tx, origin, r)
	faults, err := s.replyFaults(tx, origin, d)
	if err != nil {
		return nil, nil, err
	}
	if err := invalidReply(faults); err != nil {
		return nil, nil, err
	}
	dlv, err := s.issue(tx, d, r.Journal, r.purpose())
	if err != nil {
		return nil, nil, err
	}
	return d, dlv, s.answered(tx, origin, r)
}

// issue registers an outgoing document and queues its delivery.
func (s *Service) issue(tx store.Tx, d *core.Document, journal core.JournalID, purpose core.Purpose) (*core.Delivery, error) {
	if err := register(tx, journal, d); err != nil {
		return nil, err
	}
	dlv := &core.Delivery{Document: d.ID, Channel: d.Channel, Purpose: purpose, To: d.Recipients}
	if err := s.request(tx, dlv); err != nil {
		return nil, err
	}
	return dlv, bus.Registered(tx, s.Bus, d)
}

// Notice registers a text of the hub's own about a document and queues it with
// purpose notice. The document itself does not move.
func (s *Service) Notice(tx store.Tx, about *core.Document, channel core.ChannelID, to core.Correspondent, text string) error {
	d := draft(tx, about, Reply{Text: text, To: []core.Correspondent{to}, Channel: channel})
	_, err := s.issue(tx, d, "", core.PurposeNotice)
	return err
}

// Answer is Reply in a transaction of its own.
func (s *Service) Answer(ctx context.Context, to core.DocumentID, r Reply) (d *core.Document, dlv *core.Delivery, err error) {
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		d, dlv, err = s.Reply(tx, to, r)
		return err
	})
	return d, dlv, err
}

// outgoing is the document a person wrote, not registered yet.
func outgoing(tx store.Tx, r Reply) *core.Document {
	d := &core.Document{
		ID:         core.DocumentID(core.NewID("doc", tx.Now())),
		Direction:  core.Outgoing,
		State:      core.DocumentDraft,
		Subject:    strings.TrimSpace(r.Subject),
		Text:       r.Text,
		HTML:       r.HTML,
		Recipients: r.To,
		Files:      r.Files,
		Channel:    r.Channel,
		Fields:     map[string]string{},
	}
	if r.Author != "" {
		d.Fields[FieldAuthor] = r.Author
	}
	return d
}

// draft is the answer to origin, not registered yet.
func draft(tx store.Tx, origin *core.Document, r Reply) *core.Document {
	d := outgoing(tx, r)
	d.Organization, d.Kind, d.Thread, d.InReplyTo = origin.Organization, origin.Kind, origin.Thread, origin.ID
	if d.Subject == "" {
		d.Subject = answerSubject(origin.Subject)
	}
	if len(d.Recipients) == 0 {
		d.Recipients = []core.Correspondent{origin.Sender}
	}
	if d.Channel == "" {
		d.Channel = origin.Channel
	}
	if r.Author != "" {
		d.Fields[FieldAuthor] = r.Author
	}
	if r.Automatic {
		d.Marks = []core.Mark{{Kind: core.MarkAutomatic, Reason: "автоответ"}}
	}
	return d
}

func (r Reply) purpose() core.Purpose {
	if r.Automatic {
		return core.PurposeNotice
	}
	return core.PurposeAnswer
}

func answerSubject(subject string) string {
	if strings.HasPrefix(strings.ToLower(subject), "re:") {
		return subject
	}
	return "Re: " + subject
}

func (s *Service) replyFaults(tx store.Tx, origin, d *core.Document) ([]core.FieldFault, error) {
	faults, err := commonFaults(tx, d)
	if origin.Direction != core.Incoming {
		faults = append(faults, core.FieldFault{Field: "document", Text: "ответить можно только на входящий документ"})
	}
	return faults, err
}

// commonFaults are those of answers and letters.
func commonFaults(tx store.Tx, d *core.Document) ([]core.FieldFault, error) {
	var faults core.Faults
	if strings.TrimSpace(d.Text) == "" && d.HTML == "" && len(d.Files) == 0 {
		faults.Add("text", "ответ пуст: напишите текст или приложите файл")
	}
	for _, to := range d.Recipients {
		if len(to.Addresses) == 0 {
			faults.Add("to", "у адресата нет ни одного адреса")
		}
	}
	text, err := channelFault(tx, d.Channel)
	if text != "" {
		faults.Add("channel", text)
	}
	return faults, err
}

func invalidReply(faults []core.FieldFault) error {
	return core.Faults(faults).Err("reply.invalid")
}

func channelFault(tx store.Tx, id core.ChannelID) (string, error) {
	if id == "" {
		return "канал не задан: выберите, через какой отправить", nil
	}
	_, err := store.Channels.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return "такого канала нет", nil
	}
	return "", err
}

func register(tx store.Tx, journal core.JournalID, d *core.Document) error {
	journal, err := journalOr(tx, journal)
	if err != nil {
		return err
	}
	n, err := registry.Reserve(tx, journal, today(tx))
	if err != nil {
		return err
	}
	d.Number = &n
	if err := d.MoveTo(core.DocumentRegistered); err != nil {
		return err
	}
	return store.Documents.Put(tx, d)
}

// journalOr is the journal, or the default one of outgoing documents.
func journalOr(tx store.Tx, journal core.JournalID) (core.JournalID, error) {
	if journal != "" {
		return journal, nil
	}
	return registry.Default(tx, core.Outgoing)
}

func today(tx store.Tx) core.Date { return core.DateOf(tx.Now().In(core.OfficeZone)) }

// answered moves the document answered on, unless the answer is intermediate or
// the matter is closed already.
func (s *Service) answered(tx store.Tx, origin *core.Document, r Reply) error {
	if origin.Appeal != nil && !r.KeepOpen && !r.Automatic {
		return s.Answered(tx, origin)
	}
	if r.KeepOpen || r.Automatic || origin.State == core.DocumentClosed || origin.State == core.DocumentAnswered {
		return nil
	}
	if err := origin.MoveAt(tx.Now(), core.DocumentAnswered); err != nil {
		return err
	}
	if err := store.Documents.Put(tx, origin); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.DocumentUpdated, string(origin.ID), bus.AboutDocument(origin))
}
