package emulator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
	gomail "github.com/wneessen/go-mail"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

func TestTwentyThousandLettersCanBeSearchedAndFetched(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 20_000)
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) != 20_000 {
		t.Fatalf("SEARCH: %d letters, %v", len(found.AllUIDs()), err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	cmd := c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	want, next := letter("a@b.test", u.Address, "seed"), imap.UID(1)
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		got, err := m.Collect()
		if err != nil {
			t.Fatal(err)
		}
		if got.UID != next || !bytes.Equal(got.FindBodySection(section), want) {
			t.Fatalf("letter %d came as %d", next, got.UID)
		}
		next++
	}
	if err := cmd.Close(); err != nil || next != 20_001 {
		t.Errorf("%d letters, %v", next-1, err)
	}
	for uid := imap.UID(1); uid <= 20_000; uid += 100 { // one by one is quick as well
		got, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, Envelope: true}).Collect()
		if err != nil || len(got) != 1 || got[0].Envelope.Subject != "seed" {
			t.Fatalf("letter %d: %v, %v", uid, got, err)
		}
	}
}

func TestManySessionsAtOnceLoseNothing(t *testing.T) {
	s := mailtest.Emulated(t)
	u := s.NewUser(t)
	const writers, each = 4, 50
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := s.World.Append(u.Address, "INBOX", letter("a@b.test", u.Address, "x")); err != nil {
					t.Error(err)
				}
			}
		})
		c := s.Login(t, u)
		wg.Go(func() { moveAll(t, c, s, u) })
	}
	s.World.IMAP.DelayReplies(time.Microsecond)
	wg.Wait()
	moveAll(t, s.Login(t, u), s, u)
	if left, moved := len(s.World.Letters(u.Address, "INBOX")), len(s.World.Letters(u.Address, "Trash")); left != 0 || moved != writers*each {
		t.Errorf("%d left, %d moved, want 0 and %d", left, moved, writers*each)
	}
}

// moveAll moves what a session sees until all the letters have been moved or
// the session has looked often enough.
func moveAll(t *testing.T, c *imapclient.Client, s *mailtest.Server, u mailtest.User) {
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Error(err)
		return
	}
	for range 20 {
		if _, err := c.Move(imap.UIDSet{{Start: 1, Stop: 0}}, "Trash").Wait(); err != nil {
			t.Error(err)
			return
		}
	}
}

func TestExaminedFolderIsReadOnly(t *testing.T) {
	s := mailtest.Emulated(t)
	c, u := open(t, s, 1)
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect(); err != nil {
		t.Fatal(err)
	}
	err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{"x"}}, nil).Close()
	var no *imap.Error
	if !errors.As(err, &no) {
		t.Errorf("STORE: %v, want a refusal", err)
	}
	if flags := s.World.Flags(u.Address, "INBOX")[0]; len(flags) != 0 {
		t.Errorf("flags %v", flags)
	}
}

func TestLetterOverTheLimitIsRefusedAfterItWasSent(t *testing.T) {
	s := mailtest.EmulatedWith(t, emulator.Options{SizeLimit: 10_000})
	u := s.NewUser(t)
	var refused *smtp.SMTPError
	err := s.Submit(u, u.Address, append(letter(u.Address, u.Address, "x"), bytes.Repeat([]byte("x\r\n"), 5000)...))
	if !errors.As(err, &refused) || refused.Code != 552 || len(s.World.Submissions()) != 0 {
		t.Errorf("%v, %d accepted", err, len(s.World.Submissions()))
	}
}

