package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// decode reads the JSON body into v: nothing unknown, all faults at once.
func (c *call) decode(v any) error {
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media != "application/json" {
		return core.Invalid("request.media_type", "", "пришлите application/json")
	}
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return bodyError(err)
	}
	return decodeStrict(raw, v)
}

// checker is an input that finds its own faults, beyond what its types say.
type checker interface{ check(f *faults) }

// decodeSound is decode of an input that must find no fault with itself.
func (c *call) decodeSound(in checker) error {
	if err := c.decode(in); err != nil {
		return err
	}
	return sound(in)
}

func sound(in checker) error {
	var f faults
	in.check(&f)
	return f.err("request.body")
}

// bodyError is for a body that broke off; a body over the limit keeps its
// meaning.
func bodyError(err error) error {
	return &core.Error{Kind: core.KindInvalid, Code: "request.body", Text: "тело запроса не дочитано", Err: err}
}

// decodeStrict reads JSON into the struct v points to by its json tags. Unlike
// encoding/json it refuses what the struct does not know, and reports every
// fault with the path of its field. A field may be left out; null is a value
// only where the struct has a pointer or a type that decodes itself.
func decodeStrict(raw []byte, v any) error {
	if !json.Valid(raw) {
		return core.Invalid("request.body", "", textNotJSON)
	}
	var f faults
	strict(&f, "", raw, reflect.ValueOf(v).Elem())
	return f.err("request.body")
}

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	rawMessage  = reflect.TypeFor[json.RawMessage]()
	timeType    = reflect.TypeFor[time.Time]()
)

func strict(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	switch {
	case v.Type() == rawMessage:
		v.SetBytes(slices.Clone(raw))
	case v.Type() != timeType && v.Addr().Type().Implements(unmarshaler):
		strictSelf(f, path, raw, v)
	case v.Kind() == reflect.Pointer:
		strictPointer(f, path, raw, v)
	case v.Type() != timeType && v.Kind() == reflect.Struct:
		strictStruct(f, path, raw, v)
	case v.Kind() == reflect.Slice:
		strictSlice(f, path, raw, v)
	case v.Kind() == reflect.Map:
		strictMap(f, path, raw, v)
	default:
		strictScalar(f, path, raw, v)
	}
}

// selfDecoder is a type that reads its own JSON and reports its own faults.
type selfDecoder interface {
	decodeSelf(f *faults, path string, raw json.RawMessage)
}

func strictSelf(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	if self, ok := v.Addr().Interface().(selfDecoder); ok {
		self.decodeSelf(f, path, raw)
		return
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		f.add(path, textChoice)
	}
}

func strictPointer(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	if isNull(raw) {
		return
	}
	v.Set(reflect.New(v.Type().Elem()))
	strict(f, path, raw, v.Elem())
}

func strictStruct(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	var fields map[string]json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &fields) != nil {
		f.add(path, textObject)
		return
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		value, ok := fields[name]
		if !ok || name == "" || name == "-" {
			continue
		}
		delete(fields, name)
		strict(f, join(path, name), value, v.Field(i))
	}
	for _, name := range sortedKeys(fields) {
		f.add(join(path, name), textUnknownField)
	}
}

func strictSlice(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	var items []json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &items) != nil {
		f.add(path, textList)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		strict(f, join(path, strconv.Itoa(i)), item, v.Index(i))
	}
}

func strictMap(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	var items map[string]json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &items) != nil {
		f.add(path, textObject)
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(items)))
	for _, key := range sortedKeys(items) {
		item := reflect.New(v.Type().Elem()).Elem()
		strict(f, join(path, key), items[key], item)
		v.SetMapIndex(reflect.ValueOf(key), item)
	}
}

func strictScalar(f *faults, path string, raw json.RawMessage, v reflect.Value) {
	if !isNull(raw) && json.Unmarshal(raw, v.Addr().Interface()) == nil {
		noZeroByte(f, path, v)
		return
	}
	switch {
	case v.Type() == timeType:
		f.add(path, textTime)
	case v.Kind() == reflect.String:
		f.add(path, textString)
	case v.Kind() == reflect.Bool:
		f.add(path, textBool)
	default:
		f.add(path, textNumber)
	}
}

// noZeroByte keeps out what the store's indexes cannot hold and no text needs.
func noZeroByte(f *faults, path string, v reflect.Value) {
	if v.Kind() == reflect.String && strings.IndexByte(v.String(), 0) >= 0 {
		f.add(path, textString)
	}
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(raw), []byte("null")) }

// join is a path of fields. Names come from outside: they are shown, so they
// are kept short.
func join(path, name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// optional is a field of a patch: left out, null, or a value.
type optional[T any] struct {
	Set   bool
	Value *T // nil: null
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *optional[T]) UnmarshalJSON(raw []byte) error {
	o.Set = true
	return json.Unmarshal(raw, &o.Value)
}

// or is the value, or otherwise for null and for what was left out.
func (o optional[T]) or(otherwise T) T {
	if o.Value == nil {
		return otherwise
	}
	return *o.Value
}

func (o *optional[T]) decodeSelf(f *faults, path string, raw json.RawMessage) {
	o.Set = true
	strict(f, path, raw, reflect.ValueOf(&o.Value).Elem())
}
