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
		if scope := c.who.Scope(); !scope.Everything() {
			wanted.Filter = func(d *core.Delivery) bool {
				_, err := scope.Read(tx, string(d.Document))
				return err == nil
			}
		}
		got, err = store.Deliveries.List(tx, wanted)
		return err
	})
	return ok(page[*core.Delivery]{items(got.Items, itself), got.Next}), err
}

func (s *Server) getDelivery(c *call) (answer, error) {
	d, err := s.delivery(c)
	return ok(d), err
}

// seesDelivery refuses, as if it were not there, a delivery of a document the
// caller does not see.
func (s *Server) seesDelivery(c *call) error {
	if c.who.Scope().Everything() {
		return nil
	}
	_, err := s.delivery(c)
	return err
}

// delivery reads the delivery of the call, if its document is seen.
func (s *Server) delivery(c *call) (d *core.Delivery, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if d, err = store.Deliveries.Get(tx, c.param("id")); err != nil {
			return err
		}
		_, err = c.who.Scope().Read(tx, string(d.Document))
		return err
	})
	return d, err
}

func (s *Server) deliveryHistory(c *call) (answer, error) {
	if err := s.seesDelivery(c); err != nil {
		return answer{}, err
	}
	return history(s, c, store.Deliveries)
}

func (s *Server) cancelDelivery(c *call) (answer, error) {
	if err := s.seesDelivery(c); err != nil {
		return answer{}, err
	}
	d, err := s.Outgoing.Cancel(c.ctx(), core.DeliveryID(c.param("id")))
	return ok(d), err
}

func (s *Server) retryDelivery(c *call) (answer, error) {
	if err := s.seesDelivery(c); err != nil {
		return answer{}, err
	}
	d, err := s.Outgoing.Retry(c.ctx(), core.DeliveryID(c.param("id")))
	return ok(d), err
}
