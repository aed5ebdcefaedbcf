package rest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

// applicantRoutes are what can be done about people beside keeping their cards.
func applicantRoutes() []*route {
	return []*route{
		{name: "parties.match", method: post, path: v1 + "/parties/match", op: access.ReadParties, serve: (*Server).matchParties},
		{name: "parties.decide", method: post, path: v1 + "/parties/contacts", op: access.WriteParties, serve: (*Server).decideContact},
		{name: "parties.consent", method: post, path: v1 + "/parties/{id}/consents", op: access.WriteParties, serve: (*Server).addConsent},
		{name: "parties.merge", method: post, path: v1 + "/parties/{id}/merge", op: access.WriteParties, serve: (*Server).mergeParty},
		{name: "parties.unmerge", method: post, path: v1 + "/parties/{id}/unmerge", op: access.WriteParties, serve: (*Server).unmergeParty},
		{name: "parties.export", method: post, path: v1 + "/parties/{id}/export", op: access.ExportParties, serve: (*Server).exportParty, streams: true},
		{name: "parties.erase", method: post, path: v1 + "/parties/{id}/erasure", op: access.EraseParties, serve: (*Server).eraseParty},
		{name: "documents.candidates", method: get, path: v1 + "/documents/{id}/candidates", op: access.ReadParties, serve: (*Server).documentCandidates},
		{name: "documents.substitute", method: post, path: v1 + "/documents/{id}/party", op: access.WriteDocuments, serve: (*Server).substituteParty},
		{name: "erasures.list", method: get, path: v1 + "/erasures", op: access.ReadParties, serve: (*Server).listErasures},
		{name: "erasures.get", method: get, path: v1 + "/erasures/{id}", op: access.ReadParties, serve: (*Server).getErasure},
	}
}

// MatchInput is somebody to be recognised.
type MatchInput struct {
	Kind         core.PartyKind      `json:"kind"`
	Name         string              `json:"name"`
	Addresses    []core.Address      `json:"addresses"`
	Organization core.OrganizationID `json:"organization"`
}

func (s *Server) matchParties(c *call) (answer, error) {
	var in MatchInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	who := core.Correspondent{Kind: in.Kind, Name: in.Name, Addresses: in.Addresses}
	var f faults
	checkCorrespondent(&f, "", who)
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	return s.candidates(c, func(store.Tx) (core.Correspondent, core.OrganizationID, error) { return who, in.Organization, nil })
}

// documentCandidates are the parties the sender of a document may be.
func (s *Server) documentCandidates(c *call) (answer, error) {
	return s.candidates(c, func(tx store.Tx) (core.Correspondent, core.OrganizationID, error) {
		d, err := c.who.Scope().Read(tx, c.param("id"))
		if err != nil {
			return core.Correspondent{}, "", err
		}
		return d.Sender, d.Organization, nil
	})
}

func (s *Server) candidates(c *call, who func(store.Tx) (core.Correspondent, core.OrganizationID, error)) (answer, error) {
	var found []party.Candidate
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		somebody, organization, err := who(tx)
		if err == nil {
			found, err = party.Match(tx, somebody, organization)
		}
		scope := c.who.Scope()
		found = slices.DeleteFunc(found, func(f party.Candidate) bool { return !scope.Party(f.Party) })
		return err
	})
	return ok(list[party.Candidate]{items(found, itself)}), err
}

// SubstituteInput says who sent a document.
type SubstituteInput struct {
	Party core.PartyID `json:"party"`
}

// substituteParty puts a party in for the sender of a document, and for the
// applicant of an appeal, if that was the sender.
func (s *Server) substituteParty(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in SubstituteInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeDocument(c, version, func(tx store.Tx, d *core.Document) error {
		if _, err := c.who.Scope().ReadParty(tx, string(in.Party)); core.KindOf(err) == core.KindNotFound {
			return core.Invalid("request.body", "party", textNotFound)
		}
		return substitute(tx, d, in.Party)
	})
}

func substitute(tx store.Tx, d *core.Document, id core.PartyID) error {
	p, err := store.Parties.Get(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return core.Invalid("request.body", "party", textNotFound)
	}
	if err != nil {
		return err
	}
	if p.Erasure != "" {
		return core.Conflict("party.erased", "данные этого заявителя удалены по акту")
	}
	if d.Appeal != nil && d.Appeal.Applicant.Party == d.Sender.Party {
		appeal := *d.Appeal
		party.Substitute(&appeal.Applicant, p)
		d.Appeal = &appeal
	}
	party.Substitute(&d.Sender, p)
	return nil
}

