package rest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/audit"
)

func TestSignedInUserIsKnownUntilHeSignsOut(t *testing.T) {
	c := newHub(t).clerk()
	session := read[rest.Session](c.get("/api/v1/session").want(200))
	if session.User.Login != "maria" || !slices.Contains(session.Operations, access.WriteDocuments) {
		t.Fatalf("session %+v", session)
	}
	c.delete("/api/v1/session").want(204)
	c.get("/api/v1/session").problem(401, "access.session")
}

func TestCookieCannotBeReadByScriptsNorSentByOtherSites(t *testing.T) {
	for name, c := range map[string]struct {
		public string
		want   []string
	}{
		"plain HTTP": {"", []string{"uzel=", "HttpOnly", "SameSite=Lax", "Path=/"}},
		"HTTPS":      {"https://uzel.example", []string{"__Host-uzel=", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, func(conf *rest.Config) { conf.PublicURL = c.public })
			h.clerk()
			in := h.anonymous().post("/api/v1/session", rest.Credentials{Login: "maria", Password: password}).want(200)
			for _, part := range c.want {
				if cookie := in.header.Get("Set-Cookie"); !strings.Contains(cookie, part) {
					t.Errorf("cookie %q lacks %s", cookie, part)
				}
			}
		})
	}
}

func TestWrongPasswordIsRefusedAndGuessingSlowedDown(t *testing.T) {
	h := newHub(t)
	h.clerk()
	guess := rest.Credentials{Login: "maria", Password: "что-то другое"}
	h.anonymous().post("/api/v1/session", guess).problem(401, "access.wrong")
	for range 20 {
		r := h.anonymous().post("/api/v1/session", guess)
		if r.status == 401 {
			continue
		}
		p := r.problem(429, "access.throttled")
		if r.header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "попыток") {
			t.Fatalf("%+v %v", p, r.header)
		}
		h.pass(time.Minute)
		h.anonymous().post("/api/v1/session", rest.Credentials{Login: "maria", Password: password}).want(200)
		return
	}
	t.Fatal("guessed 20 times unhindered")
}

func TestSignInTakesJSONFromTheHubsOwnPagesOnly(t *testing.T) {
	h := newHub(t)
	h.clerk()
	in := rest.Credentials{Login: "maria", Password: password}
	h.anonymous().send("POST", "/api/v1/session", "application/x-www-form-urlencoded", []byte("login=maria")).problem(415, "request.media_type")
	h.anonymous().with("Sec-Fetch-Site", "cross-site").post("/api/v1/session", in).problem(403, "access.origin")
	h.anonymous().with("Sec-Fetch-Site", "same-origin").post("/api/v1/session", in).want(200)
}

func TestExpiredSessionOpensNothing(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	h.pass(13 * time.Hour)
	c.get("/api/v1/documents").problem(401, "access.session")
}

func TestChangesByCookieNeedTheCSRFToken(t *testing.T) {
	c := newHub(t).clerk()
	party := map[string]any{"kind": "person", "name": "Иванов"}
	c.without("X-CSRF-Token").post("/api/v1/parties", party).problem(403, "access.csrf")
	c.with("X-CSRF-Token", "wrong").post("/api/v1/parties", party).problem(403, "access.csrf")
	c.with("Sec-Fetch-Site", "cross-site").post("/api/v1/parties", party).problem(403, "access.origin")
	c.post("/api/v1/parties", party).want(201)
	c.without("X-CSRF-Token").get("/api/v1/parties").want(200)
}

func TestOneTimePasswordOpensNothingButItsChange(t *testing.T) {
	h := newHub(t)
	made := read[rest.NewUser](h.administrator().post("/api/v1/users", rest.UserInput{Login: "ivan", Name: "Иван", Roles: []core.Role{core.RoleClerk}}).want(201))
	c := h.anonymous()
	c.signIn("ivan", made.Password)
	if !read[rest.Session](c.get("/api/v1/session").want(200)).User.MustChange {
		t.Fatal("may keep the one-time password")
	}
	c.get("/api/v1/documents").problem(403, "access.must_change")
	c.post("/api/v1/session/password", rest.PasswordChange{Old: "wrong", New: password}).problem(400, "access.old_password")
	c.post("/api/v1/session/password", rest.PasswordChange{Old: made.Password, New: "короткий"}).problem(400, "access.password")
	c.post("/api/v1/session/password", rest.PasswordChange{Old: made.Password, New: password}).want(204)
	c.get("/api/v1/documents").want(200)
}

