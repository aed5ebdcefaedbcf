package routing

import (
	"math/bits"
	"slices"
	"strings"
)

// sieve tells of a literal that it is surely not in a text, for what a look at
// a few bits costs. Most literals of a rule set are in no document, and looking
// for each of them from one end of the text to the other is what deciding would
// spend its time on. A sieve has a bit for every run of shortRun and of longRun
// bytes of the text, at the hash of the run.
type sieve struct {
	bits  []uint64
	shift uint8 // makes the number of a bit of a hash
}

const (
	shortRun = 4 // two Cyrillic letters
	longRun  = 8

	bitsPerByte  = 16 // of a text: an eighth of them is set then
	minSieveBits = 1 << 10
	maxSieveBits = 1 << 18
)

func newSieve(texts ...string) sieve {
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
	var run uint64
	for i := range len(text) {
		run = run<<8 | uint64(text[i])
		if i >= shortRun-1 {
			s.set(hashShort(run))
		}
		if i >= longRun-1 {
			s.set(hashLong(run))
		}
	}
}

func (s *sieve) set(hash uint64) {
	bit := hash >> s.shift
	s.bits[bit>>6] |= 1 << (bit & 63)
}

func (s *sieve) has(hash uint64) bool {
	bit := hash >> s.shift
	return s.bits[bit>>6]&(1<<(bit&63)) != 0
}

// The multipliers are odd and have no pattern in their bits; the highest bits of
// the product depend on all bits of the run.
func hashShort(run uint64) uint64 { return run << (64 - 8*shortRun) * 0x9E3779B97F4A7C15 }

func hashLong(run uint64) uint64 { return run * 0xC2B2AE3D27D4EB4F }

// literal is a text to be looked for, with the hashes of some of its runs; it
// has none if it is too short for one.
type literal struct {
	text string
	runs []uint64
}

// maxRuns is how many runs of a literal are asked for.
const maxRuns = 4

func newLiteral(text string) literal {
	hash, size := hashLong, longRun
	if len(text) < longRun {
		hash, size = hashShort, shortRun
	}
	l := literal{text: text}
	last := len(text) - size // where the last run begins
	n := min(last+1, maxRuns)
	for i := range n {
		at := i * last / max(n-1, 1) // spread from the first to the last
		var run uint64
		for _, c := range []byte(text[at : at+size]) {
			run = run<<8 | uint64(c)
		}
		l.runs = append(l.runs, hash(run))
	}
	return l
}

// maybe tells whether the literal can be in a text of the sieve.
func (s *sieve) maybe(l *literal) bool {
	for _, run := range l.runs {
		if !s.has(run) {
			return false
		}
	}
	return true
}

// inOne tells whether the literal is in one of the texts of the sieve.
func (l *literal) inOne(texts []string, s *sieve) bool {
	return s.maybe(l) && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, l.text) })
}
