package rest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// sweep is the work of the job hub.sweep.
func (h *hub) sweep(context.Context) (string, error) { return "убрано", nil }

type listed[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func calendarInput(id core.CalendarID) rest.CalendarInput {
	c := schedule.Russia()
	return rest.CalendarInput{ID: id, Title: "Офис", Zone: "+05:00", Week: c.Week, ShortBy: 60, Holidays: true, WarnDays: 1, WarnPercent: 20}
}

func TestCalendarsAreMadeChangedAndDeleted(t *testing.T) {
	c := newHub(t).administrator()
	made := c.post("/api/v1/calendars", calendarInput("office")).want(201)
	if made.header.Get("Location") != "/api/v1/calendars/office" {
		t.Error(made.header)
	}
	in := calendarInput("office")
	in.Title = "Офис в Перми"
	c.with("If-Match", `"1"`).put("/api/v1/calendars/office", in).want(200)
	c.with("If-Match", `"1"`).put("/api/v1/calendars/office", in).problem(409, "calendars.stale")
	if all := read[listed[core.WorkCalendar]](c.get("/api/v1/calendars").want(200)).Items; len(all) != 2 || all[0].Title != "Офис в Перми" {
		t.Errorf("%+v", all)
	}
	c.get("/api/v1/calendars/office/history").want(200)
	c.with("If-Match", `"1"`).delete("/api/v1/calendars/russia").problem(409, "calendar.country")
	c.with("If-Match", `"2"`).delete("/api/v1/calendars/office").want(204)
	c.get("/api/v1/calendars/office").problem(404, "calendars.not_found")
	broken := calendarInput("Офис")
	broken.Zone, broken.Title = "MSK", ""
	if p := c.post("/api/v1/calendars", broken).problem(400, "calendar.invalid"); len(p.Errors) != 3 {
		t.Errorf("%+v", p.Errors)
	}
}

func TestYearOfTheCountryIsReplacedAndTakenBack(t *testing.T) {
	c := newHub(t).administrator()
	const path = "/api/v1/calendars/russia/years/2027"
	was := read[core.CalendarYear](c.get(path).want(200))
	if !was.Computed || was.Version != 0 {
		t.Errorf("%+v", was)
	}
	decree := rest.CalendarYearInput{Basis: "Постановление Правительства РФ", Days: []core.SpecialDay{{Date: "2027-11-05", Kind: core.DayOff, Note: "перенос"}}}
	is := read[core.CalendarYear](c.put(path, decree).want(200))
	if is.Computed || len(is.Days) != 1 || is.Basis != decree.Basis || is.Version != 1 {
		t.Errorf("%+v", is)
	}
	c.put(path, decree).problem(409, "calendar_years.stale")
	c.with("If-Match", `"1"`).put(path, decree).want(200)
	c.put("/api/v1/calendars/russia/years/1917", decree).problem(400, "request.path")
	c.delete(path).want(204)
	if again := read[core.CalendarYear](c.get(path).want(200)); !again.Computed || len(again.Days) != len(was.Days) {
		t.Errorf("%+v", again)
	}
	c.delete(path).problem(404, "calendar_years.not_found")
}

func TestTermIsCountedAndExplained(t *testing.T) {
	c := newHub(t).clerk()
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, core.OfficeZone)
	got := read[rest.DeadlineView](c.post("/api/v1/calendars/russia/count", rest.CountInput{
		StartAt: start, Term: core.Term{Kind: core.TermWorkingDays, Amount: 2}, Basis: "Регламент",
	}).want(200))
	if due := got.Deadline.DueAt.In(core.OfficeZone).Format(time.DateTime); due != "2026-11-05 23:59:59" {
		t.Error(due)
	}
	if text := strings.Join(got.Explanation, "\n"); !strings.Contains(text, "Регламент") || !strings.Contains(text, "День народного единства") {
		t.Error(text)
	}
	c.post("/api/v1/calendars/russia/count", rest.CountInput{StartAt: start, Term: core.Term{Kind: core.TermHours}}).problem(400, "deadline.term")
	c.post("/api/v1/calendars", calendarInput("office")).problem(403, "access.forbidden")
}

// appeal is a registered appeal that is due in a while.
func (h *hub) appeal(id core.DocumentID) *core.Document {
	h.t.Helper()
	d := &core.Document{
		ID: id, Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Subject: "Течёт крыша",
		Thread: core.ThreadID(id), Appeal: &core.Appeal{State: core.AppealNew},
	}
	h.update(func(tx store.Tx) error {
		calendar, err := schedule.For(tx, "")
		if err != nil {
			return err
		}
		deadline, err := calendar.Start(tx.Now(), core.Term{Kind: core.TermWorkingDays, Amount: 5}, "Регламент")
		d.SetDeadline(deadline)
		return err
	})
	put(h, store.Documents, d)
	return d
}

