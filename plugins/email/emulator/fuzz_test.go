package emulator_test

import (
	"bytes"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// FuzzAnyBytesAreALetter proves that whatever lies in a mailbox comes out of it
// unchanged, that header and text make the whole, and that looking into it does
// not cost the connection.
func FuzzAnyBytesAreALetter(f *testing.F) {
	for _, seed := range []string{
		"", "x", "\r\n", "\n\n", "a: b\n\nc", "a: b\r\n c\r\n\r\nd", ": \r\n\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
		"Content-Type: message/rfc822\r\n\r\nFrom: <a@b>\r\n\r\nx",
		"From: =?koi8-r?B?8NLJ18XU?= <a@b>, \"c\r\nDate: 1\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	s := mailtest.Emulated(f)
	u := s.NewUser(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := s.World.Append(u.Address, "INBOX", raw); err != nil {
			t.Fatal(err)
		}
		c := s.Login(t, u)
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		whole, header, text := &imap.FetchItemBodySection{}, &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader}, &imap.FetchItemBodySection{Specifier: imap.PartSpecifierText}
		got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole, header, text}}).Collect()
		if err != nil || len(got) != 1 {
			t.Fatalf("%d letters, %v", len(got), err)
		}
		if !bytes.Equal(got[0].FindBodySection(whole), raw) {
			t.Errorf("came out as %q", got[0].FindBodySection(whole))
		}
		if !bytes.Equal(append(got[0].FindBodySection(header), got[0].FindBodySection(text)...), raw) {
			t.Errorf("header %q and text %q", got[0].FindBodySection(header), got[0].FindBodySection(text))
		}
		if _, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "From", Value: "a"}}}, nil).Wait(); err != nil {
			t.Errorf("SEARCH: %v", err)
		}
		if _, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}).Collect(); err != nil {
			t.Errorf("FETCH ENVELOPE BODYSTRUCTURE: %v", err)
		}
		if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Expunge().Close(); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	})
}
