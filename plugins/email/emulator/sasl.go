package emulator

import (
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
)

// logins is how a session takes a login; an error is already in the words of
// its protocol.
type logins interface {
	password(user, password string) error
	bearer(user, token string) error
}

func mechanisms() []string {
	return []string{sasl.Plain, sasl.Login, "XOAUTH2", sasl.OAuthBearer}
}

// newSASL returns the server side of a mechanism, nil if it is unknown.
func newSASL(mech string, l logins) sasl.Server {
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return l.password(user, password) })
	case sasl.Login:
		return &loginServer{logins: l}
	case "XOAUTH2", sasl.OAuthBearer:
		return &bearerServer{logins: l}
	}
	return nil
}

var errSASL = errors.New("malformed authentication exchange")

// loginServer is the server side of LOGIN, an old mechanism without a standard
// (draft-murchison-sasl-login): user name and password are asked for in turn.
type loginServer struct {
	logins logins
	user   *string
	asked  bool
}

func (s *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch text := string(response); {
	case s.user != nil:
		return nil, true, s.logins.password(*s.user, text)
	case response == nil && !s.asked:
		s.asked = true
		return []byte("Username:"), false, nil
	default:
		s.user = &text
		return []byte("Password:"), false, nil
	}
}

// bearerServer is the server side of OAUTHBEARER (RFC 7628) and of its
// forerunner XOAUTH2. A refusal is told by a challenge, which the client
// answers before it gets the real answer.
type bearerServer struct {
	logins  logins
	refused error
	asked   bool
}

func (s *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if s.refused != nil {
		return nil, true, s.refused
	}
	if response == nil && !s.asked {
		s.asked = true
		return []byte{}, false, nil
	}
	user, token, ok := parseBearer(response)
	if !ok {
		return nil, true, errSASL
	}
	if s.refused = s.logins.bearer(user, token); s.refused != nil {
		return []byte(`{"status":"401","schemes":"bearer","scope":"mail"}`), false, nil
	}
	return nil, true, nil
}

// parseBearer reads "user=U^Aauth=Bearer T^A^A" (XOAUTH2) and
// "n,a=U,^Ahost=H^Aauth=Bearer T^A^A" (OAUTHBEARER), where ^A is the byte 1.
func parseBearer(response []byte) (user, token string, ok bool) {
	for i, field := range strings.Split(string(bytes.TrimRight(response, "\x01")), "\x01") {
		name, value, _ := strings.Cut(field, "=")
		switch {
		case i == 0 && name == "user":
			user = value
		case i == 0 && name == "n,a":
			user = strings.TrimSuffix(value, ",")
		case name == "auth" && len(value) > 7 && strings.EqualFold(value[:7], "bearer "):
			token, ok = value[7:], true
		}
	}
	return user, token, ok
}
