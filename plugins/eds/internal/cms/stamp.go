package cms

import (
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Stamp is what a time stamp token (RFC 3161) says.
type Stamp struct {
	*SignedData
	Digest  asn1.ObjectIdentifier
	Imprint []byte // digest of what was stamped
	At      time.Time
}

// ParseStamp reads a token.
func ParseStamp(raw []byte) (*Stamp, error) {
	d, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	st := &Stamp{SignedData: d}
	if !d.ContentType.Equal(oidTSTInfo) || !st.read(d.Content) {
		return nil, ErrFormat
	}
	return st, nil
}

func (st *Stamp) read(content []byte) bool {
	var info, imprint, algorithm, hash cryptobyte.String
	var version int
	var policy asn1.ObjectIdentifier
	s := cryptobyte.String(content)
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() ||
		!info.ReadASN1Integer(&version) || !info.ReadASN1ObjectIdentifier(&policy) ||
		!info.ReadASN1(&imprint, cbasn1.SEQUENCE) || !info.SkipASN1(cbasn1.INTEGER) ||
		!imprint.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&st.Digest) ||
		!imprint.ReadASN1(&hash, cbasn1.OCTET_STRING) || !imprint.Empty() {
		return false
	}
	st.Imprint = hash
	return st.readTime(info)
}

// readTime takes a GeneralizedTime that may have fractions of a second, which
// the usual readers refuse.
func (st *Stamp) readTime(info cryptobyte.String) bool {
	var text cryptobyte.String
	if !info.ReadASN1(&text, cbasn1.GeneralizedTime) {
		return false
	}
	at, err := time.Parse("20060102150405Z0700", string(text))
	st.At = at
	return err == nil
}
