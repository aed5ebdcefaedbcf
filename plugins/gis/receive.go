package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/sdk"
)

// receiver brings in the appeals of one run of Receive.
type receiver struct {
	*account
	emit   sdk.Emitter
	cursor cursor
	marked sdk.Cursor // what the hub has
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
	found, err := r.export(ctx, appeals.Selection{From: w.from, To: w.to, Sent: true, InWork: true, HCS: r.set.Receive.HCS})
	if err != nil {
		return err
	}
	if err := r.take(ctx, found); err != nil {
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
		found, err := r.export(ctx, appeals.Selection{GUIDs: chunk})
		if err != nil {
			return err
		}
		if err := r.take(ctx, found); err != nil {
			return err
		}
	}
	if all {
		r.cursor.Reread = r.clock.now().UTC().Truncate(time.Second)
	}
	return nil
}

func (r *receiver) export(ctx context.Context, s appeals.Selection) ([]appeals.Appeal, error) {
	res, err := r.fetch(ctx, appeals.Path, "exportAppeal", appeals.Export(s), fetchLimit)
	if err != nil {
		return nil, err
	}
	return res.Appeals, nil
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
