package boltstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// sample is a small database file: a deep bucket, an inline one, one emptied in
// part. With closed it was closed in order, else its program was killed.
func sample(t testing.TB, closed bool) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only the file matters
	for round := range 4 {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			for i := range 250 {
				key := fmt.Appendf(nil, "key%05d", i*4+round)
				if err := tx.Put("deep", key, bytes.Repeat([]byte{byte(i)}, i%700)); err != nil {
					return err
				}
			}
			for i := range 100 {
				if err := tx.Delete("deep", fmt.Appendf(nil, "key%05d", i*2+round)); err != nil {
					return err
				}
			}
			return tx.Put("small", []byte("a"), []byte("1"))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if closed {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw[:used(raw)] // behind it is room for growth
}

func write(t testing.TB, raw []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantError(t testing.TB, err error, kind core.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != kind || e.Code != code || e.Text == "" {
		t.Errorf("got %v, want %s of kind %v", err, code, kind)
	}
}

// wounds are places in two samples, and what to write there.
type wounds struct {
	closed, killed      []byte
	page, branch        int    // in killed: of a key, and of the branch above
	first, self, beyond []byte // page numbers: of the first child, of branch, of none
}

func findWounds(t testing.TB) wounds {
	t.Helper()
	w := wounds{closed: sample(t, true), killed: sample(t, false)}
	w.page = pageOf(t, w.killed, "leaf", "key00500")
	w.branch = pageOf(t, w.killed, "branch", "key00")
	w.first = w.killed[w.branch+16+8 : w.branch+16+16]
	w.self = binary.NativeEndian.AppendUint64(nil, uint64(w.branch/4096))
	w.beyond = binary.NativeEndian.AppendUint64(nil, uint64(len(w.killed)/4096))
	return w
}

// second is where the second child of the branch stands.
func (w wounds) second(child []byte) []byte { return patched(w.killed, w.branch+16+16+8, child...) }

// listFree is the closed sample with a page that is in use in its list of free
// pages, which stays in order.
func (w wounds) listFree(t testing.TB) []byte {
	t.Helper()
	used := uint64(pageOf(t, w.closed, "leaf", "key00500") / 4096)
	list := pageOf(t, w.closed, "freelist", "")
	last := list + 16 + 8*(int(binary.NativeEndian.Uint16(w.closed[list+10:]))-1)
	at := list + 16
	for at < last && binary.NativeEndian.Uint64(w.closed[at+8:]) < used {
		at += 8
	}
	return patched(w.closed, at, binary.NativeEndian.AppendUint64(nil, used)...)
}

func patched(raw []byte, at int, patch ...byte) []byte {
	out := bytes.Clone(raw)
	copy(out[at:], patch)
	return out
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	w := findWounds(t)
	closed, killed, page := w.closed, w.killed, w.page
	key := bytes.Index(killed[page:], []byte("key00500")) + page
	for _, c := range []struct {
		name string
		raw  []byte
	}{
		{"a text", []byte(strings.Repeat("Уважаемые коллеги! ", 1000))},
		{"a short text", []byte("Привет")},
		{"zeros", make([]byte, 32<<10)},
		{"an archive", append([]byte("PK\x03\x04"), make([]byte, 9000)...)},
		{"both meta pages gone", patched(patched(closed, 16, 0), 4096+16, 0)},
		{"cut off in the middle", closed[:len(closed)/8192*4096]},
		{"cut off by a page", killed[:len(killed)-4096]},
		{"only the first page", closed[:4096]},
		{"a page zeroed", patched(closed, pageOf(t, closed, "leaf", "key00500"), make([]byte, 4096)...)},
		{"a page zeroed, killed", patched(killed, page, make([]byte, 4096)...)},
		{"a page of another kind", patched(killed, page+8, 0x20)},
		{"an element outside", patched(killed, page+16+4, 0xff, 0xff, 0xff, 0x7f)},
		{"too many elements", patched(killed, page+10, 0xff, 0xff)},
		{"too long a page", patched(killed, page+12, 0xff, 0xff, 0xff)},
		{"two ways to a page", w.second(w.first)},
		{"a circle", w.second(w.self)},
		{"a way out of the file", w.second(w.beyond)},
		{"a page in use listed as free", w.listFree(t)},
		{"keys in disorder", patched(killed, key, []byte("key99")...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.raw)
			s, err := boltstore.Open(path, boltstore.Options{})
			if err == nil {
				s.Close()
			}
			wantError(t, err, core.KindConfig, "store.damaged")
			if after, _ := os.ReadFile(path); !bytes.Equal(after, c.raw) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestOpenLooksLessIntoBigFiles has files with much room for growth.
func TestOpenLooksLessIntoBigFiles(t *testing.T) {
	w := findWounds(t)
	for _, c := range []struct {
		name    string
		raw     []byte
		refused bool
	}{
		{"sound", w.killed, false},
		{"two ways to a page", w.second(w.first), true},
		{"a circle", w.second(w.self), true},
		{"a way out of the file", w.second(w.beyond), true},
		{"a page zeroed", patched(w.killed, w.page, make([]byte, 4096)...), true},
		{"closed, a root zeroed", patched(w.closed, pageOf(t, w.closed, "branch", "key00"), make([]byte, 4096)...), true},
		{"closed, a page deep inside zeroed", patched(w.closed, pageOf(t, w.closed, "leaf", "key00500"), make([]byte, 4096)...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.raw)
			if err := os.Truncate(path, 300<<20); err != nil {
				t.Fatal(err)
			}
			s, err := boltstore.Open(path, boltstore.Options{})
			if err == nil {
				s.Close()
			}
			if c.refused {
				wantError(t, err, core.KindConfig, "store.damaged")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// pageOf is where the page of the kind begins that holds the key, in the file.
func pageOf(t testing.TB, raw []byte, kind, key string) (at int) {
	t.Helper()
	db, err := bbolt.Open(write(t, raw), 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a scratch copy
	err = db.Update(func(tx *bbolt.Tx) error {
		for id := 2; ; id++ {
			info, err := tx.Page(id) // nil behind the last
			if err != nil || info == nil {
				return fmt.Errorf("no page holds %s: %w", key, err)
			}
			if at = id * 4096; info.Type == kind && bytes.Contains(raw[at:at+4096], []byte(key)) {
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// used is how many bytes of the file are pages.
func used(raw []byte) int {
	pages := max(binary.NativeEndian.Uint64(raw[16+40:]), binary.NativeEndian.Uint64(raw[4096+16+40:]))
	return int(pages) * 4096
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	stamped := func(bucket, key string, value []byte) string {
		path := filepath.Join(t.TempDir(), "other.db")
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte(bucket))
			if err != nil {
				return err
			}
			return b.Put([]byte(key), value)
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ name, path, code string }{
		{"of another program", stamped("users", "a", nil), "store.damaged"},
		{"with half a stamp", stamped("\x00uzel", "version", []byte{1}), "store.damaged"},
		{"of a newer version", stamped("\x00uzel", "version", []byte{0, 0, 0, 0, 0, 0, 0, 3}), "store.newer"},
		{"a folder", t.TempDir(), "store.open"},
		{"in no folder", filepath.Join(t.TempDir(), "nowhere", "uzel.db"), "store.open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := boltstore.Open(c.path, boltstore.Options{})
			wantError(t, err, core.KindConfig, c.code)
		})
	}
}

func TestOpenTakesAnEmptyFile(t *testing.T) {
	for name, raw := range map[string][]byte{"empty": nil, "without buckets": emptyBolt(t)} {
		t.Run(name, func(t *testing.T) {
			s := open(t, write(t, raw), boltstore.Options{})
			if err := s.Check(t.Context(), func(p string) { t.Error(p) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// emptyBolt is what remains when making a database is cut short.
func emptyBolt(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "empty.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "uzel.db")
	open(t, path, boltstore.Options{})
	_, err := boltstore.Open(path, boltstore.Options{})
	wantError(t, err, core.KindConfig, "store.locked")
	if err == nil || !strings.Contains(err.Error(), "database is open in another process") {
		t.Errorf("got %v", err)
	}
}

func TestOneMetaPageIsEnough(t *testing.T) {
	for _, at := range []int{16, 4096 + 16} {
		for name, raw := range map[string][]byte{"closed": sample(t, true), "killed": sample(t, false)} {
			raw[at] ^= 0xff
			s := open(t, write(t, raw), boltstore.Options{})
			if err := s.Check(t.Context(), func(p string) { t.Error(name, at, p) }); err != nil {
				t.Error(name, at, err)
			}
		}
	}
}

// use does everything with a store that may be damaged. Errors do not matter:
// the process must live and every call return.
func use(s *boltstore.Store) {
	ctx := context.Background()
	for _, bucket := range []string{"deep", "small", "new"} {
		_ = s.View(ctx, func(tx store.Tx) error {
			for range tx.Scan(bucket, nil, nil, true) {
			}
			for range tx.Scan(bucket, []byte("key00300"), nil, false) {
			}
			_, err := tx.Get(bucket, []byte("key00500"))
			return err
		})
		_ = s.Update(ctx, func(tx store.Tx) error {
			for i := 0; i < 1000; i += 7 {
				if err := tx.Delete(bucket, fmt.Appendf(nil, "key%05d", i)); err != nil {
					return err
				}
			}
			return tx.Put(bucket, []byte("key00500"), bytes.Repeat([]byte("v"), 9000))
		})
	}
	_ = s.Check(ctx, func(string) {})
	_ = s.Close()
}

func TestRandomDamageCrashesNothing(t *testing.T) {
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	opened, refused := 0, 0
	for _, raw := range [][]byte{sample(t, true), sample(t, false)} {
		for range 60 {
			damaged := bytes.Clone(raw)
			for range 1 + random.IntN(4) {
				page := random.IntN(len(raw)/4096) * 4096 // most that matters stands in front
				damaged[page+random.IntN(random.IntN(4096)+1)] = byte(random.Uint32())
			}
			s, err := boltstore.Open(write(t, damaged), boltstore.Options{})
			if err != nil {
				code := "store.damaged"
				if e, ok := errors.AsType[*core.Error](err); ok && e.Code == "store.newer" {
					code = e.Code // the number of the version was hit: it reads as a larger one
				}
				wantError(t, err, core.KindConfig, code)
				refused++
				continue
			}
			opened++
			use(s)
		}
	}
	t.Logf("seed %d: %d opened, %d refused", seed, opened, refused)
}

func FuzzOpenDamaged(f *testing.F) {
	images := [][]byte{sample(f, true), sample(f, false)}
	f.Add(false, []byte{0, 0x30, 0x08, 1})
	f.Add(true, []byte{0, 0x20, 0x0a, 0xff, 0, 0x20, 0x0b, 0xff})
	// Four bytes are one patch: three of place, one of value.
	f.Fuzz(func(t *testing.T, killed bool, patches []byte) {
		image := bytes.Clone(images[0])
		if killed {
			image = bytes.Clone(images[1])
		}
		for ; len(patches) >= 4; patches = patches[4:] {
			at := int(patches[0])<<16 | int(patches[1])<<8 | int(patches[2])
			image[at%len(image)] = patches[3]
		}
		s, err := boltstore.Open(write(t, image), boltstore.Options{})
		if err == nil {
			use(s)
		}
	})
}

// damageRunning damages the page of a key in the file of a running store.
func damageRunning(t testing.TB, path, key string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{0x20}, int64(pageOf(t, raw, "leaf", key)+8))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDamageFoundWhileRunningStopsOnlyWhatMeetsIt(t *testing.T) {
	path := write(t, sample(t, true))
	s := open(t, path, boltstore.Options{})
	damageRunning(t, path, "key00500")
	get := func(tx store.Tx) error { _, err := tx.Get("deep", []byte("key00500")); return err }
	wantError(t, s.View(t.Context(), get), core.KindUnavailable, "store.damaged")
	wantError(t, s.Update(t.Context(), get), core.KindUnavailable, "store.damaged")
	for _, key := range []string{"key00800", "a"} {
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("small", []byte(key), nil) })
		if err != nil {
			t.Errorf("an update elsewhere: %v", err)
		}
	}
	faults := 0
	err := s.Check(t.Context(), func(string) { faults++ })
	wantError(t, err, core.KindUnavailable, "store.damaged")
	if faults != 1 {
		t.Errorf("%d faults reported", faults)
	}
}

func TestDamageMetByACommitStopsWriting(t *testing.T) {
	path := write(t, sample(t, true))
	s := open(t, path, boltstore.Options{})
	damageRunning(t, path, "key00500")
	// Emptying the pages before and after makes bbolt join them with the damaged
	// one when it commits.
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 1000 {
			func() {
				defer func() { _ = recover() }() // the damaged page itself
				_ = tx.Delete("deep", fmt.Appendf(nil, "key%05d", i))
			}()
		}
		return nil
	})
	wantError(t, err, core.KindUnavailable, "store.damaged")
	err = s.Update(t.Context(), func(tx store.Tx) error { t.Error("ran on a damaged file"); return nil })
	wantError(t, err, core.KindUnavailable, "store.damaged")
	err = s.View(t.Context(), func(tx store.Tx) error {
		if v, err := tx.Get("small", []byte("a")); string(v) != "1" || err != nil {
			t.Errorf("reading elsewhere: %q, %v", v, err)
		}
		if v, err := tx.Get("deep", []byte("key00900")); v == nil || err != nil {
			t.Errorf("what the failed commit deleted is gone: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
