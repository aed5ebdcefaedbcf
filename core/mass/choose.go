package mass

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// query is the list of documents a filter means, oldest first, as far as they
// were there at the moment before; zero: now.
func query(f *core.MassFilter, before time.Time) (store.Query[core.Document], error) {
	var q store.Query[core.Document]
	where := func(index, value string) {
		if value != "" {
			q.Where = append(q.Where, store.Term{Index: index, Value: value})
		}
	}
	facet := func(name, value string) {
		if value != "" {
			where("appeal", store.AppealFacet(name, value))
		}
	}
	where("direction", string(f.Direction))
	where("state", string(f.State))
	where("channel", string(f.Channel))
	where("thread", string(f.Thread))
	where("mark", string(f.Mark))
	facet(store.FacetView, f.View)
	facet(store.FacetState, string(f.AppealState))
	facet(store.FacetLine, string(f.Line))
	facet(store.FacetOperator, string(f.Operator))
	facet(store.FacetReasonGroup, string(f.ReasonGroup))
	facet(store.FacetReason, string(f.Reason))
	facet(store.FacetSource, string(f.Source))
	facet(store.FacetTag, string(f.Tag))
	from, err := dayOf("filter.from", f.From, 0)
	if err != nil {
		return q, err
	}
	to, err := dayOf("filter.to", f.To, 1)
	if err != nil {
		return q, err
	}
	if !from.IsZero() {
		q.From = core.FirstID("doc", from)
	}
	if to.IsZero() || !before.IsZero() && before.Before(to) {
		to = before
	}
	if !to.IsZero() {
		q.To = core.FirstID("doc", to)
	}
	return q, nil
}

func dayOf(field string, d core.Date, plus int) (time.Time, error) {
	if d == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, string(d), core.OfficeZone)
	if err != nil {
		return day, core.Invalid("mass.order", field, "ожидается дата, например 2026-03-01")
	}
	return day.AddDate(0, 0, plus), nil
}

// Items is one page of the documents of a run, in the order they are worked,
// without what is kept for undoing. after is Next of the page before.
type Items struct {
	Items []core.MassItem
	Next  string
}

// Items reads one page of what became of the documents; outcome "" is any. At
// most itemGroups groups are read for it: where few documents have the outcome
// a page may be short and still have a Next.
func (s *Service) Items(ctx context.Context, id core.MassID, outcome core.MassOutcome, after string, limit int) (page Items, err error) {
	at, err := readMark(after)
	if err != nil {
		return page, err
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		r, err := store.MassRuns.Get(tx, string(id))
		if err != nil {
			return err
		}
		page, err = readItems(tx, r, outcome, at, limit)
		return err
	})
	return page, err
}

// itemGroups bounds what is read for one page.
const itemGroups = 50

// readItems walks the groups from the at-th document on; every group but the
// last of a portion that was chosen has GroupSize documents, so that a mark is
// group and place.
func readItems(tx store.Tx, r *core.MassRun, outcome core.MassOutcome, at mark, limit int) (page Items, err error) {
	page.Items = []core.MassItem{}
	for read := 0; at.group < r.Groups; at = (mark{group: at.group + 1}) {
		if read++; read > itemGroups {
			page.Next = at.String()
			return page, nil
		}
		g, err := store.MassGroups.Get(tx, core.MassGroupKey(r.ID, at.group))
		if err != nil {
			return page, err
		}
		for ; at.item < len(g.Items); at.item++ {
			item := g.Items[at.item]
			if outcome != "" && item.Outcome != outcome {
				continue
			}
			if len(page.Items) == limit {
				page.Next = at.String()
				return page, nil
			}
			item.Saved = nil
			page.Items = append(page.Items, item)
		}
	}
	return page, nil
}

// mark is where a page begins.
type mark struct{ group, item int }

// String is the mark as callers keep it.
func (m mark) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(m.group*GroupSize + m.item)))
}

func readMark(text string) (mark, error) {
	if text == "" {
		return mark{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		n, err := strconv.Atoi(string(raw))
		if err == nil && n >= 0 {
			return mark{n / GroupSize, n % GroupSize}, nil
		}
	}
	return mark{}, core.Invalid("list.cursor", "after", "неверная метка страницы")
}
