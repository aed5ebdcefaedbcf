package sdktest

import (
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"

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
