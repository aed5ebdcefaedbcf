// Package appeals holds the messages of the appeals service of GIS ZhKKh
// (AppealsServiceAsync, schemas 14.4.0.1) and of the two common services its
// messages refer to: requests as elements, ready to be signed, and answers as
// structs.
package appeals

import (
	"strings"
	"time"

	"github.com/beevik/etree"
)

// The services: the path below the base address.
const (
	Path         = "/ext-bus-appeals-service/services/AppealsAsync"
	PathFiles    = "/ext-bus-file-store-service/rest/appeals"
	PathRegistry = "/ext-bus-org-registry-common-service/services/OrgRegistryCommonAsync"
	PathNSI      = "/ext-bus-nsi-common-service/services/NsiCommonAsync"
)

// ID is the Id of the element that is signed.
const ID = "signed-data-container"

const (
	nsAppeals  = "http://dom.gosuslugi.ru/schema/integration/appeals/"
	nsBase     = "http://dom.gosuslugi.ru/schema/integration/base/"
	nsRegistry = "http://dom.gosuslugi.ru/schema/integration/organizations-registry-base/"
	nsOrgs     = "http://dom.gosuslugi.ru/schema/integration/organizations-registry-common/"
	nsNSI      = "http://dom.gosuslugi.ru/schema/integration/nsi-common/"
	nsNSIBase  = "http://dom.gosuslugi.ru/schema/integration/nsi-base/"
)

// The limits of texts, in characters.
const (
	MaxAnswer      = 10000
	MaxComment     = 1000
	MaxDescription = 500
	MaxFileName    = 1024
	// MaxObjects is how many appeals one request may name.
	MaxObjects = 1000
)

// business makes the element of a request that is signed. Prefixes are declared
// on it, so that its canonical form does not depend on the envelope.
func business(name, version string, spaces ...string) *etree.Element {
	el := etree.NewElement(name)
	el.CreateAttr("xmlns:b", nsBase)
	for i := 0; i+1 < len(spaces); i += 2 {
		el.CreateAttr("xmlns:"+spaces[i], spaces[i+1])
	}
	el.CreateAttr("Id", ID)
	el.CreateAttr("b:version", version)
	return el
}

func put(at *etree.Element, name, text string) {
	at.CreateElement(name).SetText(Clean(text))
}

func putIf(at *etree.Element, name, text string) {
	if text != "" {
		put(at, name, text)
	}
}

// Clean drops the characters XML cannot hold and makes line ends plain.
func Clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\t' || r == '\n':
			return r
		case r < ' ', r == 0xFFFE, r == 0xFFFF, r == '\uFFFD':
			return -1
		}
		return r
	}, text)
}

// Selection says which appeals to export: those named, or those created on the
// days from From to To (both included) in the states.
type Selection struct {
	GUIDs    []string // up to MaxObjects
	From, To time.Time
	// Sent and InWork are the states; HCS adds what GIS wrote itself.
	Sent, InWork, HCS bool
}

// Parts are smaller selections that together have the same appeals; none if
// there is no smaller one.
func (s Selection) Parts() []Selection {
	first, second := s, s
	switch {
	case len(s.GUIDs) > 1:
		first.GUIDs, second.GUIDs = s.GUIDs[:len(s.GUIDs)/2], s.GUIDs[len(s.GUIDs)/2:]
	case len(s.GUIDs) == 1:
		return nil
	case s.From.Before(s.To):
		first.To, second.From = s.From, s.From.AddDate(0, 0, 1)
	case s.Sent && s.InWork:
		first.InWork, second.Sent = false, false
	default:
		return nil
	}
	return []Selection{first, second}
}

// Export asks for appeals.
func Export(s Selection) *etree.Element {
	el := business("a:exportAppealRequest", "14.4.0.1", "a", nsAppeals)
	for _, g := range s.GUIDs {
		put(el, "a:AppealGUID", g)
	}
	if len(s.GUIDs) > 0 {
		return el
	}
	put(el, "a:StartDate", s.From.Format(time.DateOnly))
	put(el, "a:EndDate", s.To.Format(time.DateOnly))
	if s.Sent || s.InWork {
		states := el.CreateElement("a:StatusOfAppeal")
		if s.Sent {
			put(states, "a:Sent", "true")
		}
		if s.InWork {
			put(states, "a:InWork", "true")
		}
	}
	if s.HCS {
		put(el, "a:IncludeHCSAppeals", "true")
	}
	return el
}

// State asks what became of a request. It is not signed.
func State(message string) *etree.Element {
	el := etree.NewElement("b:getStateRequest")
	el.CreateAttr("xmlns:b", nsBase)
	put(el, "b:MessageGUID", message)
	return el
}

// File refers to a file in the store.
type File struct {
	Name, Description, GUID, Hash string
	// Signatures are detached signatures of it, files of the store themselves.
	Signatures []File
}

func attachment(at *etree.Element, name string, f File) *etree.Element {
	el := at.CreateElement(name)
	put(el, "b:Name", f.Name)
	putIf(el, "b:Description", f.Description)
	put(el.CreateElement("b:Attachment"), "b:AttachmentGUID", f.GUID)
	putIf(el, "b:AttachmentHASH", f.Hash)
	return el
}

