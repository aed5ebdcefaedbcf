package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var checkTests = []test{
	{"CheckCountsAndFindsNothingInASoundStore", checkOfSound},
	{"CheckFindsEachFault", checkFindsFaults},
	{"CheckEndsWithItsContext", checkEnds},
}

// checked is what CheckTables says of the store as fn leaves it. What fn does
// is undone.
func checked(t testing.TB, s store.Store, fn func(tx store.Tx) error) (problems []string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := store.CheckTables(t.Context(), within{tx}, func(p string) { problems = append(problems, p) }, nil)
		return errors.Join(err, errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return problems
}

// within is the view of a transaction that is under way.
type within struct{ tx store.Tx }

func (w within) View(_ context.Context, fn func(store.Tx) error) error { return fn(w.tx) }

var anna = []core.Address{{Kind: core.AddressEmail, Value: "anna@example.org"}, {Kind: core.AddressPhone, Value: "+7 916 123"}}

func checkDocument(seq uint64) *core.Document {
	return &core.Document{
		ID: core.DocumentID(fmt.Sprintf("doc_%03d", seq)), Direction: core.Incoming, State: core.DocumentRegistered,
		Subject: "Протекает крыша", Sender: core.Correspondent{Addresses: anna}, Thread: "thr_1", Channel: "mail",
		ExternalID: fmt.Sprintf("<%d@example.org>", seq),
		Number:     &core.RegNumber{Journal: "in", Year: 2026, Seq: seq, Text: fmt.Sprint("Вх-", seq)},
	}
}

func fillOffice(t testing.TB, s store.Store) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for seq := uint64(1); seq <= 130; seq++ {
			errs = append(errs, store.Documents.Put(tx, checkDocument(seq)))
		}
		errs = append(errs, store.Documents.Delete(tx, "doc_007")) // its number stays taken
		doc, err := store.Documents.Get(tx, "doc_009")
		if err != nil {
			return err
		}
		doc.State = core.DocumentInWork
		draft := checkDocument(999)
		draft.Number = nil
		next := time.Now()
		return errors.Join(append(
			errs,
			store.Documents.Put(tx, doc),
			store.Documents.Put(tx, draft),
			store.Counters.Put(tx, &core.Counter{Journal: "in", Year: 2026, Last: 130}),
			store.Deliveries.Put(tx, &core.Delivery{ID: "dlv_1", Document: "doc_001", Channel: "mail", State: core.DeliveryQueued, NextAt: &next}),
			store.Users.Put(tx, &core.User{ID: "usr_1", Login: "anna"}),
		)...)
	})
}

func checkOfSound(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	fillOffice(t, s)
	sound(t, s)
	progress := map[string]int{}
	rows, err := store.CheckTables(t.Context(), s, func(p string) { t.Error(p) }, func(table string, n int) { progress[table] = n })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []store.Rows{
		{Table: "documents", Live: 130, Deleted: 1}, {Table: "users", Live: 1}, {Table: "deliveries", Live: 1}, {Table: "tokens"},
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("rows: want %+v among %+v", want, rows)
		}
		if n := progress[want.Table]; n != want.Live+want.Deleted {
			t.Errorf("progress of %s: %d", want.Table, n)
		}
	}
	if problems := checked(t, s, func(store.Tx) error { return nil }); len(problems) > 0 {
		t.Errorf("found %q", problems)
	}
}