func TestGoMailSubmitsWithATokenToo(t *testing.T) {
	s := mailtest.Emulated(t)
	u := s.NewUser(t)
	host, port, _ := net.SplitHostPort(s.SMTP)
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	for auth, secret := range map[gomail.SMTPAuthType]string{
		gomail.SMTPAuthPlain: u.Password, gomail.SMTPAuthLogin: u.Password, gomail.SMTPAuthXOAUTH2: s.Token(u, time.Hour),
	} {
		m := gomail.NewMsg()
		if err := errors.Join(m.From(u.Address), m.To(u.Address)); err != nil {
			t.Fatal(err)
		}
		m.Subject("Ответ")
		m.SetBodyString(gomail.TypeTextPlain, "Здравствуйте")
		c, err := gomail.NewClient(host, gomail.WithPort(n), gomail.WithTLSConfig(s.TLSConfig()),
			gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithSMTPAuth(auth), gomail.WithUsername(u.Address), gomail.WithPassword(secret))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DialAndSendWithContext(t.Context(), m); err != nil {
			t.Errorf("%s: %v", auth, err)
		}
	}
	if n := len(s.World.Letters(u.Address, "INBOX")); n != 3 {
		t.Errorf("%d letters, want 3", n)
	}
}

func TestWorldListensOnLoopbackOnly(t *testing.T) {
	if w, err := emulator.Start(emulator.Options{SMTPAddr: "0.0.0.0:0"}); err == nil {
		_ = w.Close()
		t.Error("it listens to the world")
	}
}

func TestTakenAddressIsAnError(t *testing.T) {
	s := mailtest.Emulated(t)
	if w, err := emulator.Start(emulator.Options{SMTPSAddr: s.IMAP}); err == nil {
		_ = w.Close()
		t.Error("two worlds on one address")
	}
}

func TestClosedWorldAnswersNoMore(t *testing.T) {
	w, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", w.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1000)); err == nil {
		_, err = conn.Read(make([]byte, 1))
		if err == nil {
			t.Error("the connection is open")
		}
	}
	var d net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if c, err := d.DialContext(ctx, "tcp", w.IMAPAddr); err == nil {
		_ = c.Close()
		t.Error("a new connection is accepted")
	}
}

func TestNewWorldHasANewUIDValidity(t *testing.T) {
	validity := func() uint32 {
		s := mailtest.Emulated(t)
		c, _ := open(t, s, 0)
		data, err := c.Status("INBOX", &imap.StatusOptions{UIDValidity: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return data.UIDValidity
	}
	first := validity()
	mailtest.Eventually(t, func() bool { return validity() > first })
}

func TestDemoLettersAreCompleteAndNewEachTime(t *testing.T) {
	const addr = "office@uk.test"
	first, err := emulator.SeedLetters(emulator.DemoLetters(), addr)
	if err != nil {
		t.Fatal(err)
	}
	second, err := emulator.SeedLetters(emulator.DemoLetters(), addr)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 7 || first[0].Sender != "sorokina@zhiltsy.test" {
		t.Fatalf("%d letters, the first from %s", len(first), first[0].Sender)
	}
	for i, l := range first {
		if bytes.ContainsAny(l.Raw, "{}") || bytes.Contains(bytes.ReplaceAll(l.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("letter %d is not filled in", i)
		}
		if bytes.Equal(l.Raw, second[i].Raw) {
			t.Errorf("letter %d is the same twice", i)
		}
	}
}

func TestSeedFolderIsReadInOrder(t *testing.T) {
	got, err := emulator.SeedLetters(fstest.MapFS{
		"b.eml":      {Data: []byte("From: =?koi8-r?B?5sXEz9I=?= <b@x.test>\nTo: {mailbox}\n\nтекст\n")},
		"a.eml":      {Data: []byte("from: a@x.test\r\n\r\n\r\n")},
		"readme.txt": {Data: []byte("no letter")},
	}, "u@x.test")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Sender != "a@x.test" || got[1].Sender != "b@x.test" ||
		!strings.Contains(string(got[1].Raw), "To: u@x.test\r\n\r\nтекст\r\n") {
		t.Errorf("%q", got)
	}
	if _, err := emulator.SeedLetters(fstest.MapFS{"a.eml": {Data: []byte("Subject: x\r\n\r\n")}}, "u@x.test"); err == nil {
		t.Error("a letter without a sender was taken")
	}
}
