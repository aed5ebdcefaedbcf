package access_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// hub is a service over a real store, with a clock that stands still.
type hub struct {
	*access.Service
	t     *testing.T
	store store.Store

	mu  sync.Mutex
	now time.Time
}

// cheap keeps the tests quick; the production cost is measured by a benchmark.
var cheap = access.Cost{MemoryKiB: 64, Passes: 1}

func newHub(t *testing.T) *hub {
	h := &hub{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "uzel.db"), boltstore.Options{Now: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h.store = s
	h.Service = access.New(access.Config{Store: s, Now: h.clock, Cost: cheap})
	return h
}

func (h *hub) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hub) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

const goodPassword = "верблюд-и-скрепка"

// user makes a user of the roles with goodPassword.
func (h *hub) user(login string, roles ...core.Role) core.User {
	h.t.Helper()
	u, oneTime, err := h.CreateUser(h.t.Context(), access.Profile{Login: login, Name: "Мария", Roles: roles})
	h.must(err)
	h.must(h.ChangePassword(h.t.Context(), u.ID, "", oneTime, goodPassword))
	u, err = h.User(h.t.Context(), u.ID)
	h.must(err)
	return u
}

func (h *hub) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) signIn(login, password string) (access.SignedIn, error) {
	return h.SignIn(h.t.Context(), access.Credentials{Login: login, Password: password, Remote: "192.0.2.7", Agent: "test"})
}

func wantKind(t *testing.T, err error, want core.Kind) {
	t.Helper()
	if core.KindOf(err) != want || err == nil {
		t.Fatalf("error %v, want kind %v", err, want)
	}
}

func TestFirstAdministratorIsMadeOnceAndMustChangeThePassword(t *testing.T) {
	h := newHub(t)
	password, err := h.FirstAdministrator(t.Context())
	h.must(err)
	in, err := h.signIn(" Admin ", password)
	h.must(err)
	if !in.Principal.User.MustChange || !in.Principal.Can(access.ManageUsers) {
		t.Fatalf("principal %+v", in.Principal.User)
	}
	again, err := h.FirstAdministrator(t.Context())
	h.must(err)
	if again != "" {
		t.Fatal("a second first administrator")
	}
}

func TestOneTimePasswordEndsWithTheFirstChange(t *testing.T) {
	h := newHub(t)
	oneTime, err := h.FirstAdministrator(t.Context())
	h.must(err)
	in, err := h.signIn("admin", oneTime)
	h.must(err)
	id := in.Principal.User.ID
	wantKind(t, h.ChangePassword(t.Context(), id, "", "не тот пароль", goodPassword), core.KindInvalid)
	h.must(h.ChangePassword(t.Context(), id, in.Principal.Session.ID, oneTime, goodPassword))
	_, err = h.signIn("admin", oneTime)
	wantKind(t, err, core.KindUnauthenticated)
	again, err := h.signIn("admin", goodPassword)
	h.must(err)
	if again.Principal.User.MustChange {
		t.Fatal("still must change")
	}
	if _, err := h.BySession(t.Context(), in.Cookie); err != nil {
		t.Fatal("the session that changed the password ended:", err)
	}
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	h := newHub(t)
	u := h.user("petrova.maria", core.RoleClerk)
	for name, password := range map[string]string{
		"short":          "короткий",
		"the login":      "Petrova.Maria",
		"the old one":    goodPassword,
		"endless":        strings.Repeat("я", 200),
		"not text":       "\xff\xfe0123456789",
		"nothing at all": "",
	} {
		t.Run(name, func(t *testing.T) {
			wantKind(t, h.ChangePassword(t.Context(), u.ID, "", goodPassword, password), core.KindInvalid)
		})
	}
}

