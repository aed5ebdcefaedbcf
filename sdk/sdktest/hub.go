// Package sdktest tests connectors. Run is the conformance suite every
// connector passes, with one call; Hub is a hub in memory that a connector's
// own tests drive, in the same process or over a real one.
package sdktest

import (
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk"
)

// Hub is a hub in memory: it keeps what it receives, by external id, and the
// cursor. Its methods may be used from several goroutines.
type Hub struct {
	Client  pluginv1.PluginClient // for what the methods do not cover
	Scratch string

	t       testing.TB
	process *goplugin.Client // nil in the same process

	mu       sync.Mutex
	stored   []sdk.Message
	byID     map[string]int
	offered  map[string]int
	cursor   sdk.Cursor
	ended    error                 // of the last Receive that ended with a fault
	waiting  map[chan struct{}]int // to be closed when so many are kept
	sending  *sending
	services map[string]Service
}

// Service answers the connector's calls.
type Service func(ctx context.Context, call sdk.Call) (sdk.Result, error)

func newHub(t testing.TB, client pluginv1.PluginClient) *Hub {
	return &Hub{
		Client: client, Scratch: t.TempDir(), t: t,
		byID: map[string]int{}, offered: map[string]int{}, waiting: map[chan struct{}]int{}, services: map[string]Service{},
	}
}

// InProcess serves the connector inside the test, over a pipe in memory. log
// may be nil.
func InProcess[C any](t testing.TB, c sdk.Connector[C], log hclog.Logger) *Hub {
	t.Helper()
	if log == nil {
		log = hclog.NewNullLogger()
	}
	server, err := sdk.NewServer(c, log)
	if err != nil {
		t.Fatal(err)
	}
	return Over(t, server)
}

// Over serves any implementation of the wire over a pipe in memory.
func Over(t testing.TB, server pluginv1.PluginServer) *Hub {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	// Stop waits for the calls, too: what an ended test holds is no later test's.
	s := grpc.NewServer(append(plugin.ServerOptions(), grpc.WaitForHandlers(true))...)
	pluginv1.RegisterPluginServer(s, server)
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(lis) }() // ends with Stop below
	conn, err := grpc.NewClient("passthrough:///plugin", append(plugin.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		s.Stop()
		<-served
	})
	return newHub(t, pluginv1.NewPluginClient(conn))
}

// Process starts a connector's binary as the hub does: mutual TLS, and nothing
// in its environment but env. log may be nil.
func Process(t testing.TB, binary string, log hclog.Logger, env ...string) *Hub {
	t.Helper()
	if log == nil {
		log = hclog.NewNullLogger()
	}
	cmd := exec.Command(binary)
	cmd.Env = env
	client := goplugin.NewClient(plugin.ClientConfig(cmd, log))
	t.Cleanup(client.Kill)
	conn, err := plugin.Dial(client)
	if err != nil {
		t.Fatal(err)
	}
	h := newHub(t, conn)
	h.process = client
	return h
}

// Build compiles the connector of a package for Process.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	binary := t.TempDir() + "/connector"
	out, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return binary
}

// Configure configures the channel. settings is anything that marshals to a
// JSON object; secrets go by path.
func (h *Hub) Configure(settings any, secrets map[string]string) error {
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	reply, err := h.Client.Configure(h.t.Context(), &pluginv1.ConfigureRequest{
		Channel: "test", Settings: raw, Secrets: secrets, Scratch: h.Scratch,
		HookUrl: "https://hub.example/hooks/test/", Locale: "ru", Hub: "sdktest", Organization: "org_1",
	})
	if err != nil {
		return errorFrom(plugin.FaultOf(err))
	}
	return errorFrom(reply.GetFault())
}

