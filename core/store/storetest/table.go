package storetest

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var tableTests = []test{
	{"ARecordComesBackWhole", recordComesBack},
	{"TextNeedNotBeUTF8", textNeedNotBeUTF8},
	{"AStaleVersionIsRefused", staleIsRefused},
	{"KeysAreChecked", keysAreChecked},
	{"IndexesFollowTheRecord", indexesFollow},
	{"IndexValuesMayBeAnything", indexValuesMayBeAnything},
	{"UniqueValuesAreUnique", uniqueIsUnique},
	{"ARefusedPutWritesNothing", refusedWritesNothing},
	{"DeletedRecordsHideAndReturn", deletedHideAndReturn},
	{"EraseLeavesNothing", eraseLeavesNothing},
	{"RangeFollowsTheValues", rangeFollows},
	{"RecordsMayChangeWhileTheyAreWalked", changeWhileWalked},
	{"AnUnknownIndexIsADefect", unknownIndex},
	{"ADamagedRecordIsNamed", damagedIsNamed},
}

func recordComesBack(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.FixedZone("", 3*3600))
	in := &thing{
		ID: "a", Owner: "Анна", Code: "c", Tags: []string{"x", ""}, Fields: map[string]string{"k": "v", "": ""},
		At: &at, Raw: []byte(`{"a":[1,null]}`), Bytes: []byte{0, 255}, Secret: "s", inner: inner{Note: "n"},
		Parts: []part{{Name: "p", Sizes: map[string]int{"b": -1}}}, Unkept: 7,
	}
	update(t, s, func(tx store.Tx) error { return things().Put(tx, in) })
	if in.Version != 1 || in.CreatedAt.IsZero() || in.CreatedAt != in.UpdatedAt {
		t.Errorf("put left the Meta at %+v", in.Meta)
	}
	view(t, s, func(tx store.Tx) error {
		out, err := things().Get(tx, "a")
		if err != nil {
			return err
		}
		if !out.At.Equal(at) || out.At.Format(time.RFC3339) != at.Format(time.RFC3339) {
			t.Errorf("moment: got %v, want %v", out.At, at)
		}
		want := *in
		want.Unkept, want.At, out.At = 0, nil, nil
		if !reflect.DeepEqual(*out, want) {
			t.Errorf("got  %+v\nwant %+v", *out, want)
		}
		if has, err := things().Has(tx, "a"); !has || err != nil {
			t.Errorf("has: %v, %v", has, err)
		}
		_, err = things().Get(tx, "b")
		wantKind(t, "absent", err, core.KindNotFound)
		return nil
	})
}

func wantKind(t testing.TB, what string, err error, kind core.Kind) {
	t.Helper()
	if err == nil || core.KindOf(err) != kind {
		t.Errorf("%s: got %v, want an error of kind %v", what, err, kind)
	}
}

func textNeedNotBeUTF8(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	bad := "\xcf\xf0\xe8\xe2\xe5\xf2 \xff"
	update(t, s, func(tx store.Tx) error {
		rec := &thing{ID: "a", Owner: bad, Fields: map[string]string{bad: bad}}
		if err := things().Put(tx, rec); err != nil {
			return err
		}
		rec.Owner = "other"
		return things().Put(tx, rec)
	})
	view(t, s, func(tx store.Tx) error {
		rec, err := things().Get(tx, "a")
		if err == nil && rec.Fields[bad] != bad {
			t.Errorf("got %+v", rec)
		}
		for _, histErr := range things().History(tx, "a") {
			err = errors.Join(err, histErr)
		}
		return err
	})
}

func staleIsRefused(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := things()
	update(t, s, func(tx store.Tx) error { return table.Put(tx, &thing{ID: "a"}) })
	var one, two *thing
	view(t, s, func(tx store.Tx) (err error) {
		if one, err = table.Get(tx, "a"); err != nil {
			return err
		}
		two, err = table.Get(tx, "a")
		return err
	})
	update(t, s, func(tx store.Tx) error { one.Owner = "one"; return table.Put(tx, one) })
	for name, rec := range map[string]*thing{
		"read before":     two,
		"new on existing": {ID: "a"},
		"from nowhere":    {ID: "b", Meta: core.Meta{Version: 3}},
	} {
		given := rec.Meta
		err := s.Update(t.Context(), func(tx store.Tx) error { return table.Put(tx, rec) })
		wantKind(t, name, err, core.KindConflict)
		if rec.Meta != given {
			t.Errorf("%s: a refused put changed the Meta to %+v", name, rec.Meta)
		}
	}
	if one.Version != 2 || one.CreatedAt.After(one.UpdatedAt) {
		t.Errorf("Meta: %+v", one.Meta)
	}
}

