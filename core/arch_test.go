package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/uzel-hub/uzel/"

// rooms says what each of our packages may import of ours. A name that ends in
// /… covers everything below. Tests are free in what they import; packages that
// serve tests only are marked and nothing else may import them. A package that
// is not here fails the test: decide where it belongs first.
var rooms = map[string][]string{
	"core":                                {},
	"core/internal/coretest":              {"core", "core/bus", "core/registry", "core/store", "core/store/boltstore"},
	"core/internal/hubproc":               {},
	"core/store":                          {"core"},
	"core/settings":                       {"core", "core/store"},
	"core/store/storetest":                {"core", "core/store"},
	"core/store/boltstore":                {"core", "core/store"},
	"core/bus":                            {"core", "core/store"},
	"core/bus/boltbus":                    {"core", "core/bus", "core/store"},
	"core/blob":                           {"core"},
	"core/blob/blobtest":                  {"core", "core/blob"},
	"core/blob/fileblob":                  {"core", "core/blob"},
	"core/search":                         {"core", "core/store", "core/bus", "core/blob", "core/search/extract"},
	"core/search/extract":                 {"core"},
	"core/report":                         {"core", "core/store"},
	"core/secret":                         {"core"},
	"core/config":                         {"core"},
	"core/registry":                       {"core", "core/store"},
	"core/directory":                      {"core", "core/store"},
	"core/intake":                         {"core", "core/store", "core/bus", "core/blob", "core/registry", "core/party", "core/schedule"},
	"core/party":                          {"core", "core/store", "core/bus", "core/blob"},
	"core/outgoing":                       {"core", "core/store", "core/bus", "core/blob", "core/registry", "core/settings"},
	"core/routing":                        {"core"},
	"core/execution":                      {"core", "core/store", "core/bus", "core/routing", "core/settings"},
	"core/access":                         {"core", "core/store", "core/settings"},
	"core/appeal":                         {"core", "core/store", "core/bus", "core/registry", "core/settings"},
	"core/applicant":                      {"core", "core/store", "core/appeal", "core/outgoing"},
	"core/audit":                          {"core", "core/store"},
	"core/approval":                       {"core", "core/store", "core/bus"},
	"core/task":                           {"core", "core/store", "core/bus"},
	"core/signing":                        {"core", "core/store", "core/bus", "core/blob"},
	"core/openid":                         {"core"},
	"core/catalog":                        {"core"},
	"core/maintenance":                    {"core", "core/store", "core/blob", "core/bus"},
	"core/pluginhost":                     {"core", "core/store", "core/bus", "core/blob", "core/catalog", "core/pluginhost/internal/…", "api/plugin", "api/plugin/v1"},
	"core/pluginhost/internal/…":          {"core", "core/blob", "core/catalog", "core/pluginhost/internal/…", "api/plugin", "api/plugin/v1"},
	"core/pluginhost/internal/testplugin": {"sdk", "api/plugin", "api/plugin/v1"},
	"core/bench":                          {"core", "core/appeal", "core/blob/fileblob", "core/bus", "core/bus/boltbus", "core/execution", "core/intake", "core/outgoing", "core/registry", "core/routing", "core/search", "core/store", "core/store/boltstore", "core/maintenance", "api/plugin", "api/plugin/v1", "api/plugin/pipe", "core/mass", "core/mass/appeals", "core/report", "core/internal/hubproc", "core/schedule"},
	"core/schedule":                       {"core", "core/store", "core/bus", "core/settings"},
	"core/jobs":                           {"core", "core/store", "core/bus"},
	"core/mass":                           {"core", "core/store", "core/bus"},
	"core/mass/appeals":                   {"core", "core/store", "core/appeal", "core/mass"},
	"core/app":                            {"core/…", "api/…", "web"},
	"core/cmd/uzel":                       {"core", "core/app", "core/bench", "core/config", "core/maintenance", "core/search/extract", "core/schedule", "core/demo"},
	"core/demo":                           {"core", "core/internal/hubproc"},
	"api":                                 {},
	"api/plugin":                          {"api/plugin/v1"},
	"api/plugin/v1":                       {},
	"api/plugin/pipe":                     {"api/plugin", "api/plugin/v1"},
	"api/rest":                            {"api", "core", "core/store", "core/bus", "core/blob", "core/registry", "core/outgoing", "core/execution", "core/access", "core/audit", "core/catalog", "core/pluginhost", "core/maintenance", "core/search", "core/report", "core/directory", "core/party", "core/schedule", "core/jobs", "core/mass", "core/openid", "core/appeal", "core/task", "core/approval", "core/signing", "core/settings"},
	"sdk":                                 {"api/plugin", "api/plugin/v1", "sdk/internal/…"},
	"sdk/internal/…":                      {},
	"sdk/sdktest":                         {"sdk", "sdk/internal/…", "api/plugin", "api/plugin/v1"},
	"sdk/sdktest/…":                       {"sdk"},
	"plugins/email":                       {"sdk", "plugins/email/…"},
	"plugins/email/internal/…":            {"plugins/email/internal/…"},
	"plugins/email/emulator":              {},
	"plugins/email/emulator/…":            {"plugins/email/emulator"},
	"plugins/email/mailtest":              {"plugins/email/emulator"},
	"plugins/eds":                         {"sdk", "plugins/eds/internal/…"},
	"plugins/eds/internal/…":              {"plugins/eds/internal/…"},
	"plugins/eds/edstest":                 {},
	"plugins/gis":                         {"sdk", "plugins/gis/…"},
	"plugins/gis/internal/…":              {"plugins/gis/internal/…"},
	"plugins/gis/emulator":                {},
	"plugins/gis/emulator/…":              {"plugins/gis/emulator"},
	"plugins/cabinet":                     {"sdk"},
	"plugins/cabinet/emulator":            {},
	"examples/…":                          {"sdk"},
	"web":                                 {},
	"web/e2e/meters":                      {"sdk"},
	"web/e2e/breaker":                     {"core/store", "core/store/boltstore"},
	"web/e2e/rows":                        {"core", "core/store", "core/store/boltstore"},
}

