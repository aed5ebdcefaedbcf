package main

import (
	"slices"
	"sync"
	"time"
)

// figures are what the operation stats gives out.
type figures struct {
	Messages int     `setting:"messages" title:"Передано и принято"`
	Begun    int     `setting:"begun" title:"Начало, наносекунды с 1970 года"`
	Seconds  float64 `setting:"seconds" title:"До последнего подтверждения"`
	P50      float64 `setting:"p50_ms" title:"Задержка подтверждения, медиана"`
	P99      float64 `setting:"p99_ms" title:"Задержка подтверждения, 99 %"`
}

// stats counts what the hub took since Receive began.
type stats struct {
	mu       sync.Mutex
	messages int
	begun    time.Time
	last     time.Time
	took     []time.Duration // steady stream only
}

func (s *stats) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages, s.took, s.begun, s.last = 0, nil, time.Now(), time.Time{}
}

// posted notes that n messages were handed over.
func (s *stats) posted(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = n
}

// flushed notes that all of them were answered.
func (s *stats) flushed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

// answered notes one answer and how long it took from the moment the message
// was due.
func (s *stats) answered(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages++
	s.took = append(s.took, took)
	s.last = time.Now()
}

func (s *stats) figures() figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := figures{Messages: s.messages, Begun: int(s.begun.UnixNano())}
	if !s.last.IsZero() {
		f.Seconds = s.last.Sub(s.begun).Seconds()
	}
	if n := len(s.took); n > 0 {
		sorted := slices.Sorted(slices.Values(s.took))
		f.P50 = sorted[n/2].Seconds() * 1000
		f.P99 = sorted[n*99/100].Seconds() * 1000
	}
	return f
}
