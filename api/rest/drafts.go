package rest

import (
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
)

func draftRoutes() []*route {
	const one = v1 + "/drafts/{id}"
	return []*route{
		{name: "drafts.list", method: get, path: v1 + "/drafts", op: access.ReadDrafts, serve: (*Server).listDrafts},
		{name: "drafts.create", method: post, path: v1 + "/drafts", op: access.WriteDrafts, serve: (*Server).createDraft, streams: true},
		{name: "drafts.get", method: get, path: one, op: access.ReadDrafts, serve: (*Server).getDraft},
		{name: "drafts.update", method: put, path: one, op: access.WriteDrafts, serve: (*Server).redirectDraft},
		{name: "drafts.history", method: get, path: one + "/history", op: access.ReadDrafts, serve: (*Server).draftHistory},
		{name: "drafts.versions", method: get, path: one + "/versions", op: access.ReadDrafts, serve: (*Server).listDraftVersions},
		{name: "drafts.revise", method: post, path: one + "/versions", op: access.WriteDrafts, serve: (*Server).reviseDraft, streams: true},
		{name: "drafts.version", method: get, path: one + "/versions/{version}", op: access.ReadDrafts, serve: (*Server).getDraftVersion},
		{name: "drafts.compare", method: get, path: one + "/versions/{version}/compare", op: access.ReadDrafts, serve: (*Server).compareDraft},
		{name: "drafts.file", method: get, path: one + "/versions/{version}/files/{hash}", op: access.ReadDrafts, serve: (*Server).getDraftFile, streams: true},
		{name: "drafts.submit", method: post, path: one + "/submit", op: access.WriteDrafts, serve: (*Server).submitDraft},
		{name: "drafts.withdraw", method: post, path: one + "/withdraw", op: access.WriteDrafts, serve: (*Server).withdrawDraft},
		{name: "drafts.visa", method: post, path: one + "/visa", op: access.WriteDrafts, serve: (*Server).giveVisa, streams: true},
		{name: "drafts.send", method: post, path: one + "/send", op: access.WriteDrafts, serve: (*Server).sendDraft},
		{name: "drafts.cancel", method: post, path: one + "/cancel", op: access.WriteDrafts, serve: (*Server).cancelDraft},
	}
}

func (s *Server) listDrafts(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.Draft](q)
	wanted.Desc = true
	me := string(c.who.User.ID)
	switch enum(q, "view", []string{mine, "asked"}) {
	case mine:
		where(&wanted, "author", me)
	case "asked":
		where(&wanted, "asked", me)
	}
	where(&wanted, "author", q.text("author"))
	where(&wanted, "in_reply_to", q.text("in_reply_to"))
	where(&wanted, "state", string(enum(q, "state", core.DraftStates())))
	between(&wanted, "drf", q.day("from", 0), q.day("to", 1))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.Draft]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if scope := c.who.Scope(); !scope.Everything() {
			wanted.Filter = func(tx store.Tx, d *core.Draft) bool { return scope.Draft(tx, d) }
		}
		got, err = store.Drafts.List(tx, wanted)
		return err
	})
	return ok(page[*core.Draft]{items(got.Items, itself), got.Next}), err
}

// draft reads the draft of the call, if the caller sees it.
func (c *call) draft(tx store.Tx) (*core.Draft, error) {
	d, err := store.Drafts.Get(tx, c.param("id"))
	if err == nil && !c.who.Scope().Draft(tx, d) {
		return nil, core.NoRecord("drafts")
	}
	return d, err
}

// DraftCard is a draft with its newest text.
type DraftCard struct {
	Draft      *core.Draft        `json:"draft"`
	Text       *core.DraftVersion `json:"text"`
	Signatures []*core.Signature  `json:"signatures"`
}

func draftCard(tx store.Tx, d *core.Draft) (DraftCard, error) {
	signatures, err := signing.OfOneDraft(tx, d.ID)
	if err != nil {
		return DraftCard{}, err
	}
	text, err := store.DraftVersions.Get(tx, core.DraftVersionKey(d.ID, d.Versions))
	return DraftCard{d, text, signatures}, err
}

func (s *Server) getDraft(c *call) (answer, error) {
	var card DraftCard
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		d, err := c.draft(tx)
		if err != nil {
			return err
		}
		card, err = draftCard(tx, d)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(card, card.Draft.Version), nil
}

func (s *Server) draftHistory(c *call) (answer, error) {
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		_, err := c.draft(tx)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return history(s, c, store.Drafts)
}

// DraftTextInput is a text of a draft.
type DraftTextInput struct {
	Subject   string               `json:"subject"`
	Text      string               `json:"text"`
	To        []core.Correspondent `json:"to"`
	KeepFiles []string             `json:"keep_files"`
	Note      string               `json:"note"`
}

func (in *DraftTextInput) check(f *faults) {
	f.short("subject", in.Subject, 1000)
	f.short("note", in.Note, 10_000)
	checkCorrespondents(f, "to", in.To)
	if len(in.KeepFiles) > maxFiles {
		f.add("keep_files", textTooMany)
	}
}

