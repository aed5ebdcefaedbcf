package party

import (
	"context"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

type exportedTask struct {
	Task     *core.Task          `json:"task"`
	History  []store.Entry       `json:"history"`
	Comments []*core.TaskComment `json:"comments"`
	Audit    []*core.AuditEntry  `json:"audit"`
}

type exportedDraft struct {
	Draft    *core.Draft          `json:"draft"`
	History  []store.Entry        `json:"history"`
	Versions []*core.DraftVersion `json:"versions"`
	Audit    []*core.AuditEntry   `json:"audit"`
}

// work writes the tasks and drafts about a document that is the person's own, or
// answers him.
func (x *export) work(ctx context.Context, d *core.Document) error {
	var tasks []exportedTask
	var drafts []exportedDraft
	err := x.Store.View(ctx, func(tx store.Tx) (err error) {
		if tasks, err = tasksUnder(tx, nil, "document", string(d.ID)); err != nil {
			return err
		}
		drafts = nil
		for draft, err := range store.Drafts.Find(tx, "in_reply_to", string(d.ID)) {
			if err != nil {
				return err
			}
			out, err := draftOf(tx, draft)
			if err != nil {
				return err
			}
			drafts = append(drafts, out)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, out := range drafts {
		if err := x.draft(ctx, out); err != nil {
			return err
		}
	}
	return x.tasks(ctx, tasks)
}

// tasksUnder reads the tasks an index has under the value, and those below them.
func tasksUnder(tx store.Tx, out []exportedTask, index, value string) ([]exportedTask, error) {
	for t, err := range store.Tasks.Find(tx, index, value) {
		if err != nil {
			return nil, err
		}
		one := exportedTask{Task: t, Comments: []*core.TaskComment{}}
		if one.History, err = history(tx, store.Tasks, string(t.ID)); err != nil {
			return nil, err
		}
		if one.Audit, err = lines(tx, "tasks/"+string(t.ID)); err != nil {
			return nil, err
		}
		for c, err := range store.TaskComments.Find(tx, "task", string(t.ID)) {
			if err != nil {
				return nil, err
			}
			one.Comments = append(one.Comments, c)
		}
		if out, err = tasksUnder(tx, append(out, one), "parent", string(t.ID)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (x *export) tasks(ctx context.Context, tasks []exportedTask) error {
	for _, out := range tasks {
		name := "tasks/" + string(out.Task.ID) + ".json"
		if x.written[name] {
			continue
		}
		x.written[name] = true
		if out.Task.Result != nil {
			if err := x.bodies(ctx, out.Task.Result.Files); err != nil {
				return err
			}
		}
		x.manifest.Tasks++
		x.manifest.Audit += len(out.Audit)
		if err := x.entry(name, out); err != nil {
			return err
		}
	}
	return nil
}

func draftOf(tx store.Tx, d *core.Draft) (out exportedDraft, err error) {
	out = exportedDraft{Draft: d, Versions: []*core.DraftVersion{}}
	if out.History, err = history(tx, store.Drafts, string(d.ID)); err != nil {
		return out, err
	}
	if out.Audit, err = lines(tx, "drafts/"+string(d.ID)); err != nil {
		return out, err
	}
	for n := 1; n <= d.Versions; n++ {
		v, err := store.DraftVersions.GetAny(tx, core.DraftVersionKey(d.ID, n))
		if unlessMissing(err) != nil {
			return out, err
		}
		if err == nil {
			out.Versions = append(out.Versions, v)
		}
	}
	return out, nil
}

func (x *export) draft(ctx context.Context, out exportedDraft) error {
	name := "drafts/" + string(out.Draft.ID) + ".json"
	if x.written[name] {
		return nil
	}
	x.written[name] = true
	for _, v := range out.Versions {
		if err := x.bodies(ctx, v.Files); err != nil {
			return err
		}
	}
	x.manifest.Drafts++
	x.manifest.Audit += len(out.Audit)
	return x.entry(name, out)
}

// drafts writes those to the person that answer none of his documents.
func (x *export) drafts(ctx context.Context) error {
	for cursor, more := "", true; more; more = cursor != "" {
		found, next, err := portion(ctx, x.Store, store.Drafts, cursor, x.Portion, x.who.addressed)
		if err != nil {
			return err
		}
		for _, d := range found {
			var out exportedDraft
			err := x.Store.View(ctx, func(tx store.Tx) (err error) {
				out, err = draftOf(tx, d)
				return err
			})
			if err == nil {
				err = x.draft(ctx, out)
			}
			if err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}
