package gost

import (
	"encoding/asn1"
	"errors"
	"hash"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The algorithms of public keys (RFC 9215).
var (
	oidKey256 = asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 1}
	oidKey512 = asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 2}
)

var (
	// ErrKey is returned for what is no public key of GOST R 34.10-2012 on a curve
	// in use: another algorithm, a test curve, a point off the curve.
	ErrKey = errors.New("gost: not a public key GOST R 34.10-2012")
	// ErrSignature is returned for a signature that is not one of this key.
	ErrSignature = errors.New("gost: the signature does not verify")
)

// PublicKey is a point on a curve.
type PublicKey struct {
	Curve *Curve
	X, Y  *big.Int
}

// New is the hash function that belongs to the key.
func (k *PublicKey) New() hash.Hash {
	if k.Curve.size == 32 {
		return New256()
	}
	return New512()
}

// ParsePublicKey reads a SubjectPublicKeyInfo (RFC 9215 section 4).
func ParsePublicKey(spki []byte) (*PublicKey, error) {
	var info, algorithm, params cryptobyte.String
	var id, set asn1.ObjectIdentifier
	var bits []byte
	s := cryptobyte.String(spki)
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) || !info.Empty() ||
		!algorithm.ReadASN1ObjectIdentifier(&id) || !algorithm.ReadASN1(&params, cbasn1.SEQUENCE) ||
		!params.ReadASN1ObjectIdentifier(&set) {
		return nil, ErrKey
	}
	c := curveOf(set)
	if c == nil || c.size == 32 && !id.Equal(oidKey256) || c.size == 64 && !id.Equal(oidKey512) {
		return nil, ErrKey
	}
	var point cryptobyte.String
	wrapped := cryptobyte.String(bits)
	if !wrapped.ReadASN1(&point, cbasn1.OCTET_STRING) || !wrapped.Empty() || len(point) != 2*c.size {
		return nil, ErrKey
	}
	k := &PublicKey{Curve: c, X: little(point[:c.size]), Y: little(point[c.size:])}
	if !c.on(k.X, k.Y) {
		return nil, ErrKey
	}
	return k, nil
}

// little is a number whose first byte is the least significant.
func little(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// Verify tells whether sig (s ‖ r, each big-endian: the order of CMS, X.509 and
// XMLDSig) is a signature of this key over a sum of its hash function.
func (k *PublicKey) Verify(sum, sig []byte) error {
	c := k.Curve
	if len(sum) != c.size || len(sig) != 2*c.size {
		return ErrSignature
	}
	s, r := new(big.Int).SetBytes(sig[:c.size]), new(big.Int).SetBytes(sig[c.size:])
	if s.Sign() == 0 || r.Sign() == 0 || s.Cmp(c.Q) >= 0 || r.Cmp(c.Q) >= 0 {
		return ErrSignature
	}
	e := little(sum)
	if e.Mod(e, c.Q).Sign() == 0 {
		e.SetInt64(1)
	}
	v := new(big.Int).ModInverse(e, c.Q)
	z1 := new(big.Int).Mul(s, v)
	z1.Mod(z1, c.Q)
	z2 := new(big.Int).Mul(r, v)
	z2.Mod(z2.Neg(z2), c.Q)
	x := c.sum(z1, &point{c.X, c.Y}, z2, &point{k.X, k.Y})
	if x == nil || x.Mod(x, c.Q).Cmp(r) != 0 {
		return ErrSignature
	}
	return nil
}
