package mailtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

func TestMain(m *testing.M) { os.Exit(mailtest.Main(m)) }

// steps are what the connector relies on; each runs against both servers.
var steps = []struct {
	name string
	body func(*testing.T, *mailtest.Server)
}{
	{"a letter comes back byte for byte", lettersComeBack},
	{"parts and pieces of a letter can be fetched", piecesFetched},
	{"a broken letter does not break the connection", brokenLetters},
	{"a folder may have a Cyrillic name", cyrillicFolder},
	{"a delivery is announced in IDLE", idleAnnounces},
	{"flags and keywords last", flagsLast},
	{"a submitted letter arrives, with a tag too", submittedArrives},
	{"recipients are refused as they should be", recipientsRefused},
	{"a bounce returns to the sender", bounceReturns},
	{"a letter over the limit is refused before it is sent", tooLargeRefused},
	{"every way to log in works, and none with a wrong secret", logins},
	{"no password is taken in clear text", clearTextRefused},
	{"a new UIDVALIDITY is seen after the connection is lost", uidValidityChanges},
	{"a kick ends IDLE", kickEndsIdle},
	{"the last letter is always in an open range", openRange},
	{"special folders are marked", specialFolders},
	{"search finds by flag, date, size and header", searchFinds},
	{"two sessions see each other's changes", sessionsAgree},
}

func TestServersBehaveAlike(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, s *mailtest.Server) {
		for _, step := range steps {
			t.Run(step.name, func(t *testing.T) { step.body(t, s) })
		}
	})
}

func letter(from, to, subject string) []byte {
	return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: Mon, 02 Nov 2026 10:00:00 +0300\r\nMessage-ID: <%s@test>\r\n\r\nТекст письма.\r\n",
		from, to, subject, strings.ReplaceAll(subject, " ", "."))
}

func lettersComeBack(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	want := [][]byte{
		letter("a@b.test", u.Address, "plain"),
		[]byte("Subject: \xcf\xf0\xe8\xe2\xe5\xf2\r\nbroken line without a colon\r\n\r\nbody\r\n"),
		[]byte("\r\nno header at all\r\n"),
	}
	for i, raw := range want {
		if uid := s.Append(t, u, "INBOX", raw); uid != imap.UID(i+1) {
			t.Errorf("letter %d has UID %d", i, uid)
		}
	}
	got := s.Letters(t, u, "INBOX")
	if len(got) != len(want) {
		t.Fatalf("%d letters, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Raw, want[i]) {
			t.Errorf("letter %d: %q, want %q", i, got[i].Raw, want[i])
		}
		if slices.Contains(got[i].Flags, imap.FlagSeen) {
			t.Errorf("letter %d was marked as seen by a look", i)
		}
	}
}

func piecesFetched(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	const (
		header = "From: <a@b.test>\r\nSubject: =?koi8-r?B?8NLJ18XU?=\r\nX-Long: one\r\n two\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
		text = "--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n" +
			"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
	)
	s.Append(t, u, "INBOX", []byte(header+text))
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	for name, want := range map[*imap.FetchItemBodySection]string{
		{Specifier: imap.PartSpecifierHeader, Peek: true}:                                             header,
		{Specifier: imap.PartSpecifierText, Peek: true}:                                               text,
		{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"x-long", "Absent"}, Peek: true}: "X-Long: one\r\n two\r\n\r\n",
		{Part: []int{1}, Peek: true}:                                                                  "first",
		{Part: []int{2}, Specifier: imap.PartSpecifierMIME, Peek: true}:                               "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		{Partial: &imap.SectionPartial{Offset: 6, Size: 10}, Peek: true}:                              "<a@b.test>",
		{Partial: &imap.SectionPartial{Offset: 9999, Size: 1}, Peek: true}:                            "",
	} {
		got := fetchOne(t, c, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{name}})
		if len(got.BodySection) != 1 || string(got.BodySection[0].Bytes) != want {
			t.Errorf("%+v: %+v, want %q", name, got.BodySection, want)
		}
	}
	got := fetchOne(t, c, &imap.FetchOptions{RFC822Size: true, Envelope: true, InternalDate: true, BodyStructure: &imap.FetchItemBodyStructure{}})
	if got.RFC822Size != int64(len(header+text)) || got.Envelope.From[0].Addr() != "a@b.test" || time.Since(got.InternalDate).Abs() > time.Hour {
		t.Errorf("size %d, envelope %+v, date %v", got.RFC822Size, got.Envelope, got.InternalDate)
	}
	if m, ok := got.BodyStructure.(*imap.BodyStructureMultiPart); !ok || len(m.Children) != 2 {
		t.Errorf("structure %+v", got.BodyStructure)
	}
}

