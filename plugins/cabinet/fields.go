package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// at follows a path of field names and list positions, `data.items.0.text`, in
// decoded JSON; nil if it leads nowhere. An empty path is the value itself.
func at(v any, path string) any {
	if path == "" {
		return v
	}
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// textAt is what stands at the path as text, "" for none or for what is no
// single value.
func textAt(v any, path string) string {
	if path == "" {
		return ""
	}
	switch found := at(v, path).(type) {
	case string:
		return strings.TrimSpace(found)
	case json.Number:
		return found.String()
	case bool:
		return strconv.FormatBool(found)
	}
	return ""
}

// put sets what stands at a path of field names, making the objects on the way.
func put(into map[string]any, path string, value any) {
	if path == "" {
		return
	}
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		next, ok := into[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[name] = next
		}
		into = next
	}
	into[names[len(names)-1]] = value
}

// moscow is the zone of a time that names none.
var moscow = time.FixedZone("MSK", 3*60*60)

// momentOf reads the ways cabinets write a moment; zero if it is none of them.
func momentOf(text string) time.Time {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		if n > 1e11 {
			return time.UnixMilli(n).UTC()
		}
		return time.Unix(n, 0).UTC()
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "02.01.2006 15:04:05", "02.01.2006 15:04", time.DateOnly, "02.01.2006"} {
		if t, err := time.ParseInLocation(layout, text, moscow); err == nil {
			return t
		}
	}
	return time.Time{}
}
