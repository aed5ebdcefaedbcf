// Package gost holds the Russian algorithms that Go's library has not: the hash
// function GOST R 34.11-2012 (Streebog, RFC 6986) and the verification of
// signatures GOST R 34.10-2012 (RFC 7091) on the curves of RFC 7836 and RFC
// 4357.
//
// There is no signing here on purpose: math/big does not work in constant time
// and must not see a private key.
package gost

import (
	"encoding/binary"
	"hash"
)

// The sizes of Streebog in bytes.
const (
	Size256   = 32
	Size512   = 64
	BlockSize = 64
)

// block is 512 bits; the first word is the least significant.
type block [8]uint64

// digest implements hash.Hash. The sum comes in the byte order of files and
// tools, the least significant byte first; the standard prints it reversed.
type digest struct {
	size     int
	h, n, s  block // chaining value, count of bits, sum of blocks
	tail     [BlockSize]byte
	buffered int
}

// New256 is Streebog with a sum of 32 bytes.
func New256() hash.Hash { return newDigest(Size256) }

// New512 is Streebog with a sum of 64 bytes.
func New512() hash.Hash { return newDigest(Size512) }

func newDigest(size int) hash.Hash {
	d := &digest{size: size}
	d.Reset()
	return d
}

func (d *digest) Reset() {
	*d = digest{size: d.size}
	if d.size == Size256 {
		for i := range d.h {
			d.h[i] = 0x0101010101010101
		}
	}
}

func (d *digest) Size() int      { return d.size }
func (d *digest) BlockSize() int { return BlockSize }

func (d *digest) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if d.buffered == 0 && len(p) >= BlockSize {
			d.take(p[:BlockSize], 8*BlockSize)
			p = p[BlockSize:]
			continue
		}
		n := copy(d.tail[d.buffered:], p)
		p = p[n:]
		if d.buffered += n; d.buffered == BlockSize {
			d.take(d.tail[:], 8*BlockSize)
			d.buffered = 0
		}
	}
	return total, nil
}

// take compresses one block that carries so many bits of the message.
func (d *digest) take(p []byte, bits uint64) {
	m := blockOf(p)
	compress(&d.h, &d.n, &m)
	d.n.add(&block{bits})
	d.s.add(&m)
}

func (d *digest) Sum(in []byte) []byte {
	end := *d // Sum may be followed by more writing
	last := [BlockSize]byte{}
	copy(last[:], end.tail[:end.buffered])
	last[end.buffered] = 1
	end.take(last[:], uint64(8*end.buffered))
	compress(&end.h, &block{}, &end.n)
	compress(&end.h, &block{}, &end.s)
	var out [BlockSize]byte
	for i, w := range end.h {
		binary.LittleEndian.PutUint64(out[8*i:], w)
	}
	return append(in, out[BlockSize-d.size:]...)
}

func blockOf(p []byte) (b block) {
	for i := range b {
		b[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	return b
}

// add is the sum modulo 2^512.
func (b *block) add(other *block) {
	var carry uint64
	for i := range b {
		sum := b[i] + other[i]
		over := sum < b[i]
		b[i] = sum + carry
		if b[i] < sum {
			over = true
		}
		carry = 0
		if over {
			carry = 1
		}
	}
}

// compress is the function g of the standard: h becomes g_n(h, m).
func compress(h, n, m *block) {
	key, state := lps(h, n), *m
	for i := range rounds {
		state = lps(&state, &key)
		key = lps(&key, &rounds[i])
	}
	for i := range h {
		h[i] ^= state[i] ^ key[i] ^ m[i]
	}
}

// lps is the sum of two blocks through the substitution, the permutation of
// bytes and the linear mapping.
func lps(a, b *block) (out block) {
	var x block
	for i := range x {
		x[i] = a[i] ^ b[i]
	}
	for i := range out {
		shift := uint(8 * i)
		for j := range x {
			out[i] ^= mixed[j][byte(x[j]>>shift)]
		}
	}
	return out
}

// mixed[j][b] is what a byte b at place j adds to a word after the substitution
// and the linear mapping.
var mixed = func() (t [8][256]uint64) {
	for j := range t {
		for b := range 256 {
			for bit := range 8 {
				if substitution[b]>>bit&1 == 1 {
					t[j][b] ^= matrix[63-8*j-bit]
				}
			}
		}
	}
	return t
}()
