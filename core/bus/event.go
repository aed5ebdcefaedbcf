package bus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// EventPrefix begins the id of every event.
const EventPrefix = "evt"

// The id of an event is the uuid of its watermill message and its payload the
// message's; the rest stands in the metadata under these names, beside
// KeyMetadata. They cost less than an envelope that has to be parsed.
const (
	atMetadata          = "at" // nanoseconds since 1970
	actorKindMetadata   = "actor_kind"
	actorIDMetadata     = "actor_id"
	actorNameMetadata   = "actor_name"
	actorBehindMetadata = "actor_behind"
	behindNameMetadata  = "actor_behind_name"
	correlationMetadata = "correlation"
	failuresMetadata    = "failures"
)

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
func messageOf(ev Event) *message.Message {
	msg := message.NewMessage(ev.ID, message.Payload(ev.Payload))
	msg.Metadata[KeyMetadata] = ev.Key
	msg.Metadata[atMetadata] = strconv.FormatInt(ev.At.UnixNano(), 10)
	msg.Metadata[actorKindMetadata] = string(ev.Actor.Kind)
	msg.Metadata[actorIDMetadata] = ev.Actor.ID
	msg.Metadata[correlationMetadata] = ev.Correlation
	if ev.Actor.Name != "" {
		msg.Metadata[actorNameMetadata] = ev.Actor.Name
	}
	if ev.Actor.Behind != "" {
		msg.Metadata[actorBehindMetadata] = ev.Actor.Behind
		msg.Metadata[behindNameMetadata] = ev.Actor.BehindName
	}
	return msg
}

// eventOf is the inverse of messageOf. A message that is none of ours is an
// event without a time.
func eventOf(topic Topic, msg *message.Message) Event {
	ev := Event{
		ID: msg.UUID, Topic: topic, Key: msg.Metadata[KeyMetadata],
		Actor: core.Actor{
			Kind: core.ActorKind(msg.Metadata[actorKindMetadata]), ID: msg.Metadata[actorIDMetadata],
			Name: msg.Metadata[actorNameMetadata], Behind: msg.Metadata[actorBehindMetadata],
			BehindName: msg.Metadata[behindNameMetadata],
		},
		Correlation: msg.Metadata[correlationMetadata], Payload: json.RawMessage(msg.Payload),
	}
	if at, err := strconv.ParseInt(msg.Metadata[atMetadata], 10, 64); err == nil {
		ev.At = time.Unix(0, at).UTC()
	}
	return ev
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
