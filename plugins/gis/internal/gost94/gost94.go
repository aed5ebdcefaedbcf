// Package gost94 computes GOST R 34.11-94 with the parameters of CryptoPro (RFC
// 5831, RFC 4357 11.2): GIS ZhKKh takes the hash of an attached file in it. The
// standard is long replaced for signatures; nothing is signed with it here.
package gost94

import (
	"encoding/binary"
	"hash"
)

// Size is the length of the hash in bytes.
const Size = 32

const blockSize = 32

// sbox is id-GostR3411-94-CryptoProParamSet, row 0 for the lowest four bits.
var sbox = [8][16]byte{
	{10, 4, 5, 6, 8, 1, 3, 7, 13, 12, 14, 0, 9, 2, 11, 15},
	{5, 15, 4, 0, 2, 13, 11, 9, 1, 7, 6, 3, 12, 14, 10, 8},
	{7, 15, 12, 14, 9, 4, 1, 0, 3, 11, 5, 2, 6, 10, 8, 13},
	{4, 10, 7, 12, 0, 15, 2, 8, 14, 1, 6, 5, 13, 11, 9, 3},
	{7, 6, 4, 11, 9, 12, 2, 10, 1, 8, 0, 14, 15, 13, 3, 5},
	{7, 6, 2, 4, 13, 9, 15, 0, 10, 1, 5, 11, 8, 14, 12, 3},
	{13, 14, 4, 1, 7, 0, 5, 10, 3, 12, 8, 15, 6, 2, 9, 11},
	{1, 3, 10, 9, 5, 11, 4, 15, 8, 6, 7, 14, 13, 0, 2, 12},
}

// digest is the state of one computation. Blocks are little-endian throughout.
type digest struct {
	h, sum [blockSize]byte
	buf    [blockSize]byte
	n      int    // bytes in buf
	length uint64 // of all, in bytes
}

// New is an empty computation.
func New() hash.Hash { return &digest{} }

func (d *digest) Reset()         { *d = digest{} }
func (d *digest) Size() int      { return Size }
func (d *digest) BlockSize() int { return blockSize }

func (d *digest) Write(p []byte) (int, error) {
	total := len(p)
	d.length += uint64(total)
	for len(p) > 0 {
		n := copy(d.buf[d.n:], p)
		d.n, p = d.n+n, p[n:]
		if d.n == blockSize {
			d.block(d.buf)
			d.n = 0
		}
	}
	return total, nil
}

func (d *digest) block(m [blockSize]byte) {
	d.add(m)
	d.h = step(d.h, m)
}

// add is addition modulo 2^256.
func (d *digest) add(m [blockSize]byte) {
	carry := 0
	for i := range d.sum {
		carry += int(d.sum[i]) + int(m[i])
		d.sum[i] = byte(carry)
		carry >>= 8
	}
}

func (d *digest) Sum(in []byte) []byte {
	e := *d
	if e.n > 0 {
		var last [blockSize]byte
		copy(last[:], e.buf[:e.n])
		e.block(last)
	}
	var length [blockSize]byte
	binary.LittleEndian.PutUint64(length[:], e.length*8)
	binary.LittleEndian.PutUint64(length[8:], e.length>>61)
	h := step(step(e.h, length), e.sum)
	return append(in, h[:]...)
}

// step is the function of one step: keys, four ciphers, mixing.
func step(h, m [blockSize]byte) [blockSize]byte {
	c3 := [blockSize]byte{
		0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0xff, 0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0x00,
		0x00, 0xff, 0xff, 0x00, 0xff, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0xff,
	}
	u, v := h, m
	var s [blockSize]byte
	for i := range 4 {
		if i > 0 {
			u = a(u)
			if i == 2 {
				u = xor(u, c3)
			}
			v = a(a(v))
		}
		encrypt(s[8*i:], h[8*i:], p(xor(u, v)))
	}
	return mix(h, m, s)
}

func xor(x, y [blockSize]byte) [blockSize]byte {
	for i := range x {
		x[i] ^= y[i]
	}
	return x
}

// a shifts by one quarter: y4|y3|y2|y1 becomes (y1^y2)|y4|y3|y2.
func a(y [blockSize]byte) (out [blockSize]byte) {
	copy(out[:24], y[8:])
	for i := range 8 {
		out[24+i] = y[i] ^ y[8+i]
	}
	return out
}

// p permutes the bytes.
func p(y [blockSize]byte) (out [blockSize]byte) {
	for i := range 4 {
		for k := range 8 {
			out[i+4*k] = y[8*i+k]
		}
	}
	return out
}

// encrypt is GOST 28147-89 of one block of eight bytes.
func encrypt(dst, src []byte, key [blockSize]byte) {
	var k [8]uint32
	for i := range k {
		k[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	n1, n2 := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[4:])
	for r := range 32 {
		i := r % 8
		if r >= 24 {
			i = 7 - i
		}
		n1, n2 = n2^round(n1+k[i]), n1
	}
	binary.LittleEndian.PutUint32(dst, n2)
	binary.LittleEndian.PutUint32(dst[4:], n1)
}

func round(x uint32) (out uint32) {
	for i := range 8 {
		out |= uint32(sbox[i][x>>(4*i)&15]) << (4 * i)
	}
	return out<<11 | out>>21
}

// mix is psi^61(H ^ psi(M ^ psi^12(S))).
func mix(h, m, s [blockSize]byte) [blockSize]byte {
	s = xor(m, psi(s, 12))
	s = xor(h, psi(s, 1))
	return psi(s, 61)
}

// psi shifts sixteen-bit words n times.
func psi(y [blockSize]byte, n int) [blockSize]byte {
	for range n {
		var w uint16
		for _, i := range [...]int{0, 1, 2, 3, 12, 15} {
			w ^= binary.LittleEndian.Uint16(y[2*i:])
		}
		copy(y[:], y[2:])
		binary.LittleEndian.PutUint16(y[30:], w)
	}
	return y
}
