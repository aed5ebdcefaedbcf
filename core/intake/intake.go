// Package intake gives messages their meaning: a message becomes a registered,
// numbered document, or changes the document it is about.
//
// It reads message.received and writes document.registered or document.updated,
// and document.unrouted if what follows a registration failed.
// News about deliveries (kind status) belong to package outgoing; what outgoing
// cannot place comes here as message.unplaced and is registered like a letter,
// so that nothing is dropped.
package intake

import (
	"fmt"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// Service registers messages. It has no state of its own.
type Service struct {
	Bus bus.Publisher
	// Forward passes a document that was registered on to the channels that its
	// own one forwards to, in the same transaction: a stage of its own would cost
	// each document another one.
	Forward func(tx store.Tx, d *core.Document, to []core.ChannelID) error
	// Arrive makes an appeal of a document that is one, before it is written, or
	// wakes the appeal that it continues; appeal.Service does.
	Arrive func(tx store.Tx, ch *core.Channel, d *core.Document) error
	// Follow does with a document that was registered what rules and signatures
	// ask for, in the same transaction for the same reason; nil: nothing.
	Follow func(tx store.Tx, d *core.Document) error
}

// Take handles message.received and message.unplaced.
func (s *Service) Take(tx store.Tx, about bus.MessageEvent) error {
	m, err := store.Messages.Get(tx, string(about.Message))
	if err != nil {
		return err
	}
	if m.Change != core.ChangeNew {
		done, err := s.change(tx, m)
		if done || err != nil {
			return err
		}
	}
	return s.register(tx, m)
}

// register makes the document of a message, once.
func (s *Service) register(tx store.Tx, m *core.Message) error {
	if done, err := registered(tx, m); done || err != nil {
		return err
	}
	ch, err := channelOf(tx, m.Channel)
	if err != nil {
		return err
	}
	d := document(tx, m)
	d.Organization = ch.Organization
	d.Sender.Addresses = placed(d.Sender.Addresses, m.Channel)
	if err := dictated(tx, d, m.DueAt); err != nil {
		return err
	}
	if err := party.Recognise(tx, &d.Sender, d.Organization); err != nil {
		return err
	}
	if err := join(tx, m, d); err != nil {
		return err
	}
	if err := number(tx, ch, d); err != nil {
		return err
	}
	if err := s.Arrive(tx, ch, d); err != nil {
		return err
	}
	if err := store.Documents.Put(tx, d); err != nil {
		return err
	}
	if err := s.Bus.Publish(tx, bus.DocumentRegistered, string(d.ID), bus.AboutDocument(d)); err != nil {
		return err
	}
	if err := s.Forward(tx, d, ch.ForwardTo); err != nil {
		return err
	}
	return s.follow(tx, d)
}

// follow leaves to the bus what fails: it tries it again and tells people of it,
// and the document is registered all the same.
func (s *Service) follow(tx store.Tx, d *core.Document) error {
	if s.Follow == nil || s.attempt(tx, d) == nil {
		return nil
	}
	return s.Bus.Publish(tx, bus.DocumentUnrouted, string(d.ID), bus.AboutDocument(d))
}

func (s *Service) attempt(tx store.Tx, d *core.Document) (err error) {
	defer func() {
		if p := recover(); p != nil { // it comes again where the bus shows it with its stack
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return tx.Attempt(func() error { return s.Follow(tx, d) })
}

// registered tells whether an earlier run has made the document. Others may be
// known by the message's id, too; that is no reason to drop it.
func registered(tx store.Tx, m *core.Message) (bool, error) {
	for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(m.Channel, m.ExternalID)) {
		if err != nil || d.Message == m.ID {
			return err == nil, err
		}
	}
	return false, nil
}

// channelOf reads the channel a message came through. A channel deleted
// meanwhile does not stop its messages from being registered.
func channelOf(tx store.Tx, id core.ChannelID) (*core.Channel, error) {
	ch, err := store.Channels.Look(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return &core.Channel{ID: id}, nil
	}
	return ch, err
}

func document(tx store.Tx, m *core.Message) *core.Document {
	id := core.NewID("doc", tx.Now())
	return &core.Document{
		ID:             core.DocumentID(id),
		Direction:      core.Incoming,
		Kind:           m.Kind,
		State:          core.DocumentRegistered,
		Subject:        m.Subject,
		Text:           m.Text,
		HTML:           m.HTML,
		Sender:         m.From,
		Recipients:     m.To,
		Files:          m.Files,
		Marks:          m.Marks,
		Fields:         m.Fields,
		Thread:         core.ThreadID(id),
		Channel:        m.Channel,
		Message:        m.ID,
		ExternalID:     m.ExternalID,
		KnownAs:        m.Thread.KnownAs,
		ExternalThread: m.Thread.External,
	}
}

// dictated gives the document the term that the outside system has set. One that
// people have set since stays.
func dictated(tx store.Tx, d *core.Document, due *time.Time) error {
	if due == nil || d.DueAt != nil && d.DueAt.Equal(*due) || setByPeople(d.Deadline) {
		return nil
	}
	deadline, err := schedule.Offices{}.Outside(tx, d.Organization, *due, "срок внешней системы")
	if err != nil {
		return err
	}
	d.SetDeadline(deadline)
	return nil
}

func setByPeople(d *core.Deadline) bool {
	return d != nil && d.Term.Kind != core.TermOutside && d.Reason == ""
}

// placed says of chat and outside ids which channel they are meaningful in.
func placed(addresses []core.Address, channel core.ChannelID) []core.Address {
	out := slices.Clone(addresses)
	for i := range out {
		if a := &out[i]; a.Channel == "" && (a.Kind == core.AddressChat || a.Kind == core.AddressOutside) {
			a.Channel = channel
		}
	}
	return out
}

func number(tx store.Tx, ch *core.Channel, d *core.Document) error {
	journal := ch.Journal
	if journal == "" {
		var err error
		if journal, err = registry.Default(tx, core.Incoming); err != nil {
			return err
		}
	}
	n, err := registry.Reserve(tx, journal, core.DateOf(tx.Now().In(core.OfficeZone)))
	if err != nil {
		return err
	}
	d.Number = &n
	return nil
}

// change applies an edit or a withdrawal to the document made of the message it
// is about; done is false if there is none, and the message is then registered
// by itself.
func (s *Service) change(tx store.Tx, m *core.Message) (done bool, err error) {
	d, err := about(tx, m)
	if d == nil || err != nil {
		return false, err
	}
	if m.Change == core.ChangeWithdrawn {
		withdraw(d, m)
	} else {
		edit(d, m)
		if err := dictated(tx, d, m.DueAt); err != nil {
			return false, err
		}
	}
	if err := store.Documents.Put(tx, d); err != nil {
		return false, err
	}
	return true, s.Bus.Publish(tx, bus.DocumentUpdated, string(d.ID), bus.AboutDocument(d))
}

func about(tx store.Tx, m *core.Message) (*core.Document, error) {
	for d, err := range store.Documents.Find(tx, "external", store.ExternalKey(m.Channel, m.About)) {
		return d, err
	}
	return nil, nil
}

// edit takes over the new text; the history keeps the old one.
func edit(d *core.Document, m *core.Message) {
	d.Text, d.HTML = m.Text, m.HTML
	if m.Subject != "" {
		d.Subject = m.Subject
	}
	for _, f := range m.Files {
		if !slices.ContainsFunc(d.Files, func(had core.Attachment) bool { return had.Hash == f.Hash && had.Name == f.Name }) {
			d.Files = append(d.Files, f)
		}
	}
	for name, value := range m.Fields {
		if d.Fields == nil {
			d.Fields = map[string]string{}
		}
		d.Fields[name] = value
		if value == "" { // taken back
			delete(d.Fields, name)
		}
	}
}

// withdraw notes that the sender took the message back; nothing is removed.
func withdraw(d *core.Document, m *core.Message) {
	if slices.ContainsFunc(d.Marks, func(had core.Mark) bool { return had.Kind == core.MarkWithdrawn }) {
		return
	}
	d.Marks = append(d.Marks, core.Mark{Kind: core.MarkWithdrawn, Reason: m.Text})
}
