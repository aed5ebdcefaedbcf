package rest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/pluginhost"
)

// Metrics is what /metrics shows: the REST interface, the bus (as its
// Observer), the channels and the process. It is made before the bus, which it
// is handed to.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	streams  prometheus.Gauge
	handled  *prometheus.HistogramVec
}

var _ bus.Observer = (*Metrics)(nil)

// NewMetrics makes metrics with a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "uzel_http_request_seconds",
			Help:    "Time to answer a request, by operation and class of status.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"operation", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "uzel_http_streams", Help: "Open event and log streams.",
		}),
		handled: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "uzel_bus_handler_seconds",
			Help:    "Time a handler took for an event, by what became of it.",
			Buckets: []float64{.0005, .001, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"handler", "topic", "outcome"}),
	}
	m.registry.MustRegister(m.requests, m.streams, m.handled)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handled implements bus.Observer.
func (m *Metrics) Handled(handler string, topic bus.Topic, outcome bus.Outcome, took time.Duration) {
	m.handled.WithLabelValues(handler, string(topic), string(outcome)).Observe(took.Seconds())
}

// channelMetrics reads the host's counters when Prometheus asks.
type channelMetrics struct{ host Host }

// channelCounter is one counter of every channel.
type channelCounter struct {
	desc *prometheus.Desc
	of   func(pluginhost.Stats) uint64
}

func counter(name, help string, of func(pluginhost.Stats) uint64) channelCounter {
	return channelCounter{prometheus.NewDesc("uzel_channel_"+name, help, []string{"channel", "plugin"}, nil), of}
}

func channelCounters() []channelCounter {
	return []channelCounter{
		counter("received_total", "Messages stored.", func(s pluginhost.Stats) uint64 { return s.Received }),
		counter("received_bytes_total", "Bytes of their files.", func(s pluginhost.Stats) uint64 { return s.ReceivedBytes }),
		counter("duplicates_total", "Messages offered again.", func(s pluginhost.Stats) uint64 { return s.Duplicates }),
		counter("refused_total", "Messages the hub did not take.", func(s pluginhost.Stats) uint64 { return s.Refused }),
		counter("sent_total", "Deliveries the outside system took.", func(s pluginhost.Stats) uint64 { return s.Sent }),
		counter("failed_total", "Attempts that failed or were rejected.", func(s pluginhost.Stats) uint64 { return s.Failed }),
		counter("unknown_total", "Attempts whose answer was lost.", func(s pluginhost.Stats) uint64 { return s.Unknown }),
		counter("restarts_total", "Falls of the process.", func(s pluginhost.Stats) uint64 { return s.Restarts }),
	}
}

func stateDesc() *prometheus.Desc {
	return prometheus.NewDesc("uzel_channel_running", "1 if the channel runs and its check passes.", []string{"channel", "plugin"}, nil)
}

// Describe implements prometheus.Collector.
func (m channelMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range channelCounters() {
		out <- c.desc
	}
	out <- stateDesc()
}

// Collect implements prometheus.Collector.
func (m channelMetrics) Collect(out chan<- prometheus.Metric) {
	state := stateDesc()
	counters := channelCounters()
	for _, s := range m.host.Stats() {
		labels := []string{string(s.Channel), s.Plugin}
		for _, c := range counters {
			out <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.of(s)), labels...)
		}
		running := 0.0
		if s.State == core.ChannelRunning {
			running = 1
		}
		out <- prometheus.MustNewConstMetric(state, prometheus.GaugeValue, running, labels...)
	}
}
