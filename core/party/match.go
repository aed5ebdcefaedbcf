package party

import (
	"slices"
	"strings"
	"unicode"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// maxFound bounds how many parties with one address are looked at.
const maxFound = 50

// Proof is one address or account that a party and whoever wrote have in common.
type Proof struct {
	Kind  core.AddressKind `json:"kind"`
	Value string           `json:"value"` // as the party has it
	Mark  core.ContactMark `json:"mark,omitempty"`
	// Personal tells that it is enough to recognise the party by itself.
	Personal bool `json:"personal"`
}

// Candidate is a party that somebody may be.
type Candidate struct {
	Party  *core.Party `json:"party"`
	Proofs []Proof     `json:"proofs"`
	// Against are the fields that contradict: `kind`, `name`, `inn`, `ogrn`,
	// `snils`.
	Against []string `json:"against,omitempty"`
	// Sure: a personal contact proves it, nothing contradicts, and nobody else is
	// proved so.
	Sure bool `json:"sure"`
}

// Match finds the parties that have an address or account of c, those it proves
// best first. organization narrows to what that organisation knows; empty is
// everything. Cards that were merged count as one.
func Match(tx store.Tx, c core.Correspondent, organization core.OrganizationID) ([]Candidate, error) {
	m := matcher{tx: tx, who: c, organization: organization}
	for _, a := range c.Addresses {
		if err := m.look(a); err != nil {
			return nil, err
		}
	}
	m.judge()
	slices.SortStableFunc(m.found, func(a, b Candidate) int { return weight(b) - weight(a) })
	return m.found, nil
}

// Recognise names the party in c if there is exactly one that it surely is, and
// takes its kind and name over.
func Recognise(tx store.Tx, c *core.Correspondent, organization core.OrganizationID) error {
	found, err := Match(tx, *c, organization)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Sure {
			Substitute(c, f.Party)
		}
	}
	return nil
}

// Substitute puts the party into c («найдено совпадение, подставить»).
func Substitute(c *core.Correspondent, p *core.Party) { c.Party, c.Kind, c.Name = p.ID, p.Kind, p.Name }

type matcher struct {
	tx           store.Tx
	who          core.Correspondent
	organization core.OrganizationID
	found        []Candidate
	cut          bool // not all with one personal contact were looked at
}

// weight orders candidates: what is sure, then by proofs.
func weight(c Candidate) int {
	w := len(c.Proofs)
	for _, p := range c.Proofs {
		if p.Personal {
			w += 100
		}
	}
	if c.Sure {
		w += 10_000
	}
	return w - 1000*len(c.Against)
}

// look finds the parties with one address.
func (m *matcher) look(a core.Address) error {
	if a.Kind != core.AddressAccount && !slices.Contains(proving, a.Kind) || strings.TrimSpace(a.Value) == "" {
		return nil
	}
	n := 0
	for p, err := range store.Parties.Find(m.tx, "key", a.Key()) {
		if err != nil {
			return err
		}
		proof, ok := prove(p, a)
		if n++; n > maxFound {
			m.cut = m.cut || proof.Personal
			break
		}
		if !ok || p.Erasure != "" || !m.visible(p) {
			continue
		}
		if err := m.add(p, proof); err != nil {
			return err
		}
	}
	return nil
}

func (m *matcher) visible(p *core.Party) bool {
	return p.Organization == "" || m.organization == "" || p.Organization == m.organization
}

// prove tells how the party has the address. An account tells who lives in the
// same flat, so it never is enough.
func prove(p *core.Party, a core.Address) (Proof, bool) {
	if c, ok := contact(p, a); ok {
		where := c.Channel == a.Channel && c.Channel != "" || c.Kind != core.AddressChat && c.Kind != core.AddressOutside
		return Proof{Kind: c.Kind, Value: c.Value, Mark: c.Mark, Personal: c.Personal() && where && slices.Contains(proving, c.Kind)}, true
	}
	for _, acc := range p.Accounts {
		if (core.Address{Kind: core.AddressAccount, Value: acc.Number}).Key() == a.Key() {
			return Proof{Kind: core.AddressAccount, Value: acc.Number}, true
		}
	}
	return Proof{}, false
}

// add gives the proof to the person's candidate.
func (m *matcher) add(p *core.Party, proof Proof) error {
	root, err := Root(m.tx, p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(m.found, func(c Candidate) bool { return c.Party.ID == root.ID })
	if i < 0 {
		i = len(m.found)
		m.found = append(m.found, Candidate{Party: root})
	}
	c := &m.found[i]
	if !slices.Contains(c.Proofs, proof) {
		c.Proofs = append(c.Proofs, proof)
	}
	for _, field := range against(m.who, p, root) {
		if !slices.Contains(c.Against, field) {
			c.Against = append(c.Against, field)
		}
	}
	return nil
}

// judge finds the one that is sure.
func (m *matcher) judge() {
	var proved []int
	for i, c := range m.found {
		if slices.ContainsFunc(c.Proofs, func(p Proof) bool { return p.Personal }) {
			proved = append(proved, i)
		}
	}
	if len(proved) == 1 && !m.cut {
		c := &m.found[proved[0]]
		c.Sure = len(c.Against) == 0
	}
}

// against lists the fields in which who contradicts a card and the root of the
// person.
func against(who core.Correspondent, card, root *core.Party) (fields []string) {
	if who.Kind != "" && root.Kind != "" && who.Kind != root.Kind {
		fields = append(fields, "kind")
	}
	if root.Kind == core.PartyPerson && !nameAgrees(who.Name, card.Name) && !nameAgrees(who.Name, root.Name) {
		fields = append(fields, "name")
	}
	for _, kind := range []core.AddressKind{core.AddressINN, core.AddressOGRN, core.AddressSNILS} {
		if differ(who, kind, card, root) {
			fields = append(fields, string(kind))
		}
	}
	return fields
}

// differ tells that who and the person both have an identifier of the kind, and
// none in common.
func differ(who core.Correspondent, kind core.AddressKind, cards ...*core.Party) bool {
	both := false
	for _, a := range who.Addresses {
		for _, card := range cards {
			for _, c := range card.Addresses {
				if a.Kind != kind || c.Kind != kind {
					continue
				}
				if a.Key() == c.Address().Key() {
					return false
				}
				both = true
			}
		}
	}
	return both
}

// nameAgrees: two names that both look like a person's full one have a word in
// common. Nicknames, initials and names in Latin letters tell nothing.
func nameAgrees(a, b string) bool {
	x, y := nameWords(a), nameWords(b)
	if len(x) < 2 || len(y) < 2 {
		return true
	}
	return slices.ContainsFunc(x, func(w string) bool { return slices.Contains(y, w) })
}

// nameWords are the Russian words of a name, longer than an initial.
func nameWords(name string) (out []string) {
	name = strings.ReplaceAll(strings.ToLower(name), "ё", "е")
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.Is(unicode.Cyrillic, r) }) {
		if len([]rune(w)) > 1 {
			out = append(out, w)
		}
	}
	return out
}
