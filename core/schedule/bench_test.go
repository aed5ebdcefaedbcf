package schedule_test

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/schedule"
	"github.com/uzel-hub/uzel/core/store"
)

// BenchmarkWorking asks what the rules ask of each document: whether its
// organisation works now. What it allocates must not grow with the calendars.
func BenchmarkWorking(b *testing.B) {
	clock := coretest.NewClock()
	s := coretest.Open(b, clock)
	coretest.Update(b, s, func(tx store.Tx) error {
		own := schedule.Russia()
		own.ID, own.Organization = "own", "org_1"
		if err := store.Calendars.Put(tx, own); err != nil {
			return err
		}
		for year := 2024; year < 2028; year++ {
			y := &core.CalendarYear{Calendar: "own", Year: year}
			for _, day := range []string{"01-09", "02-20", "03-10", "04-30", "05-12", "12-31"} {
				y.Days = append(y.Days, core.SpecialDay{Date: core.Date(fmt.Sprint(year, "-", day)), Kind: core.DayOff, Note: "выходной"})
			}
			if err := store.CalendarYears.Put(tx, y); err != nil {
				return err
			}
		}
		return nil
	})
	b.ReportAllocs()
	coretest.View(b, s, func(tx store.Tx) error {
		for b.Loop() {
			if _, err := (schedule.Offices{}).Working(tx, "org_1", clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}
