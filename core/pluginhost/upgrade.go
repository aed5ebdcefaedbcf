package pluginhost

import (
	"context"
	"fmt"
	"time"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
)

// Upgrade moves the channels of a plugin, those with a pinned version aside, to
// an installed version: the version is tried out beside each of them, with its
// settings and its outside system; then each finishes what is under way and goes
// on with the new version. If one of them falls or complains about its
// connector within Timing.Trial, all return to the version before by themselves.
//
// Upgrade returns when the switch is decided, before the trial has ended. A
// version that does not pass is refused and nothing has changed.
func (h *Host) Upgrade(ctx context.Context, plugin, version string) error {
	next, err := h.catalog.Get(plugin, version)
	if err != nil {
		return err
	}
	if next.Current {
		return nil
	}
	if h.catalog.TrialOf(plugin) != nil {
		return core.Conflict("plugin.trial", "прошлое обновление плагина ещё на испытании")
	}
	for _, c := range h.floating(plugin) {
		if err := h.rehearse(ctx, next, c); err != nil {
			return err
		}
	}
	if err := h.catalog.StartTrial(plugin, version, h.now().Add(h.timing.Trial)); err != nil {
		return err
	}
	h.log.Info("plugin upgraded on trial", "plugin", plugin, "version", version)
	h.Reconcile()
	h.pokeAll(plugin)
	return nil
}

// floating are the enabled channels that run the plugin's current version.
func (h *Host) floating(plugin string) []*channel {
	var out []*channel
	for _, c := range h.all() {
		if ch := c.wantedNow(); ch != nil && ch.Enabled && ch.Plugin == plugin && ch.Version == "" {
			out = append(out, c)
		}
	}
	return out
}

// rehearse tries the version out with the channel's settings. Its check may
// fail only if that of the running version does, too.
func (h *Host) rehearse(ctx context.Context, next catalog.Entry, c *channel) error {
	ch := c.wantedNow()
	if ch == nil {
		return nil
	}
	secrets, err := h.openSecrets(ch)
	if err != nil {
		return err
	}
	err = h.try(ctx, next, ch, secrets, func(client pluginv1.PluginClient) error {
		_, err := h.check(ctx, client, "")
		return err
	})
	if state, _ := c.stateNow(); err != nil && (core.KindOf(err) == core.KindInvalid || state == core.ChannelRunning) {
		reason, _ := explain(err)
		return &core.Error{
			Kind: core.KindRejected, Code: "plugin.upgrade", Op: "upgrade plugin",
			Text:   fmt.Sprintf("версия %s не прошла проверку на канале «%s»: %s", next.Version, c.id, reason),
			Faults: faultsOf(err), Err: err,
		}
	}
	return nil
}

// trialTick is how often upgrades on trial are looked at.
const trialTick = 500 * time.Millisecond

// watchTrials ends trials: for good when their time is over, with a return to
// the version before when a channel suffers.
func (h *Host) watchTrials(ctx context.Context) {
	tick := time.NewTicker(min(trialTick, h.timing.Trial/4+time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, e := range h.catalog.List() {
			if e.Current && h.catalog.TrialOf(e.Name) != nil {
				h.judgeTrial(e)
			}
		}
	}
}

func (h *Host) judgeTrial(e catalog.Entry) {
	trial := h.catalog.TrialOf(e.Name)
	if trial == nil {
		return
	}
	for _, c := range h.floating(e.Name) {
		if reason := c.suffers(e.Version); reason != "" {
			h.endTrial(e, false, "channel", string(c.id), "reason", reason)
			c.say.Error("upgrade rolled back", "version", e.Version, "to", trial.From, "reason", reason)
			return
		}
	}
	if h.now().After(trial.Until) {
		h.endTrial(e, true)
	}
}

func (h *Host) endTrial(e catalog.Entry, keep bool, why ...any) {
	if err := h.catalog.EndTrial(e.Name, keep); err != nil {
		h.log.Error("trial not ended", "plugin", e.Name, "error", err)
		return
	}
	if keep {
		h.log.Info("plugin upgrade passed its trial", "plugin", e.Name, "version", e.Version)
		return
	}
	h.log.Error("plugin upgrade rolled back", append([]any{"plugin", e.Name, "version", e.Version}, why...)...)
	h.pokeAll(e.Name)
}

// suffers tells why the channel is worse off with the version than it should
// be; empty if it is not.
func (c *channel) suffers(version string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.Version != version {
		return "" // it has not run it yet
	}
	if c.status.State == core.ChannelFailed || c.fell {
		return c.status.Reason
	}
	return c.problems[fromConfigure].reason
}

// pokeAll has the channels of a plugin look at the catalog again.
func (h *Host) pokeAll(plugin string) {
	for _, c := range h.floating(plugin) {
		c.mu.Lock()
		c.poke()
		c.mu.Unlock()
	}
}
