package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/uzel-hub/uzel/core/store"
)

// Rates that are told beside the figures.
const (
	pipeRate      = "pipe/s"
	ingestRate    = "ingest/s"
	forwardRate   = "forward/s"
	deliveredRate = "delivered/s"
	batchRate     = "batch/s"
	commitRate    = "commit/s"
	closeRate     = "close/s"
	bareRate      = "bare/s"
	exportRate    = "export/s"
	scanRate      = "scan/s"
)

// figure is one line of the table.
type figure struct {
	key, title string
	unit       string // empty: a ratio
	atMost     bool   // the smaller, the better
	must, aim  float64
	// sync is added to must and aim so many times the fdatasync p99.
	mustSync, aimSync float64
	got, floor        string // rates told with it
}

// figures are all of them, in the order of the table.
var allFigures = []figure{
	{key: "ingest_vs_pipe", title: "connector → durable, deduplicated, acknowledged; against the pipe", must: 0.50, aim: 0.75, got: ingestRate, floor: pipeRate},
	{key: "delivered_vs_pipe", title: "connector → registered → delivered to a second connector; against the pipe with that delivery", must: 0.35, aim: 0.60, got: deliveredRate, floor: forwardRate},
	{key: "commit_vs_batch64", title: "commits of one document by 64 writers; against bbolt.Batch", must: 2.5, aim: 4, got: commitRate, floor: batchRate},
	{key: "deciding_vs_registering", title: "processor time of reading a document and deciding on it by 200 rules; against storing and registering it", atMost: true, must: 1, aim: 0.3},
	{key: "routing_vs_registering", title: "what registering costs more where what is decided is done and written as well; against registering alone"},
	{key: "ack_p99_half_load_ms", title: "acknowledgement p99 at half of the top rate", unit: "ms", atMost: true, must: 10, aim: 5, mustSync: 4, aimSync: 2},
	{key: "ack_p99_pipe_ms", title: "the wire and the machine themselves: the same with no store behind", unit: "ms"},
	{key: "fdatasync_p99_ms", title: "the disk itself: fdatasync of 4 KiB, p99", unit: "ms"},
	{key: "slow_disk_ratio", title: "delivered with 2 ms added to every flush; against without", must: 0.6, aim: 0.9},
	{key: "hub_rss_mb", title: "resident memory of the hub at full load, peak", unit: "MB", atMost: true, must: 250, aim: 150},
	{key: "connector_rss_mb", title: "resident memory of a minimal connector", unit: "MB", atMost: true, must: 24, aim: 18},
	{key: "start12_ms", title: "12 channels started at once, configured and checked", unit: "ms", atMost: true, must: 500, aim: 250},
	{key: "rate_1m_vs_empty", title: "registration with 1,000,000 documents in the store; against an empty one", must: 0.8, aim: 0.95},
	{key: "list_p99_1m_vs_10k", title: "list page and card p99 with 1,000,000 documents; against 10,000", atMost: true, must: 2, aim: 1.2},
	{key: "index_vs_bare", title: "documents indexed for search; against bare batches of bleve, same texts and analyser, by processor time", must: 0.6, aim: 0.8, got: indexRate, floor: bareIndexRate},
	{key: "ack_p99_indexing", title: "acknowledgement p99 with indexing; against without", atMost: true, must: 1.5, aim: 1.2},
	{key: "search_p99_ms", title: "query over 1,000,000 documents, p99", unit: "ms", atMost: true, must: 100, aim: 50},
	{key: "open_1m_ms", title: "start of the hub with 1,000,000 documents", unit: "ms", atMost: true, must: 3000, aim: 1000},
	{key: "mass_vs_commits", title: "mass closing of 100,000 appeals; against bare group commits of what it writes", must: 0.4, aim: 0.6, got: closeRate, floor: bareRate},
	{key: "mass_cpu_vs_commits", title: "the same by time of the processors"},
	{key: "list_keys_most", title: "keys read for a page of 50 by any one to four filters over 1,000,000 appeals, most", unit: "keys", atMost: true, must: store.PageKeys, aim: 5000},
	{key: "list_keys_median", title: "the same, in the middle", unit: "keys", atMost: true, must: 1000, aim: 500},
	{key: "export_vs_scan", title: "export of 1,000,000 appeals, the slower of CSV and XLSX; against a bare scan", must: 0.4, aim: 0.6, got: exportRate, floor: scanRate},
	{key: "export_cpu_vs_scan", title: "the same by time of the processors"},
	{key: "export_memory_mb", title: "growth of the heap in use in an export of 1,000,000 appeals, at its highest", unit: "MB", atMost: true, must: 64, aim: 32},
}

