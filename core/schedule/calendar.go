package schedule

import (
	"slices"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Calendar counts time by a core.WorkCalendar. It is made for one piece of work
// (Load, For) and used by one goroutine.
type Calendar struct {
	def     core.WorkCalendar
	zone    *time.Location
	week    [7][]span                  // Monday first
	own     map[int]*core.CalendarYear // of the calendar itself
	country map[int]*core.CalendarYear // in place of the built-in ones
	years   map[int]dayTable           // those looked at so far
}

// span is a stretch of a day, since midnight.
type span struct{ from, to time.Duration }

// Day is one day of a calendar.
type Day struct {
	Date    core.Date       `json:"date"`
	Kind    core.DayKind    `json:"kind"`
	Hours   []core.Interval `json:"hours,omitempty"`
	Minutes int             `json:"minutes"` // of work
	Note    string          `json:"note,omitempty"`
}

// New makes the calendar; own and country are its years and those that replace
// the built-in ones. KindInvalid with all faults of def at once.
func New(def core.WorkCalendar, own, country []*core.CalendarYear) (*Calendar, error) {
	if err := Check(&def); err != nil {
		return nil, err
	}
	c := &Calendar{def: def, zone: zoneOf(def.Zone), own: byYear(own), country: byYear(country), years: map[int]dayTable{}}
	for i, hours := range def.Week {
		c.week[i] = spansOf(hours)
	}
	return c, nil
}

func byYear(years []*core.CalendarYear) map[int]*core.CalendarYear {
	out := map[int]*core.CalendarYear{}
	for _, y := range years {
		out[y.Year] = y
	}
	return out
}

// Definition is what the calendar was made of.
func (c *Calendar) Definition() core.WorkCalendar { return c.def }

// Zone in which the calendar's days begin and end.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Day tells what the day of t in the calendar's zone is.
func (c *Calendar) Day(t time.Time) Day {
	kind, spans, note := c.look(c.midnight(t))
	d := Day{Date: core.DateOf(t.In(c.zone)), Kind: kind, Note: note}
	for _, s := range spans {
		d.Minutes += int((s.to - s.from) / time.Minute)
		d.Hours = append(d.Hours, core.Interval{From: clock(s.from), To: clock(s.to)})
	}
	return d
}

// Open tells whether t is in working hours.
func (c *Calendar) Open(t time.Time) bool {
	day := c.midnight(t)
	_, spans, _ := c.look(day)
	return slices.ContainsFunc(spans, func(s span) bool {
		return !t.Before(day.Add(s.from)) && t.Before(day.Add(s.to))
	})
}

// Year is what is known of a year: the basis of the country's days, and every
// day of the calendar that differs from its week.
func (c *Calendar) Year(year int) core.CalendarYear {
	out := core.CalendarYear{Calendar: c.def.ID, Year: year, Days: sortedDays(c.special(year))}
	if own := c.own[year]; own != nil {
		out.Meta, out.Basis = own.Meta, own.Basis
	}
	if country := c.countryYear(year); country != nil {
		out.Computed = country.Computed
		if out.Basis == "" {
			out.Basis = country.Basis
		}
	}
	return out
}

// countryYear is nil for a calendar that does not keep the country's days.
func (c *Calendar) countryYear(year int) *core.CalendarYear {
	if !c.def.Holidays {
		return nil
	}
	if y := c.country[year]; y != nil {
		return y
	}
	if y := decrees()[year]; y != nil {
		return y
	}
	return computed(year)
}

// special are the days of a year that are not as their weekdays.
func (c *Calendar) special(year int) dayTable {
	if days, ok := c.years[year]; ok {
		return days
	}
	days := dayTable{}
	for _, y := range []*core.CalendarYear{c.countryYear(year), c.own[year]} {
		if y == nil {
			continue
		}
		for _, d := range y.Days {
			days[d.Date] = d
		}
	}
	c.years[year] = days
	return days
}

// midnight is the beginning of t's day.
func (c *Calendar) midnight(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, c.zone)
}

// look tells what the day that begins at midnight is, and its working hours.
func (c *Calendar) look(midnight time.Time) (kind core.DayKind, hours []span, note string) {
	usual := c.week[(int(midnight.Weekday())+6)%7]
	special, found := c.special(midnight.Year())[core.DateOf(midnight)]
	switch {
	case !found && len(usual) == 0, found && special.Kind == core.DayShort && len(usual) == 0:
		return core.DayOff, nil, ""
	case !found:
		return core.DayWorking, usual, ""
	case special.Kind == core.DayHoliday || special.Kind == core.DayOff:
		return special.Kind, nil, special.Note
	}
	hours = usual
	if len(hours) == 0 {
		hours = c.firstWorked()
	}
	if special.Kind == core.DayShort || special.Short {
		kind, hours = core.DayShort, shorter(hours, time.Duration(c.def.ShortBy)*time.Minute)
	} else {
		kind = core.DayWorking
	}
	if len(special.Hours) > 0 {
		hours = spansOf(special.Hours)
	}
	return kind, hours, special.Note
}

// firstWorked are the hours of a day that is worked although its weekday is off.
func (c *Calendar) firstWorked() []span {
	i := slices.IndexFunc(c.week[:], func(s []span) bool { return len(s) > 0 })
	if i < 0 {
		return nil
	}
	return c.week[i]
}

func (c *Calendar) working(midnight time.Time) bool {
	_, hours, _ := c.look(midnight)
	return len(hours) > 0
}

// shorter takes time off the end of a day's hours.
func shorter(hours []span, by time.Duration) []span {
	out := slices.Clone(hours)
	for len(out) > 0 && by > 0 {
		last := &out[len(out)-1]
		if last.to-last.from > by {
			last.to -= by
			return out
		}
		by -= last.to - last.from
		out = out[:len(out)-1]
	}
	return out
}

func spansOf(hours []core.Interval) []span {
	out := make([]span, 0, len(hours))
	for _, h := range hours {
		from, _ := sinceMidnight(h.From)
		to, _ := sinceMidnight(h.To)
		out = append(out, span{from, to})
	}
	return out
}

const day = 24 * time.Hour

// sinceMidnight reads `09:30`; `24:00` is the end of the day.
func sinceMidnight(text string) (time.Duration, bool) {
	if text == "24:00" {
		return day, true
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

// clock is the inverse of sinceMidnight.
func clock(d time.Duration) string {
	two := func(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }
	return two(int(d/time.Hour)) + ":" + two(int(d/time.Minute)%60)
}

// zoneOf reads `+03:00`, which Check has seen.
func zoneOf(text string) *time.Location {
	t, err := time.Parse("-07:00", text)
	if err != nil {
		return core.OfficeZone
	}
	_, offset := t.Zone()
	return time.FixedZone(text, offset)
}
