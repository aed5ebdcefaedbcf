package access

import (
	"context"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Identity is who somebody is by the word of an outside provider.
type Identity struct {
	Issuer, Subject string // together they never change and belong to one person
	Login, Name     string
	Email           string      // only if the provider has checked it
	Roles           []core.Role // what the provider's groups mean here
	Mapped          bool        // Roles are the provider's business
}

// Policy says who of a provider's people may enter.
type Policy struct {
	// Create makes a user of who is not known.
	Create bool
	// Link lets in an existing user of the same login. Only for a provider where
	// people cannot choose their logins.
	Link bool
	// DefaultRole is for who has no role otherwise; empty: he may not enter.
	DefaultRole core.Role
}

// SignInOutside opens a session for who an outside provider has vouched for.
// KindUnauthenticated if the policy does not let him in.
func (s *Service) SignInOutside(ctx context.Context, who Identity, policy Policy, remote, agent string) (SignedIn, error) {
	var in SignedIn
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		user, err := admitted(tx, who, policy)
		if err != nil {
			return err
		}
		in, err = s.openIn(tx, user, Credentials{Remote: remote, Agent: agent}, true)
		return err
	})
	return in, err
}

func admitted(tx store.Tx, who Identity, policy Policy) (*core.User, error) {
	user, err := known(tx, who, policy)
	if err != nil {
		return nil, err
	}
	if !user.MayEnter() {
		return nil, unauthenticated("access.disabled", "учётная запись отключена")
	}
	roles := user.Roles
	if who.Mapped || len(roles) == 0 {
		roles = set(who.Roles)
	}
	if len(roles) == 0 && policy.DefaultRole != "" {
		roles = []core.Role{policy.DefaultRole}
	}
	if len(roles) == 0 {
		return nil, unauthenticated("access.oidc_roles", "у вас нет ролей в этой системе, обратитесь к администратору")
	}
	if user.Version > 0 && user.Subject == who.subject() && slices.Equal(roles, user.Roles) {
		return user, nil
	}
	administered := slices.Contains(user.Roles, core.RoleAdministrator)
	user.Roles, user.Subject = roles, who.subject()
	if err := store.Users.Put(tx, user); err != nil {
		return nil, err
	}
	if administered {
		return user, stillAdministered(tx)
	}
	return user, nil
}

// known finds whom the provider means: by the subject, or at the first time by
// the login; or makes a new user, which is not put yet.
func known(tx store.Tx, who Identity, policy Policy) (*core.User, error) {
	user, err := store.Users.One(tx, "subject", who.subject())
	if core.KindOf(err) != core.KindNotFound || err == nil {
		return user, err
	}
	user, err = store.Users.One(tx, "login", normalLogin(who.Login))
	switch {
	case err == nil && policy.Link && user.Subject == "":
		return user, nil
	case err == nil:
		return nil, unauthenticated("access.oidc_taken", "такой логин уже есть у другого пользователя")
	case core.KindOf(err) != core.KindNotFound:
		return nil, err
	case !policy.Create:
		return nil, unauthenticated("access.oidc_unknown", "вас нет среди пользователей, обратитесь к администратору")
	}
	return stranger(tx, who)
}

func stranger(tx store.Tx, who Identity) (*core.User, error) {
	// The roles are checked by the caller; any will do for the form.
	p := Profile{Login: who.Login, Name: who.Name, Email: who.Email, Roles: []core.Role{core.RoleClerk}}
	if p.Name == "" {
		p.Name = p.Login
	}
	p, err := p.normal()
	if err != nil {
		return nil, unauthenticated("access.oidc_profile", "логин или имя у поставщика входа здесь не годятся")
	}
	user, err := fresh(tx)
	if err != nil {
		return nil, err
	}
	p.apply(user)
	user.Roles = nil
	return user, nil
}

func (who Identity) subject() string { return who.Issuer + "\x1f" + who.Subject }
