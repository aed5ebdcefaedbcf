package core

// AuditID sorts by time, like all ids.
type AuditID string

// AuditEntry is one line of the audit journal: who tried to change what, from
// where, and how it ended. It is written together with the first thing the
// operation writes, and never changed once the operation is over.
type AuditEntry struct {
	Meta
	ID    AuditID `json:"id"`
	Actor Actor   `json:"actor"`
	// Operation is the name of the REST operation (`documents.reply`) or of the
	// command (`user create`).
	Operation string `json:"operation"`
	Object    string `json:"object,omitempty"` // what it was done to: `documents/doc_…`
	Remote    string `json:"remote,omitempty"` // address it came from, empty on the machine itself
	Token     string `json:"token,omitempty"`  // id of the API token used
	Request   string `json:"request,omitempty"`
	// Outcome is `ok`, the code of the error, or `begun` for what works beyond the
	// store and has not ended.
	Outcome string `json:"outcome"`
}

// RecordKey implements Record.
func (e *AuditEntry) RecordKey() string { return string(e.ID) }

// SavedAnswer is what a request with an Idempotency-Key was answered. It is
// written in the transaction of the request's effect, so that the same request
// sent again finds either both or neither.
type SavedAnswer struct {
	Meta
	// ID is the SHA-256 of user, operation and key, hex.
	ID string `json:"id"`
	// Request is the SHA-256 of the request's content: the same key with another
	// content is a mistake of the caller.
	Request  string `json:"request"`
	Status   int    `json:"status"`
	Location string `json:"location,omitempty"`
	ETag     string `json:"etag,omitempty"`
	Body     []byte `json:"body"`
}

// RecordKey implements Record.
func (a *SavedAnswer) RecordKey() string { return a.ID }
