package store

import "github.com/uzel-hub/uzel/core"

// Tables of mass operations. What they did stands in the history of the
// documents.
var (
	MassRuns = Define("mass_runs",
		Index[core.MassRun]{Name: "active", Keys: func(r *core.MassRun) []string {
			if !r.Active() {
				return nil
			}
			return []string{"1"}
		}},
	).WithoutHistory()
	MassGroups = Define[core.MassGroup]("mass_groups").WithoutHistory()
)