func (in *DraftTextInput) text(files []core.Attachment) approval.Text {
	return approval.Text{Subject: in.Subject, Text: in.Text, To: in.To, Files: files, Keep: in.KeepFiles, Note: in.Note}
}

// RouteInput is who must agree, and how.
type RouteInput struct {
	Order     core.ApprovalOrder   `json:"order"`
	Restart   core.ApprovalRestart `json:"restart"`
	Approvers []core.Approver      `json:"approvers"`
	DueAt     *time.Time           `json:"due_at"`
	Term      *core.Term           `json:"term"` // from when each is asked
}

// DraftWayInput is how a draft goes out.
type DraftWayInput struct {
	Channel  core.ChannelID `json:"channel"`
	Journal  core.JournalID `json:"journal"`
	SignedAs string         `json:"signed_as"`
	KeepOpen bool           `json:"keep_open"`
	Route    *RouteInput    `json:"route"`
}

func (in *DraftWayInput) check(f *faults) {
	f.short("signed_as", in.SignedAs, 200)
	if r := in.Route; r != nil {
		checkDue(f, "route", r.DueAt, r.Term)
	}
}

func (in *DraftWayInput) way() approval.Way {
	w := approval.Way{Channel: in.Channel, Journal: in.Journal, SignedAs: in.SignedAs, KeepOpen: in.KeepOpen}
	if r := in.Route; r != nil {
		w.Route = &core.ApprovalRoute{Order: r.Order, Restart: r.Restart, Approvers: r.Approvers, DueAt: r.DueAt, Term: r.Term}
		if r.Restart == "" {
			w.Route.Restart = core.RestartAll
		}
	}
	return w
}

// DraftInput is a draft to be made.
type DraftInput struct {
	Organization core.OrganizationID `json:"organization"`
	InReplyTo    core.DocumentID     `json:"in_reply_to"`
	Way          DraftWayInput       `json:"way"`
	Text         DraftTextInput      `json:"text"`
}

func (in *DraftInput) check(f *faults) {
	in.Way.check(f)
	in.Text.check(f)
}

func (s *Server) createDraft(c *call) (answer, error) {
	var in DraftInput
	files, err := s.decodeSoundForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	if in.Way.SignedAs == "" {
		in.Way.SignedAs = c.who.SignsAs()
	}
	return s.update(c, []any{in, files}, func(tx store.Tx) (answer, error) {
		if err := c.seesAbout(tx, "in_reply_to", in.InReplyTo); err != nil {
			return answer{}, err
		}
		d, err := s.Drafts.Create(tx, c.acting(), approval.New{
			Organization: in.Organization, InReplyTo: in.InReplyTo, Way: in.Way.way(), Text: in.Text.text(files),
		})
		if err != nil {
			return answer{}, err
		}
		c.object = "drafts/" + string(d.ID)
		card, err := draftCard(tx, d)
		return created(v1+"/"+c.object, card, d.Version), err
	})
}

func (s *Server) redirectDraft(c *call) (answer, error) {
	var in DraftWayInput
	if err := c.decodeSound(&in); err != nil {
		return answer{}, err
	}
	return s.changeDraft(c, func(tx store.Tx, by core.Acting, ref approval.Ref) (*core.Draft, error) {
		return s.Drafts.Redirect(tx, by, ref, in.way())
	})
}

func (s *Server) reviseDraft(c *call) (answer, error) {
	var in DraftTextInput
	files, err := s.decodeSoundForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	return s.changeDraft(c, func(tx store.Tx, by core.Acting, ref approval.Ref) (*core.Draft, error) {
		return s.Drafts.Revise(tx, by, ref, in.text(files))
	})
}

func (s *Server) submitDraft(c *call) (answer, error)   { return s.changeDraft(c, s.Drafts.Submit) }
func (s *Server) withdrawDraft(c *call) (answer, error) { return s.changeDraft(c, s.Drafts.Withdraw) }
func (s *Server) sendDraft(c *call) (answer, error)     { return s.changeDraft(c, s.Drafts.Send) }
func (s *Server) cancelDraft(c *call) (answer, error)   { return s.changeDraft(c, s.Drafts.Cancel) }

// changeDraft changes the draft of the call, if it still has the version.
func (s *Server) changeDraft(c *call, do func(store.Tx, core.Acting, approval.Ref) (*core.Draft, error)) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return s.writeDraft(c, func(tx store.Tx) (*core.Draft, error) {
		return do(tx, c.acting(), approval.Ref{ID: core.DraftID(c.param("id")), Version: version})
	})
}

