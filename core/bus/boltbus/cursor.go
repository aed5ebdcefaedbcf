package boltbus

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// cursor is what a group has done of its topic, in the form it is stored in:
// eight bytes of a sequence up to which everything is done, then a bit for each
// sequence that follows, lowest bit first. Acknowledging sets a bit, so that it
// costs one small put whatever the order in which handlers end.
type cursor []byte

const cursorHead = 8

// newCursor has everything up to base done.
func newCursor(base uint64) cursor {
	return binary.BigEndian.AppendUint64(nil, base)
}

// readCursor copies a stored cursor; a missing one has nothing done.
func readCursor(raw []byte) cursor {
	if len(raw) < cursorHead {
		return newCursor(0)
	}
	return append(make(cursor, 0, len(raw)+8), raw...)
}

func (c cursor) base() uint64 { return binary.BigEndian.Uint64(c) }

// bit finds the byte and the mask of a sequence behind base.
func (c cursor) bit(seq uint64) (index int, mask byte) {
	n := seq - c.base() - 1
	return cursorHead + int(n/8), 1 << (n % 8)
}

func (c cursor) done(seq uint64) bool {
	if seq <= c.base() {
		return true
	}
	i, mask := c.bit(seq)
	return i < len(c) && c[i]&mask != 0
}

// mark has the sequences from first to last done.
func (c *cursor) mark(first, last uint64) {
	for seq := max(first, c.base()+1); seq <= last; seq++ {
		i, mask := c.bit(seq)
		for len(*c) <= i {
			*c = append(*c, 0)
		}
		(*c)[i] |= mask
	}
	c.shorten()
}

// shorten moves base over the bytes that are full.
func (c *cursor) shorten() {
	full := 0
	for i := cursorHead; i < len(*c) && (*c)[i] == 0xff; i++ {
		full++
	}
	if full == 0 {
		return
	}
	binary.BigEndian.PutUint64(*c, c.base()+8*uint64(full))
	*c = slices.Delete(*c, cursorHead, cursorHead+full)
}

// low is the last sequence up to which everything is done.
func (c cursor) low() uint64 {
	low := c.base()
	for _, b := range c[cursorHead:] {
		n := bits.TrailingZeros8(^b)
		low += uint64(n)
		if n < 8 {
			break
		}
	}
	return low
}

// pending counts the sequences up to last that are not done.
func (c cursor) pending(last uint64) uint64 {
	done := c.base()
	for _, b := range c[cursorHead:] {
		done += uint64(bits.OnesCount8(b))
	}
	return max(last, done) - done
}
