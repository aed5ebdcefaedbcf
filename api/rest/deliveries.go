package rest

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// DeliveryRow is a delivery in a list, with what tells its document.
type DeliveryRow struct {
	*core.Delivery
	Number    string         `json:"number,omitempty"`
	Subject   string         `json:"subject"`
	Direction core.Direction `json:"direction"`
}

func (s *Server) listDeliveries(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.Delivery](q)
	wanted.Desc = true
	where(&wanted, "document", q.text("document"))
	where(&wanted, "channel", q.text("channel"))
	where(&wanted, "state", string(enum(q, "state", deliveryStates)))
	direction := enum(q, "direction", directions)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := page[DeliveryRow]{Items: []DeliveryRow{}}
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		scope := c.who.Scope()
		if direction != "" || !scope.Everything() {
			wanted.Filter = func(tx store.Tx, d *core.Delivery) bool {
				about, err := scope.Read(tx, string(d.Document))
				return err == nil && (direction == "" || about.Direction == direction)
			}
		}
		got, err := store.Deliveries.List(tx, wanted)
		if err != nil {
			return err
		}
		out.Next = got.Next
		for _, d := range got.Items {
			row, err := deliveryRow(tx, d)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, row)
		}
		return nil
	})
	return ok(out), err
}

func deliveryRow(tx store.Tx, d *core.Delivery) (DeliveryRow, error) {
	about, err := store.Documents.GetAny(tx, string(d.Document))
	if err != nil {
		return DeliveryRow{}, err
	}
	row := DeliveryRow{Delivery: d, Subject: about.Subject, Direction: about.Direction}
	if about.Number != nil {
		row.Number = about.Number.Text
	}
	return row, nil
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
