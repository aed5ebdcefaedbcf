package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/uzel-hub/uzel/sdk"
)

// mailbox is one configured mailbox.
type mailbox struct {
	set    settings
	env    sdk.Env
	since  time.Time // letters before it are left alone; zero: from the first start on
	roots  *x509.CertPool
	tokens oauth2.TokenSource // nil with a password
	budget *budget
	wake   chan struct{}
}

var (
	_ sdk.Receiver       = (*mailbox)(nil)
	_ sdk.Sender         = (*mailbox)(nil)
	_ sdk.Tracker        = (*mailbox)(nil)
	_ sdk.Waker          = (*mailbox)(nil)
	_ sdk.SectionChecker = (*mailbox)(nil)
)

func newMailbox(ctx context.Context, set settings, env sdk.Env) (sdk.Channel, error) {
	m := &mailbox{set: set, env: env, wake: make(chan struct{}, 1), budget: newBudget(set.Letter.Automatic, time.Now)}
	var faults []sdk.FieldFault
	fault := func(field, text string) { faults = append(faults, sdk.FieldFault{Field: field, Text: text}) }
	if a, err := mail.ParseAddress(set.Address); err != nil || a.Address != set.Address {
		fault("address", "это не адрес электронной почты")
	}
	if set.IMAP.Since != "" {
		var err error
		if m.since, err = time.Parse(time.DateOnly, set.IMAP.Since); err != nil {
			fault("imap.since", "нужна дата вида 2026-11-01")
		}
	}
	if set.CA != "" {
		m.roots = x509.NewCertPool()
		if !m.roots.AppendCertsFromPEM([]byte(set.CA)) {
			fault("ca", "нет ни одного сертификата в формате PEM")
		}
	}
	if len(set.IMAP.Folders) == 0 {
		fault("imap.folders", "нужна хотя бы одна папка")
	}
	if set.Auth == "oauth" {
		m.tokens = tokens(ctx, set.OAuth)
		if m.tokens == nil {
			fault("oauth.refresh_token", "нужен токен доступа или адрес выдачи, идентификатор приложения и токен обновления")
		}
	}
	if len(faults) > 0 {
		return nil, &sdk.Error{Kind: "config", Faults: faults}
	}
	return m, nil
}

// tokens gives access tokens, renewed when they run out; nil if the settings do
// not suffice.
func tokens(ctx context.Context, set oauthSettings) oauth2.TokenSource {
	if set.Token.IsSet() {
		return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: set.Token.Reveal()})
	}
	if set.TokenURL == "" || set.ClientID == "" || !set.Refresh.IsSet() {
		return nil
	}
	conf := oauth2.Config{
		ClientID: set.ClientID, ClientSecret: set.ClientSecret.Reveal(),
		Endpoint: oauth2.Endpoint{TokenURL: set.TokenURL},
	}
	return conf.TokenSource(ctx, &oauth2.Token{RefreshToken: set.Refresh.Reveal()})
}

// Check implements sdk.Channel.
func (m *mailbox) Check(ctx context.Context) error {
	for _, part := range m.CheckSections(ctx, "") {
		if part.Err != nil {
			return part.Err
		}
	}
	return nil
}

// CheckSections implements sdk.SectionChecker: it logs in to both servers.
func (m *mailbox) CheckSections(ctx context.Context, section string) []sdk.CheckPart {
	var parts []sdk.CheckPart
	if section == "" || section == "imap" {
		parts = append(parts, sdk.CheckPart{Name: "Приём (IMAP)", Err: m.checkIMAP(ctx)})
	}
	if section == "" || section == "smtp" {
		parts = append(parts, sdk.CheckPart{Name: "Отправка (SMTP)", Err: m.checkSMTP(ctx)})
	}
	return parts
}

// Wake implements sdk.Waker: the receiver looks at once.
func (m *mailbox) Wake(context.Context) error {
	select {
	case m.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return nil
}

func (m *mailbox) tlsConfig(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: m.roots, MinVersion: tls.VersionTLS12}
}

// unreachable words the failure to reach a server: a certificate nobody trusts
// is a matter of settings, the rest is tried again.
func unreachable(section string, err error) error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &sdk.Error{
			Kind: "config", Field: section + ".host", Source: "remote", Err: err,
			Text: "сертификат сервера не подтверждён: проверьте имя сервера или добавьте корневой сертификат",
		}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &sdk.Error{
			Kind: "config", Field: section + ".tls", Source: "remote", Err: err,
			Text: "сервер на этом порту говорит без TLS: проверьте порт и шифрование",
		}
	}
	return &sdk.Error{Kind: "unavailable", Code: "email." + section, Source: "remote", Text: "сервер " + strings.ToUpper(section) + " недоступен", Err: err}
}
