package core_test

import (
	"errors"
	"testing"

	"github.com/uzel-hub/uzel/core"
)

func TestFaultsAreOneError(t *testing.T) {
	for _, c := range []struct {
		fields []string
		field  string
	}{{[]string{"a"}, "a"}, {[]string{"a", "b.0"}, ""}} {
		var f core.Faults
		if err := f.Err("x.invalid"); err != nil {
			t.Fatalf("%v of no fault", err)
		}
		for _, field := range c.fields {
			f.Add(field, "нет")
		}
		e, ok := errors.AsType[*core.Error](f.Err("x.invalid"))
		if !ok || e.Kind != core.KindInvalid || e.Code != "x.invalid" || e.Field != c.field || len(e.Faults) != len(c.fields) {
			t.Errorf("%q: %#v", c.fields, e)
		}
	}
}
