package registry

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Delete puts a journal away that nobody needs, if it still has the version.
// KindConflict if it has given numbers, for documents bear them; if a letter that
// is being written shall be numbered there; and if documents of its direction
// would have no journal left. Restore brings it back.
func Delete(tx store.Tx, id core.JournalID, version uint64) error {
	j, err := store.Journals.Get(tx, string(id))
	if err != nil {
		return err
	}
	if j.Version != version {
		return store.Journals.Stale(tx, string(id), version)
	}
	for _, used := range []func(store.Tx, *core.Journal) error{counted, awaited, last} {
		if err := used(tx, j); err != nil {
			return err
		}
	}
	return store.Journals.Delete(tx, string(id))
}

// Restore brings a deleted journal back, if it still has the version. One that was
// not deleted stays as it is.
func Restore(tx store.Tx, id core.JournalID, version uint64) error {
	j, err := store.Journals.GetAny(tx, string(id))
	switch {
	case err != nil:
		return err
	case j.Version != version:
		return store.Journals.Stale(tx, string(id), version)
	case j.DeletedAt == nil:
		return nil
	}
	return store.Journals.Restore(tx, string(id))
}

// counted refuses a journal that has given numbers.
func counted(tx store.Tx, j *core.Journal) error {
	prefix := string(j.ID) + "/"
	got, err := store.Counters.List(tx, store.Query[core.Counter]{
		From: prefix, To: prefix + "\xff", Limit: 1, Filter: func(_ store.Tx, c *core.Counter) bool { return c.Last > 0 },
	})
	if err == nil && len(got.Items) > 0 {
		return core.Conflict("journal.used", "журнал уже выдавал номера: на нём держатся документы")
	}
	return err
}

// awaited refuses a journal that a letter names which has not gone yet.
func awaited(tx store.Tx, j *core.Journal) error {
	for _, state := range []core.DraftState{core.DraftEditing, core.DraftApproval, core.DraftRemarks, core.DraftAgreed} {
		for d, err := range store.Drafts.Find(tx, "state", string(state)) {
			if err != nil {
				return err
			}
			if d.Journal == j.ID {
				return core.Conflict("journal.awaited", "в этом журнале собираются зарегистрировать письмо, которое ещё пишут")
			}
		}
	}
	return nil
}

// last refuses the only journal of a direction.
func last(tx store.Tx, j *core.Journal) error {
	for other := range store.Journals.FindKeys(tx, "direction", string(j.Direction)) {
		if other != string(j.ID) {
			return nil
		}
	}
	return core.Conflict("journal.last", "это единственный журнал документов этого направления")
}
