package fileblob_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core/blob/fileblob"
)

const benchSize = 20 << 10

// BenchmarkPut puts different files of 20 KiB from several goroutines. Beside
// the time it tells the share of the floor, which is one goroutine that writes
// the same bytes in groups of as many files as there are goroutines, each group
// with one fdatasync, and does nothing else. The two take turns in rounds of
// eight groups and the medians of the rounds are told, so that a busy neighbour
// hits both.
func BenchmarkPut(b *testing.B) {
	for _, delay := range []time.Duration{0, 2 * time.Millisecond} {
		for _, goroutines := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("delay=%s/goroutines=%d", delay, goroutines), func(b *testing.B) {
				benchPut(b, goroutines, delay)
			})
		}
	}
}

func benchPut(b *testing.B, goroutines int, delay time.Duration) {
	s := open(b, b.TempDir(), fileblob.Options{FlushDelay: delay})
	defer s.Close()
	floor := newFloor(b, goroutines, delay)
	var shares, rates []float64
	b.SetBytes(benchSize)
	b.ResetTimer()
	for left := b.N; left > 0; {
		n := min(left, 8*goroutines)
		left -= n
		start := time.Now()
		putMany(b, s, goroutines, n)
		inStore := time.Since(start)
		b.StopTimer()
		onFloor := floor.write(b, n)
		b.StartTimer()
		shares = append(shares, onFloor.Seconds()/inStore.Seconds())
		rates = append(rates, float64(n)/inStore.Seconds())
	}
	st := s.Stats()
	b.ReportMetric(median(shares), "of-floor")
	b.ReportMetric(median(rates), "files/s")
	b.ReportMetric(float64(st.Grouped)/float64(st.Groups), "files/group")
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func putMany(b *testing.B, s *fileblob.Store, goroutines, n int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			p := noise(benchSize)
			for next.Add(1) <= int64(n) {
				binary.LittleEndian.PutUint64(p, rand.Uint64())
				if _, err := s.Put(b.Context(), bytes.NewReader(p)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// noise is content that nobody else has.
func noise(size int) []byte {
	p, seed := make([]byte, size), [32]byte{}
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	_, _ = rand.NewChaCha8(seed).Read(p) // never fails
	return p
}

// floor appends to a bare file.
type floor struct {
	f     *os.File
	at    int64
	group [][]byte
	delay time.Duration
}

func newFloor(b *testing.B, files int, delay time.Duration) *floor {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	fl := &floor{f: f, delay: delay}
	for range files {
		fl.group = append(fl.group, noise(benchSize))
	}
	return fl
}

func (f *floor) write(b *testing.B, files int) time.Duration {
	start := time.Now()
	for files > 0 {
		group := f.group[:min(files, len(f.group))]
		files -= len(group)
		n, err := unix.Pwritev(int(f.f.Fd()), group, f.at)
		if err == nil {
			err = unix.Fdatasync(int(f.f.Fd()))
		}
		if err != nil || n != len(group)*benchSize {
			b.Fatal(n, err)
		}
		if f.at += int64(n); f.at > 256<<20 {
			f.at = 0
			if err := f.f.Truncate(0); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(f.delay)
	}
	return time.Since(start)
}

// BenchmarkMillion opens a store of a million small files after a clean and
// after an unclean end, looks files up and tells the memory a file takes. Packs
// hold 65,536 files here; with files of 20 KB it would be 13,000 and the same
// memory.
func BenchmarkMillion(b *testing.B) {
	const files = 1_000_000
	dir, unclean := b.TempDir(), b.TempDir()
	makeMany(b, dir, unclean, files)
	for name, dir := range map[string]string{"clean": dir, "unclean": unclean} {
		b.Run("open/"+name, func(b *testing.B) {
			for b.Loop() {
				open(b, dir, fileblob.Options{}).Close()
			}
		})
	}
	before := heap()
	s := open(b, dir, fileblob.Options{})
	defer s.Close()
	perFile := float64(heap()-before) / files
	b.Run("lookup/stored", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Stat(b.Context(), refOf(numbered(rand.Int64N(files)+1)).Hash); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(perFile, "heap-B/file")
	})
	b.Run("lookup/unknown", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Stat(b.Context(), refOf(numbered(-rand.Int64())).Hash); err == nil {
				b.Fatal("found")
			}
		}
	})
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("put/goroutines=%d", writers), func(b *testing.B) {
			b.SetBytes(benchSize)
			putMany(b, s, writers, b.N)
		})
	}
}

func numbered(n int64) []byte {
	return binary.LittleEndian.AppendUint64([]byte("a small file "), uint64(n))
}

// makeMany stores numbered files in dir and leaves in unclean what a crash at
// the end would have left.
func makeMany(b *testing.B, dir, unclean string, files int64) {
	s := open(b, dir, fileblob.Options{})
	defer s.Close()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 512 {
		wg.Go(func() {
			for n := next.Add(1); n <= files; n = next.Add(1) {
				if _, err := s.Put(b.Context(), bytes.NewReader(numbered(n))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := os.CopyFS(unclean, os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // the second one empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
