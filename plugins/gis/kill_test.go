package main

import (
	"fmt"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// delivered does with a delivery what the hub does: it hands it over again when
// it may have been lost, and asks about what was submitted.
func delivered(t *testing.T, d sdk.Dispatch, hub func() *sdktest.Hub) sdk.Receipt {
	t.Helper()
	var token string
	state := sdk.StateRetry
	for range 30 {
		switch state {
		case sdk.StateRetry:
			r, err := hub().Send(t.Context(), d)
			d.Attempt++
			if err != nil {
				if kind := sdk.KindOf(err); kind != "unknown" && kind != "unavailable" {
					t.Fatalf("attempt %d: %v", d.Attempt-1, err)
				}
				continue
			}
			state, token = r.State, r.Token
			if state == sdk.StateSent {
				return r
			}
		default:
			list, err := hub().Track(sdk.TrackItem{Delivery: d.Delivery, Token: token})
			if err != nil || list[0].Err != nil {
				continue
			}
			r := list[0]
			if r.State == sdk.StateRetry && state != sdk.StateUnknown {
				t.Fatal("what is submitted cannot be queued: the hub would ignore it")
			}
			if state = r.State; r.Token != "" {
				token = r.Token
			}
			if state == sdk.StateSent {
				return r
			}
		}
	}
	t.Fatal("never delivered")
	return sdk.Receipt{}
}

// onlyOnce checks the end of the story: one answer in GIS, closed.
func onlyOnce(t *testing.T, w *emulator.World, guid string) {
	t.Helper()
	if n := len(w.Answers(guid, true)); n != 1 {
		t.Errorf("%d answers were sent", n)
	}
	if s := w.Get(guid).Status; s != "Executed" {
		t.Errorf("the appeal is %s", s)
	}
}

// moments are what may go wrong at each step of an answer: the action and which
// request of it.
type moment struct {
	action string
	nth    int
}

var moments = map[string]moment{
	"upload": {emulator.Upload, 0},
	"draft":  {"importAnswer", 0}, "draft polled": {"getState", 0}, "draft done": {"getState", 1},
	"send": {"importAnswer", 1}, "send polled": {"getState", 2}, "send done": {"getState", 3},
	"close": {"importAnswer", 2}, "close polled": {"getState", 4}, "close done": {"getState", 5},
}

// at makes the nth request of the action fail so.
func (m moment) at(w *emulator.World, f emulator.Fault) {
	faults := make([]emulator.Fault, m.nth, m.nth+1)
	w.Faults.Next(m.action, append(faults, f)...)
}

// TestKilledAtEachStepAnswersOnce kills the process (SIGKILL) before GIS applies
// a request and after, and starts another one: with the scratch folder of the
// first, and on another machine, without.
func TestKilledAtEachStepAnswersOnce(t *testing.T) {
	binary := sdktest.Build(t, ".")
	for name, m := range moments {
		for _, after := range []bool{false, true} {
			for _, moved := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, applied %v, moved %v", name, after, moved), func(t *testing.T) {
					killedOnce(t, binary, m, after, moved)
				})
			}
		}
	}
}

func killedOnce(t *testing.T, binary string, m moment, after, moved bool) {
	t.Parallel()
	w := world(t, func(o *emulator.Options) { o.Polls, o.Unsigned, o.Late = 1, true, true })
	guid := w.Add(emulator.Appeal{})
	h := process(t, binary, w, nil)
	dying, died := make(chan struct{}), make(chan struct{})
	m.at(w, emulator.Fault{Drop: true, After: after, Then: func() { close(dying); h.Kill(); close(died) }})
	var restart sync.Once
	next := func() *sdktest.Hub {
		select {
		case <-dying:
			<-died
			restart.Do(func() {
				from := h
				if moved {
					from = nil
				}
				h = process(t, binary, w, from)
			})
		default:
		}
		return h
	}
	delivered(t, answer(guid, "Лампа заменена", sdk.Bytes("акт.pdf", []byte("акт"))), next)
	select {
	case <-died:
	default:
		t.Fatal("nothing was killed")
	}
	w.Settle()
	onlyOnce(t, w, guid)
	if drafts := len(w.Answers(guid, false)); drafts != 0 && !moved {
		t.Errorf("%d drafts are left", drafts)
	}
	if n := w.Count("importAnswer"); n != 3 && !moved && m.action == "getState" {
		t.Errorf("%d requests: what was acknowledged was submitted again", n)
	}
}

