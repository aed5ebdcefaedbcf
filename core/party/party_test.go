package party_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

// office is a store with parties in it.
type office struct {
	*testing.T
	store store.Store
	clock *coretest.Clock
}

func newOffice(t *testing.T) *office {
	clock := coretest.NewClock()
	return &office{T: t, store: coretest.Open(t, clock), clock: clock}
}

func phone(v string) core.Contact { return core.Contact{Kind: core.AddressPhone, Value: v} }
func email(v string) core.Contact { return core.Contact{Kind: core.AddressEmail, Value: v} }

func marked(c core.Contact, m core.ContactMark, comment string) core.Contact {
	c.Mark, c.Comment = m, comment
	return c
}

// save makes or changes a person, and returns the error.
func (o *office) save(id string, name string, contacts ...core.Contact) error {
	o.Helper()
	return o.store.Update(o.Context(), func(tx store.Tx) error {
		p, err := store.Parties.Get(tx, id)
		if err != nil {
			p = &core.Party{ID: core.PartyID(id), Kind: core.PartyPerson}
		}
		p.Name, p.Addresses = name, contacts
		return party.Save(tx, p)
	})
}

func (o *office) has(id, name string, contacts ...core.Contact) {
	o.Helper()
	if err := o.save(id, name, contacts...); err != nil {
		o.Fatal(err)
	}
}

func (o *office) party(id string) (p *core.Party) {
	o.Helper()
	coretest.View(o.T, o.store, func(tx store.Tx) (err error) {
		p, err = store.Parties.Get(tx, id)
		return err
	})
	return p
}

func (o *office) change(fn func(store.Tx) error) {
	o.Helper()
	coretest.Update(o.T, o.store, fn)
}

func (o *office) match(c core.Correspondent) (found []party.Candidate) {
	o.Helper()
	coretest.View(o.T, o.store, func(tx store.Tx) (err error) {
		found, err = party.Match(tx, c, "org_1")
		return err
	})
	return found
}

func from(name string, contacts ...core.Contact) core.Correspondent {
	c := core.Correspondent{Name: name}
	for _, has := range contacts {
		c.Addresses = append(c.Addresses, has.Address())
	}
	return c
}

