package mailtest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// patience is how long Await and Eventually wait for what must come.
const patience = 30 * time.Second

// Letter is a letter in a folder.
type Letter struct {
	UID   imap.UID
	Flags []imap.Flag
	Raw   []byte
}

// Login opens an IMAP connection over TLS that is closed with the test.
func (s *Server) Login(t testing.TB, u User) *imapclient.Client {
	t.Helper()
	return s.LoginWith(t, u, nil)
}

// LoginWith is Login with a handler for news.
func (s *Server) LoginWith(t testing.TB, u User, news *imapclient.UnilateralDataHandler) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{TLSConfig: s.TLSConfig(), UnilateralDataHandler: news})
	if err != nil {
		t.Fatalf("mailtest: connect: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(u.Address, u.Password).Wait(); err != nil {
		t.Fatalf("mailtest: log in: %v", err)
	}
	return c
}

// Append puts a letter into a folder of the mailbox by IMAP, as it is, and
// makes the folder if it is absent.
func (s *Server) Append(t testing.TB, u User, folder string, raw []byte) imap.UID {
	t.Helper()
	c := s.Login(t, u)
	defer logout(c)
	uid, err := appendTo(c, folder, raw)
	if noFolder(err) {
		if err = c.Create(folder, nil).Wait(); err == nil {
			uid, err = appendTo(c, folder, raw)
		}
	}
	if err != nil {
		t.Fatalf("mailtest: append: %v", err)
	}
	return uid
}

func appendTo(c *imapclient.Client, folder string, raw []byte) (imap.UID, error) {
	cmd := c.Append(folder, int64(len(raw)), nil)
	_, errWrite := cmd.Write(raw)
	errClose := cmd.Close()
	data, err := cmd.Wait()
	if err = errors.Join(err, errWrite, errClose); err != nil {
		return 0, err
	}
	return data.UID, nil
}

func noFolder(err error) bool {
	var refused *imap.Error
	return errors.As(err, &refused) &&
		(refused.Code == imap.ResponseCodeTryCreate || refused.Code == imap.ResponseCodeNonExistent)
}

// Letters reads a folder without marking anything as seen; a folder that does
// not exist is empty.
func (s *Server) Letters(t testing.TB, u User, folder string) []Letter {
	t.Helper()
	c := s.Login(t, u)
	defer logout(c)
	letters, err := readAll(c, folder)
	if err != nil {
		t.Fatalf("mailtest: read the mailbox: %v", err)
	}
	return letters
}

func readAll(c *imapclient.Client, folder string) ([]Letter, error) {
	box, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if noFolder(err) || err == nil && box.NumMessages == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	section := &imap.FetchItemBodySection{Peek: true}
	all := imap.UIDSet{{Start: 1, Stop: 0}}
	found, err := c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return nil, err
	}
	letters := make([]Letter, 0, len(found))
	for _, m := range found {
		letters = append(letters, Letter{UID: m.UID, Flags: m.Flags, Raw: m.FindBodySection(section)})
	}
	return letters, nil
}

func logout(c *imapclient.Client) {
	_ = c.Logout().Wait()
	_ = c.Close()
}

// Await waits until a folder has at least n letters and returns them all.
func (s *Server) Await(t testing.TB, u User, folder string, n int) []Letter {
	t.Helper()
	var letters []Letter
	Eventually(t, func() bool {
		letters = s.Letters(t, u, folder)
		return len(letters) >= n
	})
	return letters
}

// Eventually fails the test if the condition does not become true in half a
// minute.
func Eventually(t testing.TB, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for pause := time.Millisecond; !condition(); pause = min(2*pause, 200*time.Millisecond) {
		select {
		case <-ctx.Done():
			t.Fatal("mailtest: waited in vain")
		case <-time.After(pause):
		}
	}
}

// Submit sends a letter through the submission server as the user. A refusal is
// a *smtp.SMTPError in the error's chain.
func (s *Server) Submit(u User, to string, raw []byte) error {
	c, err := smtp.DialStartTLS(s.SMTP, s.TLSConfig())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", u.Address, u.Password)); err != nil {
		return err
	}
	if err := c.SendMail(u.Address, []string{to}, bytes.NewReader(raw)); err != nil {
		return err
	}
	return c.Quit()
}
