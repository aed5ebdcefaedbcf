package boltstore

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/store"
)

// TestPagesThatWereReadAreLetGo reads twice as much as may stay, and goes on
// with a little.
func TestPagesThatWereReadAreLetGo(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "uzel.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read from
	body := bytes.Repeat([]byte("x"), 1<<20)
	const bodies = 2 * residentMost / (1 << 20)
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for i := range bodies {
			if err := tx.Put("bodies", []byte{byte(i)}, body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(n int) {
		err := s.View(t.Context(), func(tx store.Tx) error {
			for i := range n {
				if v, err := tx.Get("bodies", []byte{byte(i)}); err != nil || !bytes.Equal(v, body) {
					t.Error("another body was read", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.resident.looked.Store(time.Now().Add(time.Hour).UnixNano()) // nobody looks
	read(bodies)
	if residentFile() < residentMost {
		t.Fatalf("only %d MB were read", residentFile()>>20)
	}
	s.resident.looked.Store(0)
	for end := time.Now().Add(time.Minute); residentFile() > residentMost; {
		if time.Now().After(end) {
			t.Fatalf("%d MB stay", residentFile()>>20)
		}
		read(1)
	}
	read(bodies)
}
