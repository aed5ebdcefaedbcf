package schedule_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
)

// drawCalendar is one of several sorts of week, in any zone of the country.
func drawCalendar(t *rapid.T) *schedule.Calendar {
	def := schedule.Russia()
	def.ID = "drawn"
	def.Zone = rapid.SampledFrom([]string{"+02:00", "+03:00", "+05:00", "+10:00", "+12:00"}).Draw(t, "zone")
	def.Holidays = rapid.Bool().Draw(t, "holidays")
	day := rapid.SampledFrom([][]core.Interval{
		nil,
		{{From: "00:00", To: "24:00"}},
		{{From: "09:00", To: "13:00"}, {From: "14:00", To: "18:00"}},
		{{From: "08:30", To: "12:00"}, {From: "12:45", To: "13:00"}, {From: "15:00", To: "24:00"}},
	})
	for i := range def.Week {
		def.Week[i] = day.Draw(t, "day")
	}
	def.Week[2] = []core.Interval{{From: "10:00", To: "16:00"}}
	c, err := schedule.New(*def, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func drawMoment(t *rapid.T, name string) time.Time {
	first := time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC)
	return first.Add(time.Duration(rapid.IntRange(0, 4*366*24*60).Draw(t, name)) * time.Minute)
}

func TestAddingAndCountingAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, from, n := drawCalendar(t), drawMoment(t, "from"), rapid.IntRange(1, 200).Draw(t, "n")
		last, err := c.AddWorkingDays(from, n)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.WorkingDays(from, last); got != n {
			t.Fatalf("%d working days later there are %d", n, got)
		}
		if got := c.Days(from, c.AddDays(from, n)); got != n {
			t.Fatalf("%d days later there are %d", n, got)
		}
		length := time.Duration(n) * 17 * time.Minute
		then, err := c.AddWorking(from, length)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Working(from, then); got != length {
			t.Fatalf("%s of work later there are %s", length, got)
		}
	})
}

var kinds = []core.TermKind{core.TermCalendarDays, core.TermWorkingDays, core.TermWorkingHours, core.TermHours}

func TestLaterStartsAndLongerTermsAreNeverDueEarlier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, kind := drawCalendar(t), rapid.SampledFrom(kinds).Draw(t, "kind")
		from, by := drawMoment(t, "from"), time.Duration(rapid.IntRange(0, 5000).Draw(t, "by"))*time.Minute
		n, more := rapid.IntRange(1, 100).Draw(t, "n"), rapid.IntRange(0, 20).Draw(t, "more")
		roll := kind == core.TermCalendarDays && rapid.Bool().Draw(t, "roll")
		first := mustStart(t, c, from, core.Term{Kind: kind, Amount: n, Roll: roll})
		for what, d := range map[string]*core.Deadline{
			"a later start": mustStart(t, c, from.Add(by), core.Term{Kind: kind, Amount: n, Roll: roll}),
			"a longer term": mustStart(t, c, from, core.Term{Kind: kind, Amount: n + more, Roll: roll}),
		} {
			if d.DueAt.Before(first.DueAt) {
				t.Fatalf("%s is due %s, before %s", what, d.DueAt, first.DueAt)
			}
		}
		if !first.DueAt.After(from) {
			t.Fatalf("due %s at the start %s", first.DueAt, from)
		}
		if w := first.WarnAt; w != nil && (!w.After(from) || !w.Before(first.DueAt)) {
			t.Fatalf("warned at %s of %s … %s", w, from, first.DueAt)
		}
	})
}

func TestPausesOnlyPutOffAndByNoMoreThanTheyNeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, kind := drawCalendar(t), rapid.SampledFrom(kinds).Draw(t, "kind")
		from := drawMoment(t, "from")
		d := mustStart(t, c, from, core.Term{Kind: kind, Amount: rapid.IntRange(1, 60).Draw(t, "n")})
		for range rapid.IntRange(1, 4).Draw(t, "pauses") {
			from = from.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "after")) * time.Minute)
			if from.After(d.DueAt) {
				return
			}
			before := d.DueAt
			if err := c.Pause(d, from, "ждём"); err != nil {
				t.Fatal(err)
			}
			from = from.Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "length")) * time.Minute)
			if err := c.Resume(d, from); err != nil {
				t.Fatal(err)
			}
			if d.DueAt.Before(before) {
				t.Fatalf("a pause moved %s to %s", before, d.DueAt)
			}
		}
		if kind == core.TermWorkingHours && worked(c, d) != time.Duration(d.Term.Amount)*time.Hour {
			t.Fatalf("%d working hours took %s", d.Term.Amount, worked(c, d))
		}
	})
}

// worked is the working time of a deadline without its pauses.
func worked(c *schedule.Calendar, d *core.Deadline) time.Duration {
	sum := c.Working(d.StartAt, d.DueAt)
	for _, p := range d.Pauses {
		sum -= c.Working(p.From, *p.To)
	}
	return sum
}

func mustStart(t *rapid.T, c *schedule.Calendar, from time.Time, term core.Term) *core.Deadline {
	d, err := c.Start(from, term, "Регламент")
	if err != nil {
		t.Fatal(err)
	}
	return d
}
