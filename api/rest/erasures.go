package rest

import (
	"context"
	"io"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

// People gives out and erases what is known about one person; party.Service
// does.
type People interface {
	Export(ctx context.Context, id core.PartyID, w io.Writer) error
	Order(tx store.Tx, o party.Order) (*core.Erasure, error)
}

var _ People = (*party.Service)(nil)

// ErasureInput orders an erasure.
type ErasureInput struct {
	Ground   string              `json:"ground"`
	Document core.DocumentID     `json:"document"`
	Keep     []core.KeptDocument `json:"keep"`
}

func (in *ErasureInput) check() error {
	in.Ground = strings.TrimSpace(in.Ground)
	var f faults
	f.need("ground", in.Ground, 1000)
	if len(in.Keep) > 1000 {
		f.add("keep", textTooMany)
		return f.err("request.body")
	}
	for i, k := range in.Keep {
		f.need(join(indexed("keep", i), "id"), string(k.ID), 100)
		f.need(join(indexed("keep", i), "reason"), strings.TrimSpace(k.Reason), 1000)
	}
	return f.err("request.body")
}

func (s *Server) eraseParty(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in ErasureInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if err := c.seesParty(tx); err != nil {
			return answer{}, err
		}
		if err := unchanged(tx, c.param("id"), version); err != nil {
			return answer{}, err
		}
		act, err := s.People.Order(tx, party.Order{
			Party: core.PartyID(c.param("id")), Ground: in.Ground, Document: in.Document, Keep: in.Keep,
		})
		if err != nil {
			return answer{}, err
		}
		return created(v1+"/erasures/"+string(act.ID), act, act.Version), nil
	})
}

// unchanged: who orders what cannot be undone has seen the card as it is.
func unchanged(tx store.Tx, id string, version uint64) error {
	p, err := store.Parties.GetAny(tx, id)
	if err == nil && p.Version != version {
		return store.Parties.Stale(tx, id, version)
	}
	return err
}

func (s *Server) listErasures(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.Erasure](q)
	wanted.Desc = true
	where(&wanted, "party", q.text("party"))
	where(&wanted, "state", string(enum(q, "state", erasureStates)))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.Erasure]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if scope := c.who.Scope(); !scope.Everything() {
			wanted.Filter = func(tx store.Tx, act *core.Erasure) bool { return scope.Erasure(tx, act) }
		}
		got, err = store.Erasures.List(tx, wanted)
		return err
	})
	return ok(page[*core.Erasure]{items(got.Items, itself), got.Next}), err
}

func (s *Server) getErasure(c *call) (answer, error) {
	var act *core.Erasure
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		act, err = store.Erasures.Get(tx, c.param("id"))
		if err == nil && !c.who.Scope().Erasure(tx, act) {
			return core.NoRecord("erasures")
		}
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(act, act.Version), nil
}
