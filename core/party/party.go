// Package party knows who people are: it keeps applicants and counterparties,
// tells how far a contact proves somebody, recognises who wrote, merges two
// cards of one person, and gives out or erases all that is known about one.
package party

import (
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// SharedBy is how many applicants may have one contact before it proves nothing
// until a person has decided.
const SharedBy = 5

// sharedComment stands on a contact that the hub itself made unconfirmed.
const sharedComment = "контакт указан более чем у пяти заявителей"

// textRequired is the wording REST has for a missing field.
const textRequired = "обязательное поле"

// proving are the kinds of addresses that tell one party from another.
var proving = []core.AddressKind{
	core.AddressEmail, core.AddressPhone, core.AddressChat, core.AddressOutside, core.AddressINN, core.AddressOGRN, core.AddressSNILS,
}

// Save puts a party as a person wrote it. A contact without a mark keeps the one
// it had, or is personal. Saying that a contact is public, or giving a mark to
// one that was unconfirmed, is a decision and needs a comment: KindInvalid with
// all faults. A contact that more than SharedBy applicants have becomes
// unconfirmed with all of them who nobody has decided about. KindConflict for a
// party whose data were erased.
func Save(tx store.Tx, p *core.Party) error {
	old, err := known(tx, p.ID)
	if err != nil {
		return err
	}
	if old.Erasure != "" {
		return core.Conflict("party.erased", "данные этого заявителя удалены по акту")
	}
	if err := marks(tx, old, p); err != nil {
		return err
	}
	for i := range p.Addresses {
		if err := share(tx, p, i); err != nil {
			return err
		}
	}
	return store.Parties.Put(tx, p)
}

// known is the party as it is kept, an empty one if it is new.
func known(tx store.Tx, id core.PartyID) (*core.Party, error) {
	old, err := store.Parties.GetAny(tx, string(id))
	if core.KindOf(err) == core.KindNotFound {
		return &core.Party{}, nil
	}
	return old, err
}

// marks settles what a person said about the contacts of p. The list is
// replaced: p may share it with what was read.
func marks(tx store.Tx, old, p *core.Party) error {
	var faults core.Faults
	p.Addresses = slices.Clone(p.Addresses)
	for i := range p.Addresses {
		c := &p.Addresses[i]
		was, had := contact(old, c.Address())
		c.DecidedAt = was.DecidedAt
		switch {
		case c.Mark == "" && had:
			c.Mark = was.Mark
			if c.Comment == "" {
				c.Comment = was.Comment
			}
		case decides(was, *c):
			now := tx.Now()
			c.DecidedAt = &now
			if c.Comment == "" {
				faults.Add("addresses."+strconv.Itoa(i)+".comment", textRequired)
			}
		case c.Mark == core.ContactUnconfirmed:
			c.DecidedAt = nil
		}
		if c.Mark == "" {
			c.Mark = core.ContactPersonal
		}
	}
	return faults.Err("party.invalid")
}

// decides tells that a person chose between personal and public.
func decides(was, is core.Contact) bool {
	switch is.Mark {
	case core.ContactPublic:
		return was.Mark != core.ContactPublic
	case core.ContactPersonal:
		return was.Mark == core.ContactPublic || was.Mark == core.ContactUnconfirmed
	}
	return false
}

// contact is the contact of p with the address.
func contact(p *core.Party, a core.Address) (core.Contact, bool) {
	i := slices.IndexFunc(p.Addresses, func(c core.Contact) bool { return c.Address().Same(a) })
	if i < 0 {
		return core.Contact{}, false
	}
	return p.Addresses[i], true
}

// share takes over what was decided about the contact for others, or makes
// it unconfirmed for all who nobody has decided about.
func share(tx store.Tx, p *core.Party, i int) error {
	c := &p.Addresses[i]
	if c.DecidedAt != nil || !slices.Contains(proving, c.Kind) {
		return nil
	}
	others, err := sharing(tx, p, c.Address())
	if err != nil {
		return err
	}
	for _, o := range others {
		if had, _ := contact(o, c.Address()); had.Mark == core.ContactPublic {
			c.Mark, c.Comment = core.ContactPublic, had.Comment
			return nil
		}
	}
	if len(others) < SharedBy || !c.Personal() {
		return nil
	}
	c.Mark, c.Comment = core.ContactUnconfirmed, sharedComment
	for _, o := range others {
		if err := doubt(tx, o, c.Address()); err != nil {
			return err
		}
	}
	return nil
}

// sharing are other applicants who have the address, one for each person, as
// many as it takes to tell that they are too many.
func sharing(tx store.Tx, p *core.Party, a core.Address) ([]*core.Party, error) {
	var out []*core.Party
	own, err := Root(tx, p)
	if err != nil {
		return nil, err
	}
	persons := []core.PartyID{own.ID}
	for o, err := range store.Parties.Find(tx, "key", a.Key()) {
		if err != nil {
			return nil, err
		}
		if _, same := contact(o, a); !same {
			continue
		}
		root, err := Root(tx, o)
		if err != nil {
			return nil, err
		}
		if slices.Contains(persons, root.ID) {
			continue
		}
		persons = append(persons, root.ID)
		if out = append(out, o); len(out) == SharedBy {
			break
		}
	}
	return out, nil
}

// doubt makes an undecided personal contact unconfirmed.
func doubt(tx store.Tx, p *core.Party, a core.Address) error {
	i := slices.IndexFunc(p.Addresses, func(c core.Contact) bool { return c.Address().Same(a) && c.Personal() && c.DecidedAt == nil })
	if i < 0 {
		return nil
	}
	p.Addresses[i].Mark, p.Addresses[i].Comment = core.ContactUnconfirmed, sharedComment
	return store.Parties.Put(tx, p)
}

// Decide says of a contact that it is public, or personal, with everybody who
// has it, and why. It returns how many do; KindNotFound if nobody does.
func Decide(tx store.Tx, a core.Address, mark core.ContactMark, comment string) (int, error) {
	n, now := 0, tx.Now()
	for p, err := range store.Parties.Find(tx, "key", a.Key()) {
		if err != nil {
			return 0, err
		}
		i := slices.IndexFunc(p.Addresses, func(c core.Contact) bool { return c.Address().Same(a) })
		if i < 0 {
			continue
		}
		c := &p.Addresses[i]
		c.Mark, c.Comment, c.DecidedAt = mark, comment, &now
		if err := store.Parties.Put(tx, p); err != nil {
			return 0, err
		}
		n++
	}
	if n == 0 {
		return 0, core.NotFound("contact.not_found", "такого контакта ни у кого нет")
	}
	return n, nil
}
