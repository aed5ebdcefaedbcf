package rest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// appealOrder is what a list of appeals is sorted by; `-` before it: downwards.
type appealOrder string

// orderReceived is the order of the ids and costs nothing.
const orderReceived = "received"

// appealKeys are what appeals are compared by; an empty key comes last in either
// direction.
var appealKeys = map[string]func(*core.Document) string{
	"updated":   func(d *core.Document) string { return store.MomentKey(d.UpdatedAt) },
	"subject":   func(d *core.Document) string { return strings.ToLower(d.Subject) },
	"applicant": func(d *core.Document) string { return strings.ToLower(calledAs(d.Appeal.Applicant)) },
	"state":     func(d *core.Document) string { return fmt.Sprint(slices.Index(core.AppealStates(), d.Appeal.State)) },
	"number": func(d *core.Document) string {
		if d.Number == nil {
			return ""
		}
		return fmt.Sprintf("%04d %020d", d.Number.Year, d.Number.Seq)
	},
	"due": func(d *core.Document) string {
		if d.DueAt == nil {
			return ""
		}
		return store.MomentKey(*d.DueAt)
	},
}

// calledAs is a name, or an address for want of one.
func calledAs(c core.Correspondent) string {
	if c.Name == "" && len(c.Addresses) > 0 {
		return c.Addresses[0].Value
	}
	return c.Name
}

// appealOrders are all orders there are.
func appealOrders() []appealOrder {
	out := []appealOrder{orderReceived, "-" + orderReceived}
	for name := range appealKeys {
		out = append(out, appealOrder(name), "-"+appealOrder(name))
	}
	return out
}

// sortedMost is how many appeals are sorted for a page: more would cost too much
// time, and nobody reads them.
const (
	sortedMost  = 2000
	sortedPages = 20
)

// listOrdered reads a page of a view in an order; without one in the view's own.
func listOrdered(tx store.Tx, view string, order appealOrder, q store.Query[core.Document], sees func(*core.Document) bool) (store.Page[core.Document], error) {
	name, down := strings.CutPrefix(string(order), "-")
	byMoment := view == viewPlanned || view == viewDue || view == viewOverdue
	if order == "" || name == orderReceived && !byMoment {
		q.Desc = order == "" || down
		got, err := listView(tx, view, q)
		got.Items = slices.DeleteFunc(got.Items, func(d *core.Document) bool { return !sees(d) })
		return got, err
	}
	found, err := allOf(tx, view, q, sees)
	if err != nil {
		return store.Page[core.Document]{}, err
	}
	key := appealKeys[name]
	if key == nil {
		key = func(d *core.Document) string { return string(d.ID) }
	}
	return cutSorted(found, appealSort{key, down}, q.After, q.Limit)
}

// allOf reads what the page is cut from. KindInvalid if it is too much to sort.
func allOf(tx store.Tx, view string, q store.Query[core.Document], sees func(*core.Document) bool) (out []*core.Document, err error) {
	q.After, q.Limit = "", 1000
	for range sortedPages {
		got, err := listView(tx, view, q)
		if err != nil {
			return nil, err
		}
		for _, d := range got.Items {
			if sees(d) {
				out = append(out, d)
			}
		}
		if len(out) > sortedMost {
			break
		}
		if got.Next == "" {
			return out, nil
		}
		q.After = got.Next
	}
	return nil, core.Invalid("list.order", "order", "так упорядочить можно не больше 2000 обращений: уточните отбор")
}

type appealSort struct {
	key  func(*core.Document) string
	down bool
}

// mark is where a row stands: its key and its id.
func (s appealSort) mark(d *core.Document) [2]string { return [2]string{s.key(d), string(d.ID)} }

func (s appealSort) compare(a, b [2]string) int {
	if (a[0] == "") != (b[0] == "") {
		return -cmp.Compare(a[0], b[0])
	}
	out := slices.Compare(a[:], b[:])
	if s.down {
		return -out
	}
	return out
}

// cutSorted sorts what was found and gives the page behind the mark.
func cutSorted(found []*core.Document, by appealSort, after string, limit int) (out store.Page[core.Document], err error) {
	slices.SortFunc(found, func(a, b *core.Document) int { return by.compare(by.mark(a), by.mark(b)) })
	if after != "" {
		raw, err := base64.RawURLEncoding.DecodeString(after)
		key, id, ok := strings.Cut(string(raw), "\x00")
		if err != nil || !ok {
			return out, core.Invalid("list.cursor", "after", "неверная метка страницы")
		}
		found = slices.DeleteFunc(found, func(d *core.Document) bool { return by.compare(by.mark(d), [2]string{key, id}) <= 0 })
	}
	if len(found) > limit {
		last := by.mark(found[limit-1])
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(last[0] + "\x00" + last[1]))
		found = found[:limit]
	}
	out.Items = found
	return out, nil
}
