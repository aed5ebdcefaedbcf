// Package report counts and lists documents and appeals for people who answer
// for them: by period, organisation, line, operator, reason and the like.
//
// One engine serves lists and sums. It walks the documents of a period page by
// page, by the indexes where one fits, and keeps no more of them than a page: its
// memory does not grow with the number of rows.
package report

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Query chooses documents, and for Summary how they are grouped.
type Query struct {
	// From and To bound the moment of registration, [From, To). Zero is open.
	From, To time.Time
	// Where are values dimensions must have.
	Where map[Dimension]string
	// Sees narrows the documents to those the asker may see; nil: all.
	Sees func(*core.Document) bool
	// Pages lists the documents in place of From, To, Where and Sees, page by page:
	// after is the Next of the page before. nil: those of the other fields, oldest first.
	Pages func(tx store.Tx, after string) (store.Page[core.Document], error)
	// Group are the dimensions of a summary, at most two; none: one sum of all.
	Group []Dimension
	// Say puts what the report itself says, titles and states, into another
	// language; nil: Russian.
	Say func(string) string
}

func (q *Query) say(text string) string {
	if q.Say == nil {
		return text
	}
	return q.Say(text)
}

// maxGroups bounds the rows of a summary, and with it its memory.
const maxGroups = 20_000

// PageSize is how many documents are in memory at once.
const PageSize = 200

// Service makes reports.
type Service struct {
	Store store.Store
	// Now is the clock; nil means time.Now. What is still open is overdue by it.
	Now func() time.Time
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// check reports dimensions that do not exist, or too many of them.
func (q *Query) check() error {
	for name := range q.Where {
		if _, ok := dimensions[name]; !ok {
			return core.Invalid("report.dimension", string(name), "нет такого признака")
		}
	}
	if len(q.Group) > 2 {
		return core.Invalid("report.group", "group", "не больше двух признаков")
	}
	for i, name := range q.Group {
		if _, ok := dimensions[name]; !ok || slices.Contains(q.Group[:i], name) {
			return core.Invalid("report.dimension", "group", "нет такого признака, или он указан дважды")
		}
	}
	return nil
}

// list reads one page as the store can answer it: by its indexes, by the ids,
// which carry the moment, and by looking for the rest.
func (q *Query) list(tx store.Tx, after string) (store.Page[core.Document], error) {
	if q.Pages != nil {
		return q.Pages(tx, after)
	}
	out := store.Query[core.Document]{After: after, Limit: PageSize}
	if !q.From.IsZero() {
		out.From = core.FirstID("doc", q.From)
	}
	if !q.To.IsZero() {
		out.To = core.FirstID("doc", q.To)
	}
	var looked []Dimension
	for _, name := range slices.Sorted(maps.Keys(q.Where)) {
		if term, ok := dimensions[name].term(q.Where[name]); ok {
			out.Where = append(out.Where, term)
		} else {
			looked = append(looked, name)
		}
	}
	var fault error
	out.Filter = func(tx store.Tx, d *core.Document) bool {
		if q.Sees != nil && !q.Sees(d) {
			return false
		}
		return !slices.ContainsFunc(looked, func(name Dimension) bool {
			values, err := dimensions[name].values(tx, d)
			if err != nil {
				fault = err
			}
			return !slices.Contains(values, q.Where[name])
		})
	}
	page, err := store.Documents.List(tx, out)
	return page, errors.Join(err, fault)
}

// pages hands the documents to each, oldest first, page by page; each page is
// one consistent state. The transaction is over when done is called with the
// page: there one may wait for the network.
func (s *Service) pages(ctx context.Context, q Query, each func(store.Tx, *core.Document) error, done func() error) error {
	if err := q.check(); err != nil {
		return err
	}
	for after := ""; ; {
		err := s.Store.View(ctx, func(tx store.Tx) error {
			page, err := q.list(tx, after)
			if err != nil {
				return err
			}
			after = page.Next
			for _, d := range page.Items {
				if err := worked(tx, d); err != nil {
					return err
				}
				if err := each(tx, d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := done(); err != nil {
			return err
		}
		if after == "" {
			return nil
		}
		if ctx.Err() != nil {
			return core.Unavailable("report.cancelled", "операция отменена", context.Cause(ctx))
		}
	}
}

// worked takes the clock of an appeal over that an operator has now: what was
// worked on it stands in the appeal only when it leaves his hands.
func worked(tx store.Tx, d *core.Document) error {
	if d.Appeal == nil || d.Appeal.State != core.AppealInWork {
		return nil
	}
	clock, err := store.WorkClocks.Get(tx, string(d.ID))
	if core.KindOf(err) == core.KindNotFound {
		return nil
	}
	if err == nil {
		d.Appeal.SpentSeconds = clock.Spent()
	}
	return err
}

// Row is one group of a summary.
type Row struct {
	Keys []Key `json:"keys"` // in the order of Query.Group
	Sums
}

// Key is the value of a dimension; empty for documents that have none.
type Key struct {
	Value string `json:"value"`
	Title string `json:"title"` // as people know it; the value where there is no better
}

// group is the values of up to two dimensions.
type group [2]string

// Summary counts the documents of the query by group, and all of them. A
// document with several values of a dimension (tags, systems) counts in the group
// of each and once in the total. KindInvalid for a wrong query or too many groups.
func (s *Service) Summary(ctx context.Context, q Query) (rows []Row, total Sums, err error) {
	sums := map[group]*counter{}
	all := &counter{}
	now := s.now()
	err = s.pages(ctx, q, func(tx store.Tx, d *core.Document) error {
		forwarded, err := forwardedTo(tx, d)
		if err != nil {
			return err
		}
		all.count(d, len(forwarded), now)
		groups, err := q.groupsOf(tx, d)
		if err != nil {
			return err
		}
		for _, g := range groups {
			if sums[g] == nil {
				sums[g] = &counter{}
			}
			sums[g].count(d, len(forwarded), now)
		}
		if len(sums) > maxGroups {
			return core.Invalid("report.groups", "group", fmt.Sprintf("получается больше %d строк, уточните отчёт", maxGroups))
		}
		return nil
	}, func() error { return nil })
	if err != nil {
		return nil, Sums{}, err
	}
	rows, err = s.rows(ctx, q, sums)
	return rows, all.sums(), err
}

// groupsOf are the groups a document belongs to.
func (q *Query) groupsOf(tx store.Tx, d *core.Document) ([]group, error) {
	out := []group{{}}
	for i, name := range q.Group {
		values, err := dimensions[name].values(tx, d)
		if err != nil {
			return nil, err
		}
		if len(values) == 0 {
			values = []string{""}
		}
		var next []group
		for _, g := range out {
			for _, v := range values {
				g[i] = v
				next = append(next, g)
			}
		}
		out = next
	}
	if len(q.Group) == 0 {
		return nil, nil // the total says it all
	}
	return out, nil
}

// rows sorts the groups and gives their values titles.
func (s *Service) rows(ctx context.Context, q Query, sums map[group]*counter) ([]Row, error) {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b group) int { return slices.Compare(a[:], b[:]) })
	rows := make([]Row, 0, len(keys))
	err := s.Store.View(ctx, func(tx store.Tx) error {
		rows = rows[:0]
		for _, g := range keys {
			row := Row{Sums: sums[g].sums()}
			for i, name := range q.Group {
				row.Keys = append(row.Keys, Key{g[i], titleOf(tx, &q, name, g[i])})
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}
