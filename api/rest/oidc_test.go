package rest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/openid"
)

// idp is a provider of identities that can be told to misbehave.
type idp struct {
	*httptest.Server
	t   *testing.T
	now func() time.Time
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]url.Values // of the authorization requests
	claims map[string]any        // of the person at the page
	info   map[string]any        // of the user's page

	signer *ecdsa.PrivateKey // another than published
	noCode bool              // the token endpoint refuses
	broken bool              // the token endpoint fails
}

const clientID = "uzel"

func newIDP(t *testing.T, now func() time.Time) *idp {
	p := &idp{t: t, now: now, key: newKey(t), codes: map[string]url.Values{}, claims: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("/keys", p.keys)
	mux.HandleFunc("/token", p.token)
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) { p.json(w, p.info) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *idp) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *idp) discovery(w http.ResponseWriter, _ *http.Request) {
	p.json(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/logout?x=1",
		"id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (p *idp) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		p.t.Error(err)
	}
	p.json(w, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1", "x": b64(point[1:33]), "y": b64(point[33:]),
	}}})
}

// authorize is a person at the provider's page: it notes what was asked for and
// gives the code.
func (p *idp) authorize(page string) url.Values {
	u, err := url.Parse(page)
	if err != nil || !strings.HasPrefix(page, p.URL+"/authorize?") {
		p.t.Fatalf("sent to %q, %v", page, err)
	}
	q := u.Query()
	if q.Get("client_id") != clientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		q.Get("nonce") == "" || q.Get("redirect_uri") != "https://uzel.example"+rest.CallbackPath || !strings.Contains(q.Get("scope"), "openid") {
		p.t.Fatalf("asked for %v", q)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case p.broken:
		w.WriteHeader(http.StatusBadGateway)
		return
	case p.noCode || !ok || b64(sum[:]) != asked.Get("code_challenge"):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"error":"invalid_grant"}`)) //nolint:errcheck // the client that hangs up sees no answer and fails
		return
	}
	claims := map[string]any{
		"iss": p.URL, "aud": clientID, "sub": "42", "nonce": asked.Get("nonce"),
		"iat": p.now().Unix(), "exp": p.now().Add(time.Minute).Unix(),
		"preferred_username": "Olga", "name": "Ольга Сергеева",
	}
	maps.Copy(claims, p.claims)
	p.json(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.sign(claims)})
}

func (p *idp) sign(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := b64([]byte(`{"alg":"ES256","kid":"1","typ":"JWT"}`)) + "." + b64(body)
	key := p.key
	if p.signer != nil {
		key = p.signer
	}
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return text + "." + b64(raw)
}

// door is a hub with a provider.
func door(t *testing.T, change func(*openid.Config)) (*hub, *idp) {
	t.Helper()
	var p *idp
	h := newHub(t, func(conf *rest.Config) {
		p = newIDP(t, conf.Now)
		c := openid.Config{
			Issuer: p.URL, ClientID: clientID, ClientSecret: "s3cret", RedirectURL: "https://uzel.example" + rest.CallbackPath,
			Scopes: []string{"profile"}, LoginClaim: "preferred_username", NameClaim: "name",
			Policy: core.OutsidePolicy{Create: true, DefaultRole: core.RoleClerk}, Now: conf.Now,
		}
		change(&c)
		conf.OIDC, conf.OIDCTitle, conf.PublicURL = openid.New(c), "Единый вход", "https://uzel.example"
	})
	return h, p
}

func same(*openid.Config) {}

// cookies takes what an answer sets.
func (c *client) cookies(r *response) {
	jar := map[string]string{}
	for pair := range strings.SplitSeq(c.header.Get("Cookie"), "; ") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			jar[name] = value
		}
	}
	for _, cookie := range (&http.Response{Header: r.header}).Cookies() {
		jar[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(jar, cookie.Name)
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(jar)) {
		all = append(all, name+"="+jar[name])
	}
	c.header.Set("Cookie", strings.Join(all, "; "))
}

// goThrough walks a browser through the provider's page and back.
func (c *client) goThrough(p *idp, back string) *response {
	c.hub.t.Helper()
	begun := c.get("/api/v1/session/oidc?return=" + url.QueryEscape(back)).want(302)
	c.cookies(begun)
	return c.callback(p.authorize(begun.header.Get("Location")))
}

func (c *client) callback(q url.Values) *response {
	c.hub.t.Helper()
	r := c.get(rest.CallbackPath + "?" + q.Encode())
	c.cookies(r)
	return r
}

func TestAPersonSignsInByTheProviderAndOut(t *testing.T) {
	h, p := door(t, same)
	if ways := read[rest.SignInWays](h.anonymous().get("/api/v1/session/ways").want(200)); ways.OIDC != "Единый вход" {
		t.Fatalf("%+v", ways)
	}
	c := h.anonymous()
	if r := c.goThrough(p, "/desk?x=1").want(302); r.header.Get("Location") != "/desk?x=1" {
		t.Fatalf("led to %q", r.header.Get("Location"))
	}
	first := c.session()
	if first.User.Login != "olga" || first.User.Name != "Ольга Сергеева" || !slices.Equal(first.User.Roles, []core.Role{core.RoleClerk}) || first.User.MustChange {
		t.Fatalf("%+v", first.User)
	}
	again := h.anonymous()
	p.claims["preferred_username"] = "olga.new" // renamed there, the same person here
	again.goThrough(p, "").want(302)
	if again.session().User.ID != first.User.ID {
		t.Fatal("another user for the same person")
	}
	out := read[rest.SignedOut](c.with("X-CSRF-Token", first.CSRF).delete("/api/v1/session").want(200))
	if !strings.HasPrefix(out.LogoutURL, p.URL+"/logout?") || !strings.Contains(out.LogoutURL, "post_logout_redirect_uri=https%3A%2F%2Fuzel.example%2F") || !strings.Contains(out.LogoutURL, "x=1") {
		t.Fatalf("%+v", out)
	}
	c.get("/api/v1/session").problem(401, "access.session")
	h.anonymous().post("/api/v1/session", rest.Credentials{Login: "olga", Password: "любой-пароль"}).problem(401, "access.wrong")
	if e := h.as("root", core.RoleAdministrator).audit("operation=session.callback"); len(e) != 2 || e[0].Actor.ID != string(first.User.ID) || e[0].Object != "users/"+string(first.User.ID) {
		t.Fatalf("audit %+v", e)
	}
}

func TestWhoIsRefusedInABrowserIsLedToTheFrontPage(t *testing.T) {
	h, p := door(t, func(c *openid.Config) { c.Policy.DefaultRole = "" })
	c := h.anonymous().with("Accept", "text/html,*/*")
	if r := c.goThrough(p, "/desk").want(302); r.header.Get("Location") != "/?refused=access.oidc_roles" {
		t.Errorf("led to %q", r.header.Get("Location"))
	}
	if r := c.callback(url.Values{"error": {"access_denied"}}).want(302); r.header.Get("Location") != "/?refused=access.oidc" {
		t.Errorf("led to %q", r.header.Get("Location"))
	}
	// Whom the provider did not name has no line: anybody could write thousands.
	if e := h.as("root", core.RoleAdministrator).audit("operation=session.callback"); len(e) != 1 || e[0].Outcome != "access.oidc_roles" {
		t.Errorf("audit %+v", e)
	}
}

func TestAProviderThatMisbehavesLetsNobodyIn(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*idp)
		status int
		code   string
	}{
		"wrong nonce":    {func(p *idp) { p.claims["nonce"] = "other" }, 401, "access.oidc"},
		"no nonce":       {func(p *idp) { p.claims["nonce"] = nil }, 401, "access.oidc"},
		"expired":        {func(p *idp) { p.claims["exp"] = p.now().Add(-time.Minute).Unix() }, 401, "access.oidc"},
		"wrong audience": {func(p *idp) { p.claims["aud"] = "another-program" }, 401, "access.oidc"},
		"wrong issuer":   {func(p *idp) { p.claims["iss"] = "https://evil.example" }, 401, "access.oidc"},
		"unknown key":    {func(p *idp) { p.signer = newKey(p.t) }, 401, "access.oidc"},
		"code refused":   {func(p *idp) { p.noCode = true }, 401, "access.oidc"},
		"no login":       {func(p *idp) { p.claims["preferred_username"] = nil; p.info = map[string]any{"sub": "42"} }, 401, "access.oidc"},
		"somebody else's": {func(p *idp) {
			p.claims["preferred_username"] = nil
			p.info = map[string]any{"sub": "43", "preferred_username": "olga"}
		}, 401, "access.oidc"},
		"a login of no use":  {func(p *idp) { p.claims["preferred_username"] = "ольга сергеева" }, 401, "access.oidc_profile"},
		"token page is down": {func(p *idp) { p.broken = true }, 503, "access.oidc_down"},
		"all of it is down":  {func(p *idp) { p.CloseClientConnections(); p.Config.Close() }, 503, "access.oidc_down"},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := door(t, same)
			browser := h.anonymous()
			begun := browser.get("/api/v1/session/oidc").want(302)
			browser.cookies(begun)
			back := p.authorize(begun.header.Get("Location"))
			c.spoil(p)
			browser.callback(back).problem(c.status, c.code)
			browser.get("/api/v1/session").problem(401, "access.none")
			if c.code != "access.oidc_profile" {
				if e := h.as("root", core.RoleAdministrator).audit("operation=session.callback"); len(e) != 0 {
					t.Errorf("a stranger filled the journal: %+v", e)
				}
			}
		})
	}
}

func TestWhatTheTokenLacksIsReadFromTheUsersPage(t *testing.T) {
	h, p := door(t, func(c *openid.Config) { c.LoginClaim = "account.login" })
	p.info = map[string]any{"sub": "42", "account": map[string]any{"login": "o.sergeeva"}, "name": "Другое имя"}
	c := h.anonymous()
	c.goThrough(p, "").want(302)
	if u := c.session().User; u.Login != "o.sergeeva" || u.Name != "Ольга Сергеева" {
		t.Fatalf("%+v", u) // the token's own claims prevail
	}
}

func TestASignInBelongsToTheBrowserThatBeganIt(t *testing.T) {
	h, p := door(t, same)
	victim, attacker := h.anonymous(), h.anonymous()
	begun := attacker.get("/api/v1/session/oidc").want(302)
	attacker.cookies(begun)
	back := p.authorize(begun.header.Get("Location"))
	victim.callback(back).problem(401, "access.oidc")
	victim.cookies(victim.get("/api/v1/session/oidc").want(302))
	victim.callback(back).problem(401, "access.oidc")
	attacker.with("Cookie", attacker.header.Get("Cookie")+"x").callback(back).problem(401, "access.oidc")

	late := h.anonymous()
	begun = late.get("/api/v1/session/oidc").want(302)
	late.cookies(begun)
	h.pass(11 * time.Minute)
	late.callback(p.authorize(begun.header.Get("Location"))).problem(401, "access.oidc")

	twice := h.anonymous()
	begun = twice.get("/api/v1/session/oidc").want(302)
	twice.cookies(begun)
	back = p.authorize(begun.header.Get("Location"))
	had := twice.header.Get("Cookie")
	twice.callback(back).want(302)
	h.anonymous().with("Cookie", had).callback(back).problem(401, "access.oidc")
}

func TestTheWayBackStaysOnThisSite(t *testing.T) {
	h, _ := door(t, same)
	for _, back := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "evil", "/\t/evil.example"} {
		h.anonymous().get("/api/v1/session/oidc?return="+url.QueryEscape(back)).problem(400, "request.query")
	}
}

func TestWithoutAProviderThereIsNoSuchDoor(t *testing.T) {
	h := newHub(t)
	h.anonymous().get("/api/v1/session/oidc").problem(404, "access.oidc_none")
	h.anonymous().get(rest.CallbackPath+"?code=x&state=y").problem(404, "access.oidc_none")
	if ways := read[rest.SignInWays](h.anonymous().get("/api/v1/session/ways").want(200)); ways.OIDC != "" || !ways.Password {
		t.Fatalf("%+v", ways)
	}
}

func TestAProviderThatIsDownDoesNotKeepTheHubFromPasswords(t *testing.T) {
	h, p := door(t, same)
	p.Close()
	h.anonymous().get("/api/v1/session/oidc").problem(503, "access.oidc_down")
}

func TestThePolicySaysWhoMayEnter(t *testing.T) {
	groups := func(c *openid.Config) {
		c.RolesClaim, c.Roles = "realm_access.roles", map[string]core.Role{"desk": core.RoleOperator, "boss": core.RoleSupervisor}
		c.Policy.DefaultRole = ""
	}
	for name, c := range map[string]struct {
		conf   func(*openid.Config)
		groups []string
		known  bool // there is a user of this login
		code   string
		roles  []core.Role
	}{
		"unknown are not made":        {func(c *openid.Config) { c.Policy.Create = false }, nil, false, "access.oidc_unknown", nil},
		"a login taken":               {same, nil, true, "access.oidc_taken", nil},
		"a login linked":              {func(c *openid.Config) { c.Policy.Link = true }, nil, true, "", []core.Role{core.RoleAuditor}},
		"roles by groups":             {groups, []string{"boss", "desk", "other"}, false, "", []core.Role{core.RoleOperator, core.RoleSupervisor}},
		"no group of ours":            {groups, []string{"other"}, false, "access.oidc_roles", nil},
		"no roles and no default":     {func(c *openid.Config) { c.Policy.DefaultRole = "" }, nil, false, "access.oidc_roles", nil},
		"groups replace linked roles": {func(c *openid.Config) { groups(c); c.Policy.Link = true }, []string{"desk"}, true, "", []core.Role{core.RoleOperator}},
		"an unchecked address":        {func(c *openid.Config) { c.LoginClaim = "email" }, nil, false, "access.oidc", nil},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := door(t, c.conf)
			if c.known {
				h.as("olga", core.RoleAuditor)
			}
			p.claims["realm_access"] = map[string]any{"roles": c.groups}
			p.claims["email"] = "olga@example.org"
			browser := h.anonymous()
			r := browser.goThrough(p, "")
			if c.code != "" {
				r.problem(401, c.code)
				return
			}
			r.want(302)
			if got := browser.session().User.Roles; !slices.Equal(got, c.roles) {
				t.Fatalf("roles %v, want %v", got, c.roles)
			}
		})
	}
}

func TestTheProviderCannotTakeTheLastAdministratorAway(t *testing.T) {
	h, p := door(t, func(c *openid.Config) {
		c.Policy.Link, c.RolesClaim, c.Roles = true, "groups", map[string]core.Role{"desk": core.RoleOperator}
	})
	admin := h.as("olga", core.RoleAdministrator)
	p.claims["groups"] = "desk"
	h.anonymous().goThrough(p, "").problem(409, "users.last_administrator")
	if got := admin.session().User.Roles; !slices.Equal(got, []core.Role{core.RoleAdministrator}) {
		t.Fatalf("roles %v", got)
	}
	h.as("root", core.RoleAdministrator)
	browser := h.anonymous()
	browser.goThrough(p, "").want(302)
	if got := browser.session().User.Roles; !slices.Equal(got, []core.Role{core.RoleOperator}) {
		t.Fatalf("roles %v", got)
	}
}

func TestALockedUserIsNotLetInByTheProviderEither(t *testing.T) {
	h, p := door(t, same)
	h.administrator()
	browser := h.anonymous()
	browser.goThrough(p, "").want(302)
	u := browser.session().User
	if _, err := h.access.UpdateUser(t.Context(), u.ID, u.Version, access.Profile{Login: u.Login, Name: u.Name, Roles: u.Roles, State: core.UserLocked, StateReason: "проверка"}); err != nil {
		t.Fatal(err)
	}
	browser.get("/api/v1/session").problem(401, "access.session")
	h.anonymous().goThrough(p, "").problem(401, "access.disabled")
}
