package core

// FilterList names the list a saved filter belongs to.
type FilterList string

const (
	FilterDocuments FilterList = "documents"
	FilterSearch    FilterList = "search"
	FilterReports   FilterList = "reports"
	FilterAppeals   FilterList = "appeals"
)

// Filter (сохранённый фильтр) is a query a user has given a name. Values are the
// parameters of the list, as they stand in its address.
type Filter struct {
	Meta
	ID     FilterID          `json:"id"`
	Owner  UserID            `json:"owner"`
	Title  string            `json:"title"`
	List   FilterList        `json:"list"`
	Values map[string]string `json:"values"`
	Shared bool              `json:"shared"` // all users see it; only its owner and administrators change it
}

// RecordKey implements Record.
func (f *Filter) RecordKey() string { return string(f.ID) }
