// Package approval is the way of an outgoing document until it has a number:
// its texts, all of which are kept, and the people who must agree. A draft
// whose last visa is given is registered and sent in the same transaction; one
// that is never agreed takes no number.
//
// It writes draft.updated.
package approval

import (
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Service owns the drafts. It has no state of its own.
type Service struct {
	Bus    bus.Publisher
	Tasks  Tasks
	Outbox Outbox
	// Signatures go out with the text they sign; nil: there are none.
	Signatures Signatures
}

// Signatures are those of drafts; signing.Service keeps them.
type Signatures interface {
	// OfDraft are the files to go out beside the text's own: signatures, and what
	// they sign if it is no file of the text. KindConflict while one is being made.
	OfDraft(tx store.Tx, v *core.DraftVersion) ([]core.Attachment, error)
	// Issued tells what document the draft has become.
	Issued(tx store.Tx, d *core.Draft, doc core.DocumentID) error
}

// Tasks gives approvers their tasks; task.Service does.
type Tasks interface {
	Ask(tx store.Tx, d *core.Draft, approver core.UserID) (core.TaskID, error)
	Answered(tx store.Tx, id core.TaskID, v core.Visa) error
	Withdrawn(tx store.Tx, id core.TaskID) error
}

// Outbox makes an outgoing document of a draft; outgoing.Service does. What
// CheckDraft lets pass IssueDraft does not refuse in the same transaction.
type Outbox interface {
	CheckDraft(tx store.Tx, d *core.Draft, v *core.DraftVersion) error
	IssueDraft(tx store.Tx, d *core.Draft, v *core.DraftVersion) (*core.Document, *core.Delivery, error)
}

// Ref names the draft an operation is about, as the caller has read it.
type Ref struct {
	ID      core.DraftID
	Version uint64 // of the record; 0: whatever it is now
}

// Text is what a version says.
type Text struct {
	Subject string
	Text    string
	To      []core.Correspondent
	Files   []core.Attachment // new ones
	Keep    []string          // hashes of files taken over from the version before
	Note    string
}

// Way is how a draft goes out, and who must agree before.
type Way struct {
	Channel  core.ChannelID
	Journal  core.JournalID
	SignedAs string
	KeepOpen bool
	Route    *core.ApprovalRoute // nil: nobody
}

// New is a draft to be made.
type New struct {
	Organization core.OrganizationID // empty: that of the document answered
	InReplyTo    core.DocumentID
	Way
	Text
}

// Create begins a draft with its first text.
func (s *Service) Create(tx store.Tx, by core.Acting, n New) (*core.Draft, error) {
	d := &core.Draft{
		ID: core.DraftID(core.NewID("drf", tx.Now())), Organization: n.Organization, State: core.DraftEditing,
		Author: by.User, InReplyTo: n.InReplyTo,
	}
	c := checking(tx)
	c.origin(d)
	c.route(d, n.Route)
	if err := c.result(); err != nil {
		return nil, err
	}
	d.Channel, d.Journal, d.SignedAs, d.KeepOpen, d.Route = n.Channel, n.Journal, n.SignedAs, n.KeepOpen, n.Route
	if err := addText(tx, by, d, n.Text); err != nil {
		return nil, err
	}
	return d, s.save(tx, d)
}

// addText keeps the draft's next text. The draft itself is saved by the caller.
func addText(tx store.Tx, by core.Acting, d *core.Draft, t Text) error {
	kept, err := keptFiles(tx, d, t.Keep)
	if err != nil {
		return err
	}
	d.Versions++
	d.Subject = strings.TrimSpace(t.Subject)
	return store.DraftVersions.Put(tx, &core.DraftVersion{
		Draft: d.ID, Number: d.Versions, Subject: d.Subject, Text: t.Text, To: t.To, Files: append(kept, t.Files...),
		By: by.User, Note: strings.TrimSpace(t.Note),
	})
}

// Revise adds a text. What was agreed about the one before is void as far as
// the route says, once the draft is submitted again.
func (s *Service) Revise(tx store.Tx, by core.Acting, ref Ref, t Text) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		if d.State == core.DraftApproval {
			return core.Conflict("draft.approval", "проект на согласовании: сначала отзовите его")
		}
		if err := d.MoveTo(core.DraftEditing); err != nil {
			return err
		}
		d.Problem, d.Steps = "", nil
		return addText(tx, by, d, t)
	})
}

// Redirect changes how the draft goes out. The route of a draft that was
// submitted once may be replaced, but only a supervisor may do without one.
func (s *Service) Redirect(tx store.Tx, by core.Acting, ref Ref, w Way) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		rerouted := !sameRoute(d.Route, w.Route)
		switch {
		case d.State == core.DraftSent || d.State == core.DraftCancelled:
			return core.Conflict("draft.ended", "с этим проектом работа закончена")
		case rerouted && (d.State == core.DraftApproval || d.State == core.DraftAgreed):
			return core.Conflict("draft.approval", "маршрут не меняется, пока проект на согласовании или согласован")
		case rerouted && w.Route == nil && d.Round > 0 && !by.Supervisor:
			return forbidden("отправить без согласования то, что согласовывали, может только руководитель")
		}
		if rerouted {
			c := checking(tx)
			c.route(d, w.Route)
			if err := c.result(); err != nil {
				return err
			}
		}
		d.Channel, d.Journal, d.SignedAs, d.KeepOpen, d.Route = w.Channel, w.Journal, w.SignedAs, w.KeepOpen, w.Route
		return nil
	})
}

