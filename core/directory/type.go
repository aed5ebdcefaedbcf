// Package directory is one engine for all directories (справочники): a Type is
// declared once, and storage with validation, history, lists, import and export
// follow from the declaration alone.
//
// The types of a residents' desk are in desk.go; connectors declare types of
// their own, named `<connector>.<name>`.
package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// FieldType is what a field holds.
type FieldType string

// The types of fields, with the JSON of a value.
const (
	Text     FieldType = "text"     // one line
	LongText FieldType = "longtext" // several lines
	Number   FieldType = "number"
	Bool     FieldType = "bool"
	Date     FieldType = "date"   // "2026-03-01"
	Choice   FieldType = "choice" // the value of one of Options
	Ref      FieldType = "ref"    // id of an entry of the directory Ref
	Texts    FieldType = "texts"  // list of texts
	Refs     FieldType = "refs"   // list of ids of entries of Ref
	File     FieldType = "file"   // name of one of the entry's files
	Files    FieldType = "files"  // list of such names
	Term     FieldType = "term"   // core.Term: {"kind": "working_days", "amount": 10}
	Hours    FieldType = "hours"  // hours by entry of Ref: {"ent_…": 24}
)

var fieldTypes = []FieldType{Text, LongText, Number, Bool, Date, Choice, Ref, Texts, Refs, File, Files, Term, Hours}

// Check is what a text must be beyond its length.
type Check string

// The checks. INN, OGRN and KPP prove the check digits where there are any.
const (
	CheckINN    Check = "inn"
	CheckOGRN   Check = "ogrn" // ОГРН or ОГРНИП
	CheckKPP    Check = "kpp"
	CheckEmail  Check = "email"
	CheckCode   Check = "code" // Latin letters, digits, - _ .
	CheckDigits Check = "digits"
)

// Words is a text for people in both languages of the interface.
type Words struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

// Option is one value of a choice.
type Option struct {
	Value string `json:"value"`
	Title Words  `json:"title"`
}

// Field is one field of a Type. Name is part of the REST contract and does not
// change.
type Field struct {
	Name     string             `json:"name"`
	Title    Words              `json:"title"`
	Help     string             `json:"help,omitempty"` // in Russian
	Type     FieldType          `json:"type"`
	Required bool               `json:"required,omitempty"`
	Unique   bool               `json:"unique,omitempty"`  // among the live entries of the directory, without regard to case
	Default  any                `json:"default,omitempty"` // of a text, number, bool or choice that was left out
	Check    Check              `json:"check,omitempty"`   // of a text
	Min      *float64           `json:"min,omitempty"`     // of a number
	Max      *float64           `json:"max,omitempty"`
	Options  []Option           `json:"options,omitempty"` // of a choice
	Ref      core.DirectoryName `json:"ref,omitempty"`     // of a ref, refs or hours
}

// Type declares a directory.
type Type struct {
	Name   core.DirectoryName `json:"name"`
	Title  Words              `json:"title"`
	Fields []Field            `json:"fields"`
	// Label is the field that names an entry to people: a required text. Lists are
	// searched by its beginning.
	Label string `json:"label"`
	// Key is the unique text by which files and connectors name an entry, if there
	// is one.
	Key string `json:"key,omitempty"`
	// Parent is the field that makes a tree of the directory: a ref to itself.
	Parent string `json:"parent,omitempty"`
	// Columns are the fields a list shows; Filters those it can be narrowed by.
	Columns []string `json:"columns"`
	Filters []string `json:"filters,omitempty"`
	// Order is the field lists are sorted by, with - before it downwards. A field
	// to sort by is a text, number, date, bool or choice that every entry has: it
	// is required or has a default.
	Order string `json:"order"`
	// ByOrganization: an entry may belong to one organisation only.
	ByOrganization bool `json:"by_organization,omitempty"`
	// Edit and Read are the roles that may, beside administrators; an empty Read
	// lets everybody read who may read directories.
	Edit []core.Role `json:"edit,omitempty"`
	Read []core.Role `json:"read,omitempty"`
	// Public: connectors may read it. PublicIf names a bool field: they see only
	// the entries where it is true.
	Public   bool   `json:"public,omitempty"`
	PublicIf string `json:"public_if,omitempty"`
}

// Editable tells whether one of the roles may change entries.
func (t *Type) Editable(roles []core.Role) bool { return among(roles, t.Edit) }

// Readable tells whether one of the roles may read entries.
func (t *Type) Readable(roles []core.Role) bool {
	return len(t.Read) == 0 || among(roles, t.Read) || t.Editable(roles)
}

func among(roles, allowed []core.Role) bool {
	return slices.ContainsFunc(roles, func(r core.Role) bool {
		return r == core.RoleAdministrator || slices.Contains(allowed, r)
	})
}

