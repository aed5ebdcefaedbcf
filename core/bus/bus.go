// Package bus carries events between the stages of the hub: topics, the event
// envelope, and watermill's router with the middleware all stages share.
//
// An event is published in the store transaction that made it true, and a
// handler's work, its own events and its acknowledgement commit together. A
// driver (boltbus, natsbus) supplies watermill's Publisher and Subscriber.
package bus

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Topic names a kind of event.
type Topic string

// The topics of the hub; the payload of each stands beside it.
const (
	MessageReceived    Topic = "message.received"    // MessageEvent
	MessageUnplaced    Topic = "message.unplaced"    // MessageEvent: a status nobody could place
	DocumentRegistered Topic = "document.registered" // DocumentEvent
	DocumentUnrouted   Topic = "document.unrouted"   // DocumentEvent: it is registered, and nobody has looked what is to be done with it
	DocumentUpdated    Topic = "document.updated"    // DocumentEvent
	DeliveryRequested  Topic = "delivery.requested"  // DeliveryEvent
	DeliveryUpdated    Topic = "delivery.updated"    // DeliveryEvent
	ChannelUpdated     Topic = "channel.updated"     // ChannelEvent
	TaskAssigned       Topic = "task.assigned"       // TaskEvent: it has a performer, or another one
	TaskUpdated        Topic = "task.updated"        // TaskEvent
	DraftUpdated       Topic = "draft.updated"       // DraftEvent
	RulesUpdated       Topic = "rules.updated"       // RulesEvent
	RuleFailed         Topic = "rule.failed"         // RuleEvent: the hub has switched it off
	NoticeRaised       Topic = "notice.raised"       // NoticeEvent
	ChannelStatus      Topic = "channel.status"      // core.ChannelStatus; Broadcast only, not kept
)

// The topics of terms, jobs and mass operations.
const (
	DeadlineWarned Topic = "deadline.warned" // DeadlineEvent
	DeadlineBroken Topic = "deadline.broken" // DeadlineEvent
	JobUpdated     Topic = "job.updated"     // core.JobState; Broadcast only, not kept
	MassUpdated    Topic = "mass.updated"    // MassEvent; Broadcast only, not kept
)

// SignatureUpdated tells that a signature was asked for, made or verified.
const SignatureUpdated Topic = "signature.updated" // SignatureEvent

// SignatureEvent tells how a signature fares.
type SignatureEvent struct {
	Signature core.SignatureID     `json:"signature"`
	State     core.SignatureState  `json:"state"`
	Status    core.SignatureStatus `json:"status,omitempty"`
	Document  core.DocumentID      `json:"document,omitempty"`
	Draft     core.DraftID         `json:"draft,omitempty"`
}

// AboutSignature is the event of a signature as it is now.
func AboutSignature(s *core.Signature) SignatureEvent {
	return SignatureEvent{Signature: s.ID, State: s.State, Status: s.Status, Document: s.Document, Draft: s.Draft}
}

// DeadlineEvent tells that a deadline comes near, or that it was not kept.
type DeadlineEvent struct {
	Kind   string    `json:"kind"` // what has the deadline: `document`
	ID     string    `json:"id"`
	DueAt  time.Time `json:"due_at"`
	Effect string    `json:"effect,omitempty"` // what the breach brings about by itself
}

// MassEvent tells how far a mass operation has come.
type MassEvent struct {
	Run       core.MassID    `json:"run"`
	Operation string         `json:"operation"`
	State     core.MassState `json:"state"`
	Total     int            `json:"total"`
	Chosen    bool           `json:"chosen"`
	Done      int            `json:"done"`
	Failed    int            `json:"failed"`
	Undone    int            `json:"undone"`
}

// MessageEvent tells that a message was stored.
type MessageEvent struct {
	Message core.MessageID   `json:"message"`
	Channel core.ChannelID   `json:"channel"`
	Kind    core.MessageKind `json:"kind"`
}

// DocumentEvent tells that a document was registered or changed.
type DocumentEvent struct {
	Document  core.DocumentID    `json:"document"`
	Direction core.Direction     `json:"direction"`
	State     core.DocumentState `json:"state"`
	Number    string             `json:"number,omitempty"`
	Channel   core.ChannelID     `json:"channel,omitempty"`
	// Erased: personal data were taken out; who made something of the document
	// must forget them for good.
	Erased bool `json:"erased,omitempty"`
}

// AboutDocument is the event of a document as it is now.
func AboutDocument(d *core.Document) DocumentEvent {
	ev := DocumentEvent{Document: d.ID, Direction: d.Direction, State: d.State, Channel: d.Channel}
	if d.Number != nil {
		ev.Number = d.Number.Text
	}
	return ev
}