// onlyIn says in which of our packages a third-party module may be imported.
var onlyIn = map[string][]string{
	"go.etcd.io/bbolt":                    {"core/bench", "core/store/boltstore"},
	"github.com/gorilla/mux":              {"api/rest"},
	"github.com/hashicorp/go-plugin":      {"core/bench", "core/pluginhost/internal/process", "api/plugin", "sdk", "sdk/sdktest"},
	"github.com/ThreeDotsLabs/watermill":  {"core/bus", "core/bus/boltbus"},
	"github.com/fxamacker/cbor":           {"core/store", "core/bus/boltbus"},
	"filippo.io/age":                      {"core/secret"},
	"github.com/coreos/go-oidc":           {"core/openid"},
	"github.com/spf13/cobra":              {"core/cmd/uzel"},
	"github.com/expr-lang/expr":           {"core/routing"},
	"github.com/blevesearch/bleve":        {"core/bench", "core/search"},
	"github.com/ledongthuc/pdf":           {"core/search/extract"},
	"github.com/prometheus/client_golang": {"api/rest"},
	"github.com/emersion":                 {"plugins/email", "plugins/email/…"},
	"github.com/wneessen/go-mail":         {"plugins/email", "plugins/email/…"},
	"github.com/microcosm-cc/bluemonday":  {"plugins/email/…", "api/rest"},
	"github.com/russellhaering/goxmldsig": {"plugins/gis/…", "plugins/eds/…"},
}

// testOnly are packages that nothing but tests may import.
var testOnly = []string{"core/internal/coretest", "core/store/storetest", "core/blob/blobtest", "sdk/sdktest", "plugins/email/mailtest", "plugins/eds/edstest", "core/pluginhost/internal/testplugin"}

// longestChain is how many imports of ours may follow each other.
const longestChain = 6

func TestArchitecture(t *testing.T) {
	for _, v := range violations(imports(t, "")) {
		t.Error(v)
	}
}

