package fileblob

import (
	"encoding/binary"
	"math/bits"

	"github.com/uzel-hub/uzel/core/blob"
)

// bloom answers "certainly not here" for a set of hashes. At 16 bits and 8
// probes an entry it is wrong about one strange hash in 1,700.
type bloom []uint64

const (
	bloomBits   = 16
	bloomProbes = 8
)

func newBloom(entries int) bloom {
	return make(bloom, max(1, (entries*bloomBits+63)/64))
}

func (b bloom) add(s blob.Sum) {
	h, step := bloomHash(s)
	for range bloomProbes {
		i, _ := bits.Mul64(h, uint64(len(b))*64)
		b[i/64] |= 1 << (i % 64)
		h += step
	}
}

func (b bloom) has(s blob.Sum) bool {
	h, step := bloomHash(s)
	for range bloomProbes {
		i, _ := bits.Mul64(h, uint64(len(b))*64)
		if b[i/64]&(1<<(i%64)) == 0 {
			return false
		}
		h += step
	}
	return true
}

// bloomHash takes its randomness from the hash itself, away from the first
// byte, which the fan-out uses.
func bloomHash(s blob.Sum) (h, step uint64) {
	return binary.LittleEndian.Uint64(s[8:]), binary.LittleEndian.Uint64(s[16:]) | 1
}
