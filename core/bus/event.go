package bus

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// EventPrefix begins the id of every event.
const EventPrefix = "evt"

// envelope is the payload of a watermill message; the id and the key of the
// event are its uuid and its metadata, the topic is the message's.
type envelope struct {
	At          int64  `cbor:"1,keyasint"` // nanoseconds since 1970
	ActorKind   string `cbor:"2,keyasint"`
	ActorID     string `cbor:"3,keyasint"`
	ActorName   string `cbor:"4,keyasint,omitempty"`
	ActorBehind string `cbor:"5,keyasint,omitempty"`
	Correlation string `cbor:"6,keyasint,omitempty"`
	Payload     []byte `cbor:"7,keyasint"`
}

// newEvent is the event that is about to be published in tx.
func newEvent(tx store.Tx, topic Topic, key string, payload any) (Event, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Event{}, &core.Error{Kind: core.KindInternal, Code: "event.payload", Op: "encode " + string(topic), Err: err}
	}
	now := tx.Now()
	return Event{
		ID: core.NewID(EventPrefix, now), Topic: topic, Key: key, At: now,
		Actor: tx.Actor(), Correlation: correlationOf(tx, key), Payload: raw,
	}, nil
}

// messageOf is the event as a watermill message.
func messageOf(ev Event) (*message.Message, error) {
	raw, err := store.Encode(envelope{
		At: ev.At.UnixNano(), ActorKind: string(ev.Actor.Kind), ActorID: ev.Actor.ID, ActorName: ev.Actor.Name,
		ActorBehind: ev.Actor.Behind, Correlation: ev.Correlation, Payload: ev.Payload,
	})
	if err != nil {
		return nil, err
	}
	msg := message.NewMessage(ev.ID, raw)
	msg.Metadata[KeyMetadata] = ev.Key
	return msg, nil
}

// eventOf is the inverse of messageOf.
func eventOf(topic Topic, msg *message.Message) (Event, error) {
	var e envelope
	if err := store.Decode(msg.Payload, &e); err != nil {
		return Event{ID: msg.UUID, Topic: topic, Key: msg.Metadata[KeyMetadata]},
			&core.Error{Kind: core.KindInvalid, Code: "event.damaged", Op: "read event of " + string(topic), Err: err}
	}
	return Event{
		ID: msg.UUID, Topic: topic, Key: msg.Metadata[KeyMetadata], At: time.Unix(0, e.At).UTC(),
		Actor:       core.Actor{Kind: core.ActorKind(e.ActorKind), ID: e.ActorID, Name: e.ActorName, Behind: e.ActorBehind},
		Correlation: e.Correlation, Payload: e.Payload,
	}, nil
}

// correlated is a transaction that belongs to a chain of events.
type correlated struct {
	store.Tx
	id string
}

// WithCorrelation has the events that are published in tx carry the id: of the
// request that a person made, or of the message that came. In a handler tx
// carries that of its event already.
func WithCorrelation(tx store.Tx, id string) store.Tx {
	return &correlated{Tx: tx, id: id}
}

// correlationOf is the correlation of tx; a chain that has none begins with the
// key of its first event.
func correlationOf(tx store.Tx, key string) string {
	if c, ok := tx.(*correlated); ok {
		return c.id
	}
	return key
}

// failures is what a message carries about its failed runs.
type failures struct {
	Attempts int       // all of them
	Faults   int       // those that were a defect of the program
	First    time.Time // of the first one
}

const failuresMetadata = "failures"

func failuresOf(msg *message.Message) failures {
	var (
		f      failures
		millis int64
	)
	if _, err := fmt.Sscanf(msg.Metadata[failuresMetadata], "%d %d %d", &f.Attempts, &f.Faults, &millis); err != nil {
		return failures{}
	}
	f.First = time.UnixMilli(millis).UTC()
	return f
}

func (f failures) write(msg *message.Message) {
	msg.Metadata[failuresMetadata] = fmt.Sprintf("%d %d %d", f.Attempts, f.Faults, f.First.UnixMilli())
}
