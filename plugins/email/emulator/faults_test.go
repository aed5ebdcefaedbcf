package emulator_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

func letter(from, to, subject string) []byte {
	return []byte("From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@test>\r\n\r\nТекст.\r\n")
}

// open logs in and selects INBOX with n letters in it.
func open(t *testing.T, s *mailtest.Server, n int) (*imapclient.Client, mailtest.User) {
	t.Helper()
	u := s.NewUser(t)
	for range n {
		if err := s.World.Append(u.Address, "INBOX", letter("a@b.test", u.Address, "seed")); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Login(t, u)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c, u
}

func imapLogin(s *mailtest.Server, u mailtest.User) error {
	c, err := imapclient.DialStartTLS(s.IMAP, &imapclient.Options{TLSConfig: s.TLSConfig()})
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Login(u.Address, u.Password).Wait()
}

func smtpLogin(s *mailtest.Server, u mailtest.User, mech func(u mailtest.User) sasl.Client) error {
	c, err := smtp.DialStartTLS(s.SMTP, s.TLSConfig())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Auth(mech(u))
}

func plain(u mailtest.User) sasl.Client { return sasl.NewPlainClient("", u.Address, u.Password) }

// lost proves that an error is a lost connection and not an answer.
func lost(t *testing.T, what string, err error) {
	t.Helper()
	var no *imap.Error
	var refused *smtp.SMTPError
	if err == nil || errors.As(err, &no) || errors.As(err, &refused) {
		t.Errorf("%s: %v, want a lost connection", what, err)
	}
}

func TestLoginIsRefusedWithTheTextGiven(t *testing.T) {
	s := mailtest.Emulated(t)
	u := s.NewUser(t)
	s.World.IMAP.RefuseLogin("Application password required")
	s.World.SMTP.RefuseLogin("Application password required")
	var no *imap.Error
	if err := imapLogin(s, u); !errors.As(err, &no) ||
		no.Code != imap.ResponseCodeAuthenticationFailed || no.Text != "Application password required" {
		t.Errorf("IMAP: %v", err)
	}
	var refused *smtp.SMTPError
	if err := smtpLogin(s, u, plain); !errors.As(err, &refused) || refused.Code != 535 || refused.Message != "Application password required" {
		t.Errorf("SMTP: %v", err)
	}
	bearer := func(u mailtest.User) sasl.Client {
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: u.Address, Token: s.Token(u, time.Hour)})
	}
	if err := smtpLogin(s, u, bearer); err == nil {
		t.Error("a token was accepted")
	}
	s.World.IMAP.RefuseLogin("")
	s.World.SMTP.RefuseLogin("")
	if err := errors.Join(imapLogin(s, u), smtpLogin(s, u, plain), smtpLogin(s, u, bearer)); err != nil {
		t.Errorf("after it was lifted: %v", err)
	}
}

func TestCommandIsRefusedWithTheCodeGiven(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 1)
	s.World.IMAP.Refuse("STORE", "[OVERQUOTA] Mailbox is full")
	err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{"x"}}, nil).Close()
	var no *imap.Error
	if !errors.As(err, &no) || no.Code != imap.ResponseCodeOverQuota || no.Text != "Mailbox is full" {
		t.Errorf("STORE: %v", err)
	}
	if flags := s.World.Flags(u.Address, "INBOX"); len(flags[0]) != 0 {
		t.Errorf("it was stored all the same: %v", flags)
	}
	for text, want := range map[string]int{"452 4.2.2 mailbox is full": 452, "come back later": 451, "554 5.7.1 spam": 554} {
		s.World.SMTP.Refuse("DATA", text)
		var refused *smtp.SMTPError
		if err := s.Submit(u, u.Address, letter(u.Address, u.Address, "x")); !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("%q: %v, want %d", text, err, want)
		}
	}
	if n := len(s.World.Submissions()); n != 0 {
		t.Errorf("%d letters accepted", n)
	}
}

func TestConnectionsAreDropped(t *testing.T) {
	s := mailtest.Emulated(t)
	one, u := open(t, s, 0)
	two := s.Login(t, u)
	mailtest.Eventually(t, func() bool { return s.World.IMAP.Open() == 2 })
	s.World.IMAP.DropConnections()
	<-one.Closed()
	<-two.Closed()
	lost(t, "NOOP", one.Noop().Wait())
	if n := s.World.IMAP.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
	if err := imapLogin(s, u); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

func TestConnectionIsDroppedInsteadOfTheNthCommand(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 2)
	s.World.IMAP.DropAfter(2)
	store := func(uid imap.UID) error {
		return c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{"x"}}, nil).Close()
	}
	if err := store(1); err != nil {
		t.Fatalf("the first: %v", err)
	}
	lost(t, "the second", store(2))
	if flags := s.World.Flags(u.Address, "INBOX"); len(flags[0]) != 1 || len(flags[1]) != 0 {
		t.Errorf("flags %v, want only the first letter to have one", flags)
	}
	if err := imapLogin(s, u); err != nil {
		t.Errorf("it happens once: %v", err)
	}
	s.World.SMTP.DropAfter(4) // LOGIN, MAIL, RCPT, DATA
	lost(t, "DATA", s.Submit(u, u.Address, letter(u.Address, u.Address, "x")))
	if n := len(s.World.Submissions()); n != 0 {
		t.Errorf("%d letters accepted", n)
	}
}

