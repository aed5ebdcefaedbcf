package rest

import (
	"github.com/uzel-hub/uzel/core/bus"
)

var deadLetterStates = []bus.DeadLetterState{bus.DeadLetterOpen, bus.DeadLetterReplayed, bus.DeadLetterGivenUp}

func (s *Server) listDeadLetters(c *call) (answer, error) {
	q := c.query()
	wanted := paged[bus.DeadLetter](q)
	wanted.Desc = true
	where(&wanted, "state", string(enum(q, "state", deadLetterStates)))
	where(&wanted, "topic", q.text("topic"))
	where(&wanted, "handler", q.text("handler"))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	got, err := s.DeadLetters.List(c.ctx(), wanted)
	return ok(page[*bus.DeadLetter]{items(got.Items, itself), got.Next}), err
}

func (s *Server) getDeadLetter(c *call) (answer, error) {
	letter, err := s.DeadLetters.Get(c.ctx(), c.param("id"))
	return ok(letter), err
}

func (s *Server) replayDeadLetter(c *call) (answer, error) {
	return done(), s.DeadLetters.Replay(c.ctx(), c.param("id"))
}

func (s *Server) giveUpDeadLetter(c *call) (answer, error) {
	return done(), s.DeadLetters.GiveUp(c.ctx(), c.param("id"))
}
