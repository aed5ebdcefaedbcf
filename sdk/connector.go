// Package sdk is what the author of a connector imports.
//
// A connector is a program whose main is one call of [Serve]. It describes
// itself with a [Connector], and its channel implements [Channel] and whichever
// of [Receiver], [Sender], [Tracker], [Hook] and [Operator] it can do. The hub
// starts one process per configured channel; the connector keeps no state of
// its own: how far it has read is a [Cursor] the hub keeps.
//
// Started by hand the same program answers describe, check, receive, send and
// help. sdktest.Run is the conformance suite a connector passes with one call.
//
// examples/folder is a whole two-way connector in 60 lines.
package sdk

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Connector describes a connector. C is its settings struct: see Settings in
// settings.go for the tags.
type Connector[C any] struct {
	Name    string // Latin lower case, the name in the hub's catalog
	Title   string // for people, in Russian
	Summary string // what it connects, a sentence or two, in Russian
	Version string // semantic version

	// Type is a nil pointer of the type New returns, (*mailbox)(nil): the
	// interfaces it implements are the connector's abilities.
	Type Channel

	Purposes   []Purpose // what its Sender can carry
	Kinds      []Kind    // what its Receiver and Hook may emit
	Operations []Operation
	Calls      []string // services it asks of the hub or of other channels
	Limits     Limits
	// Directories are reference lists of its own, for people to fill.
	Directories []Directory

	// New makes the channel of one configuration. It must not talk to the
	// network: Check does. ctx ends when the configuration is replaced or the
	// plugin stops. A wrong combination of settings is Misconfigured.
	New func(ctx context.Context, settings C, env Env) (Channel, error)
}

// Channel is what every connector's channel can do.
type Channel interface {
	// Check tells whether the outside system can be reached and let us in with
	// these settings. It may run at the same time as everything else, every few
	// minutes and when a person presses "test connection".
	Check(ctx context.Context) error
}

// Receiver brings messages in.
type Receiver interface {
	// Receive runs until ctx is done. after is the last cursor the hub has kept,
	// nil at first. An error is shown and Receive is called again after a pause;
	// returning nil before ctx is done means nothing more will ever come.
	Receive(ctx context.Context, after Cursor, emit Emitter) error
}

// Sender takes deliveries out.
type Sender interface {
	// Send makes one delivery. It may run several times at once, up to
	// Limits.Concurrency. A plain error means "try later", Rejected is final,
	// Unknown means the answer was lost.
	Send(ctx context.Context, d Dispatch) (Receipt, error)
}

// Tracker tells what became of deliveries that were submitted or are unknown.
type Tracker interface {
	// Track answers in the order of the items. StateUnknown means it cannot be
	// told; StateRetry that the outside system does not have it: safe to send
	// again.
	Track(ctx context.Context, items []TrackItem) ([]Receipt, error)
}

// Hook serves web-hooks: requests to /hooks/{channel}/… on the hub's own port.
type Hook interface {
	// ServeHook handles one request. r.URL.Path is what stands behind the
	// channel. What it emits is durable when Emit returns, so that the reply may
	// say so.
	ServeHook(ctx context.Context, r *http.Request, emit Emitter) (HookReply, error)
}

// Operator runs the operations the connector declares.
type Operator interface {
	Do(ctx context.Context, call OperationCall) (Result, error)
}

// Waker is told that a person pressed "run now". A receiver that waits between
// two polls looks at once. Without it the hub restarts Receive.
type Waker interface {
	Wake(ctx context.Context) error
}

// Closer is called once when the configuration is replaced or the plugin stops.
type Closer interface {
	Close() error
}

// SectionChecker lets "test connection" check one part of the settings (imap,
// smtp). Sections answers part by part; an empty name means all.
type SectionChecker interface {
	CheckSections(ctx context.Context, section string) []CheckPart
}

// CheckPart is the outcome of checking one part.
type CheckPart struct {
	Name string // as shown: «Приём (IMAP)»
	Err  error
}

// Cursor is a connector's own mark of how far it has read. The hub keeps it and
// does not look inside.
type Cursor []byte

