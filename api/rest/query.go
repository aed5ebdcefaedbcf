package rest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// query reads the parameters of a list. Every one that is asked for counts as
// known; err reports the others and every wrong value at once.
type query struct {
	values url.Values
	known  []string
	faults faults
}

func (c *call) query() *query {
	return &query{values: c.r.URL.Query()}
}

func (q *query) text(name string) string {
	q.known = append(q.known, name)
	v := q.values[name]
	switch {
	case len(v) == 0:
		return ""
	case len(v) > 1 || len(v[0]) > 1000 || strings.IndexByte(v[0], 0) >= 0:
		q.faults.add(name, textString)
		return ""
	}
	return v[0]
}

// enum is one of the values, or empty.
func enum[T ~string](q *query, name string, of []T) T {
	v := T(q.text(name))
	if v != "" && !slices.Contains(of, v) {
		q.faults.add(name, textChoice)
	}
	return v
}

func (q *query) number(name string, least, most, otherwise int) int {
	v := q.text(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		q.faults.add(name, textNumber)
	}
	return n
}

func (q *query) flag(name string) bool {
	v := q.text(name)
	if v != "" && v != "true" && v != "false" {
		q.faults.add(name, textBool)
	}
	return v == "true"
}

// day is the beginning of a day of the office's calendar, plus days; zero if
// the parameter is not there.
func (q *query) day(name string, plus int) time.Time {
	v := q.text(name)
	if v == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, v, core.OfficeZone)
	if err != nil {
		q.faults.add(name, textDate)
	}
	return day.AddDate(0, 0, plus)
}

// address is what an index of addresses is asked for: `kind:value`, or an
// e-mail or phone as it is.
func (q *query) address(name string) string {
	v := strings.TrimSpace(q.text(name))
	if v == "" {
		return ""
	}
	if kind, value, ok := strings.Cut(v, ":"); ok && slices.Contains(addressKinds, core.AddressKind(kind)) {
		return core.Address{Kind: core.AddressKind(kind), Value: value}.Key()
	}
	if strings.Contains(v, "@") {
		return core.Address{Kind: core.AddressEmail, Value: v}.Key()
	}
	return core.Address{Kind: core.AddressPhone, Value: v}.Key()
}

func (q *query) err() error {
	for _, name := range sortedKeys(q.values) {
		if !slices.Contains(q.known, name) {
			q.faults.add(join("", name), textUnknownParam)
		}
	}
	return q.faults.err("request.query")
}

// paged reads what every list by pages takes.
func paged[T any](q *query) store.Query[T] {
	return store.Query[T]{After: q.text("after"), Limit: q.number("limit", 1, 1000, 50)}
}

// where adds a term if there is a value to look for.
func where[T any](q *store.Query[T], index, value string) {
	if value != "" {
		q.Where = append(q.Where, store.Term{Index: index, Value: value})
	}
}

// between bounds the ids by the time they were made in, [from, to).
func between[T any](q *store.Query[T], prefix string, from, to time.Time) {
	if !from.IsZero() {
		q.From = core.FirstID(prefix, from)
	}
	if !to.IsZero() {
		q.To = core.FirstID(prefix, to)
	}
}

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// list is a list that is always answered whole.
type list[T any] struct {
	Items []T `json:"items"`
}

// items turns what was read into what is shown, never nil.
func items[T, S any](in []T, show func(T) S) []S {
	out := make([]S, 0, len(in))
	for _, v := range in {
		out = append(out, show(v))
	}
	return out
}

func itself[T any](v T) T { return v }
