package access_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

// TestAUserDisabledBeforeUsersHadAStateIsLocked opens a database in which users
// are disabled or not, as they were before they had a state.
func TestAUserDisabledBeforeUsersHadAStateIsLocked(t *testing.T) {
	s := coretest.Open(t, coretest.NewClock())
	coretest.Update(t, s, func(tx store.Tx) error {
		for id, disabled := range map[string]bool{"usr_gone": true, "usr_here": false} {
			raw, err := store.Encode(map[string]any{
				"id": id, "login": id, "name": id, "roles": []string{"clerk"}, "disabled": disabled, "version": 1, "created_at": time.Time{}, "updated_at": time.Time{},
			})
			if err != nil {
				return err
			}
			if err := tx.Put("t/users", []byte(id), raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err := store.Prepare(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	users := access.New(access.Config{Store: s})
	for state, want := range map[core.UserState]core.UserID{core.UserLocked: "usr_gone", core.UserActive: "usr_here"} {
		page, err := users.Users(t.Context(), access.UserFilter{State: state})
		if err != nil || len(page.Items) != 1 || page.Items[0].ID != want || page.Items[0].MayEnter() != (state == core.UserActive) {
			t.Errorf("%s: %+v, %v", state, page.Items, err)
		}
	}
	gone, err := users.User(t.Context(), "usr_gone")
	if err != nil || gone.StateReason == "" {
		t.Fatalf("%+v, %v", gone, err)
	}
	_, err = users.UpdateUser(t.Context(), gone.ID, gone.Version, access.Profile{Login: "gone", Name: "Мария", Roles: gone.Roles, State: core.UserActive})
	if core.KindOf(err) != core.KindConflict { // there is no administrator
		t.Fatalf("%v", err)
	}
	coretest.Update(t, s, func(tx store.Tx) error {
		u, err := store.Users.Get(tx, "usr_gone")
		if err != nil {
			return err
		}
		u.State, u.StateReason = core.UserActive, ""
		return store.Users.Put(tx, u)
	})
	if gone, err = users.User(t.Context(), "usr_gone"); err != nil || !gone.MayEnter() {
		t.Errorf("let in again: %+v, %v", gone, err)
	}
	coretest.View(t, s, func(tx store.Tx) error {
		if store.Users.Known(tx, "standing", string(core.UserLocked)) {
			t.Error("the index still has the old state")
		}
		return nil
	})
}
