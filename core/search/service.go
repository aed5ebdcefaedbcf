package search

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/search/extract"
	"github.com/uzel-hub/uzel/core/store"
)

// Events lets a reader follow what is published; bus.Bus does.
type Events interface {
	Follow(ctx context.Context, topics []bus.Topic, after string) (*bus.Tail, error)
}

// Config is what a Service needs. What has no default must be set.
type Config struct {
	Store  store.Store
	Blobs  blob.Store
	Events Events
	// Dir is the folder of the index. It can be deleted when the hub does not run.
	Dir string
	// Reader reads the contents of files; nil: they are not searched.
	Reader *extract.Reader
	Log    hclog.Logger // nil: nothing is logged
	// Share is the part of one core that indexing may take, up to 1; 0 means a
	// half.
	Share float64
}

// Service keeps the index and answers from it. Run indexes; its other methods
// may be called by many goroutines, before, while and after it runs.
type Service struct {
	Config
	index holder

	building atomic.Bool  // a walk over all documents is under way
	done     atomic.Int64 // documents it has come by

	mu        sync.Mutex
	interrupt context.CancelCauseFunc // of the round under way; nil: there is none
}

// New makes a service without an index: Run opens it.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	if c.Share <= 0 || c.Share > 1 {
		c.Share = 0.5
	}
	return &Service{Config: c, index: holder{dir: c.Dir}}
}

// errRebuild interrupts the indexing when somebody asked for a new index.
var errRebuild = errors.New("rebuild")

// retryPause is how long indexing waits after a fault.
const retryPause = 2 * time.Second

// Run opens the index and keeps it up with the store until ctx is done. What
// goes wrong is logged and tried again: an index the hub cannot have is no
// reason for the hub to stop.
func (s *Service) Run(ctx context.Context) error {
	defer s.index.close()
	defer s.rest()
	for ctx.Err() == nil {
		err := s.follow(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errRebuild), errors.Is(err, errDamaged):
			s.Log.Warn("the search index is built anew", "reason", err)
			err = s.index.renew()
			s.pause(ctx, err)
		default:
			s.pause(ctx, err)
		}
	}
	return nil
}

func (s *Service) pause(ctx context.Context, err error) {
	if err == nil {
		return
	}
	s.Log.Error("documents are not indexed now", "kind", core.KindOf(err), "error", err)
	sleep(ctx, retryPause)
}

// sleep ends early with ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// rest lets the child process go that reads files.
func (s *Service) rest() {
	if s.Reader != nil {
		s.Reader.Close()
	}
}

// follow indexes from where the index stands until something goes wrong.
func (s *Service) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.interruptBy(cancel)
	defer s.interruptBy(nil)
	if err := s.open(); err != nil {
		return err
	}
	w, err := s.newWorker(ctx)
	if err != nil {
		return err
	}
	defer w.tail.Close()
	for {
		if err := w.round(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
}

func (s *Service) open() error {
	if s.index.opened() {
		return nil
	}
	thrown, err := s.index.open()
	if thrown != nil {
		s.Log.Warn("the search index could not be read and is built anew", "reason", thrown)
	}
	return err
}

func (s *Service) interruptBy(cancel context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interrupt = cancel
}

// stop ends the indexing under way for the reason.
func (s *Service) stop(reason error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.interrupt == nil {
		return core.Unavailable("search.absent", "поиск ещё не готов", nil)
	}
	s.interrupt(reason)
	return nil
}

// Rebuild throws the index away and begins to build it anew, newest documents
// first. Until it is whole, searches find what is in it already. KindUnavailable
// if the service does not run.
func (s *Service) Rebuild() error {
	err := s.stop(errRebuild)
	if err == nil {
		s.building.Store(true)
		s.done.Store(0)
	}
	return err
}

// State of the index.
type State string

const (
	Absent   State = "absent"   // there is none now
	Building State = "building" // older documents are still missing
	Ready    State = "ready"
)

// Status tells how far the index is.
type Status struct {
	State     State `json:"state"`
	Documents int64 `json:"documents"` // in the index
	// Done is how many documents the building has come by, of about Total; both 0
	// when nothing is built.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Status of the index.
func (s *Service) Status(ctx context.Context) (Status, error) {
	out := Status{State: Ready}
	err := s.index.use(func(index bleve.Index) error {
		n, err := index.DocCount()
		out.Documents = int64(n) //nolint:gosec // documents are fewer
		return err
	})
	if err != nil {
		return Status{State: Absent}, nil //nolint:nilerr // that is the state
	}
	if !s.building.Load() {
		return out, nil
	}
	out.State, out.Done = Building, s.done.Load()
	err = s.Store.View(ctx, func(tx store.Tx) error {
		out.Total = 0
		for c, err := range store.Counters.All(tx) {
			if err != nil {
				return err
			}
			out.Total += int64(c.Last) //nolint:gosec // documents are fewer
		}
		return nil
	})
	out.Total = max(out.Total, out.Done)
	return out, err
}
