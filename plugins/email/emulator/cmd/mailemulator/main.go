// Mailemulator runs the mail emulator by itself, for a demonstration without an
// account at a provider. It prints one JSON object with its addresses, its
// certificate authority and the passwords, and then, until it is interrupted,
// is the mail provider of the mailbox -user and of everyone who wrote to it:
// the answers can be read in the residents' mailboxes over IMAP, or all letters
// on the page "web" of what it prints.
//
// Nothing is kept when it ends, and it listens on loopback only.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mailemulator:", err)
		os.Exit(1)
	}
}

type settings struct {
	emulator.Options
	user, password, seed string
	caFile, web          string
	pause                time.Duration
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("mailemulator", flag.ContinueOnError)
	flags.StringVar(&s.IMAPAddr, "imap", "", "`address` of IMAP with STARTTLS, a free port if empty")
	flags.StringVar(&s.IMAPSAddr, "imaps", "", "`address` of IMAP over TLS, a free port if empty")
	flags.StringVar(&s.SMTPAddr, "smtp", "", "`address` of submission with STARTTLS, a free port if empty")
	flags.StringVar(&s.SMTPSAddr, "smtps", "", "`address` of submission over TLS, a free port if empty")
	flags.StringVar(&s.user, "user", "office@uk.test", "mailbox that the letters come to")
	flags.StringVar(&s.password, "password", "demo", "password of all mailboxes")
	flags.StringVar(&s.seed, "seed", "", "`folder` with *.eml files to send instead of the built-in letters")
	flags.StringVar(&s.caFile, "ca", "", "`file` to write the certificate authority to")
	flags.StringVar(&s.web, "web", "127.0.0.1:0", "loopback `address` of the page that shows all letters")
	flags.DurationVar(&s.pause, "pause", 0, "time to wait before each letter")
	return s, flags.Parse(args)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	letters, err := emulator.SeedLetters(s.letters(), s.user)
	if err != nil {
		return err
	}
	world, err := emulator.Start(s.Options)
	if err != nil {
		return err
	}
	defer world.Close()
	page, err := emulator.ListenLoopback(s.web)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: world.Page(), ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(page) })
	defer serving.Wait()
	defer server.Close() //nolint:errcheck // nothing is kept
	if err := s.settle(world, letters, out, "http://"+page.Addr().String()); err != nil {
		return err
	}
	for _, l := range letters {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.pause):
		}
		if err := world.Append(s.user, "INBOX", l.Raw); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

func (s settings) letters() fs.FS {
	if s.seed != "" {
		return os.DirFS(s.seed)
	}
	return emulator.DemoLetters()
}

// facts is what a program that starts the emulator reads from its output.
type facts struct {
	IMAP      string   `json:"imap"`
	IMAPS     string   `json:"imaps"`
	SMTP      string   `json:"smtp"`
	SMTPS     string   `json:"smtps"`
	CA        string   `json:"ca"`
	User      string   `json:"user"`
	Password  string   `json:"password"`
	Web       string   `json:"web"`       // page that shows all letters
	Residents []string `json:"residents"` // mailboxes of those who wrote, with the same password
}

// settle makes the mailboxes and tells where everything is.
func (s settings) settle(world *emulator.World, letters []emulator.SeedLetter, out io.Writer, web string) error {
	world.AddMailbox(s.user, s.password)
	residents := []string{}
	for _, l := range letters {
		world.AddMailbox(l.Sender, s.password)
		if !slices.Contains(residents, l.Sender) {
			residents = append(residents, l.Sender)
		}
	}
	if s.caFile != "" {
		if err := os.WriteFile(s.caFile, world.CAPEM, 0o644); err != nil {
			return err
		}
	}
	return json.NewEncoder(out).Encode(facts{
		IMAP: world.IMAPAddr, IMAPS: world.IMAPSAddr, SMTP: world.SMTPAddr, SMTPS: world.SMTPSAddr,
		CA: string(world.CAPEM), User: s.user, Password: s.password, Residents: residents, Web: web,
	})
}
