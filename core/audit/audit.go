// Package audit keeps the append-only journal of who did what: every attempt to
// change something over REST or from the command line, refused ones too. What
// exactly changed in a record tells the record's own history.
package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Outcomes that are no code of an error.
const (
	OK = "ok"
	// Begun: it works beyond the store, and its end was not noted (yet).
	Begun = "begun"
)

// Journal appends to and reads the audit journal. It is safe for concurrent use.
type Journal struct {
	Store store.Store
}

// Write writes one entry in the transaction of what it tells of; ID and Meta are
// set here. The actor is that of tx if the entry names none.
func Write(tx store.Tx, e *core.AuditEntry) error {
	e.Meta = core.Meta{}
	e.ID = core.AuditID(core.NewID("aud", tx.Now()))
	if e.Actor == (core.Actor{}) {
		e.Actor = tx.Actor()
	}
	e.Object = clean(e.Object)
	return store.Audit.Put(tx, e)
}

// clean is text as indexes hold it, without zero bytes: what came from outside
// may have them.
func clean(text string) string { return strings.ReplaceAll(text, "\x00", "") }

// Append is Write in a transaction of its own.
func (j Journal) Append(ctx context.Context, e core.AuditEntry) error {
	return j.Store.Update(ctx, func(tx store.Tx) error {
		entry := e
		return Write(tx, &entry)
	})
}

// Complete tells how an operation ended whose entry was written with its first
// transaction: who it proved to be, what it was done to, and the outcome.
func (j Journal) Complete(ctx context.Context, e core.AuditEntry) error {
	return j.Store.Update(ctx, func(tx store.Tx) error {
		kept, err := store.Audit.Get(tx, string(e.ID))
		if err != nil {
			return err
		}
		kept.Actor, kept.Object, kept.Outcome = e.Actor, clean(e.Object), e.Outcome
		return store.Audit.Put(tx, kept)
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
	// Actor also finds what an administrator did as another user.
	Actor, Operation, Object, Outcome, Request string

	From, To time.Time // [From, To)
	After    string    // Next of the page before
	Limit    int
}

func (f Filter) query() store.Query[core.AuditEntry] {
	q := store.Query[core.AuditEntry]{Desc: true, After: f.After, Limit: f.Limit}
	for _, term := range []store.Term{
		{Index: "actor", Value: f.Actor},
		{Index: "operation", Value: f.Operation},
		{Index: "object", Value: f.Object},
		{Index: "outcome", Value: f.Outcome},
		{Index: "request", Value: f.Request},
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
	return q
}

// List reads one page, newest first.
func (j Journal) List(ctx context.Context, f Filter) (page store.Page[core.AuditEntry], err error) {
	err = j.Store.View(ctx, func(tx store.Tx) error {
		page, err = store.Audit.List(tx, f.query())
		return err
	})
	return page, err
}

// Each calls do for every entry, newest first, until it fails. It reads page by
// page and holds no view of the store while do runs, which may wait for a slow
// reader.
func (j Journal) Each(ctx context.Context, f Filter, do func(*core.AuditEntry) error) error {
	for f.Limit = pageOfEach; ; {
		page, err := j.List(ctx, f)
		if err != nil {
			return err
		}
		for _, e := range page.Items {
			if err := do(e); err != nil {
				return err
			}
		}
		if f.After = page.Next; f.After == "" {
			return nil
		}
	}
}

const pageOfEach = 500

// Count is how often an operation ended so.
type Count struct {
	Operation string    `json:"operation"`
	Outcome   string    `json:"outcome"`
	Times     int       `json:"times"`
	LastAt    time.Time `json:"last_at"`
}

// Summary counts what the filter chooses by operation and outcome, most often
// first. It looks at the newest entries only, maxSummed of them; more tells that
// there are others.
func (j Journal) Summary(ctx context.Context, f Filter) (counts []Count, more bool, err error) {
	var c counter
	err = j.Each(ctx, f, c.add)
	if errors.Is(err, errEnough) {
		more, err = true, nil
	}
	slices.SortStableFunc(c.counts, func(a, b Count) int { return cmp.Compare(b.Times, a.Times) })
	return c.counts, more, err
}

// maxSummed is how many entries a summary looks at.
const maxSummed = 10_000

var errEnough = errors.New("enough entries")

type counter struct {
	counts []Count
	seen   int
}

func (c *counter) add(e *core.AuditEntry) error {
	if c.seen++; c.seen > maxSummed {
		return errEnough
	}
	i := slices.IndexFunc(c.counts, func(n Count) bool { return n.Operation == e.Operation && n.Outcome == e.Outcome })
	if i < 0 {
		// Entries come newest first: this one is the last of its kind.
		c.counts = append(c.counts, Count{Operation: e.Operation, Outcome: e.Outcome, Times: 1, LastAt: e.CreatedAt})
		return nil
	}
	c.counts[i].Times++
	return nil
}
