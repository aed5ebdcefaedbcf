package directory

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// A cell of a CSV file is a value as people write it: да and нет, 01.03.2026,
// the titles of choices, entries by their key (or label, or id), lists one item
// a line, hours as `phone=24`, a term as `10 working_days`.

// columns are the fields a file has: files themselves do not travel in it.
func (t *Type) columns() (out []*Field) {
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Type != File && f.Type != Files {
			out = append(out, f)
		}
	}
	return out
}

// cells turns values into text and back in one transaction.
type cells struct {
	service *Service
	tx      store.Tx
	names   map[string]string // of entries, by id: what was looked up
}

// write is the cell of a value.
func (c *cells) write(f *Field, value any) (string, error) {
	if value == nil {
		return "", nil
	}
	switch f.Type {
	case Number:
		return writeNumber(value.(float64)), nil
	case Bool:
		return map[bool]string{true: "да", false: "нет"}[value.(bool)], nil
	case Choice:
		return f.optionTitle(value.(string)), nil
	case Ref, Refs:
		return c.writeRefs(f, value)
	case Texts:
		return strings.Join(f.targets(value), "\n"), nil
	case Term:
		v := value.(map[string]any)
		amount, _ := v["amount"].(float64)
		return strings.TrimPrefix(writeNumber(amount)+" ", "0 ") + v["kind"].(string), nil
	case Hours:
		return c.writeHours(f, value.(map[string]any))
	}
	return value.(string), nil
}

func writeNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func (f *Field) optionTitle(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Title.RU
		}
	}
	return value
}

func (c *cells) writeRefs(f *Field, value any) (string, error) {
	var out []string
	for _, id := range f.targets(value) {
		name, err := c.name(f.Ref, id)
		if err != nil {
			return "", err
		}
		out = append(out, name)
	}
	return strings.Join(out, "\n"), nil
}

func (c *cells) writeHours(f *Field, hours map[string]any) (string, error) {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(hours)) {
		name, err := c.name(f.Ref, id)
		if err != nil {
			return "", err
		}
		out = append(out, name+"="+writeNumber(hours[id].(float64)))
	}
	slices.Sort(out)
	return strings.Join(out, "\n"), nil
}

// name is how a file names an entry: by its key, or by its id if it has none.
func (c *cells) name(in core.DirectoryName, id string) (string, error) {
	if name, ok := c.names[id]; ok {
		return name, nil
	}
	t, err := c.service.Type(in)
	if err != nil {
		return "", err
	}
	e, err := store.Entries.GetAny(c.tx, id)
	if core.KindOf(err) == core.KindNotFound {
		return id, nil
	}
	if err != nil {
		return "", err
	}
	name := e.Text(t.Key)
	if name == "" {
		name = id
	}
	c.names[id] = name
	return name, nil
}

// read is the value of a cell, as JSON would have it, and what is wrong with it.
func (c *cells) read(f *Field, cell string) (value any, fault string, err error) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return nil, "", nil
	}
	switch f.Type {
	case Number:
		n := parseNumber(cell)
		return n, when(n == nil, textNumber), nil
	case Bool:
		b := parseBool(cell)
		return b, when(b == nil, "ожидается да или нет"), nil
	case Date:
		return parseDate(cell), "", nil
	case Choice:
		return f.optionOf(cell), "", nil
	case Texts:
		return lines(cell), "", nil
	case Term:
		return parseTerm(cell), "", nil
	case Ref:
		return c.find(f.Ref, cell)
	case Refs:
		return c.readRefs(f, cell)
	case Hours:
		return c.readHours(f, cell)
	}
	return cell, "", nil
}

// parseNumber takes a decimal comma, too; nil if it is no number.
func parseNumber(text string) any {
	clean := strings.NewReplacer(",", ".", "\u00a0", "", " ", "").Replace(text)
	n, err := strconv.ParseFloat(clean, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil
	}
	return n
}

func parseBool(text string) any {
	return map[string]any{"да": true, "true": true, "1": true, "нет": false, "false": false, "0": false}[strings.ToLower(text)]
}

// parseDate takes 01.03.2026, too.
func parseDate(text string) string {
	if day, err := time.Parse("02.01.2006", text); err == nil {
		return day.Format(time.DateOnly)
	}
	return text
}

func (f *Field) optionOf(text string) string {
	for _, o := range f.Options {
		if strings.EqualFold(o.Title.RU, text) || strings.EqualFold(o.Title.EN, text) {
			return o.Value
		}
	}
	return text
}

func lines(cell string) (out []any) {
	for line := range strings.Lines(cell) {
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

// parseTerm reads `10 working_days`; what it cannot read stays a text, which is
// no term.
func parseTerm(cell string) any {
	amount, kind, ok := strings.Cut(cell, " ")
	if !ok {
		return map[string]any{"kind": cell}
	}
	n, err := strconv.Atoi(amount)
	if err != nil {
		return cell
	}
	return map[string]any{"kind": strings.TrimSpace(kind), "amount": float64(n)}
}

// find is the id of the entry a cell names.
func (c *cells) find(in core.DirectoryName, name string) (id any, fault string, err error) {
	t, err := c.service.Type(in)
	if err != nil {
		return nil, "", err
	}
	if len(name) <= maxID {
		e, err := store.Entries.GetAny(c.tx, name)
		if err == nil && e.Directory == in && e.DeletedAt == nil {
			return name, "", nil
		}
		if err != nil && core.KindOf(err) != core.KindNotFound {
			return nil, "", err
		}
	}
	for _, field := range []string{t.Key, t.Label} {
		var found []any
		for e, err := range alike(c.tx, in, field, name) {
			if err != nil {
				return nil, "", err
			}
			if found = append(found, string(e.ID)); len(found) > 1 {
				return nil, "таких записей несколько: назовите код или id", nil
			}
		}
		if len(found) == 1 {
			return found[0], "", nil
		}
	}
	return nil, textNoEntry, nil
}

func (c *cells) readRefs(f *Field, cell string) (any, string, error) {
	var out []any
	for _, line := range lines(cell) {
		id, fault, err := c.find(f.Ref, line.(string))
		if err != nil || fault != "" {
			return nil, fault, err
		}
		out = append(out, id)
	}
	return out, "", nil
}

func (c *cells) readHours(f *Field, cell string) (any, string, error) {
	out := map[string]any{}
	for _, line := range lines(cell) {
		name, hours, ok := strings.Cut(line.(string), "=")
		n := parseNumber(hours)
		if !ok || n == nil {
			return nil, textHours, nil
		}
		id, fault, err := c.find(f.Ref, strings.TrimSpace(name))
		if err != nil || fault != "" {
			return nil, fault, err
		}
		if _, twice := out[id.(string)]; twice {
			return nil, textTwice, nil
		}
		out[id.(string)] = n
	}
	return out, "", nil
}

// A table program takes a cell that begins so for a formula: an apostrophe before
// it makes it a text. One that is there already gets another.
const formula = "=+-@\t\r'"

func guard(cell string) string {
	if cell != "" && strings.ContainsRune(formula, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formula, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
