package process

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
)

// verify compares the binary with the checksum of the catalog's lock. (go-plugin
// does so by itself only when it starts the command itself.) Processes of one
// binary that start at the same moment share the reading of it.
func (f Folder) verify(spec Spec) error {
	_, err, _ := f.verifying.Do(spec.Binary+"\x00"+string(spec.Sum), func() (any, error) {
		return nil, verify(spec)
	})
	return err
}

func verify(spec Spec) error {
	secure := goplugin.SecureConfig{Checksum: spec.Sum, Hash: sha256.New()}
	ok, err := secure.Check(spec.Binary)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return refused("файл плагина исчез: установите плагин заново", err)
	case err != nil:
		return refused("файл плагина не читается", err)
	case !ok:
		return refused("файл плагина изменён после установки: контрольная сумма не сходится; установите плагин заново", nil)
	}
	return nil
}

func refused(text string, err error) error {
	return &core.Error{Kind: core.KindConfig, Code: "plugin.checksum", Op: "start plugin", Text: text, Err: err}
}

// run is one child process. It is go-plugin's runner: unlike its own it gives
// the child a process group and no standard input, bounds its memory, and ends
// all of the group.
type run struct {
	spec           Spec
	cmd            *exec.Cmd
	stdout, stderr *os.File // our ends
	note           string
	done           chan struct{}
	state          *os.ProcessState // set before done is closed, nil if it never ran

	mu     sync.Mutex
	pid    int // 0 until it runs
	killed bool
}

var _ runner.Runner = (*run)(nil)

func newRun(spec Spec, env []string) *run {
	cmd := &exec.Cmd{Path: spec.Binary, Args: []string{spec.Binary}, Dir: spec.Scratch}
	cmd.Env = append(environment(spec), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid: true,
		// The kernel ends the child when the hub dies. It counts by thread: that
		// of this call lives as long as the hub, for Go ends a thread only with a
		// goroutine locked to it.
		Pdeathsig: syscall.SIGKILL,
	}
	return &run{spec: spec, cmd: cmd, done: make(chan struct{})}
}

// environment is all the child gets to see. Go's soft memory limit lies below
// the hard one, so that a Go program collects before it is refused memory.
func environment(spec Spec) []string {
	env := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
		"HOME=" + spec.Scratch,
		"TMPDIR=" + spec.Scratch,
	}
	if zone, ok := os.LookupEnv("TZ"); ok { // empty would mean UTC
		env = append(env, "TZ="+zone)
	}
	if spec.Memory > 0 {
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(spec.Memory/4*3, 10))
	}
	return append(env, spec.Env...)
}

// Start implements runner.Runner.
func (r *run) Start(context.Context) error {
	if err := r.start(); err != nil {
		close(r.done)
		return err
	}
	r.note = r.spec.Run.note(r.spec.Name, r.pid)
	limitMemory(r.pid, r.spec.Memory)
	go r.reap()
	return nil
}

func (r *run) start() error {
	stdout, stderr, err := r.pipes()
	if err != nil {
		return err
	}
	defer stdout.Close()
	defer stderr.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		return context.Canceled
	}
	if err := r.cmd.Start(); err != nil {
		return refused("файл плагина не запускается", err)
	}
	r.pid = r.cmd.Process.Pid
	return nil
}

// pipes opens the child's outputs and returns the ends it gets.
func (r *run) pipes() (stdout, stderr *os.File, err error) {
	if r.stdout, stdout, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if r.stderr, stderr, err = os.Pipe(); err != nil {
		r.stdout.Close()
		stdout.Close()
		return nil, nil, err
	}
	r.cmd.Stdout, r.cmd.Stderr = stdout, stderr
	return stdout, stderr, nil
}

// reap ends when the child has; kill and Wait wait for it.
func (r *run) reap() {
	r.cmd.Wait()                    //nolint:errcheck // the state says it
	unix.Kill(-r.pid, unix.SIGKILL) //nolint:errcheck // what it may have left behind
	r.state = r.cmd.ProcessState
	if r.note != "" {
		os.Remove(r.note)
	}
	close(r.done)
}

// Wait implements runner.Runner.
func (r *run) Wait(context.Context) error {
	<-r.done
	return nil
}

// Kill implements runner.Runner.
func (r *run) Kill(context.Context) error {
	r.kill()
	<-r.done
	r.closePipes() // whoever else still holds the other ends is not listened to
	return nil
}

// kill ends the child and what it started in its group, or keeps it from being
// started.
func (r *run) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = true
	select {
	case <-r.done:
	default:
		if r.pid != 0 {
			unix.Kill(-r.pid, unix.SIGKILL) //nolint:errcheck // gone already
		}
	}
}

func (r *run) closePipes() {
	r.stdout.Close() //nolint:errcheck // closed already, or never opened
	r.stderr.Close() //nolint:errcheck // as above
}

// Stdout implements runner.Runner.
func (r *run) Stdout() io.ReadCloser { return r.stdout }

// Stderr implements runner.Runner.
func (r *run) Stderr() io.ReadCloser { return r.stderr }

// Name implements runner.Runner.
func (r *run) Name() string { return r.spec.Name }

// ID implements runner.Runner.
func (r *run) ID() string { return strconv.Itoa(r.pid) }

// Diagnose implements runner.Runner.
func (r *run) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner: both see the same files.
func (r *run) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (r *run) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// limitMemory bounds the child's private writable memory (RLIMIT_DATA of
// setrlimit(2)); address space itself costs nothing and is not bounded.
func limitMemory(pid int, limit int64) {
	if limit <= 0 {
		return
	}
	bound := unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)}
	unix.Prlimit(pid, unix.RLIMIT_DATA, &bound, nil) //nolint:errcheck // the soft limit still holds
}

func residentMB(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20)
}

// A note says which process belongs to this hub: its id and the moment it was
// started, so that another process that got the id later is left alone.
const (
	noteSuffix   = ".pid"
	socketPrefix = "plugin-dir" // of go-plugin's folders
)

func (f Folder) note(name string, pid int) string {
	start := startTime(pid)
	if start == "" {
		return ""
	}
	path := filepath.Join(f.notes, name+"-"+strconv.Itoa(pid)+noteSuffix)
	if os.WriteFile(path, []byte(strconv.Itoa(pid)+" "+start), 0o600) != nil {
		return "" // the kernel still ends the child with the hub
	}
	return path
}

// endLeftovers ends the process groups of a hub that died and removes its
// sockets.
func (f Folder) endLeftovers() error {
	entries, err := os.ReadDir(f.notes)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(f.notes, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), noteSuffix):
			endNoted(path)
		case !strings.HasPrefix(e.Name(), socketPrefix):
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

func endNoted(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return
	}
	id, start, _ := strings.Cut(string(raw), " ")
	pid, err := strconv.Atoi(id)
	if err == nil && pid > 1 && start != "" && startTime(pid) == start {
		unix.Kill(-pid, unix.SIGKILL) //nolint:errcheck // gone already
	}
}

// startTime is field 22 of /proc/pid/stat, see proc(5); empty if there is no
// such process. The name of the program, field 2, may hold spaces and brackets.
func startTime(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, ok := strings.Cut(string(raw[max(0, bytes.LastIndexByte(raw, ')')):]), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return ""
	}
	return fields[19]
}
