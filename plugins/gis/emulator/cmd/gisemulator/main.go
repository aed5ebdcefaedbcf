// Gisemulator runs the emulator of GIS ZhKKh by itself, for a demonstration
// without an account. It prints one JSON object with its address and the
// identifiers for the settings, and runs until it is interrupted; what residents
// and clerks have done can be read at /emulator/appeals.
//
// Nothing is kept when it ends, and it listens on loopback only.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gisemulator:", err)
		os.Exit(1)
	}
}

// facts is what a program that starts the emulator reads from its output.
type facts struct {
	URL      string `json:"url"`
	Org      string `json:"org"`
	Answerer string `json:"answerer"`
	Master   string `json:"master"` // another of its employees
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o := emulator.Options{Orgs: []string{emulator.DemoOrg}}
	empty, roots := false, ""
	flags := flag.NewFlagSet("gisemulator", flag.ContinueOnError)
	flags.StringVar(&o.Addr, "addr", "", "`address` to listen on, a free port if empty")
	flags.StringVar(&roots, "roots", "", "PEM `file` of authorities: every request must be signed by a certificate of theirs, OpenSSL's GOST engine verifies it; empty: signatures are not looked at")
	flags.IntVar(&o.Polls, "polls", 2, "questions about a request that are answered \"not yet\"")
	flags.StringVar(&o.Schema, "schema", "", "XSD `file` of the SOAP envelope over the operator's schemas, by which xmllint validates every request to the appeals service")
	flags.BoolVar(&empty, "empty", false, "start without appeals")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.Unsigned = roots == ""; !o.Unsigned {
		judge := emulator.OpenSSL{Roots: roots}
		o.Verify, o.Digest = judge.Verify, judge.Digest
	}
	world, err := emulator.Start(o)
	if err != nil {
		return err
	}
	defer world.Close() //nolint:errcheck // nothing is kept
	if !empty {
		world.Seed()
	}
	if err := json.NewEncoder(out).Encode(facts{URL: world.URL, Org: emulator.DemoOrg, Answerer: emulator.DemoAnswerer, Master: emulator.DemoMaster}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
