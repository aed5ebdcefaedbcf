package core

import (
	"strings"
	"time"
	"unicode"
)

// AddressKind is the sort of an address in a channel or of an identifier.
type AddressKind string

const (
	AddressEmail   AddressKind = "email"
	AddressPhone   AddressKind = "phone"   // E.164: +79161234567
	AddressChat    AddressKind = "chat"    // chat id, meaningful in its channel
	AddressAccount AddressKind = "account" // лицевой счёт
	AddressINN     AddressKind = "inn"
	AddressOGRN    AddressKind = "ogrn"
	AddressKPP     AddressKind = "kpp"
	AddressSNILS   AddressKind = "snils"
	AddressPostal  AddressKind = "postal"  // one line of text
	AddressOutside AddressKind = "outside" // id in the outside system (GUID, box id)
)

// Address is one typed address of a party.
type Address struct {
	Kind  AddressKind `json:"kind"`
	Value string      `json:"value"`
	// Channel narrows a chat or outside id to the channel it is meaningful in.
	Channel ChannelID `json:"channel,omitempty"`
}

// Key is the address in the form used for comparing: e-mails in lower case, the
// ways of writing a Russian phone as one, identifiers without what separates
// their parts. It does not tell one channel's chats from another's: Same does.
func (a Address) Key() string {
	value := strings.TrimSpace(a.Value)
	switch a.Kind {
	case AddressEmail, AddressOutside:
		value = strings.ToLower(value)
	case AddressPhone:
		value = phoneDigits(value)
	case AddressAccount, AddressINN, AddressOGRN, AddressKPP, AddressSNILS:
		value = bare(value)
	}
	return string(a.Kind) + ":" + value
}

// Same tells that two addresses are one: equal keys, and no word of different
// channels.
func (a Address) Same(b Address) bool {
	return a.Key() == b.Key() && (a.Channel == b.Channel || a.Channel == "" || b.Channel == "")
}

// phoneDigits is the number as E.164 has it, without the plus. What stands
// behind a letter is an extension. Without a plus 8 and ten digits, or ten
// digits alone, are numbers of Russia.
func phoneDigits(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || r == ',' || r == '#' }); i > 0 {
		s = s[:i]
	}
	out := digits(s)
	switch {
	case strings.HasPrefix(s, "+"):
	case len(out) == 11 && out[0] == '8':
		return "7" + out[1:]
	case len(out) == 10:
		return "7" + out
	}
	return out
}

// bare is an identifier in lower case without spaces, dashes and slashes.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-–/.№", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// PartyKind is a person or an organisation; empty when it is not known.
type PartyKind string

const (
	PartyPerson       PartyKind = "person"
	PartyOrganization PartyKind = "organization"
)

// Correspondent is a sender or a receiver as a message or a document names it:
// what was written there, and the Party it was recognised as, if any.
type Correspondent struct {
	Party     PartyID   `json:"party,omitempty"`
	Kind      PartyKind `json:"kind,omitempty"`
	Name      string    `json:"name,omitempty"`
	Addresses []Address `json:"addresses,omitempty"`
}

// Address is the first address of the kind, or "".
func (c Correspondent) Address(kind AddressKind) string {
	for _, a := range c.Addresses {
		if a.Kind == kind {
			return a.Value
		}
	}
	return ""
}

// ContactMark tells how far a contact proves who somebody is.
type ContactMark string

const (
	ContactPersonal    ContactMark = "personal"    // личный: whoever writes from it is the party
	ContactPublic      ContactMark = "public"      // общий: an office, a mailbox of a house
	ContactUnconfirmed ContactMark = "unconfirmed" // неподтверждённый: a person has to decide
)

// Contact is an address of a party and what is known about it.
type Contact struct {
	Kind    AddressKind `json:"kind"`
	Value   string      `json:"value"`
	Channel ChannelID   `json:"channel,omitempty"` // as in Address
	// Mark is empty where nobody ever gave one: personal.
	Mark    ContactMark `json:"mark,omitempty"`
	Comment string      `json:"comment,omitempty"` // why it has the mark
	// DecidedAt is when a person gave the mark; nil: the hub did, and may change
	// it.
	DecidedAt *time.Time `json:"decided_at,omitempty"`
}

// Address is the contact without what is known about it.
func (c Contact) Address() Address {
	return Address{Kind: c.Kind, Value: c.Value, Channel: c.Channel}
}

// Personal tells that the contact proves who somebody is.
func (c Contact) Personal() bool { return c.Mark == ContactPersonal || c.Mark == "" }

// ConsentState is what a person said about the processing of his data.
type ConsentState string

const (
	ConsentGiven     ConsentState = "given"     // дано
	ConsentWithdrawn ConsentState = "withdrawn" // отозвано
)

// Consent (согласие на обработку персональных данных, 152-ФЗ) is one statement
// of it. Statements are added and never changed; the latest At holds.
type Consent struct {
	State       ConsentState `json:"state"`
	At          time.Time    `json:"at"`                     // when it was given or withdrawn
	Way         string       `json:"way"`                    // how: on paper, on the site, by telephone
	Document    DocumentID   `json:"document,omitempty"`     // the registered document that says so
	File        string       `json:"file,omitempty"`         // hash of the file of Document that does
	TextVersion string       `json:"text_version,omitempty"` // of the text that was agreed to
	Comment     string       `json:"comment,omitempty"`
	RecordedAt  time.Time    `json:"recorded_at"`
	RecordedBy  Actor        `json:"recorded_by"`
}

// Party (корреспондент, контрагент, заявитель) is a person or an organisation the
// hub knows, with its addresses in the channels. Package party writes it.
type Party struct {
	Meta
	ID           PartyID        `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	Kind         PartyKind      `json:"kind"`
	Name         string         `json:"name"`
	Addresses    []Contact      `json:"addresses"`
	Accounts     []AccountRef   `json:"accounts,omitempty"`
	Notes        string         `json:"notes,omitempty"`
	Consents     []Consent      `json:"consents,omitempty"`
	// MergedInto is the party this one proved to be. It is a link that can be
	// undone: nothing moves.
	MergedInto PartyID `json:"merged_into,omitempty"`
	// Erasure is the act by which the party's data were erased.
	Erasure ErasureID `json:"erasure,omitempty"`
}

// RecordKey implements Record.
func (p *Party) RecordKey() string { return string(p.ID) }

// Keys are the values the party is found by: its addresses and accounts.
func (p *Party) Keys() []string {
	out := make([]string, 0, len(p.Addresses)+len(p.Accounts))
	for _, c := range p.Addresses {
		out = append(out, c.Address().Key())
	}
	for _, a := range p.Accounts {
		out = append(out, Address{Kind: AddressAccount, Value: a.Number}.Key())
	}
	return out
}

// Consent is the statement that holds, nil if there is none.
func (p *Party) Consent() *Consent {
	var last *Consent
	for i := range p.Consents {
		if c := &p.Consents[i]; last == nil || !c.At.Before(last.At) {
			last = c
		}
	}
	return last
}
