package catalog

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Manifest is what a plugin says about itself. The catalog asks the binary once
// and keeps the answer, so that nothing has to be started to show a form.
type Manifest struct {
	Name      string             `json:"name"`    // Latin lower case, the name in the catalog
	Title     string             `json:"title"`   // for people, in Russian
	Summary   string             `json:"summary"` // one or two sentences, in Russian
	Version   string             `json:"version"` // semantic version
	SDK       string             `json:"sdk,omitempty"`
	Abilities []Ability          `json:"abilities,omitempty"`
	Purposes  []core.Purpose     `json:"purposes,omitempty"`
	Kinds     []core.MessageKind `json:"kinds,omitempty"` // what it may bring; nothing else is taken
	// Operations it can run and services (of the hub or of other channels) it
	// may call.
	Operations []Operation `json:"operations,omitempty"`
	Calls      []string    `json:"calls,omitempty"`
	Limits     Limits      `json:"limits"`
	// SettingsSchema is the JSON Schema (draft 2020-12) of the settings;
	// Generated are the paths of settings the hub fills in.
	SettingsSchema json.RawMessage `json:"settings_schema,omitempty"`
	Generated      []string        `json:"generated,omitempty"`
	// Directories are directory types of the plugin's own.
	Directories json.RawMessage `json:"directories,omitempty"`
}

// Ability is one of the things a connector can do.
type Ability string

// The abilities.
const (
	Receives Ability = "receive"
	Sends    Ability = "send"
	Tracks   Ability = "track"
	Hooks    Ability = "hook"
	Operates Ability = "operate"
)

// Can tells whether the plugin has the ability.
func (m *Manifest) Can(a Ability) bool { return slices.Contains(m.Abilities, a) }

// Carries tells whether the plugin delivers for the purpose.
func (m *Manifest) Carries(p core.Purpose) bool {
	return m.Can(Sends) && slices.Contains(m.Purposes, p)
}

// MayCall tells whether the plugin declared that it calls the service.
func (m *Manifest) MayCall(service string) bool { return slices.Contains(m.Calls, service) }

// Operation finds an operation by name.
func (m *Manifest) Operation(name string) (Operation, bool) {
	i := slices.IndexFunc(m.Operations, func(o Operation) bool { return o.Name == name })
	if i < 0 {
		return Operation{}, false
	}
	return m.Operations[i], true
}

// Place is where an operation belongs.
type Place string

// The places of operations.
const (
	PlaceDocument Place = "document" // a button on the card
	PlaceAccount  Place = "account"  // a panel beside an appeal
	PlaceChannel  Place = "channel"  // an administrator's button or a background job
	PlaceService  Place = "service"  // called by other connectors
)

// Operation is one operation; the web UI draws its form and results from the
// schemas.
type Operation struct {
	Name         string          `json:"name"`
	Title        string          `json:"title"`
	Help         string          `json:"help,omitempty"`
	Place        Place           `json:"place"`
	InputSchema  json.RawMessage `json:"input_schema,omitempty"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	// Every is how often the hub runs it by itself; zero = only by hand.
	Every    time.Duration `json:"every,omitempty"` // nanoseconds
	FilesIn  bool          `json:"files_in,omitempty"`
	FilesOut bool          `json:"files_out,omitempty"`
	Confirm  bool          `json:"confirm,omitempty"`
	Roles    []core.Role   `json:"roles,omitempty"` // empty: who works on documents
}

// Limits are those of the outside system. Zero means none.
type Limits struct {
	MessageBytes   int64    `json:"message_bytes,omitempty"` // of one outgoing message with its files
	FileBytes      int64    `json:"file_bytes,omitempty"`
	Files          int      `json:"files,omitempty"`
	TextRunes      int64    `json:"text_runes,omitempty"`
	FileTypes      []string `json:"file_types,omitempty"` // media types or extensions; empty = any
	MayWriteFirst  bool     `json:"may_write_first,omitempty"`
	KnowsDelivered bool     `json:"knows_delivered,omitempty"`
	KnowsRead      bool     `json:"knows_read,omitempty"`
	Concurrency    int      `json:"concurrency,omitempty"` // deliveries under way at once; 0 = 1
	PerSecond      float64  `json:"per_second,omitempty"`
	// Idempotent: the outside system drops a second delivery with the same id.
	Idempotent bool `json:"idempotent,omitempty"`
}
