package schedule

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Russia is the built-in calendar of the country: five days of eight hours.
func Russia() *core.WorkCalendar {
	hours := []core.Interval{{From: "09:00", To: "13:00"}, {From: "14:00", To: "18:00"}}
	return &core.WorkCalendar{
		ID: core.CalendarRussia, Title: "Россия, пятидневная неделя", Zone: "+03:00", ShortBy: 60, Holidays: true,
		WarnDays: 1, WarnPercent: 20,
		Week: [][]core.Interval{hours, hours, hours, hours, hours, {}, {}},
	}
}

// Seed writes the country's calendar into a store that has none, so that people
// can change its hours. Run it at the hub's start.
func Seed(tx store.Tx) error {
	has, err := store.Calendars.Has(tx, string(core.CalendarRussia))
	if err != nil || has {
		return err
	}
	return store.Calendars.Put(tx, Russia())
}

// Load reads a calendar with its years. KindNotFound if there is none.
func Load(tx store.Tx, id core.CalendarID) (*Calendar, error) {
	def, err := definition(tx, string(id))
	if id == core.CalendarRussia && core.KindOf(err) == core.KindNotFound {
		def, err = Russia(), nil // not seeded
	}
	if err != nil {
		return nil, err
	}
	return load(tx, def)
}

// For is the calendar of an organisation, or the country's if it has no own.
func For(tx store.Tx, organization core.OrganizationID) (*Calendar, error) {
	if organization == "" {
		return Load(tx, core.CalendarRussia)
	}
	for key := range store.Calendars.FindKeys(tx, "organization", string(organization)) {
		def, err := definition(tx, key)
		if err != nil {
			return nil, err
		}
		return load(tx, def)
	}
	return Load(tx, core.CalendarRussia)
}

// definition reads a calendar, which is not to be changed: documents are many and
// calendars few.
func definition(tx store.Tx, key string) (*core.WorkCalendar, error) {
	def, err := store.Calendars.Look(tx, key)
	if err == nil && def.DeletedAt != nil {
		return store.Calendars.Get(tx, key) // says that there is none
	}
	return def, err
}

// Of is the calendar a deadline was counted by, or the organisation's if that
// one is gone.
func Of(tx store.Tx, d *core.Deadline, organization core.OrganizationID) (*Calendar, error) {
	c, err := Load(tx, core.CalendarID(d.Calendar))
	if core.KindOf(err) == core.KindNotFound {
		return For(tx, organization)
	}
	return c, err
}

func load(tx store.Tx, def *core.WorkCalendar) (*Calendar, error) {
	country, err := years(tx, core.CalendarRussia)
	if err != nil {
		return nil, err
	}
	var own []*core.CalendarYear
	if def.ID != core.CalendarRussia {
		if own, err = years(tx, def.ID); err != nil {
			return nil, err
		}
	}
	return New(*def, own, country)
}

func years(tx store.Tx, id core.CalendarID) (out []*core.CalendarYear, err error) {
	for key := range store.CalendarYears.FindKeys(tx, "calendar", string(id)) {
		y, err := store.CalendarYears.Look(tx, key)
		if err != nil {
			return nil, err
		}
		out = append(out, y)
	}
	return out, nil
}

// Save writes a calendar, new with version 0. Deadlines that run keep what was
// counted for them.
func Save(tx store.Tx, c *core.WorkCalendar) error {
	if err := Check(c); err != nil {
		return err
	}
	if c.Organization != "" {
		o, err := store.Entries.Get(tx, string(c.Organization))
		if err != nil || o.Directory != core.DirOrganizations {
			return core.Invalid("calendar.invalid", "organization", "такой записи нет")
		}
	}
	return store.Calendars.Put(tx, c)
}

// Delete removes a calendar; that of the country stays.
func Delete(tx store.Tx, id core.CalendarID) error {
	if id == core.CalendarRussia {
		return core.Conflict("calendar.country", "календарь страны не удаляется")
	}
	return store.Calendars.Delete(tx, string(id))
}

// SaveYear writes a year of a calendar, new with version 0.
func SaveYear(tx store.Tx, y *core.CalendarYear) error {
	if err := CheckYear(y); err != nil {
		return err
	}
	if _, err := store.Calendars.Get(tx, string(y.Calendar)); err != nil {
		return err
	}
	return store.CalendarYears.Put(tx, y)
}

// EraseYear takes a year of a calendar away: the built-in or computed one counts
// again.
func EraseYear(tx store.Tx, id core.CalendarID, year int) error {
	key := core.CalendarYearKey(id, year)
	if _, err := store.CalendarYears.Get(tx, key); err != nil {
		return err
	}
	return store.CalendarYears.Erase(tx, key)
}

// Local is t in the zone of the calendar.
func (c *Calendar) Local(t time.Time) time.Time { return t.In(c.zone) }
