package routing

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// sieve tells of a literal that it is surely not in some folded texts, for what
// a look at a few bits costs. Most literals of a rule set are in no document, and
// looking for each of them from one end of the text to the other is what deciding
// would spend its time on. A sieve has a bit for every run of so many bytes that
// begins with a character, and one for every word, at their hashes.
type sieve struct {
	bits  []uint64
	shift uint8 // makes the number of a bit of a hash
}

const (
	runBytes = 8 // four Cyrillic letters

	bitsPerByte  = 8 // of a text: less than one in ten is set then
	minSieveBits = 1 << 10
	maxSieveBits = 1 << 18
)

func newSieve(texts []string) sieve {
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	size = max(minSieveBits, min(size*bitsPerByte, maxSieveBits))
	log := bits.Len(uint(size - 1))
	s := sieve{bits: make([]uint64, 1<<(log-6)), shift: uint8(64 - log)}
	for _, text := range texts {
		s.add(text)
	}
	return s
}

func (s *sieve) add(text string) {
	var word uint64
	for i := 0; i < len(text); {
		if i+runBytes <= len(text) {
			s.set(runHash(text[i:]))
		}
		r, size := pair(text, i)
		if size == 0 {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		if i += size; inWord(r) {
			word = wordHash(word, r)
		} else if word != 0 {
			s.set(word)
			word = 0
		}
	}
	s.set(word)
}

func (s *sieve) set(hash uint64) {
	bit := hash >> (s.shift & 63)
	s.bits[bit>>6] |= 1 << (bit & 63)
}

func (s *sieve) has(hash uint64) bool {
	bit := hash >> (s.shift & 63)
	return s.bits[bit>>6]&(1<<(bit&63)) != 0
}

// spread is odd and has no pattern in its bits; the highest bits of a product
// with it depend on all bits of the other number.
const spread = 0x9E3779B97F4A7C15

// runHash is the hash of the run that begins the text.
func runHash(text string) uint64 {
	return (uint64(text[7])<<56 | uint64(text[6])<<48 | uint64(text[5])<<40 | uint64(text[4])<<32 |
		uint64(text[3])<<24 | uint64(text[2])<<16 | uint64(text[1])<<8 | uint64(text[0])) * spread
}

// wordHash is the hash of a word with one more character; it is never 0.
func wordHash(word uint64, r rune) uint64 { return (word ^ uint64(r)<<1 ^ 1) * spread }

// literal is a text to be looked for, with hashes that texts which have it have,
// too; none if it is too short.
type literal struct {
	text   string
	hashes []uint64
}

// maxRuns is how many runs of a literal are asked for.
const maxRuns = 4

func newLiteral(text string) literal {
	var all []uint64
	for at := range text {
		if at+runBytes <= len(text) {
			all = append(all, runHash(text[at:]))
		}
	}
	l := literal{text: text}
	n := min(len(all), maxRuns)
	for i := range n { // spread from the first to the last
		l.hashes = append(l.hashes, all[i*(len(all)-1)/max(n-1, 1)])
	}
	return l
}

// newWord is a literal of spaced texts: a word, or an open one, which may go on.
func newWord(text string, open bool) literal {
	if open {
		l := newLiteral(text)
		l.text = " " + text
		return l
	}
	var hash uint64
	for _, r := range text {
		hash = wordHash(hash, r)
	}
	return literal{" " + text + " ", []uint64{hash}}
}

// maybe tells whether the literal can be in a text of the sieve.
func (s *sieve) maybe(l *literal) bool {
	for _, hash := range l.hashes {
		if !s.has(hash) {
			return false
		}
	}
	return true
}

// maybeAll tells whether all of the literals can be in the texts together.
func (s *sieve) maybeAll(of []literal) bool {
	for i := range of {
		if !s.maybe(&of[i]) {
			return false
		}
	}
	return true
}

// inOne tells whether the literal is in one of the texts of the sieve.
func (l *literal) inOne(texts []string, s *sieve) bool {
	return s.maybe(l) && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, l.text) })
}
