package rest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
)

func newUser(c *client, in rest.UserInput) core.UserID {
	c.hub.t.Helper()
	return read[rest.NewUser](c.post("/api/v1/users", in).want(201)).User.ID
}

func TestUsersAreFoundByWhatIsKnownOfThem(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	newUser(admin, rest.UserInput{Login: "ivan", Name: "Иван Сидоров", Roles: []core.Role{core.RoleOperator}, Extension: "101", Organizations: []core.OrganizationID{"org_1", "org_2"}, Lines: []core.EntryID{"lin_1"}})
	newUser(admin, rest.UserInput{Login: "olga", Name: "Ольга", Roles: []core.Role{core.RoleOperator, core.RoleClerk}, Organizations: []core.OrganizationID{"org_2"}})
	newUser(admin, rest.UserInput{Login: "petr", Name: "Пётр", Roles: []core.Role{core.RoleClerk}, State: core.UserDismissed, StateReason: "уволен по собственному желанию"})
	for query, want := range map[string][]string{
		"":                                {"admin", "ivan", "olga", "petr"},
		"role=operator":                   {"ivan", "olga"},
		"role=clerk&state=active":         {"olga"},
		"state=dismissed":                 {"petr"},
		"organization=org_2":              {"ivan", "olga"},
		"organization=org_1&line=lin_1":   {"ivan"},
		"extension=101":                   {"ivan"},
		"text=СИДОР":                      {"ivan"},
		"text=olg":                        {"olga"},
		"role=administrator&state=locked": nil,
	} {
		var got []string
		for _, u := range read[struct{ Items []rest.User }](admin.get("/api/v1/users?" + query).want(200)).Items {
			got = append(got, u.Login)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	admin.get("/api/v1/users?state=gone&role=tsar&colour=red").problem(400, "request.query")
}

func TestAnExtensionBelongsToOneUser(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	in := rest.UserInput{Login: "ivan", Name: "Иван", Roles: []core.Role{core.RoleOperator}, Extension: "101"}
	newUser(admin, in)
	in.Login = "olga"
	admin.post("/api/v1/users", in).problem(409, "users.extension.taken")
	in.Extension = ""
	newUser(admin, in)
	in.Login = "petr"
	newUser(admin, in) // none is no double
}

func TestAUserIsLockedWithAReasonAndComesBack(t *testing.T) {
	h := newHub(t)
	admin := h.administrator()
	clerk := h.clerk()
	me := read[rest.Session](clerk.get("/api/v1/session").want(200)).User
	path := "/api/v1/users/" + string(me.ID)
	in := rest.UserInput{Login: "maria", Name: "Мария Петрова", Roles: []core.Role{core.RoleClerk}, State: core.UserLocked}
	etag := fmt.Sprintf(`"%d"`, me.Version)
	if p := admin.with("If-Match", etag).put(path, in).problem(400, "users.invalid"); p.Errors[0].Field != "state_reason" {
		t.Fatalf("%+v", p)
	}
	in.StateReason = "в отпуске до марта"
	locked := read[rest.User](admin.with("If-Match", etag).put(path, in).want(200))
	if locked.State != core.UserLocked || locked.StateReason != in.StateReason {
		t.Fatalf("%+v", locked)
	}
	clerk.get("/api/v1/session").problem(401, "access.session")
	h.anonymous().post("/api/v1/session", rest.Credentials{Login: "maria", Password: password}).problem(401, "access.disabled")

	in.State = core.UserActive
	back := read[rest.User](admin.with("If-Match", fmt.Sprintf(`"%d"`, locked.Version)).put(path, in).want(200))
	if back.StateReason != "" {
		t.Fatalf("an active user keeps the reason %q", back.StateReason)
	}
	h.anonymous().signIn("maria", password)
}

func TestAllFaultsOfAUserAreToldAtOnce(t *testing.T) {
	admin := newHub(t).administrator()
	p := admin.post("/api/v1/users", rest.UserInput{
		Login: "ц", Roles: []core.Role{}, Email: "нет", Extension: "доб. 5", Organizations: []core.OrganizationID{""}, Lines: []core.EntryID{""}, State: "asleep",
	}).problem(400, "users.invalid")
	var got []string
	for _, f := range p.Errors {
		got = append(got, f.Field)
	}
	want := []string{"login", "name", "email", "roles", "extension", "organizations", "lines", "state", "state_reason"}
	if !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
}

func TestAUserChoosesWhatHeHearsOf(t *testing.T) {
	clerk := newHub(t).clerk()
	notify := func() core.NotificationSettings {
		return read[rest.Session](clerk.get("/api/v1/session").want(200)).User.Notify
	}
	if n := notify(); len(n.Desk) != len(core.Notices()) || len(n.Email) != 0 {
		t.Fatalf("at first %+v", n)
	}
	clerk.put("/api/v1/session/notifications", core.NotificationSettings{Desk: []core.Notice{}, Email: []core.Notice{core.NoticeOverdue, core.NoticeAssigned}}).want(200)
	if n := notify(); len(n.Desk) != 0 || !slices.Equal(n.Email, []core.Notice{core.NoticeAssigned, core.NoticeOverdue}) {
		t.Fatalf("kept %+v", n)
	}
	p := clerk.put("/api/v1/session/notifications", map[string]any{"desk": []string{"gossip"}, "email": []string{"assigned", "smoke"}}).problem(400, "users.notify")
	if len(p.Errors) != 2 || p.Errors[1].Field != "email.1" {
		t.Fatalf("%+v", p.Errors)
	}
}
