// Package judge verifies signatures and tells each check apart.
package judge

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

// Judge verifies against what an administrator trusts.
type Judge struct {
	Roots         []*pki.Certificate
	Intermediates []*pki.Certificate
	// Lists are the revocation lists that may speak about certificates of the
	// issuer; what cannot be had is left out. c names places of lists itself.
	Lists func(ctx context.Context, c *pki.Certificate) []*pki.CRL
	Now   func() time.Time
}

const (
	mostSigners      = 32
	mostCertificates = 128
)

// Document is what was signed.
type Document struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// sums are digests of the document, each reckoned in one reading.
func (d *Document) sums(digests ...*pki.Digest) (sums [][]byte, size int64, err error) {
	r, err := d.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close() //nolint:errcheck // only read
	writers := make([]io.Writer, len(digests))
	finish := make([]func() []byte, len(digests))
	for i, one := range digests {
		h := one.New()
		writers[i], finish[i] = h, func() []byte { return h.Sum(nil) }
	}
	if size, err = io.Copy(io.MultiWriter(writers...), r); err != nil {
		return nil, 0, err
	}
	for _, f := range finish {
		sums = append(sums, f())
	}
	return sums, size, nil
}

// Reports verifies every signer of one signature file. doc is nil when nothing
// lies beside it; received is when the hub got it, to judge by unless a time stamp
// proves another moment. An error is a failure to read the document.
func (j *Judge) Reports(ctx context.Context, name string, raw []byte, doc *Document, received time.Time) ([]Report, error) {
	blank := Report{SignatureFile: name}
	if doc != nil {
		blank.Document = doc.Name
	}
	data, err := cms.Parse(raw)
	if err != nil || len(data.Signers) == 0 || len(data.Signers) > mostSigners || len(data.Certificates) > mostCertificates {
		blank.Checks = []Check{check(CheckSignature, "malformed")}
		blank.decide()
		return []Report{blank}, nil
	}
	certificates := parsed(data.Certificates)
	var out []Report
	for _, signer := range data.Signers {
		c := &trial{Judge: j, data: data, signer: signer, given: certificates, doc: doc, at: received, report: blank}
		if err := c.run(ctx); err != nil {
			return nil, err
		}
		out = append(out, c.report)
	}
	return out, nil
}

// parsed leaves out what is no certificate: it cannot have signed.
func parsed(raw [][]byte) (out []*pki.Certificate) {
	for _, der := range raw {
		if c, err := pki.ParseCertificate(der); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// trial is one signature being verified.
type trial struct {
	*Judge
	data   *cms.SignedData
	signer *cms.Signer
	given  []*pki.Certificate // those of the file
	doc    *Document
	at     time.Time // by which validity is judged
	report Report

	certificate *pki.Certificate
	digest      *pki.Digest
	sum         []byte // of the document, nil if there is none
	chain       []*pki.Certificate
}

func (t *trial) run(ctx context.Context) error {
	t.certificate = t.find()
	t.digest = pki.DigestByOID(t.signer.Digest)
	if err := t.read(); err != nil {
		return err
	}
	stamp := t.stamp(ctx) // first: it sets the moment
	add := func(name, code string) { t.report.Checks = append(t.report.Checks, check(name, code)) }
	add(CheckIntegrity, t.integrity())
	add(CheckSignature, t.signature())
	add(CheckCertificateID, t.certificateID())
	add(CheckValidity, t.validity())
	add(CheckChain, t.findChain())
	add(CheckRevocation, t.revocation(ctx))
	add(CheckTimestamp, stamp)
	add(CheckQualification, t.qualification())
	t.describe()
	t.report.decide()
	return nil
}

// find is the certificate the signature names, nil if it is not there.
func (t *trial) find() *pki.Certificate {
	for _, set := range [][]*pki.Certificate{t.given, t.Intermediates} {
		for _, c := range set {
			byKey := t.signer.KeyID != nil && bytes.Equal(c.SubjectKeyId, t.signer.KeyID)
			byName := t.signer.Issuer != nil && bytes.Equal(c.RawIssuer, t.signer.Issuer) && c.SerialNumber.Cmp(t.signer.Serial) == 0
			if byKey || byName {
				return c
			}
		}
	}
	return nil
}

// read sums up the document: the one inside, the one beside.
func (t *trial) read() error {
	doc := t.doc
	if t.data.Content != nil {
		t.report.Attached = true
		if doc == nil {
			doc = &Document{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(t.data.Content)), nil }}
		}
	}
	if doc == nil {
		return nil
	}
	digests := []*pki.Digest{pki.GOST256, pki.SHA256}
	if t.digest != nil {
		digests = append(digests, t.digest)
	}
	sums, size, err := doc.sums(digests...)
	if err != nil {
		return err
	}
	t.report.Digests = Digests{GOST256: hex.EncodeToString(sums[0]), SHA256: hex.EncodeToString(sums[1]), Size: int(size)}
	if t.digest != nil {
		t.sum = sums[2]
	}
	return nil
}

