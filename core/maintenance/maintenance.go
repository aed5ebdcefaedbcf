// Package maintenance proves a hub sound, takes a copy of a running one and
// brings a copy back.
package maintenance

import (
	"context"
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Blobs is what maintenance needs of the file store.
type Blobs interface {
	Stat(ctx context.Context, hash string) (blob.Ref, error)
	Walk(ctx context.Context, fn func(blob.Ref) error) error
	Check(ctx context.Context, report func(blob.Problem)) error
	Snapshot(ctx context.Context, dst string) error
}

// Queues is what maintenance needs of the bus's driver.
type Queues interface {
	Check(ctx context.Context, report func(problem string)) error
}

// Service looks after one hub.
type Service struct {
	Store  store.Store
	Blobs  Blobs
	Queues Queues
	// Files are further files of the hub a backup carries, by the name they have
	// in the data folder: installed plugins.
	Files map[string]string
	// Key is the file with the key of the secrets; a backup carries it only when
	// told so, because what it seals lies beside it then.
	Key string
	// Temp is a folder on the disk of the data, for the copy that is being made.
	Temp    string
	Version string
	// StartedAt and Pending are for Status: when the hub began, and how many
	// events wait for their handlers. A hub that does not run has neither.
	StartedAt time.Time
	Pending   func(ctx context.Context) (uint64, error)
}

// Report is the outcome of a check.
type Report struct {
	Tables   []store.Rows   `json:"tables"`
	Journals []JournalCount `json:"journals"`
	Blobs    int            `json:"blobs"`
	Bytes    int64          `json:"bytes"`
	// Unregistered are messages that have not become a document yet: those on
	// their way through the bus, and those in dead letters.
	Unregistered int `json:"unregistered"`
	// Unused are files that no record names, and how much they take: what was
	// uploaded and given up, and what is being uploaded now. They are no problem
	// and stay where they are. UnusedFiles are the first of them, by hash.
	Unused      int      `json:"unused"`
	UnusedBytes int64    `json:"unused_bytes"`
	UnusedFiles []string `json:"unused_files"`
	// Problems are the first ones found, in words for an administrator; All
	// counts them all.
	Problems []string `json:"problems"`
	All      int      `json:"all_problems"`
}

// JournalCount is how far a journal has counted in a year.
type JournalCount struct {
	Journal core.JournalID `json:"journal"`
	Year    int            `json:"year"`
	Last    uint64         `json:"last"`
}

// maxProblems bounds what a report lists.
const maxProblems = 1000

func (r *Report) problem(text string) {
	if r.All++; r.All <= maxProblems {
		r.Problems = append(r.Problems, text)
	}
}

// Check proves database, records, numbers, files and references sound. It reads
// everything and may take minutes; progress (not nil) hears what it is at. It
// may run beside a working hub.
func (s *Service) Check(ctx context.Context, progress func(step string)) (Report, error) {
	r := Report{Problems: []string{}, UnusedFiles: []string{}}
	progress("база данных")
	if err := s.Store.Check(ctx, r.problem); err != nil {
		return r, err
	}
	progress("таблицы")
	var err error
	r.Tables, err = store.CheckTables(ctx, s.Store, r.problem, func(table string, n int) {
		progress(fmt.Sprintf("таблицы: %s, %d", table, n))
	}, bus.DeadLetterTable)
	if err != nil {
		return r, err
	}
	if err := s.journals(ctx, &r); err != nil {
		return r, err
	}
	progress("очереди")
	if err := s.Queues.Check(ctx, r.problem); err != nil {
		return r, err
	}
	progress("файлы")
	if err := s.blobs(ctx, &r); err != nil {
		return r, err
	}
	progress("ссылки на файлы")
	if err := s.references(ctx, &r); err != nil {
		return r, err
	}
	progress("файлы, на которые ничто не ссылается")
	return r, s.unused(ctx, &r)
}

func (s *Service) journals(ctx context.Context, r *Report) error {
	return s.Store.View(ctx, func(tx store.Tx) error {
		for c, err := range store.Counters.All(tx) {
			if err != nil {
				return err
			}
			r.Journals = append(r.Journals, JournalCount{Journal: c.Journal, Year: c.Year, Last: c.Last})
		}
		return nil
	})
}

func (s *Service) blobs(ctx context.Context, r *Report) error {
	err := s.Blobs.Walk(ctx, func(ref blob.Ref) error {
		r.Blobs++
		r.Bytes += ref.Size
		return nil
	})
	if err != nil {
		return err
	}
	return s.Blobs.Check(ctx, func(p blob.Problem) {
		r.problem(fmt.Sprintf("файл %s (%s): %v", p.Hash, p.Place, p.Err))
	})
}
