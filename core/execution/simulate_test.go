package execution_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/execution"
	"github.com/uzel-hub/uzel/core/store"
)

// many registers and routes n documents that differ in sender, subject, text,
// marks and requisites, a thousand in a transaction.
func (d *desk) many(n int) (ids []core.DocumentID) {
	d.Helper()
	for len(ids) < n {
		d.update(func(tx store.Tx) error {
			for range min(1000, n-len(ids)) {
				id, err := d.one(tx)
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
	}
	return ids
}

func (d *desk) one(tx store.Tx) (core.DocumentID, error) {
	i := d.n
	d.n++
	d.clock.Add(time.Minute)
	subjects := []string{"Течёт крыша", "Не работает лифт", "Счёт за воду", "Благодарность", "Шум ночью"}
	doc := &core.Document{
		ID: core.DocumentID(core.NewID("doc", d.clock.Now())), Organization: "org_1", Direction: core.Incoming, Kind: core.MessageLetter,
		State: core.DocumentRegistered, Channel: "mail", Subject: subjects[i%5], Text: fmt.Sprintf("Квартира %d, подъезд %d", i%97, i%7),
		Sender: core.Correspondent{Name: "Житель", Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("r%d@dom%d.example", i%503, i%3)}}},
		Fields: map[string]string{"account": fmt.Sprint(40000 + i%211)},
	}
	doc.Thread = core.ThreadID(doc.ID)
	if i%11 == 0 {
		doc.Marks = []core.Mark{{Kind: core.MarkAutomatic}}
	}
	if err := store.Documents.Put(tx, doc); err != nil {
		return "", err
	}
	return doc.ID, d.rules.Route(tx, doc)
}

// done is what was decided for each document, in the order of the ids.
func (d *desk) done(ids []core.DocumentID) (out [][]core.Action) {
	d.Helper()
	d.update(func(tx store.Tx) error {
		for _, id := range ids {
			decided, err := store.Decisions.Get(tx, string(id))
			if err != nil {
				return err
			}
			var actions []core.Action
			for _, e := range decided.Effects {
				if e.Done && e.Action.Do != core.ActStop {
					actions = append(actions, e.Action)
				}
			}
			out = append(out, actions)
		}
		return nil
	})
	return out
}

func present() []core.Rule {
	return []core.Rule{
		doing("лифт", subject("лифт"), setLine("lifts"), core.Action{Do: core.ActStop}),
		doing("крыша", subject("крыша"), setLine("repairs")),
		doing("машины", &core.Condition{Field: core.FieldMark, Is: core.IsEqual, Values: []string{"automatic"}}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"machine"}}),
		doing("всем", nil, setLine("common")),
	}
}

// changed tags what the present rules do not, looks at what they set, fails at
// one document in a thousand, and sends roofs elsewhere.
func changed() []core.Rule {
	rules := present()
	rules[1].Then = []core.Action{setLine("roofs"), {Do: core.ActSetReason, Reason: "roof"}}
	return append(
		rules,
		doing("причина", &core.Condition{Field: core.FieldReason, Is: core.IsEqual, Values: []string{"roof"}}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"roof"}}),
		doing("частые", &core.Condition{Field: core.FieldAppeals, Is: core.IsAtLeast, Days: 3, Number: 9}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"often"}}),
		doing("много открытых", &core.Condition{Field: core.FieldOpenAppeals, Is: core.IsAtLeast, Number: 4}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"many"}}),
		doing("счета", &core.Condition{Expr: `int(fields["account"]) % 100 == 7`}, core.Action{Do: core.ActAddTags, Tags: []core.EntryID{"seven"}}),
		doing("ломается", &core.Condition{All: []core.Condition{{Field: core.FieldText, Is: core.IsContains, Values: []string{"Квартира 90,"}}, {Expr: `files[0].size > 0`}}}, setLine("never")),
	)
}