func TestUsersAreManagedByTheAdministratorOnly(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	clerk.get("/api/v1/users").problem(403, "access.forbidden")
	in := rest.UserInput{Login: "ivan", Name: "Иван", Email: "ivan@example.org", Roles: []core.Role{core.RoleOperator}}
	clerk.post("/api/v1/users", in).problem(403, "access.forbidden")

	r := admin.post("/api/v1/users", in).want(201)
	path := r.header.Get("Location")
	admin.post("/api/v1/users", in).problem(409, "users.login.taken")
	got := admin.get(path).want(200)
	in.Name = "Иван Петров"
	admin.put(path, in).problem(428, "request.if_match")
	admin.with("If-Match", got.header.Get("ETag")).put(path, in).want(200)
	admin.with("If-Match", got.header.Get("ETag")).put(path, in).problem(409, "users.stale")
	admin.with("If-Match", `"x"`).put(path, in).problem(400, "request.header")
	if strings.Contains(string(admin.get(path).body), "argon2") {
		t.Fatal("a password hash left the hub")
	}
	read[rest.OneTimePassword](admin.post(path+"/password", nil).want(200))
	etag := admin.get(path).want(200).header.Get("ETag")
	admin.with("If-Match", etag).delete(path).want(204)
	admin.get(path).problem(404, "users.not_found")
}

func TestTheLastAdministratorCannotLockEveryoneOut(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	me := read[rest.Session](admin.get("/api/v1/session")).User
	admin.with("If-Match", `"2"`).put("/api/v1/users/"+string(me.ID), rest.UserInput{Login: "admin", Name: "Я", Roles: []core.Role{core.RoleClerk}}).
		problem(409, "users.last_administrator")
}

func TestTokenDoesWhatItsScopesSayAndNoMore(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	until := h.clock().Add(time.Hour)
	made := read[rest.NewToken](c.post("/api/v1/tokens", rest.TokenInput{Title: "Обмен с 1С", Scopes: []access.Operation{access.ReadDocuments, access.ManageOwnAccesses, access.ManageUsers}, Until: &until}).want(201))
	if listed := c.get("/api/v1/tokens").want(200); strings.Contains(string(listed.body), made.Secret) || !strings.Contains(string(listed.body), string(made.Token.ID)) {
		t.Fatalf("%s", listed.body)
	}
	token := h.anonymous().with("Authorization", "Bearer "+made.Secret)
	token.get("/api/v1/documents").want(200)
	token.get("/api/v1/parties").problem(403, "access.forbidden") // the clerk may, the scope does not name it
	token.get("/api/v1/users").problem(403, "access.forbidden")   // the scope names it, the clerk may not
	token.post("/api/v1/tokens", rest.TokenInput{Title: "Больше", Scopes: []access.Operation{access.WriteDocuments}}).problem(400, "tokens.wider")
	token.get("/api/v1/session").want(200)
	token.delete("/api/v1/session").problem(409, "access.token")
	h.anonymous().with("Authorization", "Bearer uzel_nothing").get("/api/v1/documents").problem(401, "access.token")
	h.pass(2 * time.Hour)
	token.get("/api/v1/documents").problem(401, "access.token")
}

func TestRevokedTokenIsRefusedAtOnce(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	made := read[rest.NewToken](c.post("/api/v1/tokens", rest.TokenInput{Title: "1С", Scopes: []access.Operation{access.ReadDocuments}}).want(201))
	c.delete("/api/v1/tokens/" + string(made.Token.ID)).want(204)
	h.anonymous().with("Authorization", "Bearer "+made.Secret).get("/api/v1/documents").problem(401, "access.token")
	c.delete("/api/v1/tokens/"+string(made.Token.ID)).problem(404, "tokens.not_found")
}

func TestOwnSessionsAreListedAndEnded(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	other := h.anonymous()
	other.signIn("maria", password)
	sessions := read[struct{ Items []rest.OwnSession }](c.get("/api/v1/sessions").want(200)).Items
	if len(sessions) != 2 {
		t.Fatalf("%+v", sessions)
	}
	for _, s := range sessions {
		if !s.Current {
			c.delete("/api/v1/sessions/" + string(s.ID)).want(204)
		}
	}
	other.get("/api/v1/session").problem(401, "access.session")
	c.get("/api/v1/session").want(200)
}

