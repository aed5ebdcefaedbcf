package sdktest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/sdk"
)

// Config tells the suite about one connector.
type Config[C any] struct {
	Connector sdk.Connector[C]
	// World makes a fresh outside system (an emulator, a folder) for one case; it
	// cleans up with t.Cleanup.
	World func(t *testing.T) World
	// Package is the connector's main package, "." if empty: it is built and
	// started as the hub does it. "-" means there is none: a connector of a test.
	Package string
	// Without switches cases off by name, each with the reason.
	Without map[string]string
}

// World is the outside system as the suite sees it. What a connector cannot do
// may be left out.
type World struct {
	Settings any               // with which the connector works; marshals to a JSON object
	Secrets  map[string]string // by path
	// Unreachable are settings with which Check must fail; nil if there are none.
	Unreachable any

	// Produce makes n more messages appear outside. (Receiver)
	Produce func(n int)
	// Dispatch is the n-th delivery the connector can make, without the delivery
	// id, which the suite gives. (Sender)
	Dispatch func(n int) sdk.Dispatch
	// Delivered counts the deliveries that reached the outside. (Sender)
	Delivered func() int
	// Hook is a request that the connector answers with success. (Hook)
	Hook func() *http.Request
	// Operations has a run that succeeds for each operation. (Operator)
	Operations map[string]sdk.OperationCall
	// Services are what the connector calls.
	Services map[string]Service
}

