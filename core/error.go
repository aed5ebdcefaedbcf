package core

import (
	"errors"
	"strings"
	"time"
)

// Kind decides what happens to an error: the REST status, the way of a message
// on the bus and who acts. core/README.md has the table.
type Kind uint8

const (
	// KindInternal is a defect of the hub: 500, three tries, dead letter.
	KindInternal Kind = iota
	// KindInvalid is input that will never be right: 400, dead letter at once.
	KindInvalid
	// KindUnauthenticated and KindForbidden: 401, 403, dead letter.
	KindUnauthenticated
	KindForbidden
	// KindNotFound: 404, dead letter.
	KindNotFound
	// KindConflict is a stale version or an impossible transition: 409, three
	// tries at once on the bus.
	KindConflict
	// KindConfig is a wrong setting: 422, the channel degrades, messages wait.
	KindConfig
	// KindUnavailable is a peer that is down: 503, retried for days.
	KindUnavailable
	// KindRejected is a peer's final no: 422, the delivery is rejected.
	KindRejected
	// KindUnknown is a lost answer: the thing may have been done. Nothing is
	// repeated before the connector was asked to track it.
	KindUnknown
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not_found",
	"conflict", "config", "unavailable", "rejected", "unknown",
}

// String is the kind's stable name, used in REST, on the wire and in metrics.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[KindInternal]
}

// ParseKind is the inverse of String; an unknown name is KindInternal.
func ParseKind(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return Kind(k)
		}
	}
	return KindInternal
}

// Source says whose phone rings.
type Source string

const (
	SourceHub    Source = "hub"
	SourcePlugin Source = "plugin"
	SourceRemote Source = "remote"
)

// FieldFault is one fault of one field of an input.
type FieldFault struct {
	Field string `json:"field"` // path with dots: `imap.port`, `files.2.name`
	Text  string `json:"text"`  // for people, in Russian, no personal data
}

// Error is the only error type that crosses a package border with a meaning.
type Error struct {
	Kind   Kind
	Code   string // dotted and stable: `document.stale`, listed in core/README.md
	Op     string // what was being done: `reserve number`
	Field  string // the field at fault, if there is one
	Text   string // for people, in Russian, no personal data
	Source Source // empty means SourceHub
	// After is the pause that a KindUnavailable error asks for; zero means the
	// ordinary growing pause.
	After  time.Duration
	Faults []FieldFault // all faults at once, when an input has several
	Err    error
}

func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	for _, p := range []string{e.Op, e.Code, e.Field, e.Text} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	for _, f := range e.Faults {
		parts = append(parts, f.Field+": "+f.Text)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if len(parts) == 0 {
		return e.Kind.String()
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// CodeUnreachable is the code of a KindUnavailable error that says: the outside
// system as a whole cannot be reached. No delivery is at fault, so none is given
// up, however long it takes.
const CodeUnreachable = "channel.unreachable"

// CodeOf is the code of the first Error in the chain of err, "" if it has none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// KindOf is the kind of the first Error in the chain of err; a foreign error is
// KindInternal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// AfterOf is the pause the error asks for, zero if none.
func AfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// Invalid reports one wrong field.
func Invalid(code, field, text string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Field: field, Text: text}
}

// NotFound reports that the named thing does not exist.
func NotFound(code, text string) *Error {
	return &Error{Kind: KindNotFound, Code: code, Text: text}
}

// Conflict reports a stale version or an impossible transition.
func Conflict(code, text string) *Error {
	return &Error{Kind: KindConflict, Code: code, Text: text}
}

// Unavailable reports that a peer or a resource cannot be used now.
func Unavailable(code, text string, err error) *Error {
	return &Error{Kind: KindUnavailable, Code: code, Text: text, Err: err}
}
