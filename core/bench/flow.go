package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/api/plugin/pipe"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
)

// patience bounds one measurement: a hub that stands still is a fault.
const patience = 5 * time.Minute

// connector is a generator without a hub.
type connector struct {
	process *goplugin.Client
	client  pluginv1.PluginClient
}

func (b *runner) startConnector(ctx context.Context, settings object) (*connector, error) {
	c := &connector{process: goplugin.NewClient(plugin.ClientConfig(exec.Command(b.Generator), hclog.NewNullLogger()))}
	client, err := plugin.Dial(c.process)
	if err == nil {
		c.client = client
		err = c.configure(ctx, settings)
	}
	if err != nil {
		c.process.Kill()
		return nil, err
	}
	return c, nil
}

func (c *connector) configure(ctx context.Context, settings object) error {
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	reply, err := c.client.Configure(ctx, &pluginv1.ConfigureRequest{Channel: "bench", Settings: raw, Locale: "ru", Hub: "bench"})
	if err != nil {
		return err
	}
	return plugin.AsError(reply.GetFault())
}

// stats asks a generator how its messages fared.
func (c *connector) stats(ctx context.Context) (f figures, err error) {
	stream, err := c.client.Do(ctx)
	if err != nil {
		return f, err
	}
	for _, step := range []*pluginv1.DoUp{
		{Step: &pluginv1.DoUp_Request{Request: &pluginv1.DoRequest{Operation: "stats", Input: []byte("{}")}}},
		{Step: &pluginv1.DoUp_End{End: true}},
	} {
		if err := stream.Send(step); err != nil {
			return f, err
		}
	}
	for {
		down, err := stream.Recv()
		if err == nil {
			err = plugin.AsError(down.GetFault())
		}
		if err != nil {
			return f, err
		}
		if reply := down.GetReply(); reply != nil {
			return f, json.Unmarshal(reply.GetOutput(), &f)
		}
	}
}

// receivePipe is the rate of messages over the wire alone.
func (b *runner) receivePipe(ctx context.Context) (float64, error) {
	source, err := b.startConnector(ctx, object{"messages": b.messages})
	if err != nil {
		return 0, err
	}
	defer source.process.Kill()
	start := time.Now()
	_, err = pipe.Receive(ctx, source.client, pipe.Options{Messages: b.messages})
	return rate(b.messages, time.Since(start)), err
}

// forwardPipe is the rate with each message delivered to a second connector.
func (b *runner) forwardPipe(ctx context.Context) (float64, error) {
	source, err := b.startConnector(ctx, object{"messages": b.messages})
	if err != nil {
		return 0, err
	}
	defer source.process.Kill()
	sink, err := b.startConnector(ctx, object{"messages": -1})
	if err != nil {
		return 0, err
	}
	defer sink.process.Kill()
	start := time.Now()
	_, err = pipe.Forward(ctx, source.client, sink.client, pipe.Options{Messages: b.messages})
	return rate(b.messages, time.Since(start)), err
}

// ingest measures acknowledged messages against the pipe. The stages behind
// work at the same time, as they always do.
func (b *runner) ingest(ctx context.Context) error {
	floor, err := b.receivePipe(ctx)
	if err != nil {
		return err
	}
	h, err := b.startHub(ctx, b.folder("ingest"))
	if err != nil {
		return err
	}
	var f figures
	used, err := h.spending(func() (err error) {
		f, err = h.take(ctx, object{"messages": b.messages})
		return err
	})
	if err := errors.Join(err, h.discard()); err != nil {
		return err
	}
	got := float64(f.Messages) / f.Seconds
	b.note(pipeRate, floor)
	b.note(ingestRate, got)
	b.note("ingest_vs_pipe", got/floor)
	b.say("  ingest     %6.0f/s of %6.0f/s  %.2f, %s", got, floor, got/floor, b.each(used))
	return nil
}

// spending is the processor time the hub needs for do.
func (h *hub) spending(do func() error) (time.Duration, error) {
	before, err := h.processor()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := h.processor()
	return after - before, err
}

// each tells the hub's processor time of one document. It depends less on
// neighbours than the rates do.
func (b *runner) each(used time.Duration) string {
	return fmt.Sprintf("%d µs of a core in the hub", (used / time.Duration(b.messages)).Microseconds())
}

