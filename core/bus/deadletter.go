package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// DeadLetterState is what was decided about a dead letter.
type DeadLetterState string

const (
	DeadLetterOpen     DeadLetterState = "open"     // waits for a person
	DeadLetterReplayed DeadLetterState = "replayed" // its handler got the event again
	DeadLetterGivenUp  DeadLetterState = "given_up" // a person let it be
)

// DeadLetter is an event that a handler could not deal with, and why. There is
// one for an event and a handler: one that fails again after a replay opens it
// anew.
type DeadLetter struct {
	core.Meta
	ID      string          `json:"id"` // event and handler
	Event   Event           `json:"event"`
	Handler string          `json:"handler"`
	State   DeadLetterState `json:"state"`

	Kind   string `json:"kind"` // core.Kind by name
	Code   string `json:"code,omitempty"`
	Text   string `json:"text,omitempty"`   // for people, in Russian
	Detail string `json:"detail,omitempty"` // for developers: the whole error, cut

	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
	// Program is the version of the hub at the last attempt.
	Program string `json:"program,omitempty"`
	// Labels tell where it happened, as far as known: plugin, plugin_version,
	// channel.
	Labels map[string]string `json:"labels,omitempty"`
}

// RecordKey implements core.Record.
func (d *DeadLetter) RecordKey() string { return d.ID }

// DeadLetterTable keeps them. They sort by the time of their events.
var DeadLetterTable = store.Define("dead_letters",
	store.Index[DeadLetter]{Name: "state", Keys: func(d *DeadLetter) []string { return []string{string(d.State)} }},
	store.Index[DeadLetter]{Name: "topic", Keys: func(d *DeadLetter) []string { return []string{string(d.Event.Topic)} }},
	store.Index[DeadLetter]{Name: "handler", Keys: func(d *DeadLetter) []string { return []string{d.Handler} }},
)

// maxDetail cuts the error text in a dead letter, a stack included; bytes.
const maxDetail = 8 << 10

// labelled is an error that knows where it happened.
type labelled struct {
	error
	labels map[string]string
}

func (l *labelled) Unwrap() error { return l.error }

// WithLabels adds labels to an error that a handler returns; they stand in the
// dead letter. Labels are names and versions, never personal data.
func WithLabels(err error, labels map[string]string) error {
	if err == nil {
		return nil
	}
	return &labelled{err, labels}
}

// labelsOf collects the labels along err; outer ones win.
func labelsOf(err error) map[string]string {
	all := map[string]string{}
	for l := (*labelled)(nil); errors.As(err, &l); err = l.error {
		inner := maps.Clone(l.labels)
		maps.Copy(inner, all)
		all = inner
	}
	return all
}

func (h *handler) deadLetter(ev Event, cause error, f failures) DeadLetter {
	d := NewDeadLetter(ev, h.name, cause)
	d.Attempts, d.FirstAt = f.Attempts, f.First
	return d
}

// NewDeadLetter describes an event that failed for good with cause.
func NewDeadLetter(ev Event, handler string, cause error) DeadLetter {
	d := DeadLetter{
		Event: ev, Handler: handler, Attempts: 1,
		Kind: core.KindOf(cause).String(), Detail: cause.Error(), Labels: labelsOf(cause),
	}
	if e, ok := errors.AsType[*core.Error](cause); ok {
		d.Code, d.Text = e.Code, e.Text
	}
	return d
}

// FileDeadLetter files one in tx, from NewDeadLetter: the bus itself does for
// events that failed, others may for what they could not hand on. Replay gives
// the event to d.Handler. An event without an id gets one.
func (b *Bus) FileDeadLetter(tx store.Tx, d DeadLetter) error {
	now := tx.Now()
	if d.Event.ID == "" {
		d.Event.ID = core.NewID(EventPrefix, now)
	}
	if d.Event.At.IsZero() {
		d.Event.At = now
	}
	if d.FirstAt.IsZero() {
		d.FirstAt = now
	}
	d.ID = d.Event.ID + "." + d.Handler
	d.State, d.LastAt, d.Program = DeadLetterOpen, now, b.opts.Version
	d.Detail = d.Detail[:min(len(d.Detail), maxDetail)]
	old, err := DeadLetterTable.GetAny(tx, d.ID)
	switch {
	case err == nil:
		d.Meta = old.Meta
		d.DeletedAt = nil
		d.FirstAt, d.Attempts = old.FirstAt, old.Attempts+d.Attempts
	case core.KindOf(err) != core.KindNotFound:
		return err
	}
	return DeadLetterTable.Put(tx, &d)
}

// DeadLetters is the desk where people deal with dead letters.
type DeadLetters struct{ bus *Bus }

// DeadLetters of the bus.
func (b *Bus) DeadLetters() DeadLetters { return DeadLetters{b} }

// List reads a page; the indexes are state, topic and handler.
func (d DeadLetters) List(ctx context.Context, q store.Query[DeadLetter]) (page store.Page[DeadLetter], err error) {
	err = d.bus.opts.Store.View(ctx, func(tx store.Tx) (err error) {
		page, err = DeadLetterTable.List(tx, q)
		return err
	})
	return page, err
}

// Get reads one, KindNotFound if there is none.
func (d DeadLetters) Get(ctx context.Context, id string) (letter *DeadLetter, err error) {
	err = d.bus.opts.Store.View(ctx, func(tx store.Tx) (err error) {
		letter, err = DeadLetterTable.Get(tx, id)
		return err
	})
	return letter, err
}

// Replay hands the event to its handler, and to no other, once more. Replaying
// what was replayed changes nothing; what was given up may be replayed.
func (d DeadLetters) Replay(ctx context.Context, id string) error {
	err := d.bus.opts.Store.Update(ctx, func(tx store.Tx) error {
		letter, err := DeadLetterTable.Get(tx, id)
		if err != nil || letter.State == DeadLetterReplayed {
			return err
		}
		msg := messageOf(letter.Event)
		if err := d.bus.opts.Driver.RequeueTx(tx, string(letter.Event.Topic), letter.Handler, msg); err != nil {
			return err
		}
		letter.State = DeadLetterReplayed
		return DeadLetterTable.Put(tx, letter)
	})
	if err != nil {
		return fmt.Errorf("replay dead letter %s: %w", id, err)
	}
	return nil
}

// GiveUp lets a dead letter be. Giving up twice changes nothing; what was
// replayed is refused with KindConflict.
func (d DeadLetters) GiveUp(ctx context.Context, id string) error {
	err := d.bus.opts.Store.Update(ctx, func(tx store.Tx) error {
		letter, err := DeadLetterTable.Get(tx, id)
		if err != nil || letter.State == DeadLetterGivenUp {
			return err
		}
		if letter.State == DeadLetterReplayed {
			return core.Conflict("deadletter.replayed", "событие уже отправлено на повторную обработку")
		}
		letter.State = DeadLetterGivenUp
		return DeadLetterTable.Put(tx, letter)
	})
	if err != nil {
		return fmt.Errorf("give up dead letter %s: %w", id, err)
	}
	return nil
}
