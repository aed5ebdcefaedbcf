package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// hub is a hub under test: a process, and a client on the socket in its data
// folder.
type hub struct {
	dir    string
	log    string
	client *http.Client
	*hubproc.Process
}

// startPatience and stopPatience bound a hub's start and end.
const (
	startPatience = time.Minute
	stopPatience  = 30 * time.Second
)

// startHub starts a hub on the folder and returns when it answers.
func (b *runner) startHub(ctx context.Context, dir string, args ...string) (*hub, error) {
	if b.Profiles != "" {
		b.hubs++
		args = append(args, "--pprof", filepath.Join(b.Profiles, fmt.Sprintf("%s-%d.prof", filepath.Base(dir), b.hubs)))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), b.Hub, append([]string{"serve"}, args...)...)
	cmd.Env, cmd.Stdout = environment(dir, filepath.Dir(b.Generator)), io.Discard
	h := &hub{dir: dir, log: filepath.Join(dir, "hub.log"), client: hubproc.Client(dir)}
	var err error
	if h.Process, err = hubproc.Start(cmd, h.log); err != nil {
		return nil, err
	}
	if err := h.awaitAnswer(ctx); err != nil {
		return nil, errors.Join(err, h.stop())
	}
	return h, nil
}

// environment of a hub: the machine's, and nothing that is meant for another
// hub.
func environment(dir, plugins string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "UZEL_") {
			env = append(env, v)
		}
	}
	return append(env, "UZEL_DATA="+dir, "UZEL_PLUGINS="+plugins, "UZEL_LISTEN=127.0.0.1:0", "UZEL_LOG__LEVEL=warn")
}

func (h *hub) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	return h.poll(ctx, time.Millisecond, func() (bool, error) {
		return h.call(ctx, http.MethodGet, "/healthz", nil, nil) == nil, nil
	})
}

// poll asks every so often until done or an error; the end of the process is
// one.
func (h *hub) poll(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-h.Exited():
			return fmt.Errorf("the hub has ended:\n%s", h.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%w, the hub's last words:\n%s", context.Cause(ctx), h.lastWords())
		}
	}
}

// count polls until n are done. Asking costs the hub time, so it is asked more
// often only towards the end.
func (h *hub) count(ctx context.Context, n int, done func() (int, error)) error {
	start, pause := time.Now(), lookLeast
	for {
		have, err := done()
		if err != nil || have >= n {
			return err
		}
		if have > 0 {
			left := time.Since(start) / time.Duration(have) * time.Duration(n-have)
			pause = min(max(left/3, lookLeast), lookMost)
		}
		select {
		case <-time.After(pause):
		case <-h.Exited():
			return fmt.Errorf("the hub has ended after %d of %d:\n%s", have, n, h.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%w after %d of %d, the hub's last words:\n%s", context.Cause(ctx), have, n, h.lastWords())
		}
	}
}

// lookLeast and lookMost bound the pauses of count.
const (
	lookLeast = 5 * time.Millisecond
	lookMost  = 500 * time.Millisecond
)

// lastWords are the end of the hub's log.
func (h *hub) lastWords() string { return hubproc.LastWords(h.log, 2000) }

// stop ends the hub in order. Call it once.
func (h *hub) stop() error {
	h.client.CloseIdleConnections()
	h.Signal(syscall.SIGTERM)
	select {
	case <-h.Exited():
		return nil
	case <-time.After(stopPatience):
	}
	h.Signal(syscall.SIGKILL)
	<-h.Exited()
	return errors.New("the hub did not stop when asked to")
}

// discard is stop, and the end of the data.
func (h *hub) discard() error { return errors.Join(h.stop(), os.RemoveAll(h.dir)) }

// call sends and reads JSON; in and out may be nil.
func (h *hub) call(ctx context.Context, method, path string, in, out any) error {
	if err := hubproc.Call(ctx, h.client, method, "http://hub"+path, "application/json", in, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// channel is how REST shows a channel.
type channel struct {
	ID     string             `json:"id"`
	Status core.ChannelStatus `json:"status"`
}

type object = map[string]any

// create sets a channel of the generator up.
func (h *hub) create(ctx context.Context, id string, enabled bool, settings object, forwardTo ...string) error {
	in := object{"id": id, "title": id, "plugin": "generator", "enabled": enabled, "settings": settings}
	if len(forwardTo) > 0 {
		in["forward_to"] = forwardTo
	}
	return h.call(ctx, http.MethodPost, "/api/v1/channels", in, nil)
}

// await polls the channel until it is as wanted.
func (h *hub) await(ctx context.Context, id string, every time.Duration, wanted func(*core.ChannelStatus) bool) error {
	return h.poll(ctx, every, func() (bool, error) {
		st, err := h.status(ctx, id)
		return wanted(&st), err
	})
}

func (h *hub) status(ctx context.Context, id string) (core.ChannelStatus, error) {
	var ch channel
	err := h.call(ctx, http.MethodGet, "/api/v1/channels/"+id, nil, &ch)
	return ch.Status, err
}

// figures are the generator's.
type figures struct {
	Messages int     `json:"messages"`
	Begun    int64   `json:"begun"`
	Seconds  float64 `json:"seconds"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

func (h *hub) figures(ctx context.Context, channel string) (figures, error) {
	var out struct {
		Output figures `json:"output"`
	}
	err := h.call(ctx, http.MethodPost, "/api/v1/channels/"+channel+"/operations/stats", object{}, &out)
	return out.Output, err
}

// peak is the most memory the hub has had resident, in MB.
func (h *hub) peak() (float64, error) { return hubproc.Memory(h.PID(), "VmHWM:") }

// ticksPerSecond is what Linux counts the time of a processor in, on every
// machine that Go runs on.
const ticksPerSecond = 100

// processor is the time the hub has used so far: fields 14 and 15 of
// /proc/PID/stat, counted behind the name in brackets, which is field 2.
func (h *hub) processor() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(h.PID()) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticksPerSecond, err
}
