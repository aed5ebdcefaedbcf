package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/channellog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/process"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// live is one process of a channel, from its start to its end, and the loops
// that work with it.
type live struct {
	host    *Host
	channel *channel
	entry   catalog.Entry
	proc    *process.Process
	client  pluginv1.PluginClient

	in, out   *gate         // the directions: shut while paused
	nudge     bell          // cuts the pauses after faults short
	draining  chan struct{} // closed: begin nothing new
	sendBell  chan struct{}
	trackBell chan struct{}
	checkBell chan struct{}
	hooks     chan struct{} // places for web-hooks served at once
	sendDone  chan struct{} // closed when the sender has ended

	mu          sync.Mutex
	concurrency int // deliveries at once that the administrator allows; 0 = no wish
}

// runProcess starts a process and works with it until another is wanted or ctx
// is done: nil. An error says how the process fell.
func (c *channel) runProcess(ctx context.Context, p plan, changed <-chan struct{}) (err error) {
	c.setState(core.ChannelStarting, "", "")
	secrets, err := c.host.openSecrets(p.want)
	if err != nil {
		return err
	}
	c.log.Hide(secretTexts(secrets))
	proc, err := c.host.start(ctx, string(c.id), p.entry, c.log)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			proc.KillNow() // it fell, or hangs
		}
		proc.Kill()
	}()
	l := newLive(c, p, proc)
	c.began(l)
	defer c.ended()
	c.say.Info("process started", "plugin", p.entry.Name, "version", p.entry.Version, "pid", proc.PID)
	changed, err = l.configured(ctx, p, secrets, changed)
	if err != nil || changed == nil {
		return l.cause(err)
	}
	return l.work(ctx, p, changed)
}

func newLive(c *channel, p plan, proc *process.Process) *live {
	return &live{
		host: c.host, channel: c, entry: p.entry, proc: proc, client: proc.Client,
		in: newGate(!p.want.PausedIn), out: newGate(!p.want.PausedOut),
		draining:    make(chan struct{}),
		sendBell:    make(chan struct{}, 1),
		trackBell:   make(chan struct{}, 1),
		checkBell:   make(chan struct{}, 1),
		hooks:       make(chan struct{}, c.host.limits.Hooks),
		sendDone:    make(chan struct{}),
		concurrency: p.want.Concurrency,
	}
}

func (c *channel) began(l *live) {
	now := c.host.now().UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live, c.fell = l, false
	c.status.PID, c.status.Version, c.status.StartedAt = l.proc.PID, l.entry.Version, &now
}

func (c *channel) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = nil
	c.status.PID, c.status.StartedAt = 0, nil
}

// start starts a process for the named channel, or for a trial.
func (h *Host) start(ctx context.Context, name string, e catalog.Entry, log *channellog.Log) (*process.Process, error) {
	scratch := h.scratch(name)
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return nil, core.Unavailable("plugin.scratch", "не создать рабочую папку плагина", err)
	}
	return process.Start(ctx, process.Spec{
		Name: name, Binary: e.Binary, Sum: e.Sum(), Scratch: scratch, Run: h.folder,
		Env: h.opts.Env, Memory: max(h.limits.Memory, 0), Log: log.Output, StartTimeout: h.timing.Start,
	})
}

// scratch is the folder of one process: a cache of its own.
func (h *Host) scratch(name string) string { return filepath.Join(h.opts.Dir, "scratch", name) }

// configureRequest is what the plugin gets to know of its channel.
func (h *Host) configureRequest(ch *core.Channel, secrets map[string]string, scratch string) *pluginv1.ConfigureRequest {
	r := &pluginv1.ConfigureRequest{
		Channel: string(ch.ID), Settings: ch.Settings, Secrets: secrets, Scratch: scratch,
		Locale: h.opts.Locale, Hub: h.opts.Version, Organization: string(ch.Organization),
		HookUrl: h.hookURL(ch.ID),
	}
	return r
}

func (h *Host) hookURL(id core.ChannelID) string {
	if h.opts.HookURL == "" {
		return ""
	}
	return h.opts.HookURL + string(id) + "/"
}

