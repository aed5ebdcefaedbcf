// Package app puts the hub together: it is the only package that knows every
// driver. Serve is the whole program behind `uzel serve`.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/config"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/intake"
	"github.com/uzel-hub/uzel/core/jobs"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/pluginhost"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/search/extract"
	"github.com/uzel-hub/uzel/core/secret"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/signing"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
	"github.com/uzel-hub/uzel/core/task"
)

// Names in the data folder.
const (
	SocketName = "uzel.sock"  // the command line's way in
	KeyName    = "secret.key" // seals the secrets of channels
	searchDir  = "search"     // can be made again from the rest: not backed up
	pluginsDir = "plugins"
	tempDir    = "tmp"
)

// App is one hub, put together. Open makes it, Run runs it, Close lets its
// files go.
type App struct {
	Config   config.Config
	Log      hclog.Logger
	Store    *boltstore.Store
	Blobs    *fileblob.Store
	Files    *blob.Keeper // Blobs, for whoever stores files or erases them
	Bus      *bus.Bus
	Catalog  *catalog.Catalog
	Outgoing *outgoing.Service
	Rules    *execution.Service
	Appeals  *appeal.Service
	Tasks    *task.Service
	Drafts   *approval.Service
	Host     *pluginhost.Host
	Access   *access.Service
	People   *party.Service

	Directories *directory.Service
	Search      *search.Service
	Jobs        *jobs.Service
	Mass        *mass.Service
	Watch       *schedule.Watcher
	Signing     *signing.Service

	version string
	noIndex bool
	queues  *boltbus.Driver
	metrics *rest.Metrics
}

// Tuning is what the program that runs the hub decides: the command line, the
// benchmark, a test. Zero values are the hub's own.
type Tuning struct {
	FlushDelay time.Duration // added to every flush of the disk
	NoIndex    bool          // nothing is indexed for search
	Timing     pluginhost.Timing
	Limits     pluginhost.Limits
	// FileReader is a program that calls extract.Serve when it is called with
	// FileReaderArgument; empty: contents of files are not searched.
	FileReader string
}

// FileReaderArgument has the hub's own program read files for the search, as a
// child of the hub, and do nothing else.
const FileReaderArgument = "read-files"

func fileReader(program string) *extract.Reader {
	if program == "" {
		return nil
	}
	return &extract.Reader{Program: program, Args: []string{FileReaderArgument}}
}

// Open puts the hub together in the data folder. Nothing runs yet.
func Open(ctx context.Context, conf config.Config, version string, log hclog.Logger, tune Tuning) (a *App, err error) {
	a = &App{Config: conf, Log: log, version: version, noIndex: tune.NoIndex}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := a.openFiles(tune); err != nil {
		return a, err
	}
	if err := store.Prepare(ctx, a.Store, a.tellIndex, bus.DeadLetterTable); err != nil {
		return a, fmt.Errorf("prepare indexes: %w", err)
	}
	if err := a.Store.Update(ctx, registry.Seed); err != nil {
		return a, fmt.Errorf("seed journals: %w", err)
	}
	if err := a.Store.Update(ctx, schedule.Seed); err != nil {
		return a, fmt.Errorf("seed calendars: %w", err)
	}
	if err := a.Store.Update(ctx, settings.Seed); err != nil {
		return a, fmt.Errorf("seed settings: %w", err)
	}
	a.Access = access.New(access.Config{Store: a.Store})
	a.metrics = rest.NewMetrics()
	a.Bus = bus.New(bus.Options{Store: a.Store, Driver: a.queues, Log: log.Named("bus"), Version: version, Observer: a.metrics})
	a.Outgoing = &outgoing.Service{Store: a.Store, Bus: a.Bus, Wake: func(id core.ChannelID) { a.Host.WakeSender(id) }, Purposes: purposes{a}}
	a.People = party.New(party.Config{Store: a.Store, Blobs: a.Files, Bus: a.Bus, Log: log.Named("people")})
	if err := a.openCatalog(ctx); err != nil {
		return a, err
	}
	if err := a.openDirectories(ctx); err != nil {
		return a, err
	}
	a.openDesk()
	a.openSigning()
	if err := a.openHost(tune); err != nil {
		return a, err
	}
	a.Search = search.New(search.Config{
		Store: a.Store, Blobs: a.Blobs, Events: a.Bus, Dir: a.Config.Path(searchDir), Reader: fileReader(tune.FileReader), Busy: a.Store.Busy,
		Log: log.Named("search"),
	})
	a.openWork()
	a.handle()
	return a, a.Bus.Declare(ctx)
}

// carries tells whether the connector of the channel delivers for the purpose;
// one that is not in the catalog delivers nothing.
func (a *App) carries(ch *core.Channel, p core.Purpose) bool {
	entry, err := a.Catalog.Get(ch.Plugin, ch.Version)
	return err == nil && entry.Carries(p)
}

