package pluginhost

import (
	"context"
	"time"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// trackMax is how many deliveries the connector is asked about in one call.
const trackMax = 100

// trackLoop asks what became of deliveries that were submitted or are unknown.
// How often the outbox offers each of them is its own concern: its pauses grow.
func (l *live) trackLoop(ctx context.Context) error {
	for {
		n, err := l.trackDue(ctx)
		if ctx.Err() != nil || l.isDraining() {
			return nil
		}
		if err != nil {
			l.host.log.Warn("deliveries not tracked", "channel", string(l.channel.id), "error", err)
		}
		if n == trackMax {
			continue
		}
		timer := time.NewTimer(jitter(l.host.timing.TrackEvery))
		select {
		case <-timer.C:
		case <-l.trackBell:
		case <-l.draining:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (l *live) wakeTracker() {
	select {
	case l.trackBell <- struct{}{}:
	default:
	}
}

func (l *live) trackDue(ctx context.Context) (int, error) {
	due, err := l.host.outbox.ToTrack(ctx, l.channel.id, trackMax)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	outcomes := l.track(ctx, due)
	if ctx.Err() != nil || len(outcomes) == 0 {
		return 0, nil
	}
	l.settle(ctx, outcomes)
	return len(outcomes), nil
}

func (l *live) track(ctx context.Context, due []core.Delivery) []core.Outcome {
	if !l.entry.Can(catalog.Tracks) {
		return sendAgain(due)
	}
	ctx, cancel := context.WithTimeout(ctx, l.host.timing.Call)
	defer cancel()
	request := &pluginv1.TrackRequest{Items: make([]*pluginv1.TrackItem, len(due))}
	for i, d := range due {
		request.Items[i] = &pluginv1.TrackItem{Delivery: string(d.ID), Token: d.Token, ExternalId: d.ExternalID}
	}
	reply, err := l.client.Track(ctx, request)
	if err != nil && wire.IsGone(wire.CallError(err, "track")) {
		return nil // nobody heard the question: the next process is asked at once
	}
	out := make([]core.Outcome, len(due))
	for i, d := range due {
		switch {
		case err != nil:
			out[i] = core.Outcome{Delivery: d.ID, Err: wire.CallError(err, "track")}
		case i >= len(reply.GetReceipts()):
			out[i] = core.Outcome{Delivery: d.ID, State: core.DeliveryUnknown}
		default:
			out[i] = wire.Sent(d.ID, reply.GetReceipts()[i], nil, l.host.now())
		}
	}
	return out
}

// sendAgain queues unknown deliveries of an outside system that drops a second
// one with the same id.
func sendAgain(due []core.Delivery) []core.Outcome {
	var out []core.Outcome
	for _, d := range due {
		if d.State == core.DeliveryUnknown {
			out = append(out, core.Outcome{Delivery: d.ID, State: core.DeliveryQueued})
		}
	}
	return out
}
