package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var txTests = []test{
	{"GetTellsEmptyFromAbsent", getTellsEmptyFromAbsent},
	{"ReadsItsOwnWrites", readsItsOwnWrites},
	{"KeysMayBeReusedAfterPut", keysMayBeReusedAfterPut},
	{"BigValuesAndOddKeysComeBack", bigValuesComeBack},
	{"ScanKeepsBounds", scanKeepsBounds},
	{"ScanSeesTheTransaction", scanSeesTheTransaction},
	{"ScanGoesPastEmptiedPages", scanGoesPastEmptiedPages},
	{"SequencesCountFromOne", sequencesCount},
	{"ViewRefusesWrites", viewRefusesWrites},
	{"UseAfterTheEndIsRefused", useAfterTheEnd},
	{"NowAndActor", nowAndActor},
	{"AttemptThatFailsIsTakenBackAlone", attemptFails},
	{"AheadIsOnlyAdvice", aheadIsAdvice},
}

// aheadIsAdvice asks for all sorts of keys that will be read, and reads others.
func aheadIsAdvice(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	var want []string
	update(t, s, func(tx store.Tx) error {
		for i := range 3000 { // some levels of pages
			key := fmt.Sprintf("%04d", i)
			want = append(want, key, key)
			if err := tx.Put(bucket, []byte(key), []byte(key)); err != nil {
				return err
			}
		}
		return tx.Put("small", []byte("a"), nil)
	})
	read := func(tx store.Tx) error {
		for _, name := range []string{bucket, "small", "none", ""} {
			for _, bound := range []string{"", "0", "0777", "1500", "2999", "9"} {
				for _, n := range []int{-1, 0, 1, 50, 1 << 30} {
					for _, desc := range []bool{false, true} {
						tx.Ahead(name, []byte(bound), nil, desc, n)
						tx.Ahead(name, nil, []byte(bound), desc, n)
						tx.Ahead(name, []byte("1000"), []byte(bound), desc, n)
					}
				}
			}
		}
		var got []string
		for k, v := range tx.Scan(bucket, nil, nil, false) {
			got = append(got, string(k), string(v))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d keys and values are read, want %d", len(got), len(want))
		}
		return nil
	}
	view(t, s, read)
	update(t, s, read)
}

func attemptFails(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1", "b", "1")
	refused, hooks := errors.New("refused"), ""
	update(t, s, func(tx store.Tx) error {
		hooks = ""
		attempt := func(name string, err error, pairs ...string) error {
			return tx.Attempt(func() error {
				tx.AfterCommit(func() { hooks += name })
				if err := errors.Join(putIn(tx, pairs...), tx.Delete(bucket, []byte("b"))); err != nil {
					return err
				}
				if _, err := tx.Sequence(bucket); err != nil {
					return err
				}
				return err
			})
		}
		if err := putIn(tx, "a", "2"); err != nil {
			return err
		}
		if err := attempt("x", refused, "a", "3", "c", "3"); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
		expect(t, "after the refused attempt", contentIn(tx, bucket, nil, nil, false), "a=2 b=1 ")
		func() {
			defer func() { expect(t, "panic", fmt.Sprint(recover()), "thrown") }()
			_ = tx.Attempt(func() error {
				if err := putIn(tx, "d", "4"); err != nil {
					return err
				}
				panic("thrown")
			})
		}()
		if err := attempt("y", nil, "c", "5"); err != nil {
			return err
		}
		n, err := tx.Sequence(bucket)
		expect(t, "sequence", fmt.Sprint(n), "2")
		return err
	})
	expect(t, "content", content(t, s, bucket), "a=2 c=5 ")
	expect(t, "hooks", hooks, "y")
	sound(t, s)
}

func getTellsEmptyFromAbsent(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	look := func(tx store.Tx) error {
		if v, err := tx.Get(bucket, []byte("empty")); err != nil || v == nil || len(v) != 0 {
			t.Errorf("empty value: got %q, %v", v, err)
		}
		if v, err := tx.Get(bucket, []byte("absent")); err != nil || v != nil {
			t.Errorf("absent key: got %q, %v", v, err)
		}
		if v, err := tx.Get("storetest nowhere", []byte("absent")); err != nil || v != nil {
			t.Errorf("absent bucket: got %q, %v", v, err)
		}
		return nil
	}
	update(t, s, func(tx store.Tx) error {
		if err := tx.Put(bucket, []byte("empty"), nil); err != nil {
			return err
		}
		return look(tx)
	})
	view(t, s, look)
}