func (s *Server) writeDraft(c *call, do func(store.Tx) (*core.Draft, error)) (answer, error) {
	var card DraftCard
	err := s.write(c, func(tx store.Tx) error {
		if _, err := c.draft(tx); err != nil {
			return err
		}
		d, err := do(tx)
		if err != nil {
			return err
		}
		card, err = draftCard(tx, d)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(card, card.Draft.Version), nil
}

// VisaInput is an approver's word on a version; a file that comes with it is its
// detached signature.
type VisaInput struct {
	Version int    `json:"version"`
	Agreed  bool   `json:"agreed"`
	Remarks string `json:"remarks"`
	// Signature is one that was made here over the visa, instead of a file.
	Signature core.SignatureID `json:"signature"`
}

// giveVisa takes no If-Match: others give their visas meanwhile. The version of
// the text stands for it.
func (s *Server) giveVisa(c *call) (answer, error) {
	var in VisaInput
	files, err := s.decodeForm(c, &in)
	if err != nil {
		return answer{}, err
	}
	var f faults
	f.short("remarks", in.Remarks, maxTaskText)
	if len(files) > 1 {
		f.add("file", textTooMany)
	}
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	word := approval.Word{Version: in.Version, Agreed: in.Agreed, Remarks: in.Remarks}
	if len(files) == 1 {
		return s.visaWithFile(c, word, files[0])
	}
	return s.writeDraft(c, func(tx store.Tx) (_ *core.Draft, err error) {
		if in.Signature != "" {
			if word.Signature, err = c.visaSignature(tx, &in); err != nil {
				return nil, err
			}
		}
		return s.Drafts.Visa(tx, c.acting(), core.DraftID(c.param("id")), word)
	})
}

// visaWithFile takes a signature that was made elsewhere, and has it verified
// over the sheet of the visa.
func (s *Server) visaWithFile(c *call, word approval.Word, file core.Attachment) (answer, error) {
	d, v, err := s.draftToSign(c, word.Version)
	if err != nil {
		return answer{}, err
	}
	name, text := signing.Visa(d, v, &c.who.User)
	sheet, err := s.Signing.Sheet(c.ctx(), name, text)
	if err != nil {
		return answer{}, err
	}
	file.Role, file.Signs = core.FileSignature, sheet.Name
	word.Signature = &file
	return s.writeDraft(c, func(tx store.Tx) (*core.Draft, error) {
		t := signing.Target{Organization: d.Organization, Draft: d.ID, DraftVersion: v.Number, Visa: true}
		if _, err := s.Signing.Bring(tx, c.who.User.ID, t, []core.Attachment{file}, []core.Attachment{sheet}); err != nil {
			return nil, err
		}
		return s.Drafts.Visa(tx, c.acting(), d.ID, word)
	})
}

// visaSignature is the caller's own signature of this visa, once it was verified.
func (c *call) visaSignature(tx store.Tx, in *VisaInput) (*core.Attachment, error) {
	sig, err := store.Signatures.Get(tx, string(in.Signature))
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil, core.Invalid("request.body", "signature", textNotFound)
	case err != nil:
		return nil, err
	case !sig.Visa || sig.By != c.who.User.ID || string(sig.Draft) != c.param("id") || sig.DraftVersion != in.Version:
		return nil, core.Invalid("request.body", "signature", textNotFound)
	case sig.Waiting():
		return nil, core.Conflict("signature.pending", "подпись ещё не готова")
	case sig.Signature == nil || sig.Status == core.SignatureInvalid:
		return nil, core.Conflict("signature.invalid", "подпись недействительна")
	}
	return sig.Signature, nil
}

func (s *Server) listDraftVersions(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.DraftVersion](q)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	// The keys of a draft's texts begin with its id.
	wanted.From, wanted.To = core.DraftVersionKey(core.DraftID(c.param("id")), 1), c.param("id")+"0"
	var got store.Page[core.DraftVersion]
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		_, err := c.draft(tx)
		if err == nil {
			got, err = store.DraftVersions.List(tx, wanted)
		}
		return err
	})
	return ok(page[*core.DraftVersion]{items(got.Items, itself), got.Next}), err
}

// draftVersion reads a text of the draft of the call.
func (c *call) draftVersion(tx store.Tx, number string) (*core.DraftVersion, error) {
	if _, err := c.draft(tx); err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, core.NoRecord("draft_versions")
	}
	return store.DraftVersions.Get(tx, core.DraftVersionKey(core.DraftID(c.param("id")), n))
}

func (s *Server) getDraftVersion(c *call) (answer, error) {
	v, err := s.draftVersion(c)
	if err != nil {
		return answer{}, err
	}
	return ok(v), nil
}

func (s *Server) draftVersion(c *call) (v *core.DraftVersion, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		v, err = c.draftVersion(tx, c.param("version"))
		return err
	})
	return v, err
}

func (s *Server) getDraftFile(c *call) (answer, error) {
	v, err := s.draftVersion(c)
	if err != nil {
		return answer{}, err
	}
	return s.sendOneOf(c, v.Files)
}

func (s *Server) compareDraft(c *call) (answer, error) {
	q := c.query()
	with := q.number("with", 1, 1_000_000, 0)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var older, newer *core.DraftVersion
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		if newer, err = c.draftVersion(tx, c.param("version")); err != nil {
			return err
		}
		if with == 0 {
			with = max(newer.Number-1, 1)
		}
		older, err = c.draftVersion(tx, strconv.Itoa(with))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return ok(approval.Compare(older, newer)), nil
}
