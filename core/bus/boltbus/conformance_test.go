package boltbus_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// features are those of the driver. An acknowledged message does not come again
// within a transaction (AckTx), but may after a bare Ack that was not stored, so
// exactly-once is not claimed here.
var features = tests.Features{
	ConsumerGroups:  true,
	GuaranteedOrder: true,
	Persistent:      true,
}

// TestWatermillConformance runs watermill's own suite for Pub/Subs.
func TestWatermillConformance(t *testing.T) {
	d := openDriver(t, boltbus.Options{NackPause: 100 * time.Microsecond})
	tests.TestPubSub(t, features,
		func(t *testing.T) (message.Publisher, message.Subscriber) {
			return d.Publisher(), d.Subscriber("suite")
		},
		func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
			return d.Publisher(), d.Subscriber(group)
		},
	)
}

// TestWatermillConformanceFromOldest runs the suite with a new group for each
// subscriber, which starts with what was published before it came.
func TestWatermillConformanceFromOldest(t *testing.T) {
	d := openDriver(t, boltbus.Options{NackPause: 100 * time.Microsecond, FromOldest: true})
	features := features
	features.NewSubscriberReceivesOldMessages = true
	features.GuaranteedOrderWithSingleSubscriber = true // several groups get everything several times
	features.ForceShort = true                          // each test ends once its last group is through
	tests.TestPubSub(t, features,
		func(t *testing.T) (message.Publisher, message.Subscriber) {
			return d.Publisher(), d.Subscriber(watermill.NewShortUUID())
		},
		func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
			return d.Publisher(), d.Subscriber(group)
		},
	)
}

func openDriver(t *testing.T, opts boltbus.Options) *boltbus.Driver {
	t.Helper()
	return boltbus.New(openStore(t, filepath.Join(t.TempDir(), "uzel.db")), opts)
}

func openStore(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
