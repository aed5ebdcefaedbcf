package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
	"github.com/uzel-hub/uzel/core/maintenance"
)

// object is a JSON object.
type object = map[string]any

// hub is a data folder, and the process that works with it while one runs.
type hub struct {
	*testing.T
	data   string
	log    string // what its processes said
	env    []string
	flags  []string     // of serve
	client *http.Client // over the socket, as the command line does

	process *hubproc.Process
}

// newHub prepares an empty data folder. Nothing runs yet.
func newHub(t *testing.T) *hub {
	t.Helper()
	dir := t.TempDir()
	h := &hub{T: t, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "hub.log")}
	h.env = []string{
		"PATH=" + binaries + ":" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(),
		"UZEL_DATA=" + h.data, "UZEL_LISTEN=127.0.0.1:0", "UZEL_PLUGINS=" + filepath.Join(binaries, "plugins"),
	}
	h.client = hubproc.Client(h.data)
	t.Cleanup(func() {
		h.kill()
		h.client.CloseIdleConnections()
		if t.Failed() {
			t.Logf("the hub said:\n%s", hubproc.LastWords(h.log, 4000))
		}
	})
	return h
}

// launch starts the process and does not wait until it serves.
func (h *hub) launch() {
	h.Helper()
	cmd := exec.Command(filepath.Join(binaries, "uzel"), append([]string{"serve"}, h.flags...)...)
	cmd.Env, cmd.SysProcAttr = h.env, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if h.process, err = hubproc.Start(cmd, h.log); err != nil {
		h.Fatal(err)
	}
}

// start starts the hub and waits until it serves.
func (h *hub) start() {
	h.Helper()
	h.launch()
	h.await("the hub serves", func() bool {
		if state := h.process.State(); state != nil {
			h.Fatalf("the hub ended: %v", state)
		}
		return h.call(http.MethodGet, "/readyz", nil, nil) == nil
	})
}

// running tells whether there is a process.
func (h *hub) running() bool { return h.process != nil }

// kill ends the process as a power cut does.
func (h *hub) kill() { h.end(syscall.SIGKILL) }

// stop ends the process in order.
func (h *hub) stop() {
	h.Helper()
	if state := h.end(syscall.SIGTERM); !state.Success() {
		h.Errorf("the hub ended with %v", state)
	}
}

func (h *hub) end(signal syscall.Signal) *os.ProcessState {
	if h.process == nil {
		return nil
	}
	h.process.Signal(signal)
	<-h.process.Exited()
	state := h.process.State()
	h.process = nil
	return state
}

// patience is how long is waited for what must come about.
const patience = time.Minute

// await waits until cond is true.
func (h *hub) await(what string, cond func() bool) {
	h.Helper()
	await(h.T, what, cond)
}

func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	awaitFor(t, patience, what, cond)
}

func awaitFor(t *testing.T, patience time.Duration, what string, cond func() bool) {
	t.Helper()
	until := time.Now().Add(patience)
	for pause := time.Millisecond; !cond(); pause = min(2*pause, 50*time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(pause)
	}
}

// uzel runs the command line; its answer and whether it succeeded.
func (h *hub) uzel(args ...string) (answer string, ok bool) {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), filepath.Join(binaries, "uzel"), args...)
	cmd.Env = h.env
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		h.Fatal(err)
	}
	return string(out), err == nil
}

// must runs the command line, which must succeed.
func (h *hub) must(args ...string) string {
	h.Helper()
	answer, ok := h.uzel(args...)
	if !ok {
		h.Fatalf("uzel %s: %s", strings.Join(args, " "), answer)
	}
	return answer
}