// take lets a source bring its messages and returns how that went.
func (h *hub) take(ctx context.Context, settings object) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := h.create(ctx, "source", true, settings); err != nil {
		return figures{}, err
	}
	n := settings["messages"].(int)
	err := h.count(ctx, n, func() (int, error) {
		st, err := h.status(ctx, "source")
		return int(st.Received), err
	})
	if err != nil {
		return figures{}, err
	}
	var f figures
	err = h.poll(ctx, 20*time.Millisecond, func() (done bool, err error) {
		f, err = h.figures(ctx, "source")
		return f.Messages >= n && f.Seconds > 0, err
	})
	return f, err
}

// steady is a stream at half of the top rate.
func (b *runner) steady() object {
	half := b.half()
	return object{"messages": int(half * b.latency.Seconds()), "rate": half}
}

// latency99 measures acknowledgements at half of the rate just measured, and
// beside them those of the pipe: what the wire and the machine need by themselves.
func (b *runner) latency99(ctx context.Context) error {
	stream := b.steady()
	floor, err := b.pipeLatency(ctx, stream)
	if err != nil {
		return err
	}
	h, err := b.startHub(ctx, b.folder("latency"))
	if err != nil {
		return err
	}
	f, err := h.take(ctx, stream)
	if err := errors.Join(err, h.discard()); err != nil {
		return err
	}
	b.note("ack_p99_half_load_ms", f.P99)
	b.note("ack_p99_pipe_ms", floor.P99)
	b.say("  ack p99    %6.2f ms at %.0f/s, median %.2f ms; pipe %.2f ms, median %.2f ms", f.P99, stream["rate"], f.P50, floor.P99, floor.P50)
	return nil
}

func (b *runner) pipeLatency(ctx context.Context, stream object) (f figures, err error) {
	source, err := b.startConnector(ctx, stream)
	if err != nil {
		return f, err
	}
	defer source.process.Kill()
	if _, err := pipe.Receive(ctx, source.client, pipe.Options{Messages: stream["messages"].(int)}); err != nil {
		return f, err
	}
	return source.stats(ctx)
}

// slowFlush is what a slow disk adds to each flush.
const slowFlush = 2 * time.Millisecond

// delivered measures the whole way against the pipe, and on a slow disk.
func (b *runner) delivered(ctx context.Context) error {
	floor, err := b.forwardPipe(ctx)
	if err != nil {
		return err
	}
	fast, err := b.deliver(ctx, "delivered")
	if err != nil {
		return err
	}
	slow, err := b.deliver(ctx, "slow", "--flush-delay", slowFlush.String())
	if err != nil {
		return err
	}
	b.note(forwardRate, floor)
	b.note(deliveredRate, fast.rate)
	b.note("delivered_vs_pipe", fast.rate/floor)
	b.note("slow_disk_ratio", slow.rate/fast.rate)
	b.note("hub_rss_mb", fast.peak)
	b.say("  delivered  %6.0f/s of %6.0f/s  %.2f, %s, %.0f MB", fast.rate, floor, fast.rate/floor, b.each(fast.used), fast.peak)
	b.say("  slow disk  %6.0f/s  %.2f", slow.rate, slow.rate/fast.rate)
	return nil
}

// delivery is how one run of the whole way went.
type delivery struct {
	rate float64
	peak float64 // MB
	used time.Duration
}

func (b *runner) deliver(ctx context.Context, name string, args ...string) (d delivery, err error) {
	h, err := b.startHub(ctx, b.folder(name), args...)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, h.discard()) }()
	d.used, err = h.spending(func() error {
		took, err := h.through(ctx, "", b.messages)
		d.rate = rate(b.messages, took)
		return err
	})
	if err != nil {
		return d, err
	}
	d.peak, err = h.peak()
	return d, err
}

// through brings n messages in, with each delivered to a second connector, and
// returns the time from the first message to the last delivery settled.
func (h *hub) through(ctx context.Context, suffix string, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	source, sink := "source"+suffix, "sink"+suffix
	if err := h.create(ctx, sink, true, object{"messages": -1}); err != nil {
		return 0, err
	}
	if err := h.await(ctx, sink, 10*time.Millisecond, checked); err != nil {
		return 0, err
	}
	if err := h.create(ctx, source, true, object{"messages": n, "prefix": source + "-"}, sink); err != nil {
		return 0, err
	}
	err := h.count(ctx, n, func() (int, error) {
		st, err := h.status(ctx, sink)
		return int(st.Sent), err
	})
	end := time.Now()
	if err != nil {
		return 0, err
	}
	f, err := h.figures(ctx, source)
	return end.Sub(time.Unix(0, f.Begun)), err
}

// checked tells that a channel runs, is configured and was checked.
func checked(s *core.ChannelStatus) bool {
	return s.State == core.ChannelRunning && s.CheckedAt != nil
}
