// Package store keeps the nouns of package core: one transaction, typed tables
// with declared indexes, and the history of every change.
//
// A driver (boltstore, pgstore) supplies ordered byte maps called buckets and a
// transaction over them; everything typed is built here on top, once, so that
// all drivers agree. storetest is the suite each driver passes.
package store

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Store is a database of buckets.
type Store interface {
	// Update runs fn in a read-write transaction and returns when what it wrote
	// is on disk. Concurrent callers share one disk transaction and one flush;
	// an fn that fails or panics is undone alone. Functions run one after the
	// other and must not wait for anything: read files and talk to the network
	// before. A driver may run fn again after a lost conflict, so fn must set,
	// not add to, variables outside.
	//
	// The error is fn's own, KindInternal with the stack if fn panicked, or
	// KindUnavailable when the disk refused or the file proved damaged: nothing
	// was written then, and the store goes on as soon as the disk does.
	//
	// An fn whose ctx ends before its turn is not run; KindUnavailable too. What
	// goes along under ctx is run with fn: see Along.
	Update(ctx context.Context, fn func(Tx) error) error

	// View runs fn over one consistent state. It does not wait for writers, nor
	// they for it; but what they replace is kept as long as it runs, so a View
	// must not wait for people or the network.
	View(ctx context.Context, fn func(Tx) error) error

	// Backup writes a consistent copy of the running store.
	Backup(ctx context.Context, w io.Writer) error

	// Check proves the driver's own structures sound: report gets one line for
	// each fault found. CheckTables proves the records. An error means that there
	// is no point in going on.
	Check(ctx context.Context, report func(problem string)) error

	// Close lets the updates and views that run come to their end. What comes
	// later is refused with KindUnavailable. A second Close does nothing.
	Close() error
}

type deferrable struct{}

// Deferrable marks what is updated under ctx as work nobody waits for: a driver
// may let other updates go first when many wait, so that what came in is
// acknowledged before it is worked on. It slows such work down and never stops
// it.
func Deferrable(ctx context.Context) context.Context {
	return context.WithValue(ctx, deferrable{}, true)
}

// IsDeferrable tells a driver that ctx was marked.
func IsDeferrable(ctx context.Context) bool { return ctx.Value(deferrable{}) != nil }

type companion struct{}

// Along makes do a part of every update under ctx: it runs behind the update's
// own function in the same transaction, and undoes it if it fails. What must be
// on disk together with whatever an operation writes, its audit entry, is
// written so. do may run on another goroutine than the caller's.
func Along(ctx context.Context, do func(Tx) error) context.Context {
	return context.WithValue(ctx, companion{}, do)
}

// Whole is fn with what goes along with it under ctx. A driver's Update runs it
// in place of fn.
func Whole(ctx context.Context, fn func(Tx) error) func(Tx) error {
	do, ok := ctx.Value(companion{}).(func(Tx) error)
	if !ok {
		return fn
	}
	return func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return do(tx)
	}
}

// Tx is one transaction. It is valid inside fn only and used by one goroutine.
// Byte slices it returns are valid until fn returns and must not be changed.
type Tx interface {
	// Get returns nil for a key that is not there.
	Get(bucket string, key []byte) ([]byte, error)
	// Put, Insert and Delete are refused with KindInternal in View. key may be used again
	// at once; value must stay as it is until Update returns. An empty value is
	// not an absent one; an empty key is refused.
	Put(bucket string, key, value []byte) error
	// Insert is Put of a key that is not there, as the caller knows: a driver need
	// not look.
	Insert(bucket string, key, value []byte) error
	Delete(bucket string, key []byte) error

	// Scan walks the keys in [from, to), upwards or with desc downwards. A nil
	// bound is open. The bucket must not be changed while it is walked; stop
	// first. A failed read ends the walk and fails the transaction.
	Scan(bucket string, from, to []byte, desc bool) iter.Seq2[[]byte, []byte]

	// Ahead tells that the first n keys of such a Scan are about to be read: a
	// driver may have them all on the way from the disk at once. Only advice.
	Ahead(bucket string, from, to []byte, desc bool, n int)

	// Sequence takes the next number of the bucket, from 1. A number taken by a
	// transaction that did not commit is taken again.
	Sequence(bucket string) (uint64, error)

	// Attempt runs fn and, if it fails or panics, takes back what fn wrote: the
	// transaction goes on as if fn had not been run. The error is fn's own. For
	// work on many records of which each may be refused alone.
	Attempt(fn func() error) error

	// BeforeCommit runs f when fn has succeeded, before what it wrote goes to
	// disk. f may wait for the disk, as fn may not: for the files that records
	// name. If it fails, fn counts as failed with its error, alone. f must not
	// call the store.
	BeforeCommit(f func() error)

	// AfterCommit runs f once the transaction is on disk, not if it failed. f
	// must be quick and must not call the store.
	AfterCommit(f func())

	// Now is the moment of the transaction, by the store's clock, in UTC.
	Now() time.Time
	// Actor is who does it: core.ActorOf the context of Update.
	Actor() core.Actor
}
