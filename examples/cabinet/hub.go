package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// hub is the API of the channel: all a cabinet needs to know of it is how a
// request is signed.
type hub struct {
	URL    string // of the channel's web-hooks, without a slash at its end
	Key    string
	Client *http.Client
}

func (h *hub) ask(ctx context.Context, method, target, contentType string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.URL+target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	at, hash := strconv.FormatInt(time.Now().Unix(), 10), hex.EncodeToString(sum[:])
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("X-Uzel-Timestamp", at)
	r.Header.Set("X-Uzel-Content-Sha256", hash)
	r.Header.Set("X-Uzel-Signature", h.sign("uzel-cabinet-v1", method, target, at, hash))
	return h.Client.Do(r)
}

func (h *hub) sign(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(h.Key))
	mac.Write([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// told checks a web-hook of the hub.
func (h *hub) told(r *http.Request, body []byte, now time.Time) bool {
	at, hash := r.Header.Get("X-Uzel-Timestamp"), r.Header.Get("X-Uzel-Content-Sha256")
	seconds, err := strconv.ParseInt(at, 10, 64)
	sum := sha256.Sum256(body)
	return err == nil && now.Sub(time.Unix(seconds, 0)).Abs() < 5*time.Minute && hash == hex.EncodeToString(sum[:]) &&
		hmac.Equal([]byte(r.Header.Get("X-Uzel-Signature")), []byte(h.sign("uzel-webhook-v1", r.Method, r.URL.RequestURI(), at, hash)))
}
