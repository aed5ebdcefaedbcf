package outgoing

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// ReportPerformer tells the sender of a document who works on it and until when
// (nil: by the term of the document), through the channel it came by, if its
// connector carries that. Elsewhere nothing happens.
func (s *Service) ReportPerformer(tx store.Tx, doc *core.Document, performer core.Correspondent, due *time.Time) error {
	if doc.Direction != core.Incoming || doc.Channel == "" {
		return nil
	}
	ch, err := store.Channels.Get(tx, string(doc.Channel))
	if core.KindOf(err) == core.KindNotFound {
		return nil // deleted since: nobody listens
	}
	if err != nil || !s.carries(ch, core.PurposePerformer) {
		return err
	}
	return s.request(tx, &core.Delivery{
		Document: doc.ID, Channel: ch.ID, Purpose: core.PurposePerformer, To: []core.Correspondent{doc.Sender}, Performer: &performer,
		DueAt: due,
	})
}

// Tell queues a notice about a document, or (without an id) about none, for a
// user of the hub. No document is
// made of it, and none moves.
func (s *Service) Tell(tx store.Tx, about *core.Document, channel core.ChannelID, to core.Correspondent, text string) error {
	return s.request(tx, &core.Delivery{
		Document: about.ID, Channel: channel, Purpose: core.PurposeNotice, To: []core.Correspondent{to}, Notice: text,
	})
}

func (s *Service) carries(ch *core.Channel, p core.Purpose) bool {
	return s.Purposes != nil && s.Purposes.Carries(ch, p)
}
