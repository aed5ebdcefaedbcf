package sdk

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Error is an error with a meaning for the hub. Make it with Misconfigured,
// RetryAfter, Unreachable, Rejected, Unknown or Invalid; any other error means "try later".
// It crosses the process line as a value.
type Error struct {
	Kind   string // config, unavailable, rejected, unknown, invalid, …: core.Kind by name
	Code   string // dotted and stable, optional
	Field  string // setting at fault
	Text   string // for people, in Russian, no personal data
	Source string // remote (the outside system) or plugin
	After  time.Duration
	Faults []FieldFault
	Err    error
}

// FieldFault is one fault of one field.
type FieldFault struct{ Field, Text string }

func (e *Error) Error() string {
	var parts []string
	for _, p := range []string{e.Field, e.Text} {
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
		return e.Kind
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// Misconfigured says that a setting is wrong: the channel degrades, messages
// wait, the administrator sees the field. The text of err is shown to people.
func Misconfigured(field string, err error) error {
	return &Error{Kind: "config", Field: field, Source: "remote", Err: err}
}

// RetryAfter says that the outside system is busy and when to come again.
func RetryAfter(d time.Duration, err error) error {
	return &Error{Kind: "unavailable", After: d, Source: "remote", Err: err}
}

// Unreachable says that the outside system as a whole cannot be reached: what
// waits is kept for as long as it takes, while other troubles that last for five
// days end a delivery.
func Unreachable(text string, err error) error {
	return &Error{Kind: "unavailable", Code: "channel.unreachable", Source: "remote", Text: text, Err: err}
}

// Rejected is the outside system's final no: nothing is repeated, a clerk sees
// the reason.
func Rejected(err error) error {
	return &Error{Kind: "rejected", Source: "remote", Err: err}
}

// Unknown says that something was sent and the answer was lost. The hub asks
// Track before anything is sent again.
func Unknown(err error) error {
	return &Error{Kind: "unknown", Source: "remote", Err: err}
}

// Invalid says that an input (of an operation, of a hook) is wrong.
func Invalid(field, text string) error {
	return &Error{Kind: "invalid", Field: field, Text: text, Source: "plugin"}
}

// KindOf is the kind of the first Error in the chain; a plain error is
// "unavailable": try later.
func KindOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return "unavailable"
}

// Refused tells that the hub does not take a message and never will, so that
// Emit need not be tried again with it.
func Refused(err error) bool {
	return err != nil && slices.Contains([]string{"rejected", "invalid"}, KindOf(err))
}

// PostError is the failure of one posted message.
type PostError struct {
	ExternalID string
	Err        error
}

func (e *PostError) Error() string { return "message " + e.ExternalID + ": " + e.Err.Error() }
func (e *PostError) Unwrap() error { return e.Err }