// Report is what a run measured.
type Report struct {
	quick     bool
	documents int
	rounds    int
	values    map[string]float64 // medians, of rates too
}

func (b *runner) report() *Report {
	r := &Report{quick: b.Quick, documents: b.documents, rounds: b.rounds, values: map[string]float64{}}
	for key, samples := range b.samples {
		r.values[key] = median(samples)
	}
	return r
}

// Passed tells whether every figure is at least what it must be.
func (r *Report) Passed() bool {
	for _, f := range allFigures {
		if r.verdict(f) == "MISSED" {
			return false
		}
	}
	return true
}

// WriteFile writes the medians as a JSON object.
func (r *Report) WriteFile(path string) error {
	out := map[string]float64{}
	for _, f := range allFigures {
		out[f.key] = r.values[f.key]
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}

// Print writes the table for people.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FIGURE\tVALUE\tMUST\tAIM\tVERDICT\tMEASURED\tFLOOR") //nolint:errcheck // Flush tells
	for _, f := range allFigures {
		cells := append([]string{f.key, r.value(f)}, r.bounds(f)...)
		fmt.Fprintln(t, strings.Join(append(cells, r.verdict(f), r.rate(f.got), r.rate(f.floor)), "\t")) //nolint:errcheck // Flush tells
	}
	fmt.Fprintf(t, "\n%s\n", r.how()) //nolint:errcheck // Flush tells
	return t.Flush()
}

// Markdown writes the table of the README.
func (r *Report) Markdown(w io.Writer) error {
	var s strings.Builder
	s.WriteString("| figure | must | aim | measured |\n|---|---|---|---|\n")
	for _, f := range allFigures {
		value := r.value(f)
		if f.got != "" {
			value += fmt.Sprintf(" (%s of %s)", r.rate(f.got), r.rate(f.floor))
		}
		b := r.bounds(f)
		fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", f.title, b[0], b[1], value)
	}
	fmt.Fprintf(&s, "\n%s\n", r.how())
	_, err := io.WriteString(w, s.String())
	return err
}

// how tells under what conditions the figures were taken.
func (r *Report) how() string {
	text := fmt.Sprintf("Medians of %d rounds, %s, %d cores.", r.rounds, machine(), runtime.NumCPU())
	if r.quick {
		text += fmt.Sprintf(" QUICK: smaller counts, and %d documents where 1,000,000 stands.", r.documents)
	}
	return text
}

// machine names the processor.
func machine() string {
	raw, _ := os.ReadFile("/proc/cpuinfo") // without it the architecture has to do
	for l := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOOS + "/" + runtime.GOARCH
}

func (r *Report) value(f figure) string { return number(r.values[f.key], f.unit) }

// limits are must and aim with what the disk adds.
func (r *Report) limits(f figure) (must, aim float64) {
	sync := r.values["fdatasync_p99_ms"]
	return f.must + f.mustSync*sync, f.aim + f.aimSync*sync
}

func (r *Report) bounds(f figure) []string {
	if f.must == 0 {
		return []string{"", ""}
	}
	must, aim := r.limits(f)
	sign := "≥ "
	if f.atMost {
		sign = "≤ "
	}
	return []string{sign + number(must, f.unit), sign + number(aim, f.unit)}
}

func (r *Report) verdict(f figure) string {
	if f.must == 0 {
		return ""
	}
	must, aim := r.limits(f)
	holds := func(limit float64) bool {
		if f.atMost {
			return r.values[f.key] <= limit
		}
		return r.values[f.key] >= limit
	}
	switch {
	case holds(aim):
		return "aim"
	case holds(must):
		return "must"
	}
	return "MISSED"
}

func (r *Report) rate(key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("%.0f/s", r.values[key])
}

func number(v float64, unit string) string {
	switch {
	case unit == "":
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}
