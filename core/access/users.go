package access

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Profile is what an administrator says about a user.
type Profile struct {
	Login string
	Name  string
	Email string
	Roles []core.Role

	Extension     string
	Organizations []core.OrganizationID
	Lines         []core.EntryID

	State       core.UserState // empty: active
	StateReason string         // needed unless active
}

var (
	loginForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)
	extensionForm = regexp.MustCompile(`^[0-9*#]{1,15}$`)
)

// maxLimits bounds the organisations, and the lines, of one user.
const maxLimits = 500

// normal returns the profile as it is kept, and all its faults at once.
func (p Profile) normal() (Profile, error) {
	p.Login, p.Name, p.Email = normalLogin(p.Login), strings.TrimSpace(p.Name), strings.TrimSpace(p.Email)
	p.Extension, p.StateReason = strings.TrimSpace(p.Extension), strings.TrimSpace(p.StateReason)
	p.Roles, p.Organizations, p.Lines = set(p.Roles), set(p.Organizations), set(p.Lines)
	if p.State == "" {
		p.State = core.UserActive
	}
	if p.State == core.UserActive {
		p.StateReason = ""
	}
	if faults := p.faults(); len(faults) > 0 {
		return p, &core.Error{Kind: core.KindInvalid, Code: "users.invalid", Faults: faults}
	}
	return p, nil
}

func (p Profile) faults() (out []core.FieldFault) {
	fault := func(field, text string) { out = append(out, core.FieldFault{Field: field, Text: text}) }
	if !loginForm.MatchString(p.Login) {
		fault("login", "логин: от 2 до 64 латинских букв, цифр и знаков . _ @ -")
	}
	if p.Name == "" || utf8.RuneCountInString(p.Name) > 200 {
		fault("name", "укажите имя длиной до 200 знаков")
	}
	if addr, err := mail.ParseAddress(p.Email); p.Email != "" && (err != nil || addr.Address != p.Email) {
		fault("email", "неверный адрес электронной почты")
	}
	if len(p.Roles) == 0 {
		fault("roles", "укажите хотя бы одну роль")
	}
	for _, role := range p.Roles {
		if !slices.Contains(Roles(), role) {
			fault("roles", "нет такой роли: "+clip(string(role), 60))
		}
	}
	if p.Extension != "" && !extensionForm.MatchString(p.Extension) {
		fault("extension", "добавочный номер: до 15 цифр и знаков * #")
	}
	if len(p.Organizations) > maxLimits || slices.Contains(p.Organizations, "") {
		fault("organizations", "до 500 организаций, пустых быть не должно")
	}
	if len(p.Lines) > maxLimits || slices.Contains(p.Lines, "") {
		fault("lines", "до 500 линий, пустых быть не должно")
	}
	if !slices.Contains(core.UserStates(), p.State) {
		fault("state", "нет такого состояния")
	}
	if p.State != core.UserActive && (p.StateReason == "" || utf8.RuneCountInString(p.StateReason) > 500) {
		fault("state_reason", "укажите причину длиной до 500 знаков")
	}
	return out
}

// set is the values in order, each once; never the caller's own slice.
func set[T cmp.Ordered](values []T) []T {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.Compact(out)
}

func (p Profile) apply(u *core.User) {
	u.Login, u.Name, u.Email, u.Roles = p.Login, p.Name, p.Email, p.Roles
	u.Extension, u.Organizations, u.Lines = p.Extension, p.Organizations, p.Lines
	u.State, u.StateReason = p.State, p.StateReason
}

// CreateUser makes a user with a one-time password, which is returned and kept
// nowhere: it must be changed at the first sign-in. KindConflict with code
// users.login.taken or users.extension.taken if another user has the login or
// the extension.
func (s *Service) CreateUser(ctx context.Context, p Profile) (user core.User, oneTime string, err error) {
	if p, err = p.normal(); err != nil {
		return core.User{}, "", err
	}
	oneTime = oneTimePassword()
	hash, err := s.hasher.hash(ctx, oneTime)
	if err != nil {
		return core.User{}, "", err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		user, err = create(tx, p, hash)
		return err
	})
	return user, oneTime, err
}

func create(tx store.Tx, p Profile, hash string) (core.User, error) {
	user, err := fresh(tx)
	if err != nil {
		return core.User{}, err
	}
	user.PasswordHash, user.MustChange = hash, true
	p.apply(user)
	err = store.Users.Put(tx, user)
	return public(user), err
}

