package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
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

// machine is a store whose power can fail. What was flushed is known: the logs,
// and of the database the state when its base was sealed.
type machine struct {
	testing.TB
	random  *rand.Rand
	path    string
	store   *boltstore.Store
	model   map[string]string // of bucket b
	flushed []byte            // the database when the base was sealed, or later
	sealed  uint64
}

func newMachine(t testing.TB) *machine {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := &machine{TB: t, random: rand.New(rand.NewPCG(seed, 0)), path: filepath.Join(t.TempDir(), "uzel.db"), model: map[string]string{}}
	m.open()
	return m
}

func (m *machine) open() {
	m.Helper()
	m.store = open(m.TB, m.path, boltstore.Options{})
	m.flushed, m.sealed = m.read(""), 0
}

func (m *machine) read(suffix string) []byte {
	m.Helper()
	raw, err := os.ReadFile(m.path + suffix)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.Fatal(err)
	}
	return raw
}

// work makes n random groups, one after the other.
func (m *machine) work(n int) {
	m.Helper()
	for range n {
		next := maps.Clone(m.model)
		err := m.store.Update(m.Context(), func(tx store.Tx) error {
			_, err := tx.Sequence("counted")
			for range 1 + m.random.IntN(5) {
				key := fmt.Sprint(m.random.IntN(400))
				if m.random.IntN(3) == 0 {
					delete(next, key)
					err = errors.Join(err, tx.Delete("b", []byte(key)))
					continue
				}
				next[key] = strings.Repeat(key, m.random.IntN(m.random.IntN(3000)+1))
				err = errors.Join(err, tx.Put("b", []byte(key), []byte(next[key])))
			}
			return err
		})
		if err != nil {
			m.Fatal(err)
		}
		m.model = next
		if now := boltstore.Sealed(m.path); now != m.sealed {
			m.sealed, m.flushed = now, m.read("")
		}
	}
}

// fail is what a loss of power leaves: of each page of the database either what
// was flushed or what was written since, and the logs.
func (m *machine) fail() {
	m.Helper()
	written := m.read("")
	for at := 0; at < len(written); at += 4096 {
		if m.random.IntN(2) == 0 {
			old := make([]byte, 4096)
			if at < len(m.flushed) {
				copy(old, m.flushed[at:])
			}
			copy(written[at:], old)
		}
	}
	m.moveTo(written, m.read("-log0"), m.read("-log1"))
}

// moveTo leaves the running store and goes on in another folder.
func (m *machine) moveTo(db, log0, log1 []byte) {
	m.Helper()
	path := filepath.Join(m.TempDir(), "uzel.db")
	for suffix, raw := range map[string][]byte{"": db, "-log0": log0, "-log1": log1} {
		if raw == nil {
			continue
		}
		if err := os.WriteFile(path+suffix, raw, 0o600); err != nil {
			m.Fatal(err)
		}
	}
	if err := m.store.Close(); err != nil {
		m.Fatal(err)
	}
	m.path = path
}

// matches proves that the store holds what the model does.
func (m *machine) matches() {
	m.Helper()
	got := map[string]string{}
	err := m.store.View(m.Context(), func(tx store.Tx) error {
		for key, value := range tx.Scan("b", nil, nil, false) {
			got[string(key)] = string(value)
		}
		return nil
	})
	if err == nil {
		err = m.store.Check(m.Context(), func(problem string) { m.Error(problem) })
	}
	if err != nil {
		m.Fatal(err)
	}
	if !maps.Equal(got, m.model) {
		m.Fatalf("%d keys of %d, or other values", len(got), len(m.model))
	}
}

func TestLossOfPowerLosesNothingAcknowledged(t *testing.T) {
	m := newMachine(t)
	for round := range 12 {
		m.work(1 + m.random.IntN(400))
		m.fail()
		m.open()
		m.matches()
		if round%4 == 0 { // closed in order in between
			if err := m.store.Close(); err != nil {
				t.Fatal(err)
			}
			m.open()
			m.matches()
		}
	}
}

// TestLossOfPowerAroundACheckpoint has the power fail when checkpoints begin, go
// on and have ended.
func TestLossOfPowerAroundACheckpoint(t *testing.T) {
	m := newMachine(t)
	for round := range 4 {
		m.work(990 + m.random.IntN(30)*(round+1))
		m.fail()
		m.open()
		m.matches()
	}
	m.work(2500)
	if m.sealed < 2 {
		t.Fatalf("no checkpoint was made, the log is number %d", m.sealed)
	}
	m.fail()
	m.open()
	m.matches()
}

