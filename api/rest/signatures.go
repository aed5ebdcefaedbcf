package rest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

func signatureRoutes() []*route {
	const (
		ofDocument = v1 + "/documents/{id}"
		ofDraft    = v1 + "/drafts/{id}"
		one        = v1 + "/signatures/{id}"
	)
	return []*route{
		{name: "documents.signatures", method: get, path: ofDocument + "/signatures", op: access.ReadDocuments, serve: (*Server).listDocumentSignatures},
		{name: "documents.sign", method: post, path: ofDocument + "/signatures", op: access.SignDocuments, serve: (*Server).signDocument, streams: true},
		{name: "documents.signed", method: get, path: ofDocument + "/signed", op: access.ReadDocuments, serve: (*Server).getSignedSet, streams: true},
		{name: "drafts.signatures", method: get, path: ofDraft + "/signatures", op: access.ReadDrafts, serve: (*Server).listDraftSignatures},
		{name: "drafts.sign", method: post, path: ofDraft + "/signatures", op: access.SignDocuments, serve: (*Server).signDraft, streams: true},
		{name: "drafts.sheet", method: get, path: ofDraft + "/visa", op: access.ReadDrafts, serve: (*Server).getVisaSheet},
		{name: "signatures.get", method: get, path: one, op: access.ReadDocuments, serve: (*Server).getSignature},
		{name: "signatures.file", method: get, path: one + "/file", op: access.ReadDocuments, serve: (*Server).getSignatureFile, streams: true},
		{name: "signatures.verify", method: post, path: one + "/verify", op: access.SignDocuments, serve: (*Server).verifySignature},
		{name: "signatures.cancel", method: post, path: one + "/cancel", op: access.SignDocuments, serve: (*Server).cancelSignature},
		{name: "signatures.certificates", method: get, path: v1 + "/signing-certificates", op: access.SignDocuments, serve: (*Server).listSigningCertificates, slow: true},
	}
}

// ---- lists and one

func (s *Server) listDocumentSignatures(c *call) (answer, error) {
	return s.listSignatures(c, func(tx store.Tx) ([]*core.Signature, error) {
		if _, err := c.who.Scope().Read(tx, c.param("id")); err != nil {
			return nil, err
		}
		return signing.Of(tx, core.DocumentID(c.param("id")))
	})
}

func (s *Server) listDraftSignatures(c *call) (answer, error) {
	return s.listSignatures(c, func(tx store.Tx) ([]*core.Signature, error) {
		d, err := c.draft(tx)
		if err != nil {
			return nil, err
		}
		return signing.OfOneDraft(tx, d.ID)
	})
}

func (s *Server) listSignatures(c *call, find func(store.Tx) ([]*core.Signature, error)) (answer, error) {
	out := list[*core.Signature]{}
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		out.Items, err = find(tx)
		return err
	})
	return ok(out), err
}

// signature reads the one of the call, if the caller sees what it belongs to.
func (c *call) signature(tx store.Tx) (*core.Signature, error) {
	sig, err := store.Signatures.Get(tx, c.param("id"))
	if err != nil {
		return nil, err
	}
	if sig.Document != "" {
		if _, err := c.who.Scope().Read(tx, string(sig.Document)); err == nil {
			return sig, nil
		}
	}
	if sig.Draft != "" && c.who.Can(access.ReadDrafts) {
		if d, err := store.Drafts.Get(tx, string(sig.Draft)); err == nil && c.who.Scope().Draft(tx, d) {
			return sig, nil
		}
	}
	return nil, core.NoRecord("signatures")
}

func (s *Server) getSignature(c *call) (answer, error) {
	sig, err := s.signature(c)
	if err != nil {
		return answer{}, err
	}
	return versioned(sig, sig.Version), nil
}

func (s *Server) signature(c *call) (sig *core.Signature, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		sig, err = c.signature(tx)
		return err
	})
	return sig, err
}

// The files of a signature.
var signatureParts = []string{"signature", "signed"}

