package store

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// numbers collects, per counter, the registration numbers that documents bear.
type numbers map[string]*given

// given is one bit a number, in words of 64: ten million numbers take a few MB.
type given struct {
	words   map[uint64]uint64
	doubles []uint64
	last    uint64 // by the counter
}

// see takes note of a document's number or of a counter.
func (n numbers) see(rec any) {
	switch rec := rec.(type) {
	case *core.Document:
		if rec.Number != nil {
			n.of(core.CounterKey(rec.Number.Journal, rec.Number.Year)).add(rec.Number.Seq)
		}
	case *core.Counter:
		n.of(rec.RecordKey()).last = rec.Last
	}
}

func (n numbers) of(key string) *given {
	if n[key] == nil {
		n[key] = &given{words: make(map[uint64]uint64)}
	}
	return n[key]
}

func (g *given) add(seq uint64) {
	bit := uint64(1) << (seq % 64)
	if g.words[seq/64]&bit != 0 {
		g.doubles = append(g.doubles, seq)
	}
	g.words[seq/64] |= bit
}

// all yields the numbers in ascending order.
func (g *given) all(yield func(uint64) bool) {
	for _, word := range slices.Sorted(maps.Keys(g.words)) {
		for rest := g.words[word]; rest != 0; rest &= rest - 1 {
			if !yield(word*64 + uint64(bits.TrailingZeros64(rest))) {
				return
			}
		}
	}
}

// check reports doubles, holes and numbers beyond the counters.
func (n numbers) check(fault func(string, ...any)) {
	for _, key := range slices.Sorted(maps.Keys(n)) {
		n[key].check(key, fault)
	}
}

func (g *given) check(key string, fault func(string, ...any)) {
	for _, seq := range g.doubles {
		fault("number %d of %s stands on several documents", seq, key)
	}
	var before uint64
	hole := func(next uint64) {
		if next > before+1 {
			fault("numbers %d to %d of %s stand on no document", before+1, next-1, key)
		}
	}
	for seq := range g.all {
		if seq == 0 || seq > g.last {
			fault("number %d of %s is outside of what its counter gave out: 1 to %d", seq, key, g.last)
			continue
		}
		hole(seq)
		before = seq
	}
	hole(g.last + 1)
}