func TestRolesAreListed(t *testing.T) {
	roles := read[struct{ Items []rest.RoleRights }](newHub(t).clerk().get("/api/v1/roles").want(200)).Items
	if len(roles) != len(access.Roles()) {
		t.Fatalf("%d roles", len(roles))
	}
}

func TestEveryWriteIsAuditedAndNoReadIs(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	clerk.get("/api/v1/documents").want(200)
	clerk.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(201)
	clerk.post("/api/v1/journals", `{}`).problem(403, "access.forbidden")
	h.anonymous().post("/api/v1/parties", `{}`).problem(401, "access.none")
	h.anonymous().post("/api/v1/session", rest.Credentials{Login: "maria", Password: "неверный пароль"}).problem(401, "access.wrong")

	entries := read[struct{ Items []core.AuditEntry }](admin.get("/api/v1/audit").want(200)).Items
	var got []string
	for _, e := range entries {
		got = append(got, e.Operation+" "+e.Outcome)
	}
	want := []string{
		"session.create access.wrong", "journals.create access.forbidden", "parties.create ok",
		"session.create ok", "session.create ok",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("audit %q, want %q", got, want)
	}
	if wrong := entries[0]; wrong.Actor.ID != "stranger" || !strings.HasPrefix(wrong.Object, "users/usr_") {
		t.Fatalf("entry %+v", wrong)
	}
	party := entries[2]
	if !strings.HasPrefix(party.Object, "parties/pty_") || party.Actor.Name != "Мария Петрова" || party.Remote != "127.0.0.1" || party.Request == "" {
		t.Fatalf("entry %+v", party)
	}
	mine := read[struct{ Items []core.AuditEntry }](admin.get("/api/v1/audit?outcome=ok&operation=parties.create&from=2026-03-02&to=2026-03-02").want(200)).Items
	if len(mine) != 1 || mine[0].Outcome != audit.OK {
		t.Fatalf("%+v", mine)
	}
	if later := read[struct{ Items []core.AuditEntry }](admin.get("/api/v1/audit?from=2026-03-03").want(200)).Items; len(later) != 0 {
		t.Fatalf("%+v", later)
	}
	clerk.get("/api/v1/audit").problem(403, "access.forbidden")
}

func TestAddressIsTakenFromTrustedProxiesOnly(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	for name, c := range map[string]struct {
		trusted   []netip.Prefix
		forwarded string
		want      string
	}{
		"nobody is trusted":       {nil, "192.0.2.9", "127.0.0.1"},
		"one proxy":               {loopback, "192.0.2.9", "192.0.2.9"},
		"forged entries in front": {loopback, "203.0.113.1, 192.0.2.9, 10.1.2.3", "192.0.2.9"},
		"no header":               {loopback, "", "127.0.0.1"},
		"garbage":                 {loopback, "<script>", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, func(conf *rest.Config) { conf.TrustedProxies = c.trusted })
			admin := h.administrator()
			admin.with("X-Forwarded-For", c.forwarded).post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(201)
			e := read[struct{ Items []core.AuditEntry }](admin.get("/api/v1/audit?operation=parties.create").want(200)).Items[0]
			if e.Remote != c.want {
				t.Fatalf("remote %q, want %q", e.Remote, c.want)
			}
		})
	}
}

func TestLogHoldsNoPersonalData(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	c.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов Иван", "addresses": []any{map[string]any{"kind": "email", "value": "ivan@example.org"}}}).want(201)
	c.get("/api/v1/parties?address=ivan@example.org").want(200)
	c.post("/api/v1/parties", `{"kind":"Иванов"}`).want(400)
	for _, secret := range []string{"Иванов", "ivan@", "maria", "Петрова", password, "127.0.0.1", strings.TrimPrefix(c.header.Get("Cookie"), "uzel=")} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, h.log)
		}
	}
	if !strings.Contains(h.log.String(), "parties.create") {
		t.Fatal("the log holds nothing at all")
	}
}

func TestSecurityHeadersAreEverywhere(t *testing.T) {
	h := newHub(t)
	for _, path := range []string{"/", "/healthz", "/api/v1/session", "/nothing"} {
		r := h.anonymous().get(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s = %q", path, name, got)
			}
		}
		if len(r.header.Get("X-Request-ID")) != 16 {
			t.Errorf("%s: request id %q", path, r.header.Get("X-Request-ID"))
		}
	}
}
