// Package mailtest gives tests a mail server to talk to: real Dovecot and
// Postfix on loopback, or the emulator, behind the same type, so that one test
// body proves the connector against both.
//
// A test program that uses the real server has
//
//	func TestMain(m *testing.M) { os.Exit(mailtest.Main(m)) }
//
// and its tests call Both, Real or Emulated.
package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
)

// Server is a running mail server. The fields are for reading; the methods may
// be called from any goroutine that may fail its test.
type Server struct {
	// IMAP and SMTP offer STARTTLS, IMAPS and SMTPS begin with TLS; each is
	// host:port. SMTP is the submission service: it wants a login.
	IMAP, IMAPS, SMTP, SMTPS string
	// POP3 (STLS) and POP3S are empty in the emulator, which has no POP3.
	POP3, POP3S string
	// TLSName is the host name in the certificate, CAPEM the authority a client
	// must trust, CAFile the same as a file.
	TLSName string
	CAPEM   []byte
	CAFile  string
	// SizeLimit of a submitted letter in bytes.
	SizeLimit int64
	// Addresses with a fate: refused for good (550 5.7.1), refused for now
	// (450 4.2.1), accepted and then bounced, without a mailbox (550 5.1.1), and
	// of a host that the server does not deliver to (550 5.1.2).
	Refused, Deferred, Bouncing, Unknown, Outside string
	// World is the emulator for its faults and counters; nil for the real one.
	World *emulator.World

	peer  peer
	users atomic.Int32
}

// User is a mailbox with its password.
type User struct{ Address, Password string }

// peer is what the two kinds of server do each in its own way.
type peer interface {
	password(addr string) string // makes the mailbox if need be
	token(addr string, ttl time.Duration) string
	deliver(ctx context.Context, from, to string, raw []byte) error
	changeUIDValidity(ctx context.Context, addr, folder string) error
	kick(ctx context.Context, addr string) error
}

// Both runs a test body against the emulator and against the real server.
func Both(t *testing.T, body func(*testing.T, *Server)) {
	t.Run("emulator", func(t *testing.T) { body(t, Emulated(t)) })
	t.Run("real", func(t *testing.T) { body(t, Real(t)) })
}

// NewUser returns an empty mailbox that no other test has.
func (s *Server) NewUser(t testing.TB) User {
	t.Helper()
	n := s.users.Add(1)
	if n > 999 {
		t.Fatal("mailtest: all 999 mailboxes are taken")
	}
	addr := fmt.Sprintf("user%d@uk.test", n)
	return User{Address: addr, Password: s.peer.password(addr)}
}

// Token returns an access token for XOAUTH2 and OAUTHBEARER; with a negative
// ttl it has expired.
func (s *Server) Token(u User, ttl time.Duration) string { return s.peer.token(u.Address, ttl) }

// Deliver brings a letter from outside, with the envelope given, to the INBOX
// of a mailbox. It is there when Deliver returns. The recipient may carry a
// tag; an empty from is the sender of a bounce.
func (s *Server) Deliver(t testing.TB, from, to string, raw []byte) {
	t.Helper()
	if err := s.peer.deliver(t.Context(), from, to, raw); err != nil {
		t.Fatalf("mailtest: deliver: %v", err)
	}
}

// ChangeUIDValidity gives a folder a new UIDVALIDITY, as an administrator does
// who rebuilds a mailbox. Connections that have the folder selected are lost.
func (s *Server) ChangeUIDValidity(t testing.TB, u User, folder string) {
	t.Helper()
	if err := s.peer.changeUIDValidity(t.Context(), u.Address, folder); err != nil {
		t.Fatalf("mailtest: change UIDVALIDITY: %v", err)
	}
}

// Kick ends the IMAP connections of a mailbox.
func (s *Server) Kick(t testing.TB, u User) {
	t.Helper()
	if err := s.peer.kick(t.Context(), u.Address); err != nil {
		t.Fatalf("mailtest: kick: %v", err)
	}
}

// TLSConfig trusts the server's authority and nothing else.
func (s *Server) TLSConfig() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CAPEM)
	return &tls.Config{RootCAs: pool, ServerName: s.TLSName, MinVersion: tls.VersionTLS12}
}
