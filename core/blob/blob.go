// Package blob keeps files by their content: a file is addressed by the SHA-256
// of its bytes, and the same bytes are kept once however often they come.
//
// Events and documents carry a [Ref]; the bytes stay here. Drivers live in
// folders named after their technology (fileblob) and pass the suite in
// blobtest.
package blob

import (
	"context"
	"io"
)

// Ref is a file by reference.
type Ref struct {
	Hash string // lower-case hex SHA-256 of the content
	Size int64  // bytes
}

// Reader reads one stored file from any place and in any order, as HTTP ranges
// need it. Its ReadAt may be called from several goroutines. A Delete after
// Open does not disturb it. Whoever opened it closes it.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Size is the length of the file in bytes.
	Size() int64
}

// Store keeps files. All methods may be called from several goroutines.
//
// Errors are core.Error: not_found for a hash that is not stored, invalid for
// what is no hash, unavailable for a full or failing disk (nothing is damaged;
// the same call succeeds when the cause is gone) and for a closed store,
// internal for content that no longer fits its hash.
type Store interface {
	// Put stores what r yields until io.EOF. When it returns nil the file is on
	// stable storage; when it returns an error nothing of this call can be
	// seen. The content streams: memory does not grow with its size. An error
	// of r is returned wrapped, its kind unchanged. ctx is asked between two
	// reads of r, so a reader that blocks must be ended by its owner.
	Put(ctx context.Context, r io.Reader) (Ref, error)

	// Begin is Put of what lies in memory, for whoever has something else to do
	// meanwhile: it does not wait for the disk, but wait does, and tells how it
	// ended. wait may be called any number of times, from any goroutine. Until it
	// has returned, all must not be changed, and the file cannot be seen. What
	// nobody waits for is stored later, or never if the process dies.
	Begin(ctx context.Context, all []byte) (ref Ref, wait func() error, err error)

	// Open returns the file for reading.
	Open(ctx context.Context, hash string) (Reader, error)

	// Stat tells whether the file is stored and how long it is.
	Stat(ctx context.Context, hash string) (Ref, error)

	// Delete removes the file and gives its space back to the disk, as the
	// erasure of personal data demands. A file that is not stored is no error.
	// A Put of the same content that ended before Delete began is undone by it:
	// who collects garbage sees to it that nobody is about to refer to the file.
	Delete(ctx context.Context, hash string) error

	// Walk calls fn for every file stored when it began, in no particular
	// order, and ends at the first error of fn, which it returns as it is. What
	// is put or deleted meanwhile may or may not be shown. fn may call the
	// store.
	Walk(ctx context.Context, fn func(Ref) error) error

	// Close waits for running calls to Put and releases the store.
	Close() error
}

// Problem is one fault that a check of a store found.
type Problem struct {
	Hash  string // of the file concerned; empty if it cannot be told
	Place string // where in the store, for the administrator
	Err   error
}