// checkFindsFaults damages a sound store in one way after the other.
func checkFindsFaults(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	fillOffice(t, s)
	drop := func(bucket, key string) func(tx store.Tx) error {
		return func(tx store.Tx) error { return tx.Delete(bucket, []byte(key)) }
	}
	set := func(bucket, key, value string) func(tx store.Tx) error {
		return func(tx store.Tx) error { return tx.Put(bucket, []byte(key), []byte(value)) }
	}
	counter := func(last uint64) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			c, err := store.Counters.Get(tx, "in/2026")
			if err != nil {
				return err
			}
			c.Last = last
			return store.Counters.Put(tx, c)
		}
	}
	number := func(id string, seq uint64) func(tx store.Tx) error {
		return func(tx store.Tx) error { return rewrite(tx, id, func(d *core.Document) { d.Number.Seq = seq }) }
	}
	for _, c := range []struct {
		name   string
		damage func(tx store.Tx) error
		want   []string // each must stand in some problem
	}{
		{"unreadable row", set("t/documents", "doc_003", "\xff"), []string{`documents "doc_003": cannot be read`}},
		{"row under another key", set("t/users", "usr_2", "\xa0"), []string{`users "usr_2": the record says it is ""`}},
		{
			"lost row", drop("t/documents", "doc_003"),
			[]string{`"doc_003": stands in the index number, but`, `"doc_003": has a history, but`, "numbers 3 to 3 of in/2026 stand on no document"},
		},
		{
			"lost index entry", drop("i/documents/thread", "thr_1\x00doc_003"),
			[]string{`documents "doc_003": is missing in the index thread`},
		},
		{
			"stray index entry", set("i/documents/state", "closed\x00doc_003", ""),
			[]string{`documents "doc_003": stands in the index state under a value`},
		},
		{
			"entry of a deleted record", set("i/documents/thread", "thr_1\x00doc_007", ""),
			[]string{`documents "doc_007": stands in the index thread under a value`},
		},
		{
			"entry swapped for another", func(tx store.Tx) error {
				return errors.Join(drop("i/users/login", "anna\x00usr_1")(tx), set("i/users/login", "vera\x00usr_1", "")(tx))
			},
			[]string{`"usr_1": is missing in the index login`, `"usr_1": stands in the index login under a value`},
		},
		{
			"shared unique value", set("i/users/login", "anna\x00usr_2", ""),
			[]string{`users "usr_2": shares a value of the unique index login`},
		},
		{"lost history", drop("h/documents", "doc_003\x00\x00\x00\x00\x00\x00\x00\x00\x01"), []string{`documents "doc_003": is at version 1, its history at 0`}},
		{"gap in history", drop("h/documents", "doc_009\x00\x00\x00\x00\x00\x00\x00\x00\x01"), []string{`documents "doc_009": history jumps from version 0 to 2`}},
		{"end of history", drop("h/documents", "doc_009\x00\x00\x00\x00\x00\x00\x00\x00\x02"), []string{`documents "doc_009": is at version 2, its history at 1`}},
		{"unreadable history", set("h/documents", "doc_009\x00\x00\x00\x00\x00\x00\x00\x00\x02", "\xff"), []string{`documents "doc_009": history entry 2 cannot be read`}},
		{"odd history key", set("h/documents", "odd", "\xff"), []string{`documents "odd": history entry 0 cannot be read`}},
		{"counter behind", counter(128), []string{"number 129 of in/2026 is outside", "number 130 of in/2026 is outside"}},
		{"counter ahead", counter(1 << 62), []string{"numbers 131 to 4611686018427387904 of in/2026 stand on no document"}},
		{"no counter", drop("t/counters", "in/2026"), []string{"number 1 of in/2026 is outside of what its counter gave out: 1 to 0"}},
		{"hole", number("doc_064", 1<<63), []string{"numbers 64 to 64 of in/2026 stand on no document", "number 9223372036854775808 of in/2026 is outside"}},
		{"double", number("doc_064", 65), []string{"number 65 of in/2026 stands on several", "numbers 64 to 64 of in/2026 stand on no"}},
		{"number zero", number("doc_001", 0), []string{"number 0 of in/2026 is outside", "numbers 1 to 1 of"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := checked(t, s, c.damage)
			all := strings.Join(problems, "\n")
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("got %q\nwant %q", all, want)
				}
			}
		})
	}
	sound(t, s)
}

// rewrite changes a document behind the back of its table.
func rewrite(tx store.Tx, id string, change func(*core.Document)) error {
	doc, err := store.Documents.Get(tx, id)
	if err != nil {
		return err
	}
	change(doc)
	raw, err := store.Encode(doc)
	if err != nil {
		return err
	}
	return tx.Put("t/documents", []byte(id), raw)
}

func checkEnds(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	fillOffice(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ctx, func(p string) { t.Error(p) }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	many := thingTable("documents") // so many that the check looks at its context
	update(t, s, func(tx store.Tx) error {
		for i := range 2000 {
			if err := many.Put(tx, &thing{ID: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	ctx, cancel = context.WithCancel(t.Context())
	_, err := store.CheckTables(ctx, s, func(string) { cancel() }, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled on the way: got %v", err)
	}
}
