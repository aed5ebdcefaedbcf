package core

import (
	"slices"
	"time"
)

// Purpose is why something is delivered: connectors declare which ones they
// can carry.
type Purpose string

const (
	PurposeAnswer    Purpose = "answer"    // ответ заявителю
	PurposePerformer Purpose = "performer" // назначен исполнитель
	PurposeStatus    Purpose = "status"    // изменилось состояние
	PurposeNotice    Purpose = "notice"    // уведомление, рассылка
	PurposeForward   Purpose = "forward"   // передать в систему
	PurposeDocument  Purpose = "document"  // отправить документ
)

// DeliveryState is where a delivery is in its life.
type DeliveryState string

const (
	DeliveryQueued    DeliveryState = "queued"    // waits for its channel or its next try
	DeliverySending   DeliveryState = "sending"   // handed to the connector
	DeliverySubmitted DeliveryState = "submitted" // taken by the outside system, outcome later
	DeliverySent      DeliveryState = "sent"      // the outside system has it
	DeliveryDelivered DeliveryState = "delivered" // the addressee has it
	DeliveryRead      DeliveryState = "read"      // the addressee opened it
	DeliveryRejected  DeliveryState = "rejected"  // final no
	DeliveryUnknown   DeliveryState = "unknown"   // the answer was lost: perhaps sent
	DeliveryCancelled DeliveryState = "cancelled" // a person called it off before it was sent
)

var deliveryNext = map[DeliveryState][]DeliveryState{
	DeliveryQueued:    {DeliverySending, DeliveryCancelled, DeliveryRejected},
	DeliverySending:   {DeliveryQueued, DeliverySubmitted, DeliverySent, DeliveryDelivered, DeliveryRead, DeliveryRejected, DeliveryUnknown},
	DeliverySubmitted: {DeliverySent, DeliveryDelivered, DeliveryRead, DeliveryRejected, DeliveryUnknown},
	DeliverySent:      {DeliveryDelivered, DeliveryRead, DeliveryRejected},
	DeliveryDelivered: {DeliveryRead, DeliveryRejected},
	DeliveryRead:      {},
	DeliveryRejected:  {DeliveryQueued}, // retried by a person
	DeliveryUnknown:   {DeliveryQueued, DeliverySubmitted, DeliverySent, DeliveryDelivered, DeliveryRead, DeliveryRejected, DeliveryCancelled},
	DeliveryCancelled: {DeliveryQueued}, // taken up again by a person
}

// Final tells that nothing more is expected of the state by itself.
func (s DeliveryState) Final() bool {
	switch s {
	case DeliveryRead, DeliveryRejected, DeliveryCancelled, DeliveryDelivered:
		return true
	}
	return false
}

// Delivery (отправка) is the chain of attempts to hand a document to a party
// through a channel. Its id is the idempotency key of every attempt.
type Delivery struct {
	Meta
	ID       DeliveryID      `json:"id"`
	Document DocumentID      `json:"document"`
	Channel  ChannelID       `json:"channel"`
	Purpose  Purpose         `json:"purpose"`
	State    DeliveryState   `json:"state"`
	To       []Correspondent `json:"to,omitempty"`
	// Performer is who works on the document; purpose performer.
	Performer *Correspondent `json:"performer,omitempty"`
	// Notice is what a user is told about the document, in place of its text;
	// purpose notice. The document does not move with such a delivery.
	Notice string `json:"notice,omitempty"`
	// DueAt is when the performer shall be done; purpose performer. nil: by the
	// term of the document.
	DueAt *time.Time `json:"due_at,omitempty"`

	Attempts int        `json:"attempts"`          // how often it was handed to the connector
	NextAt   *time.Time `json:"next_at,omitempty"` // not before: the next try, or the next Track
	Tracks   int        `json:"tracks,omitempty"`  // how often the connector was asked what became of it
	SentAt   *time.Time `json:"sent_at,omitempty"`

	// Token asks the connector what became of it (Track).
	Token string `json:"token,omitempty"`
	// ExternalID is the outside system's id: Message-ID, track number, GUID.
	ExternalID string `json:"external_id,omitempty"`
	// OutsideCode and OutsideText are its own status, shown on the card.
	OutsideCode string `json:"outside_code,omitempty"`
	OutsideText string `json:"outside_text,omitempty"`
	// LastError says why the last attempt failed, in Russian.
	LastError  string `json:"last_error,omitempty"`
	ErrorKind  string `json:"error_kind,omitempty"`
	ErrorField string `json:"error_field,omitempty"`
	Cost       string `json:"cost,omitempty"` // decimal roubles
}

// Forwards tells that it hands the document over to another system: it was neither
// called off nor refused there.
func (d *Delivery) Forwards() bool {
	return d.Purpose == PurposeForward && d.State != DeliveryCancelled && d.State != DeliveryRejected
}

// RecordKey implements Record.
func (d *Delivery) RecordKey() string { return string(d.ID) }

// MoveTo changes the state, or refuses with KindConflict if there is no such
// transition. Moving to the present state is no change and no error.
func (d *Delivery) MoveTo(next DeliveryState) error {
	if d.State == next {
		return nil
	}
	if !slices.Contains(deliveryNext[d.State], next) {
		return Conflict("delivery.transition", "отправку в состоянии «"+d.State.Title()+"» нельзя перевести в «"+next.Title()+"»")
	}
	d.State = next
	return nil
}

// Parcel is a delivery with all its connector needs to make it.
type Parcel struct {
	Delivery Delivery
	Document Document
	// Origin is the document answered or reported on, nil if there is none.
	Origin *Document
	Thread ThreadHint
	Author string // who signs, as printed
	// Status and Performer belong to the purposes of those names.
	Status    DocumentState
	Performer *Correspondent
}

// DeliveryQueue is what waits to be handed over by a channel.
type DeliveryQueue struct {
	Waiting int        // counted up to 1000
	Since   *time.Time // when the oldest was asked for; nil if none waits
	NextAt  time.Time  // when the next repeated one is due; zero if none is to be repeated
}

// Outcome is what became of one attempt, or what tracking found out. Err set
// means the attempt failed; its core.Kind decides what happens next. Without
// Err, State is submitted, sent, delivered, read, rejected or unknown, and from
// tracking also queued: the outside system does not have it, send again.
type Outcome struct {
	Delivery   DeliveryID
	State      DeliveryState
	Token      string
	ExternalID string
	Code, Text string
	Cost       string
	At         time.Time
	Err        error
}