func fetchOne(t *testing.T, c *imapclient.Client, options *imap.FetchOptions) *imapclient.FetchMessageBuffer {
	t.Helper()
	got, err := c.Fetch(imap.UIDSetNum(1), options).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("%d letters, %v", len(got), err)
	}
	return got[0]
}

func brokenLetters(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	for _, raw := range []string{
		"x", "\r\n", "no colon\r\n\r\n", "From: \xcf\xf0\r\nSubject: \xff\r\n\r\n",
		"Content-Type: multipart/mixed\r\n\r\nno boundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
		"Content-Type: message/rfc822\r\n\r\n", "Content-Type: /;;=\r\nDate: never\r\n\r\nx", "From: \"a <b>\r\nTo: ,,,;\r\n\r\n",
	} {
		s.Append(t, u, "INBOX", []byte(raw))
	}
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	got, err := c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}).Collect()
	if err != nil || len(got) != 9 {
		t.Errorf("%d letters, %v", len(got), err)
	}
}

func cyrillicFolder(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "move me"))
	s.Append(t, u, "Обработанные/2026", letter("a@b.test", u.Address, "here already"))
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	moved, err := c.Move(imap.UIDSetNum(1), "Обработанные/2026").Wait()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(moved.SourceUIDs, moved.DestUIDs); got != "1 2" {
		t.Errorf("COPYUID %s, want 1 2", got)
	}
	if n := c.Mailbox().NumMessages; n != 0 {
		t.Errorf("%d letters are left in the source", n)
	}
	if n := len(s.Letters(t, u, "Обработанные/2026")); n != 2 {
		t.Errorf("%d letters in the target, want 2", n)
	}
}

func selectBox(t *testing.T, c *imapclient.Client, name string) *imap.SelectData {
	t.Helper()
	data, err := c.Select(name, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func idleAnnounces(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	news := make(chan uint32, 10)
	c := s.LoginWith(t, u, &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
		if d.NumMessages != nil {
			news <- *d.NumMessages
		}
	}})
	selectBox(t, c, "INBOX")
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint32(3) {
		s.Deliver(t, "a@b.test", u.Address, letter("a@b.test", u.Address, "news"))
		await(t, news, n+1)
	}
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		t.Error(err)
	}
}

// await waits for a number of messages; some servers announce one twice.
func await(t *testing.T, news <-chan uint32, want uint32) {
	t.Helper()
	for {
		select {
		case got := <-news:
			if got == want {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("letter %d was never announced", want)
		}
	}
}

func flagsLast(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	for range 3 {
		s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "flags"))
	}
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	store(t, c, 2, imap.StoreFlagsAdd, imap.FlagSeen, "$Registered")
	store(t, c, 2, imap.StoreFlagsDel, imap.FlagSeen)
	store(t, c, 3, imap.StoreFlagsAdd, imap.FlagDeleted)
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	got := s.Letters(t, u, "INBOX")
	if len(got) != 2 || got[1].UID != 2 {
		t.Fatalf("letters left: %v", len(got))
	}
	if !slices.Contains(got[1].Flags, "$Registered") || slices.Contains(got[1].Flags, imap.FlagSeen) {
		t.Errorf("flags %v", got[1].Flags)
	}
}

func store(t *testing.T, c *imapclient.Client, uid imap.UID, op imap.StoreFlagsOp, flags ...imap.Flag) {
	t.Helper()
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: op, Silent: true, Flags: flags}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, err error, ok bool) {
	t.Helper()
	if ok != (err == nil) {
		t.Errorf("logged in: %v (%v), want %v", err == nil, err, ok)
	}
}

func dial(t *testing.T, s *mailtest.Server) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialStartTLS(s.IMAP, &imapclient.Options{TLSConfig: s.TLSConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func uidValidityChanges(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "stay"))
	c := s.Login(t, u)
	before := selectBox(t, c, "INBOX").UIDValidity
	s.ChangeUIDValidity(t, u, "INBOX")
	if err := c.Noop().Wait(); err == nil {
		t.Error("the connection survived")
	}
	c = s.Login(t, u)
	if after := selectBox(t, c, "INBOX").UIDValidity; after == before {
		t.Errorf("UIDVALIDITY is still %d", after)
	}
	if n := len(s.Letters(t, u, "INBOX")); n != 1 {
		t.Errorf("%d letters, want 1", n)
	}
}

func kickEndsIdle(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	s.Kick(t, u)
	if err := idle.Wait(); err == nil {
		t.Error("IDLE ended without an error")
	}
	<-c.Closed()
	selectBox(t, s.Login(t, u), "INBOX")
}