func TestWrongPasswordAndUnknownLoginLookTheSame(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	_, wrong := h.signIn("maria", "что-то другое")
	_, unknown := h.signIn("mariya", "что-то другое")
	wantKind(t, wrong, core.KindUnauthenticated)
	wantKind(t, unknown, core.KindUnauthenticated)
	if wrong.Error() != unknown.Error() {
		t.Fatalf("%q and %q can be told apart", wrong, unknown)
	}
}

func TestGuessingOneLoginIsSlowedDownAndForgivenLater(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	var last error
	tries := 0
	for range 20 {
		if _, last = h.signIn("maria", "что-то другое"); core.KindOf(last) == core.KindUnavailable {
			break
		}
		tries++
	}
	wantKind(t, last, core.KindUnavailable)
	if tries < 3 || tries > 10 {
		t.Fatalf("%d free tries", tries)
	}
	_, err := h.signIn("maria", goodPassword)
	wantKind(t, err, core.KindUnavailable)
	first := core.AfterOf(err)
	h.pass(first)
	_, err = h.signIn("maria", "что-то другое")
	wantKind(t, err, core.KindUnauthenticated)
	_, err = h.signIn("maria", "что-то другое")
	if second := core.AfterOf(err); second <= first {
		t.Fatalf("pause %v after %v does not grow", second, first)
	}
	h.pass(core.AfterOf(err))
	if _, err = h.signIn("maria", goodPassword); err != nil {
		t.Fatal("the right password was refused:", err)
	}
	if _, err = h.signIn("maria", "что-то другое"); core.KindOf(err) != core.KindUnauthenticated {
		t.Fatal("a right password did not forgive the wrong ones:", err)
	}
}

func TestGuessingManyLoginsFromOneAddressIsSlowedDown(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	for i := range 100 {
		c := access.Credentials{Login: "nobody" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Password: "что-то другое", Remote: "2001:db8::" + string(rune('1'+i%9))}
		if _, err := h.SignIn(t.Context(), c); core.KindOf(err) == core.KindUnavailable {
			if _, err := h.signIn("maria", goodPassword); err != nil {
				t.Fatal("another address was slowed down:", err)
			}
			return
		}
	}
	t.Fatal("one address tried 100 logins unhindered")
}

func TestLockedAndDeletedUsersAreOutAtOnce(t *testing.T) {
	for name, end := range map[string]func(h *hub, u core.User) error{
		"disabled": func(h *hub, u core.User) error {
			_, err := h.UpdateUser(t.Context(), u.ID, u.Version, access.Profile{Login: u.Login, Name: u.Name, Roles: u.Roles, State: core.UserLocked, StateReason: "отпуск"})
			return err
		},
		"deleted": func(h *hub, u core.User) error { return h.DeleteUser(t.Context(), u.ID, u.Version) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			h.user("root", core.RoleAdministrator)
			u := h.user("maria", core.RoleClerk)
			in, err := h.signIn("maria", goodPassword)
			h.must(err)
			_, token, err := h.CreateToken(t.Context(), u.ID, access.NewToken{Title: "1С", Scopes: []access.Operation{access.ReadDocuments}})
			h.must(err)
			h.must(end(h, u))
			_, err = h.BySession(t.Context(), in.Cookie)
			wantKind(t, err, core.KindUnauthenticated)
			_, err = h.ByToken(t.Context(), token)
			wantKind(t, err, core.KindUnauthenticated)
			_, err = h.signIn("maria", goodPassword)
			wantKind(t, err, core.KindUnauthenticated)
		})
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	h := newHub(t)
	root := h.user("root", core.RoleAdministrator)
	wantKind(t, h.DeleteUser(t.Context(), root.ID, root.Version), core.KindConflict)
	demoted := access.Profile{Login: root.Login, Name: root.Name, Roles: []core.Role{core.RoleClerk}}
	_, err := h.UpdateUser(t.Context(), root.ID, root.Version, demoted)
	wantKind(t, err, core.KindConflict)
	h.user("second", core.RoleAdministrator)
	_, err = h.UpdateUser(t.Context(), root.ID, root.Version, demoted)
	h.must(err)
}

