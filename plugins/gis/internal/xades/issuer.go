package xades

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
)

// names of the attributes that have one in X509IssuerName; the rest, e-mail and
// the Russian INN and OGRN among them, go by their OID.
var names = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T", "2.5.4.42": "G",
}

var escape = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `"`, `\"`, `+`, `\+`, `;`, `\;`, `<`, `\<`, `>`, `\>`)

// IssuerName words the name of an issuer as GIS ZhKKh compares it: the most
// specific part first, joined by commas, values as they are and not as hex.
func IssuerName(der []byte) (string, error) {
	var seq pkix.RDNSequence
	rest, err := asn1.Unmarshal(der, &seq)
	if err != nil || len(rest) > 0 {
		return "", fmt.Errorf("read issuer's name: %w", err)
	}
	var parts []string
	for i := len(seq) - 1; i >= 0; i-- {
		var set []string
		for _, a := range seq[i] {
			name, known := names[a.Type.String()]
			if !known {
				name = a.Type.String()
			}
			set = append(set, name+"="+escape.Replace(fmt.Sprint(a.Value)))
		}
		parts = append(parts, strings.Join(set, "+"))
	}
	return strings.Join(parts, ","), nil
}