// fresh is a user nobody has put yet.
func fresh(tx store.Tx) (*core.User, error) {
	set, err := settings.NoticesOf(tx)
	return &core.User{
		ID:     core.UserID(core.NewID("usr", tx.Now())),
		Notify: core.NotificationSettings{Desk: set.NewDesk, Email: set.NewEmail},
	}, err
}

// oneTimePassword has 80 random bits, in groups that can be read out.
func oneTimePassword() string {
	const alphabet = "abcdefghjkmnpqrstuvwxyz23456789" // nothing that is taken for something else
	var b strings.Builder
	for i := 0; b.Len() < 19; i++ {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[below(len(alphabet))])
	}
	return b.String()
}

// below is a uniform random number in [0, n), n ≤ 256.
func below(n int) int {
	for {
		if v := int(random(1)[0]); v < 256-256%n {
			return v % n
		}
	}
}

// FirstAdministrator creates the administrator "admin" if there is no user at
// all, and returns the one-time password; "" if there are users.
func (s *Service) FirstAdministrator(ctx context.Context) (oneTime string, err error) {
	// Looked up before the password is hashed, which takes a tenth of a second:
	// hubs start more often than they are new.
	had := false
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		had, err = anyUser(tx)
		return err
	})
	if had || err != nil {
		return "", err
	}
	password := oneTimePassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	first := Profile{Login: "admin", Name: "Администратор", Roles: []core.Role{core.RoleAdministrator}, State: core.UserActive}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		oneTime = ""
		had, err := anyUser(tx)
		if had || err != nil {
			return err
		}
		oneTime = password
		_, err = create(tx, first, hash)
		return err
	})
	return oneTime, err
}

// anyUser tells whether there is a user, deleted ones among them.
func anyUser(tx store.Tx) (bool, error) {
	page, err := store.Users.List(tx, store.Query[core.User]{Limit: 1, Deleted: true})
	return len(page.Items) > 0, err
}

// UserFilter chooses users; empty fields choose all.
type UserFilter struct {
	State        core.UserState
	Role         core.Role
	Organization core.OrganizationID
	Line         core.EntryID
	Extension    string
	Text         string // a part of login, name or e-mail
	After        string // Next of the page before
	Limit        int
}

func (f UserFilter) query() store.Query[core.User] {
	q := store.Query[core.User]{After: f.After, Limit: f.Limit}
	for _, term := range []store.Term{
		{Index: "standing", Value: string(f.State)},
		{Index: "role", Value: string(f.Role)},
		{Index: "organization", Value: string(f.Organization)},
		{Index: "line", Value: string(f.Line)},
		{Index: "extension", Value: f.Extension},
	} {
		if term.Value != "" {
			q.Where = append(q.Where, term)
		}
	}
	if text := strings.ToLower(strings.TrimSpace(f.Text)); text != "" {
		q.Filter = func(_ store.Tx, u *core.User) bool {
			return strings.Contains(strings.ToLower(u.Login+"\n"+u.Name+"\n"+u.Email), text)
		}
	}
	return q
}

// Users lists one page of the users, oldest first.
func (s *Service) Users(ctx context.Context, f UserFilter) (page store.Page[core.User], err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		page, err = store.Users.List(tx, f.query())
		return err
	})
	for i, u := range page.Items {
		shown := public(u)
		page.Items[i] = &shown
	}
	return page, err
}

// User reads one user.
func (s *Service) User(ctx context.Context, id core.UserID) (user core.User, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		user, err = userOf(tx, id)
		return err
	})
	return user, err
}

// UpdateUser changes what is known about a user, if version is still the one
// that was read. Who may no longer enter loses all sessions. KindConflict with code
// users.last_administrator if nobody could administer the hub any more.
func (s *Service) UpdateUser(ctx context.Context, id core.UserID, version uint64, p Profile) (user core.User, err error) {
	if p, err = p.normal(); err != nil {
		return core.User{}, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		changed, err := change(tx, id, version, p.apply)
		if err != nil {
			return err
		}
		user = public(changed)
		if !changed.MayEnter() {
			err = eraseSessions(tx, id, none)
		}
		return errorOr(err, stillAdministered(tx))
	})
	return user, err
}