// check proves the data sound with `uzel check`, whether the hub runs or not.
func (h *hub) check() maintenance.Report {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), filepath.Join(binaries, "uzel"), "check", "--json")
	var complaints bytes.Buffer
	cmd.Env, cmd.Stderr = h.env, &complaints
	out, err := cmd.Output()
	var r maintenance.Report
	if jerr := json.Unmarshal(out, &r); jerr != nil {
		h.Fatalf("uzel check: %v, %v: %s", err, jerr, &complaints)
	}
	if err != nil || r.All != 0 {
		h.Fatalf("uzel check: %v\n%s", err, strings.Join(r.Problems[:min(len(r.Problems), 20)], "\n"))
	}
	return r
}

// live is how many records of a table the report counts.
func live(r maintenance.Report, table string) int {
	for _, t := range r.Tables {
		if t.Table == table {
			return t.Live
		}
	}
	return 0
}

// call makes a request of REST. in and out may be nil; a []byte is sent as it is
// and out of that type takes the body as it is. The error is a *hubproc.Refusal, or that
// of a hub that is not there.
func (h *hub) call(method, path string, in, out any) error {
	return call(h.client, method, "http://hub"+path, "application/json", in, out)
}

func call(client *http.Client, method, address, kind string, in, out any) error {
	return hubproc.Call(context.Background(), client, method, address, kind, in, out)
}

// get reads what must be there.
func (h *hub) get(path string, out any) {
	h.Helper()
	if err := h.call(http.MethodGet, path, nil, out); err != nil {
		h.Fatalf("GET %s: %v", path, err)
	}
}

// status is how a channel fares.
func (h *hub) status(id string) core.ChannelStatus {
	h.Helper()
	var c struct{ Status core.ChannelStatus }
	h.get("/api/v1/channels/"+id, &c)
	return c.Status
}

// awaitChannel waits until the channel is in the state.
func (h *hub) awaitChannel(id string, want core.ChannelState) core.ChannelStatus {
	h.Helper()
	var s core.ChannelStatus
	defer func() {
		if s.State != want {
			h.Logf("channel %s is %+v", id, s)
		}
	}()
	h.await(fmt.Sprintf("channel %s becomes %s", id, want), func() bool {
		s = h.status(id)
		return s.State == want
	})
	return s
}

// all reads a list of REST to its end.
func all[T any](h *hub, path string, query url.Values) []T {
	h.Helper()
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "1000")
	var out []T
	for {
		var page struct {
			Items []T
			Next  string
		}
		h.get(path+"?"+query.Encode(), &page)
		if out = append(out, page.Items...); page.Next == "" {
			return out
		}
		query.Set("after", page.Next)
	}
}

// hurry has a delivery that waits long for its next try tried now, as a clerk may.
func (h *hub) hurry(d core.Delivery) {
	h.Helper()
	if d.State != core.DeliveryQueued || d.NextAt == nil || time.Until(*d.NextAt) < 2*time.Second {
		return
	}
	if err := h.call(http.MethodPost, "/api/v1/deliveries/"+string(d.ID)+"/retry", nil, nil); err != nil {
		h.Logf("retry: %v", err) // it went out meanwhile
	}
}

// card is a document with what belongs to it.
type card struct {
	Document         core.Document
	Thread           []struct{ ID core.DocumentID }
	PerhapsBelongsTo []struct{ ID core.DocumentID } `json:"perhaps_belongs_to"`
	Deliveries       []core.Delivery
}

func (h *hub) card(id core.DocumentID) (c card) {
	h.Helper()
	h.get("/api/v1/documents/"+string(id), &c)
	return c
}

// row is a document in a list. Files are counted there.
type row struct {
	ID        core.DocumentID
	Direction core.Direction
	State     core.DocumentState
	Number    *core.RegNumber
	Subject   string
	Sender    core.Correspondent
	Channel   core.ChannelID
	Thread    core.ThreadID
	Files     int
	Version   uint64
}

func (h *hub) documents(query url.Values) []row {
	h.Helper()
	return all[row](h, "/api/v1/documents", query)
}

// journalOf is the last number of a journal.
func journalOf(r maintenance.Report, journal core.JournalID) (last int) {
	for _, j := range r.Journals {
		if j.Journal == journal {
			last += int(j.Last)
		}
	}
	return last
}