// TestSwitchingOnChangesWhatTheSimulationSaid registers ten thousand documents
// under one rule set, simulates another, and then registers the same documents
// in a hub where the other one is in force from the beginning.
func TestSwitchingOnChangesWhatTheSimulationSaid(t *testing.T) {
	const n = 10_000
	before, after := newDesk(t), newDesk(t)
	before.set(present()...)
	ids := before.many(n)
	before.spoil(ids)
	after.set(changed()...)
	was, will := before.done(ids), after.done(after.many(n))

	said := map[core.DocumentID]*execution.Difference{}
	failures, progress := 0, 0
	err := before.rules.Simulate(t.Context(), changed(), n, func(line execution.Simulated) error {
		switch {
		case line.Difference != nil:
			said[line.Difference.Document] = line.Difference
		case line.Failure != nil:
			failures++
		case line.Progress != nil:
			if line.Progress.Done < progress || line.Progress.Total != n || line.Progress.Different != len(said) {
				t.Errorf("progress %+v after %d, %d said", line.Progress, progress, len(said))
			}
			progress = line.Progress.Done
		}
		return nil
	})
	if err != nil || progress != n || failures != 1 {
		t.Fatalf("error %v, progress %d, failures %d", err, progress, failures)
	}
	differ := 0
	for i, id := range ids {
		d, told := said[id]
		if differs := !reflect.DeepEqual(was[i], will[i]); differs != told {
			t.Fatalf("document %d: told %v, but %+v became %+v", i, told, was[i], will[i])
		}
		if told {
			differ++
			if !reflect.DeepEqual(actions(d.Now), was[i]) || !reflect.DeepEqual(actions(d.Then), will[i]) {
				t.Fatalf("document %d: said %+v → %+v, was %+v → %+v", i, d.Now, d.Then, was[i], will[i])
			}
		}
	}
	if differ == 0 || differ == n {
		t.Errorf("%d of %d differ: the test proves nothing", differ, n)
	}
	if set := before.inForce(); set.Number != 1 {
		t.Errorf("the simulation made version %d", set.Number)
	}
}

// spoil has people change what rules look at, after they have looked.
func (d *desk) spoil(ids []core.DocumentID) {
	d.Helper()
	d.update(func(tx store.Tx) error {
		for _, id := range ids[:500] {
			doc, err := store.Documents.Get(tx, string(id))
			if err != nil {
				return err
			}
			doc.Subject, doc.Fields, doc.Marks = "Исправлено", map[string]string{"account": "7"}, nil
			doc.Appeal.Line, doc.Appeal.Reason = "manual", "roof"
			ended := d.clock.Now()
			doc.Appeal.State, doc.Appeal.EndedAt = core.AppealClosed, &ended
			if err := store.Documents.Put(tx, doc); err != nil {
				return err
			}
		}
		return nil
	})
}

func actions(all []execution.Doing) (out []core.Action) {
	for _, d := range all {
		out = append(out, d.Action)
	}
	return out
}

func TestSimulationEndsWhenNobodyListens(t *testing.T) {
	d := newDesk(t)
	d.many(600)
	ctx, cancel := context.WithCancel(t.Context())
	lines := 0
	err := d.rules.Simulate(ctx, changed(), 600, func(execution.Simulated) error { lines++; cancel(); return nil })
	if core.KindOf(err) != core.KindUnavailable || lines == 0 {
		t.Errorf("after %d lines %v", lines, err)
	}
	gone := errors.New("reader has gone")
	if err := d.rules.Simulate(t.Context(), changed(), 600, func(execution.Simulated) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

func TestSimulationOfAnEmptyHubAndOfBadRules(t *testing.T) {
	d := newDesk(t)
	var last execution.Simulated
	if err := d.rules.Simulate(t.Context(), changed(), 100, func(line execution.Simulated) error { last = line; return nil }); err != nil {
		t.Fatal(err)
	}
	if last.Progress == nil || !last.Progress.Finished || last.Progress.Total != 0 {
		t.Errorf("%+v", last.Progress)
	}
	err := d.rules.Simulate(t.Context(), []core.Rule{doing("", nil)}, 100, func(execution.Simulated) error { return nil })
	if core.KindOf(err) != core.KindInvalid {
		t.Errorf("%v", err)
	}
}
