package appeal

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// tellOperator has whoever was given the appeal by somebody else hear of it.
func (s *Service) tellOperator(tx store.Tx, old, d *core.Document) error {
	if s.Quiet || old.Appeal.Operator == d.Appeal.Operator {
		return nil
	}
	return s.raise(tx, d, core.NoticeAssigned, "Вам передано обращение")
}

// tellNews has the operator of an appeal hear that there is something new in its
// matter.
func (s *Service) tellNews(tx store.Tx, d *core.Document) error {
	return s.raise(tx, d, core.NoticeAnswered, "Новое сообщение по обращению")
}

// raise tells the operator, unless it is his own doing.
func (s *Service) raise(tx store.Tx, d *core.Document, notice core.Notice, text string) error {
	to := d.Appeal.Operator
	if to == "" || string(to) == tx.Actor().ID {
		return nil
	}
	if d.Number != nil {
		text += " № " + d.Number.Text
	}
	return s.Bus.Publish(tx, bus.NoticeRaised, string(d.ID), bus.NoticeEvent{Users: []core.UserID{to}, Document: d.ID, Text: text, Notice: notice})
}