// DeleteUser ends all accesses of the user and marks it deleted.
func (s *Service) DeleteUser(ctx context.Context, id core.UserID, version uint64) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		// A deleted login must be free for someone else and its record must not
		// open anything if it is ever restored.
		if _, err := change(tx, id, version, func(u *core.User) { u.PasswordHash, u.Subject = "", "" }); err != nil {
			return err
		}
		if err := store.Users.Delete(tx, string(id)); err != nil {
			return err
		}
		if err := eraseSessions(tx, id, none); err != nil {
			return err
		}
		return stillAdministered(tx)
	})
}

func none(*core.Session) bool { return false }

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// stillAdministered refuses a change after which no active administrator is left.
func stillAdministered(tx store.Tx) error {
	for u, err := range store.Users.All(tx) {
		if err != nil {
			return err
		}
		if u.MayEnter() && slices.Contains(u.Roles, core.RoleAdministrator) {
			return nil
		}
	}
	return core.Conflict("users.last_administrator", "это последний действующий администратор")
}

// ResetPassword gives the user a new one-time password and ends all his
// sessions. It also lets in at once someone who was slowed down.
func (s *Service) ResetPassword(ctx context.Context, id core.UserID) (oneTime string, err error) {
	oneTime = oneTimePassword()
	hash, err := s.hasher.hash(ctx, oneTime)
	if err != nil {
		return "", err
	}
	var login string
	err = s.store.Update(ctx, func(tx store.Tx) error {
		user, err := store.Users.Get(tx, string(id))
		if err != nil {
			return err
		}
		login = user.Login
		user.PasswordHash, user.MustChange = hash, true
		return errorOr(store.Users.Put(tx, user), eraseSessions(tx, id, none))
	})
	if err != nil {
		return "", err
	}
	s.logins.forget(login)
	return oneTime, nil
}

// ChangePassword sets a new password of one's own. All sessions but keep end.
// KindInvalid if the old password is wrong; its tries are counted like sign-ins.
func (s *Service) ChangePassword(ctx context.Context, id core.UserID, keep core.SessionID, old, fresh string) error {
	user, err := s.User(ctx, id)
	if err != nil {
		return err
	}
	if err := s.fitNew(ctx, user.Login, old, fresh); err != nil {
		return err
	}
	if wait := s.logins.begin(user.Login, s.now()); wait > 0 {
		return throttledError(wait)
	}
	known, err := s.fit(ctx, user.Login, old)
	if err != nil {
		return wrongOld(err)
	}
	s.logins.forget(user.Login)
	return s.setPassword(ctx, known, keep, fresh)
}

func (s *Service) fitNew(ctx context.Context, login, old, fresh string) error {
	if old == fresh {
		return core.Invalid("access.password", "new_password", "новый пароль совпадает с прежним")
	}
	return s.fitPassword(ctx, "new_password", login, fresh)
}

// wrongOld names the field: the session itself is in order.
func wrongOld(err error) error {
	if core.KindOf(err) != core.KindUnauthenticated {
		return err
	}
	return core.Invalid("access.old_password", "old_password", "прежний пароль неверен")
}

func (s *Service) setPassword(ctx context.Context, user *core.User, keep core.SessionID, fresh string) error {
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		_, err := change(tx, user.ID, user.Version, func(u *core.User) { u.PasswordHash, u.MustChange = hash, false })
		if err != nil {
			return err
		}
		return eraseSessions(tx, user.ID, func(have *core.Session) bool { return have.ID == keep })
	})
}

// SetPassword sets a user's password from the command line of the machine.
func (s *Service) SetPassword(ctx context.Context, login, fresh string) error {
	user, err := s.byLogin(ctx, normalLogin(login))
	if err != nil {
		return err
	}
	if user == nil {
		return core.NotFound("users.not_found", fmt.Sprintf("нет пользователя с логином %s", clip(login, 64)))
	}
	if err := s.fitPassword(ctx, "password", user.Login, fresh); err != nil {
		return err
	}
	return s.setPassword(ctx, user, "", fresh)
}

func (s *Service) change(ctx context.Context, id core.UserID, version uint64, with func(*core.User)) (user *core.User, err error) {
	err = s.store.Update(ctx, func(tx store.Tx) error {
		user, err = change(tx, id, version, with)
		return err
	})
	return user, err
}

func change(tx store.Tx, id core.UserID, version uint64, with func(*core.User)) (*core.User, error) {
	user, err := store.Users.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	user.Version = version
	with(user)
	return user, store.Users.Put(tx, user)
}
