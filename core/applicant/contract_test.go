package applicant_test

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/uzel-hub/uzel/core/applicant"
)

// TestCabinetIsToldWhatItsContractSays: the connector of a cabinet hands on what
// the hub answers as it is.
func TestCabinetIsToldWhatItsContractSays(t *testing.T) {
	raw, err := os.ReadFile("../../plugins/cabinet/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := yaml.Unmarshal(raw, &contract); err != nil {
		t.Fatal(err)
	}
	for name, told := range map[string]reflect.Type{"Appeal": reflect.TypeFor[applicant.Appeal](), "Message": reflect.TypeFor[applicant.Message]()} {
		var fields []string
		for i := range told.NumField() {
			field, _, _ := strings.Cut(told.Field(i).Tag.Get("json"), ",")
			fields = append(fields, field)
		}
		slices.Sort(fields)
		if want := slices.Sorted(maps.Keys(contract.Components.Schemas[name].Properties)); !slices.Equal(fields, want) {
			t.Errorf("%s: told %q, described %q", name, fields, want)
		}
	}
}
