package rest

import (
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// scheduleRoutes are those of calendars, deadlines, jobs and mass operations.
func scheduleRoutes() []*route {
	const (
		calendar = v1 + "/calendars/{id}"
		deadline = v1 + "/documents/{id}/deadline"
		job      = v1 + "/jobs/{id}"
		run      = v1 + "/mass-runs/{id}"
	)
	return []*route{
		{name: "calendars.list", method: get, path: v1 + "/calendars", op: access.ReadCalendars, serve: (*Server).listCalendars},
		{name: "calendars.create", method: post, path: v1 + "/calendars", op: access.WriteCalendars, serve: (*Server).createCalendar},
		{name: "calendars.get", method: get, path: calendar, op: access.ReadCalendars, serve: (*Server).getCalendar},
		{name: "calendars.update", method: put, path: calendar, op: access.WriteCalendars, serve: (*Server).updateCalendar},
		{name: "calendars.delete", method: remove, path: calendar, op: access.WriteCalendars, serve: (*Server).deleteCalendar},
		{name: "calendars.history", method: get, path: calendar + "/history", op: access.ReadCalendars, serve: (*Server).calendarHistory},
		{name: "calendars.count", method: post, path: calendar + "/count", op: access.ReadCalendars, serve: (*Server).countTerm},
		{name: "calendars.year", method: get, path: calendar + "/years/{year}", op: access.ReadCalendars, serve: (*Server).getCalendarYear},
		{name: "calendars.year_update", method: put, path: calendar + "/years/{year}", op: access.WriteCalendars, serve: (*Server).putCalendarYear},
		{name: "calendars.year_delete", method: remove, path: calendar + "/years/{year}", op: access.WriteCalendars, serve: (*Server).deleteCalendarYear},

		{name: "documents.deadline", method: get, path: deadline, op: access.ReadDocuments, serve: (*Server).getDeadline},
		{name: "documents.deadline_pause", method: post, path: deadline + "/pause", op: access.WriteDocuments, serve: (*Server).pauseDeadline},
		{name: "documents.deadline_resume", method: post, path: deadline + "/resume", op: access.WriteDocuments, serve: (*Server).resumeDeadline},
		{name: "documents.deadline_extend", method: post, path: deadline + "/extend", op: access.WriteDocuments, serve: (*Server).extendDeadline},

		{name: "jobs.list", method: get, path: v1 + "/jobs", op: access.ReadJobs, serve: (*Server).listJobs},
		{name: "jobs.get", method: get, path: job, op: access.ReadJobs, serve: (*Server).getJob},
		{name: "jobs.update", method: put, path: job, op: access.OperateJobs, serve: (*Server).updateJob},
		{name: "jobs.run", method: post, path: job + "/run", op: access.OperateJobs, serve: (*Server).runJob},

		{name: "mass.operations", method: get, path: v1 + "/mass-operations", op: access.ReadDocuments, serve: (*Server).listMassOperations},
		{name: "mass.list", method: get, path: v1 + "/mass-runs", op: access.ReadDocuments, serve: (*Server).listMassRuns},
		{name: "mass.begin", method: post, path: v1 + "/mass-runs", op: access.RunMass, serve: (*Server).beginMassRun},
		{name: "mass.get", method: get, path: run, op: access.ReadDocuments, serve: (*Server).getMassRun},
		{name: "mass.items", method: get, path: run + "/items", op: access.ReadDocuments, serve: (*Server).listMassItems},
		{name: "mass.cancel", method: post, path: run + "/cancel", op: access.RunMass, serve: (*Server).cancelMassRun},
		{name: "mass.undo", method: post, path: run + "/undo", op: access.RunMass, serve: (*Server).undoMassRun},
	}
}

// CalendarInput is what a person says about a working calendar.
type CalendarInput struct {
	ID           core.CalendarID     `json:"id"`
	Title        string              `json:"title"`
	Organization core.OrganizationID `json:"organization"`
	Zone         string              `json:"zone"`
	Week         [][]core.Interval   `json:"week"`
	ShortBy      int                 `json:"short_by"`
	Holidays     bool                `json:"holidays"`
	WarnDays     int                 `json:"warn_days"`
	WarnPercent  int                 `json:"warn_percent"`
}

func (in CalendarInput) calendar(version uint64) *core.WorkCalendar {
	return &core.WorkCalendar{
		Meta: core.Meta{Version: version}, ID: in.ID, Title: in.Title, Organization: in.Organization, Zone: in.Zone, Week: in.Week,
		ShortBy: in.ShortBy, Holidays: in.Holidays, WarnDays: in.WarnDays, WarnPercent: in.WarnPercent,
	}
}

func (s *Server) listCalendars(c *call) (answer, error) {
	out := list[*core.WorkCalendar]{Items: []*core.WorkCalendar{}}
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		for def, err := range store.Calendars.All(tx) {
			if err != nil {
				return err
			}
			out.Items = append(out.Items, def)
		}
		return nil
	})
	return ok(out), err
}

