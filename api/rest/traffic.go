package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Traffic is what went through a channel, step by step.
type Traffic struct {
	StepMinutes int              `json:"step_minutes"`
	Items       []core.TrafficAt `json:"items"`
}

// trafficStep keeps a plot at sixty to a hundred points, in steps that people count in.
func trafficStep(hours int) time.Duration {
	switch {
	case hours == 1:
		return time.Minute
	case hours <= 6:
		return 5 * time.Minute
	}
	return 15 * time.Minute
}

func (s *Server) channelTraffic(c *call) (answer, error) {
	q := c.query()
	hours := q.number("hours", 1, 24, 24)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if _, err := s.Channels.Get(c.ctx(), c.channel()); err != nil {
		return answer{}, err
	}
	step := trafficStep(hours)
	points, err := s.Host.Traffic(c.channel(), time.Duration(hours)*time.Hour, step)
	return ok(Traffic{StepMinutes: int(step / time.Minute), Items: items(points, itself)}), err
}
