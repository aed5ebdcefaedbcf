package store

import "github.com/uzel-hub/uzel/core"

// Tables of background jobs: what people set, and how they fare.
var (
	Jobs      = Define[core.Job]("jobs")
	JobStates = Define[core.JobState]("job_states").WithoutHistory()
)
