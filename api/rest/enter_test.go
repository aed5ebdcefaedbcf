package rest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/store"
)

func (c *client) session() rest.Session {
	c.hub.t.Helper()
	return read[rest.Session](c.get("/api/v1/session").want(200))
}

func TestAnAdministratorEntersAsAUserAndBothAreNamed(t *testing.T) {
	h := newHub(t)
	admin := h.as("root", core.RoleAdministrator)
	clerk := h.clerk().session().User
	entered := read[rest.Session](admin.post("/api/v1/users/"+string(clerk.ID)+"/enter", nil).want(200))
	if entered.User.ID != clerk.ID || entered.Entered == nil || slices.Contains(entered.Operations, access.ManageOwnAccesses) || slices.Contains(entered.Operations, access.ManageUsers) {
		t.Fatalf("%+v", entered)
	}
	me := entered.Entered.ID
	if got := admin.session(); got.User.ID != clerk.ID || got.Entered == nil || got.Entered.ID != me {
		t.Fatalf("session %+v", got)
	}
	party := read[core.Party](admin.post("/api/v1/parties", map[string]any{"kind": "person", "name": "Иванов"}).want(201))
	for _, forbidden := range []struct{ method, path string }{
		{"POST", "/api/v1/session/password"},
		{"POST", "/api/v1/tokens"},
		{"DELETE", "/api/v1/sessions/x"},
		{"PUT", "/api/v1/session/notifications"},
		{"GET", "/api/v1/users"},
		{"POST", "/api/v1/users/x/enter"},
	} {
		admin.send(forbidden.method, forbidden.path, "", nil).problem(403, "access.forbidden")
	}
	history := read[struct{ Items []store.Entry }](admin.get("/api/v1/parties/" + string(party.ID) + "/history").want(200)).Items
	if a := history[0].Actor; a.ID != string(clerk.ID) || a.Behind != string(me) || a.BehindName == "" {
		t.Fatalf("history names %+v", a)
	}
	if back := read[rest.Session](admin.delete("/api/v1/session/as").want(200)); back.User.ID != me || back.Entered != nil {
		t.Fatalf("back as %+v", back)
	}
	admin.delete("/api/v1/session/as").problem(409, "access.leave")

	var got []string
	for _, e := range admin.audit("actor=" + string(me)) {
		got = append(got, e.Operation+" "+e.Outcome)
		if e.Operation == "parties.create" && (e.Actor.ID != string(clerk.ID) || e.Actor.Behind != string(me) || e.Actor.BehindName == "") {
			t.Errorf("audit names %+v", e.Actor)
		}
	}
	for _, want := range []string{"users.enter ok", "parties.create ok", "session.leave ok", "session.password access.forbidden"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

func TestEnteringEndsByItself(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk().session().User
	admin.post("/api/v1/users/"+string(clerk.ID)+"/enter", nil).want(200)
	for range 5 {
		h.pass(11 * time.Minute)
		admin.get("/api/v1/session").want(200) // use does not prolong it
	}
	h.pass(6 * time.Minute)
	admin.get("/api/v1/session").problem(401, "access.session")
}

func TestNobodyEntersAsAnAdministratorNorAsWhoMayNotEnter(t *testing.T) {
	h := newHub(t)
	admin := h.as("root", core.RoleAdministrator)
	other := h.as("boss", core.RoleAdministrator, core.RoleClerk).session().User
	enter := func(c *client, id core.UserID) *response { return c.post("/api/v1/users/"+string(id)+"/enter", nil) }
	enter(admin, other.ID).problem(403, "access.enter_administrator")
	enter(admin, "usr_nobody").problem(404, "users.not_found")
	clerk := h.clerk()
	enter(clerk, other.ID).problem(403, "access.forbidden")
	locked := newUser(admin, rest.UserInput{Login: "ivan", Name: "Иван", Roles: []core.Role{core.RoleClerk}, State: core.UserLocked, StateReason: "отпуск"})
	enter(admin, locked).problem(409, "access.enter")
	secret := read[rest.NewToken](admin.post("/api/v1/tokens", rest.TokenInput{Title: "x", Scopes: access.Operations()}).want(201)).Secret
	enter(h.anonymous().with("Authorization", "Bearer "+secret), clerk.session().User.ID).problem(409, "access.enter")
}

func TestEnteringEndsWhenEitherLosesHisRight(t *testing.T) {
	for name, change := range map[string]func(admin, user *access.Profile){
		"the administrator is one no more":  func(admin, _ *access.Profile) { admin.Roles = []core.Role{core.RoleClerk} },
		"the administrator is locked":       func(admin, _ *access.Profile) { admin.State, admin.StateReason = core.UserLocked, "проверка" },
		"the user is locked":                func(_, user *access.Profile) { user.State, user.StateReason = core.UserLocked, "проверка" },
		"the user becomes an administrator": func(_, user *access.Profile) { user.Roles = []core.Role{core.RoleAdministrator} },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			h.as("spare", core.RoleAdministrator)
			admin := h.as("root", core.RoleAdministrator)
			a, u := admin.session().User, h.clerk().session().User
			admin.post("/api/v1/users/"+string(u.ID)+"/enter", nil).want(200)
			pa := access.Profile{Login: "root", Name: "А", Roles: a.Roles}
			pu := access.Profile{Login: "maria", Name: "М", Roles: u.Roles}
			change(&pa, &pu)
			for id, p := range map[core.UserID]access.Profile{a.ID: pa, u.ID: pu} {
				have, err := h.access.User(t.Context(), id)
				if err == nil {
					_, err = h.access.UpdateUser(t.Context(), id, have.Version, p)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			admin.get("/api/v1/session").problem(401, "access.session")
		})
	}
}

func TestSigningOutWhileEnteredEndsTheSession(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	admin.post("/api/v1/users/"+string(clerk.session().User.ID)+"/enter", nil).want(200)
	admin.delete("/api/v1/session").want(204)
	admin.get("/api/v1/session").problem(401, "access.session")
	clerk.get("/api/v1/session").want(200) // the user's own goes on
}

func TestAdministratorSeesAndEndsAllSessions(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	type sessions struct{ Items []rest.OpenSession }
	all := read[sessions](admin.get("/api/v1/user-sessions").want(200)).Items
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	hers := read[sessions](admin.get("/api/v1/user-sessions?user=" + string(clerk.session().User.ID)).want(200)).Items
	if len(hers) != 1 || hers[0].Login != "maria" || hers[0].Current {
		t.Fatalf("%+v", hers)
	}
	admin.delete("/api/v1/user-sessions/" + string(hers[0].ID)).want(204)
	clerk.get("/api/v1/session").problem(401, "access.session")
	admin.delete("/api/v1/user-sessions/"+string(hers[0].ID)).problem(404, "sessions.not_found")
	h.pass(13 * time.Hour)
	h.as("second", core.RoleAdministrator)
	late := h.anonymous()
	late.signIn("second", password)
	if left := read[sessions](late.get("/api/v1/user-sessions").want(200)).Items; len(left) != 2 {
		t.Fatalf("sessions that have ended are listed: %+v", left)
	}
}
