package pluginhost

import (
	"time"

	"github.com/uzel-hub/uzel/core"
)

// TrafficKept is how far back the traffic of a channel is known, as long as the
// hub has not been started anew.
const TrafficKept = 24 * time.Hour

const minutesKept = int64(TrafficKept / time.Minute)

// minutes is the traffic of a channel by the minute, in a ring of a day.
type minutes struct {
	ring []minute // nil until the first
}

type minute struct {
	number int64 // since 1970
	core.Traffic
}

func minuteOf(at time.Time) int64 { return at.Unix() / 60 }

// at is the minute to count into.
func (m *minutes) at(now time.Time) *core.Traffic {
	if m.ring == nil {
		m.ring = make([]minute, minutesKept)
	}
	n := minuteOf(now)
	slot := &m.ring[n%minutesKept]
	if slot.number != n {
		*slot = minute{number: n}
	}
	return &slot.Traffic
}

// within is the traffic of the minutes from the first up to and without the end.
func (m *minutes) within(first, end int64) (sum core.Traffic) {
	if m.ring == nil {
		return sum
	}
	for n := first; n < end; n++ {
		if slot := &m.ring[n%minutesKept]; slot.number == n {
			sum.Add(slot.Traffic)
		}
	}
	return sum
}

// sum is the traffic of the last minutes, the one that runs among them.
func (m *minutes) sum(now time.Time, span time.Duration) core.Traffic {
	end := minuteOf(now) + 1
	return m.within(end-int64(span/time.Minute), end)
}

// steps is the traffic of the last span in steps on the round moments of the
// clock, the oldest first; the last one still runs.
func (m *minutes) steps(now time.Time, span, step time.Duration) []core.TrafficAt {
	wide := int64(step / time.Minute)
	last := minuteOf(now) / wide
	out := make([]core.TrafficAt, 0, span/step)
	for n := last - int64(span/step) + 1; n <= last; n++ {
		at := time.Unix(n*wide*60, 0).UTC()
		out = append(out, core.TrafficAt{At: at, Traffic: m.within(n*wide, (n+1)*wide)})
	}
	return out
}

// Traffic is what went through the channel within the last span, at most
// TrafficKept, in steps of whole minutes that divide it.
func (h *Host) Traffic(id core.ChannelID, span, step time.Duration) ([]core.TrafficAt, error) {
	c, err := h.channel(id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.minutes.steps(h.now(), min(span, TrafficKept), step), nil
}
