package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/config"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/web"
)

// Options of Serve.
type Options struct {
	Version string
	Out     io.Writer // what the person who starts the hub should read
	Tuning  Tuning
	// Beside runs while the hub serves at the address, http://host:port; nil:
	// nothing does. When it fails the hub stops.
	Beside func(ctx context.Context, address string) error
}

// shutdownPatience is how long requests under way may take when the hub stops.
const shutdownPatience = 10 * time.Second

// Serve runs the hub until ctx is done.
func Serve(ctx context.Context, conf config.Config, opts Options) (err error) {
	log := newLog(conf.Log)
	a, err := Open(ctx, conf, opts.Version, log, opts.Tuning)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	listener, err := net.Listen("tcp", conf.Listen)
	if err != nil {
		return &core.Error{Kind: core.KindConfig, Code: "listen", Field: "listen", Text: "адрес " + conf.Listen + " занят или недоступен", Err: err}
	}
	if err := a.greet(ctx, opts.Out, listener.Addr().String()); err != nil {
		return errors.Join(err, listener.Close())
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(ctx) })
	g.Go(func() error { return a.serveHTTP(ctx, listener) })
	if opts.Beside != nil {
		g.Go(func() error { return opts.Beside(ctx, "http://"+listener.Addr().String()) })
	}
	return g.Wait()
}

func newLog(conf config.Log) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: "uzel", Level: hclog.LevelFromString(conf.Level), JSONFormat: conf.Format == "json", Output: os.Stderr,
	})
}

// greet tells who starts the hub what to do first. The first administrator's
// password is shown this once.
func (a *App) greet(ctx context.Context, out io.Writer, address string) error {
	oneTime, err := a.Access.FirstAdministrator(ctx)
	if err != nil {
		return fmt.Errorf("create the first administrator: %w", err)
	}
	fmt.Fprintf(out, "Узел %s: http://%s\n", a.version, address) //nolint:errcheck // nobody left to tell
	if oneTime != "" {
		fmt.Fprintf(out, "Первый вход: admin, одноразовый пароль %s\n", oneTime)                                     //nolint:errcheck // as above
		fmt.Fprintln(out, "Добавить ящик: bin/uzel channel add mail --plugin email --settings configs/mailbox.yaml") //nolint:errcheck // as above
	}
	return nil
}

// serveHTTP serves the network, and the command line over a socket in the data
// folder, which only the hub's own user can open.
func (a *App) serveHTTP(ctx context.Context, network net.Listener) error {
	pages, err := web.Handler()
	if err != nil {
		return errors.Join(err, network.Close())
	}
	api := rest.New(rest.Config{
		Store: a.Store, Blobs: a.Files, Events: a.Bus, Access: a.Access, Audit: audit.Journal{Store: a.Store},
		People: a.People, Outgoing: a.Outgoing, Appeals: a.Appeals, Tasks: a.Tasks, Drafts: a.Drafts, Signing: a.Signing, Rules: a.Rules, DeadLetters: a.Bus.DeadLetters(),
		Channels: a.Host.Channels(), Host: a.Host, Catalog: a.Catalog, Directories: a.Directories, Jobs: a.Jobs, Mass: a.Mass,
		Settings: settings.Service{Fixed: fixed(a.Config)},
		Search:   a.Search, Reports: &report.Service{Store: a.Store},
		System: a.Maintenance(), Hooks: a.Host.Hooks(), Pages: pages, Metrics: a.metrics, Ready: a.ready, TrustedProxies: a.Config.Proxies(), Log: a.Log.Named("rest"), Version: a.version, PublicURL: a.Config.PublicURL,
		OIDC: provider(a.Config), OIDCTitle: a.Config.OIDC.Title,
		MaxFile: a.Config.Limits.FileMB << 20, MaxUpload: a.Config.Limits.MessageMB << 20,
	})
	socket, err := a.listenSocket()
	if err != nil {
		return errors.Join(err, network.Close())
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, door := range []struct {
		listener net.Listener
		conn     func(context.Context, net.Conn) context.Context
	}{
		{network, nil},
		{socket, func(ctx context.Context, _ net.Conn) context.Context { return rest.FromCommandLine(ctx) }},
	} {
		server := &http.Server{Handler: api, ConnContext: door.conn, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
		server.RegisterOnShutdown(api.Close)
		g.Go(func() error { return serveUntil(ctx, server, door.listener) })
	}
	g.Go(func() error { return a.sweep(ctx, api) })
	return g.Wait()
}

// sweep erases ended sessions and the answers kept for repeated requests, now
// and then.
func (a *App) sweep(ctx context.Context, api *rest.Server) error {
	for {
		if err := errors.Join(a.Access.Sweep(ctx), api.Sweep(ctx)); err != nil && ctx.Err() == nil {
			a.Log.Warn("what has ended was not erased", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}

// ready tells why the hub cannot work: the store does not take a write.
func (a *App) ready(ctx context.Context) error {
	return a.Store.Update(ctx, func(store.Tx) error { return nil })
}

// serveUntil serves until ctx is done, then lets requests under way finish.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownPatience)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(grace), ignore(server.Close(), net.ErrClosed))
	})
	err := server.Serve(listener)
	if stop() { // it ended by itself
		return err
	}
	return ignore(<-stopped, context.DeadlineExceeded)
}

func ignore(err, that error) error {
	if errors.Is(err, that) {
		return nil
	}
	return err
}

// listenSocket replaces the socket a hub that died has left. Two hubs cannot
// meet here: the database lets one in only.
func (a *App) listenSocket() (net.Listener, error) {
	path := a.Config.Path(SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replace %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("open the command line's socket: %w", err)
	}
	return l, os.Chmod(path, 0o600)
}
