package rest

import (
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
)

// What people do with documents at the desk, in one transaction each.

// register gives a document made by hand its number and its matter.
func (s *Server) register(tx store.Tx, d *core.Document, journal core.JournalID, day core.Date) error {
	d.ID = core.DocumentID(core.NewID("doc", tx.Now()))
	d.State = core.DocumentRegistered
	if err := findMatter(tx, d); err != nil {
		return err
	}
	if err := takeNumber(tx, d, journal, day); err != nil {
		return err
	}
	if err := store.Documents.Put(tx, d); err != nil {
		return err
	}
	return bus.Registered(tx, s.Events, d)
}

func findMatter(tx store.Tx, d *core.Document) error {
	d.Thread = core.ThreadID(d.ID)
	if d.InReplyTo == "" {
		return nil
	}
	origin, err := store.Documents.Get(tx, string(d.InReplyTo))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("request.body", "in_reply_to", textNotFound)
	}
	if err != nil {
		return err
	}
	d.Thread = origin.Thread
	return nil
}

func takeNumber(tx store.Tx, d *core.Document, journal core.JournalID, day core.Date) (err error) {
	if journal == "" {
		if journal, err = registry.Default(tx, d.Direction); err != nil {
			return err
		}
	}
	today := core.DateOf(tx.Now().In(core.OfficeZone))
	if day == "" {
		day = today
	}
	if day > today {
		return core.Invalid("request.body", "date", textFuture)
	}
	n, err := registry.Reserve(tx, journal, day)
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("request.body", "journal", textNotFound)
	}
	d.Number = &n
	return err
}

func (s *Server) saveDocument(tx store.Tx, d *core.Document) error {
	if err := store.Documents.Put(tx, d); err != nil {
		return err
	}
	return s.Events.Publish(tx, bus.DocumentUpdated, string(d.ID), bus.AboutDocument(d))
}

// JoinInput names a document of the matter to join.
type JoinInput struct {
	Document core.DocumentID `json:"document"`
}

func (s *Server) joinDocument(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in JoinInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeDocument(c, version, func(tx store.Tx, d *core.Document) error {
		target, err := c.who.Scope().Read(tx, string(in.Document))
		if core.KindOf(err) == core.KindNotFound {
			return core.Invalid("request.body", "document", textNotFound)
		}
		if err != nil {
			return err
		}
		if target.ID == d.ID {
			return core.Invalid("request.body", "document", "документ нельзя присоединить к самому себе")
		}
		return s.joinMatter(tx, d, target.Thread)
	})
}

// joinMatter takes the whole matter of d into another. d itself is saved by the
// caller.
func (s *Server) joinMatter(tx store.Tx, d *core.Document, thread core.ThreadID) error {
	all, err := matter(tx, d.Thread)
	if err != nil {
		return err
	}
	d.Thread, d.PerhapsBelongsTo = thread, nil
	return s.move(tx, all, d.ID, thread)
}

