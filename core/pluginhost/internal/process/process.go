// Package process starts connectors as child processes and ends them: over
// go-plugin, with a checked binary, an environment of its own, bounded memory, a
// process group that dies with the hub, and a private socket.
package process

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"golang.org/x/sync/singleflight"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
)

// Spec is what to start and how.
type Spec struct {
	Name   string // names the process among those of the hub: the channel's id
	Binary string // absolute path
	Sum    []byte // SHA-256 the binary must have
	// Scratch is the process's folder: its working directory, HOME and TMPDIR.
	Scratch string
	// Run is the folder for sockets and notes about living processes.
	Run Folder
	// Env are additional variables, `NAME=value`. Nothing is inherited.
	Env []string
	// Memory bounds what the process may allocate, bytes; 0 = no bound.
	Memory int64
	// Log makes a writer for one of the process's outputs: what it writes to its
	// standard error, and what its libraries print once it serves.
	Log func() io.Writer
	// StartTimeout is how long it may take to answer; 0 = ten seconds.
	StartTimeout time.Duration
}

// killAfter is how long a process may take to end by itself.
const killAfter = 2 * time.Second

// Process is a connector that runs. End it with Kill.
type Process struct {
	Client pluginv1.PluginClient
	PID    int

	run    *run
	plugin *goplugin.Client
}

// Start starts the process and connects to it. KindConfig if the binary is not
// the one the catalog let in, KindUnavailable if it did not come up.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	started := make(chan *run, 1)
	last := &lastWords{next: spec.Log()}
	client := goplugin.NewClient(config(ctx, spec, last, started))
	stop := context.AfterFunc(ctx, func() {
		select {
		case r := <-started: // go-plugin's own Kill would wait for the end of its start
			r.kill()
			started <- r
		default: // not made yet, and now it will not be
		}
	})
	defer stop()
	wire, err := plugin.Dial(client)
	if err != nil {
		client.Kill()
		return nil, startError(ctx, err, last)
	}
	r := <-started
	return &Process{Client: wire, PID: r.pid, run: r, plugin: client}, nil
}

func config(ctx context.Context, spec Spec, stderr io.Writer, started chan<- *run) *goplugin.ClientConfig {
	// go-plugin would parse the log lines and hand on some of them; the log takes
	// them as they are.
	c := plugin.ClientConfig(nil, hclog.New(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard}))
	c.Stderr, c.SyncStdout, c.SyncStderr = stderr, spec.Log(), spec.Log()
	c.UnixSocketConfig = &goplugin.UnixSocketConfig{TempDir: spec.Run.Sockets}
	if spec.StartTimeout > 0 {
		c.StartTimeout = spec.StartTimeout
	}
	c.RunnerFunc = func(_ hclog.Logger, cmd *exec.Cmd, sockets string) (runner.Runner, error) {
		err := spec.Run.verify(spec)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			os.Remove(sockets) // go-plugin forgets it
			return nil, err
		}
		r := newRun(spec, cmd.Env)
		started <- r
		return r, nil
	}
	return c
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.run.done }

// Exit tells how the process ended, for people; empty as long as it runs.
func (p *Process) Exit() string {
	select {
	case <-p.run.done:
		return p.run.state.String()
	default:
		return ""
	}
}

// Kill asks the process to end, ends it after two seconds, and waits for it and
// everything it started. It may be called again.
func (p *Process) Kill() {
	// go-plugin's own two seconds begin when the process has answered.
	cut := time.AfterFunc(killAfter, p.run.kill)
	defer cut.Stop()
	p.plugin.Kill()
}

// KillNow ends the process at once. Kill must still be called.
func (p *Process) KillNow() { p.run.kill() }

// MemoryMB is the resident memory of the process; 0 if it cannot be told.
func (p *Process) MemoryMB() float64 { return residentMB(p.PID) }

func startError(ctx context.Context, err error, last *lastWords) error {
	if ctx.Err() != nil {
		return core.Unavailable("plugin.start", "запуск плагина прерван", ctx.Err())
	}
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	text := "плагин не запустился"
	if said := last.line(); said != "" {
		text += ": " + said
	}
	return core.Unavailable("plugin.start", text, err)
}

// lastWords remembers the panic or else the last line a process wrote, which is
// why it did not start. It has been told no secrets by then.
type lastWords struct {
	next io.Writer

	mu    sync.Mutex
	tail  []byte
	panic string
}

const lastWordsSize = 500

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	l.tail = append(l.tail, p...)
	l.tail = slices.Clone(l.tail[max(0, len(l.tail)-lastWordsSize):])
	if l.panic == "" && bytes.HasPrefix(p, []byte("panic: ")) { // go-plugin writes line by line
		l.panic = string(p[:min(len(p), lastWordsSize)])
	}
	l.mu.Unlock()
	return l.next.Write(p)
}

func (l *lastWords) line() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(strings.ToValidUTF8(cmp.Or(l.panic, string(l.tail)), ""))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Folder is where sockets and notes about living processes lie.
type Folder struct {
	Sockets string
	notes   string
	made    string // a folder of our own to be removed in the end

	verifying *singleflight.Group
}

// socketNameLength is what go-plugin appends to the folder of a socket.
const (
	socketNameLength = len("/plugin-dir1234567890/plugin1234567890")
	socketPathLimit  = 107 // sun_path of unix(7) without its zero byte
)

// OpenFolder prepares dir, readable by the hub's user alone, and ends what a
// hub that crashed left running. When dir is too deep for the address of a unix
// socket, sockets go to a fresh folder among the temporary files.
func OpenFolder(dir string) (Folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Folder{}, fmt.Errorf("open run folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Folder{}, fmt.Errorf("open run folder: %w", err)
	}
	f := Folder{Sockets: dir, notes: dir, verifying: new(singleflight.Group)}
	if err := f.endLeftovers(); err != nil {
		return Folder{}, fmt.Errorf("open run folder: %w", err)
	}
	if len(dir)+socketNameLength <= socketPathLimit {
		return f, nil
	}
	f.made, err = os.MkdirTemp("", "uzel-") // mode 0700
	if err != nil {
		return Folder{}, fmt.Errorf("open run folder: %w", err)
	}
	f.Sockets = f.made
	if len(f.made)+socketNameLength > socketPathLimit {
		return Folder{}, errors.Join(f.Close(), &core.Error{
			Kind: core.KindConfig, Code: "plugin.sockets", Op: "open run folder",
			Text: "пути к папкам данных и временных файлов слишком длинны для сокетов: задайте TMPDIR покороче",
		})
	}
	return f, nil
}

// Close removes the folder that was made among the temporary files, if any.
func (f Folder) Close() error {
	if f.made == "" {
		return nil
	}
	return os.RemoveAll(f.made)
}
