package core

import (
	"path"
	"slices"
	"strings"
	"time"
)

// SignatureID is the id of a signature.
type SignatureID string

// SignatureOrigin is how a signature came to be here.
type SignatureOrigin string

const (
	SignatureMade    SignatureOrigin = "made"    // the hub had it made by a channel that signs
	SignatureArrived SignatureOrigin = "arrived" // came with a message, beside its file or around it
	SignatureBrought SignatureOrigin = "brought" // a person uploaded it ready
)

// SignatureState is how far a signature is.
type SignatureState string

const (
	SignatureSigning   SignatureState = "signing"   // asked for; perhaps a person has yet to confirm
	SignatureVerifying SignatureState = "verifying" // it is here and waits to be verified
	SignatureVerified  SignatureState = "verified"  // Status tells the outcome
	SignatureFailed    SignatureState = "failed"    // could not be made: Problem says why
)

// SignatureStates are all states, in the order of a life.
func SignatureStates() []SignatureState {
	return []SignatureState{SignatureSigning, SignatureVerifying, SignatureVerified, SignatureFailed}
}

// SignatureStatus is the outcome of a verification. What could not be found out
// never counts as valid.
type SignatureStatus string

const (
	SignatureValid         SignatureStatus = "valid"
	SignatureInvalid       SignatureStatus = "invalid"
	SignatureIndeterminate SignatureStatus = "indeterminate"
)

// Signature (электронная подпись) is one signature file: of a document's file,
// of a text on its way to approval, or of a visa.
type Signature struct {
	Meta
	ID           SignatureID    `json:"id"`
	Organization OrganizationID `json:"organization,omitempty"`
	// What it belongs to: a document, a draft, or both once the draft has become
	// the document.
	Document     DocumentID      `json:"document,omitempty"`
	Draft        DraftID         `json:"draft,omitempty"`
	DraftVersion int             `json:"draft_version,omitempty"`
	Visa         bool            `json:"visa,omitempty"` // under an approver's word, which File spells out
	Origin       SignatureOrigin `json:"origin"`
	State        SignatureState  `json:"state"`
	By           UserID          `json:"by,omitempty"` // who had it made or brought it

	File      *Attachment `json:"file,omitempty"`      // what is signed; nil: it lies inside, or is not here
	Signature *Attachment `json:"signature,omitempty"` // nil until it is made

	// How it is made: by which channel (empty: any that signs), with which
	// certificate (SHA-1 thumbprint; empty: the channel's own choice).
	Channel     ChannelID `json:"channel,omitempty"`
	Certificate string    `json:"certificate,omitempty"`

	// Work under way: the token of a pending answer, when to go on, how often it
	// was tried and what stood in the way last.
	Token    string     `json:"token,omitempty"`
	DueAt    *time.Time `json:"due_at,omitempty"`
	Attempts int        `json:"attempts,omitempty"`
	Problem  string     `json:"problem,omitempty"`

	Status    SignatureStatus   `json:"status,omitempty"` // the worst of the reports
	Reports   []SignatureReport `json:"reports,omitempty"`
	CheckedAt *time.Time        `json:"checked_at,omitempty"`
}

// RecordKey implements Record.
func (s *Signature) RecordKey() string { return string(s.ID) }

// Waiting tells whether there is still something to do.
func (s *Signature) Waiting() bool {
	return s.State == SignatureSigning || s.State == SignatureVerifying
}