// Describe asks for the description.
func (h *Hub) Describe() *pluginv1.Description {
	h.t.Helper()
	d, err := h.Client.Describe(h.t.Context(), &pluginv1.DescribeRequest{})
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// Check is the "test connection" button.
func (h *Hub) Check() error {
	reply, err := h.Client.Check(h.t.Context(), &pluginv1.CheckRequest{})
	if err != nil {
		return errorFrom(plugin.FaultOf(err))
	}
	return errorFrom(reply.GetFault())
}

// Track asks what became of deliveries.
func (h *Hub) Track(items ...sdk.TrackItem) ([]sdk.Receipt, error) {
	req := &pluginv1.TrackRequest{}
	for _, it := range items {
		req.Items = append(req.Items, &pluginv1.TrackItem{Delivery: it.Delivery, Token: it.Token, ExternalId: it.ExternalID})
	}
	reply, err := h.Client.Track(h.t.Context(), req)
	if err != nil {
		return nil, errorFrom(plugin.FaultOf(err))
	}
	var out []sdk.Receipt
	for _, r := range reply.GetReceipts() {
		out = append(out, receiptFrom(r))
	}
	return out, nil
}

// Wake is the "run now" button; restart tells that Receive must be opened anew.
func (h *Hub) Wake() (restart bool, err error) {
	reply, err := h.Client.Wake(h.t.Context(), &pluginv1.WakeRequest{})
	if err != nil {
		return false, errorFrom(plugin.FaultOf(err))
	}
	return reply.GetRestart(), nil
}

// Stop asks the connector to finish within the grace.
func (h *Hub) Stop(grace time.Duration) error {
	_, err := h.Client.Stop(h.t.Context(), &pluginv1.StopRequest{GraceMs: grace.Milliseconds()})
	if err != nil {
		return errorFrom(plugin.FaultOf(err))
	}
	return nil
}

// Kill ends the connector's process at once (SIGKILL), as a crash would.
func (h *Hub) Kill() {
	h.t.Helper()
	if h.process == nil {
		h.t.Fatal("Kill needs a process")
	}
	killProcess(h.t, h.process.ID())
	await(h.t, "the process to end", h.process.Exited)
}

// PID is the id of the connector's process.
func (h *Hub) PID() string { return h.process.ID() }

// ---- what came in

// Stored are the messages kept so far, in order, each external id once.
func (h *Hub) Stored() []sdk.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]sdk.Message(nil), h.stored...)
}

// Offered tells how often a message came in, kept or not.
func (h *Hub) Offered(externalID string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offered[externalID]
}

// Cursor is the last mark kept.
func (h *Hub) Cursor() sdk.Cursor {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cursor
}

// Await waits until n messages are kept and returns them.
func (h *Hub) Await(n int) []sdk.Message {
	h.t.Helper()
	select {
	case <-h.arrival(n):
	case <-time.After(Patience):
		h.t.Fatalf("%d messages of %d came within %v (last fault of Receive: %v)", len(h.Stored()), n, Patience, h.lastFault())
	}
	return h.Stored()
}

// arrival is closed when n messages are kept.
func (h *Hub) arrival(n int) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	done := make(chan struct{})
	if len(h.stored) >= n {
		close(done)
	} else {
		h.waiting[done] = n
	}
	return done
}

func (h *Hub) lastFault() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended
}

// Adopt takes over what another hub has kept, as if it were its store after a
// restart.
func (h *Hub) Adopt(from *Hub) {
	from.mu.Lock()
	defer from.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stored, h.byID, h.offered, h.cursor = from.stored, from.byID, from.offered, from.cursor
}

func (h *Hub) offer(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offered[id]++
}

// store keeps a message and its cursor together.
func (h *Hub) store(m *sdk.Message, cursor []byte, has bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m != nil {
		if _, known := h.byID[m.ExternalID]; !known {
			h.byID[m.ExternalID] = len(h.stored)
			h.stored = append(h.stored, *m)
		}
	}
	if has {
		h.cursor = cursor
	}
	for done, n := range h.waiting {
		if len(h.stored) >= n {
			close(done)
			delete(h.waiting, done)
		}
	}
}

// Patience is how long a test waits for what must happen. It bounds a failing
// test; a passing one does not wait.
const Patience = 20 * time.Second

// await polls a condition until it holds.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", Patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
