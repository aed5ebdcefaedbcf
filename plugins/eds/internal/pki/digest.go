// Package pki knows certificates and what hangs on them, for GOST R 34.10-2012,
// RSA and ECDSA alike: digests, signatures, chains, revocation lists and the
// names of holders. Go's crypto/x509 parses GOST certificates and verifies none
// of them; that part is here.
package pki

import (
	"crypto"
	"crypto/md5"  //nolint:gosec // outside systems ask for these sums; no signature is judged by them
	"crypto/sha1" //nolint:gosec // thumbprints
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"hash"

	"github.com/uzel-hub/uzel/plugins/eds/internal/gost"
)

// Digest is a hash function with its names.
type Digest struct {
	Name string                // gost256, sha256 …: as the connector's services call it
	OID  asn1.ObjectIdentifier // in CMS and certificates
	URI  string                // in XMLDSig, "" if it has none
	New  func() hash.Hash
	std  crypto.Hash // for RSA, 0 for GOST
}

// The digests. MD5 serves for sums that outside systems ask for, never for
// signatures; SHA-1 is read in old attributes.
var (
	GOST256 = &Digest{"gost256", oid(1, 2, 643, 7, 1, 1, 2, 2), xmlGOST + "gostr34112012-256", gost.New256, 0}
	GOST512 = &Digest{"gost512", oid(1, 2, 643, 7, 1, 1, 2, 3), xmlGOST + "gostr34112012-512", gost.New512, 0}
	SHA1    = &Digest{"sha1", oid(1, 3, 14, 3, 2, 26), "http://www.w3.org/2000/09/xmldsig#sha1", sha1.New, crypto.SHA1}
	SHA256  = &Digest{"sha256", oid(2, 16, 840, 1, 101, 3, 4, 2, 1), "http://www.w3.org/2001/04/xmlenc#sha256", sha256.New, crypto.SHA256}
	SHA384  = &Digest{"sha384", oid(2, 16, 840, 1, 101, 3, 4, 2, 2), "http://www.w3.org/2001/04/xmldsig-more#sha384", sha512.New384, crypto.SHA384}
	SHA512  = &Digest{"sha512", oid(2, 16, 840, 1, 101, 3, 4, 2, 3), "http://www.w3.org/2001/04/xmlenc#sha512", sha512.New, crypto.SHA512}
	MD5     = &Digest{"md5", oid(1, 2, 840, 113549, 2, 5), "", md5.New, crypto.MD5}
)

const xmlGOST = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:"

func oid(n ...int) asn1.ObjectIdentifier { return n }

func digests() []*Digest { return []*Digest{GOST256, GOST512, SHA1, SHA256, SHA384, SHA512, MD5} }

// DigestByName is the digest of the name, nil if there is none.
func DigestByName(name string) *Digest {
	for _, d := range digests() {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// DigestByOID is the digest of the identifier, nil if it is not known.
func DigestByOID(id asn1.ObjectIdentifier) *Digest {
	for _, d := range digests() {
		if d.OID.Equal(id) {
			return d
		}
	}
	return nil
}

// Sum is the digest of the bytes, in the order of files.
func (d *Digest) Sum(b []byte) []byte {
	h := d.New()
	h.Write(b) //nolint:errcheck // a hash takes everything
	return h.Sum(nil)
}

// Std is the digest as Go's library calls it, 0 for GOST.
func (d *Digest) Std() crypto.Hash { return d.std }
