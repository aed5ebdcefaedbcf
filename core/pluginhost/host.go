// Package pluginhost runs the channels: one process of a connector for each
// channel that is enabled, configured, watched, restarted and stopped, and the
// hub's end of the line to it. What comes in is stored and published in one
// transaction before it is acknowledged; what goes out is claimed from the
// outbox and settled there. core/README.md tells a channel's life.
package pluginhost

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/channellog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/process"
	"github.com/uzel-hub/uzel/core/store"
)

// Host runs the channels. Its methods may be called from any goroutine as long
// as Run runs.
type Host struct {
	store    store.Store
	blobs    Blobs
	bus      bus.Publisher
	outbox   Outbox
	catalog  *catalog.Catalog
	secrets  Secrets
	services map[string]Service
	log      hclog.Logger
	now      func() time.Time
	onStatus func(core.ChannelStatus)
	opts     Options // what is handed on to the plugins
	limits   Limits
	timing   Timing

	folder process.Folder
	trials trials
	wake   chan struct{}
	asks   chan chan<- struct{} // who waits until Run has looked
	over   chan struct{}        // closed when Run looks no more
	began  atomic.Bool

	mu       sync.Mutex
	channels map[core.ChannelID]*channel
}

// New prepares the folders and ends what a hub that died left running. The
// caller must call Run, which cleans up.
func New(opts Options) (*Host, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Locale == "" {
		opts.Locale = "ru"
	}
	if err := os.MkdirAll(opts.LogDir, 0o700); err != nil {
		return nil, fmt.Errorf("open channel logs: %w", err)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("open plugin host: %w", err)
	}
	opts.Dir = dir
	folder, err := process.OpenFolder(filepath.Join(dir, "run"))
	if err != nil {
		return nil, err
	}
	return &Host{
		store: opts.Store, blobs: opts.Blobs, bus: opts.Bus, outbox: opts.Outbox,
		catalog: opts.Catalog, secrets: opts.Secrets, services: opts.Services,
		log: opts.Log, now: opts.Now, onStatus: opts.OnStatus, opts: opts,
		limits: opts.Limits.withDefaults(), timing: opts.Timing.withDefaults(),
		folder: folder, wake: make(chan struct{}, 1),
		asks: make(chan chan<- struct{}), over: make(chan struct{}),
		channels: make(map[core.ChannelID]*channel),
	}, nil
}

// Run starts the channels and keeps them as they are wanted until ctx is done;
// then it lets each finish what is under way, for Timing.Grace at most, and
// returns when all processes have ended.
func (h *Host) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer h.folder.Close() //nolint:errcheck // a leftover folder among the temporary files
	defer running.Wait()
	defer close(h.over)
	h.began.Store(true)
	running.Go(func() { h.watchTrials(ctx) })
	var asked chan<- struct{}
	for ctx.Err() == nil {
		again := (<-chan time.Time)(nil)
		if err := h.reconcile(ctx, &running); err != nil && ctx.Err() == nil {
			h.log.Error("channels not read", "error", err)
			again = time.After(h.timing.RestartMin)
		}
		if asked != nil {
			close(asked)
			asked = nil
		}
		select {
		case <-h.wake:
		case asked = <-h.asks:
		case <-again:
		case <-ctx.Done():
		}
	}
	return nil
}

// look has Run look at the channels and returns when it has, so that whoever
// changed one finds it under its new name at once. Without Run it does nothing.
func (h *Host) look(ctx context.Context) {
	if !h.began.Load() {
		return
	}
	seen := make(chan struct{})
	select {
	case h.asks <- seen:
	case <-h.over:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-seen:
	case <-h.over:
	}
}

// Reconcile makes Run look at once what channels are wanted: after a change of
// a channel that did not go through Channels, or of the catalog.
func (h *Host) Reconcile() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Host) reconcile(ctx context.Context, running *sync.WaitGroup) error {
	wanted := make(map[core.ChannelID]*core.Channel)
	err := h.store.View(ctx, func(tx store.Tx) error {
		for ch, err := range store.Channels.All(tx) {
			if err != nil {
				return err
			}
			wanted[ch.ID] = ch
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range wanted {
		if h.channels[id] == nil {
			c := h.newChannel(id)
			h.channels[id] = c
			defer running.Go(func() { c.run(ctx) }) // once it knows what is wanted
		}
	}
	for id, c := range h.channels {
		c.want(wanted[id])
	}
	return nil
}

// channel finds a channel that is wanted.
func (h *Host) channel(id core.ChannelID) (*channel, error) {
	h.mu.Lock()
	c := h.channels[id]
	h.mu.Unlock()
	if c == nil || c.wantedNow() == nil {
		return nil, core.NotFound("channel.not_found", "канал «"+string(id)+"» не найден")
	}
	return c, nil
}

// all are the channels that are wanted, by id.
func (h *Host) all() []*channel {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*channel
	for _, id := range slices.Sorted(maps.Keys(h.channels)) {
		if c := h.channels[id]; c.wantedNow() != nil {
			out = append(out, c)
		}
	}
	return out
}

// Status is how a channel fares now. KindNotFound if there is no such channel,
// or Run has not seen it yet.
func (h *Host) Status(ctx context.Context, id core.ChannelID) (core.ChannelStatus, error) {
	c, err := h.channel(id)
	if err != nil {
		return core.ChannelStatus{}, err
	}
	return c.fullStatus(ctx), nil
}

// Statuses are those of all channels, by id.
func (h *Host) Statuses(ctx context.Context) []core.ChannelStatus {
	all := h.all()
	out := make([]core.ChannelStatus, len(all))
	for i, c := range all {
		out[i] = c.fullStatus(ctx)
	}
	return out
}

// Restart ends the channel's process, if there is one, and starts it anew. It
// is how a person takes a channel out of failed.
func (h *Host) Restart(id core.ChannelID) error {
	c, err := h.channel(id)
	if err != nil {
		return err
	}
	c.startAnew()
	return nil
}

// WakeSender tells the channel's sender that there is something to claim. It
// is quick and may name a channel that does not exist.
func (h *Host) WakeSender(id core.ChannelID) {
	h.mu.Lock()
	c := h.channels[id]
	h.mu.Unlock()
	if c != nil {
		c.wakeSender()
	}
}

// LogLine is one line of a channel's log.
type LogLine = channellog.Line

// LogTail is the last n lines of the channel's log, oldest first.
func (h *Host) LogTail(id core.ChannelID, n int) ([]LogLine, error) {
	c, err := h.channel(id)
	if err != nil {
		return nil, err
	}
	lines, err := c.log.Tail(n)
	if err != nil {
		return nil, fmt.Errorf("read channel log: %w", err)
	}
	return lines, nil
}

// LogFollow calls each for the last n lines and then for every new one until
// ctx is done or each fails. A reader slower than the log misses lines.
func (h *Host) LogFollow(ctx context.Context, id core.ChannelID, n int, each func(LogLine) error) error {
	c, err := h.channel(id)
	if err != nil {
		return err
	}
	return c.log.Follow(ctx, n, each)
}
