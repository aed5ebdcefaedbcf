package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

// DocumentRow is a document as lists show it: without its texts.
type DocumentRow struct {
	core.Meta
	ID               core.DocumentID      `json:"id"`
	Direction        core.Direction       `json:"direction"`
	Kind             core.MessageKind     `json:"kind"`
	State            core.DocumentState   `json:"state"`
	Number           *core.RegNumber      `json:"number,omitempty"`
	Subject          string               `json:"subject"`
	Sender           core.Correspondent   `json:"sender"`
	Recipients       []core.Correspondent `json:"recipients,omitempty"`
	Marks            []core.Mark          `json:"marks,omitempty"`
	Thread           core.ThreadID        `json:"thread"`
	PerhapsBelongsTo []core.DocumentID    `json:"perhaps_belongs_to,omitempty"`
	Channel          core.ChannelID       `json:"channel,omitempty"`
	DueAt            *time.Time           `json:"due_at,omitempty"`
	Files            int                  `json:"files"`
	IsAppeal         bool                 `json:"is_appeal,omitempty"`
}

func showRow(d *core.Document) DocumentRow {
	return DocumentRow{
		Meta: d.Meta, ID: d.ID, Direction: d.Direction, Kind: d.Kind, State: d.State, Number: d.Number,
		Subject: d.Subject, Sender: d.Sender, Recipients: d.Recipients, Marks: d.Marks, Thread: d.Thread,
		PerhapsBelongsTo: d.PerhapsBelongsTo, Channel: d.Channel, DueAt: d.DueAt, Files: len(d.Files),
		IsAppeal: d.Appeal != nil,
	}
}

// DocumentCard is a document with what belongs to it.
type DocumentCard struct {
	Document         *core.Document    `json:"document"`
	Thread           []DocumentRow     `json:"thread"`
	PerhapsBelongsTo []DocumentRow     `json:"perhaps_belongs_to"`
	Deliveries       []*core.Delivery  `json:"deliveries"`
	Signatures       []*core.Signature `json:"signatures"`
	Decision         *Decision         `json:"decision,omitempty"` // of the rules
}

// maxSiblings bounds what a card shows of its matter, and of its deliveries.
const maxSiblings = 200

func (s *Server) listDocuments(c *call) (answer, error) {
	wanted, err := documentQuery(c.query())
	if err != nil {
		return answer{}, err
	}
	c.who.Scope().Documents(&wanted)
	var got store.Page[core.Document]
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		got, err = store.Documents.List(tx, wanted)
		return err
	})
	return ok(page[DocumentRow]{items(got.Items, showRow), got.Next}), err
}

func documentQuery(q *query) (store.Query[core.Document], error) {
	wanted := paged[core.Document](q)
	wanted.Desc = true
	where(&wanted, "direction", string(enum(q, "direction", directions)))
	where(&wanted, "state", string(enum(q, "state", documentStates)))
	where(&wanted, "mark", string(enum(q, "mark", markKinds)))
	where(&wanted, "channel", q.text("channel"))
	where(&wanted, "thread", q.text("thread"))
	where(&wanted, "text_number", q.text("number"))
	where(&wanted, "sender_key", q.address("sender"))
	where(&wanted, "party", q.text("party"))
	between(&wanted, "doc", q.day("from", 0), q.day("to", 1))
	return wanted, q.err()
}

func (s *Server) getDocument(c *call) (answer, error) {
	var card DocumentCard
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if card, err = readCard(tx, c.who.Scope(), c.param("id")); err != nil {
			return err
		}
		card.Decision, err = s.decision(tx, card.Document.ID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	card.Document = s.shown(card.Document)
	return versioned(card, card.Document.Version), nil
}

func readCard(tx store.Tx, scope access.Scope, id string) (DocumentCard, error) {
	d, err := scope.Read(tx, id)
	if err != nil {
		return DocumentCard{}, err
	}
	card := DocumentCard{Document: d, Thread: []DocumentRow{}, PerhapsBelongsTo: []DocumentRow{}, Deliveries: []*core.Delivery{}}
	if card.Signatures, err = signing.Of(tx, d.ID); err != nil {
		return DocumentCard{}, err
	}
	if card.Thread, err = siblings(tx, scope, d); err != nil {
		return DocumentCard{}, err
	}
	for _, offered := range d.PerhapsBelongsTo {
		other, err := store.Documents.GetAny(tx, string(offered))
		if err != nil {
			return DocumentCard{}, err
		}
		if !scope.Document(other) {
			continue
		}
		card.PerhapsBelongsTo = append(card.PerhapsBelongsTo, showRow(other))
	}
	for dlv, err := range store.Deliveries.Find(tx, "document", id) {
		if err != nil || len(card.Deliveries) == maxSiblings {
			return card, err
		}
		card.Deliveries = append(card.Deliveries, dlv)
	}
	return card, nil
}

// siblings are the other documents of the matter, oldest first.
func siblings(tx store.Tx, scope access.Scope, d *core.Document) ([]DocumentRow, error) {
	rows := []DocumentRow{}
	for other, err := range store.Documents.Find(tx, "thread", string(d.Thread)) {
		if err != nil || len(rows) == maxSiblings {
			return rows, err
		}
		if other.ID != d.ID && scope.Document(other) {
			rows = append(rows, showRow(other))
		}
	}
	return rows, nil
}

// history answers with the changes of a record of the table; hide names fields
// whose values must not be shown.
func history[T any](s *Server, c *call, table *store.Table[T], hide ...string) (answer, error) {
	out := list[store.Entry]{Items: []store.Entry{}}
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		if _, err := table.GetAny(tx, c.param("id")); err != nil {
			return err
		}
		for e, err := range table.History(tx, c.param("id")) {
			if err != nil {
				return err
			}
			out.Items = append(out.Items, hidden(e, hide))
		}
		return nil
	})
	return ok(out), err
}

