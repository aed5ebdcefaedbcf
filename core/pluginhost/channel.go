package pluginhost

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/channellog"
)

// channel is one channel as long as the host runs: what is wanted of it, its
// process if there is one, and how it fares.
type channel struct {
	host *Host
	id   core.ChannelID
	log  *channellog.Log
	say  hclog.Logger // the hub's own words in the channel's log

	mu       sync.Mutex
	wanted   *core.Channel // nil: deleted
	changed  chan struct{} // closed when wanted, the catalog or anew may have changed
	anew     bool          // a person wants it started anew
	live     *live
	status   core.ChannelStatus
	up       bool // the process was checked once: running or degraded
	fell     bool // the last process fell, and there is no other yet
	problems map[source]problem
	note     string // what a person should know though all works
	counters counters
	minutes  minutes

	telling sync.Mutex // one call of OnStatus at a time
	told    core.ChannelStatus
}

// source is the part of a channel that a problem concerns.
type source string

const (
	fromConfigure source = "configure"
	fromStore     source = "store"
	fromCheck     source = "check"
	fromReceive   source = "receive"
	fromSend      source = "send"
	fromCalls     source = "calls"
)

// shown is the order in which problems are named when there are several.
var shown = [...]source{fromConfigure, fromStore, fromCheck, fromReceive, fromSend, fromCalls}

type problem struct {
	reason, field string
	next          time.Time // when it is tried again, zero if not known
}

func (h *Host) newChannel(id core.ChannelID) *channel {
	log := channellog.Open(filepath.Join(h.opts.LogDir, string(id)+".log"), channellog.Options{
		MaxBytes: h.limits.LogBytes, Keep: h.limits.LogFiles, PerSecond: h.limits.LogRate, Now: h.now,
	})
	return &channel{
		host: h, id: id, log: log,
		say: hclog.New(&hclog.LoggerOptions{
			Output: log, JSONFormat: true, Level: hclog.Debug, TimeFn: h.now,
		}),
		changed:  make(chan struct{}),
		status:   core.ChannelStatus{Channel: id, State: core.ChannelStopped, Since: h.now().UTC()},
		problems: make(map[source]problem),
	}
}

// want sets what is wanted; nil means the channel was deleted.
func (c *channel) want(ch *core.Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = ch
	c.poke()
}

// poke tells the channel's goroutine to look again; the caller holds mu.
func (c *channel) poke() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *channel) wantedNow() *core.Channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wanted
}

func (c *channel) startAnew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anew = true
	c.poke()
}

func (c *channel) wakeSender() {
	if l := c.liveNow(); l != nil {
		l.wakeSender()
	}
}

