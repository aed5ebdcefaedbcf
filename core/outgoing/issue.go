package outgoing

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

// IssueDraft registers and sends a text of a draft, in the caller's transaction:
// as the answer to the document it answers, or as a letter of our own. Only now
// does it take a number.
func (s *Service) IssueDraft(tx store.Tx, d *core.Draft, v *core.DraftVersion) (*core.Document, *core.Delivery, error) {
	if d.InReplyTo != "" {
		return s.Reply(tx, d.InReplyTo, replyOf(d, v))
	}
	return s.Letter(tx, d.Organization, replyOf(d, v))
}

// CheckDraft reports all faults that would keep IssueDraft from sending. It
// writes nothing.
func (s *Service) CheckDraft(tx store.Tx, d *core.Draft, v *core.DraftVersion) error {
	r := replyOf(d, v)
	faults, err := s.draftFaults(tx, d, r)
	if err != nil {
		return err
	}
	journal, err := journalFault(tx, r.Journal)
	if err != nil {
		return err
	}
	return invalidReply(append(faults, journal...))
}

func (s *Service) draftFaults(tx store.Tx, d *core.Draft, r Reply) ([]core.FieldFault, error) {
	if d.InReplyTo == "" {
		return s.letterFaults(tx, letter(tx, d.Organization, r))
	}
	origin, err := store.Documents.Get(tx, string(d.InReplyTo))
	if err != nil {
		return nil, err
	}
	return s.replyFaults(tx, origin, draft(tx, origin, r))
}

func replyOf(d *core.Draft, v *core.DraftVersion) Reply {
	return Reply{
		Subject: v.Subject, Text: v.Text, Files: v.Files, To: v.To, Channel: d.Channel, Journal: d.Journal,
		Author: d.SignedAs, KeepOpen: d.KeepOpen,
	}
}

// journalFault tells that the journal would not give a number.
func journalFault(tx store.Tx, journal core.JournalID) ([]core.FieldFault, error) {
	journal, err := journalOr(tx, journal)
	if err == nil {
		_, err = registry.Preview(tx, journal, today(tx))
	}
	if core.KindOf(err) == core.KindNotFound {
		return []core.FieldFault{{Field: "journal", Text: "такого журнала нет"}}, nil
	}
	return nil, err
}

// Letter registers a document of our own, which answers nothing, and queues its
// delivery. Subject, addressees and channel have no defaults.
func (s *Service) Letter(tx store.Tx, organization core.OrganizationID, r Reply) (*core.Document, *core.Delivery, error) {
	d := letter(tx, organization, r)
	faults, err := s.letterFaults(tx, d)
	if err != nil {
		return nil, nil, err
	}
	if err := invalidReply(faults); err != nil {
		return nil, nil, err
	}
	dlv, err := s.issue(tx, d, r.Journal, core.PurposeDocument)
	return d, dlv, err
}

func letter(tx store.Tx, organization core.OrganizationID, r Reply) *core.Document {
	d := outgoing(tx, r)
	d.Organization, d.Kind, d.Thread = organization, core.MessageLetter, core.ThreadID(d.ID)
	return d
}

func (s *Service) letterFaults(tx store.Tx, d *core.Document) ([]core.FieldFault, error) {
	faults, err := commonFaults(tx, d)
	if err != nil {
		return nil, err
	}
	if d.Subject == "" {
		faults = append(faults, core.FieldFault{Field: "subject", Text: "обязательное поле"})
	}
	if len(d.Recipients) == 0 {
		faults = append(faults, core.FieldFault{Field: "to", Text: "назовите адресатов"})
	}
	ch, err := store.Channels.Get(tx, string(d.Channel))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return faults, nil // said already
	case err == nil && !s.carries(ch, core.PurposeDocument):
		faults = append(faults, core.FieldFault{Field: "channel", Text: "через этот канал можно только отвечать"})
	}
	return faults, err
}
