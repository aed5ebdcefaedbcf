// Package signing keeps the electronic signatures of documents and drafts: it
// has them made and verified by the channels that offer the services `sign`,
// `verify` and `certificates`, and goes on asking where an answer is pending,
// also after a restart.
//
// It writes signature.updated.
package signing

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Desk asks channels for services; the host of plugins does.
type Desk interface {
	Ask(ctx context.Context, r Request) (Answer, error)
}

// Request is one request of a service.
type Request struct {
	Service      string
	Organization core.OrganizationID
	Channel      core.ChannelID // empty: any of the organisation's
	Input        json.RawMessage
	Files        []core.Attachment
	Token        string // of a pending answer
}

// Answer is what came of it.
type Answer struct {
	Output   json.RawMessage
	Files    []core.Attachment
	Pending  bool
	Token    string
	AskAfter time.Duration // from a second to an hour; beyond them the nearer one counts
}

// Config of New. What has no default must be set.
type Config struct {
	Store store.Store
	Blobs blob.Store
	Bus   bus.Publisher
	Desk  Desk
	Log   hclog.Logger // nil: silent
}

// Service owns the signatures. Run does the work; the rest may be called at any
// time.
type Service struct {
	Config
	wake chan struct{}
}

// New makes the service. Run has to be called for anything to be made or
// verified.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	return &Service{Config: c, wake: make(chan struct{}, 1)}
}

// Target is what a signature belongs to: a document, or a text of a draft.
type Target struct {
	Organization core.OrganizationID
	Document     core.DocumentID
	Draft        core.DraftID
	DraftVersion int
	Visa         bool
}

// Wanted is what is to be signed, and by whom.
type Wanted struct {
	Target
	Files       []core.Attachment
	Channel     core.ChannelID
	Certificate string // SHA-1 thumbprint; empty: the channel's own choice
}

// Sign asks for a detached signature of each file.
func (s *Service) Sign(tx store.Tx, by core.UserID, w Wanted) ([]*core.Signature, error) {
	out := make([]*core.Signature, 0, len(w.Files))
	for i, f := range w.Files {
		sig := w.signature(tx, i, core.SignatureMade, core.SignatureSigning)
		sig.By, sig.File, sig.Channel, sig.Certificate = by, &f, w.Channel, w.Certificate
		if err := s.begin(tx, sig); err != nil {
			return nil, err
		}
		out = append(out, sig)
	}
	return out, nil
}

// Bring takes ready signatures, each of the file among the signed that it names,
// and has them verified.
func (s *Service) Bring(tx store.Tx, by core.UserID, t Target, signatures, signed []core.Attachment) ([]*core.Signature, error) {
	out := make([]*core.Signature, 0, len(signatures))
	for i, f := range signatures {
		f.Role = core.FileSignature
		sig := t.signature(tx, i, core.SignatureBrought, core.SignatureVerifying)
		sig.By, sig.Signature, sig.File = by, &f, f.SignedOf(signed)
		if err := s.begin(tx, sig); err != nil {
			return nil, err
		}
		out = append(out, sig)
	}
	return out, nil
}

// signature is the n-th of a transaction. Ids of one millisecond sort at random:
// a millisecond between them keeps the order of the files.
func (t *Target) signature(tx store.Tx, n int, origin core.SignatureOrigin, state core.SignatureState) *core.Signature {
	return &core.Signature{
		ID: core.SignatureID(core.NewID("sig", tx.Now().Add(time.Duration(n)*time.Millisecond))), Organization: t.Organization, Document: t.Document,
		Draft: t.Draft, DraftVersion: t.DraftVersion, Visa: t.Visa, Origin: origin, State: state,
	}
}

// begin has the work start at once.
func (s *Service) begin(tx store.Tx, sig *core.Signature) error {
	now := tx.Now()
	sig.DueAt, sig.Attempts, sig.Problem = &now, 0, ""
	tx.AfterCommit(s.Wake)
	return s.save(tx, sig)
}

func (s *Service) save(tx store.Tx, sig *core.Signature) error {
	if err := store.Signatures.Put(tx, sig); err != nil {
		return err
	}
	return s.Bus.Publish(tx, bus.SignatureUpdated, string(sig.ID), bus.AboutSignature(sig))
}

