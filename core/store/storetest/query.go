package storetest

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var queryTests = []test{
	{"ListsAgreeWithANaiveModel", listsAgree},
	{"AFullLastPageHasNoNext", fullLastPage},
	{"ADamagedCursorIsRefused", damagedCursor},
	{"APageTouchesFewKeys", touchesFewKeys},
	{"CountStopsAtItsLimit", countStops},
}

// query is store.Query as the model understands it.
type query struct {
	terms    []store.Term
	from, to string
	filter   string // the note wanted, "" is any
	desc     bool
	deleted  bool
	limit    int
}

func (q query) store() store.Query[thing] {
	out := store.Query[thing]{
		Where: q.terms, From: q.from, To: q.to, Desc: q.desc, Limit: q.limit, Deleted: q.deleted,
	}
	if q.filter != "" {
		out.Filter = func(_ store.Tx, t *thing) bool { return t.Note == q.filter }
	}
	return out
}

// wants is the naive model.
func (q query) wants(t *thing) bool {
	if t.DeletedAt != nil && !q.deleted || q.filter != "" && t.Note != q.filter {
		return false
	}
	for _, term := range q.terms {
		has := term.Index == "owner" && t.Owner == term.Value ||
			term.Index == "code" && t.Code == term.Value && t.Code != "" ||
			term.Index == "tag" && slices.Contains(t.Tags, term.Value)
		if !has {
			return false
		}
	}
	return t.ID >= q.from && (q.to == "" || t.ID < q.to)
}

var (
	someID    = rapid.StringMatching(`[ab\x01\xff]{1,3}`)
	someOwner = rapid.SampledFrom([]string{"", "x", "xa", "x\x00", "\x00", "\x01"})
	someTag   = rapid.SampledFrom([]string{"t", "u", "ta"})
)

func someThing(t *rapid.T) thing {
	return thing{
		ID:    someID.Draw(t, "id"),
		Owner: someOwner.Draw(t, "owner"),
		Tags:  rapid.SliceOfN(someTag, 0, 3).Draw(t, "tags"),
		inner: inner{Note: rapid.SampledFrom([]string{"", "n"}).Draw(t, "note")},
	}
}

func someQuery(t *rapid.T) query {
	q := query{
		desc:   rapid.Bool().Draw(t, "desc"),
		limit:  rapid.IntRange(1, 7).Draw(t, "limit"),
		filter: rapid.SampledFrom([]string{"", "", "n"}).Draw(t, "filter"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "terms") {
		if rapid.Bool().Draw(t, "by owner") {
			q.terms = append(q.terms, store.Term{Index: "owner", Value: someOwner.Draw(t, "owner")})
		} else {
			q.terms = append(q.terms, store.Term{Index: "tag", Value: someTag.Draw(t, "tag")})
		}
	}
	q.deleted = len(q.terms) == 0 && rapid.Bool().Draw(t, "deleted")
	if rapid.Bool().Draw(t, "from") {
		q.from = someID.Draw(t, "from")
	}
	if rapid.Bool().Draw(t, "to") {
		q.to = someID.Draw(t, "to")
	}
	return q
}

func listsAgree(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		table := thingTable(fmt.Sprintf("storetest_query_%d", runs))
		model := fill(rt, t, s, table)
		queries := rapid.SliceOfN(rapid.Custom(someQuery), 1, 10).Draw(rt, "queries")
		compare := func(tx store.Tx) error {
			for _, q := range queries {
				q.compare(rt, tx, table, model)
			}
			return errUndo
		}
		// Drivers read differently in an update.
		for _, err := range []error{s.View(t.Context(), compare), s.Update(t.Context(), compare)} {
			if !errors.Is(err, errUndo) {
				rt.Fatal(err)
			}
		}
	})
}

