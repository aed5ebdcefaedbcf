package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/uzel-hub/uzel/core"
)

// Section is a part of the settings that is changed as a whole.
type Section struct {
	Name     string
	Title    string // for people, in Russian
	Help     string
	ReadOnly bool

	fields []field
	def    any // a struct with the defaults
}

// field is one setting. Its kind follows from its default.
type field struct {
	name, title, help string
	low, high         int      // of a number
	values            []choice // of a choice or a list
}

type choice struct{ value, title string }

type object map[string]any

// Schema is the section as JSON Schema draft 2020-12, in the words in which
// connectors describe their settings.
func (s Section) Schema() json.RawMessage {
	return s.SchemaIn(func(text string) string { return text })
}

// SchemaIn is Schema with its texts put into another language.
func (s Section) SchemaIn(say func(string) string) json.RawMessage {
	props, order := object{}, []string{}
	def := values(s.defaults())
	for _, f := range s.fields {
		p := f.schema(def[f.name], say)
		if s.ReadOnly {
			p["readOnly"] = true
		}
		props[f.name] = p
		order = append(order, f.name)
	}
	return mustJSON(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
		"properties": props, "required": order, "x-order": order,
	})
}

func (f field) schema(def json.RawMessage, say func(string) string) object {
	p := object{"title": say(f.title), "default": def}
	if f.help != "" {
		p["description"] = say(f.help)
	}
	switch kindOf(def) {
	case 't', 'f':
		p["type"] = "boolean"
	case '"':
		p["type"] = "string"
		if len(f.values) > 0 {
			p["enum"], p["x-enum-titles"] = f.choices(say)
		}
	case '[':
		names, titles := f.choices(say)
		p["type"], p["uniqueItems"] = "array", true
		p["items"] = object{"type": "string", "enum": names, "x-enum-titles": titles}
	default:
		p["type"] = "integer"
		if f.high > 0 {
			p["minimum"], p["maximum"] = f.low, f.high
		}
	}
	return p
}

func (f field) choices(say func(string) string) (names, titles []string) {
	for _, c := range f.values {
		names, titles = append(names, c.value), append(titles, say(c.title))
	}
	return names, titles
}

// kindOf tells the kind of a value by its first letter: t, f, ", [ or a digit.
func kindOf(raw json.RawMessage) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

func (s Section) defaults() json.RawMessage { return mustJSON(s.def) }

// completed are the values with the defaults of the fields that are missing, and
// without those that no longer exist.
func (s Section) completed(given json.RawMessage) json.RawMessage {
	have, out := values(given), values(s.defaults())
	for name := range out {
		if v, ok := have[name]; ok {
			out[name] = v
		}
	}
	return mustJSON(out)
}

// check names all faults of the values at once.
func (s Section) check(given json.RawMessage) error {
	var faults core.Faults
	var have map[string]json.RawMessage
	if json.Unmarshal(given, &have) != nil || have == nil {
		return core.Invalid("settings.invalid", "values", "ожидается объект")
	}
	def := values(s.defaults())
	for _, f := range s.fields {
		v, ok := have[f.name]
		if !ok {
			faults.Add("values."+f.name, "обязательное поле")
			continue
		}
		f.check(v, def[f.name], &faults)
	}
	for _, name := range sortedBy(have) {
		if _, ok := def[name]; !ok {
			faults.Add("values."+name, "неизвестное поле")
		}
	}
	return faults.Err("settings.invalid")
}

func (f field) check(v, def json.RawMessage, faults *core.Faults) {
	at := "values." + f.name
	switch kindOf(def) {
	case 't', 'f':
		var yes *bool
		if json.Unmarshal(v, &yes) != nil || yes == nil {
			faults.Add(at, "ожидается true или false")
		}
	case '[':
		f.checkList(at, v, faults)
	case '"':
		var one *string
		if json.Unmarshal(v, &one) != nil || one == nil || !f.has(*one) {
			faults.Add(at, "нет такого значения")
		}
	default:
		var n *int
		if json.Unmarshal(v, &n) != nil || n == nil || *n < f.low || *n > f.high {
			faults.Add(at, fmt.Sprintf("ожидается целое число от %d до %d", f.low, f.high))
		}
	}
}

func (f field) checkList(at string, v json.RawMessage, faults *core.Faults) {
	var list []string
	if json.Unmarshal(v, &list) != nil || list == nil {
		faults.Add(at, "ожидается список")
		return
	}
	for i, name := range list {
		switch {
		case !f.has(name):
			faults.Add(at+"."+strconv.Itoa(i), "нет такого значения")
		case slices.Index(list, name) < i:
			faults.Add(at+"."+strconv.Itoa(i), "указано дважды")
		}
	}
}

// has tells whether the value is one to choose from.
func (f field) has(value string) bool {
	return slices.ContainsFunc(f.values, func(c choice) bool { return c.value == value })
}

func values(raw json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &out) != nil || out == nil {
		return map[string]json.RawMessage{} // checked before it was kept: of a damaged record the defaults hold
	}
	return out
}

// mustJSON is for maps, structs and numbers of our own making.
func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("settings: " + err.Error()) // nothing of that kind fails to encode, so a defect of the program
	}
	return raw
}

// Label is how a value of the configuration file is shown.
type Label struct{ Name, Title string }

// NewFixed is a section that the configuration file sets. Values is a struct
// without secrets; labels are its fields in the order to show them.
func NewFixed(name, title string, values any, labels ...Label) Fixed {
	s := Section{Name: name, Title: title, Help: "Задаётся в файле настроек Узла, меняется с перезапуском", ReadOnly: true, def: values}
	for _, l := range labels {
		s.fields = append(s.fields, field{name: l.Name, title: l.Title})
	}
	return Fixed{s, values}
}
