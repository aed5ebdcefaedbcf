package rest

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/openid"
)

// CallbackPath is where a provider of identities sends people back to.
const CallbackPath = v1 + "/session/oidc/callback"

// flowLife is how long a person may take at the provider's page.
const flowLife = 10 * time.Minute

// flow is a sign-in under way, kept by the browser that began it, signed.
type flow struct {
	openid.Flow
	Return string    `json:"return"`
	Until  time.Time `json:"until"`
}

// SignInWays are the doors of the hub.
type SignInWays struct {
	Password bool   `json:"password"`
	OIDC     string `json:"oidc,omitempty"` // title of the outside provider
}

func (s *Server) signInWays(*call) (answer, error) {
	out := SignInWays{Password: true}
	if s.OIDC != nil {
		out.OIDC = s.OIDCTitle
	}
	return ok(out), nil
}

// beginOIDC sends the browser to the provider's page.
func (s *Server) beginOIDC(c *call) (answer, error) {
	q := c.query()
	back := q.text("return")
	if !ownPath(back) {
		q.faults.add("return", "ожидается путь этого сайта")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if s.OIDC == nil {
		return answer{}, noProvider()
	}
	begun, page, err := s.OIDC.Begin(c.ctx())
	if err != nil {
		return answer{}, err
	}
	raw, err := json.Marshal(flow{begun, back, s.Now().Add(flowLife)})
	if err != nil {
		return answer{}, err
	}
	body := base64.RawURLEncoding.EncodeToString(raw)
	c.w.Header().Add("Set-Cookie", s.flowCookie(c.r, body+"."+s.sign("oidc."+body), int(flowLife.Seconds())).String())
	return answer{Status: http.StatusFound, Location: page}, nil
}

func noProvider() error {
	return core.NotFound("access.oidc_none", "вход через внешнего поставщика не настроен")
}

// ownPath tells that a path stays on this site, whatever a browser makes of it.
func ownPath(path string) bool {
	return path == "" || strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}

func (s *Server) flowCookie(r *http.Request, value string, maxAge int) *http.Cookie {
	cookie := s.cookie(r, value, maxAge)
	cookie.Name += "-oidc"
	return cookie
}

// finishOIDC is where the provider sends the browser back to.
func (s *Server) finishOIDC(c *call) (answer, error) {
	if s.OIDC == nil {
		return answer{}, noProvider()
	}
	c.w.Header().Add("Set-Cookie", s.flowCookie(c.r, "", -1).String()) // good for one try
	begun := s.readFlow(c.r)
	who, err := s.OIDC.Finish(c.ctx(), begun.Flow, c.r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	opened, err := s.Access.SignInOutside(c.ctx(), who, s.OIDC.Policy(), c.remote, c.r.UserAgent())
	if err != nil {
		return answer{}, err
	}
	c.who = &opened.Principal
	c.object = "users/" + string(c.who.User.ID)
	c.w.Header().Add("Set-Cookie", s.cookie(c.r, opened.Cookie, 0).String())
	if begun.Return == "" {
		begun.Return = "/"
	}
	return answer{Status: http.StatusFound, Location: begun.Return}, nil
}

// readFlow reads the flow this browser has begun; the zero flow fits nothing.
func (s *Server) readFlow(r *http.Request) (f flow) {
	cookie, err := r.Cookie(s.cookieName(r) + "-oidc")
	if err != nil {
		return flow{}
	}
	body, signature, _ := strings.Cut(cookie.Value, ".")
	if !hmac.Equal([]byte(signature), []byte(s.sign("oidc."+body))) {
		return flow{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(raw, &f) != nil || s.Now().After(f.Until) {
		return flow{}
	}
	return f
}

// SignedOut says where to end the sign-in at the outside provider as well.
type SignedOut struct {
	LogoutURL string `json:"logout_url"`
}

// farewell is the answer to who has signed out.
func (s *Server) farewell(c *call) answer {
	if !c.who.Session.Outside || s.OIDC == nil {
		return done()
	}
	home, err := url.JoinPath(s.PublicURL, "/")
	if err != nil {
		return done()
	}
	if page := s.OIDC.LogoutURL(c.ctx(), home); page != "" {
		return ok(SignedOut{page})
	}
	return done()
}
