// Package boltstore keeps the store in one bbolt file.
//
// bbolt allows one read-write transaction at a time, so callers of Update share
// transactions: a single goroutine, the committer, runs whatever functions wait
// one after the other in one bbolt transaction, commits it, and answers all of
// them (commit.go). While it waits for the disk the next group gathers by itself;
// there is no timer. A function that fails is undone alone from a log of the
// values it overwrote (tx.go).
//
// A group is durable when its record in the redo log is (redo.go): one write
// behind the last and one flush, in place of pages all over the file and two
// flushes. The pages follow at checkpoints (checkpoint.go). A database that was
// closed in order is one file; after a crash the logs beside it belong to it
// (recover.go).
//
// What a list will read is fetched ahead of it (ahead.go), and pages that were
// read are let go when they are many (resident.go).
//
// bbolt panics, or reads outside the file, when pages are damaged. Open
// therefore looks at the file before bbolt does, and every entry turns a panic
// into an error.
package boltstore
