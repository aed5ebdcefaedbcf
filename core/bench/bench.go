// Package bench measures how fast and how small the hub is. `make bench` runs
// it.
//
// The hub under test is a child process, with connectors of their own, on a real
// disk. Its rates are told as ratios to floors that are measured in the same
// round, because absolute rates move twofold with a neighbour on the machine:
//
//	pipe   the same messages over the same wire with no store behind it
//	batch  bare bbolt.Batch of the same bytes by 64 writers
//	sync   fdatasync of 4 KiB
//
// A figure is the median of all rounds.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Options of a run.
type Options struct {
	// Hub is the binary of the hub, Generator that of the connector
	// sdk/sdktest/generator.
	Hub, Generator string
	// Dir is where the hubs keep their data, on the disk to be measured. The run
	// makes a folder of its own there and removes it.
	Dir string
	// Quick runs fewer rounds and smaller counts: under three minutes.
	Quick bool
	// Only names the measurements to take (flush, ingest, latency, delivered,
	// commit, routing, start, indexing, mass, large, lists, export, search);
	// empty: all. What is not measured is zero in the report; latency needs
	// ingest.
	Only []string
	// Rounds, if not zero, is how many rounds are taken.
	Rounds int
	// Profiles, if not empty, is a folder that gets a CPU profile of each hub.
	Profiles string
	// Progress hears what is going on; nil: nobody does.
	Progress io.Writer

	sizes *sizes // of the test
}

// sizes say how much is measured.
type sizes struct {
	rounds    int
	messages  int           // moved in a round of a rate
	commits   int           // of documents, a round
	flushes   int           // timed ones, a round
	latency   time.Duration // of the stream at half load
	documents int           // in the large store
	fewer     int           // in the one it is compared with
	requests  int           // of lists and of cards, a round
	channels  int           // started at once
	searched  int           // documents in the searched store
	queries   int           // of the search, a round
	closed    int           // appeals of a mass operation, a round
}

var (
	wholeRun = sizes{
		rounds: 5, messages: 20_000, commits: 40_000, flushes: 2000, latency: 5 * time.Second,
		documents: 1_000_000, fewer: 10_000, requests: 1000, channels: 12, searched: 1_000_000, queries: 2000, closed: 100_000,
	}
	quickRun = sizes{
		rounds: 2, messages: 6000, commits: 10_000, flushes: 1000, latency: 2 * time.Second,
		documents: 30_000, fewer: 3000, requests: 300, channels: 12, searched: 10_000, queries: 300, closed: 5000,
	}
)

// runner is one run under way.
type runner struct {
	Options
	sizes
	dir     string // of this run
	hubs    int    // started so far
	seeded  bool   // the store of appeals is there
	samples map[string][]float64
}

// Run measures everything.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	b := &runner{Options: o, sizes: wholeRun, samples: map[string][]float64{}}
	if o.Quick {
		b.sizes = quickRun
	}
	if o.sizes != nil {
		b.sizes = *o.sizes
	}
	if o.Rounds > 0 {
		b.rounds = o.Rounds
	}
	if b.Progress == nil {
		b.Progress = io.Discard
	}
	if err := b.open(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for round := 1; round <= b.rounds; round++ {
		b.say("round %d of %d", round, b.rounds)
		for _, m := range perRound {
			if err := b.take(ctx, m); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range once {
		if err := b.take(ctx, m); err != nil {
			return nil, err
		}
	}
	return b.report(), nil
}

// measurement is a part of a run; it may give several figures.
type measurement struct {
	name string
	do   func(*runner, context.Context) error
}

// perRound are those taken in each round.
var perRound = []measurement{
	{"flush", (*runner).flush},
	{"ingest", (*runner).ingest},
	{"latency", (*runner).latency99},
	{"delivered", (*runner).delivered},
	{"commit", (*runner).commit},
	{"routing", (*runner).routing},
	{"start", (*runner).start},
	{"indexing", (*runner).whileIndexing},
	{"mass", (*runner).massClose},
}

// once are those that need a full store.
var once = []measurement{
	{"large", (*runner).large},
	{"lists", (*runner).lists},
	{"export", (*runner).export},
	{"search", (*runner).found},
}

func (b *runner) take(ctx context.Context, m measurement) error {
	if len(b.Only) > 0 && !slices.Contains(b.Only, m.name) {
		return nil
	}
	if err := m.do(b, ctx); err != nil {
		return fmt.Errorf("measure %s: %w", m.name, err)
	}
	return nil
}

func (b *runner) open() (err error) {
	for _, binary := range []string{b.Hub, b.Generator} {
		if _, err := os.Stat(binary); err != nil {
			return fmt.Errorf("what is to be measured is missing: %w", err)
		}
	}
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return err
	}
	b.dir, err = os.MkdirTemp(b.Dir, "bench-")
	return err
}

func (b *runner) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, format+"\n", args...) //nolint:errcheck // nobody left to tell
}

// note adds a sample of a figure.
func (b *runner) note(key string, value float64) {
	b.samples[key] = append(b.samples[key], value)
}

// last is the newest sample.
func (b *runner) last(key string) float64 {
	s := b.samples[key]
	return s[len(s)-1]
}

// half is half of the top rate, or a rate any machine bears as long as that was
// not measured.
func (b *runner) half() float64 {
	if len(b.samples[ingestRate]) == 0 {
		return 500
	}
	return b.last(ingestRate) / 2
}

// folder is a fresh folder of the run.
func (b *runner) folder(name string) string {
	b.hubs++
	return filepath.Join(b.dir, fmt.Sprintf("%s%d", name, b.hubs))
}

func median(values []float64) float64 { return percentile(values, 0.5) }

// percentile of values in any order; p in [0, 1).
func percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(float64(len(sorted))*p)]
}

// rate is n a second.
func rate(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }
