package directory

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// CheckExtra tells what is wrong with the extra fields of an appeal of the
// reason: what is given must be a field of the reason and of its type, and what
// is required must be given. The faults name the field alone.
func (s *Service) CheckExtra(tx store.Tx, reason core.EntryID, extra map[string]string) (faults []core.FieldFault, err error) {
	known := map[string]bool{}
	for e, err := range extraOf(tx, reason) {
		if err != nil {
			return nil, err
		}
		if !Active(e) {
			continue
		}
		name := e.Text("name")
		known[name] = true
		if text := wrongExtra(e, extra[name]); text != "" {
			faults = append(faults, core.FieldFault{Field: name, Text: text})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if !known[name] {
			faults = append(faults, core.FieldFault{Field: name, Text: textUnknown})
		}
	}
	return faults, nil
}

func extraOf(tx store.Tx, reason core.EntryID) func(func(*core.Entry, error) bool) {
	if reason == "" {
		return func(func(*core.Entry, error) bool) {}
	}
	return store.Entries.Find(tx, "value", store.EntryKey(core.DirExtraFields, "reason", string(reason)))
}

// wrongExtra tells what is wrong with the value of an extra field; empty:
// nothing.
func wrongExtra(field *core.Entry, value string) string {
	if value == "" {
		return when(field.Values["required"] == true, textRequired)
	}
	switch field.Text("type") {
	case "number":
		_, err := strconv.ParseFloat(value, 64)
		return when(err != nil, textNumber)
	case "date":
		_, err := time.Parse(time.DateOnly, value)
		return when(err != nil, textDate)
	case "bool":
		return when(value != "true" && value != "false", textBool)
	case "choice":
		return when(!slices.Contains(TextsOf(field, "options"), value), textChoice)
	}
	return ""
}

// Active tells that an entry is in use: nobody has switched it off.
func Active(e *core.Entry) bool { return e.Values["active"] != false }
