package core

import "strconv"

// CalendarID is chosen by the administrator, like ChannelID.
type CalendarID string

// CalendarRussia is the calendar of the country: it is always there, and the
// days off of other calendars come from it.
const CalendarRussia CalendarID = "russia"

// WorkCalendar (рабочий календарь) tells when an organisation works.
type WorkCalendar struct {
	Meta
	ID    CalendarID `json:"id"`
	Title string     `json:"title"`
	// Organization whose terms are counted by it, unless something else is said;
	// an organisation has one such calendar at most. Empty: nobody's own.
	Organization OrganizationID `json:"organization,omitempty"`
	// Zone is the distance from UTC, `+03:00`. Russia has known no summer time
	// since 2014, so that a distance says all.
	Zone string `json:"zone"`
	// Week are the working hours of Monday to Sunday; a day without any is off.
	Week [][]Interval `json:"week"`
	// ShortBy is by how many minutes a day before a holiday is shorter.
	ShortBy int `json:"short_by"`
	// Holidays: the country's days off, moved days and short days count. Without
	// them only Week and the calendar's own years do, as for dispatchers on duty.
	Holidays bool `json:"holidays"`
	// WarnDays and WarnPercent say when a deadline is warned of: terms in days so
	// many working days before the last one, terms in hours when so much is left
	// of them.
	WarnDays    int `json:"warn_days"`
	WarnPercent int `json:"warn_percent"`
}

// RecordKey implements Record.
func (c *WorkCalendar) RecordKey() string { return string(c.ID) }

// Interval is a stretch of a day, `09:00` to `13:00`; `24:00` is the day's end.
type Interval struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// DayKind is what a day of a calendar is.
type DayKind string

const (
	DayHoliday DayKind = "holiday" // нерабочий праздничный день
	DayOff     DayKind = "day_off" // выходной
	DayWorking DayKind = "working" // рабочий, also where the week says it is off
	DayShort   DayKind = "short"   // сокращённый, if the week says that it is worked at all
)

// CalendarYear is what differs from the week in one year of a calendar. A year
// of CalendarRussia takes the place of the built-in one; a year of another
// calendar is laid over the country's.
type CalendarYear struct {
	Meta
	Calendar CalendarID `json:"calendar"`
	Year     int        `json:"year"`
	Basis    string     `json:"basis"` // decree or order
	// Computed: no decree is known, only what the law says for every year.
	Computed bool         `json:"computed,omitempty"`
	Days     []SpecialDay `json:"days"`
}

// RecordKey implements Record.
func (y *CalendarYear) RecordKey() string { return CalendarYearKey(y.Calendar, y.Year) }

// CalendarYearKey is the key of a calendar's year.
func CalendarYearKey(id CalendarID, year int) string { return string(id) + "/" + strconv.Itoa(year) }

// SpecialDay is a day that is not what its weekday says.
type SpecialDay struct {
	Date Date    `json:"date"`
	Kind DayKind `json:"kind"`
	// Short: a DayWorking with the hours of a day before a holiday.
	Short bool       `json:"short,omitempty"`
	Hours []Interval `json:"hours,omitempty"` // instead of the week's
	Note  string     `json:"note,omitempty"`  // what people call it, or where it was moved from
}
