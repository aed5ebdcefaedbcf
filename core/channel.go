package core

import (
	"encoding/json"
	"time"
)

// ChannelState is the life of a channel's process.
type ChannelState string

const (
	ChannelStopped  ChannelState = "stopped"
	ChannelStarting ChannelState = "starting"
	ChannelRunning  ChannelState = "running"
	ChannelDegraded ChannelState = "degraded" // runs, but its check fails, or fell and is started again: Reason says why
	ChannelStopping ChannelState = "stopping"
	ChannelFailed   ChannelState = "failed" // fell too often: waits for a person or a new setting
)

// Channel (канал) is one configured connection of a connector. What is kept is
// what a person set; how it fares at the moment is ChannelStatus.
type Channel struct {
	Meta
	ID           ChannelID      `json:"id"`
	Title        string         `json:"title"`
	Organization OrganizationID `json:"organization,omitempty"`
	Plugin       string         `json:"plugin"`                   // name in the catalog
	Version      string         `json:"plugin_version,omitempty"` // pinned version; empty = the catalog's current one
	Enabled      bool           `json:"enabled"`
	PausedIn     bool           `json:"paused_in"`
	PausedOut    bool           `json:"paused_out"`
	// Settings are the connector's own settings as JSON, without secrets.
	Settings json.RawMessage `json:"settings"`
	// Secrets are the secret settings by field path, each encrypted. They leave
	// the store towards the plugin only.
	Secrets map[string][]byte `json:"secrets,omitempty" history:"hidden"`
	// Journal numbers what comes in here; empty = the default journal.
	Journal JournalID `json:"journal,omitempty"`
	// ForwardTo are channels that get every document registered here, with
	// purpose forward (Передавать в систему).
	ForwardTo []ChannelID `json:"forward_to,omitempty"`
	// Appeals makes an appeal of every document registered here, not only of those
	// that came as appeals and chats.
	Appeals bool `json:"appeals,omitempty"`
	// Notices are the ways of telling applicants of the end of an appeal that go
	// out here (its connector must carry the purpose notice).
	Notices []NotifyWay `json:"notices,omitempty"`
	// Concurrency bounds deliveries under way at once; 0 = what the connector says.
	Concurrency int `json:"concurrency,omitempty"`
}

// RecordKey implements Record.
func (c *Channel) RecordKey() string { return string(c.ID) }

// Cursor is a connector's own opaque mark of how far it has read, kept by the
// hub and moved in the transaction that stores the message before it.
type Cursor struct {
	Meta
	Channel ChannelID `json:"channel"`
	Value   []byte    `json:"value"`
}

// RecordKey implements Record.
func (c *Cursor) RecordKey() string { return string(c.Channel) }

// ChannelStatus is how a channel fares at the moment. It is not stored.
type ChannelStatus struct {
	Channel   ChannelID    `json:"channel"`
	State     ChannelState `json:"state"`
	Since     time.Time    `json:"since"`
	Reason    string       `json:"reason,omitempty"` // for people: why degraded or failed
	Field     string       `json:"field,omitempty"`  // the setting at fault
	Plugin    string       `json:"plugin"`
	Version   string       `json:"version"`
	PID       int          `json:"pid,omitempty"`
	StartedAt *time.Time   `json:"started_at,omitempty"`
	Restarts  int          `json:"restarts"` // since the hub's start
	MemoryMB  float64      `json:"memory_mb,omitempty"`
	Received  uint64       `json:"received"` // messages stored since the hub's start
	Sent      uint64       `json:"sent"`
	Failed    uint64       `json:"failed"`
	Hour      Traffic      `json:"hour"`   // of the last hour
	Queued    int          `json:"queued"` // deliveries that wait, counted up to 1000
	// QueuedSince is when the oldest of them was asked for.
	QueuedSince *time.Time `json:"queued_since,omitempty"`
	LastInAt    *time.Time `json:"last_in_at,omitempty"`
	LastOutAt   *time.Time `json:"last_out_at,omitempty"`
	CheckedAt   *time.Time `json:"checked_at,omitempty"`
	NextTryAt   *time.Time `json:"next_try_at,omitempty"`
	// LastError is what went wrong last, though it may be over; for people.
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
}

// Traffic is what went through a channel within some time.
type Traffic struct {
	Received uint32 `json:"received"` // messages stored
	Refused  uint32 `json:"refused"`  // messages the hub did not take
	Sent     uint32 `json:"sent"`     // deliveries the outside system took
	Failed   uint32 `json:"failed"`   // attempts that failed, or were rejected
}

// Add counts other with t.
func (t *Traffic) Add(other Traffic) {
	t.Received += other.Received
	t.Refused += other.Refused
	t.Sent += other.Sent
	t.Failed += other.Failed
}

// TrafficAt is the traffic of a span of time that begins at At.
type TrafficAt struct {
	At time.Time `json:"at"`
	Traffic
}
