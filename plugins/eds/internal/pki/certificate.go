package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/uzel-hub/uzel/plugins/eds/internal/gost"
)

// The algorithms of keys, as the connector's services call them.
const (
	KeyGOST256 = "gost2012-256"
	KeyGOST512 = "gost2012-512"
	KeyRSA     = "rsa"
	KeyECDSA   = "ecdsa"
)

var (
	// ErrSignature is returned for a signature that does not verify.
	ErrSignature = errors.New("pki: the signature does not verify")
	// ErrUnsupported is returned for an algorithm this package cannot judge.
	ErrUnsupported = errors.New("pki: algorithm not supported")
)

// Certificate is an X.509 certificate.
type Certificate struct {
	*x509.Certificate
	gost *gost.PublicKey // nil for other algorithms
}

// ParseCertificate reads one in DER.
func ParseCertificate(der []byte) (*Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	out := &Certificate{Certificate: c}
	if c.PublicKey == nil {
		// A key that is neither GOST nor known to Go makes no use of the certificate,
		// but it may still be shown.
		out.gost, _ = gost.ParsePublicKey(c.RawSubjectPublicKeyInfo)
	}
	return out, nil
}

// ParseCertificates reads certificates from PEM, or one from DER.
func ParseCertificates(raw []byte) ([]*Certificate, error) {
	var out []*Certificate
	rest := raw
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		c, err := ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) > 0 || len(bytes.TrimSpace(raw)) == 0 {
		return out, nil
	}
	c, err := ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	return []*Certificate{c}, nil
}

// Algorithm is that of the key, "" if it is not supported.
func (c *Certificate) Algorithm() string {
	switch c.PublicKey.(type) {
	case *rsa.PublicKey:
		return KeyRSA
	case *ecdsa.PublicKey:
		return KeyECDSA
	}
	switch {
	case c.gost == nil:
		return ""
	case c.gost.Curve.Bits() == 256:
		return KeyGOST256
	}
	return KeyGOST512
}

// Digest is the one to sign with this key: GOST keys have their own.
func (c *Certificate) Digest() *Digest {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return SHA256
	case *ecdsa.PublicKey:
		switch bits := key.Curve.Params().BitSize; {
		case bits > 384:
			return SHA512
		case bits > 256:
			return SHA384
		}
		return SHA256
	}
	if c.Algorithm() == KeyGOST512 {
		return GOST512
	}
	return GOST256
}

// Words tells the algorithm and its parameters to people.
func (c *Certificate) Words() string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	}
	if c.gost == nil {
		return ""
	}
	return fmt.Sprintf("ГОСТ Р 34.10-2012 (%d), %s", c.gost.Curve.Bits(), c.gost.Curve.Name)
}

// SignatureURI is the algorithm of XMLDSig for signatures of this key with its
// own digest.
func (c *Certificate) SignatureURI() string {
	switch c.Algorithm() {
	case KeyGOST256:
		return xmlGOST + "gostr34102012-gostr34112012-256"
	case KeyGOST512:
		return xmlGOST + "gostr34102012-gostr34112012-512"
	case KeyRSA:
		return "http://www.w3.org/2001/04/xmldsig-more#rsa-" + c.Digest().Name
	case KeyECDSA:
		return "http://www.w3.org/2001/04/xmldsig-more#ecdsa-" + c.Digest().Name
	}
	return ""
}

// SignatureOID is the algorithm of a CMS signature with this key: that of the key
// for GOST, of key and digest for the others.
func (c *Certificate) SignatureOID() asn1.ObjectIdentifier {
	switch c.Algorithm() {
	case KeyGOST256:
		return oid(1, 2, 643, 7, 1, 1, 1, 1)
	case KeyGOST512:
		return oid(1, 2, 643, 7, 1, 1, 1, 2)
	case KeyRSA:
		return oid(1, 2, 840, 113549, 1, 1, 11)
	}
	return map[*Digest]asn1.ObjectIdentifier{
		SHA256: oid(1, 2, 840, 10045, 4, 3, 2), SHA384: oid(1, 2, 840, 10045, 4, 3, 3), SHA512: oid(1, 2, 840, 10045, 4, 3, 4),
	}[c.Digest()]
}

// Verify tells whether sig, as CMS carries it, is a signature of this key over a
// sum of the digest.
func (c *Certificate) Verify(d *Digest, sum, sig []byte) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if d.std == 0 || d == MD5 || d == SHA1 {
			return ErrUnsupported
		}
		return verdict(rsa.VerifyPKCS1v15(key, d.std, sum, sig) == nil)
	case *ecdsa.PublicKey:
		if d.std == 0 || d == MD5 || d == SHA1 {
			return ErrUnsupported
		}
		return verdict(ecdsa.VerifyASN1(key, sum, sig))
	}
	if c.gost == nil {
		return ErrUnsupported
	}
	return verdict(d == c.Digest() && c.gost.Verify(sum, sig) == nil)
}

func verdict(right bool) error {
	if right {
		return nil
	}
	return ErrSignature
}

// VerifyOf tells whether this key signed what an X.509 structure carries: tbs is
// the signed part, raw the whole SEQUENCE of it, algorithm and signature.
func (c *Certificate) VerifyOf(algorithm x509.SignatureAlgorithm, raw, tbs, sig []byte) error {
	if c.gost == nil {
		if algorithm == x509.SHA1WithRSA || algorithm == x509.ECDSAWithSHA1 {
			return ErrUnsupported // Go takes them, though sums of SHA-1 can be forged
		}
		return verdict(c.CheckSignature(algorithm, tbs, sig) == nil)
	}
	d := gostDigest(outerAlgorithm(raw))
	if d == nil {
		return ErrSignature
	}
	return c.Verify(d, d.Sum(tbs), sig)
}

// gostDigest is the digest of a GOST signature algorithm. Some writers put the
// key's identifier where that of key and digest belongs.
func gostDigest(id asn1.ObjectIdentifier) *Digest {
	switch id.String() {
	case "1.2.643.7.1.1.3.2", "1.2.643.7.1.1.1.1":
		return GOST256
	case "1.2.643.7.1.1.3.3", "1.2.643.7.1.1.1.2":
		return GOST512
	}
	return nil
}

// outerAlgorithm reads what crypto/x509 does not tell: the algorithm behind the
// signed part.
func outerAlgorithm(raw []byte) (id asn1.ObjectIdentifier) {
	var all, algorithm cryptobyte.String
	s := cryptobyte.String(raw)
	if s.ReadASN1(&all, cbasn1.SEQUENCE) && all.SkipASN1(cbasn1.SEQUENCE) && all.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		algorithm.ReadASN1ObjectIdentifier(&id)
	}
	return id
}

// Thumbprint is the SHA-1 of the certificate in lower-case hex: what people and
// CryptoPro call a certificate by.
func (c *Certificate) Thumbprint() string { return hex.EncodeToString(SHA1.Sum(c.Raw)) }

// SerialHex is the serial number as tools print it.
func (c *Certificate) SerialHex() string { return c.SerialNumber.Text(16) }

// SelfIssued tells whether subject and issuer are one name.
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }
