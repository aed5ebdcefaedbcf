package fileblob

import "sync/atomic"

// Stats are counters since the store was opened, for metrics.
type Stats struct {
	Puts         uint64 // calls of Put whose content could be read
	Duplicates   uint64 // of these: content that was stored already
	Bytes        uint64 // of content written
	Groups       uint64 // flushes for small files
	Grouped      uint64 // small files written; Grouped/Groups is the mean group
	LargestGroup uint64 // files
	Flushes      uint64 // of anything
	Opens        uint64
	Deletes      uint64
	Packs        int // now
}

type counters struct {
	puts, duplicates, bytes       atomic.Uint64
	groups, grouped, largestGroup atomic.Uint64
	opens, deletes                atomic.Uint64
}

// group counts one group; only the committer calls it.
func (c *counters) group(n int) {
	c.groups.Add(1)
	c.grouped.Add(uint64(n))
	c.largestGroup.Store(max(c.largestGroup.Load(), uint64(n)))
}

// Stats may be called at any time, also after Close.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	packs := len(s.sealed) + 1
	s.mu.RUnlock()
	return Stats{
		Puts:         s.counters.puts.Load(),
		Duplicates:   s.counters.duplicates.Load(),
		Bytes:        s.counters.bytes.Load(),
		Groups:       s.counters.groups.Load(),
		Grouped:      s.counters.grouped.Load(),
		LargestGroup: s.counters.largestGroup.Load(),
		Flushes:      s.disk.flushes.Load(),
		Opens:        s.counters.opens.Load(),
		Deletes:      s.counters.deletes.Load(),
		Packs:        packs,
	}
}
