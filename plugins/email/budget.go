package main

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// budget bounds automatic letters to one address a day: the last resort
// against two machines that answer each other, which works whatever their
// headers say. It begins anew with the process: a restart in the middle of such
// a talk prolongs it by one budget at most.
type budget struct {
	mu   sync.Mutex
	now  func() time.Time
	max  int
	sent map[string][]time.Time
}

func newBudget(max int, now func() time.Time) *budget {
	return &budget{max: max, now: now, sent: map[string][]time.Time{}}
}

// take asks for one more letter to each of the addresses; it is all or none.
func (b *budget) take(addresses []string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.forget(now.Add(-24 * time.Hour))
	for _, a := range addresses {
		if len(b.sent[strings.ToLower(a)]) >= b.max {
			return false
		}
	}
	for _, a := range addresses {
		a = strings.ToLower(a)
		b.sent[a] = append(b.sent[a], now)
	}
	return true
}

func (b *budget) forget(before time.Time) {
	for a, times := range b.sent {
		times = slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(before) })
		if b.sent[a] = times; len(times) == 0 {
			delete(b.sent, a)
		}
	}
}
