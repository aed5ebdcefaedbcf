package sdk

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/api/plugin"
)

// Serve is the whole of a connector's main. Started by the hub it serves the
// channel; started by hand it answers describe, check, receive, send and help,
// so that a connector can be tried without a hub. It does not return before the
// work is over.
func Serve[C any](c Connector[C]) {
	d, err := describe(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if os.Getenv(plugin.CookieKey) == plugin.CookieValue {
		go dieWith(os.Getppid())
		log := hubLog(c.Name)
		plugin.Serve(newServer(d, log), log)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(byHand(ctx, d, os.Args[1:], os.Stdout, os.Stderr)) //nolint:gocritic // stop has nothing to do at the end of the process
}

// Run is what Serve does by hand, for tests: args without the program's name.
// It returns the exit code.
func Run[C any](ctx context.Context, c Connector[C], args []string, stdout, stderr io.Writer) int {
	d, err := describe(c)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	return byHand(ctx, d, args, stdout, stderr)
}

// hubLog writes what the hub reads from stderr.
func hubLog(name string) hclog.Logger {
	level := hclog.LevelFromString(os.Getenv(plugin.LogLevelEnv))
	if level == hclog.NoLevel {
		level = hclog.Info
	}
	return hclog.New(&hclog.LoggerOptions{Name: name, Level: level, Output: os.Stderr, JSONFormat: true})
}

// dieWith ends the process when the hub, its parent, is gone: nothing it could
// bring would be taken. It lives as long as the process.
func dieWith(parent int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}
