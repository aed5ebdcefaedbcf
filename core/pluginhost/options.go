package pluginhost

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/store"
)

// Options are what a Host needs. Fields without "optional" are obligatory.
type Options struct {
	Store   store.Store
	Blobs   Blobs
	Bus     bus.Publisher
	Outbox  Outbox
	Catalog *catalog.Catalog
	Secrets Secrets

	// Services are the hub's own services by name, for the calls of connectors;
	// optional.
	Services map[string]Service

	Dir    string // run and scratch folders of the channels
	LogDir string // a log file per channel
	Log    hclog.Logger
	Now    func() time.Time // optional: time.Now

	// HookURL is the public address of /hooks/, with the slash at its end; empty
	// if the hub cannot be reached from outside.
	HookURL string
	Locale  string   // ru or en; optional: ru
	Version string   // of the hub
	Env     []string // more environment for the plugins, `NAME=value`; optional

	// OnStatus hears every change of a channel's state or its reason; optional.
	// It must be quick.
	OnStatus func(core.ChannelStatus)

	Limits Limits
	Timing Timing
}

// Blobs is what the host needs of a blob.Store.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (blob.Ref, error)
	Begin(ctx context.Context, all []byte) (ref blob.Ref, wait func() error, err error)
	Open(ctx context.Context, hash string) (blob.Reader, error)
}

// Secrets seals the secret settings of channels: secret.Box.
type Secrets interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Outbox is where deliveries come from and where their outcomes go:
// outgoing.Service.
type Outbox interface {
	// Claim hands out deliveries that are due; they are `sending`, durably.
	Claim(ctx context.Context, channel core.ChannelID, max int) ([]core.Parcel, error)
	// Settle writes outcomes of attempts and of tracking down.
	Settle(ctx context.Context, outcomes []core.Outcome) error
	// Recover settles what was left `sending` when the hub or the plugin died.
	Recover(ctx context.Context, channel core.ChannelID, idempotent bool) error
	// ToTrack are deliveries the connector should be asked about now.
	ToTrack(ctx context.Context, channel core.ChannelID, max int) ([]core.Delivery, error)
	// Pending tells what waits.
	Pending(ctx context.Context, channel core.ChannelID) (core.DeliveryQueue, error)
}

// Service is one of the hub's own services that connectors may call.
type Service func(ctx context.Context, call ServiceCall) (Result, error)

// ServiceCall is a connector's request.
type ServiceCall struct {
	Channel core.ChannelID // who asks; a service answers about this channel only
	Input   json.RawMessage
	Files   []core.Attachment
}

// Result is the outcome of an operation or a service.
type Result struct {
	Output json.RawMessage   `json:"output,omitempty"` // a JSON object
	Files  []core.Attachment `json:"files,omitempty"`
	// Pending: not done yet; ask again with Token after AskAfter.
	Pending  bool          `json:"pending,omitempty"`
	Token    string        `json:"token,omitempty"`
	AskAfter time.Duration `json:"ask_after,omitempty"` // nanoseconds
}

// Limits bound what a plugin can make the hub do. Zero is the default.
type Limits struct {
	FileBytes    int64 // one file that comes in; 200 MB
	MessageBytes int64 // all files of one message; 1 GB
	Files        int   // files of one message; 1000
	Window       int   // messages of a channel that are not acknowledged yet; 1024
	WindowBytes  int64 // and their bytes; 24 MiB
	Memory       int64 // of one plugin process; 1 GB, negative = no bound
	HookBytes    int64 // body of one web-hook; 32 MB
	Hooks        int   // web-hooks of a channel served at once; 32
	Calls        int   // calls of a plugin under way at once; 32
	LogBytes     int64 // of a channel's log file before it is rotated; 5 MB
	LogFiles     int   // rotated ones that are kept; 3
	LogRate      int64 // bytes a second that go into it in the long run; 1 MB
}

func (l Limits) withDefaults() Limits {
	set(&l.FileBytes, 200<<20)
	set(&l.MessageBytes, 1<<30)
	set(&l.Files, 1000)
	set(&l.Window, 1024)
	set(&l.WindowBytes, 24<<20)
	set(&l.Memory, 1<<30)
	set(&l.HookBytes, 32<<20)
	set(&l.Hooks, 32)
	set(&l.Calls, 32)
	set(&l.LogBytes, 5<<20)
	set(&l.LogFiles, 3)
	set(&l.LogRate, 1<<20)
	return l
}

// Timing are the pauses and periods of a channel's life. Zero is the default.
type Timing struct {
	Start time.Duration // a process must answer within; 10 s
	Grace time.Duration // what is under way may take so long to end; 10 s
	Call  time.Duration // configuring, waking, tracking; 1 min

	RestartMin  time.Duration // pause after the first fall, doubling …; 1 s
	RestartMax  time.Duration // … up to; 5 min
	Falls       int           // so many falls …; 5
	FallsWithin time.Duration // … within make a channel failed; 10 min

	CheckEvery   time.Duration // 30 s
	CheckTimeout time.Duration // 20 s
	Missed       int           // so many checks without an answer end the process; 3

	RetryMin time.Duration // pause after a fault of receiving, sending, checking …; 5 s
	RetryMax time.Duration // … doubling up to; 5 min
	// Settled: receiving has run so long without a fault that an earlier one is
	// over; 3 s.
	Settled time.Duration

	StoreRetryMin time.Duration // pause when the disk refuses; 200 ms
	StoreRetryMax time.Duration // 10 s

	Send       time.Duration // a delivery without an answer is unknown after; 10 min
	TrackEvery time.Duration // 30 s
	Operation  time.Duration // one run of an operation; 30 min
	Trial      time.Duration // an upgrade is on probation for; 5 min
}

func (t Timing) withDefaults() Timing {
	set(&t.Start, 10*time.Second)
	set(&t.Grace, 10*time.Second)
	set(&t.Call, time.Minute)
	set(&t.RestartMin, time.Second)
	set(&t.RestartMax, 5*time.Minute)
	set(&t.Falls, 5)
	set(&t.FallsWithin, 10*time.Minute)
	set(&t.CheckEvery, 30*time.Second)
	set(&t.CheckTimeout, 20*time.Second)
	set(&t.Missed, 3)
	set(&t.RetryMin, 5*time.Second)
	set(&t.RetryMax, 5*time.Minute)
	set(&t.Settled, 3*time.Second)
	set(&t.StoreRetryMin, 200*time.Millisecond)
	set(&t.StoreRetryMax, 10*time.Second)
	set(&t.Send, 10*time.Minute)
	set(&t.TrackEvery, 30*time.Second)
	set(&t.Operation, 30*time.Minute)
	set(&t.Trial, 5*time.Minute)
	return t
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