// Emitter hands messages to the hub. It may be used from several goroutines;
// messages are stored in the order the calls began.
type Emitter interface {
	// Emit returns nil only when the message, its files and the cursor are on
	// disk in the hub. A message whose external id the hub already has counts as
	// stored. An error of kind rejected or invalid tells what the hub does not
	// take (a file too large, a missing external id); an error of a file's Open or
	// Read comes back as it is and the message is forgotten; any other means the
	// line to the hub is gone and Receive should return it. When the channel is
	// being stopped, Emit still waits for the answer to what was handed over.
	Emit(ctx context.Context, m Message, next Cursor) error

	// Post is Emit without waiting: it returns when the message was handed over;
	// before, it waits until fewer than the hub's window are unanswered. Use it to
	// bring in many at full speed. A refusal is a *PostError that names the
	// message: this one, or an earlier one that was refused meanwhile; in the
	// latter case this one was handed over nonetheless.
	Post(ctx context.Context, m Message, next Cursor) error
	// Flush waits until every message handed over so far is on disk or refused,
	// and returns the refusals that no Post has returned, joined.
	Flush(ctx context.Context) error

	// Mark moves the cursor alone.
	Mark(ctx context.Context, next Cursor) error
}

// Poll runs look at once and then again every d, until look fails or ctx ends;
// it returns the error of whichever it was.
func Poll(ctx context.Context, d time.Duration, look func() error) error {
	for {
		if err := look(); err != nil {
			return err
		}
		if err := Pause(ctx, d); err != nil {
			return err
		}
	}
}

// Pause waits between two polls: nil after d, the error of ctx when it ends.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Env is what the hub gives a channel.
type Env struct {
	Channel string // the channel's id
	// Log goes to the channel's log in the hub. No personal data, no secrets.
	Log hclog.Logger
	// Scratch is a folder of the channel's own, for caching only: it may be
	// empty after any start.
	Scratch string
	HookURL string // public address of the channel's web-hooks, "" if there is none
	Locale  string // ru or en
	// Call asks a service the connector declared in Calls: another channel's
	// operation (sign, verify) or the hub's own. Many calls may be under way; one
	// ends early with its ctx. The files of the result stay readable for as long
	// as the connector holds them.
	Call func(ctx context.Context, call Call) (Result, error)
}

// Call is one request to the hub or to another channel.
type Call struct {
	Service string // as declared in Connector.Calls
	Input   Values
	Files   []File
	// Token of an earlier Result that was Pending: ask again what became of it.
	Token string
}

// Values are the input or output of an operation, as JSON objects are.
type Values map[string]any

// OperationCall is one run of an operation.
type OperationCall struct {
	Operation string
	Input     Values
	Files     []File
	Token     string // of an earlier pending answer
	Document  string // for place document
	User      string // who pressed it, "" when the hub runs it by itself
	// Progress shows how far a long run has come; total 0 = not known.
	Progress func(done, total int64, text string)
}

// Result is the outcome of an operation or a call.
type Result struct {
	Output Values
	Files  []File
	// Pending: not done yet, ask again with Token after AskAfter.
	Pending  bool
	Token    string
	AskAfter time.Duration
}

// HookReply is the answer to a web-hook.
type HookReply struct {
	Status int // 0 means 200
	Header http.Header
	Body   io.Reader // may be nil
}

// Operation describes one operation; from its schemas the web UI draws the
// form, the table of results and the downloads.
type Operation struct {
	Name  string
	Title string // on the button, in Russian
	Help  string
	Place Place
	// Input and Output are structs (zero values) whose tags give the schema, as
	// those of the settings do; nil = none. The input is checked against it before
	// Do is called.
	Input, Output     any
	FilesIn, FilesOut bool
	Schedule          time.Duration // place channel: run by itself this often; 0 = only by hand
	Confirm           bool          // ask before running
	Roles             []string      // who may press it; empty: who works on documents
}

// Place is where an operation belongs.
type Place string

const (
	PlaceDocument Place = "document" // a button on the card
	PlaceAccount  Place = "account"  // a panel beside an appeal
	PlaceChannel  Place = "channel"  // an administrator's button or a background job
	PlaceService  Place = "service"  // called by other connectors
)

// Limits of the outside system. The hub warns before sending, and splits or
// refuses with a reason.
type Limits struct {
	MessageBytes   int64
	FileBytes      int64
	Files          int
	TextRunes      int64
	FileTypes      []string // media types or extensions; empty = any
	MayWriteFirst  bool     // may open a conversation
	KnowsDelivered bool
	KnowsRead      bool
	Concurrency    int     // deliveries at once; 0 = 1
	PerSecond      float64 // 0 = no limit
	Idempotent     bool    // the other side drops a second delivery with the same id
}