func TestConnectionIsCutInTheMiddleOfALetter(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 0)
	if err := s.World.Append(u.Address, "INBOX", bytes.Repeat([]byte("X: y\r\n"), 50_000)); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	s.World.IMAP.CutAfter(100_000)
	_, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	lost(t, "FETCH", err)
	if got := s.Letters(t, u, "INBOX"); len(got) != 1 || len(got[0].Raw) != 300_000 {
		t.Error("the letter cannot be read afterwards")
	}
}

func TestWhatIsAppliedMayGoUnanswered(t *testing.T) {
	s := mailtest.Emulated(t)
	all := imap.UIDSet{{Start: 1, Stop: 0}}
	for _, step := range []struct {
		name string
		do   func(c *imapclient.Client) error
		done func(addr string) bool
	}{
		{"APPEND", func(c *imapclient.Client) error {
			raw := letter("a@b.test", "c@d.test", "appended")
			cmd := c.Append("INBOX", int64(len(raw)), nil)
			_, _ = cmd.Write(raw)
			_ = cmd.Close()
			_, err := cmd.Wait()
			return err
		}, func(addr string) bool { return len(s.World.Letters(addr, "INBOX")) == 3 }},
		{"STORE", func(c *imapclient.Client) error {
			return c.Store(all, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
		}, func(addr string) bool {
			flags := s.World.Flags(addr, "INBOX")
			return slices.Contains(flags[0], `\Seen`) && slices.Contains(flags[1], `\Seen`)
		}},
		{"MOVE", func(c *imapclient.Client) error {
			_, err := c.Move(all, "Trash").Wait()
			return err
		}, func(addr string) bool {
			return len(s.World.Letters(addr, "INBOX")) == 0 && len(s.World.Letters(addr, "Trash")) == 2
		}},
		{"COPY", func(c *imapclient.Client) error {
			_, err := c.Copy(all, "Trash").Wait()
			return err
		}, func(addr string) bool {
			return len(s.World.Letters(addr, "INBOX")) == 2 && len(s.World.Letters(addr, "Trash")) == 2
		}},
		{"CREATE", func(c *imapclient.Client) error {
			return c.Create("Архив", nil).Wait()
		}, func(addr string) bool {
			err := s.World.ChangeUIDValidity(addr, "Архив") // it exists
			return err == nil
		}},
	} {
		t.Run(step.name, func(t *testing.T) {
			c, u := open(t, s, 2)
			s.World.IMAP.ApplyThenDrop(1)
			lost(t, step.name, step.do(c))
			if !step.done(u.Address) {
				t.Error("it was not done")
			}
		})
	}
	t.Run("DATA", func(t *testing.T) {
		u := s.NewUser(t)
		s.World.SMTP.ApplyThenDrop(1)
		lost(t, "DATA", s.Submit(u, u.Address, letter(u.Address, u.Address, "unknown")))
		got := s.World.Submissions()
		if len(got) != 1 || got[0].MessageID != "unknown@test" || len(s.World.Letters(u.Address, "INBOX")) != 1 {
			t.Errorf("accepted %d, delivered %d, want 1 and 1", len(got), len(s.World.Letters(u.Address, "INBOX")))
		}
		if err := s.Submit(u, u.Address, letter(u.Address, u.Address, "known")); err != nil {
			t.Errorf("it happens once: %v", err)
		}
	})
}

func TestRepliesAreDelayed(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 0)
	const pause = 50 * time.Millisecond
	s.World.IMAP.DelayReplies(pause)
	start := time.Now()
	if err := c.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < pause {
		t.Errorf("answered after %v", d)
	}
	s.World.IMAP.DelayReplies(time.Hour)
	err := make(chan error)
	go func() { err <- c.Noop().Wait() }()
	s.World.IMAP.DropConnections() // also ends a delay
	lost(t, "NOOP", <-err)
	s.World.IMAP.Heal()
	if err := imapLogin(s, u); err != nil {
		t.Error(err)
	}
}

