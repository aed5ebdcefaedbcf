// Package openid signs people in by an outside provider of identities: OpenID
// Connect Core 1.0, the authorization code flow with PKCE (RFC 7636). Any
// provider with discovery will do. It finds out who somebody is; package access
// decides whether he may enter.
package openid

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/uzel-hub/uzel/core"
)

// Config of one provider. Claims may be paths with dots, `realm_access.roles`.
type Config struct {
	Issuer       string
	ClientID     string
	ClientSecret string // empty: a public client, PKCE alone
	RedirectURL  string // the hub's own address the provider sends people back to
	Scopes       []string
	LoginClaim   string
	NameClaim    string
	// RolesClaim holds the groups or roles the provider knows; Roles says what they
	// mean here. Empty: roles are not the provider's business.
	RolesClaim string
	Roles      map[string]core.Role
	Policy     core.OutsidePolicy

	Client *http.Client     // nil: with a timeout of 10 s
	Now    func() time.Time // nil means time.Now
}

// Provider is one provider. It is asked for its addresses at the first sign-in,
// so that a hub starts without it. It is safe for concurrent use.
type Provider struct {
	conf Config

	mu         sync.Mutex
	discovered *oidc.Provider
}

// New makes the provider; nothing is asked yet.
func New(c Config) *Provider {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{conf: c}
}

// Policy says who of the provider's people may enter.
func (p *Provider) Policy() core.OutsidePolicy { return p.conf.Policy }

// Flow is one sign-in under way. It belongs to the browser that began it.
type Flow struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE
}

// Begin starts a sign-in and returns the provider's page for it. KindUnavailable
// if the provider cannot be asked.
func (p *Provider) Begin(ctx context.Context) (Flow, string, error) {
	provider, err := p.discover(ctx)
	if err != nil {
		return Flow{}, "", err
	}
	f := Flow{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
	page := p.client(provider).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))
	return f, page, nil
}

// Finish turns what the provider's page sent the browser back with into who it
// is. KindUnauthenticated with the code access.oidc for whatever does not fit:
// another browser's state, a token of another sign-in, for another program, of
// another issuer, with an unknown key or no longer valid.
func (p *Provider) Finish(ctx context.Context, f Flow, back url.Values) (core.OutsideIdentity, error) {
	switch {
	case f.State == "" || subtle.ConstantTimeCompare([]byte(back.Get("state")), []byte(f.State)) != 1:
		return core.OutsideIdentity{}, refused("вход начат в другом окне или слишком давно, начните снова", nil)
	case back.Get("code") == "":
		return core.OutsideIdentity{}, refused("поставщик входа отказал", nil)
	}
	provider, err := p.discover(ctx)
	if err != nil {
		return core.OutsideIdentity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.conf.Client)
	token, err := p.client(provider).Exchange(ctx, back.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return core.OutsideIdentity{}, exchangeError(err)
	}
	claims, err := p.verified(ctx, provider, token, f.Nonce)
	if err != nil {
		return core.OutsideIdentity{}, err
	}
	return p.identity(claims)
}

// LogoutURL is the provider's page that ends the sign-in there and comes back to
// the address; "" if it has none, or cannot be asked.
func (p *Provider) LogoutURL(ctx context.Context, back string) string {
	provider, err := p.discover(ctx)
	if err != nil {
		return ""
	}
	var more struct {
		End string `json:"end_session_endpoint"`
	}
	if provider.Claims(&more) != nil {
		return ""
	}
	page, err := url.Parse(more.End)
	if err != nil || page.Host == "" {
		return ""
	}
	q := page.Query()
	q.Set("client_id", p.conf.ClientID)
	q.Set("post_logout_redirect_uri", back)
	page.RawQuery = q.Encode()
	return page.String()
}

// discover asks the provider for its addresses, once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.discovered != nil {
		return p.discovered, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.conf.Client), p.conf.Issuer)
	if err != nil {
		return nil, down(err)
	}
	p.discovered = found
	return found, nil
}

func (p *Provider) client(provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.conf.ClientID, ClientSecret: p.conf.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: p.conf.RedirectURL, Scopes: append([]string{oidc.ScopeOpenID}, p.conf.Scopes...),
	}
}

// verified are the claims of the ID token, and those of the user's page beside
// them if the token lacks the login.
func (p *Provider) verified(ctx context.Context, provider *oidc.Provider, token *oauth2.Token, nonce string) (map[string]any, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, refused("поставщик входа не прислал удостоверения", nil)
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: p.conf.ClientID, Now: p.conf.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, refused("удостоверение поставщика входа неверно", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, refused("удостоверение поставщика входа от другого входа", nil)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, refused("удостоверение поставщика входа не читается", err)
	}
	if text(claims, p.conf.LoginClaim) == "" && provider.UserInfoEndpoint() != "" {
		return p.completed(ctx, provider, token, id.Subject, claims)
	}
	return claims, nil
}

// completed adds what the user's page says; the token's own claims prevail.
func (p *Provider) completed(ctx context.Context, provider *oidc.Provider, token *oauth2.Token, subject string, claims map[string]any) (map[string]any, error) {
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, down(err)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil || info.Subject != subject {
		return nil, refused("сведения поставщика входа о другом человеке", err)
	}
	for name, v := range more {
		if _, ok := claims[name]; !ok {
			claims[name] = v
		}
	}
	return claims, nil
}

func (p *Provider) identity(claims map[string]any) (core.OutsideIdentity, error) {
	who := core.OutsideIdentity{
		Issuer: text(claims, "iss"), Subject: text(claims, "sub"), Login: text(claims, p.conf.LoginClaim),
		Name: text(claims, p.conf.NameClaim), Mapped: p.conf.RolesClaim != "",
	}
	verified, _ := claims["email_verified"].(bool)
	if verified {
		who.Email = text(claims, "email")
	}
	switch {
	case who.Subject == "" || who.Login == "":
		return core.OutsideIdentity{}, refused("поставщик входа не сообщил логин", nil)
	case p.conf.LoginClaim == "email" && !verified:
		return core.OutsideIdentity{}, refused("адрес электронной почты у поставщика входа не подтверждён", nil)
	}
	for _, name := range texts(claims, p.conf.RolesClaim) {
		if role, ok := p.conf.Roles[name]; ok && !slices.Contains(who.Roles, role) {
			who.Roles = append(who.Roles, role)
		}
	}
	return who, nil
}

// at finds a claim by its path.
func at(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v // a name may have dots of its own: https://example.org/roles
	}
	first, rest, _ := strings.Cut(path, ".")
	inner, ok := claims[first].(map[string]any)
	if !ok {
		return nil
	}
	return at(inner, rest)
}

func text(claims map[string]any, path string) string {
	v, _ := at(claims, path).(string)
	return strings.TrimSpace(v)
}

// texts is a claim that is a list of texts, or one.
func texts(claims map[string]any, path string) (out []string) {
	switch v := at(claims, path).(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func refused(text string, err error) error {
	return &core.Error{Kind: core.KindUnauthenticated, Code: "access.oidc", Text: text, Source: core.SourceRemote, Err: err}
}

func down(err error) error {
	return &core.Error{Kind: core.KindUnavailable, Code: "access.oidc_down", Text: "поставщик входа не отвечает, войдите по паролю или позже", Source: core.SourceRemote, Err: err}
}

// exchangeError tells a provider that says no from one that says nothing.
func exchangeError(err error) error {
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && said.Response != nil && said.Response.StatusCode < http.StatusInternalServerError {
		return refused("поставщик входа не принял код", err)
	}
	return down(err)
}
