package schedule

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

var (
	idShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	zoneShape = regexp.MustCompile(`^[+-](0[0-9]|1[0-4]):[0-5][0-9]$`)
)

// Bounds of years and of text in a calendar.
const (
	firstYear = 2000
	lastYear  = 2100
	longText  = 500
)

type faults []core.FieldFault

func (f *faults) add(field, text string) {
	*f = append(*f, core.FieldFault{Field: field, Text: text})
}

func (f *faults) text(field, value string, needed bool) {
	switch {
	case needed && value == "":
		f.add(field, "обязательное поле")
	case utf8.RuneCountInString(value) > longText:
		f.add(field, "слишком длинно")
	}
}

func (f *faults) number(field string, value, least, most int) {
	if value < least || value > most {
		f.add(field, fmt.Sprintf("ожидается число от %d до %d", least, most))
	}
}

func (f faults) err(code string) error {
	return core.Faults(f).Err(code)
}

// Check finds what is wrong with a calendar: KindInvalid with all faults.
func Check(c *core.WorkCalendar) error {
	var f faults
	if !idShape.MatchString(string(c.ID)) {
		f.add("id", "латинские строчные буквы, цифры и дефис")
	}
	f.text("title", c.Title, true)
	if !zoneShape.MatchString(c.Zone) {
		f.add("zone", "ожидается отличие от UTC, например +03:00")
	}
	f.number("short_by", c.ShortBy, 0, 24*60)
	f.number("warn_days", c.WarnDays, 0, 365)
	f.number("warn_percent", c.WarnPercent, 0, 100)
	checkWeek(&f, c.Week)
	return f.err("calendar.invalid")
}

func checkWeek(f *faults, week [][]core.Interval) {
	if len(week) != 7 {
		f.add("week", "нужны семь дней, с понедельника")
		return
	}
	worked := false
	for i, hours := range week {
		checkHours(f, "week."+strconv.Itoa(i), hours)
		worked = worked || len(hours) > 0
	}
	if !worked {
		f.add("week", "нужен хотя бы один рабочий день")
	}
}

// checkHours demands stretches one after the other.
func checkHours(f *faults, field string, hours []core.Interval) {
	if len(hours) > 12 {
		f.add(field, "слишком много")
		return
	}
	var before time.Duration
	for i, h := range hours {
		at := field + "." + strconv.Itoa(i)
		from, okFrom := sinceMidnight(h.From)
		to, okTo := sinceMidnight(h.To)
		if !okFrom {
			f.add(at+".from", "ожидается время, например 09:00")
		}
		if !okTo {
			f.add(at+".to", "ожидается время, например 18:00")
		}
		if okFrom && okTo && (from >= to || from < before) {
			f.add(at, "промежутки идут по порядку и не пересекаются")
		}
		before = max(before, to)
	}
}

// CheckYear finds what is wrong with a year of a calendar.
func CheckYear(y *core.CalendarYear) error {
	var f faults
	f.number("year", y.Year, firstYear, lastYear)
	f.text("basis", y.Basis, true)
	if len(y.Days) > 366 {
		f.add("days", "слишком много")
		return f.err("calendar.year_invalid")
	}
	seen := map[core.Date]bool{}
	for i, d := range y.Days {
		checkDay(&f, "days."+strconv.Itoa(i), y.Year, d)
		if seen[d.Date] {
			f.add("days."+strconv.Itoa(i)+".date", "этот день уже есть")
		}
		seen[d.Date] = true
	}
	return f.err("calendar.year_invalid")
}

func checkDay(f *faults, field string, year int, d core.SpecialDay) {
	if d.Date.Year() != year {
		f.add(field+".date", "ожидается дата этого года, например "+strconv.Itoa(year)+"-03-01")
	}
	switch d.Kind {
	case core.DayHoliday, core.DayOff:
		if len(d.Hours) > 0 || d.Short {
			f.add(field+".hours", "в нерабочий день часов нет")
		}
	case core.DayWorking, core.DayShort:
		checkHours(f, field+".hours", d.Hours)
	default:
		f.add(field+".kind", "нет такого значения")
	}
	f.text(field+".note", d.Note, false)
}
