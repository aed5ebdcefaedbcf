package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var historyTests = []test{
	{"HistoryTellsWhoWhenAndWhat", historyTells},
	{"HistoryTellsNothingWhereNothingChanged", historyOfNothing},
	{"HistoryOfOneRecordOnly", historyOfOne},
	{"NoHistoryWhereNoneIsKept", noHistory},
}

func history(t testing.TB, s store.Store, table *store.Table[thing], id string) (out []store.Entry) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		for e, err := range table.History(tx, id) {
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	return out
}

func historyTells(t *testing.T, o Opener) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := o.Open(t, func() time.Time { return now })
	as := func(name string, fn func(tx store.Tx) error) {
		t.Helper()
		now = now.Add(time.Hour)
		ctx := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, ID: name})
		if err := s.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	change := func(fn func(*thing)) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			rec, err := things().GetAny(tx, "a")
			if err != nil {
				return err
			}
			fn(rec)
			return things().Put(tx, rec)
		}
	}
	at := now
	as("anna", func(tx store.Tx) error { return things().Put(tx, &thing{ID: "a", Owner: "x"}) })
	as("boris", change(func(r *thing) { r.Owner = "y"; r.Note = "n" }))
	as("vera", change(func(r *thing) {
		r.Secret = "s"
		r.At = &at
		r.Tags = []string{"t"}
		r.Raw = json.RawMessage(`{"port":25}`)
		r.Fields = map[string]string{"k": "v"}
		r.Parts = []part{{Name: "p", Sizes: map[string]int{"a": 1}}}
	}))
	as("galina", change(func(r *thing) { r.Secret = "other"; r.Parts[0].Sizes["a"] = 2; r.Raw = nil }))
	as("dmitri", func(tx store.Tx) error { return things().Delete(tx, "a") })
	as("elena", func(tx store.Tx) error { return things().Restore(tx, "a") })

	want := []struct {
		actor     string
		operation store.Operation
		changes   string
	}{
		{"anna", store.Created, `null`},
		{"boris", store.Updated, `[{"field":"note","before":"","after":"n"},{"field":"owner","before":"x","after":"y"}]`},
		{"vera", store.Updated, `[{"field":"tags","after":["t"]},{"field":"fields","after":{"k":"v"}},` +
			`{"field":"at","after":"2026-01-02T03:04:05Z"},{"field":"raw","after":{"port":25}},` +
			`{"field":"secret"},{"field":"parts","after":[{"name":"p","sizes":{"a":1}}]}]`},
		{"galina", store.Updated, `[{"field":"raw","before":{"port":25}},{"field":"secret"},` +
			`{"field":"parts","before":[{"name":"p","sizes":{"a":1}}],"after":[{"name":"p","sizes":{"a":2}}]}]`},
		{"dmitri", store.Deleted, `null`},
		{"elena", store.Restored, `null`},
	}
	got := history(t, s, things(), "a")
	if len(got) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		e := got[i]
		shown, err := json.Marshal(e.Changes)
		if err != nil {
			t.Errorf("entry %d cannot be shown: %v", i, err)
		}
		expect(t, "changes", string(shown), w.changes)
		if e.Version != uint64(i+1) || e.Actor.ID != w.actor || e.Operation != w.operation ||
			!e.At.Equal(at.Add(time.Duration(i+1)*time.Hour)) {
			t.Errorf("entry %d: %+v, want %+v", i, e, w)
		}
	}
}

func historyOfNothing(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	elsewhere := at.In(time.FixedZone("", 7*3600))
	add(t, s, thing{ID: "a", Tags: nil, At: &at, Fields: map[string]string{"a": "1", "b": "2"}})
	edit(t, s, "a", func(r *thing) {
		r.Tags = []string{}
		r.At = &elsewhere
		r.Fields = map[string]string{"b": "2", "a": "1"}
		r.Unkept = 5
	})
	got := history(t, s, things(), "a")
	if len(got) != 2 || len(got[1].Changes) != 0 {
		t.Errorf("got %+v", got)
	}
}

func historyOfOne(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	add(t, s, thing{ID: "a"}, thing{ID: "a\x01"}, thing{ID: "aa"}, thing{ID: "Z"})
	for range 300 {
		edit(t, s, "a", func(r *thing) { r.Note += "." })
	}
	if got := history(t, s, things(), "a"); len(got) != 301 || got[300].Version != 301 {
		t.Errorf("%d entries", len(got))
	}
	if got := history(t, s, things(), "never"); len(got) != 0 {
		t.Errorf("history of nothing: %+v", got)
	}
}

func noHistory(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	table := thingTable("storetest_bare").WithoutHistory()
	update(t, s, func(tx store.Tx) error {
		if err := table.Put(tx, &thing{ID: "a"}); err != nil {
			return err
		}
		if err := table.Delete(tx, "a"); err != nil {
			return err
		}
		return table.Erase(tx, "a")
	})
	if got := history(t, s, table, "a"); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	expect(t, "history bucket", content(t, s, "h/storetest_bare"), "")
}
