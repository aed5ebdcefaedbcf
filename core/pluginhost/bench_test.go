package pluginhost_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	line "github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// The document of the benchmarks: 2 KB of text, a file of 20 KB.
func benchSettings(world string) set {
	return set{"world": world, "receive": "bench", "size": 20480, "text": 2048}
}

// BenchmarkPipe moves the messages of BenchmarkIngest over the line and
// acknowledges them at once: the floor its rate is compared with.
func BenchmarkPipe(b *testing.B) {
	client := goplugin.NewClient(line.ClientConfig(exec.Command(plugin(b, identity{})), hclog.NewNullLogger()))
	defer client.Kill()
	conn, err := line.Dial(client)
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{t: b, world: b.TempDir()}
	ch := r.draft("c", "test", benchSettings(r.world))
	reply, err := conn.Configure(b.Context(), &pluginv1.ConfigureRequest{
		Settings: ch.Settings, Scratch: b.TempDir(),
	})
	if err != nil || reply.GetFault() != nil {
		b.Fatal(err, reply.GetFault())
	}
	stream, err := conn.Receive(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	start := &pluginv1.ReceiveStart{Window: 256, WindowBytes: 8 << 20}
	if err := stream.Send(&pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Start{Start: start}}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(2048 + 20480)
	b.ResetTimer()
	for n := 0; n < b.N; {
		down, err := stream.Recv()
		if err != nil {
			b.Fatal(err)
		}
		f := down.GetFrame()
		if !f.GetEnd() {
			continue
		}
		n++
		ack := &pluginv1.ReceiveUp{Step: &pluginv1.ReceiveUp_Ack{Ack: &pluginv1.Ack{Seq: f.GetSeq()}}}
		if n%16 == 0 {
			if err := stream.Send(ack); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkIngest brings messages in through a channel: durable, deduplicated,
// acknowledged.
func BenchmarkIngest(b *testing.B) {
	r := newRig(b, nil)
	b.SetBytes(2048 + 20480)
	b.ResetTimer()
	r.channel("c", "test", benchSettings(r.world))
	await(b, "the first message", func() bool { return r.status("c").Received > 0 })
	first := r.status("c").Received
	b.ResetTimer()
	for r.host.Stats()[0].Received < first+uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	s := r.host.Stats()[0]
	b.ReportMetric(float64(s.Received)/float64(s.Batches), "messages/batch")
}

// BenchmarkStart12 starts twelve channels at once and waits until each is
// configured and checked.
func BenchmarkStart12(b *testing.B) {
	r := newRig(b, nil)
	r.stop()
	for i := range 12 {
		ch := r.draft(core.ChannelID(fmt.Sprint("c", i)), "test", nil)
		err := r.store.Update(b.Context(), func(tx store.Tx) error { return store.Channels.Put(tx, &ch) })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		host, stop := r.run(r.options())
		await(b, "twelve channels", func() bool {
			n := 0
			for _, s := range host.Stats() {
				if s.State == core.ChannelRunning {
					n++
				}
			}
			return n == 12
		})
		b.StopTimer()
		stop()
		b.StartTimer()
	}
}

// BenchmarkDeliver takes queued deliveries of the same document out.
func BenchmarkDeliver(b *testing.B) {
	r := newRig(b, nil)
	r.add(identity{Name: "fast", Concurrency: 64})
	file := r.attach(strings.Repeat("x", 20480))
	for done := 0; done < b.N; done += 500 {
		err := r.store.Update(b.Context(), func(tx store.Tx) error {
			for range min(500, b.N-done) {
				if _, err := queueIn(tx, "c", core.PurposeAnswer, file); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(2048 + 20480)
	b.ResetTimer()
	r.channel("c", "fast", set{"send": "drop"})
	for r.host.Stats()[0].Sent < uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
