package party

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Blobs is what giving out and erasing need of the file store: blob.Keeper.
type Blobs interface {
	Open(ctx context.Context, hash string) (blob.Reader, error)
	Sweep() *blob.Sweep
}

// Config is what a Service needs.
type Config struct {
	Store store.Store
	Blobs Blobs
	Bus   bus.Publisher // hears of the documents that were erased
	Log   hclog.Logger  // nil: silence
	// Portion is how many records one step of an erasure reads, 0 means 500.
	Portion int
	// RetryAfter is the pause after a step that failed, 0 means a minute.
	RetryAfter time.Duration
}

// Service gives out and erases what the hub knows about one person. Its methods
// may be called from several goroutines; Run by one.
type Service struct {
	Config
	wake chan struct{}
}

// New makes a Service. Erasures are worked on as long as Run runs.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	if c.Portion == 0 {
		c.Portion = 500
	}
	if c.RetryAfter == 0 {
		c.RetryAfter = time.Minute
	}
	return &Service{Config: c, wake: make(chan struct{}, 1)}
}

// person is how records tell that they are about one person: by the cards, or,
// where nobody was recognised, by a contact that no one else has.
type person struct {
	parties []core.PartyID
	own     []core.Address // personal contacts of no one else
	shared  []core.Address // contacts that prove nothing by themselves

	names    []string // as the cards have them
	accounts []string // numbers
}

// personOf reads the cards of a person.
func personOf(tx store.Tx, id core.PartyID) (*person, []*core.Party, error) {
	cards, err := Group(tx, id)
	if err != nil {
		return nil, nil, err
	}
	w := &person{}
	for _, p := range cards {
		w.parties = append(w.parties, p.ID)
	}
	return w, cards, w.read(tx, cards)
}

// read takes down what the cards of w.parties say.
func (w *person) read(tx store.Tx, cards []*core.Party) error {
	for _, p := range cards {
		w.names = append(w.names, p.Name)
		for _, a := range p.Accounts {
			w.accounts = append(w.accounts, a.Number)
		}
		for _, c := range p.Addresses {
			if err := w.take(tx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// take sorts a contact. A public one says nothing about anybody.
func (w *person) take(tx store.Tx, c core.Contact) error {
	if c.Mark == core.ContactPublic || !slices.Contains(proving, c.Kind) {
		return nil
	}
	alone := c.Personal()
	for o, err := range store.Parties.Find(tx, "key", c.Address().Key()) {
		if err != nil {
			return err
		}
		if _, has := contact(o, c.Address()); has && !slices.Contains(w.parties, o.ID) {
			alone = false
			break
		}
	}
	if alone {
		w.own = append(w.own, c.Address())
	} else {
		w.shared = append(w.shared, c.Address())
	}
	return nil
}

// is tells that c is the person.
func (w *person) is(c core.Correspondent) bool {
	if c.Party != "" {
		return slices.Contains(w.parties, c.Party)
	}
	return among(w.own, c)
}

// perhaps tells that c may be the person: nobody was recognised, and the contact
// is not the person's alone.
func (w *person) perhaps(c core.Correspondent) bool { return c.Party == "" && among(w.shared, c) }

func among(addresses []core.Address, c core.Correspondent) bool {
	return slices.ContainsFunc(addresses, func(a core.Address) bool {
		return slices.ContainsFunc(c.Addresses, a.Same)
	})
}

// wrote tells that the document is in the person's own words, or about him.
func (w *person) wrote(d *core.Document) bool {
	return w.is(d.Sender) || d.Appeal != nil && w.is(d.Appeal.Applicant)
}

// received tells that the person is among the addressees.
func (w *person) received(d *core.Document) bool { return slices.ContainsFunc(d.Recipients, w.is) }

// concerns tells that the document has to do with the person.
func (w *person) concerns(d *core.Document) bool { return w.wrote(d) || w.received(d) }

// doubtful tells that nobody knows whether it has.
func (w *person) doubtful(d *core.Document) bool {
	return !w.concerns(d) && (w.perhaps(d.Sender) || slices.ContainsFunc(d.Recipients, w.perhaps))
}

// portion reads the next records of a table that are wanted, deleted ones too.
// The keys behind next were not looked at; it is empty at the end.
func portion[T any](ctx context.Context, s store.Store, t *store.Table[T], after string, size int, wanted func(store.Tx, *T) bool) (items []*T, next string, err error) {
	err = s.View(ctx, func(tx store.Tx) error {
		items = nil
		page, err := t.List(tx, store.Query[T]{After: after, Limit: size, Deleted: true})
		for _, rec := range page.Items {
			if wanted(tx, rec) {
				items = append(items, rec)
			}
		}
		next = page.Next
		return err
	})
	return items, next, err
}
