package schedule

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/uzel-hub/uzel/core"
)

//go:embed russia.yaml
var russiaYAML []byte

// decrees are the built-in years of the country by year. The data is a part of
// the program: a fault in it is a defect.
var decrees = sync.OnceValue(func() map[int]*core.CalendarYear {
	var years []*core.CalendarYear
	if err := yaml.UnmarshalWithOptions(russiaYAML, &years, yaml.Strict(), yaml.UseJSONUnmarshaler()); err != nil {
		panic(fmt.Sprintf("russia.yaml: %v", err))
	}
	out := map[int]*core.CalendarYear{}
	for _, y := range years {
		y.Calendar, y.Days = core.CalendarRussia, Decreed(y.Year, y.Days)
		out[y.Year] = y
	}
	return out
})

// Decreed are the special days of a year of the country: those of the law, with
// the days over them that a decree of the Government moves.
func Decreed(year int, moved []core.SpecialDay) []core.SpecialDay {
	days := lawful(year)
	for _, d := range moved {
		days.decree(d)
	}
	return sortedDays(days)
}

// holidays of article 112 of the Labour Code, as it stands since 2013.
var holidays = []struct {
	month time.Month
	day   int
	note  string
}{
	{time.January, 1, "Новогодние каникулы"},
	{time.January, 2, "Новогодние каникулы"},
	{time.January, 3, "Новогодние каникулы"},
	{time.January, 4, "Новогодние каникулы"},
	{time.January, 5, "Новогодние каникулы"},
	{time.January, 6, "Новогодние каникулы"},
	{time.January, 7, "Рождество Христово"},
	{time.January, 8, "Новогодние каникулы"},
	{time.February, 23, "День защитника Отечества"},
	{time.March, 8, "Международный женский день"},
	{time.May, 1, "Праздник Весны и Труда"},
	{time.May, 9, "День Победы"},
	{time.June, 12, "День России"},
	{time.November, 4, "День народного единства"},
}

// computed is a year nobody has moved days in: holidays, the days off that the
// law itself moves to the next working day, and short days before holidays.
// Days off that fall on 1 to 8 January wait for a decree and are not moved.
func computed(year int) *core.CalendarYear {
	return &core.CalendarYear{
		Calendar: core.CalendarRussia, Year: year, Computed: true, Days: sortedDays(lawful(year)),
		Basis: "Статьи 95 и 112 Трудового кодекса РФ; постановление о переносе выходных не внесено",
	}
}

type dayTable map[core.Date]core.SpecialDay

func lawful(year int) dayTable {
	days := dayTable{}
	for _, h := range holidays {
		days.put(date(year, h.month, h.day), core.DayHoliday, h.note)
	}
	for _, h := range holidays {
		if day := date(year, h.month, h.day); weekend(day) && h.month != time.January {
			days.put(days.nextWorking(day), core.DayOff, "перенос с "+day.Format("02.01")+" (статья 112 ТК РФ)")
		}
	}
	for _, h := range holidays {
		if before := date(year, h.month, h.day-1); before.Year() == year && days.working(before) {
			days.put(before, core.DayShort, "накануне праздника")
		}
	}
	if eve := date(year, time.December, 31); days.working(eve) {
		days.put(eve, core.DayShort, "накануне праздника")
	}
	return days
}

func (t dayTable) put(day time.Time, kind core.DayKind, note string) {
	d := core.DateOf(day)
	t[d] = core.SpecialDay{Date: d, Kind: kind, Note: note}
}

// decree lays a day of a decree over the law: one that the law would move and
// the decree moves elsewhere is an ordinary day again.
func (t dayTable) decree(d core.SpecialDay) {
	if day, _ := time.Parse(time.DateOnly, string(d.Date)); d.Kind == core.DayWorking && !weekend(day) {
		delete(t, d.Date)
		return
	}
	t[d.Date] = d
}

// working tells by the weekday and by what is known so far.
func (t dayTable) working(day time.Time) bool {
	_, special := t[core.DateOf(day)]
	return !special && !weekend(day)
}

func (t dayTable) nextWorking(day time.Time) time.Time {
	for day = day.AddDate(0, 0, 1); !t.working(day); {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func weekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

func sortedDays(days dayTable) []core.SpecialDay {
	out := slices.AppendSeq(make([]core.SpecialDay, 0, len(days)), maps.Values(days))
	slices.SortFunc(out, func(a, b core.SpecialDay) int { return strings.Compare(string(a.Date), string(b.Date)) })
	return out
}
