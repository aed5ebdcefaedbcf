package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/plugins/gis/internal/soap"
	"github.com/uzel-hub/uzel/sdk"
)

// receiver brings in the appeals of one run of Receive.
type receiver struct {
	*account
	emit   sdk.Emitter
	cursor cursor
	marked sdk.Cursor // what the hub has
	// refusals counts the appeals that GIS refused to show in this round.
	refusals int
}

// Receive implements sdk.Receiver: it looks for new appeals and for changes of
// known ones, again and again.
func (a *account) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	c, err := readCursor(after)
	if err != nil {
		return err
	}
	r := &receiver{account: a, emit: emit, cursor: c, marked: after}
	for {
		if err := r.round(ctx); err != nil {
			return errors.Join(err, r.mark(ctx))
		}
		if err := r.clock.wait(ctx, r.set.Receive.Every, r.wake); err != nil {
			return err
		}
	}
}

// round looks once. What was taken before a failure is kept: the mark moves
// window by window.
func (r *receiver) round(ctx context.Context) error {
	today := r.clock.today()
	r.refusals = 0
	for _, w := range r.cursor.windows(today, r.set.Receive.LookBack) {
		if err := r.window(ctx, w); err != nil {
			return err
		}
	}
	r.cursor.Full = today.Format(time.DateOnly)
	if err := r.again(ctx, today); err != nil {
		return err
	}
	return r.mark(ctx)
}

// window takes what was created on the days.
func (r *receiver) window(ctx context.Context, w window) error {
	err := r.bring(ctx, appeals.Selection{From: w.from, To: w.to, Sent: true, InWork: true, HCS: r.set.Receive.HCS})
	if err != nil {
		return err
	}
	if day := w.to.Format(time.DateOnly); day > r.cursor.Through {
		r.cursor.Through = day
		return r.mark(ctx)
	}
	return nil
}

// again reads what waits for a file, and from time to time everything known.
func (r *receiver) again(ctx context.Context, today time.Time) error {
	guids := slices.Clone(r.cursor.Waiting)
	all := r.clock.now().Sub(r.cursor.Reread) >= r.set.Receive.Reread
	if all {
		r.cursor.forget(today, r.set.Receive.ClosedDays)
		guids = append(guids, r.cursor.known()...)
	}
	for chunk := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(guids))), appeals.MaxObjects) {
		if err := r.bring(ctx, appeals.Selection{GUIDs: chunk}); err != nil {
			return err
		}
	}
	if all {
		r.cursor.Reread = r.clock.now().UTC().Truncate(time.Second)
	}
	return nil
}

// maxRefusals is how many appeals in a round may be refused one by one before
// that is taken for a fault of the whole.
const maxRefusals = 20

// bring takes what a selection has. What is too large for one answer, or refused
// as a whole, is asked for in parts, so that one appeal does not hold back the
// others; how many one answer may hold is not published.
func (r *receiver) bring(ctx context.Context, s appeals.Selection) error {
	res, err := r.fetch(ctx, appeals.Path, "exportAppeal", appeals.Export(s), fetchLimit)
	if err == nil {
		if err := r.take(ctx, res.Appeals); err != nil {
			return err
		}
		r.cursor.missed(s.GUIDs, res.Appeals, r.clock.today())
		return nil
	}
	if !errors.Is(err, soap.ErrTooLarge) && sdk.KindOf(err) != "rejected" {
		return err
	}
	parts := s.Parts()
	if len(parts) == 0 {
		return r.refuse(s, err)
	}
	for _, p := range parts {
		if err := r.bring(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// refuse passes over one appeal that GIS does not show.
func (r *receiver) refuse(s appeals.Selection, err error) error {
	if r.refusals++; len(s.GUIDs) != 1 || r.refusals > maxRefusals {
		return err
	}
	r.env.Log.Warn("an appeal cannot be read again", "appeal", s.GUIDs[0], "code", codeText(err))
	r.cursor.missed(s.GUIDs, nil, r.clock.today())
	return nil
}

// mark hands the cursor over if it has changed.
func (r *receiver) mark(ctx context.Context) error {
	next := r.cursor.bytes()
	if bytes.Equal(next, r.marked) || ctx.Err() != nil {
		return nil
	}
	if err := r.emit.Mark(ctx, next); err != nil {
		return err
	}
	r.marked = next
	return nil
}

// take tells the hub of those appeals that are new or have changed.
func (r *receiver) take(ctx context.Context, found []appeals.Appeal) error {
	for i := range found {
		ap := &found[i]
		key := ap.Key()
		if !guidForm.MatchString(key) {
			r.env.Log.Warn("appeal without a GUID passed over")
			continue
		}
		err := r.one(ctx, ap)
		switch {
		case errors.Is(err, errNotReady):
			r.cursor.wait(key)
		case err != nil:
			return err
		default:
			r.cursor.taken(key)
		}
	}
	return nil
}

// errNotReady delays one appeal and no other.
var errNotReady = errors.New("a part of the appeal is not ready")

// one tells the hub of an appeal if there is something to tell.
func (r *receiver) one(ctx context.Context, ap *appeals.Appeal) error {
	had, known := r.cursor.Appeals[ap.Key()]
	now := had.next(ap, r.clock.today())
	if known && had.Hash == now.Hash {
		had.Closed = now.Closed // it may have been missing meanwhile
		r.cursor.Appeals[ap.Key()] = had
		return nil
	}
	letters, err := r.messages(ctx, ap, had, known)
	if err != nil {
		return err
	}
	last := len(letters) - 1
	for _, m := range letters[:last] {
		if err := r.hand(ctx, ap, m, nil); err != nil {
			return err
		}
	}
	r.cursor.Appeals[ap.Key()] = now
	next := r.cursor.bytes()
	if err := r.hand(ctx, ap, letters[last], next); err != nil {
		if delete(r.cursor.Appeals, ap.Key()); known {
			r.cursor.Appeals[ap.Key()] = had
		}
		return err
	}
	r.marked = next
	return nil
}

// hand gives one message to the hub. What the hub refuses for good must not
// stop the rest; a file the store refuses for good is left out with a mark.
func (r *receiver) hand(ctx context.Context, ap *appeals.Appeal, m sdk.Message, next sdk.Cursor) error {
	for {
		err := r.emit.Emit(ctx, m, next)
		unread, isFile := errors.AsType[*unreadError](err)
		store, isStore := errors.AsType[*filestore.Error](err)
		switch {
		case err == nil:
			return nil
		case isFile && isStore && !store.Temporary():
			m = without(m, unread.name, fileFault(store))
		case isFile:
			return errors.Join(errNotReady, err)
		case sdk.Refused(err):
			r.env.Log.Error("the hub does not take an appeal", "appeal", ap.Key(), "kind", sdk.KindOf(err))
			if next != nil {
				return r.emit.Mark(ctx, next)
			}
			return nil
		default:
			return err
		}
	}
}
