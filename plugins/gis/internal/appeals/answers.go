package appeals

import (
	"strings"
	"time"
)

// Result is the answer to the question about a request's state.
type Result struct {
	State   int       `xml:"RequestState"`
	Message string    `xml:"MessageGUID"`
	Error   *Error    `xml:"ErrorMessage"`
	Imports []Outcome `xml:"ImportResult"`
	Appeals []Appeal  `xml:"ExportAppealResult"`

	Organizations []Organization `xml:"exportOrgRegistryResult"`
	Elements      []Element      `xml:"NsiItem>NsiElement"`
}

// Error is a refusal inside an answer. The stack trace beside it is not kept.
type Error struct {
	Code string `xml:"ErrorCode"`
	Text string `xml:"Description"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Text }

// Outcome is what became of one action.
type Outcome struct {
	GUID      string  `xml:"GUID"`
	Transport string  `xml:"TransportGUID"`
	Number    string  `xml:"UniqueNumber"`
	Updated   string  `xml:"UpdateDate"`
	Errors    []Error `xml:"Error"`
}

// The states of an appeal, as the export spells them.
const (
	Sent      = "Send"
	InWork    = "InWork"
	Executed  = "Executed"
	Withdrawn = "Withdrawn"
)

// Appeal is an exported appeal. Raw is its XML as it came.
type Appeal struct {
	GUID        string       `xml:"AppealGUID"`
	Parent      string       `xml:"ParentAppealGUID"`
	Applicant   Applicant    `xml:"ApplicantInfo"`
	Number      string       `xml:"AppealNumber"`
	Created     string       `xml:"AppealCreateDate"`
	Topic       Topic        `xml:"AppealTopic"`
	OtherTopic  string       `xml:"AnotherTopic"`
	House       string       `xml:"FIASHouseGuid"`
	OKTMO       OKTMO        `xml:"OKTMO"`
	Text        string       `xml:"AppealText"`
	Files       []Attachment `xml:"Attachment"`
	Answerer    string       `xml:"AnswererGUID"`
	History     []Event      `xml:"AppealHistory"`
	Status      string       `xml:"AppealStatus"`
	Redirected  bool         `xml:"Redirected"`
	RedirectOut bool         `xml:"RedirectedIsNotHCS"`
	Extended    bool         `xml:"RolledOver"`
	NotRequired bool         `xml:"AnswerIsNotRequired"`
	Withdrawal  *Comment     `xml:"AppealWithdrawn"`
	Mobile      bool         `xml:"FromMobile"`
	Until       string       `xml:"ExecutionEndDate"`
	Norm        string       `xml:"NPARequirements"`
	Planned     string       `xml:"DateOfAppointment"`
	Collective  bool         `xml:"Collective"`
	Neighbours  []Applicant  `xml:"NeighbourInfo"`
	Raw         []byte       `xml:",innerxml" json:"-"`
}

// Key is the appeal's GUID in the one spelling all comparisons use.
func (a *Appeal) Key() string { return Key(a.GUID) }

// Key spells a GUID in lower case: either case is legal.
func Key(guid string) string { return strings.ToLower(strings.TrimSpace(guid)) }

// Open tells that there may be work left: nobody closed it, took it back or
// passed it on.
func (a *Appeal) Open() bool {
	return a.Status != Executed && a.Status != Withdrawn && !a.Redirected && !a.RedirectOut
}

// Due is the last day of the term: the newest extension, or what GIS worked out
// itself; zero if it tells none.
func (a *Appeal) Due() time.Time {
	due := Day(a.Until)
	for _, e := range a.History {
		if e.Extended == nil {
			continue
		}
		if d := Day(e.Extended.Until); d.After(due) {
			due = d
		}
	}
	return due
}

// Applicant is who wrote: a person, an organisation, or GIS itself.
type Applicant struct {
	Person *Person `xml:"Person"`
	Org    string  `xml:"Org>orgRootEntityGUID"`
	HCS    bool    `xml:"HCS"`
	Postal string  `xml:"PostAddress"`
	Flat   string  `xml:"ApartmentNumber"`
	Email  string  `xml:"Email"`
	Phone  string  `xml:"PhoneNumber"`
}

// Person is a person's name.
type Person struct {
	Surname    string `xml:"Surname"`
	First      string `xml:"FirstName"`
	Patronymic string `xml:"Patronymic"`
}

// Name is the name as Russians print it.
func (p *Person) Name() string {
	return strings.Join(strings.Fields(p.Surname+" "+p.First+" "+p.Patronymic), " ")
}

// Topic refers to an entry of directory 220.
type Topic struct {
	Code string `xml:"Code"`
	GUID string `xml:"GUID"`
	Name string `xml:"Name"`
}

// OKTMO names the municipality.
type OKTMO struct {
	Code string `xml:"code"`
	Name string `xml:"name"`
}

// Attachment refers to a file. Its hash takes no part in comparisons: it tells
// nothing new about a GUID.
type Attachment struct {
	Name        string `xml:"Name"`
	Description string `xml:"Description"`
	GUID        string `xml:"Attachment>AttachmentGUID"`
	Hash        string `xml:"AttachmentHASH" json:"-"`
}

// Signed is a file with detached signatures.
type Signed struct {
	File       Attachment   `xml:"Attachment"`
	Signatures []Attachment `xml:"Signature"`
}

// Comment is a word of the applicant.
type Comment struct {
	Text string `xml:"Comment"`
}

// Event is an entry of the history; at most one of the pointers is set.
type Event struct {
	Organization string       `xml:"Organization>orgRootEntityGUID"`
	Date         string       `xml:"ChangeDate"`
	Answer       *Answer      `xml:"Answer"`
	Redirected   *Redirection `xml:"Redirected"`
	Extended     *Extension   `xml:"RolledOver"`
	NotRequired  *Cause       `xml:"IsNotRequired"`
	Rating       *Rating      `xml:"Assesment"` // spelt so in the schema
}

// Answer is an answer in the history, sent or a draft.
type Answer struct {
	GUID     string       `xml:"AnswerGUID"`
	Number   string       `xml:"AnswerNumber"`
	SentOn   string       `xml:"SendAnswerDate"`
	Answerer string       `xml:"Answerer>AnswererGUID"`
	Text     string       `xml:"AnswerText"`
	Files    []Attachment `xml:"Attachment"`
	Sent     bool         `xml:"AnswerIsSent"`
	Signed   []Signed     `xml:"SignedAttachments"`
}

// Redirection is a passing on to another organisation.
type Redirection struct {
	Receiver string `xml:"Receiver>orgRootEntityGUID"`
	Comment  string `xml:"Comment"`
}

// Extension is a new term.
type Extension struct {
	Until   string `xml:"ExecutionDate"`
	Comment string `xml:"Comment"`
}

// Cause is why no answer is needed.
type Cause struct {
	Text string `xml:"Cause"`
}

// Rating is what the applicant thinks of the answer.
type Rating struct {
	Received     bool   `xml:"InformationIsReceived"`
	Partly       bool   `xml:"AnswerIsPartlyReceived"`
	Dissatisfied bool   `xml:"AnswerIsNotSatisfied"`
	Comment      string `xml:"DeclineComment"`
}

// Organization is an entry of the registry of organisations.
type Organization struct {
	Root  string `xml:"orgRootEntityGUID"`
	Legal struct {
		Short string `xml:"ShortName"`
		Full  string `xml:"FullName"`
		OGRN  string `xml:"OGRN"`
		INN   string `xml:"INN"`
		KPP   string `xml:"KPP"`
	} `xml:"OrgVersion>Legal"`
	Entrepreneur struct {
		Surname    string `xml:"Surname"`
		First      string `xml:"FirstName"`
		Patronymic string `xml:"Patronymic"`
		OGRN       string `xml:"OGRNIP"`
		INN        string `xml:"INN"`
	} `xml:"OrgVersion>Entrp"`
}

// Element is an entry of a directory with those below it.
type Element struct {
	Code   string `xml:"Code"`
	GUID   string `xml:"GUID"`
	Actual bool   `xml:"IsActual"`
	Fields []struct {
		Name  string `xml:"Name"`
		Value string `xml:"Value"`
	} `xml:"NsiElementField"`
	Children []Element `xml:"ChildElement"`
}

// Title is the element's first text.
func (e *Element) Title() string {
	for _, f := range e.Fields {
		if v := strings.TrimSpace(f.Value); v != "" {
			return v
		}
	}
	return ""
}

// Day reads a date, which may carry a zone; zero if it is none.
func Day(text string) time.Time {
	text = strings.TrimSpace(text)
	if len(text) < len(time.DateOnly) {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	if err != nil {
		return time.Time{}
	}
	return t
}
