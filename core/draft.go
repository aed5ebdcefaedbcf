package core

import (
	"fmt"
	"slices"
	"time"
)

// DraftID is the id of a draft.
type DraftID string

// DraftState is where a draft is in its life.
type DraftState string

const (
	DraftEditing   DraftState = "editing"   // пишется
	DraftApproval  DraftState = "approval"  // на согласовании
	DraftRemarks   DraftState = "remarks"   // есть замечания: waits for a new version
	DraftAgreed    DraftState = "agreed"    // согласован, but could not be registered: Problem says why
	DraftSent      DraftState = "sent"      // зарегистрирован и отправлен
	DraftCancelled DraftState = "cancelled" // отменён
)

var draftNext = map[DraftState][]DraftState{
	DraftEditing:   {DraftApproval, DraftSent, DraftCancelled},
	DraftApproval:  {DraftEditing, DraftRemarks, DraftAgreed, DraftSent, DraftCancelled},
	DraftRemarks:   {DraftEditing, DraftCancelled},
	DraftAgreed:    {DraftEditing, DraftSent, DraftCancelled},
	DraftSent:      {},
	DraftCancelled: {},
}

// DraftStates are all states, in the order of a life.
func DraftStates() []DraftState {
	return []DraftState{DraftEditing, DraftApproval, DraftRemarks, DraftAgreed, DraftSent, DraftCancelled}
}

// Draft (проект исходящего) becomes an outgoing document when all who must
// agree have agreed. It has no number until then, so that one that is rejected
// leaves no hole in the journal. Its texts are its versions.
type Draft struct {
	Meta
	ID           DraftID        `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	State        DraftState     `json:"state"`
	Subject      string         `json:"subject"` // of the newest version, for lists
	Author       UserID         `json:"author"`
	// InReplyTo is the document answered; empty: a letter of our own.
	InReplyTo DocumentID `json:"in_reply_to,omitempty"`
	Versions  int        `json:"versions"` // how many texts there are; they are numbered from 1

	// How it goes out; empty as in outgoing.Reply.
	Channel  ChannelID `json:"channel,omitempty"`
	Journal  JournalID `json:"journal,omitempty"`
	SignedAs string    `json:"signed_as,omitempty"` // who signs, as printed
	KeepOpen bool      `json:"keep_open,omitempty"` // an intermediate answer

	Route  *ApprovalRoute `json:"route,omitempty"` // nil: goes out without approval
	Round  int            `json:"round"`           // how often it was submitted
	Steps  []ApprovalStep `json:"steps,omitempty"` // of the present round, in the order of the route
	Visas  []Visa         `json:"visas,omitempty"` // all that were ever given, oldest first
	SentAt *time.Time     `json:"sent_at,omitempty"`
	// Document is what the draft became.
	Document DocumentID `json:"document,omitempty"`
	Delivery DeliveryID `json:"delivery,omitempty"`
	// Problem says why an agreed draft could not be registered.
	Problem string `json:"problem,omitempty"`
}

// RecordKey implements Record.
func (d *Draft) RecordKey() string { return string(d.ID) }

// MoveTo changes the state, or refuses with KindConflict if there is no such
// transition. Moving to the present state is no change and no error.
func (d *Draft) MoveTo(next DraftState) error {
	if d.State == next {
		return nil
	}
	if !slices.Contains(draftNext[d.State], next) {
		return Conflict("draft.transition", "переход проекта из состояния «"+d.State.Title()+"» в «"+next.Title()+"» невозможен")
	}
	d.State = next
	return nil
}

// DraftVersion is one text of a draft. It is written once.
type DraftVersion struct {
	Meta
	Draft   DraftID         `json:"draft"`
	Number  int             `json:"number"` // from 1
	Subject string          `json:"subject"`
	Text    string          `json:"text"`
	To      []Correspondent `json:"to,omitempty"` // empty: the sender of the document answered
	Files   []Attachment    `json:"files,omitempty"`
	By      UserID          `json:"by"`
	Note    string          `json:"note,omitempty"` // what was changed, in the author's words
}

// RecordKey implements Record.
func (v *DraftVersion) RecordKey() string { return DraftVersionKey(v.Draft, v.Number) }

// DraftVersionKey is the key of a draft's text; the texts of a draft sort by
// their numbers.
func DraftVersionKey(draft DraftID, number int) string {
	return fmt.Sprintf("%s/%06d", draft, number)
}

// ApprovalOrder is whether approvers are asked one after the other.
type ApprovalOrder string

const (
	ApprovalSequence ApprovalOrder = "sequence" // последовательно: the first «no» ends the round
	ApprovalParallel ApprovalOrder = "parallel" // параллельно: the round ends when all have answered
)

// ApprovalRestart is who is asked again about a new version.
type ApprovalRestart string

const (
	RestartAll    ApprovalRestart = "all"    // everyone
	RestartOthers ApprovalRestart = "others" // whoever has not agreed yet
)

// ApprovalRoute (маршрут согласования) is who must agree, and how.
type ApprovalRoute struct {
	Order     ApprovalOrder   `json:"order"`
	Restart   ApprovalRestart `json:"restart"`
	Approvers []Approver      `json:"approvers"`
	// When the approvers' tasks are due: at a moment, or after a term from when
	// each is asked.
	DueAt *time.Time `json:"due_at,omitempty"`
	Term  *Term      `json:"term,omitempty"`
}

// Approver (согласующий) is one who must agree.
type Approver struct {
	User UserID `json:"user"`
	// Signed: the visa must carry an electronic signature.
	Signed bool `json:"signed,omitempty"`
}

// StepState is how far one approver of a round is.
type StepState string

const (
	StepWaiting StepState = "waiting" // his turn has not come
	StepAsked   StepState = "asked"   // has a task
	StepAgreed  StepState = "agreed"
	StepRefused StepState = "refused"
)

// ApprovalStep is one approver in a round.
type ApprovalStep struct {
	Approver
	State StepState `json:"state"`
	Task  TaskID    `json:"task,omitempty"` // while he is asked, and after
}

// Visa (виза) is an approver's word on one version.
type Visa struct {
	At      time.Time `json:"at"`
	By      UserID    `json:"by"`
	Version int       `json:"version"`
	Round   int       `json:"round"`
	Agreed  bool      `json:"agreed"`
	Remarks string    `json:"remarks,omitempty"`
	// Signature is a detached electronic signature under the visa, kept as a
	// file. Nobody has verified it here.
	Signature *Attachment `json:"signature,omitempty"`
}

// Involves tells whether the user has a part in the draft.
func (d *Draft) Involves(u UserID) bool {
	if d.Author == u || slices.ContainsFunc(d.Visas, func(v Visa) bool { return v.By == u }) {
		return true
	}
	return d.Route != nil && slices.ContainsFunc(d.Route.Approvers, func(a Approver) bool { return a.User == u })
}
