package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-viper/mapstructure/v2"
)

// Fault is one fault of one field; Text is in Russian and never has the value.
type Fault struct{ Field, Text string }

// Mask is how a secret is shown; as a value it means "not given".
const Mask = "***"

// Decode reads JSON values into a pointer to the struct the form was parsed
// from. secrets are values by path (imap.password, folders.2.password). All
// faults are told at once; into is set only if there are none. A field that its
// condition switches off is not looked at and stays zero.
func (f Form) Decode(raw []byte, secrets map[string]string, into any) []Fault {
	return f.DecodeGenerated(raw, secrets, nil, into)
}

// DecodeGenerated is Decode with values for generated fields that raw does not
// give, by what the tag generated says.
func (f Form) DecodeGenerated(raw []byte, secrets, generated map[string]string, into any) []Fault {
	normal, faults := f.check(raw, secrets, generated)
	if len(faults) > 0 {
		return faults
	}
	if err := assign(normal, into); err != nil {
		return []Fault{{"", "настройки не удалось прочитать"}}
	}
	return nil
}

// Check tells what is wrong with JSON values, without a struct to put them in.
func (f Form) Check(raw []byte) []Fault {
	_, faults := f.check(raw, nil, nil)
	return faults
}

func (f Form) check(raw []byte, secrets, generated map[string]string) (map[string]any, []Fault) {
	d := &decoding{root: f, generated: generated}
	d.values = d.parse(raw)
	if len(d.faults) > 0 {
		return nil, d.faults
	}
	for _, path := range slices.Sorted(maps.Keys(secrets)) {
		d.insert(path, secrets[path])
	}
	return d.object(f, d.values, ""), d.faults
}

// assign sets the struct from values whose types were checked.
func assign(values map[string]any, into any) error {
	dec, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: into, ErrorUnused: true, ZeroFields: true,
		TagName:   "-", // keys are the names of Go fields
		MatchName: func(key, field string) bool { return key == field },
		// For secrets whose type hides the text from fmt.
		DecodeHook: mapstructure.TextUnmarshallerHookFunc(),
	})
	if err != nil {
		return err
	}
	return dec.Decode(values)
}

type decoding struct {
	root   Form
	values map[string]any
	faults []Fault

	generated map[string]string
}

func (d *decoding) fault(path, text string) {
	d.faults = append(d.faults, Fault{path, text})
}

func (d *decoding) parse(raw []byte) map[string]any {
	values := map[string]any{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return values
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err := dec.Decode(&values)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		d.fault("", "ожидается объект JSON")
	}
	if values == nil {
		values = map[string]any{}
	}
	return values
}

// insert puts a secret where its path leads.
func (d *decoding) insert(path, secret string) {
	form, at := d.root, d.values
	for rest := path; ; {
		name, deeper, more := strings.Cut(rest, ".")
		f := form.Field(name)
		switch {
		case f == nil:
			d.fault(path, "неизвестный секрет")
			return
		case f.Type == Secret && !more:
			at[name] = secret
			return
		case f.Type == Group && more:
			if at[name] == nil {
				at[name] = map[string]any{}
			}
			rest, form = deeper, f.Fields
			at, _ = at[name].(map[string]any)
		case f.Type == Table && more:
			index, tail, ok := strings.Cut(deeper, ".")
			rows, _ := at[name].([]any)
			n, err := strconv.Atoi(index)
			if !ok || err != nil || n < 0 || n >= len(rows) {
				d.fault(path, "секрет не относится ни к одной строке таблицы")
				return
			}
			rest, form = tail, f.Fields
			at, _ = rows[n].(map[string]any)
		default:
			d.fault(path, "это поле не секрет")
			return
		}
		if at == nil {
			return // the value there is of a wrong type, which is told on its own
		}
	}
}

// object checks the values of one form and returns them by Go field.
func (d *decoding) object(form Form, values map[string]any, path string) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if form.Field(name) == nil {
			d.fault(join(path, clip(name)), "неизвестная настройка")
		}
	}
	for i := range form {
		f := &form[i]
		if !d.active(form, values, f) {
			continue
		}
		if v := d.field(f, values[f.Name], join(path, f.Name)); v != nil {
			out[f.goName] = v
		}
	}
	return out
}

// clip keeps an unknown name from filling the log.
func clip(name string) string {
	if r := []rune(strings.ToValidUTF8(name, "?")); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return strings.ToValidUTF8(name, "?")
}

func (d *decoding) field(f *Field, raw any, path string) any {
	if f.Type == Group {
		if raw == nil {
			raw = map[string]any{}
		}
		return d.value(f, raw, path)
	}
	if absent(f, raw) {
		if made := d.generated[f.Generated]; made != "" {
			return d.value(f, made, path)
		}
		if f.Default != nil {
			return f.Default
		}
		if f.Required && f.Generated == "" {
			d.fault(path, "обязательное поле")
		}
		return nil
	}
	return d.value(f, raw, path)
}

func absent(f *Field, raw any) bool {
	switch v := raw.(type) {
	case nil:
		return true
	case string:
		return v == "" || f.Type == Secret && v == Mask
	case []any:
		return len(v) == 0
	}
	return false
}

// value checks one value and returns it in the type its Go field takes.
func (d *decoding) value(f *Field, raw any, path string) any {
	switch f.Type {
	case Group:
		if m, ok := raw.(map[string]any); ok {
			return d.object(f.Fields, m, path)
		}
		d.fault(path, "ожидается группа полей")
		return nil
	case List, Table:
		return d.list(f, raw, path)
	case Map:
		return d.mapping(f, raw, path)
	}
	v, text := scalarValue(f.Type, raw)
	if text == "" {
		text = f.limits(v)
	}
	if text != "" {
		d.fault(path, text)
		return nil
	}
	return v
}

