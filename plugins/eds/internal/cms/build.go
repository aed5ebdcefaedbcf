package cms

import (
	"bytes"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

// Draft is a CAdES-BES signature to which only the signature value is missing.
type Draft struct {
	Certificate *pki.Certificate
	Chain       []*pki.Certificate // to go with it, without the root if one likes
	Sum         []byte             // of the document, by Certificate.Digest
	Content     []byte             // the document, to go inside; nil = detached
	At          time.Time          // when it is signed, as the signer says
}

// ToSign is what the key signs (after hashing it with Certificate.Digest): the
// signed attributes.
func (d *Draft) ToSign() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, d.addAttributes)
	return b.Bytes()
}

// Finish is the whole signature in DER, with the value over ToSign in the form
// of CMS.
func (d *Draft) Finish(sig []byte) ([]byte, error) {
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) { d.addSignedData(b, sig) })
		})
	})
	return b.Bytes()
}

func sequence(b *cryptobyte.Builder, f func(*cryptobyte.Builder)) { b.AddASN1(cbasn1.SEQUENCE, f) }

func (d *Draft) addSignedData(b *cryptobyte.Builder, sig []byte) {
	b.AddASN1Int64(1)
	b.AddASN1(cbasn1.SET, d.addDigest)
	sequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidData)
		if d.Content != nil {
			b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.Content) })
		}
	})
	b.AddASN1(context0, func(b *cryptobyte.Builder) {
		for _, c := range d.certificates() {
			b.AddBytes(c)
		}
	})
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) { d.addSigner(b, sig) })
	})
}

// certificates are the signer's and the chain, each once, in the order of DER.
func (d *Draft) certificates() [][]byte {
	all := [][]byte{d.Certificate.Raw}
	for _, c := range d.Chain {
		all = append(all, c.Raw)
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}

// addDigest leaves the parameters out, as RFC 9215 and RFC 5754 have it.
func (d *Draft) addDigest(b *cryptobyte.Builder) {
	sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(d.Certificate.Digest().OID) })
}

func (d *Draft) addSigner(b *cryptobyte.Builder, sig []byte) {
	b.AddASN1Int64(1)
	sequence(b, func(b *cryptobyte.Builder) {
		b.AddBytes(d.Certificate.RawIssuer)
		b.AddASN1BigInt(d.Certificate.SerialNumber)
	})
	d.addDigest(b)
	b.AddASN1(context0, d.addAttributes)
	sequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(d.Certificate.SignatureOID())
		if d.Certificate.Algorithm() == pki.KeyRSA {
			b.AddASN1NULL()
		}
	})
	b.AddASN1OctetString(sig)
}

// addAttributes writes the signed attributes in the order DER wants of a set.
func (d *Draft) addAttributes(b *cryptobyte.Builder) {
	list := [][]byte{
		attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) }),
		attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.Sum) }),
		attribute(oidSigningTime, d.addTime),
		attribute(oidSigningCertV2, d.addCertificateID),
	}
	slices.SortFunc(list, bytes.Compare)
	for _, one := range list {
		b.AddBytes(one)
	}
}

func attribute(id []int, value func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		b.AddASN1(cbasn1.SET, value)
	})
	return b.BytesOrPanic() // of parts that cannot fail
}

// addTime writes the moment as RFC 5652 section 11.3 has it.
func (d *Draft) addTime(b *cryptobyte.Builder) {
	if at := d.At.UTC(); at.Year() < 2050 {
		b.AddASN1UTCTime(at)
	} else {
		b.AddASN1GeneralizedTime(at)
	}
}

// addCertificateID binds the signature to this very certificate.
func (d *Draft) addCertificateID(b *cryptobyte.Builder) {
	c, digest := d.Certificate, d.Certificate.Digest()
	sequence(b, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				if digest != pki.SHA256 { // the default, which DER leaves out
					d.addDigest(b)
				}
				b.AddASN1OctetString(digest.Sum(c.Raw))
				sequence(b, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.Tag(4).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(c.RawIssuer) })
					})
					b.AddASN1BigInt(c.SerialNumber)
				})
			})
		})
	})
}
