package schedule

import (
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Most a term may be: ten thousand days or a hundred thousand hours. What is
// longer is a slip of the keyboard.
const (
	mostDays  = 10_000
	mostHours = 100_000
	// mostWalk bounds the days that are walked in search of working time; a
	// calendar may have years with none at all.
	mostWalk = 40 * 366
)

func noTime() error {
	return core.Invalid("schedule.no_time", "term", "в календаре не хватает рабочего времени для такого срока")
}

// AddDays is the day n calendar days after that of t: its beginning.
func (c *Calendar) AddDays(t time.Time, n int) time.Time {
	return c.midnight(t).AddDate(0, 0, n)
}

// AddWorkingDays is the n-th working day after the day of t: its beginning. The
// day of t itself does not count. KindInvalid if there are not so many.
func (c *Calendar) AddWorkingDays(t time.Time, n int) (time.Time, error) {
	at := c.midnight(t)
	for range mostWalk {
		if n <= 0 {
			return at, nil
		}
		if at = at.AddDate(0, 0, 1); c.working(at) {
			n--
		}
	}
	return time.Time{}, noTime()
}

// WorkingDays counts the working days after the day of from, to that of to.
func (c *Calendar) WorkingDays(from, to time.Time) int {
	n, last := 0, c.midnight(to)
	for at := c.midnight(from).AddDate(0, 0, 1); !at.After(last); at = at.AddDate(0, 0, 1) {
		if c.working(at) {
			n++
		}
	}
	return n
}

// Days counts the calendar days after the day of from, to that of to.
func (c *Calendar) Days(from, to time.Time) int {
	return max(int(c.midnight(to).Sub(c.midnight(from))/day), 0)
}

// Working is the working time in [from, to).
func (c *Calendar) Working(from, to time.Time) time.Duration {
	var sum time.Duration
	for at := c.midnight(from); at.Before(to); at = at.AddDate(0, 0, 1) {
		_, hours, _ := c.look(at)
		for _, s := range hours {
			begin, end := later(at.Add(s.from), from), earlier(at.Add(s.to), to)
			sum += max(end.Sub(begin), 0)
		}
	}
	return sum
}

// AddWorking is the moment by which so much working time has passed since t.
// KindInvalid if there is not so much.
func (c *Calendar) AddWorking(t time.Time, d time.Duration) (time.Time, error) {
	if d <= 0 {
		return t, nil
	}
	at := c.midnight(t)
	for range mostWalk {
		_, hours, _ := c.look(at)
		for _, s := range hours {
			begin, end := later(at.Add(s.from), t), at.Add(s.to)
			if left := end.Sub(begin); left >= d {
				return begin.Add(d), nil
			} else if left > 0 {
				d -= left
			}
		}
		at = at.AddDate(0, 0, 1)
	}
	return time.Time{}, noTime()
}

// endOf is the last second of the day: article 194 of the Civil Code, as people
// write it.
func endOf(midnight time.Time) time.Time { return midnight.Add(day - time.Second) }

// nextWorkingDay is the day itself or the first working day after it.
func (c *Calendar) nextWorkingDay(midnight time.Time) (time.Time, error) {
	if c.working(midnight) {
		return midnight, nil
	}
	return c.AddWorkingDays(midnight, 1)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
