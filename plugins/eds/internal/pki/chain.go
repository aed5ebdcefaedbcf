package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"time"
)

// The outcomes of looking for a chain.
var (
	// ErrUntrusted: no way leads to a root we know. It may be there elsewhere.
	ErrUntrusted = errors.New("pki: no chain to a trusted root")
	// ErrBadChain: the issuer it names is here and did not sign it so, may not
	// issue certificates or was not in force.
	ErrBadChain = errors.New("pki: the chain does not hold")
)

const (
	longestChain = 8
	// mostTries bounds the work a hostile heap of certificates can make.
	mostTries = 64
)

// Chain finds a way from leaf to a root at the moment: leaf first, root last. It
// does not look at revocation.
func Chain(leaf *Certificate, others, roots []*Certificate, at time.Time) ([]*Certificate, error) {
	b := &builder{others: others, roots: roots, at: at, tries: mostTries}
	if chain := b.from([]*Certificate{leaf}); chain != nil {
		return chain, nil
	}
	if b.bad {
		return nil, ErrBadChain
	}
	return nil, ErrUntrusted
}

type builder struct {
	others, roots []*Certificate
	at            time.Time
	tries         int
	bad           bool // a candidate was here and did not hold
}

func (b *builder) from(chain []*Certificate) []*Certificate {
	last := chain[len(chain)-1]
	for _, root := range b.roots {
		if bytes.Equal(root.Raw, last.Raw) {
			return chain
		}
	}
	if len(chain) == longestChain || last.selfSigned() {
		return nil
	}
	for _, set := range [][]*Certificate{b.roots, b.others} {
		for _, issuer := range set {
			if !named(last, issuer) || b.tries == 0 || within(chain, issuer) {
				continue
			}
			b.tries--
			if !b.holds(last, issuer, len(chain)-1) {
				b.bad = true
				continue
			}
			if whole := b.from(append(chain[:len(chain):len(chain)], issuer)); whole != nil {
				return whole
			}
		}
	}
	return nil
}

// named tells whether c names the certificate as its issuer: by the bytes of the
// name, and by the key if both say.
func named(c, issuer *Certificate) bool {
	return bytes.Equal(c.RawIssuer, issuer.RawSubject) &&
		(len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId))
}

// selfSigned certificates end a chain, whether trusted or not.
func (c *Certificate) selfSigned() bool {
	return c.SelfIssued() && c.VerifyOf(c.SignatureAlgorithm, c.Raw, c.RawTBSCertificate, c.Signature) == nil
}

func within(chain []*Certificate, c *Certificate) bool {
	for _, one := range chain {
		if bytes.Equal(one.Raw, c.Raw) {
			return true
		}
	}
	return false
}

// holds tells whether the issuer may and did sign c; below counts the
// authorities between it and the leaf.
func (b *builder) holds(c, issuer *Certificate, below int) bool {
	return issuer.BasicConstraintsValid && issuer.IsCA &&
		(issuer.KeyUsage == 0 || issuer.KeyUsage&x509.KeyUsageCertSign != 0) &&
		(issuer.MaxPathLen < 0 || issuer.MaxPathLen == 0 && !issuer.MaxPathLenZero || below <= issuer.MaxPathLen) &&
		len(issuer.UnhandledCriticalExtensions) == 0 &&
		issuer.InForce(b.at) &&
		issuer.VerifyOf(c.SignatureAlgorithm, c.Raw, c.RawTBSCertificate, c.Signature) == nil
}

// InForce tells whether the moment is within the term.
func (c *Certificate) InForce(at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}