func (c *channel) liveNow() *live {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// plan is what the process should be. Two plans with the same key need no
// restart of the process.
type plan struct {
	want  *core.Channel // nil or not enabled: no process
	entry catalog.Entry
	err   error // the plugin is not in the catalog
	key   [sha256.Size]byte
	anew  bool
}

func (p *plan) stopped() bool { return p.want == nil || !p.want.Enabled }

// next reads the plan, and the channel that is closed when it may be another.
func (c *channel) next() (plan, <-chan struct{}) {
	c.mu.Lock()
	p := plan{want: c.wanted, anew: c.anew}
	c.anew = false
	changed := c.changed
	c.mu.Unlock()
	if p.stopped() {
		return p, changed
	}
	p.entry, p.err = c.host.catalog.Get(p.want.Plugin, p.want.Version)
	p.key = planKey(p.want, &p.entry)
	return p, changed
}

func planKey(ch *core.Channel, e *catalog.Entry) [sha256.Size]byte {
	h := sha256.New()
	enc := json.NewEncoder(h)
	// Texts, bytes and maps of them: encoding cannot fail. Maps come out sorted.
	_ = enc.Encode([]any{ch.Plugin, e.Version, e.SHA256, []byte(ch.Settings), ch.Secrets, ch.Organization})
	return [sha256.Size]byte(h.Sum(nil))
}

// run keeps the channel as it is wanted until ctx is done.
func (c *channel) run(ctx context.Context) {
	defer c.log.Close() //nolint:errcheck // nothing was buffered
	var fallen falls
	restart := backoff{min: c.host.timing.RestartMin, max: c.host.timing.RestartMax}
	for ctx.Err() == nil {
		p, changed := c.next()
		if p.stopped() {
			c.setState(core.ChannelStopped, "", "")
			if p.want == nil {
				os.RemoveAll(c.host.scratch(string(c.id))) //nolint:errcheck // a cache; nobody needs it
			}
			wait(ctx, changed, nil)
			continue
		}
		began := c.host.now()
		err := p.err
		if err == nil {
			err = c.runProcess(ctx, p, changed)
		}
		if err == nil || ctx.Err() != nil {
			fallen, restart.now = falls{}, 0
			continue
		}
		if c.host.now().Sub(began) > c.host.timing.FallsWithin {
			restart.reset()
		}
		n := fallen.add(c.host.now(), c.host.timing.FallsWithin)
		if final(err) || n >= c.host.timing.Falls {
			c.fail(ctx, p, err)
			fallen, restart.now = falls{}, 0
			continue
		}
		c.pauseBeforeRestart(ctx, p, err, restart.next(nil))
	}
	c.setState(core.ChannelStopped, "", "")
}

// final tells whether starting again is of no use: the binary is not there or
// not the one that was let in.
func final(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && (e.Kind == core.KindNotFound || e.Code == "plugin.checksum" || e.Code == "secret.key")
}

// fail waits until a person, a new setting or a new plugin changes something.
func (c *channel) fail(ctx context.Context, p plan, err error) {
	reason, field := explain(err)
	if !final(err) {
		reason = "слишком частые падения: " + reason
	}
	c.mu.Lock()
	c.failing(reason)
	c.mu.Unlock()
	c.setState(core.ChannelFailed, reason, field)
	c.host.log.Error("channel failed", "channel", string(c.id), "plugin", p.want.Plugin, "reason", reason)
	c.say.Error("channel failed", "reason", reason, "error", err.Error())
	c.await(ctx, p, nil)
}

// await waits until another plan than p is wanted, a person wants the channel
// started anew, or the timer runs out.
func (c *channel) await(ctx context.Context, p plan, timer <-chan time.Time) {
	for ctx.Err() == nil {
		now, changed := c.next()
		if now.stopped() || now.anew || now.key != p.key {
			return
		}
		if !wait(ctx, changed, timer) {
			return
		}
	}
}

func (c *channel) pauseBeforeRestart(ctx context.Context, p plan, err error, pause time.Duration) {
	reason, field := explain(err)
	c.mu.Lock()
	c.counters.restarts++
	c.status.Restarts++
	c.fell = true
	c.failing(reason)
	c.mu.Unlock()
	next := c.host.now().Add(pause).UTC()
	c.setStateUntil(core.ChannelDegraded, reason, field, &next)
	c.host.log.Warn("channel restarts", "channel", string(c.id), "pause", pause, "reason", reason)
	c.say.Warn("process ended; starting it again", "reason", reason, "error", err.Error(), "pause", pause.String())
	c.await(ctx, p, time.After(pause))
}

// wait is false when the timer ran out.
func wait(ctx context.Context, changed <-chan struct{}, timer <-chan time.Time) bool {
	select {
	case <-ctx.Done():
	case <-changed:
	case <-timer:
		return false
	}
	return true
}

// ---- how it fares

func (c *channel) setState(s core.ChannelState, reason, field string) {
	c.setStateUntil(s, reason, field, nil)
}

func (c *channel) setStateUntil(s core.ChannelState, reason, field string, next *time.Time) {
	c.mu.Lock()
	c.up = false
	clear(c.problems)
	c.note = ""
	c.show(s, reason, field, next)
}

// cameUp ends starting: from now on the problems decide between running and
// degraded.
func (c *channel) cameUp() {
	c.mu.Lock()
	c.up = true
	c.judge()
}

// trouble notes a problem; next, if not zero, is when it is tried again.
func (c *channel) trouble(from source, err error, pause time.Duration) {
	reason, field := explain(err)
	p := problem{reason: reason, field: field}
	if pause > 0 {
		p.next = c.host.now().Add(pause).UTC()
	}
	c.mu.Lock()
	had, again := c.problems[from]
	c.problems[from] = p
	if !again || had.reason != p.reason {
		c.failing(p.reason)
		c.say.Warn("channel has a problem", "part", string(from), "reason", p.reason, "field", p.field)
	}
	c.judge()
}

// over notes that a problem has gone and tells whether there was one.
func (c *channel) over(from source) bool {
	c.mu.Lock()
	_, was := c.problems[from]
	if !was {
		c.mu.Unlock()
		return false
	}
	delete(c.problems, from)
	c.say.Info("problem is over", "part", string(from))
	c.judge()
	return true
}

// failing notes what went wrong last, which people want to know when it is over,
// too. The caller holds mu.
func (c *channel) failing(reason string) {
	now := c.host.now().UTC()
	c.status.LastError, c.status.LastErrorAt = reason, &now
}

// judge shows the worst problem. The caller holds mu, judge releases it.
func (c *channel) judge() {
	if !c.up && c.problems[fromConfigure].reason == "" {
		c.mu.Unlock()
		return
	}
	for _, from := range shown {
		if p, ok := c.problems[from]; ok {
			var next *time.Time
			if !p.next.IsZero() {
				next = &p.next
			}
			c.show(core.ChannelDegraded, p.reason, p.field, next)
			return
		}
	}
	c.show(core.ChannelRunning, c.note, "", nil)
}

// show sets what people see and tells the host's owner when it changed. The
// caller holds mu, show releases it.
func (c *channel) show(s core.ChannelState, reason, field string, next *time.Time) {
	st := &c.status
	if st.State != s {
		st.Since = c.host.now().UTC()
	}
	st.State, st.Reason, st.Field, st.NextTryAt = s, reason, field, next
	c.mu.Unlock()
	c.tell()
}

// tell tells the host's owner how the channel fares if he does not know. Several
// at once may tell less than each change, but the last they tell is true.
func (c *channel) tell() {
	if c.host.onStatus == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	now := c.snapshot()
	c.mu.Unlock()
	if now.State == c.told.State && now.Reason == c.told.Reason && now.Field == c.told.Field {
		return
	}
	c.told = now
	c.host.onStatus(now)
}

// snapshot is the status with its counters; the caller holds mu.
func (c *channel) snapshot() core.ChannelStatus {
	st := c.status
	st.Received, st.Sent, st.Failed = c.counters.received, c.counters.sent, c.counters.failed
	st.Hour = c.minutes.sum(c.host.now(), time.Hour)
	if c.wanted != nil {
		st.Plugin = c.wanted.Plugin
	}
	return st
}

// fullStatus adds what has to be asked for.
func (c *channel) fullStatus(ctx context.Context) core.ChannelStatus {
	c.mu.Lock()
	st, l := c.snapshot(), c.live
	c.mu.Unlock()
	if l != nil {
		st.MemoryMB = l.proc.MemoryMB()
	}
	if q, err := c.host.outbox.Pending(ctx, c.id); err == nil {
		st.Queued, st.QueuedSince = q.Waiting, q.Since
	}
	return st
}

// explain is an error in words for the administrator.
func explain(err error) (reason, field string) {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return "внутренняя ошибка Узла", ""
	}
	var parts []string
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	for _, f := range e.Faults {
		parts = append(parts, f.Field+": "+f.Text)
		if e.Field == "" {
			field = f.Field
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "ошибка вида "+e.Kind.String())
	}
	if e.Field != "" {
		field = e.Field
	}
	return strings.Join(parts, "; "), field
}