// process starts the connector's program, with the scratch folder of another
// one if there is one.
func process(t *testing.T, binary string, w *emulator.World, from *sdktest.Hub) *sdktest.Hub {
	h := sdktest.Process(t, binary, nil)
	if from != nil {
		h.Scratch = from.Scratch
	}
	return configured(t, h, w, func(s map[string]any) { s["signature"] = "none" })
}

// TestLostAnswersAreFoundOut drops the connection at each step, with everything
// that GIS leaves open: does it know a repeated request, does it carry out at
// once or when it has the time, and is our own journal there.
func TestLostAnswersAreFoundOut(t *testing.T) {
	for name, m := range moments {
		for fault, f := range map[string]emulator.Fault{
			"before": {Drop: true}, "after": {Drop: true, After: true}, "page": {Page: 502}, "garbage": {Garbage: true},
		} {
			for _, repeats := range []bool{false, true} {
				for _, late := range []bool{false, true} {
					for _, journal := range []bool{false, true} {
						t.Run(fmt.Sprintf("%s %s repeats=%v late=%v journal=%v", name, fault, repeats, late, journal), func(t *testing.T) {
							w := world(t, func(o *emulator.Options) { o.Repeats, o.Late, o.Unsigned, o.Polls = repeats, late, true, 1 })
							lostOnce(t, w, m, f, journal)
						})
					}
				}
			}
		}
	}
}

func lostOnce(t *testing.T, w *emulator.World, m moment, f emulator.Fault, journal bool) {
	t.Parallel()
	guid := w.Add(emulator.Appeal{})
	unsigned := func(s map[string]any) { s["signature"] = "none" }
	h := hub(t, w, unsigned)
	m.at(w, f)
	next := func() *sdktest.Hub {
		if !journal {
			h = hub(t, w, unsigned)
		}
		return h
	}
	delivered(t, answer(guid, "Лампа заменена"), next)
	w.Settle() // what GIS carries out when we have long gone on
	onlyOnce(t, w, guid)
}

// TestSubmittedIsTrackedToItsEnd: GIS takes longer than a delivery is waited
// for; the hub asks, another process answers, step by step.
func TestSubmittedIsTrackedToItsEnd(t *testing.T) {
	for _, moved := range []bool{false, true} {
		t.Run(fmt.Sprint("moved ", moved), func(t *testing.T) {
			w := world(t, func(o *emulator.Options) { o.Polls, o.Unsigned = 3, true })
			guid := w.Add(emulator.Appeal{})
			impatient := func(s map[string]any) {
				s["signature"], s["poll"] = "none", map[string]any{"first": "10ms", "most": "10ms", "wait": "0s"}
			}
			h := hub(t, w, impatient)
			next := func() *sdktest.Hub {
				if moved {
					h = hub(t, w, impatient)
				}
				return h
			}
			delivered(t, answer(guid, "Ответ"), next)
			onlyOnce(t, w, guid)
			if n := w.Count("importAnswer"); n != 3 {
				t.Errorf("%d requests were submitted, want 3", n)
			}
		})
	}
}

// TestFailureWhileTracked: GIS fails at a draft it had taken; the hub is led to
// hand the delivery over again, by states it knows.
func TestFailureWhileTracked(t *testing.T) {
	w := world(t, func(o *emulator.Options) { o.Unsigned = true })
	guid := w.Add(emulator.Appeal{})
	h := hub(t, w, func(s map[string]any) {
		s["signature"], s["poll"] = "none", map[string]any{"first": "10ms", "most": "10ms", "wait": "0s"}
	})
	w.Faults.Next("importAnswer", emulator.Fault{Fail: "EXP001000"})
	w.Faults.Next("getState", emulator.Fault{Page: 503})
	delivered(t, answer(guid, "Ответ"), func() *sdktest.Hub { return h })
	onlyOnce(t, w, guid)
}
