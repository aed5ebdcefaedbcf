package core

// Organization (организация) is one of the companies the hub serves.
type Organization struct {
	Meta
	ID    OrganizationID `json:"id"`
	Title string         `json:"title"`
	INN   string         `json:"inn,omitempty"`
}

// RecordKey implements Record.
func (o *Organization) RecordKey() string { return string(o.ID) }
