package access

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

// tokenPrefix makes a token that leaked into a repository easy to find.
const tokenPrefix = "uzel_"

const (
	maxTokens     = 100 // of one user
	maxTitleRunes = 200
)

// NewToken is what a user asks a token with.
type NewToken struct {
	Title  string
	Scopes []Operation
	Until  *time.Time // nil: until it is revoked
}

// CreateToken makes a token that may do what its scopes name, as far as the
// user may. The returned secret is its only copy. Faults of the input are
// KindInvalid, all at once.
func (s *Service) CreateToken(ctx context.Context, user core.UserID, n NewToken) (*core.Token, string, error) {
	if err := n.check(s.now()); err != nil {
		return nil, "", err
	}
	plain := tokenPrefix + secret()
	token := &core.Token{}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if err := roomForToken(tx, user); err != nil {
			return err
		}
		*token = core.Token{
			ID: core.TokenID(core.NewID("tok", tx.Now())), Hash: digest(plain), User: user,
			Title: strings.TrimSpace(n.Title), Scopes: names(n.Scopes), Until: n.Until,
		}
		return store.Tokens.Put(tx, token)
	})
	if err != nil {
		return nil, "", err
	}
	return token, plain, nil
}

func (n NewToken) check(now time.Time) error {
	var faults core.Faults
	if title := strings.TrimSpace(n.Title); title == "" || utf8.RuneCountInString(title) > maxTitleRunes {
		faults.Add("title", "укажите название длиной до 200 знаков")
	}
	if len(n.Scopes) == 0 {
		faults.Add("scopes", "укажите хотя бы одно право")
	}
	all := Operations()
	for _, op := range n.Scopes {
		if !slices.Contains(all, op) {
			faults.Add("scopes", "нет такого права: "+clip(string(op), 60))
		}
	}
	if n.Until != nil && !n.Until.After(now) {
		faults.Add("until", "срок действия уже прошёл")
	}
	return faults.Err("tokens.invalid")
}

func names(ops []Operation) []string {
	out := make([]string, 0, len(ops))
	for _, op := range ops {
		out = append(out, string(op))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func roomForToken(tx store.Tx, user core.UserID) error {
	count := 0
	for range store.Tokens.FindKeys(tx, "user", string(user)) {
		count++
	}
	if count >= maxTokens {
		return core.Conflict("tokens.too_many", "слишком много ключей, отзовите ненужные")
	}
	return nil
}

// ByToken is the principal of an API token; KindUnauthenticated if there is no
// such token, it has expired or was revoked, or its user may no longer enter.
func (s *Service) ByToken(ctx context.Context, plain string) (*Principal, error) {
	refused := unauthenticated("access.token", "ключ доступа не действует")
	var p Principal
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if p.Token, err = store.Tokens.One(tx, "hash", digest(plain)); err != nil {
			return err
		}
		return p.readUsers(tx)
	})
	switch {
	case core.KindOf(err) == core.KindNotFound:
		return nil, refused
	case err != nil:
		return nil, err
	case !s.holds(&p, settings.Access{}): // a token has no session to end
		return nil, refused
	}
	return &p, nil
}

// Tokens lists the user's tokens, oldest first, expired ones too.
func (s *Service) Tokens(ctx context.Context, user core.UserID) (out []*core.Token, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		out = nil
		for token, err := range store.Tokens.Find(tx, "user", string(user)) {
			if err != nil {
				return err
			}
			out = append(out, token)
		}
		return nil
	})
	return out, err
}

// RevokeToken makes a token of the user useless for good. KindNotFound if the
// user has no such token.
func (s *Service) RevokeToken(ctx context.Context, user core.UserID, id core.TokenID) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		token, err := store.Tokens.Get(tx, string(id))
		if err != nil {
			return err
		}
		if token.User != user {
			return core.NotFound("tokens.not_found", "такого ключа нет")
		}
		return store.Tokens.Delete(tx, string(id))
	})
}