// configure hands the settings over. fault is the plugin's no; err says that it
// did not answer.
func (h *Host) configure(ctx context.Context, client pluginv1.PluginClient, r *pluginv1.ConfigureRequest) (fault, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.timing.Call)
	defer cancel()
	reply, err := client.Configure(ctx, r)
	if err != nil {
		return nil, wire.CallError(err, "configure plugin")
	}
	return wire.Error(reply.GetFault(), "configure plugin"), nil
}

// configured configures the process. While it refuses its settings the channel
// is degraded and they are offered again with growing pauses. A nil channel
// means that this process is no longer wanted.
func (l *live) configured(ctx context.Context, p plan, secrets map[string]string, changed <-chan struct{}) (<-chan struct{}, error) {
	c, h := l.channel, l.host
	request := h.configureRequest(p.want, secrets, h.scratch(string(c.id)))
	pause := backoff{min: h.timing.RetryMin, max: h.timing.RetryMax}
	for {
		fault, err := h.configure(ctx, l.client, request)
		if ctx.Err() != nil {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if fault == nil {
			c.over(fromConfigure)
			return changed, nil
		}
		d := pause.next(fault)
		c.trouble(fromConfigure, fault, d)
		if changed = l.stillWanted(ctx, p, changed, time.After(d)); changed == nil {
			return nil, nil
		}
	}
}

// stillWanted waits for the timer; nil when another plan is wanted meanwhile, or
// the process ended.
func (l *live) stillWanted(ctx context.Context, p plan, changed <-chan struct{}, timer <-chan time.Time) <-chan struct{} {
	for {
		select {
		case <-timer:
			return changed
		case <-ctx.Done():
			return nil
		case <-l.proc.Done():
			return nil
		case <-changed:
		}
		var now plan
		now, changed = l.channel.next()
		if now.stopped() || now.anew || now.key != p.key {
			return nil
		}
	}
}

// work runs the loops until the process is no longer wanted or falls.
func (l *live) work(ctx context.Context, p plan, changed <-chan struct{}) error {
	inside, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	defer loops.Wait()
	defer cancel(nil)
	for _, loop := range l.loops() {
		loops.Go(func() {
			if err := loop(inside); err != nil {
				cancel(err)
			}
		})
	}
	for {
		select {
		case <-l.proc.Done():
			return l.cause(nil)
		case <-inside.Done():
			return l.cause(context.Cause(inside))
		case <-ctx.Done():
			return l.drain(inside)
		case <-changed:
		}
		var now plan
		now, changed = l.channel.next()
		if now.stopped() || now.anew || now.key != p.key {
			return l.drain(inside)
		}
		l.apply(now.want)
	}
}

// loops are the parts of the work this connector can do.
func (l *live) loops() []func(context.Context) error {
	loops := []func(context.Context) error{l.checkLoop}
	if l.entry.Can(catalog.Receives) {
		loops = append(loops, l.receiveLoop)
	}
	if l.entry.Can(catalog.Sends) {
		loops = append(loops, l.sendLoop)
		if l.entry.Can(catalog.Tracks) || l.entry.Limits.Idempotent {
			loops = append(loops, l.trackLoop)
		}
	} else {
		close(l.sendDone)
	}
	if len(l.entry.Calls) > 0 {
		loops = append(loops, l.callsLoop)
	}
	return loops
}

// apply takes over what can change while the process runs.
func (l *live) apply(ch *core.Channel) {
	l.mu.Lock()
	l.concurrency = ch.Concurrency
	l.mu.Unlock()
	l.in.set(!ch.PausedIn)
	l.out.set(!ch.PausedOut)
	l.wakeSender()
}

// drain lets what is under way end: first the deliveries, then, when the plugin
// was told to stop, what it still brings. Nothing takes longer than the grace.
func (l *live) drain(ctx context.Context) error {
	l.channel.setState(core.ChannelStopping, "", "")
	close(l.draining)
	until := time.Now().Add(l.host.timing.Grace)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case <-l.sendDone:
	case <-l.proc.Done():
	case <-ctx.Done():
	}
	// The plugin's own grace ends before ours, so that its answer arrives.
	grace := max(time.Until(until)*9/10, 0)
	_, _ = l.client.Stop(ctx, &pluginv1.StopRequest{GraceMs: grace.Milliseconds()}) // it is ended anyway
	return nil
}

