package access

import (
	"context"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// EnterAs turns the session of an administrator into one of the user for as
// long as the settings say at most, after which it ends: he sees and does what the user could, but
// for the user's own accesses, and everything he does names both. KindForbidden
// for other administrators; KindConflict for who may not enter himself, without
// a session, or if he has entered as somebody already.
func (s *Service) EnterAs(ctx context.Context, p *Principal, id core.UserID) (*Principal, error) {
	switch {
	case p.Session == nil:
		return nil, core.Conflict("access.enter", "войти под именем пользователя можно только в браузере")
	case p.Behind != nil:
		return nil, core.Conflict("access.enter", "сначала вернитесь к своей учётной записи")
	}
	return s.turn(ctx, p, func(tx store.Tx, session *core.Session) error {
		user, err := store.Users.Get(tx, string(id))
		if err != nil {
			return err
		}
		if err := mayNotEnterAs(&p.User, user); err != nil {
			return err
		}
		set, err := settings.AccessOf(tx)
		if err != nil {
			return err
		}
		until := s.now().Add(set.Enter())
		session.As, session.AsUntil = id, &until
		return nil
	})
}

// Leave gives an administrator's session back to himself.
func (s *Service) Leave(ctx context.Context, p *Principal) (*Principal, error) {
	if p.Behind == nil {
		return nil, core.Conflict("access.leave", "вы работаете под своим именем")
	}
	return s.turn(ctx, p, func(_ store.Tx, session *core.Session) error {
		session.As, session.AsUntil = "", nil
		return nil
	})
}

func (s *Service) turn(ctx context.Context, p *Principal, change func(store.Tx, *core.Session) error) (*Principal, error) {
	var turned Principal
	err := s.store.Update(ctx, func(tx store.Tx) error {
		session, err := store.Sessions.Get(tx, p.Session.RecordKey())
		if err != nil {
			return err
		}
		if err := change(tx, session); err != nil {
			return err
		}
		if err := store.Sessions.Put(tx, session); err != nil {
			return err
		}
		turned = Principal{Session: session}
		return turned.readUsers(tx)
	})
	return &turned, err
}

// mayNotEnterAs is why the administrator may not enter as the user, nil if he
// may.
func mayNotEnterAs(administrator, user *core.User) error {
	as := Principal{User: *administrator}
	switch {
	case !as.Can(EnterAsUser):
		return &core.Error{Kind: core.KindForbidden, Code: "access.forbidden", Text: "у вас нет права на это действие"}
	case slices.Contains(user.Roles, core.RoleAdministrator):
		return &core.Error{Kind: core.KindForbidden, Code: "access.enter_administrator", Text: "войти под именем администратора нельзя"}
	case !user.MayEnter():
		return core.Conflict("access.enter", "учётная запись отключена")
	}
	return nil
}
