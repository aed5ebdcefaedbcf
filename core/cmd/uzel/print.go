package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"
)

// column is one column of a table: its title and the path of the field.
type column struct{ title, path string }

// maxCell keeps tables readable.
const maxCell = 48

// table prints a list: a table for people, the list itself for programs.
func (c *cli) table(p page, columns ...column) error {
	if c.json {
		return c.dump(p)
	}
	if len(p.Items) == 0 {
		_, err := fmt.Fprintln(c.out, "пусто")
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := make([]string, len(columns))
	for i, col := range columns {
		row[i] = strings.ToUpper(col.title)
	}
	fmt.Fprintln(w, strings.Join(row, "\t")) //nolint:errcheck // Flush tells
	for _, item := range p.Items {
		for i, col := range columns {
			row[i] = cell(at(item, col.path))
		}
		fmt.Fprintln(w, strings.Join(row, "\t")) //nolint:errcheck // Flush tells
	}
	if p.Next != "" {
		fmt.Fprintln(w, "… и ещё: добавьте --limit") //nolint:errcheck // Flush tells
	}
	return w.Flush()
}

// card prints one object: its fields by name, or the object itself.
func (c *cli) card(o object, rows ...column) error {
	if c.json {
		return c.dump(o)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if v := at(o, row.path); v != nil && v != "" {
			fmt.Fprintf(w, "%s:\t%s\n", row.title, text(v)) //nolint:errcheck // Flush tells
		}
	}
	return w.Flush()
}

func (c *cli) dump(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// say prints a line for people only.
func (c *cli) say(format string, args ...any) {
	if !c.json {
		fmt.Fprintf(c.out, format+"\n", args...) //nolint:errcheck // nobody left to tell
	}
}

// at follows a path of names with dots.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// person words a correspondent: the name and the first address; "" if it is none.
func person(o object) string {
	list := objects(o["addresses"])
	name, _ := o["name"].(string)
	if len(list) == 0 {
		return name
	}
	return strings.TrimSpace(name + " <" + text(list[0]["value"]) + ">")
}

func cell(v any) string {
	s := strings.Join(strings.Fields(text(v)), " ")
	if utf8.RuneCountInString(s) > maxCell {
		s = string([]rune(s)[:maxCell-1]) + "…"
	}
	return s
}

// text words a JSON value; moments in the machine's time zone.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.Local().Format("02.01.2006 15:04:05")
		}
		return v
	case bool:
		if v {
			return "да"
		}
		return "нет"
	case float64:
		return fmt.Sprintf("%.10g", v)
	case object:
		if name := person(v); name != "" {
			return name
		}
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = text(v[i])
		}
		return strings.Join(parts, ", ")
	}
	raw, _ := json.Marshal(v) // what came from JSON goes back
	return string(raw)
}
