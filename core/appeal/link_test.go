package appeal_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/store"
)

func TestOtherQuestionClosesAndOpensTheNext(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	doc = d.do(func(tx store.Tx) (*core.Document, error) {
		return d.Edit(tx, ref(doc), func(doc *core.Document) { doc.Appeal.Accounts = []core.AccountRef{{Number: "1"}, {Number: "2"}} })
	})
	var next *core.Document
	doc = d.do(func(tx store.Tx) (closed *core.Document, err error) {
		closed, next, err = d.Other(tx, ref(doc), appeal.Result{Text: "Объяснили"}, appeal.Question{Subject: "Отопление", Text: "Холодно", Reason: "heat"})
		return closed, err
	})
	if doc.Appeal.State != core.AppealClosed || !slices.Equal(doc.Appeal.Related, []core.DocumentID{next.ID}) {
		t.Fatalf("%+v", doc.Appeal)
	}
	a := next.Appeal
	if a.State != core.AppealInWork || a.Operator != olga || a.Reason != "heat" || next.Number.Seq != doc.Number.Seq+1 || next.Thread != doc.Thread ||
		!slices.Equal(a.Related, []core.DocumentID{doc.ID}) || !reflect.DeepEqual(a.Applicant, doc.Appeal.Applicant) || len(a.Accounts) != 2 {
		t.Fatalf("%+v %+v", next, a)
	}
}

func TestSplittingCopiesAndTakesNothingAway(t *testing.T) {
	d := newDesk(t)
	doc := d.taken()
	before := d.read(doc.ID)
	var copied *core.Document
	doc = d.do(func(tx store.Tx) (first *core.Document, err error) {
		first, copied, err = d.Split(tx, ref(doc), appeal.Question{Description: "Вторая тема", Reason: "roof"})
		return first, err
	})
	if doc.Text != before.Text || doc.Appeal.State != core.AppealInWork || doc.Appeal.Reason != "" {
		t.Fatalf("%+v", doc)
	}
	if copied.Text != doc.Text || copied.Appeal.State != core.AppealNew || copied.Appeal.Operator != "" || copied.Appeal.Reason != "roof" ||
		copied.ExternalID != "" || !slices.Equal(copied.KnownAs, []string{doc.ExternalID}) || copied.Number.Seq == doc.Number.Seq {
		t.Fatalf("%+v", copied)
	}
}

func TestMergeIsALinkThatCanBeUndone(t *testing.T) {
	d := newDesk(t)
	target, twin := d.taken(), d.taken()
	before := d.read(twin.ID)
	merged := d.do(func(tx store.Tx) (*core.Document, error) { return d.Merge(tx, ref(twin), target.ID) })
	if merged.Thread != before.Thread || merged.Appeal.State != before.Appeal.State {
		t.Fatal("merging moved something")
	}
	third := d.letter()
	for name, op := range map[string]func(tx store.Tx) (*core.Document, error){
		"take":   func(tx store.Tx) (*core.Document, error) { return d.Take(tx, ref(merged), olga) },
		"close":  func(tx store.Tx) (*core.Document, error) { return d.Close(tx, ref(merged), appeal.Result{Text: "x"}) },
		"chain":  func(tx store.Tx) (*core.Document, error) { return d.Merge(tx, ref(third), merged.ID) },
		"target": func(tx store.Tx) (*core.Document, error) { return d.Merge(tx, ref(target), third.ID) },
	} {
		if _, err := d.try(op); core.KindOf(err) != core.KindConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	undone := d.do(func(tx store.Tx) (*core.Document, error) { return d.Unmerge(tx, ref(merged)) })
	undone.Meta = before.Meta
	if !reflect.DeepEqual(undone, before) {
		t.Errorf("undone %+v, before %+v", undone.Appeal, before.Appeal)
	}
}

func TestMergedOnesEndTogetherAndEachApplicantHears(t *testing.T) {
	d := newDesk(t)
	target := d.taken()
	byMail, byChat := d.letter(), d.arrive(post, core.MessageAppeal, func(m *core.Message) {
		m.From = core.Correspondent{Name: "Борис", Addresses: []core.Address{{Kind: core.AddressPhone, Value: "+79"}}}
	})
	for doc, way := range map[*core.Document]core.NotifyWay{byMail: core.NotifyEmail, byChat: core.NotifyChat} {
		d.do(func(tx store.Tx) (*core.Document, error) {
			if _, err := d.Edit(tx, ref(doc), func(doc *core.Document) { doc.Appeal.Notify = way }); err != nil {
				return nil, err
			}
			return d.Merge(tx, appeal.Ref{ID: doc.ID}, target.ID)
		})
	}
	d.closed(target)
	for _, id := range []core.DocumentID{byMail.ID, byChat.ID} {
		if a := d.read(id).Appeal; a.State != core.AppealClosed || a.Result.Text != "Починили" || a.MergedInto != target.ID {
			t.Fatalf("%+v", a)
		}
	}
	if n := d.notices(byMail); len(n) != 1 {
		t.Errorf("notices %q", n)
	}
	if m := d.read(byChat.ID).Marks; len(m) != 1 || m[0].Kind != core.MarkToCall {
		t.Errorf("who cannot be written to must be called: %v", m)
	}
}
