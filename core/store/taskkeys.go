package store

import "github.com/uzel-hub/uzel/core"

// TaskOpen and TaskDated are the values of the index "open" of tasks.
const (
	TaskOpen  = "open"  // has not ended
	TaskDated = "dated" // has not ended, and has a deadline
)

func taskOpen(t *core.Task) []string {
	switch {
	case t.State.Ended():
		return nil
	case t.Deadline == nil:
		return []string{TaskOpen}
	}
	return []string{TaskOpen, TaskDated}
}

func taskPerformers(t *core.Task) []string {
	out := some(string(t.Performer))
	for _, u := range t.CoPerformers {
		out = append(out, string(u))
	}
	return out
}

func draftAsked(d *core.Draft) []string {
	if d.State != core.DraftApproval {
		return nil
	}
	var out []string
	for _, step := range d.Steps {
		if step.State == core.StepAsked {
			out = append(out, string(step.User))
		}
	}
	return out
}
