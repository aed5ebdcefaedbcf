package form

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Schema is the form as JSON Schema draft 2020-12. What the standard has no
// word for stands in keywords of our own, from which the web UI draws the form:
//
//	x-order        names of the fields in the order to show them
//	x-type         duration: a Go duration as text
//	x-secret       a secret: write-only, travels apart
//	x-enum-titles  titles of the values of enum, in their order
//	x-when         {"field": name or path, "values": […]}: shown and demanded then only
//	x-generated    token, hook_url: the hub fills it in
//	x-multiline    a text of several lines
//	x-min, x-max   limits of a duration
func (f Form) Schema() []byte {
	s := f.schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // maps, slices, strings and numbers of our own making
	}
	return raw
}

type object map[string]any

func (f Form) schema() object {
	props, order := object{}, []string{}
	var required []string
	var conditions []object
	for i := range f {
		field := &f[i]
		props[field.Name] = field.schema()
		order = append(order, field.Name)
		switch {
		case !field.Required || field.Default != nil || field.Generated != "":
		case field.When == nil:
			required = append(required, field.Name)
		default:
			if c := f.condition(field); c != nil {
				conditions = append(conditions, c)
			}
		}
	}
	s := object{"type": "object", "properties": props, "additionalProperties": false, "x-order": order}
	if required != nil {
		s["required"] = required
	}
	if conditions != nil {
		s["allOf"] = conditions
	}
	return s
}

// condition demands a field where its when holds; only siblings that depend on
// nothing themselves can be told in the standard's words.
func (f Form) condition(field *Field) object {
	other := f.Field(field.When.Field)
	if other == nil || other.When != nil {
		return nil
	}
	values := make([]any, len(field.When.Values))
	byDefault := false
	for i, v := range field.When.Values {
		values[i] = other.typed(v)
		byDefault = byDefault || plain(other.Default) == v || other.Type == Bool && other.Default == nil && v == "false"
	}
	test := object{"properties": object{other.Name: object{"enum": values}}}
	if !byDefault {
		test["required"] = []string{other.Name}
	}
	return object{"if": test, "then": object{"required": []string{field.Name}}}
}

// typed is a value of an enum or a when as JSON has it.
func (f *Field) typed(text string) any {
	switch f.Type {
	case Int, Float:
		return json.Number(text)
	case Bool:
		return text == "true"
	}
	return text
}

func (f *Field) schema() object {
	s := f.typeSchema()
	set := func(key string, value any, present bool) {
		if present {
			s[key] = value
		}
	}
	set("title", f.Title, f.Title != "")
	set("description", f.Help, f.Help != "")
	set("default", jsonDefault(f.Default), f.Default != nil)
	set("examples", []any{f.Example}, f.Example != "")
	set("x-generated", f.Generated, f.Generated != "")
	set("x-multiline", true, f.Multiline)
	if f.When != nil {
		s["x-when"] = object{"field": f.When.Field, "values": f.When.Values}
	}
	return s
}

func (f *Field) typeSchema() object {
	switch f.Type {
	case Int:
		return f.limited(f.enum(object{"type": "integer"}), "minimum", "maximum")
	case Float:
		return f.limited(object{"type": "number"}, "minimum", "maximum")
	case Bool:
		return object{"type": "boolean"}
	case Duration:
		return f.limited(object{"type": "string", "x-type": "duration"}, "x-min", "x-max")
	case Date:
		return object{"type": "string", "format": "date"}
	case Secret:
		return object{"type": "string", "writeOnly": true, "x-secret": true}
	case Group:
		return f.Fields.schema()
	case Table:
		return f.limited(object{"type": "array", "items": f.Fields.schema()}, "minItems", "maxItems")
	case List:
		elem := &Field{Type: f.Elem, Enum: f.Enum}
		return f.limited(object{"type": "array", "items": elem.typeSchema()}, "minItems", "maxItems")
	case Map:
		return f.limited(object{"type": "object", "additionalProperties": object{"type": "string"}}, "minProperties", "maxProperties")
	}
	return f.limited(f.enum(object{"type": "string"}), "minLength", "maxLength")
}

func (f *Field) enum(s object) object {
	if len(f.Enum) == 0 {
		return s
	}
	values, titles := make([]any, len(f.Enum)), make([]string, len(f.Enum))
	for i, c := range f.Enum {
		values[i], titles[i] = f.typed(c.Value), c.Title
	}
	s["enum"], s["x-enum-titles"] = values, titles
	return s
}

func (f *Field) limited(s object, low, high string) object {
	for key, b := range map[string]*Bound{low: f.Min, high: f.Max} {
		switch {
		case b == nil:
		case f.Type == Duration:
			s[key] = b.Text
		default:
			s[key] = b.Value
		}
	}
	return s
}

func jsonDefault(v any) any {
	switch v := v.(type) {
	case time.Duration:
		return durationText(v)
	case time.Time:
		return dateText(v)
	}
	return v
}

// durationText is a duration without zero tails: 5m, not 5m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func dateText(t time.Time) string {
	if h, m, s := t.Clock(); h+m+s == 0 {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

// Markdown is the form as a table for a connector's README.
func (f Form) Markdown() string {
	var b strings.Builder
	b.WriteString("| Настройка | Название | Значение | По умолчанию | Пояснение |\n|---|---|---|---|---|\n")
	f.rows(&b, "")
	return b.String()
}

func (f Form) rows(b *strings.Builder, path string) {
	for i := range f {
		field := &f[i]
		at := join(path, field.Name)
		cells := []string{"`" + at + "`", field.Title, field.values(), field.defaultCell(), field.notes()}
		for _, c := range cells {
			b.WriteString("| " + cell(c) + " ")
		}
		b.WriteString("|\n")
		if field.Type == Table {
			at += "[]"
		}
		field.Fields.rows(b, at)
	}
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\r", "", "\n", "<br>").Replace(s)
}

var typeTitles = map[Type]string{
	String: "строка", Int: "целое число", Float: "число", Bool: "да или нет",
	Duration: "время (30s, 5m, 24h)", Date: "дата", Secret: "секрет",
	Group: "группа", List: "список", Table: "таблица", Map: "имя — значение",
}

func (f *Field) values() string {
	text := typeTitles[f.Type]
	if len(f.Enum) > 0 {
		parts := make([]string, len(f.Enum))
		for i, c := range f.Enum {
			parts[i] = "`" + c.Value + "` — " + c.Title
		}
		text = strings.Join(parts, "; ")
	}
	if f.Min != nil {
		text += ", от " + f.Min.Text
	}
	if f.Max != nil {
		text += ", до " + f.Max.Text
	}
	return text
}

func (f *Field) defaultCell() string {
	switch v := jsonDefault(f.Default).(type) {
	case nil:
		if f.Required && f.Generated == "" {
			return "**обязательно**"
		}
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = plain(item)
		}
		return "`" + strings.Join(parts, ",") + "`"
	case float64:
		return "`" + strconv.FormatFloat(v, 'g', -1, 64) + "`"
	default:
		return "`" + plain(v) + "`"
	}
}

func (f *Field) notes() string {
	var notes []string
	if f.Help != "" {
		notes = append(notes, f.Help)
	}
	if f.When != nil {
		notes = append(notes, "только если `"+f.When.Field+"` = "+strings.Join(f.When.Values, " или "))
	}
	if f.Generated != "" {
		notes = append(notes, "заполняет хаб")
	}
	if f.Example != "" {
		notes = append(notes, "например `"+f.Example+"`")
	}
	return strings.Join(notes, "; ")
}
