package pki

import (
	"crypto/x509/pkix"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Holder is whom a certificate names (RFC 9215 section 5). The tags are those by
// which the connector's services tell it.
type Holder struct {
	Name         string `setting:"name" title:"Имя"`
	Surname      string `setting:"surname" title:"Фамилия"`
	GivenName    string `setting:"given_name" title:"Имя и отчество"`
	Position     string `setting:"position" title:"Должность"`
	Organization string `setting:"organization" title:"Организация"`
	INN          string `setting:"inn" title:"ИНН"`
	INNLE        string `setting:"inn_le" title:"ИНН организации"`
	OGRN         string `setting:"ogrn" title:"ОГРН"`
	OGRNIP       string `setting:"ogrnip" title:"ОГРНИП"`
	SNILS        string `setting:"snils" title:"СНИЛС"`
	Email        string `setting:"email" title:"Электронная почта"`
}

// HolderOf reads a subject or an issuer.
func HolderOf(n pkix.Name) Holder {
	var h Holder
	fields := map[string]*string{
		"2.5.4.3": &h.Name, "2.5.4.4": &h.Surname, "2.5.4.42": &h.GivenName, "2.5.4.12": &h.Position, "2.5.4.10": &h.Organization,
		"1.2.643.3.131.1.1": &h.INN, "1.2.643.100.4": &h.INNLE,
		"1.2.643.100.1": &h.OGRN, "1.2.643.100.5": &h.OGRNIP, "1.2.643.100.3": &h.SNILS,
		"1.2.840.113549.1.9.1": &h.Email,
	}
	for _, a := range n.Names {
		if at := fields[a.Type.String()]; at != nil && *at == "" {
			*at, _ = a.Value.(string)
		}
	}
	// Before 2022 an organisation's ten digits stood in the person's field behind two noughts.
	if inn, ok := strings.CutPrefix(h.INN, "00"); ok && len(inn) == 10 && h.INNLE == "" {
		h.INN, h.INNLE = "", inn
	}
	return h
}

// Qualified tells whether the certificate has the signs of a qualified one: the
// tools of the holder and of the issuer, and a class of the means. Whether the
// issuer is accredited is told by the roots.
func (c *Certificate) Qualified() bool {
	return c.extension("1.2.643.100.111") != nil && c.extension("1.2.643.100.112") != nil && c.Class() != ""
}

// Class is that of the means of signing (КС1 … КА1), "" if it is not told. A
// certificate names every class below its own too: the highest counts.
func (c *Certificate) Class() (class string) {
	names := []string{"КС1", "КС2", "КС3", "КВ1", "КВ2", "КА1"}
	highest := 0
	for _, p := range c.PolicyIdentifiers {
		prefix, last := p[:max(len(p)-1, 0)], 0
		if len(p) > 0 {
			last = p[len(p)-1]
		}
		if prefix.Equal(oid(1, 2, 643, 100, 113)) && last > highest && last <= len(names) {
			highest, class = last, names[last-1]
		}
	}
	return class
}

// SignTool is the holder's means of signing by name, "" if it is not told.
func (c *Certificate) SignTool() string {
	var text []byte
	s := cryptobyte.String(c.extension("1.2.643.100.111"))
	if s.ReadASN1Bytes(&text, cbasn1.UTF8String) {
		return strings.ToValidUTF8(string(text), "")
	}
	return ""
}

func (c *Certificate) extension(id string) []byte {
	for _, e := range c.Extensions {
		if e.Id.String() == id {
			return e.Value
		}
	}
	return nil
}