func (s *Server) getCalendar(c *call) (answer, error) {
	var def *core.WorkCalendar
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		def, err = store.Calendars.Get(tx, c.param("id"))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(def, def.Version), nil
}

func (s *Server) createCalendar(c *call) (answer, error) {
	var in CalendarInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		def := in.calendar(0)
		if err := schedule.Save(tx, def); err != nil {
			return answer{}, err
		}
		c.object = "calendars/" + string(def.ID)
		return created(v1+"/"+c.object, def, def.Version), nil
	})
}

func (s *Server) updateCalendar(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in CalendarInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if string(in.ID) != c.param("id") {
		return answer{}, core.Invalid("request.body", "id", "код календаря не меняется")
	}
	def := in.calendar(version)
	err = s.Store.Update(c.ctx(), func(tx store.Tx) error {
		if _, err := store.Calendars.Get(tx, c.param("id")); err != nil {
			return err
		}
		return schedule.Save(tx, def)
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(def, def.Version), nil
}

func (s *Server) deleteCalendar(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.Store.Update(c.ctx(), func(tx store.Tx) error {
		def, err := store.Calendars.Get(tx, c.param("id"))
		if err != nil {
			return err
		}
		if def.Version != version {
			return store.Calendars.Stale(tx, string(def.ID), version)
		}
		return schedule.Delete(tx, def.ID)
	})
}

func (s *Server) calendarHistory(c *call) (answer, error) { return history(s, c, store.Calendars) }

// CalendarYearInput is what differs from the week in one year.
type CalendarYearInput struct {
	Basis string            `json:"basis"`
	Days  []core.SpecialDay `json:"days"`
	// Decree: the days are those a decree moves; holidays and days before them
	// follow from the law.
	Decree bool `json:"decree"`
}

// year is what is kept. A decree with faults is refused as it was sent.
func (in CalendarYearInput) year(id core.CalendarID, year int, version uint64) (*core.CalendarYear, error) {
	y := &core.CalendarYear{Meta: core.Meta{Version: version}, Calendar: id, Year: year, Basis: in.Basis, Days: in.Days}
	if !in.Decree {
		return y, nil
	}
	if id != core.CalendarRussia {
		return nil, core.Invalid("request.body", "decree", "постановление загружается в календарь страны")
	}
	if err := schedule.CheckYear(y); err != nil {
		return nil, err
	}
	y.Days = schedule.Decreed(year, in.Days)
	return y, nil
}

func (c *call) year() (int, error) {
	year, err := strconv.Atoi(c.param("year"))
	if err != nil || year < 2000 || year > 2100 {
		return 0, core.Invalid("request.path", "year", "ожидается год от 2000 до 2100")
	}
	return year, nil
}

// firstVersion is the version of If-Match, or 0 without one: for what may not
// have been written yet.
func (c *call) firstVersion() (uint64, error) {
	if c.r.Header.Get("If-Match") == "" {
		return 0, nil
	}
	return c.version()
}

// showYear has an ETag only if the year was written over REST.
func showYear(tx store.Tx, id string, year int) (answer, error) {
	calendar, err := schedule.Load(tx, core.CalendarID(id))
	if err != nil {
		return answer{}, err
	}
	shown := calendar.Year(year)
	stored, err := store.CalendarYears.Get(tx, core.CalendarYearKey(core.CalendarID(id), year))
	switch {
	case err == nil:
		shown.Meta = stored.Meta
		return versioned(shown, stored.Version), nil
	case core.KindOf(err) == core.KindNotFound:
		return ok(shown), nil
	}
	return answer{}, err
}

func (s *Server) getCalendarYear(c *call) (a answer, err error) {
	year, err := c.year()
	if err != nil {
		return answer{}, err
	}
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		a, err = showYear(tx, c.param("id"), year)
		return err
	})
	return a, err
}

func (s *Server) putCalendarYear(c *call) (a answer, err error) {
	year, err := c.year()
	if err != nil {
		return answer{}, err
	}
	version, err := c.firstVersion()
	if err != nil {
		return answer{}, err
	}
	var in CalendarYearInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	err = s.Store.Update(c.ctx(), func(tx store.Tx) error {
		y, err := in.year(core.CalendarID(c.param("id")), year, version)
		if err != nil {
			return err
		}
		if err := schedule.SaveYear(tx, y); err != nil {
			return err
		}
		a, err = showYear(tx, c.param("id"), year)
		return err
	})
	return a, err
}

