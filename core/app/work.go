package app

import (
	"context"
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// openWork makes what the hub does by itself and in the background.
func (a *App) openWork() {
	a.Watch = &schedule.Watcher{Store: a.Store, Bus: a.Bus, Sources: []schedule.Source{schedule.Documents, schedule.Tasks}}
	a.Mass = mass.New(mass.Options{Store: a.Store, Bus: a.Bus, Log: a.Log.Named("mass"), Sees: massSees}, appeals.Operations(a.Appeals)...)
	a.Jobs = jobs.New(jobs.Options{Store: a.Store, Bus: a.Bus, Log: a.Log.Named("jobs")}, a.hubJobs(), a.channelJobs)
}

// hubJobs are the hub's own background jobs.
func (a *App) hubJobs() []jobs.Job {
	return []jobs.Job{{
		ID: "hub.deadlines", Title: "Контроль сроков", Every: time.Minute, Run: func(ctx context.Context) (string, error) {
			warned, broken, err := a.Watch.Look(ctx)
			return fmt.Sprintf("предупреждений: %d, нарушений: %d", warned, broken), err
		},
	}, {
		ID: "hub.mass-sweep", Title: "Удаление старых массовых операций", Every: 24 * time.Hour, Run: func(ctx context.Context) (string, error) {
			var keep settings.Retention
			err := a.Store.View(ctx, func(tx store.Tx) (err error) {
				keep, err = settings.RetentionOf(tx)
				return err
			})
			if err != nil {
				return "", err
			}
			swept, err := a.Mass.Sweep(ctx, time.Now().Add(-keep.Mass()))
			return fmt.Sprintf("удалено: %d", swept), err
		},
	}, {
		ID: "hub.planned", Title: "Запланированные обращения", Every: time.Minute, Run: func(ctx context.Context) (string, error) {
			woken, err := a.Appeals.WakePlanned(ctx, a.Store, time.Now())
			return fmt.Sprintf("пора в работу: %d", woken), err
		},
	}}
}

// channelJobs are the operations that the channels which are on run by
// themselves.
func (a *App) channelJobs(ctx context.Context) (out []jobs.Job, err error) {
	channels, err := a.Host.Channels().List(ctx)
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		entry, err := a.Catalog.Get(ch.Plugin, ch.Version)
		if !ch.Enabled || err != nil {
			continue // a channel whose connector is gone says so itself
		}
		for _, op := range entry.Operations {
			if op.Every > 0 && op.Place == catalog.PlaceChannel {
				out = append(out, a.channelJob(ch, op))
			}
		}
	}
	return out, nil
}

func (a *App) channelJob(ch *core.Channel, op catalog.Operation) jobs.Job {
	return jobs.Job{
		ID: core.JobID("channel." + string(ch.ID) + "." + op.Name), Title: op.Title + " — " + ch.Title, Owner: ch.ID, Every: op.Every,
		Run: func(ctx context.Context) (string, error) { return "", a.Host.RunScheduled(ctx, ch.ID, op.Name) },
	}
}

// onBroken applies what the breach of a term brings about.
func (a *App) onBroken(_ context.Context, tx store.Tx, ev bus.Event) error {
	var about bus.DeadlineEvent
	if err := ev.Decode(&about); err != nil {
		return err
	}
	return a.Watch.OnBroken(tx, about)
}
