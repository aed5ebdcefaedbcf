package party

import (
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// maxMerged bounds how many cards one person may have.
const maxMerged = 1000

// Merge links a party to the one it proved to be. Nothing moves: documents keep
// the party they name, and Unmerge takes the link away. version is that of the
// party linked. KindConflict if it is linked already, if the other is itself
// linked, or if one is a person and the other is not.
func Merge(tx store.Tx, id, into core.PartyID, version uint64) (*core.Party, error) {
	p, err := store.Parties.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	other, err := store.Parties.Get(tx, string(into))
	if core.KindOf(err) == core.KindNotFound {
		return nil, core.Invalid("party.merge", "into", "такой записи нет")
	}
	if err != nil {
		return nil, err
	}
	if err := mergeable(p, other); err != nil {
		return nil, err
	}
	p.Version, p.MergedInto = version, into
	return p, store.Parties.Put(tx, p)
}

func mergeable(p, into *core.Party) error {
	switch {
	case p.ID == into.ID:
		return core.Conflict("party.merge", "заявителя нельзя объединить с самим собой")
	case p.Erasure != "" || into.Erasure != "":
		return core.Conflict("party.erased", "данные этого заявителя удалены по акту")
	case p.MergedInto != "" || into.MergedInto != "":
		return core.Conflict("party.merge", "заявитель уже объединён с другим")
	case p.Kind != into.Kind:
		return core.Conflict("party.merge", "человека нельзя объединить с организацией")
	case p.Organization != into.Organization && p.Organization != "" && into.Organization != "":
		return core.Conflict("party.merge", "заявители разных организаций")
	}
	return nil
}

// Unmerge takes the link of Merge away. KindConflict if there is none.
func Unmerge(tx store.Tx, id core.PartyID, version uint64) (*core.Party, error) {
	p, err := store.Parties.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	switch {
	case p.Erasure != "":
		return nil, core.Conflict("party.erased", "данные этого заявителя удалены по акту")
	case p.MergedInto == "":
		return nil, core.Conflict("party.merge", "заявитель ни с кем не объединён")
	}
	p.Version, p.MergedInto = version, ""
	return p, store.Parties.Put(tx, p)
}

// Root is the party that stands for the person: p itself, or the one it was
// merged into, however often. A link to a deleted party counts no more.
func Root(tx store.Tx, p *core.Party) (*core.Party, error) {
	for range maxMerged {
		if p.MergedInto == "" {
			return p, nil
		}
		next, err := store.Parties.Get(tx, string(p.MergedInto))
		if core.KindOf(err) == core.KindNotFound {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		p = next
	}
	return p, nil
}

// Group is all cards of the person the party is a card of, the root first.
func Group(tx store.Tx, id core.PartyID) ([]*core.Party, error) {
	p, err := store.Parties.Get(tx, string(id))
	if err != nil {
		return nil, err
	}
	root, err := Root(tx, p)
	if err != nil {
		return nil, err
	}
	all := []*core.Party{root}
	for i := 0; i < len(all) && len(all) < maxMerged; i++ {
		for m, err := range store.Parties.Find(tx, "merged_into", string(all[i].ID)) {
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	return all, nil
}
