package directory

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

// Texts of faults, for people.
const (
	textRequired = "обязательное поле"
	textUnknown  = "неизвестное поле"
	textString   = "ожидается строка"
	textNumber   = "ожидается число"
	textBool     = "ожидается true или false"
	textDate     = "ожидается дата, например 2026-03-01"
	textList     = "ожидается список строк"
	textTwice    = "значение повторяется в списке"
	textChoice   = "нет такого значения"
	textLong     = "слишком длинно"
	textMany     = "слишком много"
	textLine     = "в строке не может быть переводов строки и управляющих знаков"
	textTerm     = "ожидается срок: вид и целое число больше нуля"
	textHours    = "ожидаются часы по записям: целые числа больше нуля"
	textRange    = "число вне границ"
	textTaken    = "такое значение уже есть"
	textNoEntry  = "такой записи нет"
	textNoFile   = "такого файла у записи нет"
	textCycle    = "запись не может стоять под самой собой"
)

// Bounds of values, in characters and items.
const (
	maxText     = 1000
	maxLongText = 100_000
	maxItems    = 200
	maxTerm     = 100_000
)

var termKinds = []core.TermKind{core.TermCalendarDays, core.TermWorkingDays, core.TermWorkingHours, core.TermHours, core.TermOutside}

// read brings a value of JSON into the form it is kept in. nil means that there
// is no value; the fault is "" or a text for people.
func (f *Field) read(value any) (any, string) {
	switch f.Type {
	case Text, File:
		return f.text(value)
	case LongText:
		return longText(value)
	case Number:
		return f.number(value)
	case Bool:
		_, ok := value.(bool)
		return value, when(!ok, textBool)
	case Date:
		text, ok := value.(string)
		_, err := time.Parse(time.DateOnly, text)
		return value, when(!ok || err != nil, textDate)
	case Choice:
		return value, when(!f.offers(value), textChoice)
	case Ref:
		text, ok := value.(string)
		return none(text), when(!ok || len(text) > maxID, textNoEntry)
	case Texts, Refs, Files:
		return f.list(value)
	case Term:
		return readTerm(value)
	case Hours:
		return readHours(value)
	}
	return nil, textUnknown
}

// maxID bounds what is looked up as an id.
const maxID = 100

func when(wrong bool, text string) string {
	if wrong {
		return text
	}
	return ""
}

// none is nil for an empty text: an empty field of a form is one without value.
func none(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (f *Field) text(value any) (any, string) {
	text, ok := value.(string)
	if !ok {
		return nil, textString
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, ""
	case utf8.RuneCountInString(text) > maxText:
		return nil, textLong
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return nil, textLine
	case f.Check != "":
		return text, checks[f.Check](text)
	}
	return text, ""
}

func longText(value any) (any, string) {
	text, ok := value.(string)
	if !ok {
		return nil, textString
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	odd := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	switch {
	case utf8.RuneCountInString(text) > maxLongText:
		return nil, textLong
	case !utf8.ValidString(text) || strings.ContainsFunc(text, odd):
		return nil, textLine
	}
	return none(text), ""
}

// number takes whatever Go declares a default with, too.
func (f *Field) number(value any) (any, string) {
	var n float64
	switch v := value.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	default:
		return nil, textNumber
	}
	return n, when(f.Min != nil && n < *f.Min || f.Max != nil && n > *f.Max, textRange)
}

func (f *Field) offers(value any) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}

// list reads a list of texts; empty items are left out.
func (f *Field) list(value any) (any, string) {
	items, ok := value.([]any)
	if !ok {
		return nil, textList
	}
	var out []any
	for _, item := range items {
		text, fault := f.text(item)
		switch {
		case fault != "":
			return nil, fault
		case text == nil:
			continue
		case slices.Contains(out, text):
			return nil, textTwice
		}
		out = append(out, text)
	}
	if len(out) > maxItems {
		return nil, textMany
	}
	if out == nil {
		return nil, ""
	}
	return out, ""
}

func readTerm(value any) (any, string) {
	in, ok := value.(map[string]any)
	kind, isText := in["kind"].(string)
	if !ok || !isText || !slices.Contains(termKinds, core.TermKind(kind)) {
		return nil, textTerm
	}
	amount, given := in["amount"].(float64)
	if kind == string(core.TermOutside) {
		return map[string]any{"kind": kind}, when(len(in) != 1, textTerm)
	}
	return map[string]any{"kind": kind, "amount": amount}, when(!given || !whole(amount) || len(in) != 2, textTerm)
}

func whole(v float64) bool { return v >= 1 && v <= maxTerm && v == float64(int(v)) }

func readHours(value any) (any, string) {
	in, ok := value.(map[string]any)
	if !ok {
		return nil, textHours
	}
	if len(in) > maxItems {
		return nil, textMany
	}
	for id, hours := range in {
		if n, ok := hours.(float64); !ok || !whole(n) || len(id) > maxID || id == "" {
			return nil, textHours
		}
	}
	if len(in) == 0 {
		return nil, ""
	}
	return in, ""
}

// targets are the ids a value of the field refers to.
func (f *Field) targets(value any) (ids []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			ids = append(ids, item.(string))
		}
	case map[string]any:
		for id := range v {
			ids = append(ids, id)
		}
		slices.Sort(ids)
	}
	return ids
}

// TermOf is a value of the type Term; nil if the entry has none.
func TermOf(e *core.Entry, field string) *core.Term {
	v, ok := e.Values[field].(map[string]any)
	if !ok {
		return nil
	}
	kind, _ := v["kind"].(string)
	amount, _ := v["amount"].(float64)
	return &core.Term{Kind: core.TermKind(kind), Amount: int(amount)}
}

// HoursOf is the hours a value of the type Hours has for an entry; 0 if none.
func HoursOf(e *core.Entry, field string, of core.EntryID) int {
	v, _ := e.Values[field].(map[string]any)
	hours, _ := v[string(of)].(float64)
	return int(hours)
}

// TextsOf is a value of the type Texts; nil if the entry has none.
func TextsOf(e *core.Entry, field string) (out []string) {
	items, _ := e.Values[field].([]any)
	for _, item := range items {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