func (l *live) isDraining() bool {
	select {
	case <-l.draining:
		return true
	default:
		return false
	}
}

// pause waits d; less if the loops are nudged. False when the work is over.
func (l *live) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.nudge.wait():
	case <-l.draining:
	case <-ctx.Done():
		return false
	}
	return !l.isDraining()
}

// exitWait is how long a broken line waits for the news of the process's end,
// which says more.
const exitWait = time.Second

// cause is why the process fell, in words that name it. err is what a loop saw.
func (l *live) cause(err error) error {
	if wire.IsGone(err) {
		select {
		case <-l.proc.Done():
		case <-time.After(exitWait):
		}
	}
	exit := l.proc.Exit()
	if exit == "" {
		return err
	}
	l.proc.Kill() // when it returns, all the process wrote has been read
	text := "процесс плагина завершился (" + exit + ")"
	if p := l.channel.log.Panic(); p != "" {
		text += ": " + p
	}
	return &core.Error{
		Kind: core.KindUnavailable, Code: "plugin.exit", Op: "run plugin", Source: core.SourcePlugin, Text: text, Err: err,
	}
}

// ---- health

// checkLoop asks the plugin how its outside system is, at once and then every
// so often. A plugin that does not answer several times has hung.
func (l *live) checkLoop(ctx context.Context) error {
	t := &l.host.timing
	wrong := backoff{min: t.CheckEvery, max: max(t.RetryMax, t.CheckEvery)}
	missed := 0
	for {
		_, err := l.check(ctx, "")
		if ctx.Err() != nil || l.isDraining() {
			return nil
		}
		pause := jitter(t.CheckEvery)
		switch {
		case err == nil:
			missed = 0
			wrong.reset()
			if l.channel.over(fromCheck) {
				l.nudge.ring()
			}
		case noAnswer(err):
			if missed++; missed >= t.Missed {
				return hung(missed)
			}
			l.channel.trouble(fromCheck, err, pause)
		default:
			missed = 0
			if core.KindOf(err) == core.KindConfig {
				pause = wrong.next(err) // do not get the account locked
			}
			l.channel.trouble(fromCheck, err, pause)
		}
		l.channel.checked()
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-l.checkBell:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func noAnswer(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && (e.Code == plugin.CodeTimeout || e.Code == plugin.CodeGone || e.Code == plugin.CodeWire)
}

func hung(missed int) error {
	return &core.Error{
		Kind: core.KindUnavailable, Code: "plugin.hung", Op: "run plugin", Source: core.SourcePlugin,
		Text: fmt.Sprintf("плагин завис: не ответил на %d проверки подряд", missed),
	}
}

func (c *channel) checked() {
	now := c.host.now().UTC()
	c.mu.Lock()
	c.status.CheckedAt = &now
	up := c.up
	c.mu.Unlock()
	if !up {
		c.cameUp()
	}
}

// CheckPart is one part of a check, for the person who tests a connection.
type CheckPart struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text,omitempty"`
}

func (l *live) check(ctx context.Context, section string) ([]CheckPart, error) {
	return l.host.check(ctx, l.client, section)
}

func (h *Host) check(ctx context.Context, client pluginv1.PluginClient, section string) ([]CheckPart, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timing.CheckTimeout)
	defer cancel()
	reply, err := client.Check(ctx, &pluginv1.CheckRequest{Section: section})
	if err != nil {
		return nil, wire.CallError(err, "check channel")
	}
	var parts []CheckPart
	for _, p := range reply.GetParts() {
		parts = append(parts, CheckPart{Name: wire.Text(p.GetName()), OK: p.GetOk(), Text: wire.Text(p.GetText())})
	}
	return parts, wire.Error(reply.GetFault(), "check channel")
}
