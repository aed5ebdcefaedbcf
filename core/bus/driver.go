package bus

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/uzel-hub/uzel/core/store"
)

// KeyMetadata is the metadata entry of a watermill message that holds its key.
// Messages of one topic with the same key, the empty one too, reach a group one
// after the other.
const KeyMetadata = "key"

// Driver carries events as watermill messages. A subscription is a topic and
// the name of a group; every group gets every message of the topic.
type Driver interface {
	// PublishTx appends the messages to the topic if tx commits.
	PublishTx(tx store.Tx, topic string, msgs ...*message.Message) error

	// Declare makes the subscription durable: from now on the group gets what is
	// published, whether it runs or not. Declaring again changes nothing.
	Declare(ctx context.Context, topic, group string) error

	// Subscriber subscribes in the name of the group.
	Subscriber(group string) message.Subscriber

	// RetryTx ends this delivery of a message that came from a Subscriber and has
	// the group get it again at due, as msg is now. Messages with the same key
	// wait behind it. Already as in AckTx.
	RetryTx(tx store.Tx, msg *message.Message, due time.Time) (already bool, err error)

	// RequeueTx hands a message to one group, which must be declared, behind
	// those of the same key that wait there.
	RequeueTx(tx store.Tx, topic, group string, msg *message.Message) error
}

// Acker is a Driver whose acknowledgements belong to the transaction.
type Acker interface {
	// AckTx acknowledges a message that came from a Subscriber if tx commits.
	// Already means that an earlier transaction did: its effect is there and must
	// not be made again.
	AckTx(tx store.Tx, msg *message.Message) (already bool, err error)
}

// Trimmer is a Driver that has to be told to throw old messages away. Groups
// that were not declared since the start of the program do not count.
type Trimmer interface {
	Trim(ctx context.Context) error
}

// Log is a Driver that shows the messages it keeps, for Tail.
type Log interface {
	// Newest is the sequence of the topic's last message, zero if there is none.
	Newest(ctx context.Context, topic string) (uint64, error)
	// Read returns at most limit messages behind a sequence. Gap means that
	// messages were thrown away between it and the first one returned.
	Read(ctx context.Context, topic string, after uint64, limit int) (msgs []Logged, gap bool, err error)
	// Watch has wake called after every commit that published to the topic until
	// stop is called. wake must not block.
	Watch(topic string, wake func()) (stop func())
}

// Logged is a kept message with its place in the topic.
type Logged struct {
	Sequence uint64
	Message  *message.Message
}
