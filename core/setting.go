package core

import "encoding/json"

// Setting is what an administrator has set in one section of the office's
// settings while the hub runs; core/settings knows the sections.
type Setting struct {
	Meta
	ID     string          `json:"id"` // of the section
	Values json.RawMessage `json:"values"`
}

// RecordKey implements Record.
func (s *Setting) RecordKey() string { return s.ID }
