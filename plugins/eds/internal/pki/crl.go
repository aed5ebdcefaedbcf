package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

// CRL is a list of revoked certificates.
type CRL struct {
	*x509.RevocationList
	Source string // where it came from, as shown
}

// ParseCRL reads one in DER or PEM.
func ParseCRL(raw []byte, source string) (*CRL, error) {
	if block, _ := pem.Decode(raw); block != nil {
		raw = block.Bytes
	}
	list, err := x509.ParseRevocationList(raw)
	if err != nil {
		return nil, fmt.Errorf("parse revocation list: %w", err)
	}
	return &CRL{list, source}, nil
}

// Speaks tells whether the list is the issuer's own, whole and fresh enough to
// say what held at the moment.
func (l *CRL) Speaks(issuer *Certificate, at, now time.Time) bool {
	return bytes.Equal(l.RawIssuer, issuer.RawSubject) &&
		(issuer.KeyUsage == 0 || issuer.KeyUsage&x509.KeyUsageCRLSign != 0) &&
		!l.partial() &&
		!now.Before(l.ThisUpdate) && !l.NextUpdate.IsZero() && !at.After(l.NextUpdate) &&
		issuer.VerifyOf(l.SignatureAlgorithm, l.Raw, l.RawTBSRevocationList, l.Signature) == nil
}

// partial lists (of some reasons or certificates only, or of changes to another
// list) say so in a critical extension.
func (l *CRL) partial() bool {
	for _, e := range l.Extensions {
		if e.Critical {
			return true
		}
	}
	return false
}

// Revoked is the entry of the certificate, nil if the list has none.
func (l *CRL) Revoked(c *Certificate) *x509.RevocationListEntry {
	for i := range l.RevokedCertificateEntries {
		if e := &l.RevokedCertificateEntries[i]; e.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return e
		}
	}
	return nil
}

// ReasonWords tells the reason of a revocation (RFC 5280 section 5.3.1) to people.
func ReasonWords(code int) string {
	words := map[int]string{
		1: "компрометация ключа", 2: "компрометация ключа удостоверяющего центра", 3: "изменились сведения о владельце",
		4: "заменён другим", 5: "прекращена деятельность", 6: "действие приостановлено", 8: "исключён из списка",
		9: "полномочия отозваны", 10: "компрометация атрибутов",
	}
	if w, ok := words[code]; ok {
		return w
	}
	return "причина не указана"
}