// Run is the conformance suite: what every connector keeps to, whatever it
// connects. It is the only test that a simple connector needs.
func Run[C any](t *testing.T, cfg Config[C]) {
	if cfg.Package == "" {
		cfg.Package = "."
	}
	s := &suite{config: Config[struct{}]{Package: cfg.Package, World: cfg.World}}
	s.start = func(t *testing.T, log hclog.Logger) *Hub { return InProcess(t, cfg.Connector, log) }
	s.newSettings = func() any { return new(C) }
	s.byHand = func(t *testing.T, args []string, out, errs io.Writer) int {
		return sdk.Run(t.Context(), cfg.Connector, args, out, errs)
	}
	s.kind = reflect.TypeOf(cfg.Connector.Type)
	cases := s.cases(t)
	for name := range cfg.Without {
		if _, ok := cases[name]; !ok {
			t.Errorf("Without names %q, which is no case: %v", name, slices.Sorted(maps.Keys(cases)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			if reason := cfg.Without[name]; reason != "" {
				t.Skip(reason)
			}
			cases[name](t)
		})
	}
}

type suite struct {
	config      Config[struct{}]
	start       func(*testing.T, hclog.Logger) *Hub
	byHand      func(*testing.T, []string, io.Writer, io.Writer) int
	newSettings func() any
	kind        reflect.Type
}

// cases are the tests that fit the connector's abilities.
func (s *suite) cases(t *testing.T) map[string]func(*testing.T) {
	d := s.start(t, nil).Describe()
	can := func(a string) bool { return slices.Contains(d.GetAbilities(), a) }
	cases := map[string]func(*testing.T){
		"DescriptionIsComplete":          s.describe,
		"DescribesItselfByHand":          s.describeByHand,
		"RightSettingsAreTaken":          s.rightSettings,
		"WrongSettingsAreRefusedAtOnce":  s.wrongSettings,
		"SecretsAreNeverShown":           s.secrets,
		"CheckFindsTheOutsideSystem":     s.check,
		"CheckTellsWhenItIsNotThere":     s.checkFails,
		"ConfigureTwiceTakesTheNewOne":   s.reconfigure,
		"StopEndsEverythingWithinGrace":  s.stop,
		"NothingWorksBeforeConfigure":    s.unconfigured,
		"ProcessStartsAndStopsUnderAHub": s.process,
	}
	add := func(ability string, more map[string]func(*testing.T)) {
		if can(ability) {
			maps.Copy(cases, more)
		}
	}
	add(sdk.AbilityReceive, map[string]func(*testing.T){
		"ReceivesWhatAppears":                 s.receive,
		"ReceiveEndsWithItsStream":            s.receiveEnds,
		"NothingIsLostWhenTheHubFallsMute":    s.receiveMute,
		"NothingIsLostWhenTheProcessIsKilled": s.receiveKilled,
		"WakeLooksAtOnce":                     s.wake,
	})
	add(sdk.AbilitySend, map[string]func(*testing.T){
		"SendsAndGivesAReceipt":       s.send,
		"SameDeliveryTwiceIsAnswered": s.sendTwice,
	})
	add(sdk.AbilityOperate, map[string]func(*testing.T){
		"OperationsRun":                   s.operations,
		"WrongInputOfOperationsIsRefused": s.wrongInput,
	})
	add(sdk.AbilityHook, map[string]func(*testing.T){"HookAnswers": s.hook})
	return cases
}

func (s *suite) can(h *Hub, ability string) bool {
	return slices.Contains(h.Describe().GetAbilities(), ability)
}

// complete sees that the world has what the connector's abilities need.
func (s *suite) complete(t *testing.T, h *Hub, w World) {
	t.Helper()
	for ability, missing := range map[string]bool{
		sdk.AbilityReceive: w.Produce == nil, sdk.AbilitySend: w.Dispatch == nil || w.Delivered == nil,
		sdk.AbilityHook: w.Hook == nil, sdk.AbilityOperate: w.Operations == nil,
	} {
		if missing && s.can(h, ability) {
			t.Fatalf("the connector has the ability %q, but the World lacks what belongs to it", ability)
		}
	}
}

// world makes a fresh outside system and a hub with the channel configured.
func (s *suite) world(t *testing.T) (*Hub, World) {
	t.Helper()
	w, h := s.config.World(t), s.start(t, nil)
	s.complete(t, h, w)
	return s.configured(t, h, w), w
}

func (s *suite) configured(t *testing.T, h *Hub, w World) *Hub {
	t.Helper()
	for name, f := range w.Services {
		h.Handle(name, f)
	}
	if err := h.Configure(w.Settings, w.Secrets); err != nil {
		t.Fatalf("configure: %v", err)
	}
	if len(w.Services) > 0 {
		h.OpenCalls()
	}
	return h
}

// ---- description and settings

func (s *suite) describe(t *testing.T) {
	h, _ := s.world(t)
	d := h.Describe()
	for what, text := range map[string]string{
		"name": d.GetName(), "title": d.GetTitle(), "summary": d.GetSummary(), "version": d.GetVersion(), "sdk": d.GetSdk(),
	} {
		if strings.TrimSpace(text) == "" {
			t.Errorf("no %s", what)
		}
	}
	if !hasCyrillic(d.GetTitle() + d.GetSummary()) {
		t.Error("title and summary are for people and in Russian")
	}
	for _, op := range d.GetOperations() {
		readSchema(t, op.GetInputSchema())
		readSchema(t, op.GetOutputSchema())
		if !hasCyrillic(op.GetTitle()) {
			t.Errorf("operation %s: the title is for people and in Russian", op.GetName())
		}
	}
	readSchema(t, d.GetSettingsSchema()).eachTitle(t, "")
	if s.kind == nil {
		t.Error("no Type")
	}
}

func hasCyrillic(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'А' && r <= 'я' || r == 'ё' || r == 'Ё' })
}

func (s *suite) describeByHand(t *testing.T) {
	var out, errs strings.Builder
	if code := s.byHand(t, []string{"describe"}, &out, &errs); code != 0 {
		t.Fatalf("describe: exit %d: %s", code, errs.String())
	}
	var d map[string]any
	if err := json.Unmarshal([]byte(out.String()), &d); err != nil || d["name"] == "" {
		t.Errorf("describe printed no description: %v", err)
	}
	out.Reset()
	if code := s.byHand(t, []string{"describe", "--markdown"}, &out, &errs); code != 0 || !strings.Contains(out.String(), "|") {
		t.Errorf("describe --markdown: exit %d: %s", code, out.String())
	}
	s.readme(t, out.String())
	if code := s.byHand(t, []string{"nonsense"}, &out, &errs); code != 2 {
		t.Errorf("unknown command: exit %d, want 2", code)
	}
}

// readme sees that the table in the connector's README, where there is one, is
// the one that describe --markdown makes now.
func (s *suite) readme(t *testing.T, table string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.config.Package, "README.md"))
	begin, _, _ := strings.Cut(table, "\n")
	if err == nil && strings.Contains(string(text), begin) && !strings.Contains(string(text), strings.TrimSpace(table)) {
		t.Error("the table of settings in README.md is stale: run describe --markdown README.md")
	}
}

