package appeal

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Ensure makes an appeal of a registered document, for a person. One that is an
// appeal stays as it is. d was read in tx.
func (s *Service) Ensure(tx store.Tx, d *core.Document) (*core.Document, error) {
	if d.Appeal != nil {
		return d, nil
	}
	return s.become(tx, d, func(*core.Document) {})
}

// Sort is what a rule does with a document that came in: set changes its line,
// operator, reason, tags and deadline as Edit's function does. What is no appeal
// becomes one. set names only what there is: nothing is looked up, and extra
// fields are left to the operator. d was read in tx. KindConflict if d cannot be
// an appeal or its work goes on elsewhere or is over.
func (s *Service) Sort(tx store.Tx, d *core.Document, set func(*core.Document)) (*core.Document, error) {
	if d.Appeal == nil {
		return s.become(tx, d, set)
	}
	return s.changed(tx, d, unmerged(unended(func(d *core.Document) error {
		set(d)
		return nil
	})))
}

// become makes a registered document an appeal.
func (s *Service) become(tx store.Tx, d *core.Document, set func(*core.Document)) (*core.Document, error) {
	switch {
	case d.Direction != core.Incoming:
		return nil, core.Conflict("appeal.direction", "обращением может стать только входящий документ")
	case d.State == core.DocumentClosed:
		return nil, core.Conflict("appeal.ended", "документ закрыт: обращением он стать не может")
	}
	ch, err := store.Channels.Look(tx, string(d.Channel))
	if unlessMissing(err) != nil {
		return nil, err
	}
	out := *d
	if out.Appeal, err = s.fresh(tx, ch, d); err != nil {
		return nil, err
	}
	if d.State == core.DocumentAnswered {
		out.Appeal.State = core.AppealAnswered
	}
	was := own(&out)
	set(&out)
	if err := s.settleTerm(tx, was.Appeal, &out); err != nil {
		return nil, err
	}
	if err := store.Documents.Replace(tx, d, &out); err != nil {
		return nil, err
	}
	if err := s.Bus.Publish(tx, bus.DocumentUpdated, string(out.ID), bus.AboutDocument(&out)); err != nil {
		return nil, err
	}
	if err := s.Bus.Publish(tx, bus.AppealOpened, string(out.ID), bus.AboutAppeal(&out)); err != nil {
		return nil, err
	}
	return &out, s.tellOrigin(tx, was, &out)
}

// fresh is the appeal of a document that becomes one now. ch, the channel it
// came through, may be nil.
func (s *Service) fresh(tx store.Tx, ch *core.Channel, d *core.Document) (*core.Appeal, error) {
	a := &core.Appeal{State: core.AppealNew, Applicant: d.Sender}
	if number := d.Fields["account"]; number != "" {
		a.Accounts = []core.AccountRef{{Number: number}}
	} else if number := d.Sender.Address(core.AddressAccount); number != "" {
		a.Accounts = []core.AccountRef{{Number: number}}
	}
	if text := d.Fields["address"]; text != "" {
		a.Premises = &core.Premises{Text: text}
	}
	if ch == nil || s.Sources == nil {
		return a, nil
	}
	var err error
	a.Source, err = s.Sources.SourceOf(tx, ch, d.Kind)
	return a, err
}
