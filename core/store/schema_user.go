package store

import "github.com/uzel-hub/uzel/core"

// userWithoutState reads a user from before users had a state: he was disabled
// or not.
func userWithoutState(raw []byte, u *core.User) error {
	if u.State != "" {
		return nil
	}
	var before struct {
		Disabled bool `json:"disabled"`
	}
	if err := Decode(raw, &before); err != nil || !before.Disabled {
		return err
	}
	u.State, u.StateReason = core.UserLocked, "учётная запись была отключена"
	return nil
}