func keysAreChecked(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for _, id := range []string{"", "a\x00b"} {
		err := s.Update(t.Context(), func(tx store.Tx) error { return things().Put(tx, &thing{ID: id}) })
		wantKind(t, fmt.Sprintf("key %q", id), err, core.KindInternal)
	}
}

// found is the ids an index has under the value.
func found(t testing.TB, s store.Store, index, value string) (out string) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		var list []*thing
		for rec, err := range things().Find(tx, index, value) {
			if err != nil {
				return err
			}
			list = append(list, rec)
		}
		out = ids(list)
		return nil
	})
	return out
}

// edit changes one record.
func edit(t testing.TB, s store.Store, id string, change func(*thing)) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		rec, err := things().Get(tx, id)
		if err != nil {
			return err
		}
		change(rec)
		return things().Put(tx, rec)
	})
}

func add(t testing.TB, s store.Store, list ...thing) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		for _, rec := range list {
			if err := things().Put(tx, &rec); err != nil {
				return err
			}
		}
		return nil
	})
}

func indexesFollow(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	add(t, s, thing{ID: "b", Owner: "x", Tags: []string{"1", "2", "1"}}, thing{ID: "a", Owner: "x", Tags: []string{"2"}})
	expect(t, "owner x", found(t, s, "owner", "x"), "a b ")
	expect(t, "tag 1", found(t, s, "tag", "1"), "b ")
	expect(t, "tag 2", found(t, s, "tag", "2"), "a b ")
	expect(t, "no tag", found(t, s, "tag", ""), "")
	edit(t, s, "b", func(r *thing) { r.Owner = "xx"; r.Tags = []string{"3", "2"} })
	expect(t, "owner x", found(t, s, "owner", "x"), "a ")
	expect(t, "owner xx", found(t, s, "owner", "xx"), "b ")
	expect(t, "tag 1", found(t, s, "tag", "1"), "")
	expect(t, "tag 2", found(t, s, "tag", "2"), "a b ")
	expect(t, "tag 3", found(t, s, "tag", "3"), "b ")
	edit(t, s, "b", func(r *thing) { r.Tags = nil })
	expect(t, "tag 2", found(t, s, "tag", "2"), "a ")
	expect(t, "content of the index", content(t, s, "i/storetest_things/tag"), "2\x00a= ")
}

func indexValuesMayBeAnything(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	long := strings.Repeat("x", 40_000)
	values := []string{
		"", "\x00", "\x00\x00", "\x01", "\x01\x01", "\x00\x01", "\x01\x00", "\x02", "a", "a\x00", "a\x00b", "a\x01b", "\xff",
		"a\x00" + "id05", long, long + "y", long[:512], long[:513],
	}
	for i, v := range values {
		add(t, s, thing{ID: fmt.Sprintf("id%02d", i), Owner: v, Code: "c" + v})
	}
	for i, v := range values {
		want := fmt.Sprintf("id%02d ", i)
		expect(t, fmt.Sprintf("value %.10q", v), found(t, s, "owner", v), want)
		expect(t, fmt.Sprintf("unique value %.10q", v), found(t, s, "code", "c"+v), want)
		err := s.Update(t.Context(), func(tx store.Tx) error { return things().Put(tx, &thing{ID: "more", Code: "c" + v}) })
		wantKind(t, "taken", err, core.KindConflict)
	}
	for i := range values {
		edit(t, s, fmt.Sprintf("id%02d", i), func(r *thing) { r.Owner = "moved"; r.Code = "" })
	}
	expect(t, "unique index", content(t, s, "i/storetest_things/code"), "")
	if got := strings.Count(content(t, s, "i/storetest_things/owner"), "moved"); got != len(values) {
		t.Errorf("%d entries moved, want %d", got, len(values))
	}
}

