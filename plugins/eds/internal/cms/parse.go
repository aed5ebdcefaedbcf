package cms

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The identifiers of CMS and CAdES.
var (
	oidData               = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimestampToken     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

var (
	context0 = cbasn1.Tag(0).Constructed().ContextSpecific()
	context1 = cbasn1.Tag(1).Constructed().ContextSpecific()
	keyID    = cbasn1.Tag(0).ContextSpecific()
)

// SignedData is a parsed signature file.
type SignedData struct {
	ContentType  asn1.ObjectIdentifier
	Content      []byte // nil if the document is beside
	Certificates [][]byte
	Signers      []*Signer
}

// Signer is one signature of the file.
type Signer struct {
	Issuer []byte   // the issuer's name, DER; nil if the certificate is named by key
	Serial *big.Int // with Issuer
	KeyID  []byte

	Digest    asn1.ObjectIdentifier
	Algorithm asn1.ObjectIdentifier
	Signature []byte

	Signed   Attributes // nil: the signature is over the document itself
	signed   []byte     // what was signed: the attributes as a SET OF
	Unsigned Attributes
}

// Attributes are values by identifier. An attribute that stands twice is an
// error of its file; one with several values keeps all of them, in one piece.
type Attributes map[string][]byte

// Parse reads a signature in DER, BER, PEM or base64.
func Parse(raw []byte) (*SignedData, error) {
	der, rest, err := normal(decode(raw), 0)
	if err != nil || len(bytes.Trim(rest, "\x00\r\n\t ")) > 0 {
		return nil, ErrFormat
	}
	var info, wrapped, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	s := cryptobyte.String(der)
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&wrapped, context0) || !info.Empty() || !wrapped.ReadASN1(&data, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, ErrFormat
	}
	return parseSignedData(data)
}

func parseSignedData(s cryptobyte.String) (*SignedData, error) {
	d := &SignedData{}
	var version int
	var digests, content, certs, crls, signers cryptobyte.String
	var hasCerts, hasCRLs bool
	if !s.ReadASN1Integer(&version) || !s.ReadASN1(&digests, cbasn1.SET) || !s.ReadASN1(&content, cbasn1.SEQUENCE) ||
		!s.ReadOptionalASN1(&certs, &hasCerts, context0) || !s.ReadOptionalASN1(&crls, &hasCRLs, context1) ||
		!s.ReadASN1(&signers, cbasn1.SET) || !s.Empty() || !d.readContent(content) || !d.readCertificates(certs) {
		return nil, ErrFormat
	}
	for !signers.Empty() {
		var one cryptobyte.String
		if !signers.ReadASN1(&one, cbasn1.SEQUENCE) {
			return nil, ErrFormat
		}
		signer := &Signer{}
		if !signer.read(one) {
			return nil, ErrFormat
		}
		d.Signers = append(d.Signers, signer)
	}
	return d, nil
}

func (d *SignedData) readContent(s cryptobyte.String) bool {
	var wrapped, octets cryptobyte.String
	var inside bool
	if !s.ReadASN1ObjectIdentifier(&d.ContentType) || !s.ReadOptionalASN1(&wrapped, &inside, context0) || !s.Empty() {
		return false
	}
	if !inside {
		return true
	}
	if !wrapped.ReadASN1(&octets, cbasn1.OCTET_STRING) || !wrapped.Empty() {
		return false
	}
	d.Content = append([]byte{}, octets...)
	return true
}

// readCertificates keeps X.509 certificates and passes over other kinds.
func (d *SignedData) readCertificates(s cryptobyte.String) bool {
	for !s.Empty() {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1Element(&one, &tag) {
			return false
		}
		if tag == cbasn1.SEQUENCE {
			d.Certificates = append(d.Certificates, one)
		}
	}
	return true
}

func (g *Signer) read(s cryptobyte.String) bool {
	var version int
	var digest, algorithm, sig cryptobyte.String
	if !s.ReadASN1Integer(&version) || !g.readID(&s) ||
		!s.ReadASN1(&digest, cbasn1.SEQUENCE) || !digest.ReadASN1ObjectIdentifier(&g.Digest) {
		return false
	}
	if s.PeekASN1Tag(context0) {
		var element cryptobyte.String
		var ok bool
		if !s.ReadASN1Element(&element, context0) {
			return false
		}
		// Signed is the same content under the tag of a SET.
		g.signed = append([]byte{byte(cbasn1.SET)}, element[1:]...)
		if g.Signed, ok = attributes(element, context0); !ok {
			return false
		}
	}
	if !s.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&g.Algorithm) ||
		!s.ReadASN1(&sig, cbasn1.OCTET_STRING) {
		return false
	}
	g.Signature = sig
	if s.PeekASN1Tag(context1) {
		var element cryptobyte.String
		var ok bool
		if !s.ReadASN1Element(&element, context1) {
			return false
		}
		if g.Unsigned, ok = attributes(element, context1); !ok {
			return false
		}
	}
	return s.Empty()
}

