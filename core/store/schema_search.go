package store

import "github.com/uzel-hub/uzel/core"

// Filters holds saved filters. The index "seen" has those a user sees under the
// user's id, and what all see under SharedFilters.
var Filters = Define("filters",
	Index[core.Filter]{Name: "seen", Keys: func(f *core.Filter) []string {
		if f.Shared {
			return []string{string(f.Owner), SharedFilters}
		}
		return []string{string(f.Owner)}
	}},
)

// SharedFilters is the value of the index "seen" of filters all users see.
const SharedFilters = "*"
