package core

import (
	"encoding/json"
	"time"
)

// MessageKind is the sort of a message.
type MessageKind string

const (
	MessageLetter MessageKind = "letter" // e-mail, paper, electronic document
	MessageAppeal MessageKind = "appeal" // a resident's appeal with fields
	MessageChat   MessageKind = "chat"   // one line of a chat
	MessageCall   MessageKind = "call"   // a telephone call or an event of one
	MessageStatus MessageKind = "status" // news about something we sent
	MessageReport MessageKind = "report" // readings, charges, a machine's report
)

// Change tells whether a message is new or changes an earlier one.
type Change string

const (
	ChangeNew       Change = "new"
	ChangeEdited    Change = "edited"
	ChangeWithdrawn Change = "withdrawn"
)

// Message (сообщение) is what a channel brought, before anyone gave it meaning.
// It is written once, by pluginhost, in the transaction that acknowledges it.
type Message struct {
	Meta
	ID         MessageID   `json:"id"`
	Channel    ChannelID   `json:"channel"`
	Connector  string      `json:"connector"` // name and version: `email 1.0.0`
	ExternalID string      `json:"external_id"`
	Kind       MessageKind `json:"kind"`
	Change     Change      `json:"change"`
	// About is the external id of the message or delivery this one changes or
	// reports on; empty for new ones.
	About string    `json:"about,omitempty"`
	At    time.Time `json:"at"` // when the outside system says it was made

	From    Correspondent   `json:"from"`
	To      []Correspondent `json:"to,omitempty"`
	Subject string          `json:"subject,omitempty"`
	Text    string          `json:"text,omitempty"`
	HTML    string          `json:"html,omitempty"` // sanitised

	Thread  ThreadHint        `json:"thread"`
	Files   []Attachment      `json:"files,omitempty"`
	Marks   []Mark            `json:"marks,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"` // requisites by name: delivery_type, sender_type, account, address …
	Status  *OutsideStatus    `json:"status,omitempty"`
	Details json.RawMessage   `json:"details,omitempty"` // what only the kind knows: a call's legs, readings
	DueAt   *time.Time        `json:"due_at,omitempty"`  // a term the outside system dictates
}

// RecordKey implements Record.
func (m *Message) RecordKey() string { return string(m.ID) }

// ThreadHint is what a message says about the matter it belongs to.
type ThreadHint struct {
	// External is the outside system's own thread: chat id, appeal GUID. It is
	// proof enough by itself, because the outside system keeps it.
	External string `json:"external,omitempty"`
	// References are external ids of earlier messages, nearest first
	// (In-Reply-To, then References backwards).
	References []string `json:"references,omitempty"`
	// Numbers are registration numbers found in the subject.
	Numbers []string `json:"numbers,omitempty"`
	// KnownAs are ids later messages may refer to this one by, beside its
	// external id.
	KnownAs []string `json:"known_as,omitempty"`
}

// MarkKind is a property a person should see on a document.
type MarkKind string

const (
	MarkQuarantine MarkKind = "quarantine" // could not be read whole; Reason says what
	MarkAutomatic  MarkKind = "automatic"  // written by a machine: never answered automatically
	MarkBounce     MarkKind = "bounce"     // a report that a letter was not delivered
	MarkOversized  MarkKind = "oversized"  // a part was left at the outside system
	MarkRepaired   MarkKind = "repaired"   // read after mending faults
	MarkWithdrawn  MarkKind = "withdrawn"  // taken back by the sender
	MarkToCall     MarkKind = "to_call"    // an operator has to tell the applicant by telephone
)

// Mark is one such property with its reason, in Russian.
type Mark struct {
	Kind   MarkKind `json:"kind"`
	Reason string   `json:"reason,omitempty"`
}

// OutsideStatus is what an outside system says about something we sent.
type OutsideStatus struct {
	// Delivery is our delivery, when the outside system carries our id; else
	// About of the message finds it by Token, ExternalID or a reference.
	Delivery DeliveryID    `json:"delivery,omitempty"`
	State    DeliveryState `json:"state"`
	Code     string        `json:"code,omitempty"` // the outside system's own code
	Text     string        `json:"text,omitempty"` // its own words
	At       time.Time     `json:"at"`
}