func (d *decoding) list(f *Field, raw any, path string) any {
	items, ok := raw.([]any)
	if !ok {
		d.fault(path, "ожидается список")
		return nil
	}
	if text := f.count(len(items)); text != "" {
		d.fault(path, text)
	}
	out := []any{}
	elem := &Field{Type: f.Elem, Enum: f.Enum, Fields: f.Fields}
	if f.Type == Table {
		elem.Type = Group
	}
	for i, item := range items {
		if v := d.value(elem, item, join(path, strconv.Itoa(i))); v != nil {
			out = append(out, v)
		}
	}
	return out
}

func (d *decoding) mapping(f *Field, raw any, path string) any {
	m, ok := raw.(map[string]any)
	if !ok {
		d.fault(path, "ожидается таблица «имя — значение»")
		return nil
	}
	if text := f.count(len(m)); text != "" {
		d.fault(path, text)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if _, ok := m[k].(string); !ok {
			d.fault(join(path, clip(k)), "ожидается строка")
		}
	}
	return m
}

// scalarValue is the value in its Go type, or what is wrong with it.
func scalarValue(t Type, raw any) (any, string) {
	s, isString := raw.(string)
	switch t {
	case Int:
		if n, ok := raw.(json.Number); ok {
			if v, ok := integer(n); ok {
				return v, ""
			}
		}
		return nil, "ожидается целое число"
	case Float:
		if n, ok := raw.(json.Number); ok {
			if v, err := n.Float64(); err == nil {
				return v, ""
			}
		}
		return nil, "ожидается число"
	case Bool:
		if v, ok := raw.(bool); ok {
			return v, ""
		}
		return nil, "ожидается да или нет (true, false)"
	case Duration:
		if v, err := time.ParseDuration(s); isString && err == nil {
			return v, ""
		}
		return nil, "ожидается промежуток времени, например 30s, 5m или 24h"
	case Date:
		if v, err := parseDate(s); isString && err == nil {
			return v, ""
		}
		return nil, "ожидается дата ГГГГ-ММ-ДД"
	}
	switch {
	case !isString:
		return nil, "ожидается строка (возьмите значение в кавычки)"
	case !utf8.ValidString(s):
		return nil, "строка не в кодировке UTF-8"
	}
	return s, ""
}

// integer takes 1000, 1e3 and 1000.0 alike, as JSON Schema does.
func integer(n json.Number) (int64, bool) {
	if v, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return v, true
	}
	const exact = 1 << 53
	v, err := n.Float64()
	return int64(v), err == nil && v == math.Trunc(v) && math.Abs(v) <= exact
}

func parseDate(s string) (time.Time, error) {
	if v, err := time.Parse(time.DateOnly, s); err == nil {
		return v, nil
	}
	return time.Parse(time.RFC3339, s)
}

func number(text string) json.Number { return json.Number(text) }

// limits tells what is wrong with a value of the right type.
func (f *Field) limits(v any) string {
	switch v := v.(type) {
	case int64:
		if f.hi > 0 && (v < f.lo || v > f.hi) {
			return "число слишком велико"
		}
		return firstOf(f.choice(v), f.between(float64(v), ""))
	case float64:
		return f.between(v, "")
	case time.Duration:
		return f.between(float64(v), "")
	case string:
		return firstOf(f.choice(v), f.between(float64(utf8.RuneCountInString(v)), " знаков"))
	}
	return ""
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (f *Field) choice(v any) string {
	if len(f.Enum) == 0 || slices.ContainsFunc(f.Enum, func(c Choice) bool { return c.Value == plain(v) }) {
		return ""
	}
	return "возможные значения: " + choices(f.Enum)
}

func (f *Field) count(n int) string { return f.between(float64(n), " строк") }

func (f *Field) between(v float64, unit string) string {
	switch {
	case f.Min != nil && v < f.Min.Value:
		return "не меньше " + f.Min.Text + unit
	case f.Max != nil && v > f.Max.Value:
		return "не больше " + f.Max.Text + unit
	}
	return ""
}

func choices(enum []Choice) string {
	values := make([]string, len(enum))
	for i, c := range enum {
		values[i] = c.Value
	}
	return strings.Join(values, ", ")
}

// active tells whether the field's condition holds.
func (d *decoding) active(form Form, values map[string]any, f *Field) bool {
	if f.When == nil {
		return true
	}
	other := find(d.root, form, f.When.Field)
	from, name := values, f.When.Field
	if strings.Contains(name, ".") {
		form, from, name = d.walk(name)
	}
	if other == nil || !d.active(form, from, other) {
		return false
	}
	raw := from[name]
	if absent(other, raw) {
		raw = other.Default
	}
	if raw == nil && other.Type == Bool {
		raw = false
	}
	return slices.Contains(f.When.Values, plain(raw))
}

// walk leads to the group in which the last name of a path stands.
func (d *decoding) walk(path string) (Form, map[string]any, string) {
	form, values := d.root, d.values
	for {
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			return form, values, name
		}
		if g := form.Field(name); g != nil {
			form = g.Fields
		}
		values, _ = values[name].(map[string]any)
		path = rest
	}
}

// plain is a value as a when writes it.
func plain(raw any) string {
	switch v := raw.(type) {
	case nil:
		return ""
	case bool, json.Number, int64, string:
		return fmt.Sprint(v)
	}
	return ""
}
