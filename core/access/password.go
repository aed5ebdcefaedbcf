package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/uzel-hub/uzel/core"
)

// Cost is what one argon2id computation takes (RFC 9106).
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
}

// DefaultCost takes 50–100 ms of one core of 2026. It is above the least OWASP
// asks for (19 MiB, two passes), and two at once stay within 64 MiB.
var DefaultCost = Cost{MemoryKiB: 32 * 1024, Passes: 2}

const (
	saltBytes = 16
	hashBytes = 32

	maxPasswordBytes = 256

	// Sign-ins wait for a slot, so that a flood of them takes neither the memory
	// nor all cores; a longer queue is refused.
	slots     = 2
	maxQueued = 64
)

// hasher computes argon2id, a bounded number at a time.
type hasher struct {
	cost   Cost
	queue  chan struct{}
	slot   chan struct{}
	absent string // a hash no password fits, for logins that do not exist
}

func newHasher(cost Cost) *hasher {
	h := &hasher{cost: cost, queue: make(chan struct{}, maxQueued), slot: make(chan struct{}, slots)}
	h.absent = phc(cost, random(saltBytes), make([]byte, hashBytes))
	return h
}

// hash makes the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := random(saltBytes)
	sum, err := h.compute(ctx, h.cost, password, salt, hashBytes)
	if err != nil {
		return "", err
	}
	return phc(h.cost, salt, sum), nil
}

// verify tells whether the password fits, and whether the stored hash was made
// with another cost and should be made anew.
func (h *hasher) verify(ctx context.Context, stored, password string) (fits, outdated bool, err error) {
	cost, salt, want, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.compute(ctx, cost, password, salt, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, cost != h.cost, nil
}

func (h *hasher) compute(ctx context.Context, c Cost, password string, salt []byte, size uint32) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, core.Unavailable("access.busy", "слишком много входов одновременно, повторите позже", nil)
	}
	select {
	case h.slot <- struct{}{}:
		defer func() { <-h.slot }()
	case <-ctx.Done():
		return nil, core.Unavailable("access.busy", "вход не завершён вовремя, повторите позже", ctx.Err())
	}
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.Passes, c.MemoryKiB, 1, size), nil
}

func phc(c Cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, b64(salt), b64(sum))
}

// parsePHC reads what phc wrote. The bounds keep a damaged record from taking
// all memory.
func parsePHC(text string) (c Cost, salt, sum []byte, err error) {
	parts := strings.Split(text, "$")
	damaged := &core.Error{Kind: core.KindInternal, Code: "access.hash", Op: "read password hash"}
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, damaged
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &c.MemoryKiB, &c.Passes); err != nil {
		return c, nil, nil, damaged
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(sum) < 16 || len(sum) > 64 || c.Passes < 1 || c.Passes > 100 || c.MemoryKiB > 1<<20 {
		return c, nil, nil, damaged
	}
	return c, salt, sum, nil
}

// fitPassword says what is wrong with a new password of the login, nil if
// nothing is.
func (s *Service) fitPassword(ctx context.Context, field, login, password string) error {
	set, err := s.settings(ctx)
	switch {
	case err != nil:
		return err
	case utf8.RuneCountInString(password) < set.PasswordLength:
		return core.Invalid("access.password", field, fmt.Sprintf("пароль должен быть не короче %d знаков", set.PasswordLength))
	case len(password) > maxPasswordBytes:
		return core.Invalid("access.password", field, fmt.Sprintf("пароль должен занимать не больше %d байт", maxPasswordBytes))
	case !utf8.ValidString(password):
		return core.Invalid("access.password", field, "пароль содержит недопустимые знаки")
	case strings.EqualFold(password, login):
		return core.Invalid("access.password", field, "пароль не должен совпадать с логином")
	}
	return nil
}

func random(n int) []byte {
	raw := make([]byte, n)
	rand.Read(raw) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	return raw
}
