package search

import (
	"context"
	"errors"
	"fmt"
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
	// Busy tells that the hub has much to do, so that indexing takes an eighth of
	// its share: a search may miss what came in this moment, an acknowledgement
	// must not wait. May be nil.
	Busy func() bool
	// Shard is how many documents a shard takes; 0 means 8192. Fewer make a search
	// over all shards dearer, more one that ends in the first.
	Shard uint64
	// Look is at how many documents a search looks before it leaves older shards to
	// the next page; 0 means 10,000. One shard is looked at in any case.
	Look uint64
}

// Service keeps the index and answers from it. Run indexes; its other methods
// may be called by many goroutines, before, while and after it runs.
type Service struct {
	Config
	serving  atomic.Pointer[set] // answers; nil: there is none
	building *set                // is to take its place; nil: none is built. Of Run's goroutine

	whole atomic.Bool  // the set that answers has all documents
	anew  atomic.Bool  // another one is wanted or being built
	done  atomic.Int64 // documents the walk under way has come by

	mu        sync.Mutex
	interrupt context.CancelCauseFunc // of the round under way; nil: there is none
}

// oneAnalyser has the library, which has one setting for the whole process, use
// one core at once and not all: messages that come in need the others.
var oneAnalyser sync.Once

// New makes a service without an index: Run opens it.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	if c.Share <= 0 || c.Share > 1 {
		c.Share = 0.5
	}
	if c.Shard == 0 {
		c.Shard = shardDocuments
	}
	oneAnalyser.Do(func() { bleve.Config.SetAnalysisQueueSize(1) })
	if c.Look == 0 {
		c.Look = 10_000
	}
	return &Service{Config: c}
}

// Why the indexing under way is interrupted.
var (
	errRebuild = errors.New("a new index was asked for")
	errCancel  = errors.New("the new index is not wanted any more")
)

// retryPause is how long indexing waits after a fault.
const retryPause = 2 * time.Second

// Run opens the index and keeps it up with the store until ctx is done. What
// goes wrong is logged and tried again: an index the hub cannot have is no
// reason for the hub to stop.
func (s *Service) Run(ctx context.Context) error {
	defer s.close()
	for ctx.Err() == nil {
		err := s.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		s.pause(ctx, s.obey(err))
	}
	return nil
}