func uniqueIsUnique(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := things()
	add(t, s, thing{ID: "a", Code: "1"}, thing{ID: "b", Code: "2"}, thing{ID: "c"}, thing{ID: "d"})
	put := func(rec *thing) error {
		return s.Update(t.Context(), func(tx store.Tx) error { return table.Put(tx, rec) })
	}
	wantKind(t, "second record", put(&thing{ID: "e", Code: "1"}), core.KindConflict)
	view(t, s, func(tx store.Tx) error {
		rec, err := table.One(tx, "code", "1")
		if err != nil || rec.ID != "a" {
			t.Errorf("one: %v, %v", rec, err)
		}
		_, err = table.One(tx, "code", "3")
		wantKind(t, "none", err, core.KindNotFound)
		return nil
	})
	edit(t, s, "a", func(r *thing) { r.Owner = "same code" })
	// Two records change their values in one transaction.
	update(t, s, func(tx store.Tx) error {
		a, _ := table.Get(tx, "a")
		b, _ := table.Get(tx, "b")
		a.Code, b.Code = "", "1"
		if err := table.Put(tx, a); err != nil {
			return err
		}
		if err := table.Put(tx, b); err != nil {
			return err
		}
		a.Code = "2"
		return table.Put(tx, a)
	})
	expect(t, "code 1", found(t, s, "code", "1"), "b ")
	expect(t, "code 2", found(t, s, "code", "2"), "a ")
}

func refusedWritesNothing(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := things()
	add(t, s, thing{ID: "a", Code: "1"}, thing{ID: "b", Owner: "x", Code: "2"})
	update(t, s, func(tx store.Tx) error {
		wantKind(t, "new", table.Put(tx, &thing{ID: "c", Owner: "x", Code: "1"}), core.KindConflict)
		b, err := table.Get(tx, "b")
		if err != nil {
			return err
		}
		b.Owner, b.Code = "y", "1"
		wantKind(t, "changed", table.Put(tx, b), core.KindConflict)
		if b.Version != 1 {
			t.Errorf("a refused put moved the version to %d", b.Version)
		}
		b.Code = "3"
		return table.Put(tx, b) // the same record, mended
	})
	expect(t, "owner x", found(t, s, "owner", "x"), "")
	expect(t, "owner y", found(t, s, "owner", "y"), "b ")
	expect(t, "code 3", found(t, s, "code", "3"), "b ")
	view(t, s, func(tx store.Tx) error {
		if has, _ := table.Has(tx, "c"); has {
			t.Error("the refused record is there")
		}
		return nil
	})
}

func deletedHideAndReturn(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := things()
	add(t, s, thing{ID: "a", Owner: "x", Code: "1"}, thing{ID: "b", Owner: "x"})
	update(t, s, func(tx store.Tx) error { return table.Delete(tx, "a") })
	view(t, s, func(tx store.Tx) error {
		_, err := table.Get(tx, "a")
		wantKind(t, "get", err, core.KindNotFound)
		_, err = table.One(tx, "code", "1")
		wantKind(t, "one", err, core.KindNotFound)
		rec, err := table.GetAny(tx, "a")
		if err != nil || rec.DeletedAt == nil || rec.Version != 2 {
			t.Errorf("get any: %+v, %v", rec, err)
		}
		if has, _ := table.Has(tx, "a"); !has {
			t.Error("has not")
		}
		var live []*thing
		for rec, err := range table.All(tx) {
			if err != nil {
				return err
			}
			live = append(live, rec)
		}
		expect(t, "all", ids(live), "b ")
		return nil
	})
	expect(t, "find", found(t, s, "owner", "x"), "b ")
	again := s.Update(t.Context(), func(tx store.Tx) error { return table.Delete(tx, "a") })
	wantKind(t, "deleting twice", again, core.KindNotFound)

	add(t, s, thing{ID: "c", Code: "1"})
	taken := s.Update(t.Context(), func(tx store.Tx) error { return table.Restore(tx, "a") })
	wantKind(t, "restoring a value taken meanwhile", taken, core.KindConflict)
	edit(t, s, "c", func(r *thing) { r.Code = "" })
	update(t, s, func(tx store.Tx) error { return table.Restore(tx, "a") })
	expect(t, "restored", found(t, s, "owner", "x"), "a b ")
	expect(t, "restored", found(t, s, "code", "1"), "a ")
	never := s.Update(t.Context(), func(tx store.Tx) error { return table.Restore(tx, "never") })
	wantKind(t, "restoring nothing", never, core.KindNotFound)
}

