package jobs_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/store"
)

type silent struct{}

func (silent) Broadcast(bus.Topic, any) error { return nil }

// yard has one job that a test lets run and end by hand.
type yard struct {
	*testing.T
	store store.Store
	clock *coretest.Clock
	jobs  *jobs.Service
	began chan struct{}
	end   chan error
}

func newYard(t *testing.T) *yard {
	y := &yard{T: t, clock: coretest.NewClock(), began: make(chan struct{}), end: make(chan error)}
	y.store = coretest.Open(t, y.clock)
	y.fresh()
	return y
}

// fresh is the service after a restart of the hub.
func (y *yard) fresh() {
	y.jobs = jobs.New(jobs.Options{Store: y.store, Bus: silent{}, Now: y.clock.Now, Look: time.Millisecond},
		[]jobs.Job{{ID: "hub.sweep", Title: "Уборка", Every: time.Hour, Run: func(ctx context.Context) (string, error) {
			select {
			case y.began <- struct{}{}:
			case <-ctx.Done():
				return "", ctx.Err()
			}
			select {
			case err := <-y.end:
				if err != nil && err.Error() == "panic" {
					panic(err)
				}
				return "убрано", err
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}}})
}

// run runs the service until stop, which waits for its end.
func (y *yard) run() (stop func()) {
	ctx, cancel := context.WithCancel(y.Context())
	var g sync.WaitGroup
	g.Go(func() {
		if err := y.jobs.Run(ctx); err != nil {
			y.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); g.Wait() })
	y.Cleanup(stop)
	return stop
}

func (y *yard) status() *jobs.Status {
	y.Helper()
	st, err := y.jobs.Get(y.Context(), "hub.sweep")
	if err != nil {
		y.Fatal(err)
	}
	return st
}

// ended waits until so many runs have ended.
func (y *yard) ended(runs int) core.JobState {
	y.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) { // polls until the run has ended
		if st := y.status().State; st.Runs == runs && !st.Running {
			return st
		}
		if time.Now().After(deadline) {
			y.Fatalf("%+v", y.status().State)
		}
	}
}

func TestJobRunsWhenItIsDueAndTellsHowItWent(t *testing.T) {
	y := newYard(t)
	y.run()
	<-y.began
	if st := y.status().State; !st.Running {
		t.Errorf("%+v", st)
	}
	y.clock.Add(5 * time.Minute)
	y.end <- nil
	st := y.ended(1)
	if st.Outcome != core.JobOK || st.Text != "убрано" || st.EndedAt.Sub(*st.StartedAt) != 5*time.Minute || st.NextAt.Sub(*st.StartedAt) != time.Hour {
		t.Errorf("%+v", st)
	}
	y.clock.Add(time.Hour)
	<-y.began
	y.end <- core.Unavailable("remote.down", "сервер не отвечает", nil)
	if st = y.ended(2); st.Outcome != core.JobFailed || st.Code != "remote.down" || st.Text != "сервер не отвечает" || st.Failures != 1 {
		t.Errorf("%+v", st)
	}
	for i, wrong := range []error{errors.New("secret"), errors.New("panic")} {
		y.clock.Add(time.Hour)
		<-y.began
		y.end <- wrong
		if st = y.ended(3 + i); st.Outcome != core.JobFailed || st.Text != "внутренняя ошибка" || st.Failures != 2+i {
			t.Errorf("%+v", st)
		}
	}
}

func TestJobRunsOnceAtATime(t *testing.T) {
	y := newYard(t)
	y.run()
	<-y.began
	y.clock.Add(3 * time.Hour)
	y.jobs.Wake()
	if _, err := y.jobs.RunNow(t.Context(), "hub.sweep"); core.KindOf(err) != core.KindConflict {
		t.Errorf("asked to run while it runs: %v", err)
	}
	select {
	case <-y.began:
		t.Error("it runs twice")
	case y.end <- nil:
	}
	<-y.began // the turns that passed meanwhile are one
	y.end <- nil
	if st := y.ended(2); st.NextAt.Before(y.clock.Now()) {
		t.Errorf("still due: %+v", st)
	}
}

