package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// start measures channels that are enabled at once, until all of them run, are
// configured and were checked; and what a connector that does nothing weighs.
func (b *runner) start(ctx context.Context) error {
	h, err := b.startHub(ctx, b.folder("start"))
	if err != nil {
		return err
	}
	took, weight, err := h.startMany(ctx, b.channels)
	if err := errors.Join(err, h.discard()); err != nil {
		return err
	}
	b.note("start12_ms", millis(took))
	b.note("connector_rss_mb", weight)
	b.say("  start      %6.0f ms for %d channels, %.1f MB each", millis(took), b.channels, weight)
	return nil
}

func (h *hub) startMany(ctx context.Context, n int) (took time.Duration, weight float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i := range n {
		if err := h.create(ctx, fmt.Sprint("idle-", i), false, object{"messages": -1}); err != nil {
			return 0, 0, err
		}
	}
	start := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	for i := range n {
		g.Go(func() error {
			return h.call(gctx, http.MethodPost, fmt.Sprint("/api/v1/channels/idle-", i, "/enable"), nil, nil)
		})
	}
	if err := g.Wait(); err != nil {
		return 0, 0, err
	}
	var all struct {
		Items []channel `json:"items"`
	}
	err = h.poll(ctx, 10*time.Millisecond, func() (bool, error) {
		err := h.call(ctx, http.MethodGet, "/api/v1/channels", nil, &all)
		ready := 0
		for _, ch := range all.Items {
			if checked(&ch.Status) {
				ready++
			}
		}
		return ready == n, err
	})
	took = time.Since(start)
	if err != nil {
		return 0, 0, err
	}
	weight, err = heaviest(all.Items)
	return took, weight, err
}

// heaviest is the resident memory of the largest connector.
func heaviest(channels []channel) (mb float64, err error) {
	for _, ch := range channels {
		one, err := hubproc.Memory(ch.Status.PID, "VmRSS:")
		if err != nil {
			return 0, err
		}
		mb = max(mb, one)
	}
	return mb, nil
}
