// Command uzel is the hub and its command line.
//
// `uzel serve` runs the hub. The other commands talk to a running hub over the
// socket in its data folder, which only the user who runs the hub may open; or
// over REST to another machine with UZEL_URL and UZEL_TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/app"
	"github.com/uzel-hub/uzel/core/config"
	"github.com/uzel-hub/uzel/core/search/extract"
)

// version is set by the build.
var version = "dev"

func main() {
	if len(os.Args) == 2 && os.Args[1] == app.FileReaderArgument {
		if extract.Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		return
	}
	tuneMemory(os.LookupEnv)
	tuneProcessors(os.LookupEnv)
	os.Exit(run(os.Args[1:]))
}

// Garbage is collected when the heap is five times what is in use, not twice: on
// the path of each message that is a sixth of the processor. What is in use is
// small, because queues are bounded in bytes; should it grow, memoryLimit makes
// collections as frequent as they must be.
const (
	gcPercent   = 400
	memoryLimit = 160 << 20
)

// tuneMemory sets that, unless whoever runs the hub has set Go's own variables.
func tuneMemory(lookup func(string) (string, bool)) {
	if _, set := lookup("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
	if _, set := lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// flushers are the goroutines that spend their time in a flush of the disk: the
// committers of the database and of the files. Go counts a goroutine in a system
// call as one that uses its processor until a monitor notices: on two of them
// nothing else would run meanwhile, not even the readers of the connectors.
const flushers = 2

func tuneProcessors(lookup func(string) (string, bool)) {
	if _, set := lookup("GOMAXPROCS"); !set {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + flushers)
	}
}

// run is main for tests: it returns the exit status.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &cli{out: os.Stdout, in: os.Stdin}
	root := c.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		complain(err)
		return 1
	}
	return 0
}

// complain prints an error for a person: every fault on a line of its own.
func complain(err error) {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		fmt.Fprintln(os.Stderr, "uzel:", err)
		return
	}
	text := e.Text
	if text == "" {
		text = e.Error()
	}
	if len(e.Faults) == 0 || e.Text != "" {
		fmt.Fprintln(os.Stderr, "uzel:", text)
	}
	for _, f := range e.Faults {
		fmt.Fprintf(os.Stderr, "uzel: %s: %s\n", f.Field, f.Text)
	}
	if e.Err != nil && e.Text != "" {
		fmt.Fprintln(os.Stderr, "      ", e.Err)
	}
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "uzel",
		Short:         "Узел: входящие письма, обращения и документы из всех каналов",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.configPath, "config", os.Getenv("UZEL_CONFIG"), "файл настроек хаба (без него — значения по умолчанию)")
	flags.BoolVar(&c.json, "json", false, "вывод в JSON, для программ")
	root.AddCommand(
		c.serve(), c.check(), c.backup(), c.restore(), c.compact(), c.bench(), c.versionCommand(),
		c.users(), c.channels(), c.plugins(), c.documents(), c.deadLetters(), c.search(), c.calendars(),
	)
	return root
}

// config reads the hub's configuration.
func (c *cli) config() (config.Config, error) {
	return config.Load(c.configPath, os.Environ())
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "версия программы", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, "uzel", version)
			return err
		},
	}
}
