package registry

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

var (
	placeholder = regexp.MustCompile(`\{([a-z]+)(?::0(\d{1,2}))?\}`)
	brace       = regexp.MustCompile(`[{}]`)
	journalID   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

// Render prints a number by a template: {yyyy}, {yy}, {mm}, {dd}, {index}, {n}
// and {n:06} (padded with zeros).
func Render(template, index string, day time.Time, n uint64) string {
	return placeholder.ReplaceAllStringFunc(template, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		switch parts[1] {
		case "yyyy":
			return day.Format("2006")
		case "yy":
			return day.Format("06")
		case "mm":
			return day.Format("01")
		case "dd":
			return day.Format("02")
		case "index":
			return index
		case "n":
			width, _ := strconv.Atoi(parts[2]) // empty is no padding
			return fmt.Sprintf("%0*d", width, n)
		}
		return found
	})
}

// check finds everything wrong with a journal.
func check(j *core.Journal) []core.FieldFault {
	var faults core.Faults
	if !journalID.MatchString(string(j.ID)) {
		faults.Add("id", "только строчные латинские буквы, цифры и дефис, до 40 знаков")
	}
	if strings.TrimSpace(j.Title) == "" {
		faults.Add("title", "обязательное поле")
	}
	switch j.Direction {
	case core.Incoming, core.Outgoing, core.Internal:
	default:
		faults.Add("direction", "должно быть incoming, outgoing или internal")
	}
	if text := templateFault(j); text != "" {
		faults.Add("template", text)
	}
	return faults
}

func templateFault(j *core.Journal) string {
	names := map[string]bool{}
	for _, parts := range placeholder.FindAllStringSubmatch(j.Template, -1) {
		names[parts[1]] = true
	}
	for name := range names {
		switch name {
		case "yyyy", "yy", "mm", "dd", "index", "n":
		default:
			return "неизвестная подстановка {" + name + "}"
		}
	}
	switch {
	case brace.MatchString(placeholder.ReplaceAllString(j.Template, "")):
		return "незакрытая или неверная подстановка в фигурных скобках"
	case !names["n"]:
		return "нет подстановки {n}: номера были бы одинаковы"
	case j.Yearly && !names["yyyy"] && !names["yy"]:
		return "нумерация начинается заново каждый год, но года в номере нет: добавьте {yyyy}"
	}
	return ""
}