func readsItsOwnWrites(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1", "b", "1")
	update(t, s, func(tx store.Tx) error {
		if err := putIn(tx, "a", "2", "c", "2"); err != nil {
			return err
		}
		if err := tx.Delete(bucket, []byte("b")); err != nil {
			return err
		}
		expect(t, "inside", contentIn(tx, bucket, nil, nil, false), "a=2 c=2 ")
		if v, _ := tx.Get(bucket, []byte("b")); v != nil {
			t.Errorf("deleted key: got %q", v)
		}
		return tx.Delete(bucket, []byte("never there"))
	})
	expect(t, "after", content(t, s, bucket), "a=2 c=2 ")
}

func keysMayBeReusedAfterPut(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	fail := errors.New("fail")
	key := []byte("x")
	put(t, s, "a", "0", "b", "0")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, k := range "abc" {
			key[0] = byte(k)
			if err := tx.Put(bucket, key, []byte("1")); err != nil {
				return err
			}
		}
		key[0] = 'z'
		expect(t, "inside", contentIn(tx, bucket, nil, nil, false), "a=1 b=1 c=1 ")
		return fail
	})
	if !errors.Is(err, fail) {
		t.Errorf("got %v", err)
	}
	expect(t, "undone", content(t, s, bucket), "a=0 b=0 ")
}

func bigValuesComeBack(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	values := map[string][]byte{
		"\x00":                    []byte("zero"),
		"\x00\x00":                {},
		"\xff\xff":                {0},
		strings.Repeat("k", 1000): bytes.Repeat([]byte{7}, 3_000_000),
		"ключ":                    []byte(strings.Repeat("я", 5000)),
	}
	update(t, s, func(tx store.Tx) error {
		for k, v := range values {
			if err := tx.Put(bucket, []byte(k), v); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx store.Tx) error {
		for k, want := range values {
			if got, err := tx.Get(bucket, []byte(k)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("key %.10q: %d bytes, %v; want %d", k, len(got), err, len(want))
			}
		}
		return nil
	})
	err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put(bucket, nil, nil) })
	if core.KindOf(err) != core.KindInternal || err == nil {
		t.Errorf("empty key: got %v", err)
	}
}

func scanKeepsBounds(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "b", "1", "d", "2", "dd", "3", "f", "4")
	put(t, s, "\x00", "0") // a key smaller than any text
	for _, c := range []struct{ from, to, want string }{
		{"-", "-", "\x00=0 b=1 d=2 dd=3 f=4 "},
		{"b", "-", "b=1 d=2 dd=3 f=4 "},
		{"c", "-", "d=2 dd=3 f=4 "},
		{"g", "-", ""},
		{"-", "d", "\x00=0 b=1 "},
		{"-", "a", "\x00=0 "},
		{"-", "z", "\x00=0 b=1 d=2 dd=3 f=4 "},
		{"b", "f", "b=1 d=2 dd=3 "},
		{"d", "dd", "d=2 "},
		{"d", "d", ""},
		{"f", "b", ""},
		{"", "", ""},
		{"", "-", "\x00=0 b=1 d=2 dd=3 f=4 "},
	} {
		view(t, s, func(tx store.Tx) error {
			from, to := bound(c.from), bound(c.to)
			expect(t, fmt.Sprintf("[%s, %s)", c.from, c.to), contentIn(tx, bucket, from, to, false), c.want)
			expect(t, fmt.Sprintf("[%s, %s) down", c.from, c.to), contentIn(tx, bucket, from, to, true), backwards(c.want))
			expect(t, "no bucket", contentIn(tx, "storetest nowhere", from, to, true), "")
			return nil
		})
	}
}

// bound is nil for "-".
func bound(s string) []byte {
	if s == "-" {
		return nil
	}
	return []byte(s)
}

func backwards(content string) (out string) {
	for _, pair := range strings.Fields(content) {
		out = pair + " " + out
	}
	return out
}

func scanSeesTheTransaction(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1", "b", "1", "c", "1")
	update(t, s, func(tx store.Tx) error {
		if err := putIn(tx, "aa", "2", "c", "2"); err != nil {
			return err
		}
		if err := tx.Delete(bucket, []byte("b")); err != nil {
			return err
		}
		expect(t, "up", contentIn(tx, bucket, nil, nil, false), "a=1 aa=2 c=2 ")
		expect(t, "down", contentIn(tx, bucket, nil, nil, true), "c=2 aa=2 a=1 ")
		for range tx.Scan(bucket, nil, nil, false) {
			break // stopping is no fault
		}
		return nil
	})
}

