package boltstore_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// The document of the benchmarks: 2 KB of text and 20 KB of attachment.
var (
	benchText = bytes.Repeat([]byte("t"), 2<<10)
	benchFile = bytes.Repeat([]byte("f"), 20<<10)
)

// writers runs fn b.N times from n goroutines and reports the rate.
func writers(b *testing.B, n int, fn func(i int64) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkCommit is the floor of every rate: documents made durable.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("store/writers=%d", n), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "uzel.db"), boltstore.Options{})
			writers(b, n, func(i int64) error {
				return s.Update(b.Context(), func(tx store.Tx) error {
					key := fmt.Appendf(nil, "doc_%020d", i)
					if err := tx.Put("t/documents", key, benchText); err != nil {
						return err
					}
					return tx.Put("t/bodies", key, benchFile)
				})
			})
		})
		b.Run(fmt.Sprintf("batch/writers=%d", n), func(b *testing.B) {
			db := bareBolt(b)
			writers(b, n, func(i int64) error {
				return db.Batch(func(tx *bbolt.Tx) error {
					key := fmt.Appendf(nil, "doc_%020d", i)
					if err := tx.Bucket([]byte("t/documents")).Put(key, benchText); err != nil {
						return err
					}
					return tx.Bucket([]byte("t/bodies")).Put(key, benchFile)
				})
			})
		})
	}
}

func bareBolt(b *testing.B) *bbolt.DB {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"t/documents", "t/bodies"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func benchDocument(i int64) *core.Document {
	now := time.UnixMilli(1_700_000_000_000 + i)
	return &core.Document{
		ID:        core.DocumentID(core.NewID("doc", now)),
		Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Number:  &core.RegNumber{Journal: "in", Year: 2026, Seq: uint64(i), Text: fmt.Sprintf("Вх-2026/%06d", i), Date: "2026-03-01"},
		Subject: "Протекает крыша над третьим подъездом", Text: string(benchText),
		Sender:  core.Correspondent{Name: "Иванова Анна", Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("anna%d@example.org", i%10_000)}}},
		Files:   []core.Attachment{{Hash: strings.Repeat("a", 64), Size: 20 << 10, Name: "фото.jpg", MediaType: "image/jpeg", Role: core.FileAttachment}},
		Fields:  map[string]string{"delivery_type": "Электронная почта"},
		Thread:  core.ThreadID(core.NewID("thr", now)),
		Channel: "mail-office", ExternalID: fmt.Sprintf("<%d.abc@mail.example.org>", i),
	}
}

// BenchmarkPutDocument is a typed insert with nine indexes and history.
func BenchmarkPutDocument(b *testing.B) {
	b.Run("in groups of 64", func(b *testing.B) {
		s := open(b, filepath.Join(b.TempDir(), "uzel.db"), boltstore.Options{})
		b.ReportAllocs()
		for i := 0; i < b.N; {
			err := s.Update(b.Context(), func(tx store.Tx) error {
				for n := 0; n < 64 && i < b.N; n++ {
					if err := store.Documents.Put(tx, benchDocument(int64(i))); err != nil {
						return err
					}
					i++
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by 64 writers", func(b *testing.B) {
		s := open(b, filepath.Join(b.TempDir(), "uzel.db"), boltstore.Options{})
		writers(b, 64, func(i int64) error {
			return s.Update(b.Context(), func(tx store.Tx) error { return store.Documents.Put(tx, benchDocument(i)) })
		})
	})
}

var benchDocuments = flag.Int64("documents", 100_000, "size of the big store of BenchmarkSize")

// BenchmarkSize compares a small store with a big one (-documents 1000000):
// nothing but the opening after a crash and the check may grow with the store.
func BenchmarkSize(b *testing.B) {
	for _, size := range []int64{10_000, *benchDocuments} {
		b.Run(fmt.Sprintf("documents=%d", size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "uzel.db")
			fillDocuments(b, path, size)
			b.Run("open after close", func(b *testing.B) { openAgain(b, path, false) })
			b.Run("open after kill", func(b *testing.B) { openAgain(b, path, true) })
			s := open(b, path, boltstore.Options{})
			b.Run("insert by 64 writers", func(b *testing.B) {
				writers(b, 64, func(i int64) error {
					return s.Update(b.Context(), func(tx store.Tx) error { return store.Documents.Put(tx, benchDocument(size+i)) })
				})
				size += int64(b.N)
			})
			for name, where := range map[string][]store.Term{
				"list newest":            nil,
				"list one term":          {{Index: "state", Value: "registered"}},
				"list common and common": {{Index: "state", Value: "registered"}, {Index: "channel", Value: "mail-office"}},
				"list common and rare":   {{Index: "state", Value: "registered"}, {Index: "sender_key", Value: "email:anna77@example.org"}},
			} {
				b.Run(name, func(b *testing.B) { listPages(b, s, where) })
			}
			b.Run("check", func(b *testing.B) {
				count(b, s, uint64(size))
				for b.Loop() {
					_, err := store.CheckTables(b.Context(), s, func(p string) { b.Error(p) }, nil)
					if err := errors.Join(err, s.Check(b.Context(), func(p string) { b.Error(p) })); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// count sets the counter of the documents' journal.
func count(b *testing.B, s *boltstore.Store, last uint64) {
	err := s.Update(b.Context(), func(tx store.Tx) error {
		c := &core.Counter{Journal: "in", Year: 2026}
		if old, err := store.Counters.Get(tx, c.RecordKey()); err == nil {
			c = old
		}
		c.Last = last
		return store.Counters.Put(tx, c)
	})
	if err != nil {
		b.Fatal(err)
	}
}

func fillDocuments(b *testing.B, path string, size int64) {
	s := open(b, path, boltstore.Options{})
	for i := int64(1); i <= size; {
		err := s.Update(b.Context(), func(tx store.Tx) error {
			for range min(1000, size-i+1) {
				if err := store.Documents.Put(tx, benchDocument(i)); err != nil {
					return err
				}
				i++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// openAgain opens the store again and again, as its process left it when it
// closed the store or was killed.
func openAgain(b *testing.B, path string, killed bool) {
	for b.Loop() {
		b.StopTimer()
		if killed {
			loseFreePages(b, path)
		}
		b.StartTimer()
		s, err := boltstore.Open(path, boltstore.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// loseFreePages makes the file what a killed process leaves: without the list
// of free pages.
func loseFreePages(b *testing.B, path string) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(db.Update(func(*bbolt.Tx) error { return nil }), db.Close()); err != nil {
		b.Fatal(err)
	}
}

func listPages(b *testing.B, s *boltstore.Store, where []store.Term) {
	for b.Loop() {
		err := s.View(b.Context(), func(tx store.Tx) error {
			_, err := store.Documents.List(tx, store.Query[core.Document]{Where: where, Desc: true})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
