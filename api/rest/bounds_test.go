package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/uzel-hub/uzel/core/store"
)

// metered counts the keys that are read by views.
type metered struct {
	store.Store
	keys atomic.Int64
}

// View implements store.Store.
func (m *metered) View(ctx context.Context, fn func(store.Tx) error) error {
	return m.Store.View(ctx, func(tx store.Tx) error {
		count := &store.Meter{Tx: tx}
		defer func() { m.keys.Add(int64(count.Keys)) }()
		return fn(count)
	})
}

// Bounds of a page, in keys: what a list may read, and what goes to the caller's
// session, to the parent of the list and to each row that is shown. A list that
// sorts what it finds reads several pages.
const (
	pageRows   = 20
	pageSlack  = 40 + 5*pageRows
	sortedMost = 20
)

// apart are the lists by pages that are not walked here, and why.
var apart = map[string]string{
	"search.find": "it asks the index of texts, which looks at some thousands of documents, and reads what it shows",
}

// TestEveryListReadsABoundedNumberOfKeys asks every list by pages that the contract
// declares by each of its filters and by many of them at once, in every order, as
// an administrator and as somebody who sees next to nothing of it. A list, or a
// filter, that this test knows no values for fails it.
func TestEveryListReadsABoundedNumberOfKeys(t *testing.T) {
	h := newHub(t)
	w := &bounded{T: t, hub: h, random: rand.New(rand.NewPCG(1, 2))}
	w.clients = []*client{h.administrator(), h.limited()}
	w.paths, w.sought = h.crowd()
	for _, l := range pagedLists(t) {
		if apart[l.name] == "" {
			w.list(l)
		}
	}
}

// pagedList is a list as the contract declares it, with the filters it takes.
type pagedList struct {
	name, path string
	filters    []*openapi3.Parameter
}

func pagedLists(t *testing.T) (out []pagedList) {
	t.Helper()
	doc, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		if item.Get == nil {
			continue
		}
		l := pagedList{name: item.Get.OperationID, path: path}
		pages := false
		for _, p := range item.Get.Parameters {
			switch {
			case p.Value.In != openapi3.ParameterInQuery || p.Value.Name == "limit":
			case p.Value.Name == "after":
				pages = true
			default:
				l.filters = append(l.filters, p.Value)
			}
		}
		if pages {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b pagedList) int { return strings.Compare(a.name, b.name) })
	return out
}

// bounded walks lists.
type bounded struct {
	*testing.T
	hub     *hub
	clients []*client
	random  *rand.Rand
	paths   map[string]string              // of lists that belong to something
	sought  map[string]map[string][]string // by list and filter: what is looked for
}

// list asks one list by each value of its filters alone, and by some at once.
func (w *bounded) list(l pagedList) {
	if p := w.paths[l.name]; p != "" {
		l.path = p
	} else if strings.Contains(l.path, "{") {
		w.Errorf("%s belongs to something: name it here, with more rows than a page may read", l.name)
		return
	}
	values := map[string][]string{}
	for _, p := range l.filters {
		values[p.Name] = w.values(l.name, p)
	}
	w.ask(l, url.Values{}, true)
	for _, p := range l.filters {
		found := false
		for i, v := range values[p.Name] {
			found = w.ask(l, queryOf(p.Name, v), i == 0) || found
		}
		if !found {
			w.Errorf("%s: nothing is found by %s, whatever the value", l.name, p.Name)
		}
	}
	for i := range l.filters {
		q := url.Values{}
		for range 2 + w.random.IntN(4) {
			p := l.filters[w.random.IntN(len(l.filters))]
			some := values[p.Name]
			for name, v := range queryOf(p.Name, some[w.random.IntN(len(some))]) {
				q[name] = v
			}
		}
		w.ask(l, q, i%4 == 0)
	}
}

// queryOf is a filter as it is sent. What is looked for in a directory says its
// field too: `name=value`.
func queryOf(name, value string) url.Values {
	if field, v, ok := strings.Cut(value, "="); ok {
		return url.Values{name + "[" + field + "]": {v}}
	}
	return url.Values{name: {value}}
}

