package party

import (
	"context"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// The fields of a document and of a delivery that hold personal data.
var (
	documentFields = []string{"subject", "text", "html", "sender", "recipients", "files", "marks", "fields", "known_as", "external_thread", "appeal", "deadline"}
	deliveryFields = []string{"to", "outside_text", "last_error", "notice"}
	partyFields    = []string{"name", "addresses", "accounts", "notes", "consents"}
)

// strike takes the person's name and addresses out of a document of others.
func (e *eraser) strike(tx store.Tx, act *core.Erasure, d *core.Document) error {
	d.Recipients = e.blank(d.Recipients)
	if err := e.put(tx, d, "recipients"); err != nil {
		return err
	}
	if d.Message != "" {
		if err := e.strikeMessage(tx, act, string(d.Message)); err != nil {
			return err
		}
	}
	return e.deliveries(tx, act, d, false)
}

// empty takes everything out of a document but what the journals need.
func (e *eraser) empty(tx store.Tx, act *core.Erasure, d *core.Document) error {
	doom(act, d.Files)
	d.Subject, d.Text, d.HTML = ErasedText, "", ""
	d.Sender, d.Recipients = blankOne(d.Sender), e.blank(d.Recipients)
	d.Files, d.KnownAs, d.ExternalThread = nil, nil, ""
	d.Fields = only(d.Fields, "delivery_type")
	d.Marks = append(kinds(d.Marks), e.mark())
	d.Appeal, d.Deadline = emptyAppeal(d.Appeal), emptyDeadline(d.Deadline)
	if err := e.put(tx, d, documentFields...); err != nil {
		return err
	}
	if d.Message != "" {
		if err := e.emptyMessage(tx, act, string(d.Message)); err != nil {
			return err
		}
	}
	if err := e.work(tx, act, d.ID); err != nil {
		return err
	}
	if err := signatures(tx, act, "document", string(d.ID)); err != nil {
		return err
	}
	return e.deliveries(tx, act, d, true)
}

// put writes a document without what was in the fields, history included, and
// tells those who have made something of it.
func (e *eraser) put(tx store.Tx, d *core.Document, fields ...string) error {
	if err := store.Documents.Put(tx, d); err != nil {
		return err
	}
	if err := store.Documents.Redact(tx, string(d.ID), fields...); err != nil {
		return err
	}
	about := bus.AboutDocument(d)
	about.Erased = true
	return e.Bus.Publish(tx, bus.DocumentUpdated, string(d.ID), about)
}

// blank strikes the person out of a list.
func (e *eraser) blank(all []core.Correspondent) []core.Correspondent {
	out := slices.Clone(all)
	for i, c := range out {
		if e.who.is(c) {
			out[i] = blankOne(c)
		}
	}
	return out
}

// blankOne keeps the link to the card, which is empty itself in the end.
func blankOne(c core.Correspondent) core.Correspondent {
	return core.Correspondent{Party: c.Party, Kind: c.Kind}
}

func only(fields map[string]string, names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if v, ok := fields[name]; ok {
			out[name] = v
		}
	}
	return out
}

// kinds are the marks without their reasons, which may quote.
func kinds(marks []core.Mark) []core.Mark {
	out := make([]core.Mark, 0, len(marks)+1)
	for _, m := range marks {
		out = append(out, core.Mark{Kind: m.Kind})
	}
	return out
}

// emptyAppeal keeps what statistics and control need: states, times, lines and
// reasons.
func emptyAppeal(a *core.Appeal) *core.Appeal {
	if a == nil {
		return nil
	}
	out := *a
	out.Applicant = blankOne(a.Applicant)
	out.Accounts, out.Premises, out.Extra = nil, nil, nil
	out.Description, out.Comment, out.RejectReason = "", "", ""
	if a.Result != nil {
		result := *a.Result
		result.Text, result.Works = "", nil
		out.Result = &result
	}
	if a.Rating != nil {
		rating := *a.Rating
		rating.Comment = ""
		out.Rating = &rating
	}
	return &out
}

