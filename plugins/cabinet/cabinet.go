package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// minKey is the length a shared key must have: 32 hexadecimal digits are 128 bits.
const minKey = 32

// cabinet is one connected cabinet. It keeps nothing but uploads that have not
// become files of an appeal yet, in the scratch folder.
type cabinet struct {
	settings
	env     sdk.Env
	client  *http.Client
	api     *http.ServeMux
	uploads *uploads
	wake    chan struct{}
	now     func() time.Time
	close   sync.Once
}

var (
	_ sdk.Receiver = (*cabinet)(nil)
	_ sdk.Sender   = (*cabinet)(nil)
	_ sdk.Tracker  = (*cabinet)(nil)
	_ sdk.Hook     = (*cabinet)(nil)
	_ sdk.Operator = (*cabinet)(nil)
	_ sdk.Waker    = (*cabinet)(nil)
	_ sdk.Closer   = (*cabinet)(nil)
)

func newCabinet(_ context.Context, set settings, env sdk.Env) (sdk.Channel, error) {
	var faults []sdk.FieldFault
	fault := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, sdk.FieldFault{Field: field, Text: text})
		}
	}
	fault((set.Mode == modeAPI || set.Key.IsSet()) && len(set.Key.Reveal()) < minKey, "key", "нужен ключ не короче 32 знаков")
	fault(set.Previous.IsSet() && len(set.Previous.Reveal()) < minKey, "previous_key", "нужен ключ не короче 32 знаков")
	fault(set.Webhook.URL != "" && !isURL(set.Webhook.URL), "webhook.url", "нужен адрес вида https://…")
	fault(set.Mode == modePoll && !isURL(set.Poll.URL), "poll.url", "нужен адрес вида https://…")
	if len(faults) > 0 {
		return nil, &sdk.Error{Kind: "config", Faults: faults}
	}
	c := &cabinet{settings: set, env: env, wake: make(chan struct{}, 1), now: time.Now}
	c.client = &http.Client{
		Timeout:       set.Timeout,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.uploads = newUploads(env.Scratch, set.Uploads, func() time.Time { return c.now() })
	c.api = c.routes()
	return c, nil
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// Check implements sdk.Channel: the other side must answer us.
func (c *cabinet) Check(ctx context.Context) error {
	if c.Mode == modePoll {
		return c.checkPoll(ctx)
	}
	if c.Webhook.URL == "" {
		return nil // the cabinet comes by itself
	}
	return c.post(ctx, event{ID: "ping", Event: "ping", At: c.now().UTC()})
}

// Wake implements sdk.Waker.
func (c *cabinet) Wake(context.Context) error {
	select {
	case c.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return nil
}

// Close implements sdk.Closer.
func (c *cabinet) Close() error {
	c.close.Do(c.client.CloseIdleConnections)
	return nil
}

// outside words a failure to talk to the cabinet; what went out and was not
// answered is told apart by the caller.
func outside(err error) error {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return &sdk.Error{Kind: "unavailable", Code: "cabinet.certificate", Source: "remote", Text: "сертификат кабинета не подтверждён", Err: cert}
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address may carry a token
	}
	return &sdk.Error{Kind: "unavailable", Code: "cabinet.unreachable", Source: "remote", Text: "кабинет недоступен", Err: err}
}
