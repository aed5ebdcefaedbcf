// Package form reads a settings struct by its tags and makes of it whatever
// describes or checks values: the decoder, the JSON Schema and the table in
// README. sdk/settings.go tells an author what the tags mean.
package form

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Type is the sort of value a field takes.
type Type string

// The types of fields.
const (
	String   Type = "string"
	Int      Type = "int"
	Float    Type = "float"
	Bool     Type = "bool"
	Duration Type = "duration"
	Date     Type = "date"
	Secret   Type = "secret"
	Group    Type = "group" // a struct
	List     Type = "list"  // of strings or numbers
	Table    Type = "table" // of structs
	Map      Type = "map"   // of strings
)

// Field is one field of a form.
type Field struct {
	Name, Title, Help string
	Type              Type
	Elem              Type // of a list
	Required          bool
	Default           any // normal form of the value: nil = none
	Example           string
	Min, Max          *Bound
	Enum              []Choice
	When              *Condition
	Generated         string // token or hook_url: the hub fills it in
	Multiline         bool
	Fields            Form // of a group or table

	goName string
	lo, hi int64 // what the Go type of an Int holds
}

// Choice is one value of an enum.
type Choice struct{ Value, Title string }

// Condition makes a field depend on another: on a sibling's name, or on a path
// from the root when it has a dot.
type Condition struct {
	Field  string
	Values []string
}

// Bound is a limit of a number, of a duration, of the length of a text in
// characters or of the count of a list.
type Bound struct {
	Text  string
	Value float64
}

// Form is the fields of one struct, in the order of the source.
type Form []Field

// Field is the field of the name, nil if there is none.
func (f Form) Field(name string) *Field {
	for i := range f {
		if f[i].Name == name {
			return &f[i]
		}
	}
	return nil
}

// Lookup is the field at a path of groups (imap.port), nil if there is none.
func (f Form) Lookup(path string) *Field {
	head, rest, deeper := strings.Cut(path, ".")
	field := f.Field(head)
	if field == nil || !deeper {
		return field
	}
	return field.Fields.Lookup(rest)
}

// Parse reads the tags of t, a struct. secret is the type of secrets. The
// error names every mistake of the author at once.
func Parse(t, secret reflect.Type) (Form, error) {
	p := &parser{secret: secret}
	f := p.fields(t, "")
	p.conditions(f, f, "")
	return f, errors.Join(p.faults...)
}

type parser struct {
	secret reflect.Type
	faults []error
	stack  []reflect.Type
}

func (p *parser) fault(path, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("settings field %s: %s", path, fmt.Sprintf(format, args...)))
}

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	durationType = reflect.TypeFor[time.Duration]()
	dateType     = reflect.TypeFor[time.Time]()
)

func (p *parser) fields(t reflect.Type, path string) Form {
	if t.Kind() != reflect.Struct {
		p.fault(path, "%s is not a struct", t)
		return nil
	}
	for _, outer := range p.stack {
		if outer == t {
			p.fault(path, "%s contains itself", t)
			return nil
		}
	}
	p.stack = append(p.stack, t)
	defer func() { p.stack = p.stack[:len(p.stack)-1] }()
	var form Form
	for i := range t.NumField() {
		sf := t.Field(i)
		name := Name(sf)
		if name == "-" || !sf.IsExported() {
			continue
		}
		at := join(path, name)
		if !nameForm.MatchString(name) {
			p.fault(join(path, sf.Name), "the tag setting must give a name in snake_case, not %q", name)
			continue
		}
		if form.Field(name) != nil {
			p.fault(at, "the name is used twice")
			continue
		}
		form = append(form, p.field(sf, name, at))
	}
	return form
}