// attachments are the plain files, then those with detached signatures, as the
// schema orders them.
func attachments(at *etree.Element, files []File) {
	for _, f := range files {
		if len(f.Signatures) == 0 {
			attachment(at, "a:Attachment", f)
		}
	}
	for _, f := range files {
		if len(f.Signatures) == 0 {
			continue
		}
		signed := at.CreateElement("a:SignedAttachments")
		attachment(signed, "b:Attachment", f)
		for _, s := range f.Signatures {
			attachment(signed, "b:Signature", s)
		}
	}
}

// Action is one thing done with one appeal.
type Action struct {
	Transport string // our id of the action
	Appeal    string // AppealGUID
	Answerer  string // who does it, AnswererGUID
	Do        Doing
}

// Doing is one of Load, SendAnswer, Perform, Execute, Redirect, Extend and
// NotRequired.
type Doing interface {
	put(at *etree.Element, a Action)
}

// Import carries out one action. One request has one action: what went wrong is
// then told about it alone, and their order is ours.
func Import(a Action) *etree.Element {
	el := business("a:importAnswerRequest", "13.2.1.0", "a", nsAppeals, "o", nsRegistry)
	a.Do.put(el, a)
	return el
}

func (a Action) begin(at *etree.Element, name string) *etree.Element {
	el := at.CreateElement(name)
	put(el, "b:TransportGUID", a.Transport)
	put(el, "a:AppealGUID", a.Appeal)
	return el
}

// Load saves a draft of an answer.
type Load struct {
	Inner string // transport id of the answer itself
	Text  string
	Files []File
}

func (l Load) put(at *etree.Element, a Action) {
	answer := a.begin(at, "a:AnswerAction").CreateElement("a:Answer")
	put(answer, "b:TransportGUID", l.Inner)
	put(answer, "a:AnswererGUID", a.Answerer)
	load := answer.CreateElement("a:LoadAnswer")
	put(load, "a:AnswerText", l.Text)
	attachments(load, l.Files)
}

// SendAnswer sends a saved draft.
type SendAnswer struct{ Inner, Answer string }

func (s SendAnswer) put(at *etree.Element, a Action) {
	answer := a.begin(at, "a:AnswerAction").CreateElement("a:Answer")
	put(answer, "b:TransportGUID", s.Inner)
	put(answer, "a:AnswerGUID", s.Answer)
	put(answer, "a:AnswererGUID", a.Answerer)
	put(answer, "a:SendAnswer", "true")
}

// Perform assigns the performer. Planned is the day it is to be done, at the
// first assignment only; zero = not told.
type Perform struct{ Planned time.Time }

func (p Perform) put(at *etree.Element, a Action) {
	el := a.begin(at, "a:AppealAction").CreateElement("a:Performer")
	put(el, "a:AnswererGUID", a.Answerer)
	if !p.Planned.IsZero() {
		put(el, "a:DateOfAppointment", p.Planned.Format(time.DateOnly))
	}
}

// Execute closes the appeal: status Executed (Выполнено).
type Execute struct{}

func (Execute) put(at *etree.Element, a Action) {
	put(a.begin(at, "a:AppealAction").CreateElement("a:Executed"), "a:AnswererGUID", a.Answerer)
}

// Redirect passes the appeal on to another organisation of GIS.
type Redirect struct {
	Receiver string // orgRootEntityGUID
	Comment  string
	Files    []File
}

func (r Redirect) put(at *etree.Element, a Action) {
	el := a.begin(at, "a:AppealAction").CreateElement("a:RedirectAppeal")
	put(el.CreateElement("a:Receiver"), "o:orgRootEntityGUID", r.Receiver)
	putIf(el, "a:Comment", r.Comment)
	for _, f := range r.Files {
		attachment(el, "a:Attachment", f)
	}
	put(el, "a:AnswererGUID", a.Answerer)
}

// Extend moves the term.
type Extend struct {
	Until   time.Time
	Comment string // obligatory
	Files   []File
}

func (e Extend) put(at *etree.Element, a Action) {
	el := a.begin(at, "a:AppealAction").CreateElement("a:RollOverAppeal")
	put(el, "a:ExecutionDate", e.Until.Format(time.DateOnly))
	put(el, "a:Comment", e.Comment)
	for _, f := range e.Files {
		attachment(el, "a:Attachment", f)
	}
	put(el, "a:AnswererGUID", a.Answerer)
}

// NotRequired says why no answer is needed.
type NotRequired struct{ Cause string }

func (n NotRequired) put(at *etree.Element, a Action) {
	el := a.begin(at, "a:AppealAction").CreateElement("a:AnswerIsNotRequired")
	put(el, "a:Cause", n.Cause)
	put(el, "a:AnswererGUID", a.Answerer)
}

// ExportOrganization asks the registry for an organisation.
func ExportOrganization(root string) *etree.Element {
	el := business("r:exportOrgRegistryRequest", "10.0.2.1", "r", nsOrgs, "o", nsRegistry)
	put(el.CreateElement("r:SearchCriteria"), "o:orgRootEntityGUID", root)
	return el
}

// Topics is the number of the directory of topics (НСИ 220).
const Topics = "220"

// Groups are the groups of common directories. Which one the topics are in is
// not published.
func Groups() []string { return []string{"NSI", "NSIRAO"} }

// ExportDirectory asks for a common directory of a group.
func ExportDirectory(number, group string) *etree.Element {
	el := business("c:exportNsiItemRequest", "10.0.1.2", "c", nsNSI, "n", nsNSIBase)
	put(el, "c:RegistryNumber", number)
	put(el, "n:ListGroup", group)
	return el
}