func (s *Server) getSignatureFile(c *call) (answer, error) {
	q := c.query()
	part := enum(q, "part", signatureParts)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	sig, err := s.signature(c)
	if err != nil {
		return answer{}, err
	}
	file := sig.Signature
	if part == "signed" {
		file = sig.File
	}
	if file == nil {
		return answer{}, core.NotFound("files.not_found", "такого файла у подписи нет")
	}
	return answer{}, s.sendFile(c, *file, false)
}

func (s *Server) verifySignature(c *call) (answer, error) {
	return s.changeSignature(c, s.Signing.Again)
}

func (s *Server) cancelSignature(c *call) (answer, error) {
	return s.changeSignature(c, s.Signing.Cancel)
}

func (s *Server) changeSignature(c *call, do func(store.Tx, *core.Signature) error) (answer, error) {
	var sig *core.Signature
	err := s.write(c, func(tx store.Tx) (err error) {
		if sig, err = c.signature(tx); err != nil {
			return err
		}
		return do(tx, sig)
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(sig, sig.Version), nil
}

func (s *Server) listSigningCertificates(c *call) (answer, error) {
	q := c.query()
	channel, organization := core.ChannelID(q.text("channel")), core.OrganizationID(q.text("organization"))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if !c.who.Scope().Organization(organization) {
		return answer{}, refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	all, err := s.Signing.Certificates(c.ctx(), organization, channel)
	return ok(list[core.SigningCertificate]{items(all, func(x core.SigningCertificate) core.SigningCertificate { return x })}), err
}

// ---- signing

// SignInput is what is to be signed of a document; files that come with it are
// ready signatures, each of the file it has its name from.
type SignInput struct {
	Files       []string       `json:"files"` // hashes; none: all
	Text        bool           `json:"text"`  // the text too, as a file
	Channel     core.ChannelID `json:"channel"`
	Certificate string         `json:"certificate"`
}

// DraftSignInput is what is to be signed of a draft.
type DraftSignInput struct {
	Version     int            `json:"version"`
	Visa        bool           `json:"visa"` // the caller's word on the text, instead of the text
	Files       []string       `json:"files"`
	Text        bool           `json:"text"`
	Channel     core.ChannelID `json:"channel"`
	Certificate string         `json:"certificate"`
}

// toSign is one request to sign, whatever it is about.
type toSign struct {
	signing.Target
	files       []core.Attachment // that may be signed
	sheet       core.Attachment   // the text
	wanted      []string
	text        bool
	channel     core.ChannelID
	certificate string
	brought     []core.Attachment
}

func (s *Server) signDocument(c *call) (answer, error) {
	var in SignInput
	brought, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	d, err := s.document(c)
	if err != nil {
		return answer{}, err
	}
	if d.Direction == core.Incoming && len(brought) == 0 {
		return answer{}, core.Conflict("signature.incoming", "входящий документ подписал отправитель")
	}
	name, text := signing.DocumentText(d)
	sheet, err := s.Signing.Sheet(c.ctx(), name, text)
	if err != nil {
		return answer{}, err
	}
	t := toSign{
		Target: signing.Target{Organization: d.Organization, Document: d.ID}, files: signable(d.Files), sheet: sheet,
		wanted: in.Files, text: in.Text, channel: in.Channel, certificate: in.Certificate, brought: brought,
	}
	return s.update(c, []any{in, brought}, func(tx store.Tx) (answer, error) {
		if _, err := c.who.Scope().Read(tx, c.param("id")); err != nil {
			return answer{}, err
		}
		return s.beginSigning(tx, c, &t)
	})
}

func (s *Server) signDraft(c *call) (answer, error) {
	var in DraftSignInput
	brought, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	d, v, err := s.draftToSign(c, in.Version)
	if err != nil {
		return answer{}, err
	}
	name, text := signing.DraftText(d, v)
	files := signable(v.Files)
	if in.Visa {
		name, text = signing.Visa(d, v, &c.who.User)
		files = nil
	}
	sheet, err := s.Signing.Sheet(c.ctx(), name, text)
	if err != nil {
		return answer{}, err
	}
	t := toSign{
		Target: signing.Target{Organization: d.Organization, Draft: d.ID, DraftVersion: v.Number, Visa: in.Visa}, files: files, sheet: sheet,
		wanted: in.Files, text: in.Text, channel: in.Channel, certificate: in.Certificate, brought: brought,
	}
	return s.update(c, []any{in, brought}, func(tx store.Tx) (answer, error) {
		if _, err := c.draft(tx); err != nil {
			return answer{}, err
		}
		return s.beginSigning(tx, c, &t)
	})
}

// draftToSign reads the draft's present text; another version is refused.
func (s *Server) draftToSign(c *call, version int) (d *core.Draft, v *core.DraftVersion, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		if d, err = c.draft(tx); err != nil {
			return err
		}
		if version != d.Versions {
			return core.Conflict("draft.version", "появилась новая редакция: прочитайте её")
		}
		if d.State == core.DraftSent || d.State == core.DraftCancelled {
			return core.Conflict("draft.ended", "с этим проектом работа закончена")
		}
		v, err = store.DraftVersions.Get(tx, core.DraftVersionKey(d.ID, version))
		return err
	})
	return d, v, err
}

// signable are the files a person has put there: no signatures, and nothing that
// belongs to the text.
func signable(files []core.Attachment) []core.Attachment {
	return slices.DeleteFunc(slices.Clone(files), func(f core.Attachment) bool {
		return f.Role != core.FileAttachment || f.IsSignature()
	})
}

func (s *Server) beginSigning(tx store.Tx, c *call, t *toSign) (answer, error) {
	var made []*core.Signature
	var err error
	if len(t.brought) > 0 {
		made, err = s.Signing.Bring(tx, c.who.User.ID, t.Target, t.named(), append(slices.Clone(t.files), t.sheet))
	} else {
		var files []core.Attachment
		if files, err = t.chosen(); err == nil {
			made, err = s.Signing.Sign(tx, c.who.User.ID, signing.Wanted{Target: t.Target, Files: files, Channel: t.channel, Certificate: t.certificate})
		}
	}
	return answer{Status: http.StatusAccepted, Body: list[*core.Signature]{items(made, itself)}}, err
}

// named are the brought signatures; one alone of what has but one file to be
// signed needs no name.
func (t *toSign) named() []core.Attachment {
	out := slices.Clone(t.brought)
	all := append(slices.Clone(t.files), t.sheet)
	if len(out) != 1 || out[0].SignedOf(all) != nil {
		return out
	}
	switch {
	case len(t.files) == 0:
		out[0].Signs = t.sheet.Name
	case len(t.files) == 1:
		out[0].Signs = t.files[0].Name
	}
	return out
}

// chosen are the files asked for, or all; the text where there is nothing else.
func (t *toSign) chosen() (out []core.Attachment, err error) {
	var f faults
	for i, hash := range t.wanted {
		at := slices.IndexFunc(t.files, func(a core.Attachment) bool { return a.Hash == hash })
		if at < 0 {
			f.add(join("files", strconv.Itoa(i)), textNotFound)
			continue
		}
		out = append(out, t.files[at])
	}
	if len(t.wanted) == 0 {
		out = t.files
	}
	if t.text || len(out) == 0 {
		out = append(out[:len(out):len(out)], t.sheet)
	}
	return out, f.err("request.body")
}

// getVisaSheet is what the caller signs when the visa has to be signed elsewhere.
func (s *Server) getVisaSheet(c *call) (answer, error) {
	q := c.query()
	version := q.number("version", 1, 1_000_000, 1)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	d, v, err := s.draftToSign(c, version)
	if err != nil {
		return answer{}, err
	}
	name, text := signing.Visa(d, v, &c.who.User)
	fileHeaders(c.w.Header(), core.Attachment{Name: name, MediaType: "text/plain; charset=utf-8", Hash: fingerprint(text)}, false)
	_, err = c.w.Write([]byte(text))
	return answer{}, err
}