// Name is a struct field's name in the form: its tag setting, or json.
func Name(sf reflect.StructField) string {
	for _, tag := range []string{"setting", "json"} {
		if v, ok := sf.Tag.Lookup(tag); ok {
			name, _, _ := strings.Cut(v, ",")
			return name
		}
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (p *parser) field(sf reflect.StructField, name, path string) Field {
	tag := sf.Tag
	f := Field{
		Name: name, Title: tag.Get("title"), Help: tag.Get("help"), Example: tag.Get("example"),
		Required: p.flag(tag, "required", path), Multiline: p.flag(tag, "multiline", path),
		Generated: tag.Get("generated"),
	}
	f.goName = sf.Name
	p.typ(&f, sf.Type, path)
	if f.Type == Int {
		f.lo, f.hi = span(sf.Type)
	}
	if f.Title == "" {
		p.fault(path, "no title")
	}
	if f.Generated != "" && f.Generated != "token" && f.Generated != "hook_url" {
		p.fault(path, "generated must be token or hook_url")
	}
	f.Enum = p.enum(tag.Get("enum"), path)
	f.When = p.when(tag.Get("when"), path)
	f.Min, f.Max = p.bound(&f, tag.Get("min"), path), p.bound(&f, tag.Get("max"), path)
	if text, ok := tag.Lookup("default"); ok {
		p.setDefault(&f, text, path)
	}
	return f
}

func (p *parser) flag(tag reflect.StructTag, name, path string) bool {
	text, ok := tag.Lookup(name)
	if !ok {
		return false
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		p.fault(path, "%s must be true or false", name)
	}
	return v
}

func (p *parser) typ(f *Field, t reflect.Type, path string) {
	switch {
	case t == p.secret:
		f.Type = Secret
	case t == durationType:
		f.Type = Duration
	case t == dateType:
		f.Type = Date
	case t.Kind() == reflect.Struct:
		f.Type, f.Fields = Group, p.fields(t, path)
	case t.Kind() == reflect.Slice && t.Elem() == p.secret:
		p.fault(path, "a list of secrets is not possible: make it a table")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && t.Elem() != dateType:
		f.Type, f.Fields = Table, p.fields(t.Elem(), path)
	case t.Kind() == reflect.Slice:
		f.Type, f.Elem = List, scalar(t.Elem())
		if f.Elem == "" {
			p.fault(path, "a list of %s is not possible", t.Elem())
		}
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String && t.Elem() != p.secret:
		f.Type = Map
	default:
		if f.Type = scalar(t); f.Type == "" {
			p.fault(path, "the type %s is not possible", t)
		}
	}
}

func scalar(t reflect.Type) Type {
	if t == durationType || t == dateType {
		return ""
	}
	switch t.Kind() {
	case reflect.String:
		return String
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Int
	case reflect.Float32, reflect.Float64:
		return Float
	case reflect.Bool:
		return Bool
	}
	return ""
}

// span is what an integer type holds, within int64.
func span(t reflect.Type) (lo, hi int64) {
	bits := t.Bits()
	if v := reflect.Zero(t); v.CanUint() {
		return 0, int64(uint64(1)<<min(bits, 63) - 1)
	}
	hi = int64(uint64(1)<<(bits-1) - 1)
	return -hi - 1, hi
}

func (p *parser) enum(text, path string) (choices []Choice) {
	if text == "" {
		return nil
	}
	for c := range strings.SplitSeq(text, ",") {
		value, title, ok := strings.Cut(c, "=")
		if !ok || value == "" || title == "" {
			p.fault(path, "enum must be value=Заголовок,…, not %q", c)
		}
		choices = append(choices, Choice{value, title})
	}
	return choices
}

func (p *parser) when(text, path string) *Condition {
	if text == "" {
		return nil
	}
	field, values, ok := strings.Cut(text, "=")
	if !ok || field == "" {
		p.fault(path, "when must be field=value, not %q", text)
		return nil
	}
	return &Condition{Field: field, Values: strings.Split(values, ",")}
}

func (p *parser) bound(f *Field, text, path string) *Bound {
	if text == "" {
		return nil
	}
	switch f.Type {
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			p.fault(path, "%q is not a duration", text)
		}
		return &Bound{text, float64(d)}
	case Date, Bool, Group:
		p.fault(path, "min and max mean nothing here")
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.fault(path, "%q is not a number", text)
	}
	return &Bound{text, v}
}

// setDefault takes the default as a person would write the value.
func (p *parser) setDefault(f *Field, text, path string) {
	var raw any = text
	switch f.Type {
	case Int, Float:
		raw = number(text)
	case Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			p.fault(path, "default %q is neither true nor false", text)
		}
		raw = b
	case List:
		if f.Elem != String {
			p.fault(path, "only a list of texts can have a default")
			return
		}
		items := []any{}
		for s := range strings.SplitSeq(text, ",") {
			items = append(items, s)
		}
		raw = items
	case Secret, Group, Table, Map:
		p.fault(path, "a %s can have no default", f.Type)
		return
	}
	d := &decoding{}
	f.Default = d.value(f, raw, path)
	for _, fault := range d.faults {
		p.fault(path, "default: %s", fault.Text)
	}
}

// conditions checks that what a when names exists and leads to no circle.
func (p *parser) conditions(root, form Form, path string) {
	for i := range form {
		f := &form[i]
		seen := map[*Field]bool{}
		for c := f; c != nil && c.When != nil; {
			if seen[c] {
				p.fault(join(path, f.Name), "when leads in a circle")
				break
			}
			seen[c] = true
			next := find(root, form, c.When.Field)
			if next == nil {
				p.fault(join(path, f.Name), "when names %q, which is no field", c.When.Field)
			}
			c = next
		}
		if f.Type == Group || f.Type == Table {
			p.conditions(root, f.Fields, join(path, f.Name))
		}
	}
}

func find(root, form Form, name string) *Field {
	if strings.Contains(name, ".") {
		return root.Lookup(name)
	}
	return form.Field(name)
}
