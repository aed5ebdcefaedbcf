package rest

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

const (
	csrfHeader = "X-CSRF-Token"
	bearer     = "Bearer "
)

func refuse(kind core.Kind, code, text string) error {
	return &core.Error{Kind: kind, Code: code, Text: text}
}

// admit finds out who asks and whether he may.
func (s *Server) admit(c *call) error {
	if c.route.public {
		return s.sameSite(c.r)
	}
	if err := s.recognise(c); err != nil {
		return err
	}
	if c.who.User.MustChange && c.who.Session != nil && c.who.Behind == nil && !c.route.anyPassword {
		return refuse(core.KindForbidden, "access.must_change", "сначала смените одноразовый пароль")
	}
	if c.route.op != signedIn && !c.who.Can(c.route.op) {
		return refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
	}
	return nil
}

type commandLine struct{}

// FromCommandLine marks the connections of the hub's own socket: who comes over
// them is access.CommandLine.
func FromCommandLine(ctx context.Context) context.Context {
	return context.WithValue(ctx, commandLine{}, true)
}

func (s *Server) recognise(c *call) (err error) {
	if c.ctx().Value(commandLine{}) != nil {
		c.who = access.CommandLine()
		return nil
	}
	if h := c.r.Header.Get("Authorization"); len(h) > len(bearer) && strings.EqualFold(h[:len(bearer)], bearer) {
		c.who, err = s.Access.ByToken(c.ctx(), h[len(bearer):])
		return err
	}
	cookie, err := c.r.Cookie(s.cookieName(c.r))
	if err != nil {
		return refuse(core.KindUnauthenticated, "access.none", "войдите или пришлите ключ доступа")
	}
	who, err := s.Access.BySession(c.ctx(), cookie.Value)
	if err != nil {
		return err
	}
	if err := s.ownPage(c, who); err != nil {
		return err
	}
	c.who = who
	return nil
}

// ownPage proves that a request with a cookie was made by the hub's own page.
func (s *Server) ownPage(c *call, who *access.Principal) error {
	if c.safe() {
		return nil
	}
	if err := s.sameSite(c.r); err != nil {
		return err
	}
	sent := c.r.Header.Get(csrfHeader)
	if subtle.ConstantTimeCompare([]byte(sent), []byte(who.Session.CSRF)) != 1 {
		return refuse(core.KindForbidden, "access.csrf", "нет или неверен заголовок X-CSRF-Token")
	}
	return nil
}

// sameSite refuses what a browser says comes from another site. Programs that
// are no browsers say nothing and pass.
func (s *Server) sameSite(r *http.Request) error {
	if s.guard.Check(r) != nil {
		return refuse(core.KindForbidden, "access.origin", "запрос пришёл с чужого сайта")
	}
	return nil
}

// cookieName has the prefix that makes browsers refuse a cookie set by a
// subdomain or without TLS, where there is TLS.
func (s *Server) cookieName(r *http.Request) string {
	if s.secure(r) {
		return "__Host-uzel"
	}
	return "uzel"
}

func (s *Server) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(r), Value: value, Path: "/", MaxAge: maxAge,
		Secure: s.secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// remote is the caller's address: the one that is connected, or, if that is a
// trusted proxy, the nearest address before it that is not. Empty for the
// command line, which comes over a socket of the machine.
func (s *Server) remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	if !s.trusted(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		host = hop
		if !s.trusted(hop) {
			break
		}
	}
	return host
}

func (s *Server) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.TrustedProxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// local tells that the caller is a program on this machine and not a proxy that
// speaks for someone.
func (s *Server) local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	return err == nil && addr.Unmap().IsLoopback() && !forwarded
}