func (s *Server) deleteCalendarYear(c *call) (answer, error) {
	year, err := c.year()
	if err != nil {
		return answer{}, err
	}
	return done(), s.Store.Update(c.ctx(), func(tx store.Tx) error {
		return schedule.EraseYear(tx, core.CalendarID(c.param("id")), year)
	})
}

// CountInput asks when something would be due.
type CountInput struct {
	StartAt time.Time `json:"start_at"`
	Term    core.Term `json:"term"`
	Basis   string    `json:"basis"`
}

// DeadlineView is a deadline with its explanation, a sentence a line.
type DeadlineView struct {
	Deadline    *core.Deadline `json:"deadline"`
	Explanation []string       `json:"explanation"`
}

func (s *Server) countTerm(c *call) (a answer, err error) {
	var in CountInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	var f faults
	if in.StartAt.Year() < 2000 || in.StartAt.Year() > 2100 {
		f.add("start_at", textTime)
	}
	f.short("basis", in.Basis, 500)
	if err := f.err("request.body"); err != nil {
		return answer{}, err
	}
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		calendar, err := schedule.Load(tx, core.CalendarID(c.param("id")))
		if err != nil {
			return err
		}
		d, err := calendar.Start(in.StartAt, in.Term, in.Basis)
		if err == nil {
			a = ok(DeadlineView{d, calendar.Explain(d, nil)})
		}
		return err
	})
	return a, err
}

// withDeadline reads the document of the call with its deadline and calendar.
func (c *call) withDeadline(tx store.Tx) (*core.Document, *schedule.Calendar, error) {
	d, err := c.who.Scope().Read(tx, c.param("id"))
	if err != nil {
		return nil, nil, err
	}
	if d.Deadline == nil {
		return nil, nil, core.NotFound("deadline.none", "у документа нет контрольного срока")
	}
	calendar, err := schedule.Of(tx, d.Deadline, d.Organization)
	return d, calendar, err
}

func showDeadline(tx store.Tx, calendar *schedule.Calendar, d *core.Document) answer {
	name := func(id core.UserID) string {
		if u, err := store.Users.GetAny(tx, string(id)); err == nil {
			return u.Name
		}
		return ""
	}
	return versioned(DeadlineView{d.Deadline, calendar.Explain(d.Deadline, name)}, d.Version)
}

func (s *Server) getDeadline(c *call) (a answer, err error) {
	err = s.Store.View(c.ctx(), func(tx store.Tx) error {
		d, calendar, err := c.withDeadline(tx)
		if err == nil {
			a = showDeadline(tx, calendar, d)
		}
		return err
	})
	return a, err
}

// PauseInput says why a term stands still.
type PauseInput struct {
	Reason string `json:"reason"`
}

// ExtendInput says until when and why a term is extended.
type ExtendInput struct {
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

func (s *Server) pauseDeadline(c *call) (answer, error) {
	var in PauseInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeDeadline(c, in.Reason, func(tx store.Tx, calendar *schedule.Calendar, d *core.Deadline) error {
		return calendar.Pause(d, tx.Now(), in.Reason)
	})
}

func (s *Server) resumeDeadline(c *call) (answer, error) {
	return s.changeDeadline(c, "", func(tx store.Tx, calendar *schedule.Calendar, d *core.Deadline) error {
		return calendar.Resume(d, tx.Now())
	})
}

func (s *Server) extendDeadline(c *call) (answer, error) {
	var in ExtendInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return s.changeDeadline(c, in.Reason, func(tx store.Tx, calendar *schedule.Calendar, d *core.Deadline) error {
		return calendar.Extend(d, tx.Now(), c.who.User.ID, in.To, in.Reason)
	})
}

func (s *Server) changeDeadline(c *call, reason string, change func(store.Tx, *schedule.Calendar, *core.Deadline) error) (a answer, err error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var f faults
	if f.short("reason", reason, 1000); len(f) > 0 {
		return answer{}, f.err("request.body")
	}
	err = s.write(c, func(tx store.Tx) error {
		d, calendar, err := c.withDeadline(tx)
		if err != nil {
			return err
		}
		d.Version = version
		if err := change(tx, calendar, d.Deadline); err != nil {
			return err
		}
		d.SetDeadline(d.Deadline)
		if err := s.saveDocument(tx, d); err != nil {
			return err
		}
		a = showDeadline(tx, calendar, d)
		return nil
	})
	return a, err
}