// fill puts, changes and deletes random records and returns those that are
// there, in the order of their keys.
func fill(rt *rapid.T, t *testing.T, s store.Store, table *store.Table[thing]) []*thing {
	all := map[string]*thing{}
	list := rapid.SliceOfN(rapid.Custom(someThing), 0, 40).Draw(rt, "things")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, rec := range list {
			if old := all[rec.ID]; old != nil {
				rec.Meta = old.Meta
			}
			if err := table.Put(tx, &rec); err != nil {
				return err
			}
			all[rec.ID] = &rec
		}
		return deleteSome(rt, tx, table, all)
	})
	if err != nil {
		rt.Fatal(err)
	}
	var out []*thing
	for _, rec := range all {
		out = append(out, rec)
	}
	slices.SortFunc(out, func(a, b *thing) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func deleteSome(rt *rapid.T, tx store.Tx, table *store.Table[thing], all map[string]*thing) error {
	for _, id := range rapid.SliceOfN(someID, 0, 10).Draw(rt, "deleted") {
		if all[id] == nil || all[id].DeletedAt != nil {
			continue
		}
		if err := table.Delete(tx, id); err != nil {
			return err
		}
		rec, err := table.GetAny(tx, id)
		if err != nil {
			return err
		}
		all[id] = rec
	}
	return nil
}

func (q query) compare(rt *rapid.T, tx store.Tx, table *store.Table[thing], model []*thing) {
	var want []*thing
	for _, rec := range model {
		if q.wants(rec) {
			want = append(want, rec)
		}
	}
	if q.desc {
		slices.Reverse(want)
	}
	var got []*thing
	for page, err := range pages(tx, table, q.store()) {
		if err != nil {
			rt.Fatal(err)
		}
		if len(page.Items) > q.limit || page.Next != "" && len(page.Items) < q.limit {
			rt.Fatalf("%+v: a page of %d and Next %q", q, len(page.Items), page.Next)
		}
		got = append(got, page.Items...)
	}
	if ids(got) != ids(want) {
		rt.Fatalf("%+v: got %q, want %q", q, ids(got), ids(want))
	}
	n, more, err := table.Count(tx, q.store(), q.limit)
	if err != nil || n != min(q.limit, len(want)) || more && n < q.limit || !more && n != len(want) {
		rt.Fatalf("%+v: counted %d, more %v, %v; want %d", q, n, more, err, len(want))
	}
}

// pages reads a list page by page.
func pages(tx store.Tx, table *store.Table[thing], q store.Query[thing]) iter.Seq2[store.Page[thing], error] {
	return func(yield func(store.Page[thing], error) bool) {
		for {
			page, err := table.List(tx, q)
			if !yield(page, err) || err != nil || page.Next == "" {
				return
			}
			q.After = page.Next
		}
	}
}

func fullLastPage(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for i := range 6 {
		add(t, s, thing{ID: fmt.Sprint(i), Owner: "x"})
	}
	for _, desc := range []bool{false, true} {
		for _, where := range [][]store.Term{nil, {{Index: "owner", Value: "x"}}} {
			view(t, s, func(tx store.Tx) error {
				var sizes []int
				q := store.Query[thing]{Where: where, Desc: desc, Limit: 3}
				for page, err := range pages(tx, things(), q) {
					if err != nil {
						return err
					}
					sizes = append(sizes, len(page.Items))
				}
				if !slices.Equal(sizes, []int{3, 3}) {
					t.Errorf("desc %v, where %v: pages of %v", desc, where, sizes)
				}
				return nil
			})
		}
	}
}

func damagedCursor(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	add(t, s, thing{ID: "b"}, thing{ID: "c"}, thing{ID: "d"})
	view(t, s, func(tx store.Tx) error {
		for _, after := range []string{"!", "a b", "====", "я"} {
			_, err := things().List(tx, store.Query[thing]{After: after})
			wantKind(t, after, err, core.KindInvalid)
			_, _, err = things().Count(tx, store.Query[thing]{After: after}, 1)
			wantKind(t, after, err, core.KindInvalid)
		}
		// One that was made up leads nowhere outside of the bounds.
		for _, desc := range []bool{false, true} {
			for _, made := range []string{"\x00", "a", "\xff\xff"} {
				after := base64.RawURLEncoding.EncodeToString([]byte(made))
				page, err := things().List(tx, store.Query[thing]{From: "c", To: "d", Desc: desc, After: after})
				if err != nil || ids(page.Items) != "" && ids(page.Items) != "c " {
					t.Errorf("cursor %q, desc %v: %q, %v", made, desc, ids(page.Items), err)
				}
			}
		}
		return nil
	})
}

// touching counts the keys a list touches.
type touching struct {
	store.Tx
	n *int
}

func (c touching) Get(bucket string, key []byte) ([]byte, error) {
	*c.n++
	return c.Tx.Get(bucket, key)
}

func (c touching) Scan(bucket string, from, to []byte, desc bool) iter.Seq2[[]byte, []byte] {
	*c.n++
	return func(yield func(k, v []byte) bool) {
		for k, v := range c.Tx.Scan(bucket, from, to, desc) {
			*c.n++
			if !yield(k, v) {
				return
			}
		}
	}
}

func touchesFewKeys(t *testing.T, o Opener) {
	const total, limit = 40_000, 50
	s := o.Open(t, nil)
	table := thingTable("storetest_many").WithoutHistory()
	for start := 0; start < total; start += 500 { // in a large transaction keys are moved again and again
		update(t, s, func(tx store.Tx) error {
			for i := start; i < start+500; i++ {
				rec := &thing{ID: fmt.Sprintf("%06d", i), Owner: fmt.Sprint("every", i%2), Tags: []string{fmt.Sprint("rare", i%500)}}
				if i == 0 || i == total-1 {
					rec.Tags = append(rec.Tags, "ends")
				}
				if err := table.Put(tx, rec); err != nil {
					return err
				}
			}
			return nil
		})
	}
	every0, every1 := store.Term{Index: "owner", Value: "every0"}, store.Term{Index: "owner", Value: "every1"}
	rare := store.Term{Index: "tag", Value: "rare42"}
	ends := store.Term{Index: "tag", Value: "ends"}
	never := func(store.Tx, *thing) bool { return false }
	for _, c := range []struct {
		name    string
		q       store.Query[thing]
		items   int
		touched int
	}{
		{"all", store.Query[thing]{}, limit, 3 * limit},
		{"one term", store.Query[thing]{Where: []store.Term{every1}}, limit, 4 * limit},
		{"common and rare", store.Query[thing]{Where: []store.Term{every0, rare}}, limit, 8 * limit},
		{"rare and common", store.Query[thing]{Where: []store.Term{rare, every0}}, limit, 8 * limit},
		{"first and last", store.Query[thing]{Where: []store.Term{every1, ends}}, 1, 12},
		{"nothing in common", store.Query[thing]{Where: []store.Term{every0, every1}}, 0, 21_000},
		{"filter that refuses all", store.Query[thing]{Filter: never}, 0, 21_000},
	} {
		for _, desc := range []bool{false, true} {
			view(t, s, func(tx store.Tx) error {
				touched := 0
				c.q.Desc, c.q.Limit = desc, limit
				page, err := table.List(touching{tx, &touched}, c.q)
				if err != nil {
					return err
				}
				if len(page.Items) != c.items || touched > c.touched {
					t.Errorf("%s, desc %v: %d items with %d keys touched, want %d with at most %d",
						c.name, desc, len(page.Items), touched, c.items, c.touched)
				}
				return nil
			})
		}
	}
	short(t, s, table, store.Query[thing]{Where: []store.Term{every0, every1}}, "")
	last := func(_ store.Tx, r *thing) bool { return r.ID == "039999" }
	short(t, s, table, store.Query[thing]{Filter: last}, "039999 ")
}

// short reads a list of many short pages to its end.
func short(t *testing.T, s store.Store, table *store.Table[thing], q store.Query[thing], want string) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		var got strings.Builder
		n := 0
		for page, err := range pages(tx, table, q) {
			if err != nil {
				return err
			}
			n++
			got.WriteString(ids(page.Items))
		}
		expect(t, "short pages", got.String(), want)
		if n < 3 || n > 12 {
			t.Errorf("%d pages", n)
		}
		return nil
	})
}

func countStops(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for i := range 10 {
		add(t, s, thing{ID: fmt.Sprint(i), Owner: "x"})
	}
	update(t, s, func(tx store.Tx) error { return things().Delete(tx, "3") })
	for _, c := range []struct {
		limit, n int
		more     bool
	}{{5, 5, true}, {8, 8, true}, {9, 9, false}, {20, 9, false}} {
		for _, where := range [][]store.Term{nil, {{Index: "owner", Value: "x"}}} {
			view(t, s, func(tx store.Tx) error {
				n, more, err := things().Count(tx, store.Query[thing]{Where: where}, c.limit)
				if n != c.n || more != c.more {
					t.Errorf("limit %d, where %v: %d, %v", c.limit, where, n, more)
				}
				return err
			})
		}
	}
}