func TestGarbageIsAnswered(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 1)
	s.World.IMAP.Garbage(true)
	s.World.SMTP.Garbage(true)
	_, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
	if err == nil {
		t.Error("STATUS succeeded")
	}
	if err := imapLogin(s, u); err == nil {
		t.Error("LOGIN succeeded")
	}
	if err := s.Submit(u, u.Address, letter(u.Address, u.Address, "x")); err == nil {
		t.Error("a letter was submitted")
	}
	s.World.IMAP.Heal()
	s.World.SMTP.Heal()
	if err := errors.Join(imapLogin(s, u), s.Submit(u, u.Address, letter(u.Address, u.Address, "x"))); err != nil {
		t.Errorf("after it was lifted: %v", err)
	}
}

func TestStalledServerSaysNothingUntilItIsLifted(t *testing.T) {
	s := mailtest.Emulated(t)
	for name, peer := range map[string]struct {
		addr   string
		faults *emulator.Faults
		hello  string
	}{
		"IMAP": {s.IMAP, s.World.IMAP, "* OK"},
		"SMTP": {s.SMTP, s.World.SMTP, "220 "},
	} {
		t.Run(name, func(t *testing.T) {
			peer.faults.Stall(true)
			peer.faults.Stall(true) // twice is once
			conn, err := net.Dial("tcp", peer.addr)
			if err != nil {
				t.Fatalf("the connection is not accepted: %v", err)
			}
			defer conn.Close()
			hello := make([]byte, 4)
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if _, err := conn.Read(hello); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("read %q, %v", hello, err)
			}
			peer.faults.Stall(false)
			_ = conn.SetReadDeadline(time.Time{})
			if _, err := io.ReadFull(conn, hello); err != nil || string(hello) != peer.hello {
				t.Errorf("greeting %q, %v", hello, err)
			}
		})
	}
	t.Run("and it can be stopped", func(t *testing.T) {
		s := mailtest.Emulated(t) // its end must not wait for the stalled
		s.World.IMAP.Stall(true)
		conn, err := net.Dial("tcp", s.IMAP)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		mailtest.Eventually(t, func() bool { return s.World.IMAP.Open() == 1 })
	})
}

func TestSessionsAndCommandsAreCounted(t *testing.T) {
	s := mailtest.Emulated(t)
	_, u := open(t, s, 1)
	if got := s.World.IMAP.Sessions(); got != 1 {
		t.Errorf("%d sessions, want 1", got)
	}
	if all, logins := s.World.IMAP.Commands(), s.World.IMAP.Commands("LOGIN", "AUTHENTICATE"); all != 2 || logins != 1 {
		t.Errorf("%d commands, %d logins, want 2 and 1", all, logins)
	}
	if err := s.Submit(u, u.Address, letter(u.Address, u.Address, "x")); err != nil {
		t.Fatal(err)
	}
	if got := s.World.SMTP.Commands("MAIL", "RCPT", "DATA"); got != 3 {
		t.Errorf("%d commands, want 3", got)
	}
}

func TestSubmissionsAreKeptWithTheirEnvelope(t *testing.T) {
	s := mailtest.Emulated(t)
	u, to := s.NewUser(t), s.NewUser(t)
	tagged := strings.Replace(to.Address, "@", "+17@", 1)
	raw := letter("Кто-то <x@y.test>", "z@y.test", "envelope")
	if err := s.Submit(u, tagged, raw); err != nil {
		t.Fatal(err)
	}
	got := s.World.Submissions()
	if len(got) != 1 {
		t.Fatalf("%d submissions", len(got))
	}
	m := got[0]
	if m.User != u.Address || m.From != u.Address || !slices.Equal(m.To, []string{tagged}) || m.MessageID != "envelope@test" || !bytes.Equal(m.Raw, raw) {
		t.Errorf("%+v", m)
	}
}

func TestFateOfARecipientCanChange(t *testing.T) {
	s := mailtest.Emulated(t)
	u, to := s.NewUser(t), s.NewUser(t)
	tagged := strings.Replace(to.Address, "@", "+17@", 1)
	for _, step := range []struct {
		fate emulator.Recipient
		code int
	}{{emulator.Refused, 550}, {emulator.Deferred, 450}, {emulator.Bounced, 0}, {emulator.Delivered, 0}} {
		s.World.SetRecipient(strings.ToUpper(to.Address), step.fate)
		var refused *smtp.SMTPError
		code := 0
		if errors.As(s.Submit(u, tagged, letter(u.Address, tagged, "fate")), &refused) {
			code = refused.Code
		}
		if code != step.code {
			t.Errorf("fate %d: %d, want %d", step.fate, code, step.code)
		}
	}
	if bounced, delivered := len(s.World.Letters(u.Address, "INBOX")), len(s.World.Letters(to.Address, "INBOX")); bounced != 1 || delivered != 1 {
		t.Errorf("%d bounces, %d deliveries, want 1 and 1", bounced, delivered)
	}
}
