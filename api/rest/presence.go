package rest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// presenceLife is how long somebody counts as being at a card after his last
// sign: pages give one every fifteen seconds.
const presenceLife = 40 * time.Second

// Present is somebody who has the card of an appeal open.
type Present struct {
	User core.UserID `json:"user"`
	Name string      `json:"name"`
}

// presence remembers who looks at what. It is not kept: after a restart pages
// tell it again.
type presence struct {
	mu   sync.Mutex
	seen map[string]map[core.UserID]sight
}

type sight struct {
	name string
	at   time.Time
}

// see notes that the user is at the card and gives the others who are.
func (p *presence) see(card string, id core.UserID, name string, now time.Time) []Present {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if p.seen[card] == nil {
		p.seen[card] = map[core.UserID]sight{}
	}
	p.seen[card][id] = sight{name, now}
	others := []Present{}
	for user, s := range p.seen[card] {
		if user != id {
			others = append(others, Present{user, s.name})
		}
	}
	slices.SortFunc(others, func(a, b Present) int { return cmp.Compare(a.Name, b.Name) })
	return others
}

// leave notes that the user has closed the card.
func (p *presence) leave(card string, id core.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen[card], id)
}

func (p *presence) forget(now time.Time) {
	for card, users := range p.seen {
		for id, s := range users {
			if now.Sub(s.at) > presenceLife {
				delete(users, id)
			}
		}
		if len(users) == 0 {
			delete(p.seen, card)
		}
	}
}

func (s *Server) seeAppeal(c *call) (answer, error) {
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		_, err := c.who.Scope().Read(tx, c.param("id"))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return ok(list[Present]{s.presence.see(c.param("id"), c.who.User.ID, c.who.User.Name, s.Now())}), nil
}

func (s *Server) leaveAppeal(c *call) (answer, error) {
	s.presence.leave(c.param("id"), c.who.User.ID)
	return done(), nil
}