func TestWhatWasMissedWhileTheHubWasDownIsCaughtUpOnOnce(t *testing.T) {
	y := newYard(t)
	stop := y.run()
	<-y.began
	y.end <- nil
	y.ended(1)
	stop()
	y.clock.Add(100 * time.Hour)
	y.fresh()
	y.run()
	<-y.began
	y.end <- nil
	if st := y.ended(2); !st.NextAt.Equal(st.StartedAt.Add(time.Hour)) || st.NextAt.Before(y.clock.Now()) {
		t.Errorf("%+v", st)
	}
}

func TestInterruptedJobSaysSoAndRunsAgain(t *testing.T) {
	y := newYard(t)
	stop := y.run()
	<-y.began
	stop()
	if !y.status().State.Running {
		t.Fatal("the hub was not stopped in the middle")
	}
	y.fresh()
	stop = y.run()
	<-y.began
	if st := y.status().State; st.Outcome != core.JobInterrupted {
		t.Errorf("%+v", st)
	}
	y.end <- nil
	y.ended(1)
	stop()
}

func TestPeopleSwitchJobsOffAndRunThemByHand(t *testing.T) {
	y := newYard(t)
	set, err := y.jobs.Set(t.Context(), core.Job{ID: "hub.sweep", Disabled: true, Every: 600})
	if err != nil {
		t.Fatal(err)
	}
	if set.Schedule() != 10*time.Minute || set.Setting.Version != 1 {
		t.Errorf("%+v", set)
	}
	if _, err := y.jobs.Set(t.Context(), core.Job{ID: "hub.sweep"}); core.KindOf(err) != core.KindConflict {
		t.Errorf("a stale edit was taken: %v", err)
	}
	// Asked for while the hub is down, it runs when it is up.
	if _, err := y.jobs.RunNow(t.Context(), "hub.sweep"); err != nil {
		t.Fatal(err)
	}
	y.run()
	<-y.began
	y.end <- nil
	y.ended(1)
	y.clock.Add(time.Hour)
	y.jobs.Wake()
	if _, err := y.jobs.RunNow(t.Context(), "hub.sweep"); err != nil {
		t.Fatal(err)
	}
	<-y.began
	y.end <- nil
	if st := y.ended(2); st.Asked {
		t.Errorf("%+v", st)
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	y := newYard(t)
	if _, err := y.jobs.Set(t.Context(), core.Job{ID: "hub.sweep", Every: 1}); core.KindOf(err) != core.KindInvalid {
		t.Error(err)
	}
	if _, err := y.jobs.Set(t.Context(), core.Job{ID: "hub.none"}); core.KindOf(err) != core.KindNotFound {
		t.Error(err)
	}
}

func TestJobsOfSourcesComeAndGo(t *testing.T) {
	y := newYard(t)
	var listed []jobs.Job
	broken := false
	s := jobs.New(jobs.Options{Store: y.store, Bus: silent{}, Now: y.clock.Now}, []jobs.Job{{ID: "hub.b"}, {ID: "hub.a"}},
		func(context.Context) ([]jobs.Job, error) { return listed, nil },
		func(context.Context) ([]jobs.Job, error) {
			if broken {
				return nil, errors.New("broken")
			}
			return []jobs.Job{{ID: "channel.sip.sync"}}, nil
		})
	ids := func() (out []core.JobID) {
		all, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range all {
			out = append(out, st.ID)
		}
		return out
	}
	listed, broken = []jobs.Job{{ID: "channel.mail.resync", Owner: "mail"}}, false
	if got := ids(); !slices.Equal(got, []core.JobID{"channel.mail.resync", "channel.sip.sync", "hub.a", "hub.b"}) {
		t.Errorf("%q", got)
	}
	listed, broken = nil, true
	if got := ids(); !slices.Equal(got, []core.JobID{"hub.a", "hub.b"}) {
		t.Errorf("%q", got)
	}
}
