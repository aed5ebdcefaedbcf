package party

import (
	"context"
	"slices"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// What people wrote at work about a person: tasks with their comments, drafts
// with their versions, notes of mass operations.

// The fields of a task and of a draft that hold what people wrote.
var (
	taskFields  = []string{"title", "text", "result", "delegations", "deadline"}
	draftFields = []string{"subject", "visas", "problem", "steps"}
)

// unfinished tells why a document must wait for those who work on it, "" if
// nobody does.
func unfinished(tx store.Tx, d *core.Document) (string, error) {
	for draft, err := range store.Drafts.Find(tx, "in_reply_to", string(d.ID)) {
		if err != nil {
			return "", err
		}
		if !over(draft) {
			return keptDraft, nil
		}
	}
	for t, err := range store.Tasks.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return "", err
		}
		if !t.State.Ended() {
			return keptTask, nil
		}
	}
	return "", nil
}

// over tells that nobody works on the draft any more.
func over(d *core.Draft) bool { return d.State == core.DraftSent || d.State == core.DraftCancelled }

// work erases what people wrote at work about a document.
func (e *eraser) work(tx store.Tx, act *core.Erasure, id core.DocumentID) error {
	for t, err := range store.Tasks.Find(tx, "document", string(id)) {
		if err == nil {
			err = e.task(tx, act, t)
		}
		if err != nil {
			return err
		}
	}
	for d, err := range store.Drafts.Find(tx, "in_reply_to", string(id)) {
		if err == nil {
			err = e.draft(tx, act, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// task empties a task and those below it: a subtask quotes its parent.
func (e *eraser) task(tx store.Tx, act *core.Erasure, t *core.Task) error {
	if slices.Contains(act.Tasks, t.ID) {
		return nil
	}
	act.Tasks = append(act.Tasks, t.ID)
	act.Audit += countAudit(tx, "tasks/"+string(t.ID))
	emptyTask(act, t)
	if err := store.Tasks.Put(tx, t); err != nil {
		return err
	}
	if err := store.Tasks.Redact(tx, string(t.ID), taskFields...); err != nil {
		return err
	}
	for c, err := range store.TaskComments.Find(tx, "task", string(t.ID)) {
		if err != nil {
			return err
		}
		if c.Text = ""; c.Act == core.TaskCommented {
			c.Text = ErasedText
		}
		if err := store.TaskComments.Put(tx, c); err != nil {
			return err
		}
	}
	for sub, err := range store.Tasks.Find(tx, "parent", string(t.ID)) {
		if err == nil {
			err = e.task(tx, act, sub)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// emptyTask keeps who did what by when.
func emptyTask(act *core.Erasure, t *core.Task) {
	t.Title, t.Text = ErasedText, ""
	if t.Result != nil {
		doom(act, t.Result.Files)
		result := *t.Result
		result.Text, result.Files = "", nil
		t.Result = &result
	}
	t.Delegations = slices.Clone(t.Delegations)
	for i := range t.Delegations {
		t.Delegations[i].Reason = ""
	}
	t.Deadline = emptyDeadline(t.Deadline)
}

// emptyDeadline is a term without what people said when they changed it.
func emptyDeadline(d *core.Deadline) *core.Deadline {
	if d == nil {
		return nil
	}
	out := *d
	out.Pauses, out.Extensions = slices.Clone(d.Pauses), slices.Clone(d.Extensions)
	for i := range out.Pauses {
		out.Pauses[i].Reason = ""
	}
	for i := range out.Extensions {
		out.Extensions[i].Reason = ""
	}
	return &out
}

// draft empties a draft with all its versions and the tasks of its approval.
func (e *eraser) draft(tx store.Tx, act *core.Erasure, d *core.Draft) error {
	if slices.Contains(act.Drafts, d.ID) {
		return nil
	}
	act.Drafts = append(act.Drafts, d.ID)
	act.Audit += countAudit(tx, "drafts/"+string(d.ID))
	for n := 1; n <= d.Versions; n++ {
		if err := e.version(tx, act, core.DraftVersionKey(d.ID, n)); err != nil {
			return err
		}
	}
	d.Subject, d.Problem = ErasedText, ""
	d.Visas = slices.Clone(d.Visas)
	for i := range d.Visas {
		v := &d.Visas[i]
		if v.Signature != nil {
			doom(act, []core.Attachment{*v.Signature})
		}
		v.Remarks, v.Signature = "", nil
	}
	if err := store.Drafts.Put(tx, d); err != nil {
		return err
	}
	if err := store.Drafts.Redact(tx, string(d.ID), draftFields...); err != nil {
		return err
	}
	if err := signatures(tx, act, "draft", string(d.ID)); err != nil {
		return err
	}
	for t, err := range store.Tasks.Find(tx, "draft", string(d.ID)) {
		if err == nil {
			err = e.task(tx, act, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *eraser) version(tx store.Tx, act *core.Erasure, key string) error {
	v, err := store.DraftVersions.GetAny(tx, key)
	if err != nil {
		return unlessMissing(err)
	}
	doom(act, v.Files)
	v.Subject, v.Text, v.Note, v.Files = ErasedText, "", "", nil
	v.To = slices.Clone(v.To)
	for i := range v.To {
		v.To[i] = blankOne(v.To[i])
	}
	return store.DraftVersions.Put(tx, v)
}

// looseDrafts erases drafts to the person that answer none of his documents.
func (e *eraser) looseDrafts(ctx context.Context) error {
	found, next, err := portion(ctx, e.Store, store.Drafts, e.act.Cursor, e.Portion, func(tx store.Tx, d *core.Draft) bool {
		return e.before(d.Meta) && e.who.addressed(tx, d)
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, d := range found {
			if err := e.looseDraft(tx, act, string(d.ID)); err != nil {
				return err
			}
		}
		advance(act, next, core.ErasingMass)
		return nil
	})
}

// looseDraft leaves a draft alone that answers a document which was kept, or
// that somebody still works on.
func (e *eraser) looseDraft(tx store.Tx, act *core.Erasure, id string) error {
	d, err := store.Drafts.GetAny(tx, id)
	if err != nil || slices.Contains(act.Drafts, d.ID) {
		return err
	}
	switch {
	case !over(d):
		act.KeptDrafts = append(act.KeptDrafts, core.KeptDraft{ID: d.ID, Reason: keptDraft})
		return nil
	case d.InReplyTo == "":
		return e.draft(tx, act, d)
	}
	origin, err := store.Documents.GetAny(tx, string(d.InReplyTo))
	if err != nil {
		return unlessMissing(err)
	}
	if slices.ContainsFunc(act.Kept, func(k core.KeptDocument) bool { return k.ID == origin.ID }) {
		act.KeptDrafts = append(act.KeptDrafts, core.KeptDraft{ID: d.ID, Reason: keptWith})
		return nil
	}
	return e.draft(tx, act, d)
}

// addressed tells that a version of the draft is to the person and to nobody
// else.
func (w *person) addressed(tx store.Tx, d *core.Draft) bool {
	for n := 1; n <= d.Versions; n++ {
		v, err := store.DraftVersions.GetAny(tx, core.DraftVersionKey(d.ID, n))
		if err == nil && len(v.To) > 0 && !slices.ContainsFunc(v.To, func(c core.Correspondent) bool { return !w.is(c) }) {
			return true
		}
	}
	return false
}

// textErased stands in the place of what a mass operation noted.
const textErased = "данные документа удалены по акту"

// massItems takes out what mass operations noted of emptied documents: without
// it they cannot be put back, and must not be.
func (e *eraser) massItems(ctx context.Context) error {
	ours := map[core.DocumentID]bool{}
	for _, d := range e.act.Documents {
		ours[d.ID] = !d.Part
	}
	found, next, err := portion(ctx, e.Store, store.MassGroups, e.act.Cursor, e.Portion, func(_ store.Tx, g *core.MassGroup) bool {
		return slices.ContainsFunc(g.Items, func(i core.MassItem) bool { return ours[i.Document] })
	})
	if err != nil {
		return err
	}
	return e.step(ctx, func(tx store.Tx, act *core.Erasure) error {
		for _, g := range found {
			if err := emptyGroup(tx, act, g.RecordKey(), ours); err != nil {
				return err
			}
		}
		advance(act, next, core.ErasingAnswers)
		return nil
	})
}

func emptyGroup(tx store.Tx, act *core.Erasure, key string, ours map[core.DocumentID]bool) error {
	g, err := store.MassGroups.Get(tx, key)
	if err != nil {
		return err
	}
	for i := range g.Items {
		item := &g.Items[i]
		if !ours[item.Document] || item.Outcome == core.MassItemWaiting {
			continue
		}
		if item.Outcome == core.MassItemDone {
			item.Outcome, item.Code = core.MassItemStuck, "document.erased"
		}
		item.Saved, item.Text = nil, textErased
		act.MassItems++
	}
	return store.MassGroups.Put(tx, g)
}

// countAudit is how many entries of the journal are about an object.
func countAudit(tx store.Tx, object string) (n int) {
	for range store.Audit.FindKeys(tx, "object", object) {
		n++
	}
	return n
}
