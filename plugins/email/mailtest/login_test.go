package mailtest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// xoauth2 is the client side of XOAUTH2, which go-sasl does not have.
type xoauth2 struct{ user, token string }

func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

func bearer(user, token string) sasl.Client {
	return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: user, Token: token})
}

func logins(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	good, old := s.Token(u, time.Hour), s.Token(u, -time.Hour)
	forged := s.Token(u, time.Hour)
	forged = forged[:len(forged)-6] + "AAAAAA"
	for _, c := range []struct {
		name string
		sasl sasl.Client
		ok   bool
	}{
		{"PLAIN", sasl.NewPlainClient("", u.Address, u.Password), true},
		{"PLAIN, wrong password", sasl.NewPlainClient("", u.Address, "wrong"), false},
		{"PLAIN, unknown user", sasl.NewPlainClient("", s.Unknown, u.Password), false},
		{"LOGIN", sasl.NewLoginClient(u.Address, u.Password), true},
		{"LOGIN, wrong password", sasl.NewLoginClient(u.Address, "wrong"), false},
		{"XOAUTH2", xoauth2{u.Address, good}, true},
		{"XOAUTH2, expired", xoauth2{u.Address, old}, false},
		{"XOAUTH2, forged", xoauth2{u.Address, forged}, false},
		{"XOAUTH2, someone else's", xoauth2{s.NewUser(t).Address, good}, false},
		{"OAUTHBEARER", bearer(u.Address, good), true},
		{"OAUTHBEARER, expired", bearer(u.Address, old), false},
	} {
		t.Run("IMAP "+c.name, func(t *testing.T) { check(t, imapAuth(t, s, c.sasl), c.ok) })
		t.Run("SMTP "+c.name, func(t *testing.T) { check(t, smtpAuth(t, s, c.sasl), c.ok) })
	}
	t.Run("IMAP LOGIN command, wrong password", func(t *testing.T) {
		c := dial(t, s)
		err := c.Login(u.Address, "wrong").Wait()
		var refused *imap.Error
		if !errors.As(err, &refused) || refused.Code != imap.ResponseCodeAuthenticationFailed {
			t.Errorf("%v, want AUTHENTICATIONFAILED", err)
		}
	})
}

func imapAuth(t *testing.T, s *mailtest.Server, a sasl.Client) error {
	return dial(t, s).Authenticate(a)
}

func smtpAuth(t *testing.T, s *mailtest.Server, a sasl.Client) error {
	c, err := smtp.DialStartTLS(s.SMTP, s.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.Auth(a)
}

func clearTextRefused(t *testing.T, s *mailtest.Server) {
	u := s.NewUser(t)
	if s.World != nil { // Dovecot holds loopback to be safe enough
		c, err := imapclient.DialInsecure(s.IMAP, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if !c.Caps().Has(imap.CapLoginDisabled) {
			t.Error("LOGINDISABLED is not announced")
		}
		if err := c.Login(u.Address, u.Password).Wait(); err == nil {
			t.Error("IMAP took a password in clear text")
		}
	}
	m, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Auth(sasl.NewPlainClient("", u.Address, u.Password)); err == nil {
		t.Error("SMTP took a password in clear text")
	}
}
