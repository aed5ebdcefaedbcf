// Package emulator is a mail provider in memory: an IMAP server and an SMTP
// submission server over one set of mailboxes, on loopback, with faults on
// demand. The tests of the e-mail connector run against it, and so does the
// demonstration (cmd/mailemulator).
//
// It behaves like Dovecot and Postfix in what a client can see: STARTTLS and
// implicit TLS under a private CA, passwords only over TLS, LOGIN, PLAIN,
// XOAUTH2 and OAUTHBEARER, IDLE, UIDPLUS, MOVE, folder names in any script,
// SIZE, refusals, bounces and address tags (name+tag@host reaches name@host).
// It has no CONDSTORE and keeps nothing when it stops; UIDVALIDITY is taken
// from the clock, so a client with a memory notices the new life.
package emulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"
)

// Host is the name the emulator gives itself in greetings, trace headers and
// bounces. Clients connect to "localhost", which the certificate names.
const Host = "mx.emulator.test"

const (
	anyPort          = "127.0.0.1:0"
	defaultSizeLimit = 30 << 20
)

// Options of a World. The zero value listens on free ports.
type Options struct {
	// Addresses to listen on, loopback only; empty means a free port.
	IMAPAddr, IMAPSAddr, SMTPAddr, SMTPSAddr string
	// SizeLimit of a submitted letter in bytes, announced by SIZE; 30 MiB if 0.
	SizeLimit int64
}

// World is a running mail provider. Its methods may be called from any
// goroutine. The fields are for reading.
type World struct {
	// IMAPAddr and SMTPAddr offer STARTTLS, IMAPSAddr and SMTPSAddr begin with
	// TLS; each is host:port.
	IMAPAddr, IMAPSAddr, SMTPAddr, SMTPSAddr string
	// CAPEM is the certificate of the authority that a client must trust.
	CAPEM []byte
	// SizeLimit of a submitted letter in bytes.
	SizeLimit int64
	// IMAP and SMTP make the two servers misbehave and count what they did.
	IMAP, SMTP *Faults

	secret    []byte
	listeners []net.Listener
	serving   sync.WaitGroup // accept loops
	sessions  sync.WaitGroup // IMAP connections
	imap      *imapserver.Server
	smtp      *smtp.Server

	mu          sync.Mutex
	accounts    map[string]*account
	recipients  map[string]Recipient
	submissions []Submission
}

// Start starts a world without mailboxes. Close must be called.
func Start(o Options) (*World, error) {
	ca, config, err := newTLS()
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	w := &World{
		CAPEM:      ca,
		SizeLimit:  cmp.Or(o.SizeLimit, defaultSizeLimit),
		IMAP:       newFaults(),
		SMTP:       newFaults(),
		secret:     []byte(rand.Text()),
		accounts:   map[string]*account{},
		recipients: map[string]Recipient{},
	}
	w.imap, w.smtp = newIMAPServer(w, config), newSMTPServer(w, config)
	if err := w.listen(o, config); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) listen(o Options, config *tls.Config) error {
	for _, l := range []struct {
		want    string
		got     *string
		faults  *Faults
		started func()
		tls     bool
		serve   func(net.Listener) error
	}{
		{o.IMAPAddr, &w.IMAPAddr, w.IMAP, func() { w.sessions.Add(1) }, false, w.imap.Serve},
		{o.IMAPSAddr, &w.IMAPSAddr, w.IMAP, func() { w.sessions.Add(1) }, true, w.imap.Serve},
		{o.SMTPAddr, &w.SMTPAddr, w.SMTP, func() {}, false, w.smtp.Serve},
		{o.SMTPSAddr, &w.SMTPSAddr, w.SMTP, func() {}, true, w.smtp.Serve},
	} {
		ln, err := ListenLoopback(cmp.Or(l.want, anyPort))
		if err != nil {
			return err
		}
		*l.got = ln.Addr().String()
		w.listeners = append(w.listeners, ln)
		ln = &listener{Listener: ln, faults: l.faults, started: l.started}
		if l.tls {
			ln = tls.NewListener(ln, config)
		}
		w.serving.Go(func() { _ = l.serve(ln) })
	}
	return nil
}