// purposes are what the connectors of channels declare in the catalog.
type purposes struct{ app *App }

// Carries implements outgoing.Purposes.
func (p purposes) Carries(ch *core.Channel, purpose core.Purpose) bool {
	return p.app.carries(ch, purpose)
}

// tellEvery is after how many records the building of an index is told of.
const tellEvery = 100_000

func (a *App) tellIndex(index string, records int) {
	if records%tellEvery == 0 {
		a.Log.Info("building an index of the database", "index", index, "records", records)
	}
}

// openFiles opens what lives in the data folder.
func (a *App) openFiles(tune Tuning) (err error) {
	for _, dir := range []string{"", tempDir, "logs", pluginsDir} {
		if err := os.MkdirAll(a.Config.Path(dir), 0o700); err != nil {
			return &core.Error{Kind: core.KindConfig, Code: "data.folder", Field: "data", Text: "папка данных недоступна", Err: err}
		}
	}
	if err := emptyTemp(a.Config.Path(tempDir)); err != nil {
		return err
	}
	if a.Store, err = boltstore.Open(a.Config.Path(maintenance.DatabaseName), boltstore.Options{FlushDelay: tune.FlushDelay}); err != nil {
		return err
	}
	a.queues = boltbus.New(a.Store, boltbus.Options{Log: a.Log.Named("bus")})
	a.Blobs, err = fileblob.Open(a.Config.Path(maintenance.BlobsName), fileblob.Options{FlushDelay: tune.FlushDelay})
	a.Files = blob.NewKeeper(a.Blobs)
	return err
}

