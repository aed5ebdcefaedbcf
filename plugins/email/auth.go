package main

import (
	"fmt"

	"github.com/emersion/go-sasl"
)

// xoauth2 is the SASL mechanism of Google and Microsoft, older than OAUTHBEARER
// and more common with mail providers:
// https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
type xoauth2 struct{ user, token string }

var _ sasl.Client = xoauth2{}

// Start implements sasl.Client.
func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the challenge that carries the server's error: an empty response
// makes it fail with its own words.
func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// login is the SASL mechanism LOGIN, which Exchange still wants for SMTP.
type login struct{ user, password string }

var _ sasl.Client = login{}

// Start implements sasl.Client.
func (l login) Start() (string, []byte, error) { return "LOGIN", nil, nil }

// Next implements sasl.Client.
func (l login) Next(challenge []byte) ([]byte, error) {
	switch string(challenge) {
	case "Username:", "User Name\x00":
		return []byte(l.user), nil
	case "Password:", "Password\x00":
		return []byte(l.password), nil
	}
	return nil, fmt.Errorf("LOGIN: unexpected challenge of %d bytes", len(challenge))
}

// mechanism chooses how to log in: XOAUTH2 with OAuth, else PLAIN, or LOGIN
// where the server knows nothing better.
func (m *mailbox) mechanism(supports func(string) bool) (sasl.Client, error) {
	if m.tokens != nil {
		t, err := m.tokens.Token()
		if err != nil {
			return nil, err
		}
		return xoauth2{m.set.login(), t.AccessToken}, nil
	}
	if !supports("PLAIN") && supports("LOGIN") {
		return login{m.set.login(), m.set.Password.Reveal()}, nil
	}
	return sasl.NewPlainClient("", m.set.login(), m.set.Password.Reveal()), nil
}
