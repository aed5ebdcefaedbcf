package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/uzel-hub/uzel/sdk"
)

const dialTimeout = 30 * time.Second

// session is one IMAP connection, logged in.
type session struct {
	*imapclient.Client
	news chan struct{} // something may have arrived in the selected folder
	stop func() bool   // takes the watch on the context off
}

// connect opens a session. It is closed when ctx is done; the caller closes it
// otherwise.
func (m *mailbox) connect(ctx context.Context) (*session, error) {
	s := &session{news: make(chan struct{}, 1)}
	c, err := m.dialIMAP(ctx, &imapclient.Options{
		TLSConfig: m.tlsConfig(m.set.IMAP.Host),
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					notify(s.news)
				}
			},
		},
	})
	if err != nil {
		return nil, unreachable("imap", err)
	}
	s.Client = c
	s.stop = context.AfterFunc(ctx, func() { _ = c.Close() })
	if err := m.loginIMAP(c); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func notify(news chan struct{}) {
	select {
	case news <- struct{}{}:
	default: // it is known already
	}
}

func (s *session) close() {
	s.stop()
	_ = s.Close()
}

func (m *mailbox) dialIMAP(ctx context.Context, opt *imapclient.Options) (*imapclient.Client, error) {
	address := net.JoinHostPort(m.set.IMAP.Host, strconv.Itoa(m.set.IMAP.Port))
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// A server that accepts and then says nothing must not hold us for ever.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	c, err := m.greet(ctx, conn, opt)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return c, nil
}

func (m *mailbox) greet(ctx context.Context, conn net.Conn, opt *imapclient.Options) (*imapclient.Client, error) {
	switch m.set.IMAP.TLS {
	case "starttls":
		return imapclient.NewStartTLS(conn, opt)
	case "tls":
		secure, err := handshake(ctx, conn, opt.TLSConfig)
		if err != nil {
			return nil, err
		}
		conn = secure
	}
	c := imapclient.New(conn, opt)
	return c, c.WaitGreeting()
}

func (m *mailbox) loginIMAP(c *imapclient.Client) error {
	if m.tokens == nil {
		return refusedLogin("imap", m.secretField(), c.Login(m.set.login(), m.set.Password.Reveal()).Wait())
	}
	mech, err := m.mechanism(func(string) bool { return true })
	if err != nil {
		return sdk.Misconfigured("oauth.refresh_token", fmt.Errorf("сервер токенов отказал: %w", err))
	}
	return refusedLogin("imap", m.secretField(), c.Authenticate(mech))
}

// secretField is the setting at fault when the server does not let us in.
func (m *mailbox) secretField() string {
	switch {
	case m.tokens == nil:
		return "password"
	case m.set.OAuth.Token.IsSet():
		return "oauth.token"
	}
	return "oauth.refresh_token"
}

// refusedLogin tells a wrong password from a line that broke: a server's own NO
// is a matter of settings, unless it says that it is only unwell.
func refusedLogin(section, field string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*imap.Error](err)
	if !ok || e.Code == imap.ResponseCodeUnavailable || e.Code == imap.ResponseCodeInUse || e.Code == imap.ResponseCodeLimit {
		return unreachable(section, err)
	}
	return sdk.Misconfigured(field, fmt.Errorf("сервер IMAP не впустил: %s", e.Text))
}

// checkIMAP logs in and opens each folder.
func (m *mailbox) checkIMAP(ctx context.Context) error {
	s, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	for _, folder := range m.set.IMAP.Folders {
		if _, err := s.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			return noSuchFolder(folder, err)
		}
	}
	return nil
}

func noSuchFolder(folder string, err error) error {
	e, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return unreachable("imap", err)
	}
	return sdk.Misconfigured("imap.folders", fmt.Errorf("папка «%s» не открывается: %s", folder, e.Text))
}

// ensureFolder makes the folder letters are moved to.
func (s *session) ensureFolder(folder string) error {
	err := s.Create(folder, nil).Wait()
	e, ok := errors.AsType[*imap.Error](err)
	if err == nil || ok && (e.Code == imap.ResponseCodeAlreadyExists || strings.Contains(strings.ToLower(e.Text), "exist")) {
		return nil
	}
	if ok {
		return sdk.Misconfigured("imap.move_to", fmt.Errorf("папка «%s» не создаётся: %s", folder, e.Text))
	}
	return unreachable("imap", err)
}