func TestUserFaultsAreReportedTogether(t *testing.T) {
	h := newHub(t)
	_, _, err := h.CreateUser(t.Context(), access.Profile{Login: "я", Email: "нет", Roles: []core.Role{"king"}})
	fault, ok := err.(*core.Error)
	if !ok || len(fault.Faults) != 4 {
		t.Fatalf("error %v", err)
	}
}

func TestLoginIsUniqueWhateverItsCase(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	_, _, err := h.CreateUser(t.Context(), access.Profile{Login: "MARIA", Name: "Другая", Roles: []core.Role{core.RoleClerk}})
	wantKind(t, err, core.KindConflict)
}

func TestStaleUserUpdateIsRefused(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	h.user("root", core.RoleAdministrator)
	p := access.Profile{Login: u.Login, Name: "Новое имя", Roles: u.Roles}
	_, err := h.UpdateUser(t.Context(), u.ID, u.Version, p)
	h.must(err)
	_, err = h.UpdateUser(t.Context(), u.ID, u.Version, p)
	wantKind(t, err, core.KindConflict)
}

func TestResetPasswordEndsSessions(t *testing.T) {
	h := newHub(t)
	u := h.user("maria", core.RoleClerk)
	in, err := h.signIn("maria", goodPassword)
	h.must(err)
	oneTime, err := h.ResetPassword(t.Context(), u.ID)
	h.must(err)
	_, err = h.BySession(t.Context(), in.Cookie)
	wantKind(t, err, core.KindUnauthenticated)
	again, err := h.signIn("maria", oneTime)
	h.must(err)
	if !again.Principal.User.MustChange {
		t.Fatal("a one-time password may be kept")
	}
}

func TestHashMadeWithAnotherCostIsMadeAnewAtSignIn(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	dearer := access.New(access.Config{Store: h.store, Now: h.clock, Cost: access.Cost{MemoryKiB: 128, Passes: 2}})
	for range 2 {
		_, err := dearer.SignIn(t.Context(), access.Credentials{Login: "maria", Password: goodPassword})
		h.must(err)
	}
	var hash string
	h.must(h.store.View(t.Context(), func(tx store.Tx) error {
		u, err := store.Users.One(tx, "login", "maria")
		hash = u.PasswordHash
		return err
	}))
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Fatal(hash)
	}
}

func TestManySignInsAtOnce(t *testing.T) {
	h := newHub(t)
	h.user("maria", core.RoleClerk)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := h.signIn("maria", "что-то другое")
			if k := core.KindOf(err); k != core.KindUnauthenticated && k != core.KindUnavailable {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNobodyMayMoreThanTheAdministrator(t *testing.T) {
	for _, role := range access.Roles() {
		for _, op := range access.Operations() {
			if access.Can(role, op) && !access.Can(core.RoleAdministrator, op) {
				t.Errorf("%s may %s", role, op)
			}
		}
	}
	for _, op := range access.Operations() {
		if access.Can("", op) || access.Can("king", op) {
			t.Errorf("an unknown role may %s", op)
		}
		if !access.Can(core.RoleAdministrator, op) {
			t.Errorf("the administrator may not %s", op)
		}
	}
}

func TestAuditorChangesNothingButHisOwnAccess(t *testing.T) {
	for _, op := range access.Operations() {
		reads := strings.HasSuffix(string(op), ".read") || op == access.ManageOwnAccesses
		if access.Can(core.RoleAuditor, op) != reads {
			t.Errorf("auditor and %s: %v", op, !reads)
		}
	}
}

func BenchmarkSignIn(b *testing.B) {
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "uzel.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	door := access.New(access.Config{Store: s})
	password, err := door.FirstAdministrator(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := door.SignIn(b.Context(), access.Credentials{Login: "admin", Password: password}); err != nil {
			b.Fatal(err)
		}
	}
}