// values of a filter: those of the contract, or those this test knows.
func (w *bounded) values(list string, p *openapi3.Parameter) (out []string) {
	schema := p.Schema.Value
	for _, v := range schema.Enum {
		out = append(out, v.(string))
	}
	switch {
	case len(out) > 0:
		return out
	case schema.Type.Is("boolean"):
		return []string{"true", "false"}
	case schema.Format == "date":
		return []string{"2026-03-02", "2026-03-03", "2030-01-01", "2020-01-01"}
	}
	if out = w.sought[list][p.Name]; out == nil {
		w.Errorf("%s: no values to look for by %s: name some here that many have, that few have and that none has", list, p.Name)
		out = []string{"x"}
	}
	return out
}

// ask reads a page as the administrator, and one more where there is one, and by
// everybody as the other one too, who is slow: of each row must be read that he
// does not see it. It tells whether there was anything.
func (w *bounded) ask(l pagedList, q url.Values, everybody bool) (found bool) {
	w.Helper()
	q.Set("limit", "20")
	for i, c := range w.clients {
		if i > 0 && !everybody {
			break
		}
		q.Del("after")
		n, next := w.page(c, i > 0, l, q)
		found = found || n > 0
		if next != "" && i == 0 {
			q.Set("after", next)
			w.page(c, false, l, q)
		}
	}
	return found
}

func (w *bounded) page(c *client, limited bool, l pagedList, q url.Values) (rows int, next string) {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodGet, l.path+"?"+q.Encode(), nil)
	r.Header = c.header.Clone()
	out := httptest.NewRecorder()
	before := w.hub.store.(*metered).keys.Load()
	w.hub.server.ServeHTTP(out, r)
	keys := int(w.hub.store.(*metered).keys.Load() - before)
	most := store.PageKeys + pageSlack
	if len(l.filters) == 0 && !limited {
		most = 2 * pageSlack // nothing is passed over
	}
	if order := q.Get("order"); l.name == "appeals.list" && order != "" {
		most = sortedMost*store.PageKeys + pageSlack
	}
	if keys > most {
		w.Errorf("%s?%s reads %d keys for a page (limited user: %t)", l.path, q.Encode(), keys, limited)
	}
	switch {
	case limited && (out.Code == http.StatusForbidden || out.Code == http.StatusNotFound):
		return 0, ""
	case out.Code == http.StatusBadRequest && strings.Contains(out.Body.String(), "list.order"):
		return 1, "" // more than can be sorted
	case out.Code != http.StatusOK:
		w.Fatalf("%s?%s: %d %s", l.path, q.Encode(), out.Code, out.Body)
	}
	var got page[json.RawMessage]
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil {
		w.Fatal(err)
	}
	return len(got.Items), got.Next
}

// TestASortedListGivesUp where two filters, each of very many appeals, have
// nothing in common: the index alone says so, there are no documents behind it.
func TestASortedListGivesUp(t *testing.T) {
	const all, step = 220_000, 20_000
	h := newHub(t)
	for _, facet := range []struct {
		value string
		every int
	}{{store.AppealFacet(store.FacetLine, "even"), 0}, {store.AppealFacet(store.FacetTag, "odd"), 1}, {store.AppealFacet(store.FacetView, store.ViewAll), -1}} {
		for from := 0; from < all; from += step {
			h.update(func(tx store.Tx) error {
				for i := from; i < from+step; i++ {
					if facet.every >= 0 && i%2 != facet.every {
						continue
					}
					if err := tx.Insert("i/documents/appeal", fmt.Appendf(nil, "%s\x00doc_%026d", facet.value, i), nil); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	c := h.clerk()
	before := h.store.(*metered).keys.Load()
	c.get("/api/v1/appeals?order=subject&line=even&tag=odd").problem(400, "list.order")
	if keys := h.store.(*metered).keys.Load() - before; keys > sortedMost*store.PageKeys+pageSlack || keys < all/2 {
		t.Errorf("%d keys were read", keys)
	}
}
