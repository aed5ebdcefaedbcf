package storetest

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

var prepareTests = []test{
	{"PrepareOfAFreshStoreChangesNothingLater", prepareFresh},
	{"PrepareBuildsAndDropsIndexes", prepareBuilds},
	{"PrepareEndsWhatWasCutShort", prepareEnds},
	{"PrepareRefusesSharedUniqueValues", prepareRefuses},
}

func prepare(t testing.TB, s store.Store) (built map[string]int) {
	t.Helper()
	built = map[string]int{}
	err := store.Prepare(t.Context(), s, func(index string, n int) { built[index] = n })
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func prepareFresh(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	for range 2 {
		if built := prepare(t, s); len(built) > 0 {
			t.Errorf("built %v", built)
		}
		fillOnce(t, s)
	}
	sound(t, s)
}

// fillOnce puts documents, unless they are there.
func fillOnce(t testing.TB, s store.Store) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		has, err := store.Documents.Has(tx, "doc_0001")
		if has || err != nil {
			return err
		}
		for i := 1; i <= 2500; i++ {
			doc := &core.Document{
				ID: core.DocumentID(fmt.Sprintf("doc_%04d", i)), State: core.DocumentDraft, Thread: core.ThreadID(fmt.Sprint("thr_", i%3)),
				Sender: core.Correspondent{Addresses: append(anna, anna...)},
			}
			if err := store.Documents.Put(tx, doc); err != nil {
				return err
			}
		}
		return store.Documents.Delete(tx, "doc_0007")
	})
}

// empty makes a bucket what it was before it existed.
func empty(tx store.Tx, bucket string) error {
	var keys [][]byte
	for k := range tx.Scan(bucket, nil, nil, false) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		if err := tx.Delete(bucket, k); err != nil {
			return err
		}
	}
	return nil
}

func prepareBuilds(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	prepare(t, s)
	fillOnce(t, s)
	// The store of an older program: without two indexes, with one of its own.
	update(t, s, func(tx store.Tx) error {
		for _, index := range []string{"thread", "sender_key"} {
			if err := empty(tx, "i/documents/"+index); err != nil {
				return err
			}
			if err := tx.Delete("s/indexes", []byte("i/documents/"+index)); err != nil {
				return err
			}
		}
		for i := range 1500 {
			if err := tx.Put("i/documents/old", fmt.Append(nil, i), nil); err != nil {
				return err
			}
		}
		return tx.Put("s/indexes", []byte("i/documents/old"), nil)
	})
	built := prepare(t, s)
	if len(built) != 2 || built["i/documents/thread"] != 2500 || built["i/documents/sender_key"] != 2500 {
		t.Errorf("built %v", built)
	}
	sound(t, s)
	expect(t, "dropped index", content(t, s, "i/documents/old"), "")
	if built := prepare(t, s); len(built) > 0 {
		t.Errorf("built again: %v", built)
	}
}

func prepareEnds(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	prepare(t, s)
	fillOnce(t, s)
	update(t, s, func(tx store.Tx) error {
		if err := tx.Put("i/documents/thread", []byte("left\x00over"), nil); err != nil {
			return err
		}
		return tx.Delete("s/indexes", []byte("i/documents/thread"))
	})
	prepare(t, s)
	sound(t, s)
}

func prepareRefuses(t *testing.T, o Opener) {
	s := o.Open(t, nil)
	update(t, s, func(tx store.Tx) error {
		for _, id := range []core.UserID{"usr_1", "usr_2"} {
			if err := store.Users.Put(tx, &core.User{ID: id, Login: "anna"}); err != nil {
				return err
			}
			if err := empty(tx, "i/users/login"); err != nil {
				return err
			}
		}
		return nil
	})
	wantKind(t, "shared", store.Prepare(t.Context(), s, nil), core.KindConflict)
}
