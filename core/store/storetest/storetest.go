// Package storetest is the suite each driver of package store passes: the
// contract of Store and Tx, and the typed tables on top of the driver.
//
// A driver's test calls Run, and Kill together with Child from its TestMain.
package storetest

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/store"
)

// Opener opens one database of the driver, which is empty at first.
type Opener struct {
	// Open opens the database, the same one each time. now is the clock, nil for
	// the machine's. The suite closes it before it opens it again; Open closes
	// what is left open at the end of the test.
	Open func(t testing.TB, now func() time.Time) store.Store
	// Restore opens what Backup wrote, as another database.
	Restore func(t testing.TB, backup io.Reader) store.Store
}

// Run runs the suite; fresh gives each test a database of its own.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, part := range [][]test{txTests, groupTests, storeTests, tableTests, historyTests, queryTests, checkTests, prepareTests} {
		for _, test := range part {
			t.Run(test.name, func(t *testing.T) { test.run(t, fresh(t)) })
		}
	}
}

type test struct {
	name string
	run  func(t *testing.T, o Opener)
}

// bucket is where the tests of the raw contract write.
const bucket = "storetest"

func update(t testing.TB, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t testing.TB, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

func put(t testing.TB, s store.Store, pairs ...string) {
	t.Helper()
	update(t, s, func(tx store.Tx) error { return putIn(tx, pairs...) })
}

func putIn(tx store.Tx, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put(bucket, []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// content is a whole bucket as text: `a=1 b=2 `.
func content(t testing.TB, s store.Store, bucket string) (out string) {
	t.Helper()
	view(t, s, func(tx store.Tx) error {
		out = contentIn(tx, bucket, nil, nil, false)
		return nil
	})
	return out
}

func contentIn(tx store.Tx, bucket string, from, to []byte, desc bool) (out string) {
	for k, v := range tx.Scan(bucket, from, to, desc) {
		out += fmt.Sprintf("%s=%s ", k, v)
	}
	return out
}

func expect(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// sound fails the test for each fault the store finds in itself.
func sound(t testing.TB, s store.Store) {
	t.Helper()
	fault := func(p string) { t.Errorf("check: %s", p) }
	if err := s.Check(t.Context(), fault); err != nil {
		t.Errorf("check: %v", err)
	}
	if _, err := store.CheckTables(t.Context(), s, fault, nil); err != nil {
		t.Errorf("check of tables: %v", err)
	}
}