// Again verifies a signature anew: roots, lists of revocation and the day have
// changed.
func (s *Service) Again(tx store.Tx, sig *core.Signature) error {
	if sig.Signature == nil {
		return core.Conflict("signature.transition", "подписи ещё нет")
	}
	sig.State, sig.Token = core.SignatureVerifying, ""
	return s.begin(tx, sig)
}

// Cancel gives up one that is not made yet.
func (s *Service) Cancel(tx store.Tx, sig *core.Signature) error {
	if sig.Signature != nil {
		return core.Conflict("signature.transition", "подпись уже сделана")
	}
	sig.State, sig.DueAt, sig.Token, sig.Problem = core.SignatureFailed, nil, "", "отменено"
	return s.save(tx, sig)
}

// OnDocument has the signatures verified that lie among a document's files. It
// may run again for the same document.
func (s *Service) OnDocument(tx store.Tx, d *core.Document) (err error) {
	var known map[string]bool // read when there is a signature: most documents have none
	for i, f := range d.Files {
		if !f.IsSignature() {
			continue
		}
		if known == nil {
			if known, err = s.known(tx, d.ID); err != nil {
				return err
			}
		}
		if known[f.Hash] {
			continue
		}
		known[f.Hash] = true
		if err := s.begin(tx, found(tx, i, d, f)); err != nil {
			return err
		}
	}
	return nil
}

func found(tx store.Tx, n int, d *core.Document, f core.Attachment) *core.Signature {
	t := Target{Organization: d.Organization, Document: d.ID}
	origin := core.SignatureArrived
	if d.Direction != core.Incoming {
		origin = core.SignatureBrought
	}
	sig := t.signature(tx, n, origin, core.SignatureVerifying)
	sig.Signature, sig.File = &f, f.SignedOf(d.Files)
	return sig
}

// known are the hashes of the document's signatures.
func (s *Service) known(tx store.Tx, id core.DocumentID) (map[string]bool, error) {
	out := map[string]bool{}
	for sig, err := range store.Signatures.Find(tx, "document", string(id)) {
		if err != nil {
			return nil, err
		}
		if sig.Signature != nil {
			out[sig.Signature.Hash] = true
		}
	}
	return out, nil
}

// Of are the signatures of a document, oldest first.
func Of(tx store.Tx, id core.DocumentID) ([]*core.Signature, error) {
	return find(tx, "document", string(id))
}

// OfOneDraft are the signatures of a draft's texts and visas, oldest first.
func OfOneDraft(tx store.Tx, id core.DraftID) ([]*core.Signature, error) {
	return find(tx, "draft", string(id))
}

func find(tx store.Tx, index, id string) ([]*core.Signature, error) {
	out := []*core.Signature{}
	for sig, err := range store.Signatures.Find(tx, index, id) {
		if err != nil {
			return nil, err
		}
		out = append(out, sig)
	}
	return out, nil
}

// OfDraft implements approval.Signatures.
func (s *Service) OfDraft(tx store.Tx, v *core.DraftVersion) (more []core.Attachment, err error) {
	for sig, err := range store.Signatures.Find(tx, "draft", string(v.Draft)) {
		switch {
		case err != nil:
			return nil, err
		case sig.Visa || sig.DraftVersion != v.Number:
			continue
		case sig.State == core.SignatureSigning:
			return nil, core.Conflict("signature.pending", "документ ещё подписывается")
		case sig.Status == core.SignatureInvalid:
			return nil, core.Conflict("signature.invalid", "подпись документа недействительна")
		case sig.Signature == nil:
			continue
		}
		if sig.File != nil && !holds(v.Files, *sig.File) && !holds(more, *sig.File) {
			more = append(more, *sig.File)
		}
		more = append(more, *sig.Signature)
	}
	return more, nil
}

func holds(files []core.Attachment, f core.Attachment) bool {
	for _, one := range files {
		if one.Hash == f.Hash && one.Name == f.Name {
			return true
		}
	}
	return false
}

// Issued implements approval.Signatures.
func (s *Service) Issued(tx store.Tx, d *core.Draft, doc core.DocumentID) error {
	all, err := OfOneDraft(tx, d.ID)
	if err != nil {
		return err
	}
	for _, sig := range all {
		sig.Document = doc
		if err := s.save(tx, sig); err != nil {
			return err
		}
	}
	return nil
}