// Submit begins a round of approval of the newest text.
func (s *Service) Submit(tx store.Tx, by core.Acting, ref Ref) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		if d.Route == nil {
			return core.Conflict("draft.no_route", "у проекта нет маршрута согласования")
		}
		if d.State == core.DraftRemarks {
			return core.Conflict("draft.remarks", "учтите замечания: сохраните новую редакцию")
		}
		if d.State == core.DraftApproval {
			return core.Conflict("draft.transition", "проект уже на согласовании")
		}
		if err := d.MoveTo(core.DraftApproval); err != nil {
			return err
		}
		if err := s.sendable(tx, d); err != nil {
			return err
		}
		d.Round++
		d.Steps = steps(d)
		return s.advance(tx, d)
	})
}

// sendable refuses to bother approvers with what cannot go out anyway.
func (s *Service) sendable(tx store.Tx, d *core.Draft) error {
	v, err := newest(tx, d)
	if err != nil {
		return err
	}
	return s.Outbox.CheckDraft(tx, d, v)
}

// Withdraw takes the draft back from approval. Visas that were given stay.
func (s *Service) Withdraw(tx store.Tx, by core.Acting, ref Ref) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		if d.State != core.DraftApproval {
			return core.Conflict("draft.transition", "проект не на согласовании")
		}
		if err := d.MoveTo(core.DraftEditing); err != nil {
			return err
		}
		return s.callOff(tx, d)
	})
}

// Cancel gives the draft up.
func (s *Service) Cancel(tx store.Tx, by core.Acting, ref Ref) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		if d.State == core.DraftCancelled {
			return core.Conflict("draft.transition", "проект уже отменён")
		}
		if err := d.MoveTo(core.DraftCancelled); err != nil {
			return err
		}
		return s.callOff(tx, d)
	})
}

// callOff ends the round.
func (s *Service) callOff(tx store.Tx, d *core.Draft) error {
	for _, step := range d.Steps {
		if step.State != core.StepAsked {
			continue
		}
		if err := s.Tasks.Withdrawn(tx, step.Task); err != nil {
			return err
		}
	}
	d.Steps = nil
	return nil
}

// Send registers and sends a draft without a route, or one that was agreed when
// it could not be sent.
func (s *Service) Send(tx store.Tx, by core.Acting, ref Ref) (*core.Draft, error) {
	return s.change(tx, by, ref, func(d *core.Draft) error {
		if d.State != core.DraftAgreed && (d.State != core.DraftEditing || d.Route != nil) {
			return core.Conflict("draft.not_agreed", "отправляют согласованный проект или проект без маршрута")
		}
		v, err := newest(tx, d)
		if err != nil {
			return err
		}
		return s.issue(tx, d, v)
	})
}

// issue makes the draft a numbered document on its way.
func (s *Service) issue(tx store.Tx, d *core.Draft, v *core.DraftVersion) error {
	signed, err := s.signed(tx, v)
	if err != nil {
		return err
	}
	doc, dlv, err := s.Outbox.IssueDraft(tx, d, signed)
	if err != nil {
		return err
	}
	at := tx.Now()
	d.Document, d.Delivery, d.SentAt, d.Problem = doc.ID, dlv.ID, &at, ""
	if err := d.MoveTo(core.DraftSent); err != nil || s.Signatures == nil {
		return err
	}
	return s.Signatures.Issued(tx, d, doc.ID)
}

// signed is the text with the signatures that go out beside it.
func (s *Service) signed(tx store.Tx, v *core.DraftVersion) (*core.DraftVersion, error) {
	if s.Signatures == nil {
		return v, nil
	}
	more, err := s.Signatures.OfDraft(tx, v)
	if err != nil || len(more) == 0 {
		return v, err
	}
	out := *v
	out.Files = append(slices.Clone(v.Files), more...)
	return &out, nil
}

// change is the way of what authors do with their drafts.
func (s *Service) change(tx store.Tx, by core.Acting, ref Ref, do func(*core.Draft) error) (*core.Draft, error) {
	d, err := store.Drafts.Get(tx, string(ref.ID))
	if err != nil {
		return nil, err
	}
	if ref.Version != 0 && d.Version != ref.Version {
		return nil, store.Drafts.Stale(tx, string(d.ID), ref.Version)
	}
	if d.Author != by.User && !by.Supervisor {
		return nil, forbidden("это может только автор проекта или руководитель")
	}
	if err := do(d); err != nil {
		return nil, err
	}
	return d, s.save(tx, d)
}

func (s *Service) save(tx store.Tx, d *core.Draft) error {
	if err := store.Drafts.Put(tx, d); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.DraftUpdated, string(d.ID), bus.AboutDraft(d))
}

// newest is the draft's present text.
func newest(tx store.Tx, d *core.Draft) (*core.DraftVersion, error) {
	return store.DraftVersions.Get(tx, core.DraftVersionKey(d.ID, d.Versions))
}

func forbidden(text string) error {
	return &core.Error{Kind: core.KindForbidden, Code: "draft.forbidden", Text: text}
}