// Registered publishes that a document was registered which nobody has routed
// yet.
func Registered(tx store.Tx, p Publisher, d *core.Document) error {
	if err := p.Publish(tx, DocumentRegistered, string(d.ID), AboutDocument(d)); err != nil {
		return err
	}
	return p.Publish(tx, DocumentUnrouted, string(d.ID), AboutDocument(d))
}

// DeliveryEvent tells that a delivery is wanted or that it moved on.
type DeliveryEvent struct {
	Delivery core.DeliveryID    `json:"delivery"`
	Document core.DocumentID    `json:"document"`
	Channel  core.ChannelID     `json:"channel"`
	State    core.DeliveryState `json:"state"`
}

// AboutDelivery is the event of a delivery as it is now.
func AboutDelivery(d *core.Delivery) DeliveryEvent {
	return DeliveryEvent{Delivery: d.ID, Document: d.Document, Channel: d.Channel, State: d.State}
}

// ChannelEvent tells that a person created, changed or deleted a channel.
type ChannelEvent struct {
	Channel core.ChannelID `json:"channel"`
	Deleted bool           `json:"deleted,omitempty"`
}

// TaskEvent tells that a task was made, given to a performer, or changed.
type TaskEvent struct {
	Task      core.TaskID     `json:"task"`
	Kind      core.TaskKind   `json:"kind"`
	State     core.TaskState  `json:"state"`
	Performer core.UserID     `json:"performer,omitempty"`
	Document  core.DocumentID `json:"document,omitempty"`
}

// AboutTask is the event of a task as it is now.
func AboutTask(t *core.Task) TaskEvent {
	return TaskEvent{Task: t.ID, Kind: t.Kind, State: t.State, Performer: t.Performer, Document: t.Document}
}

// DraftEvent tells that a draft was made or changed.
type DraftEvent struct {
	Draft    core.DraftID    `json:"draft"`
	State    core.DraftState `json:"state"`
	Versions int             `json:"versions"`
	Document core.DocumentID `json:"document,omitempty"` // what it became
}

// AboutDraft is the event of a draft as it is now.
func AboutDraft(d *core.Draft) DraftEvent {
	return DraftEvent{Draft: d.ID, State: d.State, Versions: d.Versions, Document: d.Document}
}

// RulesEvent tells that another version of the rule set is in force.
type RulesEvent struct {
	RuleSet uint64 `json:"rule_set"`
}

// RuleEvent tells that a rule failed and does not run any more.
type RuleEvent struct {
	Rule     core.RuleID     `json:"rule"`
	Title    string          `json:"title"`
	Document core.DocumentID `json:"document"`
	Text     string          `json:"text"` // in Russian
}

// NoticeEvent is a notice to users: of a rule, of one that was switched off, or
// of a term that comes near or was broken.
type NoticeEvent struct {
	Users    []core.UserID   `json:"users"`
	Document core.DocumentID `json:"document,omitempty"`
	// Organization of a notice that is about no document.
	Organization core.OrganizationID `json:"organization,omitempty"`
	Channel      core.ChannelID      `json:"channel,omitempty"`
	Task         core.TaskID         `json:"task,omitempty"`
	Rule         core.RuleID         `json:"rule,omitempty"`
	Text         string              `json:"text,omitempty"`
	// Notice is what kind it is; empty: a rule's own, which is always heard on the
	// desk and never by e-mail.
	Notice core.Notice `json:"notice,omitempty"`
}

// Event is the envelope.
type Event struct {
	ID    string `json:"id"`
	Topic Topic  `json:"topic"`
	// Key orders: events of one topic with the same key reach a handler one
	// after the other, in the order of their commits. It is the id of the
	// document, or of the message as long as there is no document; of the task
	// or the draft for what happens to them.
	Key   string     `json:"key"`
	At    time.Time  `json:"at"`
	Actor core.Actor `json:"actor"`
	// Correlation is the id of the message or request that started the chain.
	Correlation string          `json:"correlation,omitempty"`
	Payload     json.RawMessage `json:"payload"`
}

// Decode reads the payload into v.
func (e Event) Decode(v any) error {
	if err := json.Unmarshal(e.Payload, v); err != nil {
		return &core.Error{Kind: core.KindInvalid, Code: "event.payload", Op: "decode " + string(e.Topic), Err: err}
	}
	return nil
}

// Publisher publishes in a transaction: the event exists if tx commits.
type Publisher interface {
	Publish(tx store.Tx, topic Topic, key string, payload any) error
}

// Handler works on one event in the transaction that also acknowledges it. What
// it returns decides by core.Kind: see core/README.md. It may run twice for an
// event whose first run did not commit; it must not wait for anything outside.
type Handler func(ctx context.Context, tx store.Tx, ev Event) error
