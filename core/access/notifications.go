package access

import (
	"context"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// SetNotifications sets what a user wants to hear of, and returns it as it is
// kept. Unknown notices are KindInvalid, all at once.
func (s *Service) SetNotifications(ctx context.Context, id core.UserID, n core.NotificationSettings) (core.NotificationSettings, error) {
	faults := slices.Concat(unknownNotices("desk", n.Desk), unknownNotices("email", n.Email))
	if len(faults) > 0 {
		return n, &core.Error{Kind: core.KindInvalid, Code: "users.notify", Faults: faults}
	}
	n.Desk, n.Email = set(n.Desk), set(n.Email)
	return n, s.store.Update(ctx, func(tx store.Tx) error {
		user, err := store.Users.Get(tx, string(id))
		if err != nil {
			return err
		}
		user.Notify = n
		return store.Users.Put(tx, user)
	})
}

func unknownNotices(field string, notices []core.Notice) (out []core.FieldFault) {
	for i, n := range notices {
		if !slices.Contains(core.Notices(), n) {
			out = append(out, core.FieldFault{Field: field + "." + strconv.Itoa(i), Text: "нет такого значения"})
		}
	}
	return out
}
