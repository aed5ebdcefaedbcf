package rest

import (
	"context"
	"net/http"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/search"
)

// Search finds documents by words; search.Service does.
type Search interface {
	Find(ctx context.Context, q search.Query) (search.Page, error)
	Status(ctx context.Context) (search.Status, error)
	Rebuild() error
	Cancel() error
}

var _ Search = (*search.Service)(nil)

func searchRoutes() []*route {
	return []*route{
		{name: "search.find", method: get, path: v1 + "/search", op: access.ReadDocuments, serve: (*Server).findDocuments},
		{name: "search.status", method: get, path: v1 + "/search/index", op: access.ReadDocuments, serve: (*Server).searchStatus},
		{name: "search.rebuild", method: post, path: v1 + "/search/index", op: access.ManageSystem, serve: (*Server).rebuildSearch},
		{name: "search.cancel", method: remove, path: v1 + "/search/index", op: access.ManageSystem, serve: (*Server).cancelSearch},
	}
}

// SearchHit is a document that was found.
type SearchHit struct {
	Document DocumentRow      `json:"document"`
	Appeal   *core.Appeal     `json:"appeal,omitempty"`
	Score    float64          `json:"score"`
	Passages []search.Passage `json:"passages"`
}

// SearchPage is one page of what was found.
type SearchPage struct {
	Items    []SearchHit `json:"items"`
	Next     string      `json:"next,omitempty"`
	Total    uint64      `json:"total"`
	AtLeast  bool        `json:"at_least,omitempty"`
	Complete bool        `json:"complete"`
}

func (s *Server) findDocuments(c *call) (answer, error) {
	wanted, err := searchQuery(c.query())
	if err != nil {
		return answer{}, err
	}
	c.narrow(&wanted)
	got, err := s.Search.Find(c.ctx(), wanted)
	if err != nil {
		return answer{}, err
	}
	return ok(SearchPage{items(got.Hits, showHit), got.Next, got.Total, got.AtLeast, got.Complete}), nil
}

// sees is what the caller may see, nil for everything.
func (c *call) sees() func(*core.Document) bool {
	scope := c.who.Scope()
	if scope.Everything() {
		return nil
	}
	return scope.Document
}

// narrow bounds a query to what the caller may see.
func (c *call) narrow(q *search.Query) {
	if q.Sees = c.sees(); q.Sees != nil {
		only := search.Only(c.who.Scope().Limits())
		q.Only = &only
	}
}

func showHit(h search.Hit) SearchHit {
	return SearchHit{showRow(h.Document), h.Document.Appeal, h.Score, items(h.Passages, itself)}
}

func searchQuery(q *query) (search.Query, error) {
	wanted := search.Query{
		Text: q.text("q"), Where: map[string]string{}, From: q.day("from", 0), To: q.day("to", 1),
		Order: enum(q, "order", []search.Order{search.ByRelevance, search.ByTime}),
		After: q.text("after"), Limit: q.number("limit", 1, 200, 50),
	}
	chosen := map[string]string{
		"direction":    string(enum(q, "direction", directions)),
		"state":        string(enum(q, "state", documentStates)),
		"mark":         string(enum(q, "mark", markKinds)),
		"kind":         string(enum(q, "kind", messageKinds)),
		"appeal_state": string(enum(q, "appeal_state", core.AppealStates())),
		"sender":       q.address("sender"),
	}
	for _, name := range search.Filters() {
		value, ok := chosen[name]
		if !ok {
			value = q.text(name)
		}
		if value != "" {
			wanted.Where[name] = value
		}
	}
	return wanted, q.err()
}

func (s *Server) searchStatus(c *call) (answer, error) {
	st, err := s.Search.Status(c.ctx())
	return ok(st), err
}

func (s *Server) rebuildSearch(*call) (answer, error) {
	return answer{Status: http.StatusAccepted}, s.Search.Rebuild()
}

func (s *Server) cancelSearch(*call) (answer, error) {
	return answer{Status: http.StatusNoContent}, s.Search.Cancel()
}
