package rest

import (
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

// PartyInput is what is known about a party.
type PartyInput struct {
	Organization core.OrganizationID `json:"organization"`
	Kind         core.PartyKind      `json:"kind"`
	Name         string              `json:"name"`
	Addresses    []ContactInput      `json:"addresses"`
	Accounts     []core.AccountRef   `json:"accounts"`
	Notes        string              `json:"notes"`
}

// ContactInput is an address of a party. Without a mark a contact keeps the one
// it had, or is personal.
type ContactInput struct {
	Kind    core.AddressKind `json:"kind"`
	Value   string           `json:"value"`
	Channel core.ChannelID   `json:"channel"`
	Mark    core.ContactMark `json:"mark"`
	Comment string           `json:"comment"`
}

func (in ContactInput) contact() core.Contact {
	return core.Contact{
		Kind: in.Kind, Value: strings.TrimSpace(in.Value), Channel: in.Channel, Mark: in.Mark, Comment: strings.TrimSpace(in.Comment),
	}
}

func (in *PartyInput) check(f *faults) {
	in.Name = strings.TrimSpace(in.Name)
	choose(f, "kind", in.Kind, partyKinds)
	f.need("name", in.Name, 500)
	checkContacts(f, in.Addresses)
	checkAccounts(f, in.Accounts)
	f.short("notes", in.Notes, 10_000)
}

func (in *PartyInput) apply(p *core.Party) {
	p.Organization, p.Kind, p.Name = in.Organization, in.Kind, in.Name
	p.Addresses, p.Accounts, p.Notes = items(in.Addresses, ContactInput.contact), in.Accounts, in.Notes
}

func checkContacts(f *faults, contacts []ContactInput) {
	checkAddresses(f, "addresses", items(contacts, func(c ContactInput) core.Address { return c.contact().Address() }))
	for i, c := range contacts {
		at := indexed("addresses", i)
		if c.Mark != "" {
			choose(f, join(at, "mark"), c.Mark, contactMarks)
		}
		f.short(join(at, "comment"), c.Comment, 1000)
	}
}

func checkAccounts(f *faults, accounts []core.AccountRef) {
	if len(accounts) > 100 {
		f.add("accounts", textTooMany)
		return
	}
	for i, a := range accounts {
		at := indexed("accounts", i)
		f.need(join(at, "number"), strings.TrimSpace(a.Number), 100)
		f.short(join(at, "provider"), a.Provider, 500)
		f.short(join(at, "address"), a.Address, 1000)
	}
}

func checkAddresses(f *faults, field string, addresses []core.Address) {
	if len(addresses) > 50 {
		f.add(field, textTooMany)
		return
	}
	for i, a := range addresses {
		choose(f, join(indexed(field, i), "kind"), a.Kind, addressKinds)
		f.need(join(indexed(field, i), "value"), strings.TrimSpace(a.Value), 500)
	}
}

func checkCorrespondent(f *faults, field string, c core.Correspondent) {
	if c.Kind != "" {
		choose(f, join(field, "kind"), c.Kind, partyKinds)
	}
	f.short(join(field, "name"), c.Name, 500)
	checkAddresses(f, join(field, "addresses"), c.Addresses)
}

func checkCorrespondents(f *faults, field string, all []core.Correspondent) {
	if len(all) > 100 {
		f.add(field, textTooMany)
		return
	}
	for i, c := range all {
		checkCorrespondent(f, indexed(field, i), c)
	}
}

func indexed(field string, i int) string { return field + "." + strconv.Itoa(i) }

func (s *Server) listParties(c *call) (answer, error) {
	q := c.query()
	wanted := paged[core.Party](q)
	where(&wanted, "key", q.address("address"))
	where(&wanted, "mark", string(enum(q, "mark", contactMarks)))
	name, scope := strings.ToLower(q.text("name")), c.who.Scope()
	if name != "" || !scope.Everything() {
		wanted.Filter = func(_ store.Tx, p *core.Party) bool {
			return scope.Party(p) && strings.Contains(strings.ToLower(p.Name), name)
		}
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	var got store.Page[core.Party]
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		got, err = store.Parties.List(tx, wanted)
		return err
	})
	return ok(page[*core.Party]{items(got.Items, itself), got.Next}), err
}

func (s *Server) createParty(c *call) (answer, error) {
	var in PartyInput
	if err := c.decodeSound(&in); err != nil {
		return answer{}, err
	}
	if err := c.within(in.Organization); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		p := &core.Party{ID: core.PartyID(core.NewID("pty", tx.Now()))}
		in.apply(p)
		if err := party.Save(tx, p); err != nil {
			return answer{}, err
		}
		c.object = "parties/" + string(p.ID)
		return created(v1+"/"+c.object, p, p.Version), nil
	})
}

func (s *Server) getParty(c *call) (answer, error) {
	var p *core.Party
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		p, err = c.party(tx)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(p, p.Version), nil
}

// party reads the card of the call, if the caller sees it.
func (c *call) party(tx store.Tx) (*core.Party, error) {
	if _, err := c.who.Scope().ReadParty(tx, c.param("id")); err != nil {
		return nil, err
	}
	return store.Parties.Get(tx, c.param("id"))
}

// seesParty refuses, as if it were not there, a card the caller does not see. A
// deleted one is left to who asks for it.
func (c *call) seesParty(tx store.Tx) error {
	_, err := c.who.Scope().ReadParty(tx, c.param("id"))
	return err
}

// within refuses to put something under an organisation the caller does not see.
func (c *call) within(id core.OrganizationID) error {
	if c.who.Scope().Organization(id) {
		return nil
	}
	return core.Invalid("request.body", "organization", textNotFound)
}

func (s *Server) updateParty(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in PartyInput
	if err := c.decodeSound(&in); err != nil {
		return answer{}, err
	}
	var p *core.Party
	err = s.Store.Update(c.ctx(), func(tx store.Tx) (err error) {
		if p, err = c.party(tx); err != nil {
			return err
		}
		if err := c.within(in.Organization); err != nil {
			return err
		}
		p.Version = version
		in.apply(p)
		return party.Save(tx, p)
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(p, p.Version), nil
}

func (s *Server) deleteParty(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.Store.Update(c.ctx(), func(tx store.Tx) error {
		p, err := c.party(tx)
		if err != nil {
			return err
		}
		if p.Version != version {
			return store.Parties.Stale(tx, string(p.ID), version)
		}
		return store.Parties.Delete(tx, string(p.ID))
	})
}

func (s *Server) partyHistory(c *call) (answer, error) {
	if err := s.Store.View(c.ctx(), c.seesParty); err != nil {
		return answer{}, err
	}
	return history(s, c, store.Parties)
}