func openRange(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	for range 3 {
		s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "range"))
	}
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	store(t, c, 3, imap.StoreFlagsAdd, imap.FlagDeleted)
	if err := c.UIDExpunge(imap.UIDSetNum(3)).Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Fetch(imap.UIDSet{{Start: 2, Stop: 1<<32 - 1}}, &imap.FetchOptions{UID: true}).Collect(); err != nil || len(got) != 1 {
		t.Errorf("UID 2:4294967295 gives %d letters, %v", len(got), err)
	}
	for start, want := range map[imap.UID]string{1: "[1 2]", 2: "[2]", 4: "[2]"} {
		found, err := c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: start}}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(found.AllUIDs()); got != want {
			t.Errorf("UID %d:* gives %s, want %s", start, got, want)
		}
	}
}

func fetchUIDs(t *testing.T, c *imapclient.Client) []imap.UID {
	t.Helper()
	found, err := c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	uids := []imap.UID{}
	for _, m := range found {
		uids = append(uids, m.UID)
	}
	return uids
}

func specialFolders(t *testing.T, s *mailtest.Server) {
	c := s.Login(t, s.NewUser(t))
	if err := c.Create("Обращения", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	folders, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	attrs := map[string][]imap.MailboxAttr{}
	for _, f := range folders {
		attrs[f.Mailbox] = f.Attrs
	}
	for name, attr := range map[string]imap.MailboxAttr{"Sent": imap.MailboxAttrSent, "Junk": imap.MailboxAttrJunk, "Trash": imap.MailboxAttrTrash} {
		if !slices.Contains(attrs[name], attr) {
			t.Errorf("folder %s has %v", name, attrs[name])
		}
	}
	for _, name := range []string{"INBOX", "Обращения"} {
		if _, ok := attrs[name]; !ok {
			t.Errorf("folder %s is not listed", name)
		}
	}
	_, err = c.Select("Нет такой", nil).Wait()
	var refused *imap.Error
	if !errors.As(err, &refused) || refused.Type != imap.StatusResponseTypeNo {
		t.Errorf("selecting a folder that is absent: %v", err)
	}
}

func searchFinds(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "first"))
	s.Append(t, u, "INBOX", append(letter("c@d.test", u.Address, "second"), bytes.Repeat([]byte("x\r\n"), 1000)...))
	c := s.Login(t, u)
	selectBox(t, c, "INBOX")
	store(t, c, 1, imap.StoreFlagsAdd, imap.FlagSeen, "$Registered")
	today := time.Now()
	for name, test := range map[string]struct {
		criteria imap.SearchCriteria
		want     string
	}{
		"unseen":     {imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, "[2]"},
		"keyword":    {imap.SearchCriteria{Flag: []imap.Flag{"$Registered"}}, "[1]"},
		"yesterday":  {imap.SearchCriteria{Since: today.AddDate(0, 0, -1)}, "[1 2]"},
		"future":     {imap.SearchCriteria{Since: today.AddDate(0, 0, 2)}, "[]"},
		"before":     {imap.SearchCriteria{Before: today.AddDate(0, 0, -1)}, "[]"},
		"larger":     {imap.SearchCriteria{Larger: 1000}, "[2]"},
		"smaller":    {imap.SearchCriteria{Smaller: 1000}, "[1]"},
		"message id": {imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "second@test"}}}, "[2]"},
		"subject":    {imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "FIRST"}}}, "[1]"},
		"sent since": {imap.SearchCriteria{SentSince: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}, "[1 2]"},
		"sent later": {imap.SearchCriteria{SentSince: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}, "[]"},
		"not":        {imap.SearchCriteria{Not: []imap.SearchCriteria{{UID: []imap.UIDSet{imap.UIDSetNum(1)}}}}, "[2]"},
		"or":         {imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{{UID: []imap.UIDSet{imap.UIDSetNum(2)}}, {Flag: []imap.Flag{imap.FlagSeen}}}}}, "[1 2]"},
		"open range": {imap.SearchCriteria{UID: []imap.UIDSet{{{Start: 7, Stop: 0}}}}, "[2]"},
		"text":       {imap.SearchCriteria{Text: []string{"c@d.test"}}, "[2]"},
	} {
		found, err := c.UIDSearch(&test.criteria, nil).Wait()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(found.AllUIDs()); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func sessionsAgree(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	for range 4 {
		s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "shared"))
	}
	one, two := s.Login(t, u), s.Login(t, u)
	selectBox(t, one, "INBOX")
	selectBox(t, two, "INBOX")
	if _, err := one.Move(imap.UIDSetNum(2), "Trash").Wait(); err != nil {
		t.Fatal(err)
	}
	s.Append(t, u, "INBOX", letter("a@b.test", u.Address, "shared"))
	mailtest.Eventually(t, func() bool {
		if err := two.Noop().Wait(); err != nil {
			t.Fatal(err)
		}
		return two.Mailbox().NumMessages == 4 && fmt.Sprint(fetchUIDs(t, two)) == "[1 3 4 5]"
	})
}
