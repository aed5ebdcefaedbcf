package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/plugins/gis/internal/soap"
	"github.com/uzel-hub/uzel/sdk"
)

// account is one organisation in GIS ZhKKh.
type account struct {
	set     settings
	env     sdk.Env
	clock   clock
	soap    *soap.Client
	files   *filestore.Client
	eds     *eds
	journal journal
	lookups *lookups
	wake    chan struct{}
}

var (
	_ sdk.Receiver = (*account)(nil)
	_ sdk.Sender   = (*account)(nil)
	_ sdk.Tracker  = (*account)(nil)
	_ sdk.Operator = (*account)(nil)
	_ sdk.Waker    = (*account)(nil)
	_ sdk.Closer   = (*account)(nil)
)

// clock is the time: a test has its own.
type clock struct {
	now func() time.Time
	// wait returns after d or when wake has something, and fails when ctx ends.
	wait func(ctx context.Context, d time.Duration, wake <-chan struct{}) error
}

func systemClock() clock {
	return clock{now: time.Now, wait: func(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-wake:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

// moscow is the zone of the days of GIS.
var moscow = time.FixedZone("MSK", 3*60*60)

func (c clock) today() time.Time {
	y, m, d := c.now().In(moscow).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// connectTimeout bounds the opening of a connection: what does not open did not
// take the request.
const connectTimeout = 10 * time.Second

func newAccount(set settings, env sdk.Env, c clock) (*account, error) {
	if err := set.check(); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: transport(), CheckRedirect: stay}
	a := &account{
		set: set, env: env, clock: c, wake: make(chan struct{}, 1),
		soap: &soap.Client{
			Base: set.base(), Host: set.Host, Login: set.Login, Password: set.Password.Reveal(),
			Fingerprint: set.Fingerprint, HTTP: client, Timeout: set.Poll.Timeout,
		},
		eds:     &eds{call: env.Call, certificate: set.Certificate, wait: c.wait},
		journal: journal{dir: env.Scratch},
	}
	a.files = &filestore.Client{URL: set.files(), Org: set.Org, HTTP: client, Sign: a.soap.Sign, Timeout: set.Poll.Timeout}
	a.lookups = newLookups(a, env.Scratch)
	return a, nil
}

// Check implements sdk.Channel. It runs every half minute, so it makes no work
// for GIS: it asks after a request that is not there, which needs the address,
// the login and the organisation, and sees that there is a certificate.
func (a *account) Check(ctx context.Context) error {
	_, err := a.ask(ctx, appeals.Path, uuid.NewString())
	if c := classOf(codeOf(err)); err != nil && c != classGone && c != classEmpty {
		return told(err)
	}
	if a.set.Signature != "eds" {
		return nil
	}
	if _, err := a.eds.Key(ctx); err != nil {
		return signFault(err)
	}
	return nil
}

// Wake implements sdk.Waker: the receiver looks at once.
func (a *account) Wake(context.Context) error {
	select {
	case a.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return nil
}

// Close implements sdk.Closer.
func (a *account) Close() error {
	a.soap.HTTP.CloseIdleConnections()
	return nil
}

// stay follows nobody: a signed request is for the address of the settings alone.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     time.Minute,
	}
}
