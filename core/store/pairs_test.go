package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// many is large enough that a list which scans cannot keep within PageKeys, even
// if it scans the appeals only. They are put in transactions of a few: keys that
// go into the middle of a large one are moved again and again.
const many, few = 24_000, 500

// crowd is a store of many documents, every second one an appeal. What they are
// is told by their number, so that a model can say what a list must have.
type crowd struct {
	*boltstore.Store
	ids []string
	now time.Time
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var err error
	c.Store, err = boltstore.Open(filepath.Join(t.TempDir(), "hub.db"), boltstore.Options{Now: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	for len(c.ids) < many {
		from := len(c.ids)
		err := c.Update(t.Context(), func(tx store.Tx) error {
			c.ids = c.ids[:from]
			for i := from; i < from+few; i++ {
				d := c.document(i)
				c.ids = append(c.ids, string(d.ID))
				if err := store.Documents.Put(tx, d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// at is when a document was registered.
func (c *crowd) at(i int) time.Time { return c.now.Add(time.Duration(i) * time.Second) }

// document is the i-th. Even ones come in and are appeals, odd ones go out: what
// only one sort has is never found together with what only the other has.
func (c *crowd) document(i int) *core.Document {
	d := &core.Document{
		ID: core.DocumentID(core.NewID("doc", c.at(i))), Direction: core.Outgoing, State: core.DocumentSent, Thread: entry[core.ThreadID](i / 5),
		Channel: entry[core.ChannelID](i % 4), Number: &core.RegNumber{Journal: "j", Year: 2026, Seq: uint64(i), Text: fmt.Sprint("N", i)},
		Sender: core.Correspondent{Party: entry[core.PartyID](i % 100), Addresses: []core.Address{mailOf(i % 500)}},
	}
	if i%3 == 0 {
		d.Marks = []core.Mark{{Kind: core.MarkAutomatic}}
	}
	if i%2 == 1 {
		return d
	}
	n, due := i/2, c.now.Add(time.Duration(i%1000-500)*time.Hour)
	d.Direction, d.State = core.Incoming, core.DocumentInWork
	d.Appeal = &core.Appeal{
		State: []core.AppealState{core.AppealNew, core.AppealInWork, core.AppealAnswered, core.AppealClosed}[n%4],
		Line:  entry[core.EntryID](n % 5), Operator: entry[core.UserID](n % 50), ReasonGroup: entry[core.EntryID](n % 4),
		Reason: entry[core.EntryID](n % 40), Source: entry[core.EntryID](n % 3), Tags: []core.EntryID{entry[core.EntryID](n % 6)},
		Accounts:  []core.AccountRef{{Number: fmt.Sprint(n % 2000)}},
		Applicant: core.Correspondent{Party: entry[core.PartyID](n % 1000), Addresses: []core.Address{mailOf(n % 3000)}},
	}
	d.SetDeadline(&core.Deadline{DueAt: due})
	if n%700 == 3 {
		d.Appeal.MergedInto = "doc_1"
	}
	return d
}

func entry[T ~string](n int) T { return T(fmt.Sprint("e", n)) }

func mailOf(n int) core.Address {
	return core.Address{Kind: core.AddressEmail, Value: fmt.Sprintf("r%d@mail.test", n)}
}

// filter is one parameter of a list with a value, and the documents it is true
// of.
type filter struct {
	name string
	term store.Term
	has  func(i int) bool
}

func even(has func(n int) bool) func(int) bool {
	return func(i int) bool { return i%2 == 0 && has(i/2) }
}

func facet(name, value string, has func(n int) bool) filter {
	return filter{name + "=" + value, store.Term{Index: "appeal", Value: store.AppealFacet(name, value)}, even(has)}
}

func index(name, value string, has func(i int) bool) filter {
	return filter{name + "=" + value, store.Term{Index: name, Value: value}, has}
}

// filters are all that the lists of documents and of appeals take, with values
// that many have and values that few have.
func filters() []filter {
	mod := func(m, r int) func(int) bool { return func(i int) bool { return i%m == r } }
	return []filter{
		index("direction", "incoming", mod(2, 0)),
		index("direction", "outgoing", mod(2, 1)),
		index("state", "sent", mod(2, 1)),
		index("state", "in_work", mod(2, 0)),
		index("mark", "automatic", mod(3, 0)),
		index("channel", "e1", mod(4, 1)),
		index("channel", "e2", mod(4, 2)),
		index("thread", "e77", func(i int) bool { return i/5 == 77 }),
		index("text_number", "N4242", func(i int) bool { return i == 4242 }),
		index("sender_key", mailOf(7).Key(), mod(500, 7)),
		index("party", "e8", func(i int) bool { return i%100 == 8 || i%2 == 0 && i/2%1000 == 8 }),
		facet(store.FacetView, store.ViewAll, func(int) bool { return true }),
		facet(store.FacetView, store.ViewOpen, func(n int) bool { return open(2 * n) }),
		facet(store.FacetView, store.ViewNotInWork, func(n int) bool { return n%4 == 0 && n%700 != 3 }),
		facet(store.FacetState, "closed", mod(4, 3)),
		facet(store.FacetLine, "e2", mod(5, 2)),
		facet(store.FacetOperator, "e21", mod(50, 21)),
		facet(store.FacetReasonGroup, "e1", mod(4, 1)),
		facet(store.FacetReason, "e13", mod(40, 13)),
		facet(store.FacetSource, "e0", mod(3, 0)),
		facet(store.FacetTag, "e5", mod(6, 5)),
		facet(store.FacetAccount, "1234", mod(2000, 1234)),
		facet(store.FacetParty, "e8", mod(1000, 8)),
		facet(store.FacetMergedInto, "doc_1", mod(700, 3)),
		facet(store.FacetApplicant, mailOf(2999).Key(), mod(3000, 2999)),
	}
}

// TestAnyFiltersReadABoundedNumberOfKeys lists by every two filters, with a
// period and without, and by every filter in the order of terms.
func TestAnyFiltersReadABoundedNumberOfKeys(t *testing.T) {
	c := newCrowd(t)
	all := filters()
	for i, a := range all {
		for _, b := range all[i:] {
			c.walk(t, a, b, 0, many)
			c.walk(t, a, b, many/3, many/2)
		}
		c.walkDue(t, a)
	}
}

// pageSize is of the lists here, and shown is how much of each is compared.
const (
	pageSize = 50
	shown    = 120
)

// walk lists what has both, newest first, of the documents [from, to), and holds
// each page to its bound and all of them to what the rarer filter allows.
func (c *crowd) walk(t *testing.T, a, b filter, from, to int) {
	t.Helper()
	want, rarer := c.model(a, b, from, to)
	q := store.Query[core.Document]{Where: []store.Term{a.term, b.term}, Desc: true, Limit: pageSize, From: c.ids[from]}
	if to < many {
		q.To = c.ids[to]
	}
	var got []string
	total, pages := 0, 0
	for more := true; more && len(got) < shown; more = q.After != "" {
		page, keys := c.page(t, func(tx store.Tx) (store.Page[core.Document], error) { return store.Documents.List(tx, q) })
		for _, d := range page.Items {
			got = append(got, string(d.ID))
		}
		q.After = page.Next
		total, pages = total+keys, pages+1
		if most := keysOf(len(want), rarer); pages == 1 && keys > most {
			t.Errorf("%s and %s: the first page read %d keys, at most %d are needed", a.name, b.name, keys, most)
		}
	}
	if most := 3*rarer + 6*pages; total > most {
		t.Errorf("%s and %s: %d keys of %d pages, the rarer one has %d", a.name, b.name, total, pages, rarer)
	}
	if n := min(len(want), len(got), shown); len(got) < min(len(want), shown) || !slices.Equal(got[:n], want[:n]) {
		t.Errorf("%s and %s: %d listed, not those %d", a.name, b.name, len(got), len(want))
	}
}

// keysOf bounds a page where found of the rarer filter's documents have the
// other one too, evenly spread: two seeks for each candidate, and the record.
func keysOf(found, rarer int) int {
	if found == 0 {
		return store.PageKeys
	}
	return min(store.PageKeys, 10+2*pageSize*(2*rarer/found+1))
}

// open tells that the i-th document is an appeal that has not ended.
func open(i int) bool { return i%2 == 0 && i/2%4 != 3 && i/2%700 != 3 }

// page reads one page and holds it to the bound of all pages.
func (c *crowd) page(t *testing.T, list func(store.Tx) (store.Page[core.Document], error)) (page store.Page[core.Document], keys int) {
	t.Helper()
	err := c.View(t.Context(), func(tx store.Tx) (err error) {
		m := &store.Meter{Tx: tx}
		page, err = list(m)
		keys = m.Keys
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if keys > store.PageKeys {
		t.Errorf("a page read %d keys", keys)
	}
	return page, keys
}

// model is what has both, newest first, and how many have the rarer one.
func (c *crowd) model(a, b filter, from, to int) (want []string, rarer int) {
	first, second := 0, 0
	for i := to - 1; i >= from; i-- {
		inA, inB := a.has(i), b.has(i)
		if inA {
			first++
		}
		if inB {
			second++
		}
		if inA && inB {
			want = append(want, c.ids[i])
		}
	}
	return want, min(first, second)
}

// walkDue lists what is overdue and has the filter, what was due first first.
func (c *crowd) walkDue(t *testing.T, f filter) {
	t.Helper()
	var want []string
	for soonest := range 500 { // the hours before now, see document
		for i := soonest; i < many; i += 1000 {
			if open(i) && f.has(i) {
				want = append(want, c.ids[i])
			}
		}
	}
	q := store.Sorted{Index: "appeal_due", Most: store.MomentKey(c.now), Where: []store.Term{f.term}, Limit: pageSize}
	var got []string
	for more := true; more && len(got) < shown; more = q.After != "" {
		page, _ := c.page(t, func(tx store.Tx) (store.Page[core.Document], error) { return store.Documents.ListSorted(tx, q) })
		for _, d := range page.Items {
			got = append(got, string(d.ID))
		}
		q.After = page.Next
	}
	if n := min(len(want), len(got), shown); len(got) < min(len(want), shown) || !slices.Equal(got[:n], want[:n]) {
		t.Errorf("overdue and %s: %d listed, not those %d", f.name, len(got), len(want))
	}
}
