// Package audit keeps the append-only journal of who did what: every attempt to
// change something over REST or from the command line, refused ones too. What
// exactly changed in a record tells the record's own history.
package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// OK is the outcome of what succeeded.
const OK = "ok"

// Journal appends to and reads the audit journal. It is safe for concurrent use.
type Journal struct {
	Store store.Store
}

// Append writes one entry; ID and Meta are set here. The actor is that of ctx
// if the entry names none.
func (j Journal) Append(ctx context.Context, e core.AuditEntry) error {
	return j.Store.Update(ctx, func(tx store.Tx) error {
		entry := e
		entry.Meta = core.Meta{}
		entry.ID = core.AuditID(core.NewID("aud", tx.Now()))
		if entry.Actor == (core.Actor{}) {
			entry.Actor = tx.Actor()
		}
		// Indexed values hold no zero byte; what came from outside may.
		entry.Object = strings.ReplaceAll(entry.Object, "\x00", "")
		return store.Audit.Put(tx, &entry)
	})
}

// Outcome is how an operation that returned err ended: OK or the code of the
// error, and its kind if it has no code.
func Outcome(err error) string {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*core.Error](err); ok && e.Code != "" {
		return e.Code
	}
	return core.KindOf(err).String()
}

// Filter chooses entries; empty fields choose all.
type Filter struct {
	Actor, Operation, Object, Outcome string
	From, To                          time.Time // [From, To)
	After                             string    // Next of the page before
	Limit                             int
}

// List reads one page, newest first.
func (j Journal) List(ctx context.Context, f Filter) (page store.Page[core.AuditEntry], err error) {
	q := store.Query[core.AuditEntry]{Desc: true, After: f.After, Limit: f.Limit}
	for _, term := range []store.Term{
		{Index: "actor", Value: f.Actor},
		{Index: "operation", Value: f.Operation},
		{Index: "object", Value: f.Object},
		{Index: "outcome", Value: f.Outcome},
	} {
		if term.Value != "" {
			q.Where = append(q.Where, term)
		}
	}
	if !f.From.IsZero() {
		q.From = core.FirstID("aud", f.From)
	}
	if !f.To.IsZero() {
		q.To = core.FirstID("aud", f.To)
	}
	err = j.Store.View(ctx, func(tx store.Tx) error {
		page, err = store.Audit.List(tx, q)
		return err
	})
	return page, err
}
