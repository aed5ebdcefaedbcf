package sdktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/uzel-hub/uzel/sdk"
)

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
