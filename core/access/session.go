package access

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// Credentials are what a person types at the door, and where the door is.
type Credentials struct {
	Login, Password string
	Remote          string // address without port
	Agent           string // the browser's own name
}

// SignedIn is a session just opened. Cookie is the only copy of its secret.
type SignedIn struct {
	Cookie    string
	Principal Principal
}

const (
	maxSessions   = 20 // of one user; the oldest gives way
	maxAgentBytes = 200
)

// SignIn opens a session. KindUnauthenticated if login and password do not fit
// each other, and nothing tells which was wrong; KindUnavailable with After and
// code access.throttled after too many tries. For the audit alone, a refusal
// still names the user if there is one of that login.
func (s *Service) SignIn(ctx context.Context, c Credentials) (SignedIn, error) {
	login, address := normalLogin(c.Login), addressKey(c.Remote)
	if err := s.throttled(login, address); err != nil {
		return SignedIn{}, err
	}
	user, err := s.fit(ctx, login, c.Password)
	if err != nil {
		return SignedIn{Principal: Principal{User: tried(user)}}, err
	}
	s.logins.forget(login)
	s.addresses.forgive(address)
	return s.open(ctx, user, c)
}

func (s *Service) throttled(login, address string) error {
	now := s.now()
	wait := s.addresses.begin(address, now)
	if wait == 0 {
		wait = s.logins.begin(login, now)
	}
	if wait == 0 {
		return nil
	}
	return throttledError(wait)
}

func throttledError(wait time.Duration) error {
	text := fmt.Sprintf("слишком много попыток входа, повторите через %d с", int(math.Ceil(wait.Seconds())))
	return &core.Error{Kind: core.KindUnavailable, Code: "access.throttled", Text: text, After: wait}
}

func tried(user *core.User) core.User {
	if user == nil {
		return core.User{}
	}
	return core.User{ID: user.ID}
}

// fit checks the password of the login's user, whom it returns in any case. An
// unknown login costs the same time as a known one.
func (s *Service) fit(ctx context.Context, login, password string) (*core.User, error) {
	user, err := s.byLogin(ctx, login)
	if err != nil {
		return nil, err
	}
	hash := s.hasher.absent
	if user != nil && user.PasswordHash != "" {
		hash = user.PasswordHash
	}
	fits, outdated, err := s.hasher.verify(ctx, hash, password)
	switch {
	case err != nil:
		return user, err
	case user == nil || !fits:
		return user, unauthenticated("access.wrong", "неверный логин или пароль")
	case !user.MayEnter():
		return user, unauthenticated("access.disabled", "учётная запись отключена")
	case outdated:
		return s.rehash(ctx, user, password)
	}
	return user, nil
}

// byLogin is nil without an error if there is no such user.
func (s *Service) byLogin(ctx context.Context, login string) (user *core.User, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		user, err = store.Users.One(tx, "login", login)
		return err
	})
	if core.KindOf(err) == core.KindNotFound {
		return nil, nil
	}
	return user, err
}

func (s *Service) rehash(ctx context.Context, user *core.User, password string) (*core.User, error) {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, user.ID, user.Version, func(u *core.User) { u.PasswordHash = hash })
}

func (s *Service) open(ctx context.Context, user *core.User, c Credentials) (in SignedIn, err error) {
	err = s.store.Update(core.WithActor(ctx, actor(user)), func(tx store.Tx) error {
		in, err = s.openIn(tx, user, c, false)
		return err
	})
	return in, err
}

// openIn opens a session in tx; outside tells that an outside provider vouched
// for the user.
func (s *Service) openIn(tx store.Tx, user *core.User, c Credentials, outside bool) (SignedIn, error) {
	if err := s.makeRoom(tx, user.ID); err != nil {
		return SignedIn{}, err
	}
	set, err := settings.AccessOf(tx)
	if err != nil {
		return SignedIn{}, err
	}
	cookie := secret()
	session := &core.Session{
		ID: core.SessionID(digest(cookie)), User: user.ID, CSRF: secret(), Outside: outside,
		Until: s.now().Add(set.Idle()), Agent: clip(c.Agent, maxAgentBytes), Remote: c.Remote,
	}
	if err := store.Sessions.Put(tx, session); err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Cookie: cookie, Principal: Principal{User: public(user), Session: session}}, nil
}

