package access

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Config is what a Service needs.
type Config struct {
	Store store.Store
	Now   func() time.Time // nil means time.Now
	Cost  Cost             // zero means DefaultCost
}

// Service checks and manages everything that opens the hub. It is safe for
// concurrent use.
type Service struct {
	store     store.Store
	now       func() time.Time
	hasher    *hasher
	logins    *throttle
	addresses *throttle
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{
		store: c.Store, now: c.Now,
		logins:    newThrottle(loginFree, loginLongest),
		addresses: newThrottle(addressFree, addressLongest),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Cost == (Cost{}) {
		c.Cost = DefaultCost
	}
	s.hasher = newHasher(c.Cost)
	return s
}

// secret is a new random text of 256 bits.
func secret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// digest is what is kept of a secret. It needs no salt and no slowness: the
// secret has 256 random bits.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func normalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

func unauthenticated(code, text string) error {
	return &core.Error{Kind: core.KindUnauthenticated, Code: code, Text: text}
}

// public is the user without what must not leave this package.
func public(u *core.User) core.User {
	out := *u
	out.PasswordHash = ""
	return out
}
