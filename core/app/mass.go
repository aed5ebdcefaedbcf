package app

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/store"
)

// massSees bounds a mass operation to what the person sees in whose name it
// works; a person who is gone sees nothing.
func massSees(tx store.Tx, by core.Actor) (mass.Sees, error) {
	if by.Kind != core.ActorUser {
		return nil, nil
	}
	u, err := store.Users.GetAny(tx, by.ID)
	if core.KindOf(err) == core.KindNotFound {
		return func(*core.Document) bool { return false }, nil
	}
	if err != nil {
		return nil, err
	}
	scope := (&access.Principal{User: *u}).Scope()
	if scope.Everything() {
		return nil, nil
	}
	return scope.Document, nil
}