// SignatureReport is what a verifying channel says about one signer. The fields
// are those of the service `verify`; moments are text as it gives them.
type SignatureReport struct {
	SignatureFile string                `json:"signature_file"`
	Document      string                `json:"document,omitempty"`
	Status        SignatureStatus       `json:"status"`
	Code          string                `json:"code,omitempty"`
	Text          string                `json:"text,omitempty"` // why, for people
	Kind          string                `json:"kind,omitempty"` // qualified, unqualified
	Format        string                `json:"format,omitempty"`
	Attached      bool                  `json:"attached,omitempty"`
	Algorithm     string                `json:"algorithm,omitempty"`
	Checks        []SignatureCheck      `json:"checks,omitempty"`
	Signer        SignerIdentity        `json:"signer"`
	Certificate   SignatureCertificate  `json:"certificate"`
	ClaimedAt     string                `json:"claimed_at,omitempty"` // the signer's word
	StampedAt     string                `json:"stamped_at,omitempty"`
	StampedBy     string                `json:"stamped_by,omitempty"`
	JudgedAt      string                `json:"judged_at,omitempty"`
	Revocation    CertificateRevocation `json:"revocation"`
	Digests       FileDigests           `json:"digests"`
}

// SignatureCheck is one check of a report.
type SignatureCheck struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Status string `json:"status"` // passed, failed, unknown, absent
	Code   string `json:"code,omitempty"`
	Text   string `json:"text,omitempty"`
}

// SignerIdentity is whom the signer's certificate names.
type SignerIdentity struct {
	Name         string `json:"name,omitempty"`
	Surname      string `json:"surname,omitempty"`
	GivenName    string `json:"given_name,omitempty"`
	Position     string `json:"position,omitempty"`
	Organization string `json:"organization,omitempty"`
	INN          string `json:"inn,omitempty"`
	INNLE        string `json:"inn_le,omitempty"`
	OGRN         string `json:"ogrn,omitempty"`
	OGRNIP       string `json:"ogrnip,omitempty"`
	SNILS        string `json:"snils,omitempty"`
	Email        string `json:"email,omitempty"`
}

// SignatureCertificate is what people want to know of the signer's certificate.
type SignatureCertificate struct {
	Serial     string `json:"serial,omitempty"`
	SHA1       string `json:"sha1,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Issuer     string `json:"issuer,omitempty"`
	IssuerOGRN string `json:"issuer_ogrn,omitempty"`
	NotBefore  string `json:"not_before,omitempty"`
	NotAfter   string `json:"not_after,omitempty"`
	Class      string `json:"class,omitempty"`
	SignTool   string `json:"sign_tool,omitempty"`
}

// CertificateRevocation is what is known of a revocation.
type CertificateRevocation struct {
	Source     string `json:"source,omitempty"`
	ThisUpdate string `json:"this_update,omitempty"`
	NextUpdate string `json:"next_update,omitempty"`
	RevokedAt  string `json:"revoked_at,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

// FileDigests are sums by which a signed file can be recognised elsewhere.
type FileDigests struct {
	GOST256 string `json:"gost256,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Size    int64  `json:"size,omitempty"`
}

// SigningCertificate is a certificate that a channel can sign with, as the
// service `certificates` tells it.
type SigningCertificate struct {
	Thumbprint string         `json:"thumbprint"` // SHA-1, lower-case hex
	Default    bool           `json:"default"`
	Algorithm  string         `json:"algorithm"`
	Serial     string         `json:"serial"`
	NotBefore  string         `json:"not_before"`
	NotAfter   string         `json:"not_after"`
	Holder     SignerIdentity `json:"holder"`
}

// IsSignature tells whether a file is a signature, by its role or its name.
func (a Attachment) IsSignature() bool {
	return a.Role == FileSignature || signatureEnding(a.Name) != ""
}

// SignedOf is the file among all that the signature belongs to: the one it names,
// else the one it has its name from; nil if there is none.
func (a Attachment) SignedOf(all []Attachment) *Attachment {
	want := a.Signs
	if want == "" {
		want = strings.TrimSuffix(a.Name, signatureEnding(a.Name))
	}
	i := slices.IndexFunc(all, func(f Attachment) bool { return f.Name == want && f.Hash != a.Hash })
	if i < 0 {
		return nil
	}
	f := all[i]
	return &f
}

func signatureEnding(name string) string {
	ext := path.Ext(name)
	if slices.Contains([]string{".sig", ".p7s", ".sgn"}, strings.ToLower(ext)) {
		return ext
	}
	return ""
}
