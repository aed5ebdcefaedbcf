package soap

import "errors"

// ErrTooLarge is the answer above BodyLimit.
var ErrTooLarge = errors.New("the answer is too large")

// Fault is the other side's refusal in the words of its protocol. Its stack
// trace is not kept.
type Fault struct{ Code, Text string }

func (f *Fault) Error() string {
	if f.Text == "" {
		return f.Code
	}
	return f.Code + ": " + f.Text
}

// Unsent tells that the request never left: it may be repeated.
type Unsent struct{ Err error }

func (e *Unsent) Error() string { return "request not sent: " + e.Err.Error() }
func (e *Unsent) Unwrap() error { return e.Err }

// Lost tells that the request left and no readable answer came: it may have been
// carried out.
type Lost struct {
	Status int // of HTTP, 0 if there was none
	Err    error
}

func (e *Lost) Error() string { return "answer lost: " + e.Err.Error() }
func (e *Lost) Unwrap() error { return e.Err }