// obey does what the indexing was interrupted for. Another error comes back.
func (s *Service) obey(reason error) error {
	switch {
	case errors.Is(reason, errRebuild):
		s.Log.Info("a new search index is built")
		return s.build()
	case errors.Is(reason, errCancel):
		return s.drop()
	case errors.Is(reason, errDamaged):
		s.Log.Warn("the search index is built anew", "reason", reason)
		return s.throwAway()
	}
	return reason
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

func (s *Service) close() {
	s.rest()
	if serving := s.serving.Swap(nil); serving != nil {
		serving.close()
	}
	if s.building != nil {
		s.building.close()
		s.building = nil
	}
}

// follow indexes from where the sets stand until something goes wrong or
// somebody wants something else.
func (s *Service) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.interruptBy(cancel)
	defer s.interruptBy(nil)
	if err := s.open(); err != nil {
		return err
	}
	err := s.work(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// work keeps the set that answers up and builds the other one, if there is one.
func (s *Service) work(ctx context.Context) error {
	main, err := s.newWorker(ctx, s.serving.Load())
	if err != nil {
		return err
	}
	defer main.tail.Close()
	if s.building == nil {
		for err == nil {
			err = main.round(ctx, true)
		}
		return err
	}
	next, err := s.newWorker(ctx, s.building)
	if err != nil {
		return err
	}
	defer next.tail.Close()
	for !s.building.state.Whole {
		if err := next.round(ctx, true); err != nil {
			return s.buildingFault(err)
		}
		if err := main.round(ctx, false); err != nil {
			return err
		}
	}
	return s.promote()
}

// buildingFault has the building begin once more where it cannot go on.
func (s *Service) buildingFault(err error) error {
	if errors.Is(err, errDamaged) || errors.Is(err, errRebuild) {
		return errors.Join(errRebuild, s.drop())
	}
	return err
}

// open opens the sets if that was not done yet.
func (s *Service) open() (err error) {
	if s.serving.Load() != nil {
		return nil
	}
	serving, building, err := openSets(s.Dir, s.Log)
	if err == nil && serving == nil {
		serving, err = newSet(s.Dir)
	}
	if err != nil {
		return err
	}
	if s.building = building; building == nil && (serving.state.Stale || s.anew.Load()) {
		if s.building, err = newSet(s.Dir); err != nil {
			serving.close()
			return err
		}
	}
	s.anew.Store(s.building != nil)
	s.answerFrom(serving)
	return nil
}

func (s *Service) answerFrom(serving *set) {
	s.whole.Store(serving.state.Whole)
	s.serving.Store(serving)
}

// build begins a new set beside the one that answers.
func (s *Service) build() (err error) {
	if s.building != nil {
		return nil
	}
	s.anew.Store(true)
	s.done.Store(0)
	s.building, err = newSet(s.Dir)
	return err
}

// promote lets the new set answer and removes the old one.
func (s *Service) promote() error {
	old := s.serving.Load()
	s.answerFrom(s.building)
	s.building = nil
	defer s.anew.Store(false)
	return old.remove()
}

// drop gives the new set up.
func (s *Service) drop() error {
	defer s.anew.Store(false)
	building := s.building
	s.building = nil
	if building == nil {
		return nil
	}
	return building.remove()
}

// throwAway removes the set that answers; what is being built answers then.
func (s *Service) throwAway() error {
	var err error
	if old := s.serving.Swap(nil); old != nil {
		err = old.remove()
	}
	if s.building != nil {
		s.answerFrom(s.building)
		s.building = nil
	}
	s.anew.Store(false)
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
		return errAbsent()
	}
	s.interrupt(reason)
	return nil
}

// Rebuild begins to build a new index, newest documents first. Searches find
// what is in the old one until the new one is whole and takes its place; a hub
// that is stopped goes on building when it starts. KindConflict if an index is
// being built already, KindUnavailable if the service does not run.
func (s *Service) Rebuild() error {
	if s.serving.Load() == nil {
		return errAbsent()
	}
	if !s.whole.Load() || !s.anew.CompareAndSwap(false, true) {
		return core.Conflict("search.building", "индекс уже строится")
	}
	s.done.Store(0)
	err := s.stop(errRebuild)
	if err != nil {
		s.anew.Store(false)
	}
	return err
}

// Cancel gives up the index that is being built; the old one stays. KindConflict
// if there is none, or no old one.
func (s *Service) Cancel() error {
	if !s.anew.Load() || s.serving.Load() == nil {
		return core.Conflict("search.not_rebuilding", "новый индекс сейчас не строится")
	}
	return s.stop(errCancel)
}

// State of the index.
type State string

const (
	Absent     State = "absent"     // there is none now
	Building   State = "building"   // older documents are still missing
	Rebuilding State = "rebuilding" // searches are answered, another index is being built
	Ready      State = "ready"
)

// Status tells how far the index is.
type Status struct {
	State     State `json:"state"`
	Documents int64 `json:"documents"` // in the index that answers
	// Done is how many documents the building has come by, of about Total; both 0
	// when nothing is built.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Status of the index.
func (s *Service) Status(ctx context.Context) (Status, error) {
	serving := s.serving.Load()
	if serving == nil {
		return Status{State: Absent}, nil
	}
	n, err := serving.count()
	if err != nil {
		return Status{State: Absent}, nil //nolint:nilerr // that is the state
	}
	out := Status{State: Ready, Documents: int64(n)} //nolint:gosec // documents are fewer
	switch {
	case !s.whole.Load():
		out.State = Building
	case s.anew.Load():
		out.State = Rebuilding
	default:
		return out, nil
	}
	out.Done = s.done.Load()
	if out.Total, err = s.total(ctx); err != nil {
		return out, err
	}
	out.Total = max(out.Total, out.Done)
	return out, nil
}

// total is about how many documents there are: those that have numbers.
func (s *Service) total(ctx context.Context) (n int64, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		n = 0
		for c, err := range store.Counters.All(tx) {
			if err != nil {
				return err
			}
			n += int64(c.Last) //nolint:gosec // documents are fewer
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count documents: %w", err)
	}
	return n, nil
}
