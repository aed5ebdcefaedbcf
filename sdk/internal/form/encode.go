package form

import (
	"reflect"
	"time"
)

// Encode is a struct's values as JSON objects have them, by the form's names.
// Secrets are masked.
func (f Form) Encode(v any) map[string]any {
	return f.encode(reflect.Indirect(reflect.ValueOf(v)))
}

func (f Form) encode(v reflect.Value) map[string]any {
	out := make(map[string]any, len(f))
	for i := range f {
		if value := f[i].encode(v.FieldByName(f[i].goName)); value != nil {
			out[f[i].Name] = value
		}
	}
	return out
}

func (f *Field) encode(v reflect.Value) any {
	switch f.Type {
	case Group:
		return f.Fields.encode(v)
	case Table:
		rows := make([]any, v.Len())
		for i := range rows {
			rows[i] = f.Fields.encode(v.Index(i))
		}
		return rows
	case Secret:
		if v.IsZero() {
			return nil
		}
		return Mask
	case Duration:
		return durationText(v.Interface().(time.Duration))
	case Date:
		if v.IsZero() {
			return nil
		}
		return dateText(v.Interface().(time.Time))
	case List, Map:
		if v.IsNil() {
			return nil
		}
	}
	return v.Interface()
}