// emptyTemp removes what an interrupted backup left.
func emptyTemp(dir string) error {
	left, err := os.ReadDir(dir)
	for _, e := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// openCatalog opens the catalog with the connectors built beside the hub.
func (a *App) openCatalog(ctx context.Context) (err error) {
	if a.Catalog, err = catalog.Open(a.Config.Path(pluginsDir), pluginhost.Describe, time.Now); err != nil {
		return err
	}
	return a.addBuilt(ctx)
}

// openHost makes the host that runs channels.
func (a *App) openHost(tune Tuning) error {
	box, err := secret.Load(a.Config.Path(KeyName), os.Getenv("UZEL_SECRET_KEY"))
	if err != nil {
		return err
	}
	a.Host, err = pluginhost.New(pluginhost.Options{
		Store: a.Store, Blobs: a.Files, Bus: a.Bus, Outbox: a.Outgoing, Catalog: a.Catalog, Secrets: box,
		Dir: a.Config.Path("run"), LogDir: a.Config.Path("logs"), Log: a.Log.Named("host"),
		HookURL: hookURL(a.Config.PublicURL), Version: a.version,
		OnStatus: a.broadcast,
		Services: a.services(),
		Limits:   limits(a.Config.Limits, tune.Limits), Timing: tune.Timing,
	})
	return err
}

// openDirectories declares the directories: the hub's own, and those of the
// connectors in the catalog.
func (a *App) openDirectories(ctx context.Context) (err error) {
	if a.Directories, err = directory.New(directory.Desk()...); err != nil {
		return err
	}
	for _, e := range a.Catalog.List() {
		if !e.Current || len(e.Directories) == 0 {
			continue
		}
		if err := a.Directories.RegisterOf(e.Name, e.Directories); err != nil {
			// One wrong declaration must not keep the hub from starting.
			a.Log.Error("directories of a connector not declared", "plugin", e.Name, "error", err)
		}
	}
	if err := a.Store.Update(ctx, a.Directories.Seed); err != nil {
		return fmt.Errorf("seed directories: %w", err)
	}
	return nil
}

// broadcast shows a channel's state to whoever looks. It is not kept.
func (a *App) broadcast(st core.ChannelStatus) {
	if err := a.Bus.Broadcast(bus.ChannelStatus, st); err != nil {
		a.Log.Warn("channel state not shown", "channel", st.Channel, "error", err)
	}
}

// addBuilt takes the binaries beside the hub into the catalog.
func (a *App) addBuilt(ctx context.Context) error {
	entries, err := os.ReadDir(a.Config.Plugins)
	if errors.Is(err, os.ErrNotExist) {
		return nil // a hub with installed connectors only
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", a.Config.Plugins, err)
	}
	for _, e := range entries {
		path := filepath.Join(a.Config.Plugins, e.Name())
		if _, err := a.Catalog.AddBinary(ctx, path); err != nil {
			// One broken binary must not keep the other channels from running.
			a.Log.Error("connector not taken into the catalog", "file", path, "error", err)
		}
	}
	return nil
}

func hookURL(public string) string {
	if public == "" {
		return ""
	}
	return strings.TrimSuffix(public, "/") + "/hooks/"
}

func limits(conf config.Limits, tune pluginhost.Limits) pluginhost.Limits {
	tune.FileBytes, tune.MessageBytes, tune.Files = conf.FileMB<<20, conf.MessageMB<<20, conf.Files
	return tune
}

// handle connects the stages to their topics.
func (a *App) handle() {
	in := &intake.Service{Bus: a.Bus, Forward: a.Outgoing.Forward, Arrive: a.Appeals.Arrive, Follow: a.follow}
	a.Bus.Handle("messages", bus.MessageReceived, messages(func(tx store.Tx, about bus.MessageEvent) error {
		if about.Kind == core.MessageStatus {
			return a.Outgoing.OnStatus(tx, about)
		}
		return in.Take(tx, about)
	}))
	a.Bus.Handle("intake", bus.MessageUnplaced, messages(in.Take))
	a.Bus.Handle("execution", bus.DocumentUnrouted, documents(a.follow))
	a.Bus.Handle("signatures", bus.DocumentUpdated, documents(a.Signing.OnDocument))
	a.Bus.Handle("effects", bus.DeadlineBroken, a.onBroken)
	a.Bus.Handle("notices", bus.NoticeRaised, told(a.Appeals.Tell))
	a.Bus.Handle("notices", bus.TaskAssigned, told(a.Appeals.TellPerformer))
}

// told is a handler of events that users hear of by e-mail.
func told[E any](tell func(store.Tx, E) error) bus.Handler {
	return func(_ context.Context, tx store.Tx, ev bus.Event) error {
		var about E
		if err := ev.Decode(&about); err != nil {
			return err
		}
		return tell(tx, about)
	}
}

// messages is a handler of events about messages.
func messages(handle func(store.Tx, bus.MessageEvent) error) bus.Handler {
	return func(_ context.Context, tx store.Tx, ev bus.Event) error {
		var about bus.MessageEvent
		if err := ev.Decode(&about); err != nil {
			return err
		}
		return handle(tx, about)
	}
}

// follow does what is to be done with a document that was registered.
func (a *App) follow(tx store.Tx, d *core.Document) error {
	if err := a.Rules.Route(tx, d); err != nil {
		return err
	}
	return a.Signing.OnDocument(tx, d)
}

// documents is a handler of events about documents; one that was deleted
// meanwhile needs none.
func documents(handle func(store.Tx, *core.Document) error) bus.Handler {
	return func(_ context.Context, tx store.Tx, ev bus.Event) error {
		var about bus.DocumentEvent
		if err := ev.Decode(&about); err != nil {
			return err
		}
		d, err := store.Documents.Get(tx, string(about.Document))
		if core.KindOf(err) == core.KindNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return handle(tx, d)
	}
}

// Maintenance looks after the hub's data.
func (a *App) Maintenance() *maintenance.Service {
	return &maintenance.Service{
		Store: a.Store, Blobs: a.Blobs, Queues: a.queues, Temp: a.Config.Path(tempDir), Version: a.version,
		Files: map[string]string{pluginsDir: a.Config.Path(pluginsDir)}, Key: a.Config.Path(KeyName),
		StartedAt: time.Now(), Pending: a.pending,
	}
}

// pending counts the events that handlers of this program have not worked yet.
func (a *App) pending(ctx context.Context) (n uint64, err error) {
	all, err := a.queues.Backlogs(ctx)
	for _, b := range all {
		if b.Declared {
			n += b.Pending
		}
	}
	return n, err
}

// OpenMaintenance opens the data of a hub that does not run.
func OpenMaintenance(conf config.Config, version string) (*maintenance.Service, func() error, error) {
	if _, err := os.Stat(conf.Path(maintenance.DatabaseName)); err != nil {
		return nil, nil, &core.Error{Kind: core.KindConfig, Code: "data.empty", Field: "data", Text: "в папке " + conf.Data + " нет хаба"}
	}
	a := &App{Config: conf, Log: hclog.NewNullLogger(), version: version}
	if err := a.openFiles(Tuning{}); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a.Maintenance(), a.Close, nil
}

// Run runs the stages and the channels until ctx is done, then stops them:
// channels first, which drain, then the handlers.
func (a *App) Run(ctx context.Context) error {
	stages, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stop()
		return a.Host.Run(ctx)
	})
	g.Go(func() error { return a.Bus.Run(stages) })
	g.Go(func() error { return a.People.Run(ctx) })
	if !a.noIndex {
		g.Go(func() error { return a.Search.Run(stages) })
	}
	g.Go(func() error { return a.Jobs.Run(ctx) })
	g.Go(func() error { return a.Mass.Run(ctx) })
	g.Go(func() error { return a.Signing.Run(ctx) })
	return g.Wait()
}

// Close lets the files go. Call it when Run has returned.
func (a *App) Close() error {
	var errs []error
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	return errors.Join(errs...)
}

var _ io.Closer = (*App)(nil)