func wantKind(t *testing.T, err error, want core.Kind) {
	t.Helper()
	if err == nil || core.KindOf(err) != want {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func TestOnePersonalContactRecognises(t *testing.T) {
	chat := func(channel core.ChannelID) core.Contact {
		return core.Contact{Kind: core.AddressChat, Value: "42", Channel: channel}
	}
	inn := core.Contact{Kind: core.AddressINN, Value: "7701234567"}
	account := core.Contact{Kind: core.AddressAccount, Value: "100-200"}
	for _, c := range []struct {
		name string
		has  []core.Contact
		who  core.Correspondent
		sure bool
		none bool
	}{
		{"e-mail in other letters", []core.Contact{email("Anna@Mail.test")}, from("", email("anna@mail.TEST")), true, false},
		{"phone with 8", []core.Contact{phone("+7 916 123-45-67")}, from("", phone("8 (916) 1234567")), true, false},
		{"phone without a code of the country", []core.Contact{phone("8-916-123-45-67")}, from("", phone("9161234567")), true, false},
		{"phone with an extension", []core.Contact{phone("+7 495 123-45-67 доб. 12")}, from("", phone("84951234567")), true, false},
		{"another phone", []core.Contact{phone("+79161234567")}, from("", phone("+79161234568")), false, true},
		{"chat of the channel", []core.Contact{chat("vk")}, from("", chat("vk")), true, false},
		{"chat of another channel", []core.Contact{chat("vk")}, from("", chat("telegram")), false, true},
		{"chat of no channel", []core.Contact{chat("")}, from("", chat("vk")), false, false},
		{"INN", []core.Contact{inn}, from("", inn), true, false},
		{"account", []core.Contact{account}, from("", core.Contact{Kind: core.AddressAccount, Value: "100200"}), false, false},
		{"public contact", []core.Contact{marked(phone("1"), core.ContactPublic, "контора")}, from("", phone("1")), false, false},
		{"unconfirmed contact", []core.Contact{marked(phone("1"), core.ContactUnconfirmed, "")}, from("", phone("1")), false, false},
		{"public and personal", []core.Contact{marked(phone("1"), core.ContactPublic, "контора"), email("a@a.test")}, from("", phone("1"), email("a@a.test")), true, false},
		{"another INN", []core.Contact{inn, email("a@a.test")}, from("", email("a@a.test"), core.Contact{Kind: core.AddressINN, Value: "7709999999"}), false, false},
		{"an organisation", []core.Contact{email("a@a.test")}, core.Correspondent{Kind: core.PartyOrganization, Addresses: []core.Address{email("a@a.test").Address()}}, false, false},
		{"another person's name", []core.Contact{email("a@a.test")}, from("Пётр Сидоров", email("a@a.test")), false, false},
		{"the name in another order", []core.Contact{email("a@a.test")}, from("Иванова А. Анна", email("a@a.test")), true, false},
		{"a nickname", []core.Contact{email("a@a.test")}, from("anka2000", email("a@a.test")), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.has("pty_1", "Анна Сергеевна Иванова", c.has...)
			found := o.match(c.who)
			if c.none != (len(found) == 0) {
				t.Fatalf("found %+v", found)
			}
			if len(found) > 0 && (found[0].Sure != c.sure || len(found[0].Proofs) == 0) {
				t.Errorf("candidate %+v", found[0])
			}
		})
	}
}

func TestTwoWhoMatchArePeoplesChoice(t *testing.T) {
	o := newOffice(t)
	o.has("pty_1", "Анна", email("home@mail.test"))
	o.has("pty_2", "Пётр", email("home@mail.test"), phone("1"))
	found := o.match(from("", email("home@mail.test"), phone("1")))
	if len(found) != 2 || found[0].Sure || found[1].Sure || found[0].Party.ID != "pty_2" || len(found[0].Proofs) != 2 {
		t.Errorf("found %+v", found)
	}
}

func TestPartyOfAnotherOrganisationIsNotOffered(t *testing.T) {
	o := newOffice(t)
	o.change(func(tx store.Tx) error {
		return party.Save(tx, &core.Party{ID: "pty_1", Organization: "org_2", Kind: core.PartyPerson, Name: "Анна", Addresses: []core.Contact{phone("1")}})
	})
	if found := o.match(from("", phone("1"))); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestContactOfMoreThanFiveBecomesUnconfirmedUntilAPersonDecides(t *testing.T) {
	o := newOffice(t)
	for i := range party.SharedBy {
		o.has(fmt.Sprint("pty_", i), "Анна", phone("8 800 555-35-35"))
	}
	if m := o.party("pty_0").Addresses[0].Mark; m != core.ContactPersonal {
		t.Fatalf("five applicants make it %s", m)
	}
	o.has("pty_5", "Анна", phone("+78005553535"))
	for i := range 6 {
		if c := o.party(fmt.Sprint("pty_", i)).Addresses[0]; c.Mark != core.ContactUnconfirmed || c.Comment == "" || c.DecidedAt != nil {
			t.Errorf("contact %d is %+v", i, c)
		}
	}
	o.change(func(tx store.Tx) error {
		n, err := party.Decide(tx, phone("88005553535").Address(), core.ContactPublic, "горячая линия")
		if n != 6 {
			t.Errorf("decided for %d", n)
		}
		return err
	})
	o.has("pty_6", "Анна", phone("8005553535"))
	for i := range 7 {
		if c := o.party(fmt.Sprint("pty_", i)).Addresses[0]; c.Mark != core.ContactPublic || c.Comment != "горячая линия" {
			t.Errorf("contact %d is %+v", i, c)
		}
	}
	var told []string
	coretest.View(t, o.store, func(tx store.Tx) error {
		for e, err := range store.Parties.History(tx, "pty_0") {
			if err != nil {
				return err
			}
			for _, c := range e.Changes {
				told = append(told, c.Field)
			}
		}
		return nil
	})
	if fmt.Sprint(told) != "[addresses addresses]" {
		t.Errorf("history tells %v", told)
	}
}

func TestDecisionOfAPersonIsNotTakenBack(t *testing.T) {
	o := newOffice(t)
	for i := range 6 {
		o.has(fmt.Sprint("pty_", i), "Анна", email("family@mail.test"))
	}
	wantKind(t, o.save("pty_0", "Анна", marked(email("family@mail.test"), core.ContactPersonal, "")), core.KindInvalid)
	o.has("pty_0", "Анна", marked(email("family@mail.test"), core.ContactPersonal, "ящик семьи"))
	o.has("pty_0", "Анна Ивановна", email("family@mail.test"))
	o.has("pty_7", "Анна", email("family@mail.test"))
	if c := o.party("pty_0").Addresses[0]; c.Mark != core.ContactPersonal || c.DecidedAt == nil || c.Comment != "ящик семьи" {
		t.Errorf("contact is %+v", c)
	}
	if c := o.party("pty_7").Addresses[0]; c.Mark != core.ContactUnconfirmed {
		t.Errorf("the next one's is %+v", c)
	}
}

func TestCardsOfOnePersonAreCountedOnce(t *testing.T) {
	o := newOffice(t)
	for i := range party.SharedBy {
		o.has(fmt.Sprint("pty_", i), "Анна", phone("1"))
	}
	o.change(func(tx store.Tx) error {
		_, err := party.Merge(tx, "pty_4", "pty_3", o.party("pty_4").Version)
		return err
	})
	o.has("pty_5", "Анна", phone("1"))
	if m := o.party("pty_5").Addresses[0].Mark; m != core.ContactPersonal {
		t.Errorf("five persons with six cards make it %s", m)
	}
}

func TestMergeIsALinkThatCanBeUndone(t *testing.T) {
	o := newOffice(t)
	o.has("pty_1", "Анна Иванова", email("a@a.test"))
	o.has("pty_2", "Иванова Анна", phone("1"))
	merge := func(id, into core.PartyID) error {
		return o.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := party.Merge(tx, id, into, o.party(string(id)).Version)
			return err
		})
	}
	if err := merge("pty_2", "pty_1"); err != nil {
		t.Fatal(err)
	}
	found := o.match(from("", phone("1"), email("a@a.test")))
	if len(found) != 1 || found[0].Party.ID != "pty_1" || len(found[0].Proofs) != 2 || !found[0].Sure {
		t.Errorf("merged they are %+v", found)
	}
	wantKind(t, merge("pty_1", "pty_2"), core.KindConflict)
	wantKind(t, merge("pty_1", "pty_1"), core.KindConflict)
	wantKind(t, merge("pty_1", "pty_x"), core.KindInvalid)
	o.change(func(tx store.Tx) error {
		_, err := party.Unmerge(tx, "pty_2", o.party("pty_2").Version)
		return err
	})
	if found := o.match(from("", phone("1"))); len(found) != 1 || found[0].Party.ID != "pty_2" {
		t.Errorf("apart again they are %+v", found)
	}
	if a := o.party("pty_1").Addresses; len(a) != 1 {
		t.Errorf("the merge moved %+v", a)
	}
}

func TestLatestStatementIsTheConsent(t *testing.T) {
	o := newOffice(t)
	o.has("pty_1", "Анна")
	say := func(s core.ConsentState, days int) error {
		return o.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := party.AddConsent(tx, "pty_1", core.Consent{State: s, At: o.clock.Now().AddDate(0, 0, days), Way: "на бумаге"})
			return err
		})
	}
	for _, err := range []error{say(core.ConsentWithdrawn, -1), say(core.ConsentGiven, -5)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, say(core.ConsentGiven, 1), core.KindInvalid)
	p := o.party("pty_1")
	if c := p.Consent(); len(p.Consents) != 2 || c.State != core.ConsentWithdrawn || c.RecordedBy.ID == "" {
		t.Errorf("consents %+v", p.Consents)
	}
}
