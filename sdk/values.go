package sdk

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/uzel-hub/uzel/sdk/internal/form"
)

// formOf is the form of a struct type. The tags were checked when the connector
// described itself.
func formOf(t reflect.Type) (form.Form, error) {
	return form.Parse(t, reflect.TypeFor[Secret]())
}

// Decode reads the values into a pointer to a struct, by the tags that settings
// have: what is wrong comes back as one error of kind invalid with all faults.
func (v Values) Decode(into any) error {
	t := reflect.TypeOf(into)
	if t == nil || t.Kind() != reflect.Pointer {
		return fmt.Errorf("decode into %T: not a pointer to a struct", into)
	}
	f, err := formOf(t.Elem())
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return faulty("invalid", "input.invalid", f.Decode(raw, nil, into))
}

// ValuesOf makes values of a struct whose fields have the tags of settings:
// groups become objects, lists of structs tables.
func ValuesOf(v any) (Values, error) {
	t := reflect.TypeOf(v)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return nil, nil
	}
	f, err := formOf(t)
	if err != nil {
		return nil, err
	}
	return f.Encode(v), nil
}

// faulty is the error of wrong values, nil if there is no fault.
func faulty(kind, code string, faults []form.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	e := &Error{Kind: kind, Code: code, Source: "plugin", Text: "неверно заполнено"}
	for _, f := range faults {
		e.Faults = append(e.Faults, FieldFault(f))
	}
	return e
}

func (v Values) json() ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

func valuesFrom(raw []byte) (Values, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var v Values
	err := json.Unmarshal(raw, &v)
	return v, err
}
