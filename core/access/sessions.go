package access

import (
	"context"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// OpenSession is a session that has not ended, with its owner.
type OpenSession struct {
	Session *core.Session
	User    core.User
}

// AllSessions lists one page of the sessions that have not ended, of one user or
// ("") of all, in no order that means anything. It is for administrators.
func (s *Service) AllSessions(ctx context.Context, of core.UserID, after string, limit int) (out []OpenSession, next string, err error) {
	q := store.Query[core.Session]{After: after, Limit: limit}
	if of != "" {
		q.Where = []store.Term{{Index: "user", Value: string(of)}}
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		alive, err := s.living(tx)
		if err != nil {
			return err
		}
		q.Filter = func(_ store.Tx, session *core.Session) bool { return alive(session) }
		page, err := store.Sessions.List(tx, q)
		if err != nil {
			return err
		}
		next = page.Next
		out, err = withUsers(tx, page.Items)
		return err
	})
	return out, next, err
}

func withUsers(tx store.Tx, sessions []*core.Session) ([]OpenSession, error) {
	out := make([]OpenSession, 0, len(sessions))
	for _, session := range sessions {
		user, err := userOf(tx, session.User)
		if err != nil {
			return nil, err
		}
		out = append(out, OpenSession{session, user})
	}
	return out, nil
}

// RevokeSession ends a session, whoever's it is. It is for administrators.
func (s *Service) RevokeSession(ctx context.Context, id core.SessionID) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := store.Sessions.Get(tx, string(id)); err != nil {
			return err
		}
		return store.Sessions.Erase(tx, string(id))
	})
}