func eraseLeavesNothing(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := things()
	add(t, s, thing{ID: "a", Owner: "x"}, thing{ID: "ab", Owner: "x"})
	for i := range 20 {
		edit(t, s, "a", func(r *thing) { r.Note = fmt.Sprint(i) })
	}
	update(t, s, func(tx store.Tx) error { return table.Delete(tx, "ab") })
	update(t, s, func(tx store.Tx) error {
		return errors.Join(table.Erase(tx, "a"), table.Erase(tx, "ab"), table.Erase(tx, "never"))
	})
	for _, b := range []string{"t/storetest_things", "h/storetest_things", "i/storetest_things/owner"} {
		expect(t, b, content(t, s, b), "")
	}
	add(t, s, thing{ID: "a"}) // may come again
}

func rangeFollows(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for i, v := range []string{"c", "a\x00", "a", "b\x01", "b", "b\x00", "ba"} {
		add(t, s, thing{ID: fmt.Sprint(i), Owner: v})
	}
	for _, c := range []struct{ from, to, want string }{
		{"", "", "2 1 4 5 3 6 0 "},
		{"a", "b", "2 1 "},
		{"b", "b\x01", "4 5 "},
		{"b", "ba", "4 5 3 "},
		{"a\x00", "c", "1 4 5 3 6 "},
		{"b", "b", ""},
		{"d", "", ""},
	} {
		view(t, s, func(tx store.Tx) error {
			var list []*thing
			for rec, err := range things().Range(tx, "owner", c.from, c.to) {
				if err != nil {
					return err
				}
				list = append(list, rec)
			}
			expect(t, fmt.Sprintf("[%q, %q)", c.from, c.to), ids(list), c.want)
			return nil
		})
	}
}

func changeWhileWalked(t *testing.T, o Opener) {
	const n = 700
	s := o.Open(t, nil)
	table := things()
	update(t, s, func(tx store.Tx) error {
		for i := range n {
			if err := table.Put(tx, &thing{ID: fmt.Sprintf("%04d", i), Owner: "x"}); err != nil {
				return err
			}
		}
		return nil
	})
	for name, walk := range map[string]func(tx store.Tx) iter.Seq2[*thing, error]{
		"find": func(tx store.Tx) iter.Seq2[*thing, error] { return table.Find(tx, "owner", "x") },
		"all":  table.All,
	} {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			seen := 0
			for rec, err := range walk(tx) {
				if err != nil {
					return err
				}
				if rec.Owner != "x" {
					t.Fatalf("%s: %s came a second time", name, rec.ID)
				}
				seen++
				rec.Owner = "y"
				if err := table.Put(tx, rec); err != nil {
					return err
				}
			}
			if seen != n {
				t.Errorf("%s: walked %d of %d", name, seen, n)
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Errorf("%s: %v", name, err)
		}
	}
	update(t, s, func(tx store.Tx) error {
		for rec, err := range table.All(tx) {
			if err != nil {
				return err
			}
			if err := table.Erase(tx, rec.ID); err != nil {
				return err
			}
		}
		return nil
	})
	expect(t, "all erased", content(t, s, "t/storetest_things"), "")
}

func unknownIndex(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for name, look := range map[string]func(tx store.Tx){
		"find": func(tx store.Tx) { things().FindKeys(tx, "nothing", "") },
		"one":  func(tx store.Tx) { _, _ = things().One(tx, "nothing", "") },
		"list": func(tx store.Tx) {
			_, _ = things().List(tx, store.Query[thing]{Where: []store.Term{{Index: "nothing"}}})
		},
	} {
		err := s.View(t.Context(), func(tx store.Tx) error { look(tx); return nil })
		wantKind(t, name, err, core.KindInternal)
	}
}

func damagedIsNamed(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	update(t, s, func(tx store.Tx) error { return tx.Put("t/storetest_things", []byte("a"), []byte{0xff, 1}) })
	view(t, s, func(tx store.Tx) error {
		_, err := things().Get(tx, "a")
		wantKind(t, "damaged", err, core.KindInternal)
		var e *core.Error
		if !errors.As(err, &e) || e.Code != "storetest_things.damaged" {
			t.Errorf("damaged: got %v", err)
		}
		return nil
	})
}
