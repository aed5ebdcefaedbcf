package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Kind is the sort of a message.
type Kind string

const (
	KindLetter Kind = "letter"
	KindAppeal Kind = "appeal"
	KindChat   Kind = "chat"
	KindCall   Kind = "call"
	KindStatus Kind = "status"
	KindReport Kind = "report"
)

// Change tells whether a message is new or changes an earlier one.
type Change string

const (
	New       Change = "" // also "new"
	Edited    Change = "edited"
	Withdrawn Change = "withdrawn"
)

// Message is what came in. ExternalID and Kind are obligatory.
type Message struct {
	ExternalID string // unique in the channel: offered twice, registered once
	Kind       Kind
	Change     Change
	About      string // external id of the message this one edits, withdraws or reports on
	At         time.Time
	From       Party
	To         []Party
	Subject    string
	Text       string
	HTML       string // sanitised
	Thread     ThreadHint
	Files      []File
	Marks      []Mark
	// Fields are requisites: FieldDeliveryType and the others below, or own ones.
	Fields  map[string]string
	Status  *Status         // kind status
	Details json.RawMessage // what only this kind has: a call's legs, readings
	DueAt   time.Time       // a term the outside system dictates
}

// Names of the requisites the hub knows.
const (
	FieldDeliveryType = "delivery_type" // «Электронная почта», «ЛК жителя» …
	FieldSenderType   = "sender_type"   // «Физическое лицо» …
	FieldAccount      = "account"       // лицевой счёт
	FieldAddress      = "address"       // адрес помещения
	FieldReason       = "reason"        // code of the reason in the outside system
)

// ThreadHint is what a message says about the matter it belongs to.
type ThreadHint struct {
	External   string   // the outside system's own thread: chat id, appeal GUID
	References []string // external ids of earlier messages, nearest first
	Numbers    []string // registration numbers found in the subject
	// KnownAs are ids others may refer to this message by, beside ExternalID: a
	// Message-ID, when ExternalID says more than that.
	KnownAs []string
}

// Party is a person or an organisation.
type Party struct {
	ID        string // the hub's party; set in a Dispatch
	Kind      string // person, organization or ""
	Name      string
	Addresses []Address
}

// Address returns the first address of the kind, or "".
func (p Party) Address(kind string) string {
	for _, a := range p.Addresses {
		if a.Kind == kind {
			return a.Value
		}
	}
	return ""
}

// Address is a typed address: kind is email, phone, chat, account, inn, ogrn,
// kpp, snils, postal or outside.
type Address struct{ Kind, Value string }

// Mark is a property a person should see: quarantine, automatic, bounce,
// oversized, repaired; Reason is in Russian.
type Mark struct{ Kind, Reason string }

// The kinds of marks.
const (
	MarkQuarantine = "quarantine"
	MarkAutomatic  = "automatic"
	MarkBounce     = "bounce"
	MarkOversized  = "oversized"
	MarkRepaired   = "repaired"
)

// Status is news about something the hub sent.
type Status struct {
	Delivery string // the hub's delivery id, when the outside system carries it
	State    State
	Code     string // the outside system's own code
	Text     string // its own words
	At       time.Time
}

// File is a file of a message, a dispatch or an operation. Open is called when
// the bytes are needed, and again if they are needed again.
type File struct {
	Name      string
	MediaType string // "" = found out from the content
	Role      string // attachment (""), inline, original, html, signature
	ContentID string
	Signs     string // name of the file a signature belongs to
	Note      string
	Size      int64 // 0 = not known
	Hash      string
	Open      func() (io.ReadCloser, error)

	body []byte // of a file in memory, so that it need not be read
}

// The roles of a file.
const (
	RoleAttachment = "attachment"
	RoleInline     = "inline"
	RoleOriginal   = "original"
	RoleHTML       = "html"
	RoleSignature  = "signature"
)

// Bytes is a file in memory.
func Bytes(name string, body []byte) File {
	if body == nil {
		body = []byte{}
	}
	return File{Name: name, Size: int64(len(body)), body: body, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(body)), nil
	}}
}

// Path is a file on disk.
func Path(path string) File {
	return File{Name: filepath.Base(path), Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Save writes the file to a path of the connector's choice, making the folder.
// Beware: Name comes from outside, it is no path to be trusted.
func (f File) Save(path string) (err error) {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // only read
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// Purpose is why something is delivered.
type Purpose string

const (
	PurposeAnswer    Purpose = "answer"
	PurposePerformer Purpose = "performer"
	PurposeStatus    Purpose = "status"
	PurposeNotice    Purpose = "notice"
	PurposeForward   Purpose = "forward"
	PurposeDocument  Purpose = "document"
)

// Dispatch is one delivery to be made.
type Dispatch struct {
	Delivery  string // idempotency key, the same at each attempt
	Purpose   Purpose
	Attempt   int // from 1
	Document  Document
	To        []Party
	Files     []File
	Thread    ThreadHint
	Origin    string // external id of the document answered or reported on
	Status    string // purpose status
	Performer *Party // purpose performer
	Fields    map[string]string
	DueAt     time.Time // term of the document; with PurposePerformer that of the task
}

// Document is what a dispatch carries.
type Document struct {
	ID, Number, Date         string // Date is YYYY-MM-DD
	Subject, Text, HTML      string
	Kind, Direction          string
	OriginNumber, OriginDate string // of the document answered
	Author                   string
}

// State of a delivery, as a receipt or a status tells it.
type State string

const (
	StateSubmitted State = "submitted" // taken, outcome later: the hub will Track
	StateSent      State = "sent"
	StateDelivered State = "delivered"
	StateRead      State = "read"
	StateRejected  State = "rejected"
	StateUnknown   State = "unknown"
	// StateRetry in an answer of Track: the outside system does not have it,
	// sending again is safe.
	StateRetry State = "retry"
)

// Receipt is the outcome of a delivery. The zero State means StateSent.
type Receipt struct {
	State      State
	Token      string // for Track
	ExternalID string // Message-ID, track number, GUID
	Code, Text string // the outside system's own
	Cost       string // decimal roubles
	At         time.Time
	Err        error // from Track: this one could not be asked
}

// TrackItem names one delivery to Track.
type TrackItem struct{ Delivery, Token, ExternalID string }
