package boltstore_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// errUndo has everything a fuzzed function did undone.
var errUndo = errors.New("undo this")

func undone(t *testing.T, s *boltstore.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return errors.Join(fn(tx), errUndo) }); err.Error() != errUndo.Error() {
		t.Error(err)
	}
}

// FuzzListAfter gives the page mark that comes back from outside any content.
func FuzzListAfter(f *testing.F) {
	s := open(f, filepath.Join(f.TempDir(), "uzel.db"), boltstore.Options{})
	err := s.Update(f.Context(), func(tx store.Tx) error {
		for _, id := range []core.PartyID{"par_1", "par_2", "par_3", "par_4"} {
			if err := store.Parties.Put(tx, &core.Party{ID: id, Addresses: []core.Contact{{Kind: core.AddressINN, Value: "1"}}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", true, true)
	f.Add("cGFyXzI", false, true)
	f.Add("AA", true, false)
	f.Add("____", false, false)
	f.Add("cGFyXzI=", true, true)
	f.Fuzz(func(t *testing.T, after string, desc, where bool) {
		q := store.Query[core.Party]{From: "par_2", To: "par_4", After: after, Desc: desc, Limit: 1}
		if where {
			q.Where = []store.Term{{Index: "key", Value: "inn:1"}}
		}
		err := s.View(t.Context(), func(tx store.Tx) error {
			page, err := store.Parties.List(tx, q)
			for _, p := range page.Items {
				if p.ID < "par_2" || p.ID >= "par_4" {
					t.Errorf("%s is outside of the bounds", p.ID)
				}
			}
			return err
		})
		if err != nil && core.KindOf(err) != core.KindInvalid {
			t.Error(err)
		}
	})
}

// FuzzIndexValues finds records by any values, which come from outside, and
// keeps the order of the values.
func FuzzIndexValues(f *testing.F) {
	s := open(f, filepath.Join(f.TempDir(), "uzel.db"), boltstore.Options{})
	f.Add("a", "a\x00b", "ses_1")
	f.Add("\x00", "\x01", "b")
	f.Add("", "\x00\x00", "\x01")
	f.Fuzz(func(t *testing.T, one, two, key string) {
		if one == two || key == "" || len(key) > 1000 || len(one) > 500 || len(two) > 500 || strings.Contains(key, "\x00") {
			return
		}
		undone(t, s, func(tx store.Tx) error {
			first := &core.Session{ID: core.SessionID(key), User: core.UserID(one)}
			second := &core.Session{ID: core.SessionID(key + "2"), User: core.UserID(two)}
			if err := errors.Join(store.Sessions.Put(tx, first), store.Sessions.Put(tx, second)); err != nil {
				return err
			}
			for value, want := range map[string]core.SessionID{one: first.ID, two: second.ID} {
				n := 0
				for rec, err := range store.Sessions.Find(tx, "user", value) {
					if n++; err != nil || rec.ID != want {
						t.Errorf("%q: found %v, %v", value, rec, err)
					}
				}
				if n != 1 {
					t.Errorf("%q: found %d", value, n)
				}
			}
			for rec, err := range store.Sessions.Range(tx, "user", min(one, two), "") {
				if err != nil || string(rec.User) != min(one, two) {
					t.Errorf("the smaller value is %q, the first %q, %v", min(one, two), rec.User, err)
				}
				break
			}
			return nil
		})
	})
}