func (g *Signer) readID(s *cryptobyte.String) bool {
	if s.PeekASN1Tag(keyID) {
		var id cryptobyte.String
		ok := s.ReadASN1(&id, keyID)
		g.KeyID = id
		return ok
	}
	var both, issuer cryptobyte.String
	g.Serial = new(big.Int)
	if !s.ReadASN1(&both, cbasn1.SEQUENCE) || !both.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!both.ReadASN1Integer(g.Serial) || !both.Empty() {
		return false
	}
	g.Issuer = issuer
	return true
}

func attributes(element cryptobyte.String, tag cbasn1.Tag) (Attributes, bool) {
	var list cryptobyte.String
	if !element.ReadASN1(&list, tag) {
		return nil, false
	}
	out := Attributes{}
	for !list.Empty() {
		var one, values cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&id) ||
			!one.ReadASN1(&values, cbasn1.SET) || !one.Empty() {
			return nil, false
		}
		if _, twice := out[id.String()]; twice {
			return nil, false
		}
		out[id.String()] = values
	}
	return out, true
}

// ToVerify is what the signature is over, nil if that is the document itself.
func (g *Signer) ToVerify() []byte { return g.signed }

// MessageDigest is the signed digest of the document, nil if there is none.
func (g *Signer) MessageDigest() []byte {
	var digest cryptobyte.String
	s := cryptobyte.String(g.Signed[oidMessageDigest.String()])
	if !s.ReadASN1(&digest, cbasn1.OCTET_STRING) || !s.Empty() {
		return nil
	}
	return digest
}

// ContentType is the signed type of the document, nil if there is none.
func (g *Signer) ContentType() asn1.ObjectIdentifier {
	var id asn1.ObjectIdentifier
	s := cryptobyte.String(g.Signed[oidContentType.String()])
	if !s.ReadASN1ObjectIdentifier(&id) || !s.Empty() {
		return nil
	}
	return id
}

// SigningTime is when the signer says to have signed, zero if it does not.
func (g *Signer) SigningTime() time.Time {
	var at time.Time
	s := cryptobyte.String(g.Signed[oidSigningTime.String()])
	if s.PeekASN1Tag(cbasn1.UTCTime) && s.ReadASN1UTCTime(&at) || s.PeekASN1Tag(cbasn1.GeneralizedTime) && s.ReadASN1GeneralizedTime(&at) {
		return at
	}
	return time.Time{}
}

// Timestamp is the time stamp token over the signature (CAdES-T), nil if there
// is none.
func (g *Signer) Timestamp() []byte { return g.Unsigned[oidTimestampToken.String()] }

// CertificateID is how a signed attribute names the signer's certificate.
type CertificateID struct {
	Digest asn1.ObjectIdentifier
	Hash   []byte
}

// CertificateID reads signingCertificateV2, or the older signingCertificate; the
// first certificate named is the signer's. present is true even if it cannot be
// read.
func (g *Signer) CertificateID() (id CertificateID, present, ok bool) {
	if raw, has := g.Signed[oidSigningCertV2.String()]; has {
		id, ok = readCertificateID(raw, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1})
		return id, true, ok
	}
	if raw, has := g.Signed[oidSigningCertificate.String()]; has {
		id, ok = readCertificateID(raw, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26})
		return id, true, ok
	}
	return id, false, false
}

func readCertificateID(raw []byte, byDefault asn1.ObjectIdentifier) (id CertificateID, ok bool) {
	var attribute, list, first, algorithm, hash cryptobyte.String
	s := cryptobyte.String(raw)
	if !s.ReadASN1(&attribute, cbasn1.SEQUENCE) || !s.Empty() || !attribute.ReadASN1(&list, cbasn1.SEQUENCE) ||
		!list.ReadASN1(&first, cbasn1.SEQUENCE) {
		return id, false
	}
	id.Digest = byDefault
	if first.PeekASN1Tag(cbasn1.SEQUENCE) {
		if !first.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id.Digest) {
			return id, false
		}
	}
	ok = first.ReadASN1(&hash, cbasn1.OCTET_STRING)
	id.Hash = hash
	return id, ok
}

// PSS tells whether the signature is RSASSA-PSS, which needs parameters of its
// own to be verified.
func (g *Signer) PSS() bool {
	return g.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10})
}
