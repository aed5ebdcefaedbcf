package party_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

const herDocument, hisDocument = "doc_00000000000000000000000000", "doc_00000000000000000000000001"

// labour is what people wrote at work about a document: a task with a subtask, a
// comment and a result, an answer's draft with two versions and a visa, and a
// note of a mass operation.
func labour(t *testing.T, w *world, document core.DocumentID, to core.Correspondent, name, text string) {
	t.Helper()
	file, err := w.file(t.Context(), "результат "+name)
	if err != nil {
		t.Fatal(err)
	}
	draft := core.DraftID("drf_" + name)
	version := func(n int) *core.DraftVersion {
		return &core.DraftVersion{Draft: draft, Number: n, Subject: text, Text: text, Note: text, To: []core.Correspondent{to}, Files: []core.Attachment{file}}
	}
	d := &core.Draft{
		ID: draft, State: core.DraftEditing, Subject: text, Author: "usr_1", InReplyTo: document, Versions: 2,
		Visas: []core.Visa{{By: "usr_2", Remarks: text, Signature: &file}}, Problem: text,
	}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		return errors.Join(store.Drafts.Put(tx, d), store.DraftVersions.Put(tx, version(1)), store.DraftVersions.Put(tx, version(2)))
	})
	coretest.Update(t, w.store, func(tx store.Tx) error { // history
		d.Subject, d.State = "ещё: "+text, core.DraftSent
		return store.Drafts.Put(tx, d)
	})
	if document != "" {
		tasks(t, w, document, name, text, file)
	}
}

func tasks(t *testing.T, w *world, document core.DocumentID, name, text string, file core.Attachment) {
	t.Helper()
	task := core.Task{
		ID: core.TaskID("tsk_" + name), Kind: core.TaskAssignment, State: core.TaskClosed, Title: text, Text: text, Document: document, Author: "usr_1",
		Result:      &core.TaskResult{Text: text, Files: []core.Attachment{file}},
		Delegations: []core.Delegation{{Reason: text}},
		Deadline:    &core.Deadline{Extensions: []core.Extension{{Reason: text}}},
	}
	sub := core.Task{ID: core.TaskID("tsk_sub_" + name), Kind: core.TaskPlain, State: core.TaskClosed, Title: text, Parent: task.ID, Author: "usr_1"}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		return errors.Join(
			store.Tasks.Put(tx, &task), store.Tasks.Put(tx, &sub),
			store.TaskComments.Put(tx, &core.TaskComment{ID: core.TaskCommentID("tcm_" + name), Task: task.ID, Act: core.TaskCommented, Text: text}),
			store.MassGroups.Put(tx, &core.MassGroup{Run: core.MassID("mas_" + name), Items: []core.MassItem{
				{Document: document, Outcome: core.MassItemDone, Text: text, Saved: json.RawMessage(`{"comment":"` + text + `"}`)},
			}}),
			store.Audit.Put(tx, &core.AuditEntry{ID: core.AuditID("aud_t" + name), Operation: "tasks.close", Object: "tasks/" + string(task.ID), Outcome: "ok"}),
		)
	})
	coretest.Update(t, w.store, func(tx store.Tx) error { // history
		task.Text, sub.Title = "ещё: "+text, "ещё: "+text
		return errors.Join(store.Tasks.Put(tx, &task), store.Tasks.Put(tx, &sub))
	})
}

// busy is an office at work on a letter of hers, one of another's, and a letter of
// its own to her.
func busy(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		return store.Documents.Put(tx, &core.Document{ID: hisDocument, Direction: core.Incoming, State: core.DocumentRegistered, Sender: petr(), Thread: hisDocument})
	})
	labour(t, w, herDocument, anna(), "her", annaText)
	labour(t, w, hisDocument, petr(), "his", "чужая работа")
	labour(t, w, "", anna(), "loose", annaText)
	return w
}

