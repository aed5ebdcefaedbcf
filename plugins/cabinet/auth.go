package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a signed request, the same in both directions.
const (
	headerTime      = "X-Uzel-Timestamp" // Unix seconds
	headerHash      = "X-Uzel-Content-Sha256"
	headerSignature = "X-Uzel-Signature"
)

// What is signed begins with the direction, so that a web-hook cannot be played
// back to the hub as a request.
const (
	toHub     = "uzel-cabinet-v1"
	toCabinet = "uzel-webhook-v1"
)

// sign is the lower-case hex HMAC-SHA256 of the direction, the method, the
// target (path behind the hook's address, and the query), the time and the
// lower-case hex SHA-256 of the body, a line feed between them.
func sign(key, direction, method, target, at, hash string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(strings.Join([]string{direction, method, target, at, hash}, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// allowed checks the signature of a request and the age of its time. That the
// body has the hash which was signed, spooled sees to.
func (c *cabinet) allowed(r *http.Request) bool {
	at, err := strconv.ParseInt(r.Header.Get(headerTime), 10, 64)
	if err != nil {
		return false
	}
	age := c.now().Sub(time.Unix(at, 0))
	if age > c.Skew || age < -c.Skew {
		return false
	}
	given := []byte(r.Header.Get(headerSignature))
	ok := false
	for _, key := range []string{c.Key.Reveal(), c.Previous.Reveal()} {
		if key == "" {
			continue
		}
		want := sign(key, toHub, r.Method, target(r), r.Header.Get(headerTime), r.Header.Get(headerHash))
		ok = hmac.Equal(given, []byte(want)) || ok
	}
	return ok
}

func target(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return r.URL.Path
	}
	return r.URL.Path + "?" + r.URL.RawQuery
}
