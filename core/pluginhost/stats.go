package pluginhost

import "github.com/uzel-hub/uzel/core"

// counters are those of one channel since the hub's start; channel.mu guards
// them.
type counters struct {
	received, duplicates, refused, receivedBytes, batches uint64
	sent, failed, unknown                                 uint64
	restarts                                              uint64
}

// Stats are the counters of a channel since the hub's start, for metrics.
type Stats struct {
	Channel core.ChannelID
	Plugin  string
	State   core.ChannelState

	Received      uint64 // messages stored
	ReceivedBytes uint64 // of their files
	Duplicates    uint64 // messages offered again and only acknowledged
	Refused       uint64 // messages the hub did not take
	Batches       uint64 // transactions they were stored in

	Sent     uint64 // deliveries the outside system took
	Failed   uint64 // attempts that failed, or were rejected
	Unknown  uint64 // attempts whose answer was lost
	Restarts uint64 // of the process, after it fell
}

// Stats are the counters of all channels, by id.
func (h *Host) Stats() []Stats {
	all := h.all()
	out := make([]Stats, len(all))
	for i, c := range all {
		c.mu.Lock()
		n := c.counters
		out[i] = Stats{
			Channel: c.id, Plugin: c.status.Plugin, State: c.status.State,
			Received: n.received, ReceivedBytes: n.receivedBytes, Duplicates: n.duplicates,
			Refused: n.refused, Batches: n.batches,
			Sent: n.sent, Failed: n.failed, Unknown: n.unknown, Restarts: n.restarts,
		}
		c.mu.Unlock()
	}
	return out
}
