package mailtest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
)

// Emulated starts an emulator for one test.
func Emulated(t testing.TB) *Server {
	t.Helper()
	return EmulatedWith(t, emulator.Options{})
}

// EmulatedWith starts an emulator for one test with options.
func EmulatedWith(t testing.TB, o emulator.Options) *Server {
	t.Helper()
	w, err := emulator.Start(o)
	if err != nil {
		t.Fatalf("mailtest: start the emulator: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("mailtest: stop the emulator: %v", err)
		}
	})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, w.CAPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(&emulated{world: w, passwords: map[string]string{}})
	s.IMAP, s.IMAPS, s.SMTP, s.SMTPS = w.IMAPAddr, w.IMAPSAddr, w.SMTPAddr, w.SMTPSAddr
	s.CAPEM, s.CAFile, s.SizeLimit, s.World = w.CAPEM, ca, w.SizeLimit, w
	w.SetRecipient(s.Refused, emulator.Refused)
	w.SetRecipient(s.Deferred, emulator.Deferred)
	w.SetRecipient(s.Bouncing, emulator.Bounced)
	return s
}

// newServer fills in what the two kinds of server have in common.
func newServer(p peer) *Server {
	return &Server{
		TLSName: "localhost",
		Refused: "refuse@uk.test", Deferred: "later@uk.test", Bouncing: "ghost@uk.test",
		Unknown: "nobody@uk.test", Outside: "somebody@outside.test",
		peer: p,
	}
}

type emulated struct {
	world *emulator.World

	mu        sync.Mutex
	passwords map[string]string
}

func (e *emulated) password(addr string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.passwords[addr] == "" {
		e.passwords[addr] = rand.Text()
		e.world.AddMailbox(addr, e.passwords[addr])
	}
	return e.passwords[addr]
}

func (e *emulated) token(addr string, ttl time.Duration) string { return e.world.Token(addr, ttl) }

func (e *emulated) deliver(_ context.Context, from, to string, raw []byte) error {
	return e.world.Deliver(from, to, raw)
}

func (e *emulated) changeUIDValidity(_ context.Context, addr, folder string) error {
	return e.world.ChangeUIDValidity(addr, folder)
}

func (e *emulated) kick(_ context.Context, addr string) error { return e.world.Kick(addr) }
