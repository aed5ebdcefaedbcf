package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Run runs the jobs as they fall due until ctx is done, and waits for those that
// run.
func (s *Service) Run(ctx context.Context) error {
	var g errgroup.Group
	settled := false
	for ctx.Err() == nil {
		next, err := s.opts.Look, error(nil)
		if !settled { // a full disk must not keep the hub from starting
			err = s.interrupted(ctx)
			settled = err == nil
		}
		if settled {
			next, err = s.start(ctx, &g)
		}
		if err != nil && ctx.Err() == nil {
			s.opts.Log.Error("jobs not looked at", "error", err)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
		}
		timer.Stop()
	}
	return g.Wait()
}

// interrupted settles what ran when the hub was stopped: it is due at once.
func (s *Service) interrupted(ctx context.Context) error {
	err := s.opts.Store.Update(ctx, func(tx store.Tx) error {
		for state, err := range store.JobStates.All(tx) {
			if err != nil {
				return err
			}
			if !state.Running {
				continue
			}
			now := s.opts.Now().UTC()
			state.Running, state.Outcome, state.EndedAt, state.NextAt = false, core.JobInterrupted, &now, &now
			state.Code, state.Text = "", "прервана остановкой узла"
			if err := store.JobStates.Put(tx, state); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle interrupted jobs: %w", err)
	}
	return nil
}

// start begins what is due, as many as may run, and tells after what pause to
// look again.
func (s *Service) start(ctx context.Context, g *errgroup.Group) (time.Duration, error) {
	all, err := s.List(ctx)
	if err != nil {
		return s.opts.Look, err
	}
	wait, now := s.opts.Look, s.opts.Now()
	for _, st := range all {
		due, ever := s.due(st, now)
		switch {
		case !ever || s.isRunning(st.ID):
		case due.After(now):
			wait = min(wait, due.Sub(now))
		case !s.take(st.ID):
			return wait, nil // all places are taken: the end of a run looks again
		default:
			if err := s.begin(ctx, st.Job, now); err != nil {
				s.leave(st.ID)
				return s.opts.Look, err
			}
			g.Go(func() error {
				defer s.Wake()
				defer s.leave(st.ID)
				s.run(ctx, st.Job)
				return nil
			})
		}
	}
	return wait, nil
}

// due is when a job is to run next; false if it does not by itself. A job never
// seen before runs at once.
func (s *Service) due(st *Status, now time.Time) (time.Time, bool) {
	switch {
	case st.State.Asked:
		return now, true
	case st.Setting.Disabled || st.Schedule() <= 0:
		return time.Time{}, false
	case st.State.NextAt != nil:
		return *st.State.NextAt, true
	}
	return now, true
}

func (s *Service) isRunning(id core.JobID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}

// take reserves a place for the job; false if all are taken.
func (s *Service) take(id core.JobID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) >= s.opts.Parallel {
		return false
	}
	s.running[id] = true
	return true
}

func (s *Service) leave(id core.JobID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// begin notes that the job runs. The next run is counted from this one's
// beginning, so that what was missed is caught up on once.
func (s *Service) begin(ctx context.Context, j Job, now time.Time) error {
	return s.note(ctx, j, func(st *Status) {
		at := now.UTC()
		next := at.Add(st.Schedule())
		st.State.Running, st.State.Asked, st.State.StartedAt, st.State.EndedAt = true, false, &at, nil
		st.State.NextAt = &next
	})
}

// run does the work and notes how it ended, if the hub does not stop.
func (s *Service) run(ctx context.Context, j Job) {
	actor := core.Actor{Kind: core.ActorHub, ID: string(j.ID), Name: j.Title}
	text, failure := work(core.WithActor(ctx, actor), j)
	if ctx.Err() != nil {
		return // settled as interrupted at the next start
	}
	if failure != nil {
		s.opts.Log.Warn("job failed", "job", j.ID, "error", failure)
	}
	err := s.note(ctx, j, func(st *Status) {
		now := s.opts.Now().UTC()
		st.State.Running, st.State.EndedAt = false, &now
		st.State.Runs++
		settle(&st.State, text, failure)
	})
	if err != nil && ctx.Err() == nil {
		s.opts.Log.Error("end of a job not noted", "job", j.ID, "error", err)
	}
}

func settle(state *core.JobState, text string, err error) {
	if err == nil {
		state.Outcome, state.Code, state.Text, state.Failures = core.JobOK, "", text, 0
		return
	}
	state.Outcome, state.Code, state.Text = core.JobFailed, core.KindOf(err).String(), "внутренняя ошибка"
	state.Failures++
	if e, ok := errors.AsType[*core.Error](err); ok && e.Kind != core.KindInternal {
		state.Code, state.Text = e.Code, e.Text
	}
}

// work turns a panic into an error: one job must not end the others.
func work(ctx context.Context, j Job) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &core.Error{Kind: core.KindInternal, Code: "jobs.panic", Op: "run job", Err: fmt.Errorf("panic: %T\n%s", p, debug.Stack())}
		}
	}()
	return j.Run(ctx)
}

// note changes the state of a job.
func (s *Service) note(ctx context.Context, j Job, change func(*Status)) error {
	return s.opts.Store.Update(ctx, func(tx store.Tx) error {
		st, err := read(tx, j)
		if err != nil {
			return err
		}
		change(st)
		if err := store.JobStates.Put(tx, &st.State); err != nil {
			return err
		}
		shown := st.State
		tx.AfterCommit(func() { s.show(shown) })
		return nil
	})
}
