package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
)

func russia(t testing.TB) *schedule.Calendar {
	t.Helper()
	return calendar(t, schedule.Russia())
}

func calendar(t testing.TB, def *core.WorkCalendar, own ...*core.CalendarYear) *schedule.Calendar {
	t.Helper()
	c, err := schedule.New(*def, own, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads a Moscow moment.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	layout := "2006-01-02 15:04"
	if len(text) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	m, err := time.ParseInLocation(layout, text, core.OfficeZone)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The yearly norms of a 40-hour week, as the production calendars of these years
// have them.
func TestYearsHaveTheWorkingDaysAndHoursOfTheProductionCalendar(t *testing.T) {
	c := russia(t)
	for _, year := range []struct{ year, days, hours int }{{2024, 248, 1979}, {2025, 247, 1972}, {2026, 247, 1972}} {
		days, minutes := 0, 0
		for d := time.Date(year.year, 1, 1, 12, 0, 0, 0, core.OfficeZone); d.Year() == year.year; d = d.AddDate(0, 0, 1) {
			if m := c.Day(d).Minutes; m > 0 {
				days, minutes = days+1, minutes+m
			}
		}
		if days != year.days || minutes != year.hours*60 {
			t.Errorf("%d: %d days of %d.%02d hours, want %d of %d", year.year, days, minutes/60, minutes%60, year.days, year.hours)
		}
		if c.Year(year.year).Computed {
			t.Errorf("%d counts as computed", year.year)
		}
	}
}

func TestDaysAreWhatTheDecreesSay(t *testing.T) {
	c := russia(t)
	for date, want := range map[string]core.DayKind{
		"2024-02-22": core.DayShort, "2024-02-23": core.DayHoliday, "2024-04-27": core.DayWorking, "2024-04-29": core.DayOff,
		"2024-04-30": core.DayOff, "2024-05-08": core.DayShort, "2024-05-10": core.DayOff, "2024-11-02": core.DayShort,
		"2024-12-28": core.DayWorking, "2024-12-31": core.DayOff,
		"2025-02-24": core.DayWorking, "2025-03-07": core.DayShort, "2025-03-10": core.DayWorking, "2025-05-02": core.DayOff,
		"2025-05-08": core.DayOff, "2025-06-13": core.DayOff, "2025-11-01": core.DayShort, "2025-11-03": core.DayOff,
		"2026-01-09": core.DayOff, "2026-03-06": core.DayWorking, "2026-03-09": core.DayOff, "2026-05-08": core.DayShort,
		"2026-05-11": core.DayOff, "2026-11-03": core.DayShort, "2026-11-04": core.DayHoliday, "2026-12-31": core.DayOff,
		"2026-12-30": core.DayWorking, "2026-12-27": core.DayOff,
	} {
		if day := c.Day(at(t, date+" 12:00")); day.Kind != want {
			t.Errorf("%s is %+v, want %s", date, day, want)
		}
	}
}

func TestYearWithoutADecreeIsComputedAndSaysSo(t *testing.T) {
	c := russia(t)
	if y := c.Year(2027); !y.Computed || y.Basis == "" {
		t.Errorf("%+v", y)
	}
	for date, want := range map[string]core.DayKind{
		"2027-01-08": core.DayHoliday, "2027-01-11": core.DayWorking, "2027-02-22": core.DayShort, "2027-05-03": core.DayOff,
		"2027-05-10": core.DayOff, "2027-06-11": core.DayShort, "2027-06-14": core.DayOff, "2027-12-31": core.DayShort,
		"2033-01-01": core.DayHoliday, "2033-05-02": core.DayOff, // 1 May on a Sunday
		"2033-05-10": core.DayWorking, // 9 May on a Monday
	} {
		if day := c.Day(at(t, date+" 12:00")); day.Kind != want {
			t.Errorf("%s is %+v, want %s", date, day, want)
		}
	}
}

func TestShortDayEndsAnHourEarlier(t *testing.T) {
	day := russia(t).Day(at(t, "2026-11-03"))
	want := []core.Interval{{From: "09:00", To: "13:00"}, {From: "14:00", To: "17:00"}}
	if !slices.Equal(day.Hours, want) || day.Minutes != 7*60 {
		t.Errorf("%+v", day)
	}
}

func TestOwnYearLiesOverTheCountrys(t *testing.T) {
	def := schedule.Russia()
	def.ID = "office"
	c := calendar(t, def, &core.CalendarYear{Calendar: "office", Year: 2026, Basis: "Приказ № 7", Days: []core.SpecialDay{
		{Date: "2026-11-20", Kind: core.DayOff, Note: "День города"},
		{Date: "2026-11-21", Kind: core.DayWorking, Hours: []core.Interval{{From: "10:00", To: "12:00"}}},
	}})
	if day := c.Day(at(t, "2026-11-20")); day.Kind != core.DayOff || day.Note != "День города" {
		t.Errorf("%+v", day)
	}
	if day := c.Day(at(t, "2026-11-21")); day.Minutes != 120 {
		t.Errorf("%+v", day)
	}
	if day := c.Day(at(t, "2026-11-04")); day.Kind != core.DayHoliday {
		t.Errorf("%+v", day)
	}
}

func TestDispatchersOnDutyKeepNoHolidays(t *testing.T) {
	def := schedule.Russia()
	always := []core.Interval{{From: "00:00", To: "24:00"}}
	def.ID, def.Holidays, def.Week = "duty", false, [][]core.Interval{always, always, always, always, always, always, always}
	c := calendar(t, def)
	if day := c.Day(at(t, "2027-01-01")); day.Kind != core.DayWorking || day.Minutes != 24*60 {
		t.Errorf("%+v", day)
	}
	if got := c.Working(at(t, "2026-12-31"), at(t, "2027-01-02")); got != 48*time.Hour {
		t.Errorf("worked %s", got)
	}
}

func TestDayBelongsToTheCalendarsZone(t *testing.T) {
	def := schedule.Russia()
	def.ID, def.Zone = "vladivostok", "+10:00"
	c := calendar(t, def)
	moment := at(t, "2026-11-03 20:00") // 4 November, 3 o'clock in Vladivostok
	if day := c.Day(moment); day.Date != "2026-11-04" || day.Kind != core.DayHoliday {
		t.Errorf("%+v", day)
	}
	if !c.Open(at(t, "2026-11-05 02:00")) || c.Open(at(t, "2026-11-05 12:00")) {
		t.Error("working hours are not those of the zone")
	}
}

func TestFaultsOfACalendarAreToldAllAtOnce(t *testing.T) {
	week := slices.Clone(schedule.Russia().Week)
	week[0] = []core.Interval{{From: "9", To: "13:00"}, {From: "14:00", To: "12:00"}}
	err := schedule.Check(&core.WorkCalendar{ID: "Офис", Zone: "MSK", ShortBy: -1, WarnPercent: 101, Week: week})
	want := []string{"id", "title", "zone", "short_by", "warn_percent", "week.0.0.from", "week.0.1"}
	if got := fields(err); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	err = schedule.CheckYear(&core.CalendarYear{Year: 2026, Days: []core.SpecialDay{
		{Date: "2025-01-01", Kind: core.DayOff}, {Date: "2026-01-02", Kind: "strange"}, {Date: "2026-01-02", Kind: core.DayOff, Short: true},
	}})
	want = []string{"basis", "days.0.date", "days.1.kind", "days.2.hours", "days.2.date"}
	if got := fields(err); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
