package main

import (
	"context"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
)

// backEnd is a means of signing. Beside it a back end has one of valueSigner and
// documentSigner, or both.
type backEnd interface {
	// Credentials are what it can sign with, the default first.
	Credentials(ctx context.Context) ([]credential, error)
	// Check tells whether signing would work now.
	Check(ctx context.Context) error
}

// credential is a certificate whose key the back end has.
type credential struct {
	*pki.Certificate
	Chain []*pki.Certificate // its issuers, as far as known
}

// valueSigner makes bare signatures, which the connector wraps: keys in files,
// PKCS#11 tokens.
type valueSigner interface {
	// SignValue hashes data with the certificate's digest and signs the sum. The
	// value has the form of CMS: GOST s ‖ r, ECDSA in DER.
	SignValue(ctx context.Context, c credential, data []byte) ([]byte, error)
}

// documentSigner makes finished CMS signatures and wants the documents
// themselves: CryptoPro CSP, DSS.
type documentSigner interface {
	SignDocuments(ctx context.Context, c credential, docs []sdk.File, attached bool) (signing, error)
	// Resume asks what became of a pending one.
	Resume(ctx context.Context, token string) (signing, error)
}

// signing is the outcome of a documentSigner: signatures in the order of the
// documents, or a token to ask again with when a person has yet to confirm.
type signing struct {
	CMS      [][]byte
	Token    string // pending
	AskAfter time.Duration
}