// matter reads all documents of a thread, oldest first.
func matter(tx store.Tx, thread core.ThreadID) (out []*core.Document, err error) {
	for d, err := range store.Documents.Find(tx, "thread", string(thread)) {
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func (s *Server) move(tx store.Tx, documents []*core.Document, except core.DocumentID, thread core.ThreadID) error {
	for _, d := range documents {
		if d.ID == except || d.Thread == thread {
			continue
		}
		d.Thread = thread
		if err := s.saveDocument(tx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) detachDocument(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return s.changeDocument(c, version, s.detach)
}

// detach makes d a matter of its own. The documents that answer it, and those
// that answer them, go with it.
func (s *Server) detach(tx store.Tx, d *core.Document) error {
	d.PerhapsBelongsTo = nil
	all, err := matter(tx, d.Thread)
	if err != nil {
		return err
	}
	own := following(all, d.ID)
	if len(own) == len(all) {
		return nil
	}
	d.Thread = core.ThreadID(core.NewID("thr", tx.Now()))
	return s.move(tx, own, d.ID, d.Thread)
}

// following are the document and all that answer it. An answer is younger than
// what it answers, so one pass is enough.
func following(all []*core.Document, first core.DocumentID) (out []*core.Document) {
	ids := []core.DocumentID{first}
	for _, d := range all {
		if d.ID == first || slices.Contains(ids, d.InReplyTo) {
			ids = append(ids, d.ID)
			out = append(out, d)
		}
	}
	return out
}

// DocumentInput registers a document by hand.
type DocumentInput struct {
	Direction    core.Direction       `json:"direction"`
	Kind         core.MessageKind     `json:"kind"`
	Subject      string               `json:"subject"`
	Text         string               `json:"text"`
	Sender       core.Correspondent   `json:"sender"`
	Recipients   []core.Correspondent `json:"recipients"`
	Fields       map[string]string    `json:"fields"`
	Organization core.OrganizationID  `json:"organization"`
	Journal      core.JournalID       `json:"journal"`
	Date         core.Date            `json:"date"`
	InReplyTo    core.DocumentID      `json:"in_reply_to"`
	DueAt        *time.Time           `json:"due_at"`
}

func (in *DocumentInput) check(f *faults) {
	if in.Kind == "" {
		in.Kind = core.MessageLetter
	}
	choose(f, "direction", in.Direction, directions)
	choose(f, "kind", in.Kind, messageKinds)
	f.need("subject", in.Subject, 1000)
	checkCorrespondent(f, "sender", in.Sender)
	checkCorrespondents(f, "recipients", in.Recipients)
	checkFields(f, in.Fields, itself)
	if in.Date != "" && in.Date.Year() == 0 {
		f.add("date", textDate)
	}
}

func (in *DocumentInput) document(files []core.Attachment) *core.Document {
	return &core.Document{
		Organization: in.Organization, Direction: in.Direction, Kind: in.Kind, Subject: in.Subject, Text: in.Text,
		Sender: in.Sender, Recipients: in.Recipients, Files: files, Fields: in.Fields, InReplyTo: in.InReplyTo,
	}
}

func (s *Server) createDocument(c *call) (answer, error) {
	var in DocumentInput
	files, err := s.decodeSoundForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	return s.update(c, []any{in, files}, func(tx store.Tx) (answer, error) {
		d := in.document(files)
		if err := c.within(in.Organization); err != nil {
			return answer{}, err
		}
		if err := knownParties(c.who.Scope(), tx, d); err != nil {
			return answer{}, err
		}
		if err := setDue(tx, d, in.DueAt); err != nil {
			return answer{}, err
		}
		if err := s.register(tx, d, in.Journal, in.Date); err != nil {
			return answer{}, err
		}
		c.object = "documents/" + string(d.ID)
		return created(v1+"/"+c.object, s.shown(d), d.Version), nil
	})
}

// knownParties checks the parties a document names and takes their names over
// where the caller gave none.
func knownParties(scope access.Scope, tx store.Tx, d *core.Document) error {
	var f faults
	if err := knownParty(&f, scope, tx, "sender", &d.Sender); err != nil {
		return err
	}
	for i := range d.Recipients {
		if err := knownParty(&f, scope, tx, indexed("recipients", i), &d.Recipients[i]); err != nil {
			return err
		}
	}
	return f.err("request.body")
}

func knownParty(f *faults, scope access.Scope, tx store.Tx, field string, c *core.Correspondent) error {
	if c.Party == "" {
		return nil
	}
	p, err := store.Parties.Get(tx, string(c.Party))
	switch {
	case core.KindOf(err) == core.KindNotFound, err == nil && !scope.Party(p):
		f.add(join(field, "party"), textNotFound)
		return nil
	case err != nil:
		return err
	}
	c.Kind = p.Kind
	if c.Name == "" {
		c.Name = p.Name
	}
	return nil
}
