package store

import "github.com/uzel-hub/uzel/core"

// Tasks, their comments, and drafts with their texts.
var (
	Tasks = Define("tasks",
		// performer finds a task under all who do it, controller under who accepts it.
		Index[core.Task]{Name: "performer", Keys: taskPerformers},
		Index[core.Task]{Name: "author", Keys: func(t *core.Task) []string { return []string{string(t.Author)} }},
		Index[core.Task]{Name: "controller", Keys: func(t *core.Task) []string { return some(string(t.Acceptor())) }},
		Index[core.Task]{Name: "document", Keys: func(t *core.Task) []string { return some(string(t.Document)) }},
		Index[core.Task]{Name: "draft", Keys: func(t *core.Task) []string { return some(string(t.Draft)) }},
		Index[core.Task]{Name: "parent", Keys: func(t *core.Task) []string { return some(string(t.Parent)) }},
		Index[core.Task]{Name: "kind", Keys: func(t *core.Task) []string { return []string{string(t.Kind)} }},
		Index[core.Task]{Name: "state", Keys: func(t *core.Task) []string { return []string{string(t.State)} }},
		// open and dated are small whatever the age of the hub: what has not ended,
		// and what of it has a deadline.
		Index[core.Task]{Name: "open", Keys: taskOpen},
		Index[core.Task]{Name: "deadline", Keys: taskDeadline},
	)
	TaskComments = Define("task_comments",
		Index[core.TaskComment]{Name: "task", Keys: func(c *core.TaskComment) []string { return []string{string(c.Task)} }},
	).WithoutHistory()

	Drafts = Define("drafts",
		Index[core.Draft]{Name: "state", Keys: func(d *core.Draft) []string { return []string{string(d.State)} }},
		Index[core.Draft]{Name: "author", Keys: func(d *core.Draft) []string { return []string{string(d.Author)} }},
		Index[core.Draft]{Name: "in_reply_to", Keys: func(d *core.Draft) []string { return some(string(d.InReplyTo)) }},
		// asked finds a draft under all who must say something about it now.
		Index[core.Draft]{Name: "asked", Keys: draftAsked},
	)
	DraftVersions = Define[core.DraftVersion]("draft_versions").WithoutHistory()
)
