package appeal

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

// Arrive is told of every document that intake registers, before it is written.
// What came as an appeal or a chat, and everything of a channel that says so,
// becomes an appeal, unless it continues one that is open: an answered one then
// goes back to its operator.
func (s *Service) Arrive(tx store.Tx, ch *core.Channel, d *core.Document) error {
	if d.Direction != core.Incoming || automatic(d) || d.Kind == core.MessageStatus || d.Kind == core.MessageReport {
		return nil
	}
	earlier, err := s.continued(tx, d)
	if err != nil || earlier != nil {
		return err
	}
	if d.Kind != core.MessageAppeal && d.Kind != core.MessageChat && !ch.Appeals {
		return nil
	}
	if d.Appeal, err = s.fresh(tx, ch, d); err != nil {
		return err
	}
	if err := s.relateToLast(tx, d); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.AppealOpened, string(d.ID), bus.AboutAppeal(d))
}

// continued is the open appeal of the matter that a new document of the
// applicant belongs to, nil if there is none. Of several it is the youngest.
func (s *Service) continued(tx store.Tx, d *core.Document) (*core.Document, error) {
	earlier, err := youngest(tx, d.Thread, false)
	if earlier == nil || err != nil {
		return nil, err
	}
	if earlier.Appeal.State == core.AppealAnswered {
		if earlier, err = s.change(tx, Ref{ID: earlier.ID}, reopen); err != nil {
			return nil, err
		}
	}
	return earlier, s.tellNews(tx, earlier)
}

// youngest is the last appeal of the matter that has ended, or has not.
func youngest(tx store.Tx, thread core.ThreadID, ended bool) (*core.Document, error) {
	page, err := store.Documents.List(tx, store.Query[core.Document]{
		Where: []store.Term{{Index: "appeal_thread", Value: store.AppealThreadKey(thread, ended)}},
		Desc:  true, Limit: 1,
	})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	return page.Items[0], nil
}

// relateToLast ties what was written after the end of an appeal to that appeal.
func (s *Service) relateToLast(tx store.Tx, d *core.Document) error {
	last, err := youngest(tx, d.Thread, true)
	if last == nil || err != nil || len(last.Appeal.Related) >= maxLinked {
		return err
	}
	d.Appeal.Related = []core.DocumentID{last.ID}
	_, err = s.change(tx, Ref{ID: last.ID}, func(last *core.Document) error {
		last.Appeal.Related = append(slices.Clone(last.Appeal.Related), d.ID)
		return nil
	})
	return err
}

// Register gives an appeal taken by hand (at the desk, on the telephone) its
// number. d has its texts, files and d.Appeal; with an Operator it is in work at
// once. An empty journal is the default one of incoming documents.
func (s *Service) Register(tx store.Tx, d *core.Document, journal core.JournalID) error {
	operator := d.Appeal.Operator
	d.Appeal.State, d.Appeal.Operator = core.AppealNew, ""
	if err := s.check(tx, nil, d); err != nil {
		return err
	}
	return s.create(tx, d, journal, operator)
}

// create numbers and writes a new appeal; with an operator it is in work.
func (s *Service) create(tx store.Tx, d *core.Document, journal core.JournalID, operator core.UserID) (err error) {
	if err := s.settleTerm(tx, &core.Appeal{}, d); err != nil {
		return err
	}
	id := core.NewID("doc", tx.Now())
	d.ID, d.Direction, d.State = core.DocumentID(id), core.Incoming, core.DocumentRegistered
	if d.Thread == "" {
		d.Thread = core.ThreadID(id)
	}
	if err := takeNumber(tx, d, journal); err != nil {
		return err
	}
	if operator != "" {
		if err := take(tx, d, operator); err != nil {
			return err
		}
	}
	if err := store.Documents.Put(tx, d); err != nil {
		return err
	}
	if err := bus.Registered(tx, s.Bus, d); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.AppealOpened, id, bus.AboutAppeal(d))
}

func takeNumber(tx store.Tx, d *core.Document, journal core.JournalID) (err error) {
	if journal == "" {
		if journal, err = registry.Default(tx, core.Incoming); err != nil {
			return err
		}
	}
	n, err := registry.Reserve(tx, journal, core.DateOf(tx.Now().In(core.OfficeZone)))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("appeal.invalid", "journal", "такого журнала нет")
	}
	d.Number = &n
	return err
}
