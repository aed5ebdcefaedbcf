// Package jobs runs the background jobs of the hub and of its connectors: one
// list with schedule, last run, result and next run, "run now", on and off. A
// job runs once at a time; what fell due while the hub was down is caught up on
// once.
//
// It writes job.updated.
package jobs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/store"
)

// Job is one background job.
type Job struct {
	ID    core.JobID
	Title string         // for people, in Russian
	Owner core.ChannelID // whose it is; empty: the hub's own
	Every time.Duration  // as declared; people may set another
	// Run does the work; text says for people what came of it, in Russian and
	// without personal data. It ends soon after ctx does. A job that was cut short
	// is run again: it must stand that.
	Run func(ctx context.Context) (text string, err error)
}

// Source lists jobs that come and go: the operations of the channels that are
// on. It must be quick; it is asked at every look.
type Source func(ctx context.Context) ([]Job, error)

// Broadcaster shows what need not be kept; bus.Bus does.
type Broadcaster interface {
	Broadcast(topic bus.Topic, payload any) error
}

// Options of New.
type Options struct {
	Store store.Store
	Bus   Broadcaster
	Log   hclog.Logger     // nil: silent
	Now   func() time.Time // nil: time.Now
	// Parallel bounds the jobs that run at once; 0 means 4.
	Parallel int
	// Look is how often sources are asked anew at least; 0 means 30 s.
	Look time.Duration
}

// Bounds of a schedule that a person may set.
const (
	Fastest = 10 * time.Second
	Slowest = 31 * 24 * time.Hour
)

// Service runs the jobs. Run does the running; the rest may be called at any
// time by anyone.
type Service struct {
	opts    Options
	fixed   []Job
	sources []Source
	wake    chan struct{}

	mu      sync.Mutex
	running map[core.JobID]bool
}

// New makes the service over the hub's own jobs and the sources of others.
func New(o Options, fixed []Job, sources ...Source) *Service {
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	if o.Look == 0 {
		o.Look = 30 * time.Second
	}
	return &Service{opts: o, fixed: fixed, sources: sources, wake: make(chan struct{}, 1), running: map[core.JobID]bool{}}
}

// Status is a job with what is set for it and how it fares.
type Status struct {
	Job
	Setting core.Job // version 0: nothing was ever set
	State   core.JobState
}

// Schedule is how often the job runs, as set or as declared; 0: by hand only.
func (s *Status) Schedule() time.Duration {
	if s.Setting.Every > 0 {
		return time.Duration(s.Setting.Every) * time.Second
	}
	return s.Every
}

// List reads all jobs, by id.
func (s *Service) List(ctx context.Context) ([]*Status, error) {
	jobs, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*Status, 0, len(jobs))
	err = s.opts.Store.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		for _, j := range jobs {
			st, err := read(tx, j)
			if err != nil {
				return err
			}
			out = append(out, st)
		}
		return nil
	})
	return out, err
}

// all are the jobs there are now. A source that fails must not stop the others:
// its jobs are left out until it works again.
func (s *Service) all(ctx context.Context) ([]Job, error) {
	jobs := slices.Clone(s.fixed)
	for _, source := range s.sources {
		more, err := source(ctx)
		if err != nil {
			s.opts.Log.Warn("jobs not listed", "error", err)
			continue
		}
		jobs = append(jobs, more...)
	}
	slices.SortStableFunc(jobs, func(a, b Job) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return slices.CompactFunc(jobs, func(a, b Job) bool { return a.ID == b.ID }), ctx.Err()
}

func read(tx store.Tx, j Job) (*Status, error) {
	st := &Status{Job: j, Setting: core.Job{ID: j.ID}, State: core.JobState{ID: j.ID}}
	set, err := store.Jobs.Get(tx, string(j.ID))
	if err == nil {
		st.Setting = *set
	} else if core.KindOf(err) != core.KindNotFound {
		return nil, err
	}
	state, err := store.JobStates.Get(tx, string(j.ID))
	if err == nil {
		st.State = *state
	} else if core.KindOf(err) != core.KindNotFound {
		return nil, err
	}
	return st, nil
}

// Get reads one job. KindNotFound if there is none now.
func (s *Service) Get(ctx context.Context, id core.JobID) (*Status, error) {
	jobs, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(jobs, func(j Job) bool { return j.ID == id })
	if i < 0 {
		return nil, core.NotFound("jobs.not_found", "такой фоновой задачи нет")
	}
	var st *Status
	err = s.opts.Store.View(ctx, func(tx store.Tx) error {
		st, err = read(tx, jobs[i])
		return err
	})
	return st, err
}

// Set switches a job on or off and sets its schedule; every 0 is as declared.
// set.Version is that of Status.Setting; another is refused with KindConflict.
func (s *Service) Set(ctx context.Context, set core.Job) (*Status, error) {
	every := time.Duration(set.Every) * time.Second
	if set.Every != 0 && (every < Fastest || every > Slowest) {
		return nil, core.Invalid("jobs.every", "every", "от 10 секунд до 31 дня")
	}
	return s.change(ctx, set.ID, func(tx store.Tx, st *Status) error {
		st.Setting = set
		if st.State.NextAt != nil && st.State.StartedAt != nil {
			next := st.State.StartedAt.Add(st.Schedule())
			st.State.NextAt = &next
			if err := store.JobStates.Put(tx, &st.State); err != nil {
				return err
			}
		}
		return store.Jobs.Put(tx, &st.Setting)
	})
}

// RunNow has a job run at once, also one that is off. KindConflict if it runs
// already. What was asked for outlives a restart of the hub.
func (s *Service) RunNow(ctx context.Context, id core.JobID) (*Status, error) {
	return s.change(ctx, id, func(tx store.Tx, st *Status) error {
		if st.State.Running {
			return core.Conflict("jobs.running", "задача уже выполняется")
		}
		st.State.Asked = true
		return store.JobStates.Put(tx, &st.State)
	})
}

// change changes what is stored of a job and has Run look at it.
func (s *Service) change(ctx context.Context, id core.JobID, change func(store.Tx, *Status) error) (*Status, error) {
	st, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.opts.Store.Update(ctx, func(tx store.Tx) error {
		if st, err = read(tx, st.Job); err != nil {
			return err
		}
		if err := change(tx, st); err != nil {
			return err
		}
		shown := st.State
		tx.AfterCommit(func() { s.show(shown); s.Wake() })
		return nil
	})
	return st, err
}

// Wake has Run look at once. It never waits.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Service) show(state core.JobState) {
	if err := s.opts.Bus.Broadcast(bus.JobUpdated, state); err != nil {
		s.opts.Log.Warn("state of a job not shown", "job", state.ID, "error", err)
	}
}
