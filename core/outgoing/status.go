package outgoing

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// OnStatus handles message.received of kind status: news about something that
// went out, a bounce among them. What belongs to no delivery is passed on as
// message.unplaced and registered as a document.
func (s *Service) OnStatus(tx store.Tx, about bus.MessageEvent) error {
	m, err := store.Messages.Get(tx, string(about.Message))
	if err != nil {
		return err
	}
	d, err := subject(tx, m)
	if err != nil {
		return err
	}
	if d == nil || m.Status == nil {
		return s.Bus.Publish(tx, bus.MessageUnplaced, string(m.ID), about)
	}
	if err := s.news(tx, d, m); err != nil {
		return err
	}
	return s.follow(tx, d)
}

// subject finds the delivery a status is about: by our id, by the token, by
// the outside id.
func subject(tx store.Tx, m *core.Message) (*core.Delivery, error) {
	if m.Status != nil && m.Status.Delivery != "" {
		d, err := store.Deliveries.Get(tx, string(m.Status.Delivery))
		if err == nil || core.KindOf(err) != core.KindNotFound {
			return d, err
		}
	}
	if m.About == "" {
		return nil, nil
	}
	for _, index := range []string{"external", "token"} {
		for d, err := range store.Deliveries.Find(tx, index, store.ExternalKey(m.Channel, m.About)) {
			return d, err
		}
	}
	return nil, nil
}

// news takes a status over. The report itself (a bounce's text and files) is
// kept with the message; the delivery shows the outside system's words.
func (s *Service) news(tx store.Tx, d *core.Delivery, m *core.Message) error {
	st, old := m.Status, *d
	d.OutsideCode, d.OutsideText = st.Code, st.Text
	o := core.Outcome{Delivery: d.ID, State: st.State, Code: st.Code, Text: st.Text, At: st.At}
	if err := succeed(tx.Now(), d, o); err != nil {
		return s.save(tx, &old, d) // the state is past that: only the words are new
	}
	return s.save(tx, &old, d)
}