// scanGoesPastEmptiedPages deletes a long stretch of keys, whole pages of a
// driver that has pages, and walks over it in the same transaction.
func scanGoesPastEmptiedPages(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	key := func(i int) []byte { return fmt.Appendf(nil, "%06d", i) }
	update(t, s, func(tx store.Tx) error {
		for i := range 3000 {
			if err := tx.Put(bucket, key(i), bytes.Repeat([]byte("v"), 100)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, hole := range []struct{ from, to int }{{500, 2500}, {0, 2900}, {100, 3000}, {0, 3000}} {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			for i := hole.from; i < hole.to; i++ {
				if err := tx.Delete(bucket, key(i)); err != nil {
					return err
				}
			}
			want := 3000 - (hole.to - hole.from)
			for _, desc := range []bool{false, true} {
				if got := count(tx, nil, nil, desc); got != want {
					t.Errorf("without %v, desc %v: %d keys, want %d", hole, desc, got, want)
				}
				if got := count(tx, key(hole.from), key(hole.to), desc); got != 0 {
					t.Errorf("within %v, desc %v: %d keys", hole, desc, got)
				}
				if got := count(tx, nil, key(hole.to), desc); got != hole.from {
					t.Errorf("up to %v, desc %v: %d keys, want %d", hole, desc, got, hole.from)
				}
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Error(err)
		}
	}
	view(t, s, func(tx store.Tx) error {
		if got := count(tx, nil, nil, true); got != 3000 {
			t.Errorf("%d keys after undoing", got)
		}
		return nil
	})
	sound(t, s)
}

// errUndo is what tests return to have everything undone.
var errUndo = errors.New("undo this")

func count(tx store.Tx, from, to []byte, desc bool) (n int) {
	for range tx.Scan(bucket, from, to, desc) {
		n++
	}
	return n
}

func sequencesCount(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	take := func(bucket string, want uint64) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			if n, err := tx.Sequence(bucket); err != nil || n != want {
				t.Errorf("%s: got %d, %v; want %d", bucket, n, err, want)
			}
			return nil
		}
	}
	update(t, s, take("storetest one", 1))
	update(t, s, take("storetest one", 2))
	update(t, s, take("storetest two", 1))
	failed := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(take("storetest one", 3)(tx), take("storetest one", 4)(tx), errUndo)
	})
	if !errors.Is(failed, errUndo) {
		t.Error(failed)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = o.Open(t, nil)
	update(t, s, take("storetest one", 3))
}

func viewRefusesWrites(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	put(t, s, "a", "1")
	for name, write := range map[string]func(tx store.Tx) error{
		"put":      func(tx store.Tx) error { return putIn(tx, "a", "2") },
		"delete":   func(tx store.Tx) error { return tx.Delete(bucket, []byte("a")) },
		"sequence": func(tx store.Tx) error { _, err := tx.Sequence(bucket); return err },
	} {
		if err := s.View(t.Context(), write); err == nil || core.KindOf(err) != core.KindInternal {
			t.Errorf("%s: got %v", name, err)
		}
	}
	expect(t, "after", content(t, s, bucket), "a=1 ")
}

func useAfterTheEnd(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	var kept store.Tx
	update(t, s, func(tx store.Tx) error { kept = tx; return putIn(tx, "a", "1") })
	if err := putIn(kept, "a", "2"); err == nil {
		t.Error("a put after the end was taken")
	}
	if _, err := kept.Get(bucket, []byte("a")); err == nil {
		t.Error("a get after the end was answered")
	}
	expect(t, "after", content(t, s, bucket), "a=1 ")
}

func nowAndActor(t *testing.T, o Opener) {
	moment := time.Date(2026, 3, 1, 12, 30, 0, 123456789, time.FixedZone("MSK", 3*3600))
	s := o.Open(t, func() time.Time { return moment })
	anna := core.Actor{Kind: core.ActorUser, ID: "usr_1", Name: "Анна", Behind: "admin"}
	err := s.Update(core.WithActor(t.Context(), anna), func(tx store.Tx) error {
		if tx.Actor() != anna {
			t.Errorf("actor: %+v", tx.Actor())
		}
		if tx.Now() != moment.UTC() {
			t.Errorf("now: %v", tx.Now())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	view(t, s, func(tx store.Tx) error {
		if tx.Actor().Kind != core.ActorHub {
			t.Errorf("actor of nobody: %+v", tx.Actor())
		}
		return nil
	})
}