// TestArchitectureSeesAPlantedImport plants forbidden things with the Go
// command's overlay and expects each of them to be found.
func TestArchitectureSeesAPlantedImport(t *testing.T) {
	for name, plant := range map[string]struct{ file, text, want string }{
		"of ours":           {"core/registry/planted.go", "package registry\nimport _ \"" + module + "core/bus\"\n", "core/registry may not import core/bus"},
		"of a third party":  {"core/registry/planted.go", "package registry\nimport _ \"go.etcd.io/bbolt\"\n", "core/registry may not import go.etcd.io/bbolt"},
		"of a test package": {"core/config/planted.go", "package config\nimport _ \"" + module + "core/internal/coretest\"\n", "core/config may not import core/internal/coretest"},
		"by the nouns":      {"core/planted.go", "package core\nimport _ \"golang.org/x/text/unicode/norm\"\n", "core may import the standard library only"},
		"of a new package":  {"core/misc/planted.go", "package misc\n", "core/misc has no place"},
	} {
		t.Run(name, func(t *testing.T) {
			found := violations(imports(t, overlay(t, plant.file, plant.text)))
			if !slices.ContainsFunc(found, func(v string) bool { return strings.HasPrefix(v, plant.want) }) {
				t.Errorf("%q is not among %q", plant.want, found)
			}
		})
	}
}

// violations checks every package against the tables.
func violations(all map[string][]string) []string {
	var out []string
	for _, pkg := range slices.Sorted(maps.Keys(all)) {
		allowed, placed := room(pkg)
		if !placed {
			out = append(out, pkg+" has no place: add it to the table in core/arch_test.go")
			continue
		}
		for _, imp := range all[pkg] {
			if v := violation(pkg, imp, allowed); v != "" {
				out = append(out, v)
			}
		}
	}
	for pkg := range all {
		if n := chain(all, pkg, 0); n > longestChain {
			out = append(out, fmt.Sprintf("%s begins a chain of %d imports, %d are allowed", pkg, n, longestChain))
		}
	}
	return out
}

func violation(pkg, imp string, allowed []string) string {
	ours, isOurs := strings.CutPrefix(imp, module)
	switch {
	case isOurs && slices.Contains(testOnly, ours) && !slices.Contains(testOnly, pkg):
		return pkg + " may not import " + ours + ": it serves tests only"
	case isOurs && !covered(allowed, ours):
		return pkg + " may not import " + ours
	case isOurs:
		return ""
	case pkg == "core" && strings.Contains(imp, "."):
		return "core may import the standard library only, not " + imp
	}
	for third, where := range onlyIn {
		if (imp == third || strings.HasPrefix(imp, third+"/")) && !covered(where, pkg) {
			return pkg + " may not import " + imp + ": it belongs to " + strings.Join(where, ", ")
		}
	}
	return ""
}

// room finds the entry of a package: its own, or the nearest that covers it.
func room(pkg string) ([]string, bool) {
	if allowed, ok := rooms[pkg]; ok {
		return allowed, true
	}
	for at := pkg; at != "."; at = filepath.Dir(at) {
		if allowed, ok := rooms[at+"/…"]; ok {
			return allowed, true
		}
	}
	return nil, false
}

func covered(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		prefix, wide := strings.CutSuffix(entry, "/…")
		return entry == pkg || wide && (pkg == prefix || strings.HasPrefix(pkg, prefix+"/"))
	})
}

// chain is the length of the longest chain of our imports from pkg on.
func chain(all map[string][]string, pkg string, depth int) int {
	if depth > longestChain+1 {
		return depth // a cycle or far too long: no need to count on
	}
	longest := depth
	for _, imp := range all[pkg] {
		if ours, ok := strings.CutPrefix(imp, module); ok {
			longest = max(longest, chain(all, ours, depth+1))
		}
	}
	return longest
}

// imports asks the Go command what each of our packages imports.
func imports(t *testing.T, overlay string) map[string][]string {
	t.Helper()
	args := []string{"list", "-json=ImportPath,Imports"}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./...")...)
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p.Imports
	}
}

// overlay makes the Go command see a file that is not there.
func overlay(t *testing.T, file, text string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	planted := filepath.Join(dir, "planted.go")
	list := filepath.Join(dir, "overlay.json")
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, file): planted}})
	if err == nil {
		err = errors.Join(os.WriteFile(planted, []byte(text), 0o600), os.WriteFile(list, raw, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}
