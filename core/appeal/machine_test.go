package appeal_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

// TestRandomWalkKeepsTheInvariants takes appeals through random sequences of all
// operations. Whatever is refused must change nothing and be the caller's fault;
// whatever is done must leave every appeal sound.
func TestRandomWalkKeepsTheInvariants(t *testing.T) {
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := &walk{desk: d, rt: rt}
		w.ids = append(w.ids, d.letter().ID, d.arrive(chat, core.MessageChat, nil).ID)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			w.step()
		}
	})
	if _, err := store.CheckTables(t.Context(), d.store, func(problem string) { t.Error(problem) }, nil); err != nil {
		t.Fatal(err)
	}
}

type walk struct {
	*desk
	rt  *rapid.T
	ids []core.DocumentID
}

func (w *walk) pick(label string) core.DocumentID {
	return rapid.SampledFrom(w.ids).Draw(w.rt, label)
}

func (w *walk) step() {
	w.clock.Add(time.Duration(rapid.IntRange(0, 600).Draw(w.rt, "pause")) * time.Second)
	ops := w.operations(w.pick("appeal"))
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(ops))).Draw(w.rt, "operation")
	user := rapid.SampledFrom([]core.UserID{olga, pavl}).Draw(w.rt, "user")
	before := w.all()
	err := w.as(user, func(tx store.Tx) error { return ops[name](tx, user) })
	after := w.all()
	if kind := core.KindOf(err); err != nil && kind != core.KindConflict && kind != core.KindInvalid {
		w.rt.Fatalf("%s: %v", name, err)
	}
	for id, doc := range after {
		was, had := before[id]
		if err != nil && (!had || was.Version != doc.Version) {
			w.rt.Fatalf("%s was refused and changed %s", name, id)
		}
		w.sound(name, was, doc)
	}
}

func (w *walk) operations(id core.DocumentID) map[string]func(store.Tx, core.UserID) error {
	ref, other := appeal.Ref{ID: id}, w.pick("other")
	way := rapid.SampledFrom(append(core.NotifyWays(), "")).Draw(w.rt, "way")
	line := rapid.SampledFrom([]core.EntryID{"", "line_1", "line_2"}).Draw(w.rt, "line")
	second := func(_, next *core.Document, err error) error {
		if err == nil {
			w.ids = append(w.ids, next.ID)
		}
		return err
	}
	only := func(_ *core.Document, err error) error { return err }
	return map[string]func(store.Tx, core.UserID) error{
		"take":     func(tx store.Tx, u core.UserID) error { return only(w.Take(tx, ref, u)) },
		"plan":     func(tx store.Tx, _ core.UserID) error { return only(w.Plan(tx, ref, tx.Now().Add(5*time.Minute))) },
		"transfer": func(tx store.Tx, u core.UserID) error { return only(w.Transfer(tx, ref, line, u)) },
		"drop":     func(tx store.Tx, _ core.UserID) error { return only(w.Transfer(tx, ref, line, "")) },
		"forward":  func(tx store.Tx, _ core.UserID) error { return only(w.Forward(tx, ref, []core.ChannelID{gis})) },
		"answer": func(tx store.Tx, _ core.UserID) error {
			doc, err := store.Documents.Get(tx, string(id))
			if err != nil {
				return err
			}
			return w.Answered(tx, doc)
		},
		"close": func(tx store.Tx, _ core.UserID) error {
			return only(w.Close(tx, ref, appeal.Result{Text: "Готово", Notify: &way}))
		},
		"reject":  func(tx store.Tx, _ core.UserID) error { return only(w.Reject(tx, ref, "не наше", &way)) },
		"reopen":  func(tx store.Tx, _ core.UserID) error { return only(w.Reopen(tx, ref)) },
		"rate":    func(tx store.Tx, _ core.UserID) error { return only(w.Rate(tx, ref, 4, "")) },
		"called":  func(tx store.Tx, _ core.UserID) error { return only(w.Called(tx, ref)) },
		"merge":   func(tx store.Tx, _ core.UserID) error { return only(w.Merge(tx, ref, other)) },
		"unmerge": func(tx store.Tx, _ core.UserID) error { return only(w.Unmerge(tx, ref)) },
		"other": func(tx store.Tx, _ core.UserID) error {
			return second(w.Other(tx, ref, appeal.Result{Text: "Готово"}, appeal.Question{Subject: "Ещё"}))
		},
		"split": func(tx store.Tx, _ core.UserID) error { return second(w.Split(tx, ref, appeal.Question{})) },
		"beat": func(tx store.Tx, u core.UserID) error {
			_, err := w.Beat(tx, id, u)
			return err
		},
		"edit": func(tx store.Tx, _ core.UserID) error {
			return only(w.Edit(tx, ref, func(doc *core.Document) { doc.Appeal.Comment = string(way) }))
		},
	}
}

func (w *walk) all() map[core.DocumentID]*core.Document {
	out := map[core.DocumentID]*core.Document{}
	for _, id := range w.ids {
		out[id] = w.read(id)
	}
	return out
}

// documentStates are those a document may have beside each state of its appeal.
var documentStates = map[core.AppealState][]core.DocumentState{
	core.AppealNew:       {core.DocumentRegistered, core.DocumentInWork},
	core.AppealWaiting:   {core.DocumentRegistered, core.DocumentInWork},
	core.AppealInWork:    {core.DocumentInWork},
	core.AppealForwarded: {core.DocumentInWork},
	core.AppealAnswered:  {core.DocumentAnswered},
	core.AppealClosed:    {core.DocumentClosed},
	core.AppealRejected:  {core.DocumentClosed},
}

func (w *walk) sound(after string, was, doc *core.Document) {
	a := doc.Appeal
	hold := func(ok bool, rule string) {
		if !ok {
			w.rt.Fatalf("after %s: %s: document %s, appeal %+v", after, rule, doc.State, a)
		}
	}
	hold(slices.Contains(documentStates[a.State], doc.State), "the document follows its appeal")
	hold((a.PlannedAt != nil) == (a.State == core.AppealWaiting), "planned if and only if waiting")
	hold((a.Result != nil) == (a.State == core.AppealClosed), "a result if and only if closed")
	hold((a.EndedAt != nil) == a.State.Ended(), "the end has a moment")
	hold(a.RejectReason == "" || a.State == core.AppealRejected, "a reason if rejected only")
	hold(a.State != core.AppealInWork || a.Operator != "" && a.TakenAt != nil, "in work is in somebody's hands")
	hold(a.Rating == nil || a.State.Ended() || a.State == core.AppealAnswered, "rated after the answer only")
	hold(a.MergedInto != doc.ID, "merged into itself")
	if was != nil {
		hold(a.SpentSeconds >= was.Appeal.SpentSeconds && a.Transfers >= was.Appeal.Transfers && a.Reopened >= was.Appeal.Reopened, "counters grow only")
		hold(doc.Number.Text == was.Number.Text && doc.Thread == was.Thread && doc.Text == was.Text, "nothing moves")
	}
	for _, id := range a.Related {
		hold(slices.Contains(w.read(id).Appeal.Related, doc.ID), "related both ways")
	}
	if a.MergedInto != "" {
		hold(w.read(a.MergedInto).Appeal.MergedInto == "", "merges are one step long")
	}
}
