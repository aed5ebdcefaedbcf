package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/plugin"
	"github.com/uzel-hub/uzel/api/plugin/pipe"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// BenchmarkPipe is the floor: messages of 2 KB + 20 KB a second over a real
// process with AutoMTLS, window 256, into a hub that keeps nothing; and the same
// with each delivered to a second process.
func BenchmarkPipe(b *testing.B) {
	binary := sdktest.Build(b, ".")
	b.Run("receive", func(b *testing.B) {
		source := start(b, binary)
		b.ReportAllocs()
		used := cpu(b, source)
		b.ResetTimer()
		r, err := pipe.Receive(b.Context(), source.Client, pipe.Options{Messages: b.N})
		report(b, r, err, source)
		b.ReportMetric(micros(cpu(b, source)-used)/float64(b.N), "cpu-µs/msg")
	})
	b.Run("forward", func(b *testing.B) {
		source, sink := start(b, binary), start(b, binary)
		b.ReportAllocs()
		used := cpu(b, source, sink)
		b.ResetTimer()
		r, err := pipe.Forward(b.Context(), source.Client, sink.Client, pipe.Options{Messages: b.N})
		report(b, r, err, sink)
		b.ReportMetric(micros(cpu(b, source, sink)-used)/float64(b.N), "cpu-µs/msg")
	})
}

func TestPipeMovesEverything(t *testing.T) {
	binary := sdktest.Build(t, ".")
	for _, size := range []int{100, 20 << 10, 300 << 10} { // inline, and in pieces
		source, sink := start(t, binary), start(t, binary)
		if err := source.Configure(map[string]any{"file_bytes": size, "text_bytes": 50}, nil); err != nil {
			t.Fatal(err)
		}
		const n = 40
		r, err := pipe.Receive(t.Context(), source.Client, pipe.Options{Messages: n, Window: 7})
		if want := int64(n * (size + 50)); err != nil || r.Messages != n || r.Bytes != want {
			t.Errorf("received %+v, %v; want %d bytes", r, err, want)
		}
		if r, err = pipe.Forward(t.Context(), source.Client, sink.Client, pipe.Options{Messages: n}); err != nil || r.Messages != n {
			t.Errorf("forwarded %+v, %v", r, err)
		}
	}
}

func TestPipeTellsWhyItEnded(t *testing.T) {
	source := sdktest.Process(t, sdktest.Build(t, "."), nil)
	if _, err := pipe.Receive(t.Context(), source.Client, pipe.Options{Messages: 1}); plugin.FaultOf(err).GetCode() != plugin.CodeUnconfigured {
		t.Error(err)
	}
}

func start(b testing.TB, binary string) *sdktest.Hub {
	b.Helper()
	h := sdktest.Process(b, binary, nil)
	if err := h.Configure(map[string]any{}, nil); err != nil {
		b.Fatal(err)
	}
	return h
}

func report(b *testing.B, r pipe.Result, err error, h *sdktest.Hub) {
	b.Helper()
	b.StopTimer()
	if err != nil || r.Messages != b.N {
		b.Fatal(r, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(rss(b, h.PID()), "connector-rss-MB")
	b.SetBytes(r.Bytes / int64(b.N))
}

// cpu is the processor time that this process and the connectors have used: it
// tells more than the rate when others use the machine.
func cpu(b *testing.B, connectors ...*sdktest.Hub) time.Duration {
	b.Helper()
	total := stat(b, "self")
	for _, c := range connectors {
		total += stat(b, c.PID())
	}
	return total
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// stat is user and system time of a process; the kernel counts in hundredths
// of a second.
func stat(b *testing.B, pid string) time.Duration {
	b.Helper()
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest) // the first is the third of proc(5)
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// rss is the resident memory of a process in MB.
func rss(b *testing.B, pid string) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 64)
			if err != nil {
				b.Fatal(err)
			}
			return n / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