func doom(act *core.Erasure, files []core.Attachment) {
	for _, f := range files {
		if !slices.ContainsFunc(act.Doomed, func(had core.DoomedFile) bool { return had.Hash == f.Hash }) {
			act.Doomed = append(act.Doomed, core.DoomedFile{Hash: f.Hash, Size: f.Size})
		}
	}
}

// signatures empties those of a document or a draft: what was signed is gone, and
// the reports name signers. What is still to be made or verified is given up.
func signatures(tx store.Tx, act *core.Erasure, index, id string) error {
	for sig, err := range store.Signatures.Find(tx, index, id) {
		if err != nil {
			return err
		}
		if sig.File == nil && sig.Signature == nil {
			continue // emptied with its draft
		}
		for _, f := range []*core.Attachment{sig.File, sig.Signature} {
			if f != nil {
				doom(act, []core.Attachment{*f})
			}
		}
		if sig.Waiting() {
			sig.State = core.SignatureFailed
		}
		sig.File, sig.Signature, sig.Reports, sig.Problem = nil, nil, nil, ""
		sig.Certificate, sig.Token, sig.DueAt = "", "", nil
		if err := store.Signatures.Put(tx, sig); err != nil {
			return err
		}
		act.Signatures++
	}
	return nil
}

func (e *eraser) deliveries(tx store.Tx, act *core.Erasure, d *core.Document, all bool) error {
	for dlv, err := range store.Deliveries.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return err
		}
		if dlv.To = e.blank(dlv.To); all {
			for i := range dlv.To {
				dlv.To[i] = blankOne(dlv.To[i])
			}
		}
		if dlv.OutsideText, dlv.LastError = "", ""; dlv.Notice != "" {
			dlv.Notice = ErasedText
		}
		if err := store.Deliveries.Put(tx, dlv); err != nil {
			return err
		}
		if err := store.Deliveries.Redact(tx, string(dlv.ID), deliveryFields...); err != nil {
			return err
		}
		act.Deliveries++
	}
	return nil
}

func (e *eraser) strikeMessage(tx store.Tx, act *core.Erasure, id string) error {
	m, err := store.Messages.GetAny(tx, id)
	if err != nil {
		return unlessMissing(err)
	}
	m.To = e.blank(m.To)
	act.Messages++
	return store.Messages.Put(tx, m)
}

// emptyMessage leaves what tells that the message came: channel, outside id,
// moment, kind.
func (e *eraser) emptyMessage(tx store.Tx, act *core.Erasure, id string) error {
	m, err := store.Messages.GetAny(tx, id)
	if err != nil {
		return unlessMissing(err)
	}
	doom(act, m.Files)
	out := &core.Message{
		Meta: m.Meta, ID: m.ID, Channel: m.Channel, Connector: m.Connector, ExternalID: m.ExternalID, Kind: m.Kind,
		Change: m.Change, About: m.About, At: m.At, From: blankOne(m.From), Marks: kinds(m.Marks), DueAt: m.DueAt,
	}
	if m.Status != nil {
		st := *m.Status
		st.Text = ""
		out.Status = &st
	}
	act.Messages++
	return store.Messages.Put(tx, out)
}

func unlessMissing(err error) error {
	if core.KindOf(err) == core.KindNotFound {
		return nil
	}
	return err
}

// parties empties the cards themselves.
func (e *eraser) parties(ctx context.Context) error {
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, id := range act.Parties {
			if err := emptyParty(tx, act, string(id)); err != nil {
				return err
			}
		}
		advance(act, "", core.ErasingFiles)
		return nil
	})
}

func emptyParty(tx store.Tx, act *core.Erasure, id string) error {
	p, err := store.Parties.GetAny(tx, id)
	if err != nil {
		return err
	}
	p.Name, p.Addresses, p.Accounts, p.Notes, p.Erasure = ErasedText, []core.Contact{}, nil, "", act.ID
	p.Consents = slices.Clone(p.Consents)
	for i := range p.Consents {
		p.Consents[i].Comment, p.Consents[i].File = "", ""
	}
	if err := store.Parties.Put(tx, p); err != nil {
		return err
	}
	return store.Parties.Redact(tx, id, partyFields...)
}