// makeRoom forgets the user's sessions that have ended, and the oldest ones
// beyond the limit.
func (s *Service) makeRoom(tx store.Tx, user core.UserID) error {
	live, err := s.live(tx, user)
	if err != nil {
		return err
	}
	keep := live[:min(len(live), maxSessions-1)]
	return eraseSessions(tx, user, func(have *core.Session) bool { return slices.ContainsFunc(keep, same(have)) })
}

// live lists the user's sessions that have not ended, newest first.
func (s *Service) live(tx store.Tx, user core.UserID) ([]*core.Session, error) {
	alive, err := s.living(tx)
	if err != nil {
		return nil, err
	}
	var out []*core.Session
	for session, err := range store.Sessions.Find(tx, "user", string(user)) {
		if err != nil {
			return nil, err
		}
		if alive(session) {
			out = append(out, session)
		}
	}
	slices.SortFunc(out, func(a, b *core.Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func same(a *core.Session) func(*core.Session) bool {
	return func(b *core.Session) bool { return a.ID == b.ID }
}

// eraseSessions erases the user's sessions except those keep wants.
func eraseSessions(tx store.Tx, user core.UserID, keep func(*core.Session) bool) error {
	var gone []string
	for session, err := range store.Sessions.Find(tx, "user", string(user)) {
		if err != nil {
			return err
		}
		if !keep(session) {
			gone = append(gone, session.RecordKey())
		}
	}
	for _, key := range gone {
		if err := store.Sessions.Erase(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// living tells of sessions whether they still open anything.
func (s *Service) living(tx store.Tx) (func(*core.Session) bool, error) {
	set, err := settings.AccessOf(tx)
	return func(session *core.Session) bool { return s.alive(session, set) }, err
}

func (s *Service) alive(session *core.Session, set settings.Access) bool {
	now := s.now()
	if session.AsUntil != nil && !now.Before(*session.AsUntil) {
		return false
	}
	return now.Before(session.Until) && now.Before(session.CreatedAt.Add(set.Longest()))
}

// settings are those of the office about access.
func (s *Service) settings(ctx context.Context) (set settings.Access, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		set, err = settings.AccessOf(tx)
		return err
	})
	return set, err
}

// BySession is the principal of a session cookie; KindUnauthenticated if the
// session does not exist, has ended, or its user may no longer enter. Use
// prolongs the session.
func (s *Service) BySession(ctx context.Context, cookie string) (*Principal, error) {
	ended := unauthenticated("access.session", "сеанс завершён, войдите снова")
	var p Principal
	var set settings.Access
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if set, err = settings.AccessOf(tx); err != nil {
			return err
		}
		if p.Session, err = store.Sessions.Get(tx, digest(cookie)); err != nil {
			return err
		}
		return p.readUsers(tx)
	})
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil, ended
	case err != nil:
		return nil, err
	case !s.holds(&p, set):
		return nil, ended
	}
	return &p, s.prolong(ctx, p.Session, set.Idle())
}

// Again is the principal as it is now: KindUnauthenticated if what proved it no
// longer holds. It does not prolong a session: it is for streams that stay open
// while nobody may be sitting there.
func (s *Service) Again(ctx context.Context, p *Principal) (*Principal, error) {
	if p.Command {
		return p, nil
	}
	fresh := Principal{User: p.User}
	var set settings.Access
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if set, err = settings.AccessOf(tx); err != nil {
			return err
		}
		if p.Session != nil {
			fresh.Session, err = store.Sessions.Get(tx, p.Session.RecordKey())
		} else {
			fresh.Token, err = store.Tokens.Get(tx, p.Token.RecordKey())
		}
		if err != nil {
			return err
		}
		return fresh.readUsers(tx)
	})
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil, unauthenticated("access.session", "сеанс завершён, войдите снова")
	case err != nil:
		return nil, err
	case !s.holds(&fresh, set) || fresh.User.ID != p.User.ID:
		return nil, unauthenticated("access.session", "сеанс завершён, войдите снова")
	}
	return &fresh, nil
}