func TestDeadlineIsPausedResumedAndExtendedByAPerson(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	d := h.appeal("doc_1")
	path := "/api/v1/documents/doc_1/deadline"
	if got := c.get(path).want(200); got.header.Get("ETag") != `"1"` {
		t.Error(got.header)
	}
	c.post(path+"/pause", rest.PauseInput{Reason: "ждём"}).problem(428, "request.if_match")
	c.with("If-Match", `"1"`).post(path+"/resume", nil).problem(409, "deadline.not_paused")
	c.with("If-Match", `"1"`).post(path+"/pause", rest.PauseInput{Reason: "Запрошены сведения"}).want(200)
	c.with("If-Match", `"1"`).post(path+"/pause", rest.PauseInput{Reason: "ещё раз"}).problem(409, "deadline.paused")
	h.pass(48 * time.Hour)
	c.signIn("maria", password)
	resumed := read[rest.DeadlineView](c.with("If-Match", `"2"`).post(path+"/resume", nil).want(200))
	if !resumed.Deadline.DueAt.After(d.Deadline.DueAt) {
		t.Errorf("%+v", resumed.Deadline)
	}
	extended := read[rest.DeadlineView](c.with("If-Match", `"3"`).post(path+"/extend", rest.ExtendInput{
		To: resumed.Deadline.DueAt.AddDate(0, 0, 7), Reason: "Нужен осмотр",
	}).want(200))
	if text := strings.Join(extended.Explanation, "\n"); !strings.Contains(text, "Мария Петрова") || !strings.Contains(text, "Нужен осмотр") {
		t.Error(text)
	}
	c.with("If-Match", `"4"`).post(path+"/extend", rest.ExtendInput{To: d.Deadline.DueAt, Reason: "раньше"}).problem(400, "deadline.earlier")
	put(h, store.Documents, &core.Document{ID: "doc_2"})
	c.get("/api/v1/documents/doc_2/deadline").problem(404, "deadline.none")
}

func TestJobsAreListedSetAndRun(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	all := read[listed[rest.Job]](c.get("/api/v1/jobs").want(200)).Items
	if len(all) != 1 || all[0].ID != "hub.sweep" || all[0].Every != 3600 || !all[0].Enabled {
		t.Errorf("%+v", all)
	}
	set := read[rest.Job](c.put("/api/v1/jobs/hub.sweep", rest.JobInput{Every: 600}).want(200))
	if set.Enabled || set.Every != 600 || set.Declared != 3600 {
		t.Errorf("%+v", set)
	}
	c.put("/api/v1/jobs/hub.sweep", rest.JobInput{}).problem(409, "jobs.stale")
	c.with("If-Match", `"1"`).put("/api/v1/jobs/hub.sweep", rest.JobInput{Every: 1}).problem(400, "jobs.every")
	if got := read[rest.Job](c.post("/api/v1/jobs/hub.sweep/run", nil).want(200)); !got.Asked {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.jobs.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) { // polls until the run has ended
		got := read[rest.Job](c.get("/api/v1/jobs/hub.sweep").want(200))
		if got.Runs == 1 && got.Outcome == core.JobOK && got.Text == "убрано" && !got.Asked {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", got)
		}
	}
	c.get("/api/v1/jobs/hub.none").problem(404, "jobs.not_found")
	h.clerk().get("/api/v1/jobs").problem(403, "access.forbidden")
}

func TestMassOperationIsBegunWatchedAndUndone(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	h.appeal("doc_1")
	h.appeal("doc_2")
	put(h, store.Documents, &core.Document{ID: "doc_3"})
	if ops := read[listed[rest.MassOperation]](c.get("/api/v1/mass-operations").want(200)).Items; len(ops) != 5 || ops[2].Name != "forward" || ops[2].Final == "" || ops[3].Name != "tag" || !ops[3].Undoable {
		t.Errorf("%+v", ops)
	}
	s := c.stream("/api/v1/events?topics=mass.updated", "")
	s.want("ready")
	order := `{"operation":"tag","args":{"add":["ent_flood"]},"documents":["doc_1","doc_2","doc_3"]}`
	key := c.with("Idempotency-Key", "1")
	r := read[core.MassRun](key.post("/api/v1/mass-runs", order).want(201))
	if again := read[core.MassRun](key.post("/api/v1/mass-runs", order).want(201)); again.ID != r.ID {
		t.Error("begun twice")
	}
	s.want("mass.updated")
	path := "/api/v1/mass-runs/" + string(r.ID)
	h.work()
	if r = read[core.MassRun](c.get(path).want(200)); r.State != core.MassDone || r.Done != 2 || r.Failed != 1 || r.By.Name != "Мария Петрова" {
		t.Errorf("%+v", r)
	}
	page := read[listed[core.MassItem]](c.get(path + "/items?limit=2").want(200))
	if len(page.Items) != 2 || page.Next == "" {
		t.Errorf("%+v", page)
	}
	failed := read[listed[core.MassItem]](c.get(path + "/items?outcome=failed").want(200)).Items
	if len(failed) != 1 || failed[0].Document != "doc_3" || failed[0].Code != "appeals.not_found" {
		t.Errorf("%+v", failed)
	}
	c.post(path+"/cancel", nil).problem(409, "mass.ended")
	c.post(path+"/undo", nil).want(200)
	h.work()
	if r = read[core.MassRun](c.get(path).want(200)); r.State != core.MassUndone || r.Undone != 2 {
		t.Errorf("%+v", r)
	}
	if all := read[listed[core.MassRun]](c.get("/api/v1/mass-runs").want(200)).Items; len(all) != 1 {
		t.Errorf("%+v", all)
	}
}

