package core

import "strings"

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

// Key is the address in the form used for comparing: e-mails in lower case,
// phones as digits.
func (a Address) Key() string {
	value := strings.TrimSpace(a.Value)
	switch a.Kind {
	case AddressEmail:
		value = strings.ToLower(value)
	case AddressPhone:
		value = digits(value)
	}
	return string(a.Kind) + ":" + value
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

// Party (корреспондент, контрагент) is a person or an organisation the hub
// knows, with its addresses in the channels.
type Party struct {
	Meta
	ID           PartyID        `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	Kind         PartyKind      `json:"kind"`
	Name         string         `json:"name"`
	Addresses    []Address      `json:"addresses"`
}

// RecordKey implements Record.
func (p *Party) RecordKey() string { return string(p.ID) }