// ListenLoopback listens on a loopback address and refuses any other.
func ListenLoopback(addr string) (net.Listener, error) {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !a.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address", addr)
	}
	return net.ListenTCP("tcp", a)
}

// Close drops all connections and returns when nothing of the world runs any
// more. It is called once.
func (w *World) Close() error {
	for _, ln := range w.listeners {
		_ = ln.Close()
	}
	w.serving.Wait()
	w.IMAP.DropConnections()
	w.SMTP.DropConnections()
	_ = w.smtp.Shutdown(context.Background()) // waits; its error is that the listeners are closed already
	err := w.imap.Close()
	w.sessions.Wait()
	return err
}

// AddMailbox makes a mailbox with the folders INBOX, Sent, Junk and Trash,
// that can be logged into and delivered to under addr. A mailbox that exists
// gets the new password and keeps its letters.
func (w *World) AddMailbox(addr, password string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.accounts[fold(addr)]; a != nil {
		a.setPassword(password)
		return
	}
	w.accounts[fold(addr)] = newAccount(addr, password)
}

// Append puts a letter into a folder, which is made if it is absent, without
// changing a byte of it. Its internal date is now, and it is unseen.
func (w *World) Append(addr, folder string, raw []byte) error {
	return w.AppendAt(addr, folder, raw, time.Now())
}

// AppendAt is Append with an internal date.
func (w *World) AppendAt(addr, folder string, raw []byte, at time.Time) error {
	a := w.account(addr)
	if a == nil {
		return errNoMailbox
	}
	a.put(folder, bytes.Clone(raw), at)
	return nil
}

// Letters returns the letters of a folder in the order of their UIDs; none if
// there is no such mailbox or folder. The bytes must not be changed.
func (w *World) Letters(addr, folder string) [][]byte {
	if a := w.account(addr); a != nil {
		return a.letters(folder)
	}
	return nil
}

// Flags returns the flags of each letter of a folder, as Letters orders them.
func (w *World) Flags(addr, folder string) [][]string {
	if a := w.account(addr); a != nil {
		return a.flags(folder)
	}
	return nil
}

// ChangeUIDValidity numbers the letters of a folder anew from 1 under a new
// UIDVALIDITY and drops the connections that have the folder selected, as
// Dovecot does when the administrator rebuilds a box.
func (w *World) ChangeUIDValidity(addr, folder string) error {
	a := w.account(addr)
	if a == nil {
		return errNoMailbox
	}
	return a.changeUIDValidity(folder)
}

// Kick drops the IMAP connections that are logged in to a mailbox.
func (w *World) Kick(addr string) error {
	a := w.account(addr)
	if a == nil {
		return errNoMailbox
	}
	a.drop(func(*session) bool { return true })
	return nil
}

// Token returns an OAuth 2.0 access token for a mailbox, accepted by XOAUTH2
// and OAUTHBEARER until ttl has passed; a negative ttl gives an expired one.
func (w *World) Token(addr string, ttl time.Duration) string {
	return SignToken(w.secret, addr, time.Now().Add(ttl))
}

func (w *World) account(addr string) *account {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accounts[fold(addr)]
}

// errDenied covers every way a login can be wrong, so that a client cannot
// tell an unknown mailbox from a wrong password.
var errDenied = errors.New("login denied")

var errNoMailbox = errors.New("no such mailbox")

func (w *World) byPassword(addr, password string) (*account, error) {
	a := w.account(addr)
	if a == nil || !a.hasPassword(password) {
		return nil, errDenied
	}
	return a, nil
}

func (w *World) byToken(addr, token string) (*account, error) {
	owner, err := verifyToken(w.secret, token, time.Now())
	if err != nil || addr != "" && fold(addr) != fold(owner) {
		return nil, errDenied
	}
	if a := w.account(owner); a != nil {
		return a, nil
	}
	return nil, errDenied
}
