package schedule_test

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
)

var update = flag.Bool("update", false, "write the golden files")

func fields(err error) (out []string) {
	if e, ok := errors.AsType[*core.Error](err); ok {
		for _, f := range e.Faults {
			out = append(out, f.Field)
		}
	}
	return out
}

func start(t testing.TB, c *schedule.Calendar, from string, kind core.TermKind, amount int) *core.Deadline {
	t.Helper()
	d, err := c.Start(at(t, from), core.Term{Kind: kind, Amount: amount}, "Регламент")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func due(t testing.TB, d *core.Deadline, want string) {
	t.Helper()
	if got := d.DueAt.In(core.OfficeZone).Format("2006-01-02 15:04"); got != want {
		t.Errorf("%d %s from %s: due %s, want %s", d.Term.Amount, d.Term.Kind, d.StartAt.In(core.OfficeZone), got, want)
	}
}

func TestTermsAreCountedByTheirKind(t *testing.T) {
	c := russia(t)
	for _, x := range []struct {
		from   string
		kind   core.TermKind
		amount int
		want   string
	}{
		{"2026-11-18 15:00", core.TermCalendarDays, 30, "2026-12-18 23:59"},
		{"2026-11-21 00:00", core.TermCalendarDays, 1, "2026-11-22 23:59"},
		{"2024-02-28 10:00", core.TermCalendarDays, 1, "2024-02-29 23:59"}, // a leap year
		{"2025-02-28 10:00", core.TermCalendarDays, 1, "2025-03-01 23:59"},
		{"2026-11-02 10:00", core.TermWorkingDays, 2, "2026-11-05 23:59"},  // over 4 November
		{"2025-12-29 10:00", core.TermWorkingDays, 2, "2026-01-12 23:59"},  // over the new year
		{"2024-10-31 10:00", core.TermWorkingDays, 2, "2024-11-02 23:59"},  // a working Saturday
		{"2026-11-18 16:30", core.TermWorkingHours, 2, "2026-11-19 09:30"}, // half an hour is left of the day
		{"2026-11-18 12:00", core.TermWorkingHours, 4, "2026-11-18 17:00"}, // over lunch
		{"2026-11-18 10:00", core.TermWorkingHours, 7, "2026-11-18 18:00"}, // to the very end of the day
		{"2026-11-18 20:00", core.TermWorkingHours, 1, "2026-11-19 10:00"}, // after hours
		{"2026-11-03 16:00", core.TermWorkingHours, 2, "2026-11-05 10:00"}, // a short day, then a holiday
		{"2026-11-20 17:00", core.TermHours, 24, "2026-11-21 17:00"},       // Saturday counts
		{"2024-02-28 23:00", core.TermHours, 24, "2024-02-29 23:00"},
	} {
		due(t, start(t, c, x.from, x.kind, x.amount), x.want)
	}
}

func TestLastDayMovesFromADayOffWhereTheBasisSaysSo(t *testing.T) {
	c := russia(t)
	for amount, want := range map[int]string{
		2: "2026-05-04 23:59", // 2 May is a Saturday
		9: "2026-05-12 23:59", // 9 May, then Sunday, then the moved day
		4: "2026-05-04 23:59", // a Monday stays
	} {
		d, err := c.Start(at(t, "2026-04-30 12:00"), core.Term{Kind: core.TermCalendarDays, Amount: amount, Roll: true}, "Статья 193 ГК РФ")
		if err != nil {
			t.Fatal(err)
		}
		due(t, d, want)
	}
	_, err := c.Start(at(t, "2026-04-30"), core.Term{Kind: core.TermHours, Amount: 1, Roll: true}, "")
	if core.KindOf(err) != core.KindInvalid {
		t.Error(err)
	}
}

func TestWhatStandsDoesNotCount(t *testing.T) {
	c := russia(t)
	for _, x := range []struct {
		kind     core.TermKind
		amount   int
		from, to string // of the pause; the term starts on Monday 2026-11-16 10:00
		want     string
	}{
		{core.TermCalendarDays, 5, "2026-11-18 10:00", "2026-11-20 15:00", "2026-11-23 23:59"},
		{core.TermCalendarDays, 5, "2026-11-18 10:00", "2026-11-18 15:00", "2026-11-21 23:59"}, // within a day
		{core.TermCalendarDays, 5, "2026-11-16 11:00", "2026-11-18 15:00", "2026-11-22 23:59"}, // from the first day, which does not count anyhow
		{core.TermWorkingDays, 3, "2026-11-18 10:00", "2026-11-20 15:00", "2026-11-23 23:59"},
		{core.TermWorkingDays, 3, "2026-11-20 10:00", "2026-11-22 15:00", "2026-11-19 23:59"}, // after the end
		{core.TermWorkingHours, 10, "2026-11-16 12:00", "2026-11-17 12:00", "2026-11-18 12:00"},
		{core.TermHours, 48, "2026-11-17 10:00", "2026-11-17 13:30", "2026-11-18 13:30"},
	} {
		d := start(t, c, "2026-11-16 10:00", x.kind, x.amount)
		from, to := at(t, x.from), at(t, x.to)
		if from.After(d.DueAt) {
			if err := c.Pause(d, from, "ждём"); core.KindOf(err) != core.KindConflict {
				t.Errorf("a term that is over was paused: %v", err)
			}
			continue
		}
		if err := c.Pause(d, from, "ждём ответа заявителя"); err != nil {
			t.Fatal(err)
		}
		if d.NextLook() != nil {
			t.Error("a term that stands is watched")
		}
		if err := c.Pause(d, to, "ещё раз"); core.KindOf(err) != core.KindConflict {
			t.Errorf("paused twice: %v", err)
		}
		if err := c.Resume(d, to); err != nil {
			t.Fatal(err)
		}
		due(t, d, x.want)
	}
}

func TestExtensionSaysWhoAndWhyAndPausesAfterItCountFromIt(t *testing.T) {
	c := russia(t)
	d := start(t, c, "2026-11-16 10:00", core.TermWorkingDays, 3)
	now := at(t, "2026-11-18 10:00")
	if err := c.Extend(d, now, "usr_1", at(t, "2026-11-27 08:00"), "нужна экспертиза"); err != nil {
		t.Fatal(err)
	}
	due(t, d, "2026-11-27 23:59")
	if e := d.Extensions[0]; e.By != "usr_1" || e.Reason != "нужна экспертиза" || e.From.In(core.OfficeZone).Day() != 19 {
		t.Errorf("%+v", e)
	}
	if err := c.Pause(d, at(t, "2026-11-19 10:00"), "ждём"); err != nil {
		t.Fatal(err)
	}
	if err := c.Resume(d, at(t, "2026-11-23 10:00")); err != nil {
		t.Fatal(err)
	}
	due(t, d, "2026-12-01 23:59") // Thursday and Friday did not count
	for _, wrong := range []struct{ to, reason string }{{"2026-11-30", "раньше"}, {"2026-12-09", " "}} {
		if err := c.Extend(d, now, "usr_1", at(t, wrong.to), wrong.reason); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

func TestExtensionOfABrokenTermIsWatchedAnew(t *testing.T) {
	c := russia(t)
	d := start(t, c, "2026-11-16 10:00", core.TermHours, 10)
	broken := at(t, "2026-11-16 21:00")
	d.WarnedAt, d.BrokenAt = &broken, &broken
	if err := c.Extend(d, broken, "usr_1", at(t, "2026-11-20 10:00"), "новые обстоятельства"); err != nil {
		t.Fatal(err)
	}
	if look := d.NextLook(); look == nil || !look.Equal(*d.WarnAt) {
		t.Errorf("looked at %v", look)
	}
}

func TestOutsideTermIsAsTheOutsideSystemSays(t *testing.T) {
	c := russia(t)
	d := c.Outside(at(t, "2026-11-16 10:00"), at(t, "2026-12-01 12:34"), "ГИС ЖКХ")
	due(t, d, "2026-12-01 12:34")
	if err := c.Pause(d, at(t, "2026-11-17"), "ждём"); core.KindOf(err) != core.KindConflict {
		t.Error(err)
	}
	if err := c.Extend(d, at(t, "2026-11-17"), "usr_1", at(t, "2026-12-05 10:00"), "ГИС продлила"); err != nil {
		t.Fatal(err)
	}
	due(t, d, "2026-12-05 10:00")
}

func TestWarningComesInTime(t *testing.T) {
	c := russia(t)
	for _, x := range []struct {
		kind   core.TermKind
		amount int
		want   string
	}{
		{core.TermWorkingDays, 5, "2026-11-20 09:00"},   // due on Monday 23
		{core.TermHours, 10, "2026-11-16 18:00"},        // a fifth is left
		{core.TermWorkingHours, 10, "2026-11-17 10:00"}, // due on Tuesday at noon
		{core.TermCalendarDays, 1, ""},                  // the opening hour of the day before is already past
	} {
		d := start(t, c, "2026-11-16 10:00", x.kind, x.amount)
		got := ""
		if d.WarnAt != nil {
			got = d.WarnAt.In(core.OfficeZone).Format("2006-01-02 15:04")
		}
		if got != x.want {
			t.Errorf("%d %s: warned at %q, want %q", x.amount, x.kind, got, x.want)
		}
	}
}

func TestImpossibleTermsAreRefused(t *testing.T) {
	c := russia(t)
	for _, term := range []core.Term{
		{},
		{Kind: core.TermHours},
		{Kind: core.TermWorkingDays, Amount: -1},
		{Kind: core.TermCalendarDays, Amount: 10_001},
		{Kind: core.TermOutside},
		{Kind: "fortnights", Amount: 1},
	} {
		if _, err := c.Start(at(t, "2026-11-16"), term, ""); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%+v: %v", term, err)
		}
	}
	// Working hours that nearly never come do not make the hub count for ever.
	def := schedule.Russia()
	def.ID, def.Week = "lazy", [][]core.Interval{{{From: "09:00", To: "09:01"}}, nil, nil, nil, nil, nil, nil}
	if _, err := calendar(t, def).Start(at(t, "2026-11-16"), core.Term{Kind: core.TermWorkingHours, Amount: 100_000}, ""); core.KindOf(err) != core.KindInvalid {
		t.Error(err)
	}
}

// TestExplanations holds what a person reads about deadlines of each kind.
func TestExplanations(t *testing.T) {
	c := russia(t)
	rolled, err := c.Start(at(t, "2026-04-09 11:20"), core.Term{Kind: core.TermCalendarDays, Amount: 30, Roll: true}, "Федеральный закон № 59-ФЗ, статья 12")
	if err != nil {
		t.Fatal(err)
	}
	moved := start(t, c, "2026-11-02 10:00", core.TermWorkingDays, 10)
	moved.Basis = "Причина «Протечка кровли»"
	for _, err := range []error{
		c.Pause(moved, at(t, "2026-11-05 12:00"), "запрошены сведения у заявителя"),
		c.Resume(moved, at(t, "2026-11-09 09:30")),
		c.Extend(moved, at(t, "2026-11-13 16:00"), "usr_1", at(t, "2026-11-30"), "нужен осмотр крыши"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	broken := at(t, "2026-11-30 23:59").Add(time.Minute)
	moved.WarnedAt, moved.BrokenAt = moved.WarnAt, &broken
	var out strings.Builder
	for _, d := range []*core.Deadline{
		rolled, moved,
		start(t, c, "2026-12-30 17:00", core.TermWorkingHours, 21),
		start(t, c, "2026-11-20 17:00", core.TermHours, 24),
		c.Outside(at(t, "2026-11-16 10:00"), at(t, "2026-12-01 12:34"), "ГИС ЖКХ"),
	} {
		out.WriteString(strings.Join(c.Explain(d, func(core.UserID) string { return "Мария Петрова" }), "\n") + "\n\n")
	}
	golden(t, "testdata/explain.txt", out.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", path, got)
	}
}

func TestNumbersAgreeWithTheirNouns(t *testing.T) {
	var got []string
	for _, n := range []int{1, 2, 5, 11, 12, 21, 104, 111} {
		got = append(got, schedule.Words(core.Term{Kind: core.TermHours, Amount: n}))
	}
	want := []string{"1 час", "2 часа", "5 часов", "11 часов", "12 часов", "21 час", "104 часа", "111 часов"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