// ---- intakeEvents and what happens to deliveries

func (c *channel) stored(messages, duplicates int, size int64) {
	now := c.host.now().UTC()
	c.mu.Lock()
	c.counters.received += uint64(messages)
	c.counters.duplicates += uint64(duplicates)
	c.counters.receivedBytes += uint64(size)
	c.counters.batches++
	if messages > 0 {
		c.status.LastInAt = &now
		c.minutes.at(now).Received += uint32(messages)
	}
	c.mu.Unlock()
}

func (c *channel) refused(err error) {
	reason, field := explain(err)
	c.say.Warn("message refused", "reason", reason, "field", field)
	c.mu.Lock()
	c.counters.refused++
	c.minutes.at(c.host.now()).Refused++
	c.note = "сообщение не принято: " + reason
	c.failing(c.note)
	c.judge()
}

func (c *channel) storeFailed(err error) { c.trouble(fromStore, err, 0) }
func (c *channel) storeHealed()          { c.over(fromStore) }

func (c *channel) settled(o *core.Outcome) {
	now := c.host.now().UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case o.Err == nil && o.State == core.DeliveryUnknown, core.KindOf(o.Err) == core.KindUnknown && o.Err != nil:
		c.counters.unknown++
	case o.Err != nil || o.State == core.DeliveryRejected:
		c.counters.failed++
		c.minutes.at(now).Failed++
		if reason, _ := explain(o.Err); o.Err != nil {
			c.failing(reason)
		}
	default:
		c.counters.sent++
		c.minutes.at(now).Sent++
		c.status.LastOutAt = &now
	}
}

// secretTexts are the values to be blotted out of the log.
func secretTexts(secrets map[string]string) []string {
	return slices.Collect(maps.Values(secrets))
}
