package blob

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/uzel-hub/uzel/core"
)

// Sum is a hash in binary form, as drivers use it inside.
type Sum [sha256.Size]byte

// String is the form of the hash in a [Ref].
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// ParseHash accepts exactly the form that [Ref] carries: 64 lower-case
// hexadecimal digits. Anything else is an error of kind invalid.
func ParseHash(hash string) (Sum, error) {
	var s Sum
	if len(hash) != hex.EncodedLen(len(s)) {
		return s, errHash()
	}
	for _, c := range []byte(hash) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return s, errHash()
		}
	}
	if _, err := hex.Decode(s[:], []byte(hash)); err != nil {
		return s, errHash()
	}
	return s, nil
}

func errHash() error {
	return core.Invalid("blob.hash", "hash", "ожидается SHA-256: 64 шестнадцатеричные цифры в нижнем регистре")
}
