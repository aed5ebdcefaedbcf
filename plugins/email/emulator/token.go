package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// claims of an access token, as a mail server checks them.
type claims struct {
	Subject string `json:"sub"`
	Email   string `json:"email"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}

// SignToken makes a JSON Web Token (RFC 7519, HS256) that names a mailbox in
// "sub" and "email". Dovecot accepts it too, if it validates tokens locally
// with the same secret.
func SignToken(secret []byte, addr string, expires time.Time) string {
	body, err := json.Marshal(claims{Subject: addr, Email: addr, Issued: time.Now().Unix(), Expires: expires.Unix()})
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	unsigned := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(body)
	return unsigned + "." + encode(signature(secret, unsigned))
}

// verifyToken returns the mailbox that a token was made for.
func verifyToken(secret []byte, token string, now time.Time) (addr string, err error) {
	errBad := errors.New("bad token")
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || !hmac.Equal([]byte(token[dot+1:]), []byte(encode(signature(secret, token[:dot])))) {
		return "", errBad
	}
	_, payload, _ := strings.Cut(token[:dot], ".")
	body, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", errBad
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil || now.Unix() >= c.Expires {
		return "", errBad
	}
	return c.Email, nil
}

func signature(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