// ContactDecision says of a contact, with everybody who has it, what it is.
type ContactDecision struct {
	Kind    core.AddressKind `json:"kind"`
	Value   string           `json:"value"`
	Channel core.ChannelID   `json:"channel"`
	Mark    core.ContactMark `json:"mark"`
	Comment string           `json:"comment"`
}

func (in *ContactDecision) check(f *faults) {
	in.Value, in.Comment = strings.TrimSpace(in.Value), strings.TrimSpace(in.Comment)
	choose(f, "kind", in.Kind, addressKinds)
	f.need("value", in.Value, 500)
	choose(f, "mark", in.Mark, []core.ContactMark{core.ContactPersonal, core.ContactPublic})
	f.need("comment", in.Comment, 1000)
}

// Decided tells for how many parties.
type Decided struct {
	Parties int `json:"parties"`
}

func (s *Server) decideContact(c *call) (answer, error) {
	var in ContactDecision
	if err := c.decodeSound(&in); err != nil {
		return answer{}, err
	}
	var out Decided
	err := s.Store.Update(c.ctx(), func(tx store.Tx) (err error) {
		address := core.Address{Kind: in.Kind, Value: in.Value, Channel: in.Channel}
		out.Parties, err = party.Decide(tx, address, in.Mark, in.Comment)
		return err
	})
	return ok(out), err
}

// ConsentInput is a statement about the processing of personal data.
type ConsentInput struct {
	State       core.ConsentState `json:"state"`
	At          time.Time         `json:"at"`
	Way         string            `json:"way"`
	Document    core.DocumentID   `json:"document"`
	File        string            `json:"file"`
	TextVersion string            `json:"text_version"`
	Comment     string            `json:"comment"`
}

func (in *ConsentInput) check(f *faults) {
	choose(f, "state", in.State, consentStates)
	if in.At.IsZero() {
		f.add("at", textRequired)
	}
	f.need("way", strings.TrimSpace(in.Way), 200)
	f.short("file", in.File, 64)
	f.short("text_version", in.TextVersion, 200)
	f.short("comment", in.Comment, 1000)
}

func (s *Server) addConsent(c *call) (answer, error) {
	var in ConsentInput
	if err := c.decodeSound(&in); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		if err := c.seesParty(tx); err != nil {
			return answer{}, err
		}
		p, err := party.AddConsent(tx, core.PartyID(c.param("id")), core.Consent{
			State: in.State, At: in.At, Way: strings.TrimSpace(in.Way), Document: in.Document, File: in.File,
			TextVersion: in.TextVersion, Comment: in.Comment,
		})
		if err != nil {
			return answer{}, err
		}
		return created(v1+"/parties/"+string(p.ID), p, p.Version), nil
	})
}

// PartyMergeInput names the party another one proved to be.
type PartyMergeInput struct {
	Into core.PartyID `json:"into"`
}

func (s *Server) mergeParty(c *call) (answer, error) {
	var in PartyMergeInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.link(c, func(tx store.Tx, id core.PartyID, version uint64) (*core.Party, error) {
		if _, err := c.who.Scope().ReadParty(tx, string(in.Into)); err != nil {
			return nil, err
		}
		return party.Merge(tx, id, in.Into, version)
	})
}

func (s *Server) unmergeParty(c *call) (answer, error) { return s.link(c, party.Unmerge) }

func (s *Server) link(c *call, do func(store.Tx, core.PartyID, uint64) (*core.Party, error)) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var p *core.Party
	err = s.Store.Update(c.ctx(), func(tx store.Tx) (err error) {
		if err := c.seesParty(tx); err != nil {
			return err
		}
		p, err = do(tx, core.PartyID(c.param("id")), version)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(p, p.Version), nil
}

// exportParty streams a zip. What refuses the export comes before its first
// byte.
func (s *Server) exportParty(c *call) (answer, error) {
	if err := s.Store.View(c.ctx(), c.seesParty); err != nil {
		return answer{}, err
	}
	w := &lateHeader{to: newPatientWriter(c.w)}
	return answer{}, s.People.Export(c.ctx(), core.PartyID(c.param("id")), w)
}

// lateHeader says what comes when it comes: an error before may still be told.
type lateHeader struct {
	to    http.ResponseWriter
	begun bool
}

// Write implements io.Writer.
func (w *lateHeader) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.to.Header().Set("Content-Type", "application/zip")
		w.to.Header().Set("Content-Disposition", disposition("attachment", "applicant.zip"))
	}
	return w.to.Write(p)
}