// readUsers reads whom the session or token stands for, and who is behind.
func (p *Principal) readUsers(tx store.Tx) (err error) {
	id := core.UserID("")
	switch {
	case p.Session != nil:
		id = p.Session.User
	case p.Token != nil:
		id = p.Token.User
	}
	if p.User, err = userOf(tx, id); err != nil {
		return err
	}
	if p.Session != nil && p.Session.As != "" {
		behind := p.User
		p.Behind = &behind
		if p.User, err = userOf(tx, p.Session.As); err != nil {
			return err
		}
	}
	p.allAppeals, err = liftsLines(tx, p.User.Lines)
	return err
}

// holds tells whether what proved the principal still does.
func (s *Service) holds(p *Principal, set settings.Access) bool {
	switch {
	case !p.User.MayEnter():
		return false
	case p.Behind != nil && (!p.Behind.MayEnter() || mayNotEnterAs(p.Behind, &p.User) != nil):
		return false
	case p.Session != nil:
		return s.alive(p.Session, set)
	}
	return p.Token.Until == nil || s.now().Before(*p.Token.Until)
}

func userOf(tx store.Tx, id core.UserID) (core.User, error) {
	user, err := store.Users.Get(tx, string(id))
	if err != nil {
		return core.User{}, err
	}
	return public(user), nil
}

// prolong moves the end of the session on, at most twelve times per idle
// period, so that requests do not cost a write each. If the period was made
// shorter, the end comes nearer.
func (s *Service) prolong(ctx context.Context, session *core.Session, idle time.Duration) error {
	until := s.now().Add(idle)
	if until.Sub(session.Until).Abs() < idle/12 {
		return nil
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		again, err := store.Sessions.Get(tx, session.RecordKey())
		if err != nil {
			return err
		}
		again.Until = until
		return store.Sessions.Put(tx, again)
	})
	if core.KindOf(err) == core.KindNotFound {
		return unauthenticated("access.session", "сеанс завершён, войдите снова")
	}
	session.Until = until
	return err
}

// Sessions lists the user's sessions that have not ended, newest first.
func (s *Service) Sessions(ctx context.Context, user core.UserID) (out []*core.Session, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		out, err = s.live(tx, user)
		return err
	})
	return out, err
}

// EndSession ends one session of the user: signing out, or throwing out another
// browser. KindNotFound if the user has no such session.
func (s *Service) EndSession(ctx context.Context, user core.UserID, id core.SessionID) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		session, err := store.Sessions.Get(tx, string(id))
		if err != nil {
			return err
		}
		if session.User != user {
			return core.NotFound("sessions.not_found", "такого сеанса нет")
		}
		return store.Sessions.Erase(tx, string(id))
	})
}

// EndSessions ends all sessions of the user except the given one ("" = all).
func (s *Service) EndSessions(ctx context.Context, user core.UserID, except core.SessionID) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		return eraseSessions(tx, user, func(have *core.Session) bool { return have.ID == except })
	})
}

// Sweep erases sessions that have ended; the hub calls it once a day.
func (s *Service) Sweep(ctx context.Context) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		alive, err := s.living(tx)
		if err != nil {
			return err
		}
		var gone []string
		for session, err := range store.Sessions.All(tx) {
			if err != nil {
				return err
			}
			if !alive(session) {
				gone = append(gone, session.RecordKey())
			}
		}
		for _, key := range gone {
			if err := store.Sessions.Erase(tx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// clip cuts text to at most n bytes, at the border of a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

func actor(u *core.User) core.Actor {
	return core.Actor{Kind: core.ActorUser, ID: string(u.ID), Name: u.Name}
}