// Field finds a field by its name.
func (t *Type) Field(name string) (*Field, bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &t.Fields[i], true
}

// Sortable tells whether lists may be sorted by the field.
func (t *Type) Sortable(name string) bool {
	f, ok := t.Field(name)
	return ok && (f.Required || f.Default != nil) && slices.Contains([]FieldType{Text, Number, Bool, Date, Choice}, f.Type)
}

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	ownerForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
)

// check names every mistake of a declaration. known tells whether a directory
// exists.
func (t *Type) check(known func(core.DirectoryName) bool) (faults []core.FieldFault) {
	say := func(wrong bool, field, format string, args ...any) {
		if wrong {
			faults = append(faults, core.FieldFault{Field: string(t.Name) + "." + field, Text: fmt.Sprintf(format, args...)})
		}
	}
	owner, own, foreign := strings.Cut(string(t.Name), ".")
	if !foreign {
		own = owner
	}
	say(!nameForm.MatchString(own) || foreign && !ownerForm.MatchString(owner), "name", "латинские строчные буквы, цифры и _")
	say(t.Title.RU == "" || t.Title.EN == "", "title", "нужно название на двух языках")
	seen := map[string]bool{}
	for _, f := range t.Fields {
		for _, name := range []string{"." + f.Name, strings.ToLower(f.Title.RU)} {
			say(seen[name], f.Name, "имя или название повторяется")
			seen[name] = true
		}
		f.check(known, func(wrong bool, text string) { say(wrong, f.Name, "%s", text) })
	}
	t.checkUse(say)
	return faults
}

// checkUse checks what the declaration says of its fields.
func (t *Type) checkUse(say func(wrong bool, field, format string, args ...any)) {
	label, _ := t.Field(t.Label)
	say(label == nil || label.Type != Text || !label.Required, "label", "нужно обязательное однострочное поле")
	if t.Key != "" {
		key, _ := t.Field(t.Key)
		say(key == nil || key.Type != Text || !key.Unique, "key", "нужно неповторимое однострочное поле")
	}
	if t.Parent != "" {
		parent, _ := t.Field(t.Parent)
		say(parent == nil || parent.Type != Ref || parent.Ref != t.Name, "parent", "нужна ссылка на этот же справочник")
	}
	if t.PublicIf != "" {
		when, _ := t.Field(t.PublicIf)
		say(when == nil || when.Type != Bool, "public_if", "нужно поле «да или нет»")
	}
	say(!t.Sortable(strings.TrimPrefix(t.Order, "-")), "order", "по этому полю нельзя упорядочить")
	for _, name := range slices.Concat(t.Columns, t.Filters) {
		_, ok := t.Field(name)
		say(!ok, "columns", "нет поля %s", name)
	}
	for _, name := range t.Filters {
		f, ok := t.Field(name)
		say(ok && !slices.Contains([]FieldType{Text, Number, Bool, Date, Choice, Ref, Texts, Refs}, f.Type), "filters", "по полю %s нельзя отбирать", name)
	}
	for _, role := range slices.Concat(t.Edit, t.Read) {
		say(!slices.Contains(knownRoles, role), "edit", "нет роли %s", string(role))
	}
}

var knownRoles = []core.Role{
	core.RoleAdministrator, core.RoleSupervisor, core.RoleOperator, core.RoleClerk, core.RoleAuditor, core.RoleIntegration,
}

func (f *Field) check(known func(core.DirectoryName) bool, say func(wrong bool, text string)) {
	refers := slices.Contains([]FieldType{Ref, Refs, Hours}, f.Type)
	say(!nameForm.MatchString(f.Name), "латинские строчные буквы, цифры и _")
	say(f.Title.RU == "" || f.Title.EN == "", "нужно название на двух языках")
	say(!slices.Contains(fieldTypes, f.Type), "нет такого типа поля")
	say(refers != (f.Ref != ""), "ref бывает у ссылок, и у них он нужен")
	say(refers && !known(f.Ref), "нет справочника "+string(f.Ref))
	say((f.Type == Choice) != (len(f.Options) > 0), "options бывают у выбора, и у него они нужны")
	say(f.Unique && f.Type != Text, "неповторимым бывает однострочный текст")
	say(f.Check != "" && (f.Type != Text || checks[f.Check] == nil), "нет такой проверки у этого типа поля")
	say((f.Min != nil || f.Max != nil) && f.Type != Number, "границы бывают у числа")
	if f.Default != nil {
		_, fault := f.read(f.Default)
		say(!slices.Contains([]FieldType{Text, LongText, Number, Bool, Choice}, f.Type) || fault != "", "неверное значение по умолчанию")
	}
}
