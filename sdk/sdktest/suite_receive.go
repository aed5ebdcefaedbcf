package sdktest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// bound is how long something may take that has nothing to wait for.
const bound = 5 * time.Second

func ended(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(bound):
		t.Fatalf("%s did not end within %v", what, bound)
	}
}

func (s *suite) receive(t *testing.T) {
	h, w := s.world(t)
	kinds := h.Describe().GetKinds()
	w.Produce(3)
	r := h.Receive(Reception{})
	h.Await(3)
	w.Produce(2)
	for _, m := range h.Await(5) {
		if m.ExternalID == "" || !slices.Contains(kinds, string(m.Kind)) {
			t.Errorf("message without an id or of an undeclared kind: %q %q", m.ExternalID, m.Kind)
		}
		if m.At.After(time.Now().Add(24 * time.Hour)) {
			t.Errorf("message %s comes from the future: %v", m.ExternalID, m.At)
		}
	}
	r.Cancel()
	s.settled(t, h, 5)
}

// settled opens the stream once more and sees that nothing new comes.
func (s *suite) settled(t *testing.T, h *Hub, n int) {
	t.Helper()
	r := h.Receive(Reception{})
	if _, err := h.Wake(); err != nil {
		t.Error(err)
	}
	select {
	case <-time.After(300 * time.Millisecond): // long enough for what should not happen to happen
	case <-r.Done():
	}
	r.Cancel()
	if got := len(h.Stored()); got != n {
		t.Errorf("%d messages are kept, %d were produced", got, n)
	}
}

func (s *suite) receiveEnds(t *testing.T) {
	h, w := s.world(t)
	w.Produce(2)
	r := h.Receive(Reception{})
	h.Await(2)
	canceled := make(chan struct{})
	go func() { defer close(canceled); r.Cancel() }()
	ended(t, canceled, "Receive")
	w.Produce(1)
	h.Receive(Reception{})
	h.Await(3)
}

// receiveMute lets the hub fall silent at random points and go away.
func (s *suite) receiveMute(t *testing.T) {
	h, w := s.world(t)
	const total = 30
	w.Produce(total)
	for round := 0; len(h.Stored()) < total && round < 200; round++ {
		left := rand.IntN(6)
		mute, all := make(chan struct{}), h.arrival(total)
		r := h.Receive(Reception{Window: 1 + rand.IntN(8), Answer: func(sdk.Message) error {
			if left--; left >= 0 {
				return nil
			}
			if left < -1 {
				return ErrSilence
			}
			close(mute)
			if round%2 == 0 {
				return ErrLostAnswer
			}
			return ErrSilence
		}})
		select {
		case <-mute:
		case <-all:
		case <-r.Done():
		case <-time.After(Patience):
			t.Fatalf("nothing came within %v with %d of %d messages kept", Patience, len(h.Stored()), total)
		}
		r.Cancel()
	}
	s.settled(t, h, total)
}

func (s *suite) wake(t *testing.T) {
	h, w := s.world(t)
	w.Produce(1)
	r := h.Receive(Reception{})
	h.Await(1)
	w.Produce(1)
	restart, err := h.Wake()
	if err != nil {
		t.Fatal(err)
	}
	if restart {
		r.Cancel()
		h.Receive(Reception{})
	}
	h.Await(2)
}
