package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

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
		b.ResetTimer()
		r, err := pipe.Receive(b.Context(), source.Client, pipe.Options{Messages: b.N})
		report(b, r, err, source)
	})
	b.Run("forward", func(b *testing.B) {
		source, sink := start(b, binary), start(b, binary)
		b.ReportAllocs()
		b.ResetTimer()
		r, err := pipe.Forward(b.Context(), source.Client, sink.Client, pipe.Options{Messages: b.N})
		report(b, r, err, sink)
	})
}

func start(b *testing.B, binary string) *sdktest.Hub {
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