func TestErasureEmptiesWhatPeopleWroteAtWork(t *testing.T) {
	w := busy(t)
	act := w.erase(t)
	if found := mentions(w.everything(t)); len(found) > 0 {
		t.Errorf("%q is left in\n%s", found, w.everything(t))
	}
	if n := strings.Count(w.everything(t), "чужая работа"); n < 15 {
		t.Errorf("the work of others is left in %d places only", n)
	}
	slices.Sort(act.Tasks)
	if !slices.Equal(act.Tasks, []core.TaskID{"tsk_her", "tsk_sub_her"}) || !slices.Equal(act.Drafts, []core.DraftID{"drf_her", "drf_loose"}) ||
		act.MassItems != 1 || act.Audit != 2 || len(act.KeptDrafts) != 0 {
		t.Errorf("the act lists tasks %q, drafts %q, kept %v, %d notes, %d entries", act.Tasks, act.Drafts, act.KeptDrafts, act.MassItems, act.Audit)
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		task, err := store.Tasks.Get(tx, "tsk_her")
		if err != nil || task.State != core.TaskClosed || task.Author != "usr_1" || len(task.Delegations) != 1 {
			t.Errorf("what is left of the task is %+v, %v", task, err)
		}
		g, err := store.MassGroups.Get(tx, core.MassGroupKey("mas_her", 0))
		if err != nil || g.Items[0].Outcome != core.MassItemStuck || g.Items[0].Code != "document.erased" {
			t.Errorf("what is left of the mass operation is %+v, %v", g, err)
		}
		return nil
	})
	if _, err := w.blobs.Stat(t.Context(), hashOf(t, w, "результат his")); err != nil {
		t.Errorf("the file of others: %v", err)
	}
	w.sound(t)
}

// hashOf is the hash of a text as the store of files knows it.
func hashOf(t *testing.T, w *world, text string) string {
	t.Helper()
	file, err := w.file(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return file.Hash
}

func TestWorkThatIsNotOverKeepsItsDocument(t *testing.T) {
	w := alone(t, 6)
	labour(t, w, herDocument, anna(), "her", annaText)
	labour(t, w, "doc_00000000000000000000000002", anna(), "asked", annaText)
	labour(t, w, "", anna(), "loose", annaText)
	coretest.Update(t, w.store, func(tx store.Tx) error {
		var errs []error
		for _, id := range []string{"drf_her", "drf_loose"} {
			d, err := store.Drafts.Get(tx, id)
			if err != nil {
				return err
			}
			d.State = core.DraftApproval
			errs = append(errs, store.Drafts.Put(tx, d))
		}
		task, err := store.Tasks.Get(tx, "tsk_asked")
		if err != nil {
			return err
		}
		task.State = core.TaskInWork
		return errors.Join(append(errs, store.Tasks.Put(tx, task))...)
	})
	act := w.erase(t)
	if len(act.Kept) != 2 || act.Kept[0].Reason == act.Kept[1].Reason || len(act.Tasks) != 0 || len(act.Drafts) != 0 {
		t.Errorf("kept %+v, tasks %q, drafts %q", act.Kept, act.Tasks, act.Drafts)
	}
	kept := map[core.DraftID]string{}
	for _, k := range act.KeptDrafts {
		kept[k.ID] = k.Reason
	}
	if len(kept) != 3 || kept["drf_her"] == "" || kept["drf_loose"] == "" || kept["drf_asked"] == kept["drf_her"] {
		t.Errorf("kept drafts %v", kept)
	}
	w.sound(t)
}

func readEntry(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestExportHoldsWhatPeopleWroteAtWork(t *testing.T) {
	w := busy(t)
	var out bytes.Buffer
	if err := w.service().Export(t.Context(), "pty_anna", &out); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var all strings.Builder
	for _, f := range r.File {
		names = append(names, f.Name)
		all.WriteString(readEntry(t, f))
	}
	for _, want := range []string{"tasks/tsk_her.json", "tasks/tsk_sub_her.json", "drafts/drf_her.json", "drafts/drf_loose.json"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not in %q", want, names)
		}
	}
	for _, want := range []string{"tcm_her", "результат her", `"number": 2`, `"tasks": 2`, `"drafts": 2`} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%s is nowhere in the export", want)
		}
	}
	if strings.Contains(all.String(), "чужая работа") {
		t.Error("the export holds what is others'")
	}
}
