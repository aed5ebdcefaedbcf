package sdktest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/sdk"
)

func (s *suite) dispatch(w World, n int) sdk.Dispatch {
	d := w.Dispatch(n)
	d.Delivery, d.Attempt = fmt.Sprintf("dlv-%d", n), max(d.Attempt, 1)
	return d
}

func (s *suite) send(t *testing.T) {
	h, w := s.world(t)
	purposes := h.Describe().GetPurposes()
	for n := range 3 {
		d := s.dispatch(w, n)
		if !slices.Contains(purposes, string(d.Purpose)) {
			t.Fatalf("the sample has the purpose %q, declared are %v", d.Purpose, purposes)
		}
		r, err := h.Send(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		s.receipt(t, h, d, r)
	}
	if got := w.Delivered(); got != 3 {
		t.Errorf("%d deliveries reached the outside, want 3", got)
	}
}

// receipt checks that an outcome can be worked with.
func (s *suite) receipt(t *testing.T, h *Hub, d sdk.Dispatch, r sdk.Receipt) {
	t.Helper()
	states := []sdk.State{
		sdk.StateSubmitted, sdk.StateSent, sdk.StateDelivered, sdk.StateRead, sdk.StateRejected, sdk.StateUnknown,
	}
	if !slices.Contains(states, r.State) {
		t.Errorf("receipt of the unknown state %q", r.State)
	}
	if r.State != sdk.StateSubmitted {
		return
	}
	if _, err := h.Track(sdk.TrackItem{Delivery: d.Delivery, Token: r.Token, ExternalID: r.ExternalID}); err != nil {
		t.Errorf("a submitted delivery cannot be tracked: %v", err)
	}
}

func (s *suite) sendTwice(t *testing.T) {
	h, w := s.world(t)
	d := s.dispatch(w, 1)
	for attempt := range 2 {
		d.Attempt = attempt + 1
		if _, err := h.Send(t.Context(), d); err != nil {
			t.Fatalf("attempt %d: %v", attempt+1, err)
		}
	}
	if got := w.Delivered(); h.Describe().GetLimits().GetIdempotent() && got != 1 {
		t.Errorf("the connector calls itself idempotent, but %d deliveries reached the outside", got)
	}
}

// ---- operations and hooks

func (s *suite) operations(t *testing.T) {
	h, w := s.world(t)
	for _, op := range h.Describe().GetOperations() {
		call, ok := w.Operations[op.GetName()]
		if !ok {
			t.Errorf("the world has no run of the operation %s", op.GetName())
			continue
		}
		call.Operation = op.GetName()
		r, err := h.Do(t.Context(), call)
		for r.Pending && err == nil {
			if err = sdk.Pause(t.Context(), min(r.AskAfter, time.Second)); err == nil {
				call.Token = r.Token
				r, err = h.Do(t.Context(), call)
			}
		}
		if err != nil {
			t.Errorf("operation %s: %v", op.GetName(), err)
			continue
		}
		if len(r.Files) > 0 && !op.GetFilesOut() {
			t.Errorf("operation %s gives files it has not declared", op.GetName())
		}
		if err := readSchema(t, op.GetOutputSchema()).validate(orEmpty(r.Output)); err != nil {
			t.Errorf("operation %s: the output does not fit its schema: %v", op.GetName(), err)
		}
	}
}

func (s *suite) wrongInput(t *testing.T) {
	h, _ := s.world(t)
	if _, err := h.Do(t.Context(), sdk.OperationCall{Operation: "no-such-operation"}); sdk.KindOf(err) != "not_found" {
		t.Errorf("unknown operation: %v", err)
	}
	for _, op := range h.Describe().GetOperations() {
		_, err := h.Do(t.Context(), sdk.OperationCall{Operation: op.GetName(), Input: sdk.Values{"no_such_field": 1}})
		if len(readSchema(t, op.GetInputSchema()).Properties) > 0 && sdk.KindOf(err) != "invalid" {
			t.Errorf("operation %s with a field it does not have: %v", op.GetName(), err)
		}
	}
}

func (s *suite) hook(t *testing.T) {
	h, w := s.world(t)
	r, err := h.Hook(w.Hook().WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode >= 300 {
		t.Errorf("status %d", r.StatusCode)
	}
}

// ---- life

func (s *suite) stop(t *testing.T) {
	h, w := s.world(t)
	var open *Receiving
	if s.can(h, sdk.AbilityReceive) {
		w.Produce(2)
		open = h.Receive(Reception{})
		h.Await(2)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := h.Stop(bound / 2); err != nil {
			t.Error(err)
		}
	}()
	ended(t, stopped, "Stop")
	if open != nil {
		ended(t, open.Done(), "Receive of a stopped connector")
		if _, err := open.Wait(); err != nil {
			t.Errorf("Receive of a stopped connector ended with %v", err)
		}
	}
	if err := h.Check(); err == nil {
		t.Error("a stopped connector still works")
	}
	if err := h.Stop(bound); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}

func (s *suite) process(t *testing.T) {
	if s.config.Package == "-" {
		t.Skip("the connector has no program of its own")
	}
	w := s.config.World(t)
	h := Process(t, Build(t, s.config.Package), nil)
	if !proto.Equal(h.Describe(), s.start(t, nil).Describe()) {
		t.Error("the program describes another connector than the one under test")
	}
	s.configured(t, h, w)
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	if err := h.Stop(bound); err != nil {
		t.Error(err)
	}
	h.process.Kill()
	await(t, "the process to end", h.process.Exited)
}

// receiveKilled kills the connector's process at random while it brings
// messages in.
func (s *suite) receiveKilled(t *testing.T) {
	if s.config.Package == "-" {
		t.Skip("the connector has no program of its own")
	}
	w := s.config.World(t)
	binary := Build(t, s.config.Package)
	const total, kills = 40, 6
	w.Produce(total)
	last := s.configured(t, Process(t, binary, nil), w)
	for range kills {
		until := min(len(last.Stored())+rand.IntN(8), total)
		last.Receive(Reception{Window: 1 + rand.IntN(8)})
		last.Await(until)
		last.Kill()
		next := s.configured(t, Process(t, binary, nil), w)
		next.Adopt(last)
		last = next
	}
	last.Receive(Reception{})
	last.Await(total)
	s.settled(t, last, total)
}
