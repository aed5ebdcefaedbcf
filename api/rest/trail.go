package rest

import (
	"context"
	"slices"
	"sync"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/store"
)

// trail is the way of a call's audit entry into the journal. It goes along with
// the first transaction of the operation that commits: a crash, or a disk that
// is full, leaves both or neither. What works beyond the store is noted before
// it begins.
type trail struct {
	mu   sync.Mutex
	kept *core.AuditEntry // as the journal has it; nil: not yet
	over bool
}

// begin prepares the audit of the call.
func (s *Server) begin(c *call) error {
	if !c.audited() {
		return nil
	}
	c.r = c.r.WithContext(store.Along(c.ctx(), c.note))
	if !c.route.outside {
		return nil
	}
	return s.Store.Update(c.ctx(), func(store.Tx) error { return nil })
}

// note writes the entry in tx, unless an earlier transaction of the call has, or
// the call is over and tx belongs to something it has left behind.
func (c *call) note(tx store.Tx) error {
	c.trail.mu.Lock()
	defer c.trail.mu.Unlock()
	if c.trail.kept != nil || c.trail.over {
		return nil
	}
	e := c.entry(audit.OK)
	if c.route.outside {
		e.Outcome = audit.Begun
	}
	if c.who == nil {
		e.Actor = tx.Actor()
	}
	if err := audit.Write(tx, &e); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		c.trail.mu.Lock()
		defer c.trail.mu.Unlock()
		c.trail.kept = &e
	})
	return nil
}

// entry is what the journal is to say of the call as it stands.
func (c *call) entry(outcome string) core.AuditEntry {
	e := core.AuditEntry{
		Actor: stranger(), Operation: c.route.name, Object: c.object, Remote: c.remote, Request: c.id,
		Outcome: outcome,
	}
	if e.Object == "" && c.param("id") != "" {
		e.Object = c.route.collection() + "/" + c.param("id")
	}
	if c.who != nil {
		e.Actor = c.who.Actor()
		if c.who.Token != nil {
			e.Token = string(c.who.Token.ID)
		}
	}
	return e
}

// conclude sees to it that the journal tells how the call ended. The error is
// for the caller of an operation that succeeded and left no trace.
func (s *Server) conclude(c *call) error {
	if !c.audited() {
		return nil
	}
	c.trail.mu.Lock()
	c.trail.over = true
	kept := c.trail.kept
	c.trail.mu.Unlock()
	// The operation is over, whether the caller still waits or not.
	ctx := context.WithoutCancel(c.ctx())
	e := c.entry(audit.Outcome(c.failed))
	var err error
	switch {
	case kept == nil:
		err = s.Audit.Append(ctx, e)
	case kept.Actor != e.Actor || kept.Object != e.Object || kept.Outcome != e.Outcome:
		e.ID = kept.ID
		err = s.Audit.Complete(ctx, e)
	}
	if err == nil {
		return nil
	}
	s.Log.Error("audit entry lost", "request", c.id, "operation", e.Operation, "outcome", e.Outcome, "error", err)
	if kept != nil {
		return nil // it is there, and says less
	}
	return err
}

// unproven are refusals at the door that say nothing about anybody: tries that
// were not even looked at, and those no provider has vouched for.
var unproven = []string{"access.throttled", "access.oidc", "access.oidc_down", "access.oidc_none"}

// audited leaves out reading, but for what is taken away in files; signs of life;
// what nobody known tried (a stranger must not fill the disk); and what is unproven.
func (c *call) audited() bool {
	switch {
	case c.route.door:
		return c.failed == nil || !slices.Contains(unproven, asError(c.failed).Code)
	case c.route.quiet, c.safe() && !c.route.handsOut:
		return false
	}
	return c.who != nil
}

// stranger is the actor of a sign-in that failed.
func stranger() core.Actor { return core.Actor{Kind: core.ActorUser, ID: "stranger"} }
