// Package hubproc runs a hub as a process of its own and speaks with it over the
// socket in its data folder: for the benchmark and for the tests of the program
// as a whole.
package hubproc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Process is a hub that was started.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// Start starts cmd. What it says is appended to the file log; a Stdout that cmd
// has already stays. Whoever starts a process ends it and waits for Exited.
func Start(cmd *exec.Cmd, log string) (*Process, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // the process has its own
	if cmd.Stderr = f; cmd.Stdout == nil {
		cmd.Stdout = f
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	go func() { // ends with the process
		defer close(p.exited)
		_ = cmd.Wait() // State says it
	}()
	return p, nil
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// State is how the process ended; nil as long as Exited is open.
func (p *Process) State() *os.ProcessState {
	select {
	case <-p.exited:
		return p.cmd.ProcessState
	default:
		return nil
	}
}

// Signal sends a signal; a process that has ended is left in peace.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// PID of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// LastWords are the end of a log, or why it cannot be read.
func LastWords(log string, most int) string {
	raw, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-most):])
}

// Client speaks with the hub of a data folder, under any host name.
func Client(data string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 32,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(data, "uzel.sock"))
		},
	}}
}

// Refusal is an answer of REST that is not 2xx.
type Refusal struct {
	Status int
	Body   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s", r.Status, r.Body) }

// Call makes a request of REST. in and out may be nil; a []byte is sent as it is,
// as content of that kind, and out of that type takes the body as it is. The
// error is a *Refusal, or that of a hub that is not there.
func Call(ctx context.Context, client *http.Client, method, address, kind string, in, out any) error {
	raw, sent := in.([]byte)
	if !sent && in != nil {
		var err error
		if raw, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if raw != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return &Refusal{res.StatusCode, string(body)}
	}
	return into(body, out)
}

func into(body []byte, out any) error {
	if out == nil || len(body) == 0 {
		return nil
	}
	if whole, ok := out.(*[]byte); ok {
		*whole = body
		return nil
	}
	return json.Unmarshal(body, out)
}

// Memory reads a line of /proc/PID/status, in MB: "VmHWM:" is the most a process
// has ever had resident.
func Memory(pid int, line string) (float64, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, line); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", line, pid)
}
