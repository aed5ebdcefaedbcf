package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

func (s *Server) listDeliveries(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.Delivery](q)
	wanted.Desc = true
	where(&wanted, "document", q.text("document"))
	where(&wanted, "channel", q.text("channel"))
	where(&wanted, "state", string(enum(q, "state", deliveryStates)))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.Delivery]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		got, err = store.Deliveries.List(tx, wanted)
		return err
	})
	return ok(page[*core.Delivery]{items(got.Items, itself), got.Next}), err
}

func (s *Server) getDelivery(c *call) (answer, error) {
	var d *core.Delivery
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		d, err = store.Deliveries.Get(tx, c.param("id"))
		return err
	})
	return ok(d), err
}

func (s *Server) deliveryHistory(c *call) (answer, error) { return history(s, c, store.Deliveries) }

func (s *Server) cancelDelivery(c *call) (answer, error) {
	d, err := s.Outgoing.Cancel(c.ctx(), core.DeliveryID(c.param("id")))
	return ok(d), err
}

func (s *Server) retryDelivery(c *call) (answer, error) {
	d, err := s.Outgoing.Retry(c.ctx(), core.DeliveryID(c.param("id")))
	return ok(d), err
}
