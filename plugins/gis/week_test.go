package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// virtual is a clock that moves when somebody waits.
type virtual struct {
	mu  sync.Mutex
	at  time.Time
	end time.Time // who would wait beyond it, waits for wake
}

func (v *virtual) now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at
}

func (v *virtual) add(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at = v.at.Add(d)
}

func (v *virtual) clock() clock {
	return clock{now: v.now, wait: func(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
		v.mu.Lock()
		beyond := v.at.Add(d).After(v.end)
		if !beyond {
			v.at = v.at.Add(d)
		}
		v.mu.Unlock()
		if !beyond {
			return ctx.Err()
		}
		select {
		case <-wake:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

// TestAWeekWithoutGIS: GIS is out of order for a week in which residents write
// every day and clerks answer. The hub waits longer and longer; then everything
// flows, in both directions, once.
func TestAWeekWithoutGIS(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"hangs up": {Drop: true}, "page of a gateway": {Page: 503}, "overload": {Code: "EXP001000"}, "fails at all": {Fail: "EXP001000"},
	} {
		t.Run(name, func(t *testing.T) { aWeekWithout(t, f) })
	}
}

func aWeekWithout(t *testing.T, f emulator.Fault) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	v := &virtual{at: start, end: start.AddDate(1, 0, 0)}
	w := world(t, func(o *emulator.Options) { o.Unsigned, o.Now = true, v.now })
	h := sdktest.InProcess(t, connector(v.clock()), nil)
	configured(t, h, w, func(s map[string]any) {
		s["signature"], s["receive"] = "none", map[string]any{"every": "10m", "look_back": 2}
	})
	old := w.Add(emulator.Appeal{OtherTopic: "До перерыва"})
	v.setEnd(start.Add(5 * time.Minute)) // one round, then it waits
	r := h.Receive(sdktest.Reception{})
	h.Await(1)
	r.Cancel()

	w.Faults.Always(f)
	v.setEnd(start.AddDate(1, 0, 0))
	d := answer(old, "Ответ, который ждёт неделю")
	nextAppeal, pause, failures := start, 5*time.Second, 0
	for v.now().Before(start.AddDate(0, 0, 7)) {
		if !v.now().Before(nextAppeal) {
			w.Add(emulator.Appeal{OtherTopic: fmt.Sprint("В перерыв, день ", nextAppeal.Day())})
			nextAppeal = nextAppeal.AddDate(0, 0, 1)
		}
		_, err := h.Receive(sdktest.Reception{}).Wait()
		unreachable(t, "receive", err)
		_, err = h.Send(t.Context(), d)
		unreachable(t, "send", err)
		if f.Fail == "" { // a question after a request that is not there has no result to fail
			unreachable(t, "check", h.Check())
		}
		d.Attempt++
		failures++
		pause = min(2*pause, time.Hour)
		v.add(pause)
	}
	if len(h.Stored()) != 1 || failures > 200 {
		t.Fatalf("%d messages, %d failures", len(h.Stored()), failures)
	}

	w.Faults.Always(emulator.Fault{})
	v.setEnd(v.now().Add(time.Hour))
	h.Receive(sdktest.Reception{})
	sent(t, h, d)
	await(t, "all appeals", func() bool { return appealsIn(h) == 8 })
	if n := len(w.Answers(old, true)); n != 1 {
		t.Errorf("%d answers", n)
	}
}

func appealsIn(h *sdktest.Hub) (n int) {
	for _, m := range h.Stored() {
		if m.Change == sdk.New {
			n++
		}
	}
	return n
}

func (v *virtual) setEnd(end time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.end = end
}

// unreachable is the failure that gives up no delivery.
func unreachable(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := err.(*sdk.Error)
	if !ok || e.Kind != "unavailable" && e.Kind != "unknown" || e.Kind == "unavailable" && e.Code != "channel.unreachable" {
		t.Fatalf("%s: %#v", what, err)
	}
}