func hidden(e store.Entry, hide []string) store.Entry {
	for i, change := range e.Changes {
		for _, name := range hide {
			if change.Field == name {
				e.Changes[i].Before, e.Changes[i].After = nil, nil
			}
		}
	}
	return e
}

func (s *Server) documentHistory(c *call) (answer, error) {
	if err := s.sees(c, c.param("id")); err != nil {
		return answer{}, err
	}
	return history(s, c, store.Documents)
}

// sees refuses, as if it were not there, a document the caller does not see. A
// deleted one is left to who asks for it.
func (s *Server) sees(c *call, id string) error {
	if c.who.Scope().Everything() {
		return nil
	}
	return s.Store.View(c.ctx(), func(tx store.Tx) error {
		d, err := store.Documents.GetAny(tx, id)
		if err == nil && !c.who.Scope().Document(d) {
			return core.NoRecord("documents")
		}
		return err
	})
}

// DocumentPatch changes what a person may change of a registered document.
type DocumentPatch struct {
	State   optional[core.DocumentState] `json:"state"`
	Subject optional[string]             `json:"subject"`
	DueAt   optional[time.Time]          `json:"due_at"`
	Fields  map[string]optional[string]  `json:"fields"`
}

func (p *DocumentPatch) check() error {
	var f faults
	if p.State.Set {
		choose(&f, "state", p.State.or(""), documentStates)
	}
	if p.Subject.Set {
		f.need("subject", p.Subject.or(""), 1000)
	}
	checkFields(&f, p.Fields, func(v optional[string]) string { return v.or("") })
	return f.err("request.body")
}

// checkFields bounds requisites.
func checkFields[V any](f *faults, fields map[string]V, text func(V) string) {
	if len(fields) > 100 {
		f.add("fields", textTooMany)
	}
	for _, name := range sortedKeys(fields) {
		f.need(join("fields", name), name, 100)
		f.short(join("fields", name), text(fields[name]), 10_000)
	}
}

func (p *DocumentPatch) apply(d *core.Document, now time.Time) error {
	d.Subject = p.Subject.or(d.Subject)
	for name, v := range p.Fields {
		setField(d, name, v.Value)
	}
	switch next := p.State.or(d.State); {
	case next == d.State:
		return nil
	case d.Appeal != nil:
		return core.Conflict("document.appeal", "состояние документа следует за его обращением")
	default:
		return d.MoveAt(now, next)
	}
}

func setField(d *core.Document, name string, value *string) {
	if value == nil {
		delete(d.Fields, name)
		return
	}
	if d.Fields == nil {
		d.Fields = map[string]string{}
	}
	d.Fields[name] = *value
}

func (s *Server) updateDocument(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in DocumentPatch
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.changeDocument(c, version, func(tx store.Tx, d *core.Document) error {
		if in.DueAt.Set {
			if err := setDue(tx, d, in.DueAt.Value); err != nil {
				return err
			}
		}
		return in.apply(d, tx.Now())
	})
}

// changeDocument changes the document of the call, if it still has the version,
// and tells about it.
func (s *Server) changeDocument(c *call, version uint64, change func(store.Tx, *core.Document) error) (answer, error) {
	var d *core.Document
	err := s.write(c, func(tx store.Tx) (err error) {
		if d, err = c.who.Scope().Read(tx, c.param("id")); err != nil {
			return err
		}
		d.Version = version
		if err := change(tx, d); err != nil {
			return err
		}
		return s.saveDocument(tx, d)
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(s.shown(d), d.Version), nil
}