func (h *hub) work() {
	h.t.Helper()
	for worked := true; worked; {
		var err error
		if worked, err = h.mass.Step(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// TestMassOperationIsDoneToAllThatAFilterFinds tags what is marked and in a view,
// is cancelled half-way, and takes back what nobody has changed since.
func TestMassOperationIsDoneToAllThatAFilterFinds(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	for i := range 800 {
		d := &core.Document{ID: core.DocumentID(core.NewID("doc", h.clock())), Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered, Subject: fmt.Sprint(i), Appeal: &core.Appeal{State: core.AppealNew, Tags: []core.EntryID{"ent_old"}}}
		if i%2 == 0 {
			d.Marks = []core.Mark{{Kind: core.MarkToCall}}
		}
		if i%5 == 4 {
			d.Appeal.State = core.AppealClosed
		}
		put(h, store.Documents, d)
	}
	tagged := func(tag string) int {
		return len(read[page[rest.AppealRow]](c.get("/api/v1/appeals?limit=1000&tag=" + tag).want(200)).Items)
	}
	begin := func() string {
		r := read[core.MassRun](c.post("/api/v1/mass-runs", `{"operation":"tag","args":{"add":["ent_new"],"remove":["ent_old"]},"filter":{"view":"open","mark":"to_call"}}`).want(201))
		return "/api/v1/mass-runs/" + string(r.ID)
	}
	cut := begin()
	for range 2 { // what is meant is chosen, and one group worked
		if _, err := h.mass.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.post(cut+"/cancel", nil).want(200)
	h.work()
	r := read[core.MassRun](c.get(cut).want(200))
	if r.State != core.MassCancelled || r.Done == 0 || r.Done >= 320 || tagged("ent_new") != r.Done || tagged("ent_old") != 800-r.Done {
		t.Errorf("cancelled: %+v, %d tagged", r, tagged("ent_new"))
	}
	c.post(cut+"/undo", nil).want(200)
	h.work()
	if tagged("ent_new") != 0 || tagged("ent_old") != 800 {
		t.Errorf("%d and %d after what was done is undone", tagged("ent_new"), tagged("ent_old"))
	}
	whole := begin()
	h.work()
	r = read[core.MassRun](c.get(whole).want(200))
	if r.State != core.MassDone || r.Total != 320 || r.Done != 320 || r.Failed != 0 || tagged("ent_new") != 320 {
		t.Errorf("%+v, %d tagged", r, tagged("ent_new"))
	}
	one := read[page[rest.AppealRow]](c.get("/api/v1/appeals?limit=1&tag=ent_new").want(200)).Items[0]
	c.with("If-Match", fmt.Sprintf("%q", fmt.Sprint(one.Version))).patch("/api/v1/appeals/"+string(one.ID), `{"tags":["ent_other"]}`).want(200)
	c.post(whole+"/undo", nil).want(200)
	h.work()
	if got := read[rest.AppealCard](c.get("/api/v1/appeals/" + string(one.ID)).want(200)).Document.Appeal.Tags; !slices.Contains(got, "ent_other") || slices.Contains(got, "ent_new") {
		t.Errorf("tags of what was changed since: %q", got)
	}
	if tagged("ent_new") != 0 {
		t.Errorf("%d are tagged still", tagged("ent_new"))
	}
}

func TestWrongMassOrdersTellAllFaults(t *testing.T) {
	c := newHub(t).clerk()
	p := c.post("/api/v1/mass-runs", `{"filter":{"direction":"sideways","appeal_state":"asleep","view":"above","mark":"x"}}`).problem(400, "request.body")
	var fields []string
	for _, f := range p.Errors {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"operation", "filter.direction", "filter.view", "filter.mark", "filter.appeal_state"}) {
		t.Errorf("%q", fields)
	}
	c.post("/api/v1/mass-runs", `{"operation":"tag","args":{"add":["a"]}}`).problem(400, "mass.order")
	c.post("/api/v1/mass-runs", `{"operation":"burn","documents":["doc_1"]}`).problem(400, "mass.operation")
}