func (s *suite) rightSettings(t *testing.T) {
	w := s.config.World(t)
	h := s.start(t, nil)
	if err := h.Configure(w.Settings, w.Secrets); err != nil {
		t.Fatal(err)
	}
	if err := readSchema(t, h.Describe().GetSettingsSchema()).validate(withSecrets(t, w.Settings, w.Secrets)); err != nil {
		t.Errorf("the schema refuses what the connector takes: %v", err)
	}
}

// wrongSettings breaks the settings in every way at once.
func (s *suite) wrongSettings(t *testing.T) {
	w := s.config.World(t)
	h := s.start(t, nil)
	schema := readSchema(t, h.Describe().GetSettingsSchema())
	broken := plain(t, w.Settings)
	want := schema.spoil(broken, "")
	broken["no_such_setting"] = "x"
	want = append(want, "no_such_setting")
	err := h.Configure(broken, nil)
	e, ok := err.(*sdk.Error)
	if !ok || e.Kind != "config" {
		t.Fatalf("wrong settings: %v, want an error of kind config", err)
	}
	told := map[string]bool{}
	for _, f := range e.Faults {
		if told[f.Field] = true; f.Text == "" {
			t.Errorf("fault of %s has no text", f.Field)
		}
	}
	for _, path := range want {
		if !told[path] {
			t.Errorf("the fault of %s was not told; told were %v", path, slices.Sorted(maps.Keys(told)))
		}
	}
	if err := h.Configure(w.Settings, w.Secrets); err != nil {
		t.Errorf("right settings after wrong ones: %v", err)
	}
}

// secrets gives every secret a value of its own and looks for it wherever
// something is shown.
func (s *suite) secrets(t *testing.T) {
	w := s.config.World(t)
	log := new(capture)
	h := s.start(t, log.logger())
	canaries := map[string]string{}
	for path, value := range w.Secrets {
		canaries[path] = value
	}
	for _, path := range readSchema(t, h.Describe().GetSettingsSchema()).secrets("") {
		if canaries[path] == "" {
			canaries[path] = "canary-" + strings.ReplaceAll(path, ".", "-") + "-7391"
		}
	}
	shown := fmt.Sprint(h.Configure(w.Settings, canaries), h.Check())
	wrong := plain(t, w.Settings)
	wrong["no_such_setting"] = true
	shown += fmt.Sprint(h.Configure(wrong, canaries))
	if w.Unreachable != nil {
		shown += fmt.Sprint(h.Configure(w.Unreachable, canaries), h.Check())
	}
	raw, err := proto.Marshal(h.Describe())
	if err != nil {
		t.Fatal(err)
	}
	shown += string(raw) + log.String()
	for path, value := range canaries {
		if len(value) > 3 && strings.Contains(shown, value) {
			t.Errorf("the secret %s is shown", path)
		}
	}
}

func (s *suite) check(t *testing.T) {
	h, _ := s.world(t)
	if err := h.Check(); err != nil {
		t.Error(err)
	}
}

func (s *suite) checkFails(t *testing.T) {
	h, w := s.world(t)
	if w.Unreachable == nil {
		return
	}
	if err := h.Configure(w.Unreachable, w.Secrets); err != nil {
		return // found already: as good
	}
	if err := h.Check(); err == nil || err.Error() == "" {
		t.Errorf("Check of an unreachable system: %v", err)
	}
}

func (s *suite) unconfigured(t *testing.T) {
	h := s.start(t, nil)
	if err := h.Check(); err == nil {
		t.Error("Check succeeded before Configure")
	}
	if err := h.Configure(map[string]any{"no_such_setting": 1}, nil); err == nil {
		t.Error("an unknown setting was taken")
	}
	if err := h.Check(); err == nil {
		t.Error("Check succeeded after a Configure that failed")
	}
}

func (s *suite) reconfigure(t *testing.T) {
	h, w := s.world(t)
	var open *Receiving
	if s.can(h, sdk.AbilityReceive) {
		w.Produce(1)
		open = h.Receive(Reception{})
		h.Await(1)
	}
	if err := h.Configure(w.Settings, w.Secrets); err != nil {
		t.Fatal(err)
	}
	if open != nil {
		ended(t, open.Done(), "Receive of the old configuration")
	}
	if err := h.Check(); err != nil {
		t.Error(err)
	}
}

// ---- receive

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

// ---- send

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