func TestACutRecordDoesNotCount(t *testing.T) {
	for name, cut := range map[string]func(log []byte, at int) []byte{
		"cut off":    func(log []byte, at int) []byte { return log[:at+30] },
		"other byte": func(log []byte, at int) []byte { return patched(log, at+40, log[at+40]^1) },
		"zeros":      func(log []byte, at int) []byte { return patched(log, at, make([]byte, 24)...) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.work(20)
			before := len(bytes.TrimRight(m.read("-log1"), "\x00"))
			model := m.model
			m.work(1)
			at := (before + 4095) / 4096 * 4096
			m.moveTo(m.read(""), m.read("-log0"), cut(m.read("-log1"), at))
			m.model = model
			m.open()
			m.matches()
		})
	}
}

func TestDamageInTheMiddleOfTheLogIsNotPassedOver(t *testing.T) {
	m := newMachine(t)
	m.work(20)
	log := m.read("-log1")
	m.moveTo(m.read(""), m.read("-log0"), patched(log, 8192+30, log[8192+30]^1))
	_, err := boltstore.Open(m.path, boltstore.Options{})
	wantError(t, err, core.KindConfig, "store.log")
}

func TestALogOfAnotherDatabaseIsRefused(t *testing.T) {
	m := newMachine(t)
	m.work(20)
	other := sample(t, true)
	for name, db := range map[string][]byte{"another file": other, "no file": nil, "an empty file": {}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "uzel.db")
			if db != nil {
				path = write(t, db)
			}
			if err := os.WriteFile(path+"-log1", m.read("-log1"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := boltstore.Open(path, boltstore.Options{})
			wantError(t, err, core.KindConfig, "store.log")
			if after, _ := os.ReadFile(path); !bytes.Equal(after, db) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestAClosedDatabaseIsOneFile(t *testing.T) {
	m := newMachine(t)
	m.work(20)
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir(filepath.Dir(m.path))
	if err != nil || len(all) != 1 {
		t.Errorf("there are %v, %v", all, err)
	}
	m.path = write(t, m.read(""))
	m.open()
	m.matches()
}

// TestLogsThatAreNeededNoMore has a process killed while it removes them: the
// database is whole then.
func TestLogsThatAreNeededNoMore(t *testing.T) {
	m := newMachine(t)
	m.work(1001) // the next log has begun
	next := m.read("-log0")
	if next == nil {
		t.Fatal("no checkpoint has begun")
	}
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.moveTo(m.read(""), next, nil)
	m.open()
	m.matches()
	if m.read("-log0") != nil {
		t.Error("what is left is kept")
	}
	m.work(20)
	m.fail()
	m.open()
	m.matches()
}

// TestTheNewestSealedLogCounts has an older one beside it, whose checkpoint is
// over.
func TestTheNewestSealedLogCounts(t *testing.T) {
	m := newMachine(t)
	m.work(900)
	old := m.read("-log1")
	for m.sealed < 2 {
		m.work(1)
	}
	m.work(20)
	m.moveTo(m.read(""), m.read("-log0"), old)
	m.open()
	m.matches()
}

func TestWhatWasRefusedDoesNotComeBack(t *testing.T) {
	d := failingDisk(t)
	path := filepath.Join(d.dir, "uzel.db")
	s := open(t, path, d.opts)
	put := func(key string) error {
		return s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b", []byte(key), bytes.Repeat([]byte("v"), 9000)) })
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	d.refuse()
	wantError(t, put("refused"), core.KindUnavailable, "store.disk")
	d.accept()
	m := &machine{TB: t, path: path, store: s}
	m.moveTo(m.read(""), m.read("-log0"), m.read("-log1"))
	m.open()
	has(t, m.store, "before", true)
	has(t, m.store, "refused", false)
}

func FuzzRedo(f *testing.F) {
	f.Add([]byte("b\x01bp\x00\x03key\x05value" + "d\x00\x03key" + "s\x00\x07"))
	f.Add([]byte("p\x00\x01a\x01b"))
	db, err := bbolt.Open(filepath.Join(f.TempDir(), "redo.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, raw []byte) {
		btx, err := db.Begin(true)
		if err != nil {
			t.Fatal(err)
		}
		defer btx.Rollback() //nolint:errcheck // nothing is to stay
		_ = boltstore.Apply(btx, raw)
	})
}
