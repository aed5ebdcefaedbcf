package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestWindowsOverlapAndLeaveNoDayOut(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		cursor cursor
		want   string
	}{
		"first":          {cursor{}, "[7-8 8-9 9-10]"},
		"again today":    {cursor{Through: "2026-03-10", Full: "2026-03-10"}, "[9-10]"},
		"the next day":   {cursor{Through: "2026-03-09", Full: "2026-03-09"}, "[7-8 8-9 9-10]"},
		"after a pause":  {cursor{Through: "2026-03-04", Full: "2026-03-04"}, "[3-4 4-5 5-6 6-7 7-8 8-9 9-10]"},
		"broken off":     {cursor{Through: "2026-03-06", Full: "2026-03-04"}, "[5-6 6-7 7-8 8-9 9-10]"},
		"from elsewhere": {cursor{Through: "yesterday"}, "[7-8 8-9 9-10]"},
	} {
		var got []string
		for _, w := range c.cursor.windows(day(10), 3) {
			got = append(got, fmt.Sprintf("%d-%d", w.from.Day(), w.to.Day()))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestClosedAppealsAreForgotten(t *testing.T) {
	c := cursor{Appeals: map[string]seen{"open": {}, "lately": {Closed: "2026-02-20"}, "long ago": {Closed: "2026-01-01"}}}
	c.forget(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 30)
	if got := c.known(); !slices.Equal(got, []string{"lately", "open"}) {
		t.Errorf("known: %v", got)
	}
}
