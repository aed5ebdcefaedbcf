package rest

import (
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
	"github.com/uzel-hub/uzel/core/store"
)

func filterRoutes() []*route {
	return []*route{
		{name: "filters.list", method: get, path: v1 + "/filters", op: access.ReadDocuments, serve: (*Server).listFilters},
		{name: "filters.create", method: post, path: v1 + "/filters", op: access.WriteFilters, serve: (*Server).createFilter},
		{name: "filters.get", method: get, path: v1 + "/filters/{id}", op: access.ReadDocuments, serve: (*Server).getFilter},
		{name: "filters.update", method: put, path: v1 + "/filters/{id}", op: access.WriteFilters, serve: (*Server).updateFilter},
		{name: "filters.delete", method: remove, path: v1 + "/filters/{id}", op: access.WriteFilters, serve: (*Server).deleteFilter},
	}
}

var filterLists = []core.FilterList{core.FilterDocuments, core.FilterSearch, core.FilterReports, core.FilterAppeals}

// maxFilters bounds the filters of one user.
const maxFilters = 500

// FilterInput is a query with a name.
type FilterInput struct {
	Title  string            `json:"title"`
	List   core.FilterList   `json:"list"`
	Values map[string]string `json:"values"`
	Shared bool              `json:"shared"`
}

func (in *FilterInput) check() error {
	in.Title = strings.TrimSpace(in.Title)
	var f faults
	f.need("title", in.Title, 200)
	choose(&f, "list", in.List, filterLists)
	if len(in.Values) > 50 {
		f.add("values", textTooMany)
	}
	for _, name := range sortedKeys(in.Values) {
		f.need(join("values", name), name, 100)
		f.short(join("values", name), in.Values[name], 1000)
	}
	return f.err("request.body")
}

func (in *FilterInput) apply(f *core.Filter) {
	f.Title, f.List, f.Values, f.Shared = in.Title, in.List, in.Values, in.Shared
	if f.Values == nil {
		f.Values = map[string]string{}
	}
}

// listFilters shows the caller's own filters and the shared ones.
func (s *Server) listFilters(c *call) (answer, error) {
	q := c.query()
	of := enum(q, "list", filterLists)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := list[*core.Filter]{Items: []*core.Filter{}}
	err := s.Store.View(c.ctx(), func(tx store.Tx) error {
		out.Items = out.Items[:0]
		for _, who := range []string{string(c.who.User.ID), store.SharedFilters} {
			for f, err := range store.Filters.Find(tx, "seen", who) {
				if err != nil {
					return err
				}
				if (of == "" || f.List == of) && (who != store.SharedFilters || f.Owner != c.who.User.ID) {
					out.Items = append(out.Items, f)
				}
			}
		}
		return nil
	})
	return ok(out), err
}

// filter reads the filter of the call. One the caller may not see is not there.
func (c *call) filter(tx store.Tx) (*core.Filter, error) {
	f, err := store.Filters.Get(tx, c.param("id"))
	if err != nil {
		return nil, err
	}
	if !f.Shared && f.Owner != c.who.User.ID {
		return nil, core.NoRecord("filters")
	}
	return f, nil
}

// ownFilter is filter for changing it.
func (c *call) ownFilter(tx store.Tx, version uint64) (*core.Filter, error) {
	f, err := c.filter(tx)
	if err != nil {
		return nil, err
	}
	if f.Owner != c.who.User.ID && !slices.Contains(c.who.User.Roles, core.RoleAdministrator) {
		return nil, refuse(core.KindForbidden, "filters.foreign", "это фильтр другого пользователя")
	}
	if f.Version != version {
		return nil, store.Filters.Stale(tx, string(f.ID), version)
	}
	return f, nil
}

func (s *Server) getFilter(c *call) (answer, error) {
	var f *core.Filter
	err := s.Store.View(c.ctx(), func(tx store.Tx) (err error) {
		f, err = c.filter(tx)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(f, f.Version), nil
}

func (s *Server) createFilter(c *call) (answer, error) {
	var in FilterInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return s.update(c, in, func(tx store.Tx) (answer, error) {
		f := &core.Filter{ID: core.FilterID(core.NewID("flt", tx.Now())), Owner: c.who.User.ID}
		in.apply(f)
		n := 0
		for range store.Filters.FindKeys(tx, "seen", string(f.Owner)) {
			n++
		}
		if n >= maxFilters {
			return answer{}, core.Conflict("filters.many", "сохранённых фильтров слишком много, удалите ненужные")
		}
		if err := store.Filters.Put(tx, f); err != nil {
			return answer{}, err
		}
		c.object = "filters/" + string(f.ID)
		return created(v1+"/"+c.object, f, f.Version), nil
	})
}

func (s *Server) updateFilter(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	var in FilterInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	var f *core.Filter
	err = s.Store.Update(c.ctx(), func(tx store.Tx) (err error) {
		if f, err = c.ownFilter(tx, version); err != nil {
			return err
		}
		in.apply(f)
		return store.Filters.Put(tx, f)
	})
	if err != nil {
		return answer{}, err
	}
	return versioned(f, f.Version), nil
}

func (s *Server) deleteFilter(c *call) (answer, error) {
	version, err := c.version()
	if err != nil {
		return answer{}, err
	}
	return done(), s.Store.Update(c.ctx(), func(tx store.Tx) error {
		f, err := c.ownFilter(tx, version)
		if err != nil {
			return err
		}
		return store.Filters.Delete(tx, string(f.ID))
	})
}
