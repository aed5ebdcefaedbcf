package execution

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// operator chooses among the users of an action those who still work here.
func (w *work) operator(rule core.RuleID, a *core.Action) (core.UserID, error) {
	var able []core.UserID
	for _, id := range a.Users {
		ok, err := works(w.tx, id)
		if err != nil {
			return "", err
		}
		if ok {
			able = append(able, id)
		}
	}
	switch {
	case len(able) == 0:
		return "", &broken{"никто из операторов правила больше не работает"}
	case a.Choice == core.ChooseLoad:
		return leastLoaded(w.tx, able)
	case a.Choice == core.ChooseTurn:
		return nextInTurn(w.tx, rule, a.Users, able)
	}
	return able[0], nil
}

func works(tx store.Tx, id core.UserID) (bool, error) {
	u, err := store.Users.Look(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return false, nil
	}
	return err == nil && u.MayEnter() && u.DeletedAt == nil, err
}

// maxLoad is as far as an operator's appeals are counted.
const maxLoad = 1000

// leastLoaded is who has the fewest open appeals, of equals the first.
func leastLoaded(tx store.Tx, able []core.UserID) (best core.UserID, err error) {
	least := maxLoad + 1
	for _, id := range able {
		n, _, err := store.Documents.Count(tx, store.Query[core.Document]{
			Where: []store.Term{{Index: "operator_open", Value: string(id)}},
		}, maxLoad)
		if err != nil {
			return "", err
		}
		if n < least {
			best, least = id, n
		}
	}
	return best, nil
}

// nextInTurn is the next one behind whose turn it was last.
func nextInTurn(tx store.Tx, rule core.RuleID, all, able []core.UserID) (core.UserID, error) {
	turn, err := store.Turns.Get(tx, string(rule))
	if core.KindOf(err) == core.KindNotFound {
		turn, err = &core.Turn{Rule: rule}, nil
	}
	if err != nil {
		return "", err
	}
	last := slices.Index(all, turn.Last)
	for i := range all {
		if id := all[(last+1+i)%len(all)]; slices.Contains(able, id) {
			turn.Last = id
			return id, store.Turns.Put(tx, turn)
		}
	}
	return able[0], nil // cannot be: able are some of all
}
