package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/sdk"
)

// office is a configured channel: it signs with one back end and verifies by one
// set of roots.
type office struct {
	log     hclog.Logger
	scratch string
	backEnd backEnd // nil: verification only
	judge   *judge.Judge
	now     func() time.Time
}

var _ sdk.Operator = (*office)(nil)

func newOffice(_ context.Context, s settings, env sdk.Env) (sdk.Channel, error) {
	b, err := newBackEnd(s, env)
	if err != nil {
		return nil, err
	}
	j, err := newJudge(s.Trust, env)
	if err != nil {
		return nil, err
	}
	return &office{log: env.Log, scratch: env.Scratch, backEnd: b, judge: j, now: time.Now}, nil
}

func newBackEnd(s settings, env sdk.Env) (backEnd, error) {
	switch s.BackEnd {
	case "openssl":
		return newKeyFile(s)
	case "pkcs12":
		return newPKCS12(s)
	case "cryptopro":
		return newCryptoPro(s.CryptoPro, env.Scratch), nil
	}
	return nil, nil
}

// Check sees that signing would work now.
func (o *office) Check(ctx context.Context) error {
	if o.backEnd == nil {
		return nil
	}
	if _, err := o.credential(ctx, ""); err != nil {
		return err
	}
	return o.backEnd.Check(ctx)
}

// Do runs one of the services.
func (o *office) Do(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	switch call.Operation {
	case opSign:
		return o.sign(ctx, call)
	case opHash:
		return o.hash(ctx, call)
	case opVerify:
		return o.verify(ctx, call)
	}
	return o.certificates(ctx)
}

// credentials are what can be signed with, the default first.
func (o *office) credentials(ctx context.Context) ([]credential, error) {
	if o.backEnd == nil {
		return nil, refusal(codeNoKeys, "канал настроен только на проверку подписей")
	}
	return o.backEnd.Credentials(ctx)
}

// credential is the one of the thumbprint, the default if that is empty, in force
// now.
func (o *office) credential(ctx context.Context, thumbprint string) (credential, error) {
	all, err := o.credentials(ctx)
	if err != nil {
		return credential{}, err
	}
	at := slices.IndexFunc(all, func(c credential) bool {
		return thumbprint == "" || strings.EqualFold(c.Thumbprint(), plainHex(thumbprint))
	})
	if at < 0 {
		return credential{}, badInput(codeNotFound, "certificate", "нет сертификата с таким отпечатком")
	}
	c := all[at]
	if !c.InForce(o.now()) {
		return credential{}, refusal(codeExpired, "сертификат подписи не действует: с "+day(c.NotBefore)+" по "+day(c.NotAfter))
	}
	return c, nil
}

func day(at time.Time) string { return at.Local().Format("02.01.2006") }

// plainHex takes the spaces and colons out that people copy along.
func plainHex(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == ':' || r == '\u200e' {
			return -1
		}
		return r
	}, s)
}
