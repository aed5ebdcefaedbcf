package rest

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/hashicorp/go-hclog"
	"github.com/microcosm-cc/bluemonday"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/openid"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/task"
)

// Outgoing answers documents and moves deliveries; outgoing.Service does.
type Outgoing interface {
	Reply(tx store.Tx, to core.DocumentID, r outgoing.Reply) (*core.Document, *core.Delivery, error)
	Cancel(ctx context.Context, id core.DeliveryID) (*core.Delivery, error)
	Retry(ctx context.Context, id core.DeliveryID) (*core.Delivery, error)
}

// Events publishes in a transaction and shows what was published; bus.Bus does.
type Events interface {
	bus.Publisher
	Tail(ctx context.Context, topics []bus.Topic, after string) (*bus.Tail, error)
}

// DeadLetters is where events end that no handler could work; bus.DeadLetters
// is.
type DeadLetters interface {
	List(ctx context.Context, q store.Query[bus.DeadLetter]) (store.Page[bus.DeadLetter], error)
	Get(ctx context.Context, id string) (*bus.DeadLetter, error)
	Replay(ctx context.Context, id string) error
	GiveUp(ctx context.Context, id string) error
}

// System looks after the hub's data.
type System interface {
	Check(ctx context.Context, progress func(step string)) (maintenance.Report, error)
	Backup(ctx context.Context, w io.Writer, withKey bool) error
	Status(ctx context.Context) (maintenance.Status, error)
}

// Channels is how people set channels up; pluginhost.Channels does. It is as wide
// as what people do.
type Channels interface {
	List(ctx context.Context) ([]*core.Channel, error)
	Get(ctx context.Context, id core.ChannelID) (*core.Channel, error)
	Create(ctx context.Context, ch core.Channel) (*core.Channel, error)
	Update(ctx context.Context, ch core.Channel) (*core.Channel, error)
	Delete(ctx context.Context, id core.ChannelID) error
	SetEnabled(ctx context.Context, id core.ChannelID, enabled bool) (*core.Channel, error)
	Pause(ctx context.Context, id core.ChannelID, in, out *bool) (*core.Channel, error)
	Revert(ctx context.Context, id core.ChannelID, version uint64) (*core.Channel, error)
	History(ctx context.Context, id core.ChannelID) ([]store.Entry, error)
	Check(ctx context.Context, d pluginhost.Draft) ([]pluginhost.CheckPart, error)
}

// Host runs the channels; pluginhost.Host does.
type Host interface {
	Status(ctx context.Context, id core.ChannelID) (core.ChannelStatus, error)
	Statuses(ctx context.Context) []core.ChannelStatus
	Stats() []pluginhost.Stats
	Check(ctx context.Context, id core.ChannelID, section string) ([]pluginhost.CheckPart, error)
	Wake(ctx context.Context, id core.ChannelID) error
	Restart(id core.ChannelID) error
	Reconcile()
	Do(ctx context.Context, id core.ChannelID, call pluginhost.OperationCall) (pluginhost.Result, error)
	Traffic(id core.ChannelID, span, step time.Duration) ([]core.TrafficAt, error)
	LogTail(id core.ChannelID, n int) ([]pluginhost.LogLine, error)
	LogFollow(ctx context.Context, id core.ChannelID, n int, each func(pluginhost.LogLine) error) error
	Upgrade(ctx context.Context, plugin, version string) error
}

var (
	_ Events      = (*bus.Bus)(nil)
	_ DeadLetters = bus.DeadLetters{}
	_ Outgoing    = (*outgoing.Service)(nil)
	_ Channels    = (*pluginhost.Channels)(nil)
	_ Host        = (*pluginhost.Host)(nil)
)

// Config is what a Server needs. What has no default must be set.
type Config struct {
	Store    store.Store
	Blobs    blob.Store
	Events   Events
	Access   *access.Service
	Audit    audit.Journal
	Outgoing Outgoing
	Rules    *execution.Service
	Appeals  *appeal.Service
	Tasks    *task.Service
	Drafts   *approval.Service
	Signing  *signing.Service

	DeadLetters DeadLetters
	Channels    Channels
	Host        Host
	Catalog     *catalog.Catalog
	Directories *directory.Service

	// Settings are those of the office, with what the configuration file sets.
	Settings settings.Service

	Jobs   *jobs.Service
	Mass   *mass.Service
	People People

	Search  Search
	Reports *report.Service

	// System checks and copies the hub; maintenance.Service does.
	System System

	// Hooks serves /hooks/{channel}/…; nil: no web-hooks.
	Hooks http.Handler
	// Pages serves what people see in a browser; nil: REST alone.
	Pages http.Handler
	// Ready tells why the hub cannot work now; nil: it always can.
	Ready   func(context.Context) error
	Metrics *Metrics // nil: its own
	Log     hclog.Logger
	Version string
	Now     func() time.Time // nil means time.Now

	// Heartbeat is the longest silence of a stream of events; proxies end quiet
	// connections. As often it is looked up whether the reader may still read.
	// 0 means 15 s.
	Heartbeat time.Duration

	// OIDC is the outside provider people may sign in by, OIDCTitle its name for
	// them; nil: none.
	OIDC      *openid.Provider
	OIDCTitle string

	// PublicURL is the hub's address for people. With https cookies are Secure.
	PublicURL string
	// TrustedProxies may say in X-Forwarded-For whom they speak for.
	TrustedProxies []netip.Prefix
	// MaxBody bounds a JSON body, MaxFile one uploaded file, MaxUpload a request
	// with files, all in bytes; 0 means 1 MiB, 512 MiB and 1 GiB.
	MaxBody, MaxFile, MaxUpload int64
}

// Server is the HTTP handler of the hub. It holds no state of its own beyond
// counters and open event streams; Close ends the latter.
type Server struct {
	Config
	router *mux.Router
	guard  *http.CrossOriginProtection
	html   *bluemonday.Policy
	key    []byte // signs tickets
	quit   context.Context
	close  context.CancelFunc

	presence presence
}

// New makes the server.
func New(c Config) *Server {
	s := &Server{Config: withDefaults(c), guard: http.NewCrossOriginProtection(), html: htmlPolicy(), key: []byte(rand.Text()), presence: presence{seen: map[string]map[core.UserID]sight{}}}
	s.quit, s.close = context.WithCancel(context.Background())
	if s.Host != nil {
		s.Metrics.registry.MustRegister(channelMetrics{s.Host})
	}
	s.router = s.newRouter()
	return s
}

// Close ends the open event and log streams, so that http.Server.Shutdown need
// not wait for them. Register it with RegisterOnShutdown.
func (s *Server) Close() { s.close() }

func withDefaults(c Config) Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	c.Heartbeat = or(c.Heartbeat, 15*time.Second)
	c.MaxBody = or(c.MaxBody, 1<<20)
	c.MaxFile = or(c.MaxFile, 512<<20)
	c.MaxUpload = or(c.MaxUpload, 1<<30)
	return c
}

func or[T ~int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// secure tells whether the request came over TLS as far as the browser is
// concerned.
func (s *Server) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.PublicURL, "https://")
}
