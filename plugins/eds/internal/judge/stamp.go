package judge

import (
	"bytes"
	"context"
	"crypto/x509"

	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

// stamp verifies the time stamp, if there is one. From a stamp that holds on
// comes the moment at which everything else is judged.
func (t *trial) stamp(ctx context.Context) string {
	raw := t.signer.Timestamp()
	if raw == nil {
		return "no_timestamp"
	}
	stamp, err := cms.ParseStamp(raw)
	if err != nil || len(stamp.Signers) != 1 || len(stamp.Certificates) > mostCertificates {
		return "bad_timestamp"
	}
	digest := pki.DigestByOID(stamp.Digest)
	if digest == nil || digest == pki.MD5 {
		return "timestamp_unknown"
	}
	if !bytes.Equal(digest.Sum(t.signer.Signature), stamp.Imprint) {
		return "bad_timestamp"
	}
	own := &trial{
		Judge: t.Judge, data: stamp.SignedData, signer: stamp.Signers[0], given: append(parsed(stamp.Certificates), t.given...), at: stamp.At,
	}
	if code := own.holds(ctx); code != "" {
		return code
	}
	t.at = stamp.At
	t.report.StampedAt, t.report.StampedBy = moment(stamp.At), pki.HolderOf(own.certificate.Subject).Name
	return ""
}

// holds tells whether the token was signed by a service we trust: "" or the code
// of what is wrong with the stamp.
func (t *trial) holds(ctx context.Context) string {
	t.certificate, t.digest = t.find(), pki.DigestByOID(t.signer.Digest)
	if err := t.read(); err != nil {
		return "timestamp_unknown"
	}
	checks := []Check{
		check(CheckIntegrity, t.integrity()), check(CheckSignature, t.signature()), check(CheckCertificateID, t.certificateID()),
		check(CheckChain, t.findChain()), check(CheckValidity, t.validity()), check(CheckRevocation, t.revocation(ctx)),
	}
	unknown := false
	for _, c := range checks {
		if c.Status == Failed {
			return "bad_timestamp"
		}
		unknown = unknown || c.Status == Unknown
	}
	if unknown || !stamps(t.certificate) {
		return "timestamp_unknown"
	}
	return ""
}

// stamps tells whether the certificate is one of a time stamping service (RFC
// 3161 section 2.3).
func stamps(c *pki.Certificate) bool {
	return len(c.ExtKeyUsage) == 1 && len(c.UnknownExtKeyUsage) == 0 && c.ExtKeyUsage[0] == x509.ExtKeyUsageTimeStamping
}