func (t *trial) integrity() string {
	switch {
	case t.digest == nil || t.digest == pki.MD5:
		return "unsupported_algorithm"
	case t.sum == nil:
		return "document_missing"
	case t.data.Content != nil && t.doc != nil && !bytes.Equal(t.digest.Sum(t.data.Content), t.sum):
		return "hash_mismatch"
	case t.signer.Signed == nil: // the signature itself is over the document
		return t.signature()
	case !bytes.Equal(t.signer.MessageDigest(), t.sum) || !t.signer.ContentType().Equal(t.data.ContentType):
		return "hash_mismatch"
	}
	return ""
}

func (t *trial) signature() string {
	switch {
	case t.certificate == nil:
		return "certificate_missing"
	case t.digest == nil:
		return "unsupported_algorithm"
	}
	sum := t.sum
	if over := t.signer.ToVerify(); over != nil {
		sum = t.digest.Sum(over)
	} else if sum == nil {
		return "document_missing"
	}
	if t.signer.PSS() {
		return "unsupported_algorithm"
	}
	switch err := t.certificate.Verify(t.digest, sum, t.signer.Signature); {
	case errors.Is(err, pki.ErrUnsupported):
		return "unsupported_algorithm"
	case err != nil:
		return "bad_signature"
	}
	return ""
}

func (t *trial) certificateID() string {
	id, present, ok := t.signer.CertificateID()
	switch digest := pki.DigestByOID(id.Digest); {
	case !present:
		return "no_certificate_id"
	case !ok:
		return "certificate_mismatch"
	case t.certificate == nil:
		return "certificate_missing"
	case digest == nil:
		return "unsupported_algorithm"
	case !bytes.Equal(digest.Sum(t.certificate.Raw), id.Hash):
		return "certificate_mismatch"
	}
	return ""
}

func (t *trial) findChain() string {
	if t.certificate == nil {
		return "certificate_missing"
	}
	chain, err := pki.Chain(t.certificate, t.others(), t.Roots, t.at)
	switch {
	case errors.Is(err, pki.ErrBadChain):
		return "bad_chain"
	case err != nil:
		return "untrusted_chain"
	}
	t.chain = chain
	return ""
}

func (t *trial) others() []*pki.Certificate {
	return append(t.given[:len(t.given):len(t.given)], t.Intermediates...)
}

func (t *trial) validity() string {
	const forSigning = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	c := t.certificate
	switch {
	case c == nil:
		return "certificate_missing"
	case t.at.After(c.NotAfter):
		return "cert_expired"
	case t.at.Before(c.NotBefore):
		return "cert_not_yet_valid"
	case c.KeyUsage != 0 && c.KeyUsage&forSigning == 0:
		return "wrong_usage"
	}
	return ""
}

// revocation asks about every certificate of the chain but the root.
func (t *trial) revocation(ctx context.Context) string {
	if len(t.chain) == 0 {
		return "revocation_unknown"
	}
	code := ""
	for i, c := range t.chain[:len(t.chain)-1] {
		switch t.revoked(ctx, c, t.chain[i+1], i == 0) {
		case Failed:
			return "cert_revoked"
		case Unknown:
			code = "revocation_unknown"
		}
	}
	return code
}

// revoked asks the lists about one certificate; the report tells of the signer's.
func (t *trial) revoked(ctx context.Context, c, issuer *pki.Certificate, signers bool) string {
	outcome := Unknown
	for _, list := range t.Lists(ctx, c) {
		if !list.Speaks(issuer, t.at, t.Now()) {
			continue
		}
		said := Revocation{Source: list.Source, ThisUpdate: moment(list.ThisUpdate), NextUpdate: moment(list.NextUpdate)}
		entry := list.Revoked(c)
		if entry != nil && !entry.RevocationTime.After(t.at) {
			said.RevokedAt, said.Reason = moment(entry.RevocationTime), pki.ReasonWords(entry.ReasonCode)
			t.report.Revocation = said
			return Failed
		}
		outcome = Passed
		if signers {
			t.report.Revocation = said
		}
	}
	return outcome
}

func (t *trial) qualification() string {
	t.report.Kind = "unqualified"
	if len(t.chain) == 0 || !t.certificate.Qualified() {
		return "not_qualified"
	}
	t.report.Kind = "qualified"
	return ""
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// describe fills in what people want to know, whatever came out.
func (t *trial) describe() {
	r := &t.report
	r.ClaimedAt, r.JudgedAt = moment(t.signer.SigningTime()), moment(t.at)
	r.Format = "CMS"
	if _, present, _ := t.signer.CertificateID(); present {
		r.Format = "CAdES-BES"
		if r.StampedAt != "" {
			r.Format = "CAdES-T"
		}
	}
	c := t.certificate
	if c == nil {
		return
	}
	r.Algorithm, r.Signer = c.Words(), pki.HolderOf(c.Subject)
	issuer := pki.HolderOf(c.Issuer)
	r.Certificate = CertificateReport{
		Serial: c.SerialHex(), SHA1: c.Thumbprint(), SHA256: hex.EncodeToString(pki.SHA256.Sum(c.Raw)),
		Issuer: issuer.Name, IssuerOGRN: issuer.OGRN, NotBefore: moment(c.NotBefore), NotAfter: moment(c.NotAfter),
		Class: c.Class(), SignTool: c.SignTool(),
	}
}
