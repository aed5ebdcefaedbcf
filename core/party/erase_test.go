package party_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
)

// alone is a world in which only anna's letters have her words.
func alone(t *testing.T, letters int) *world {
	t.Helper()
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	others(t, w, letters)
	return w
}

// others gives the letters of others words of their own.
func others(t *testing.T, w *world, letters int) {
	t.Helper()
	coretest.Update(t, w.store, func(tx store.Tx) error {
		var errs []error
		for d, err := range store.Documents.All(tx) {
			if err == nil && !isAnnas(d.Sender) && !(len(d.Recipients) == 1 && isAnnas(d.Recipients[0])) {
				d.Subject, d.Text, d.Fields, d.Appeal, d.ExternalThread = "чужое", "чужой текст", nil, nil, ""
				err = errors.Join(store.Documents.Put(tx, d), store.Documents.Redact(tx, string(d.ID), "subject", "text", "fields", "appeal", "external_thread"))
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

func isAnnas(c core.Correspondent) bool { return c.Name == annaName }

func mentions(all string) (found []string) {
	for _, s := range secrets {
		if strings.Contains(all, s) {
			found = append(found, s)
		}
	}
	return found
}

func TestErasureLeavesNumbersAndNothingElse(t *testing.T) {
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if found := mentions(w.everything(t)); len(found) != len(secrets) {
		t.Fatalf("the world holds only %q", found)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		return store.SavedAnswers.Put(tx, &core.SavedAnswer{ID: "hers", Status: 201, Body: []byte(`{"id":"doc_00000000000000000000000000","name":"` + annaName + `"}`)})
	})
	act := w.erase(t)
	if found := mentions(w.everything(t)); len(found) > 0 {
		t.Errorf("%q is left in\n%s", found, w.everything(t))
	}
	if len(act.Documents) != 2 || act.Documents[0].Number == "" || act.Documents[0].Part || act.Messages != 3 || act.Deliveries != 1 || act.Files != 2 || act.Bytes == 0 || act.FinishedAt == nil || len(act.Kept) != 0 {
		t.Errorf("act %+v", act)
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(act.Documents[0].ID))
		if err != nil {
			return err
		}
		if d.Number == nil || d.Number.Seq != 1 || d.Marks[0].Kind != core.MarkErased || d.Appeal.State != core.AppealClosed || len(d.Files) != 0 {
			t.Errorf("document %+v", d)
		}
		return nil
	})
	if n := len(w.bus.Take(bus.DocumentUpdated)); n != 2 {
		t.Errorf("%d documents told of", n)
	}
	w.sound(t)
}

func TestErasureLeavesOthersAlone(t *testing.T) {
	w := alone(t, 40)
	act := w.erase(t)
	if len(act.Documents) != 40 || act.Files != 1 || act.SharedFiles != 1 {
		t.Errorf("act: %d documents, %d files, %d shared", len(act.Documents), act.Files, act.SharedFiles)
	}
	n := 0
	coretest.View(t, w.store, func(tx store.Tx) error {
		for d, err := range store.Documents.All(tx) {
			if err != nil {
				return err
			}
			if d.Text == "чужой текст" {
				n++
			}
		}
		p, err := store.Parties.Get(tx, "pty_petr")
		if err == nil && (p.Name != "Пётр Сидоров" || len(p.Addresses) != 1) {
			t.Errorf("party %+v", p)
		}
		return err
	})
	if n != 40 {
		t.Errorf("%d documents of others are whole", n)
	}
	w.sound(t)
}

func TestErasureKeepsWhatMustBeKeptAndSaysWhy(t *testing.T) {
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	var open, wanted, basis, sending, common, doubtful *core.Document
	coretest.Update(t, w.store, func(tx store.Tx) error {
		get := func(id string) *core.Document {
			d, err := store.Documents.Get(tx, id)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		open, wanted, basis = get("doc_00000000000000000000000000"), get("doc_00000000000000000000000002"), get("doc_00000000000000000000000004")
		sending, common = get("doc_z0000000000000000000000006"), get("doc_z0000000000000000000000001")
		doubtful = get("doc_00000000000000000000000003")
		open.Appeal.State = core.AppealInWork
		common.Recipients = append(common.Recipients, anna())
		doubtful.Sender = core.Correspondent{Addresses: []core.Address{{Kind: core.AddressPhone, Value: "8 800 1"}}}
		doubtful.Appeal = nil
		dlv, err := store.Deliveries.Get(tx, "dlv_00000000000000000000000006")
		if err != nil {
			return err
		}
		dlv.State = core.DeliveryQueued
		a, err := store.Parties.Get(tx, "pty_anna")
		if err != nil {
			return err
		}
		a.Addresses = append(a.Addresses, marked(phone("8 800 1"), core.ContactUnconfirmed, ""))
		return errors.Join(store.Documents.Put(tx, open), store.Documents.Put(tx, common), store.Documents.Put(tx, doubtful),
			store.Deliveries.Put(tx, dlv), party.Save(tx, a))
	})
	act := w.erase(t, func(o *party.Order) {
		o.Document = basis.ID
		o.Keep = []core.KeptDocument{{ID: wanted.ID, Reason: "судебный спор"}}
	})
	kept := map[core.DocumentID]string{}
	for _, k := range act.Kept {
		kept[k.ID] = k.Reason
	}
	if len(kept) != 5 || kept[wanted.ID] != "судебный спор" || kept[open.ID] == "" || kept[basis.ID] == "" || kept[sending.ID] == "" || kept[doubtful.ID] == "" {
		t.Errorf("kept %v", kept)
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		d, err := store.Documents.Get(tx, string(wanted.ID))
		if err != nil || d.Text != annaText {
			t.Errorf("what was to be kept is %+v, %v", d, err)
		}
		m, err := store.Messages.Get(tx, string(wanted.Message))
		if err != nil || m.Text != annaText {
			t.Errorf("its message is %+v, %v", m, err)
		}
		d, err = store.Documents.Get(tx, string(common.ID))
		if err != nil || d.Text == "" || d.Recipients[0].Name == "" || d.Recipients[1].Name != "" {
			t.Errorf("a letter to several is %+v, %v", d, err)
		}
		return nil
	})
	w.sound(t)
}

func TestErasedPersonIsNotErasedTwiceNorChanged(t *testing.T) {
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s := w.service()
	w.order(t, s)
	again := func() error {
		return w.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := s.Order(tx, party.Order{Party: "pty_anna", Ground: "ещё раз"})
			return err
		})
	}
	wantKind(t, again(), core.KindConflict) // it runs
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	w.erasePending(t)
	wantKind(t, again(), core.KindConflict)
	wantKind(t, w.store.Update(t.Context(), func(tx store.Tx) error {
		p, err := store.Parties.Get(tx, "pty_anna")
		if err != nil {
			return err
		}
		p.Name = "Анна"
		return party.Save(tx, p)
	}), core.KindConflict)
	wantKind(t, w.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := s.Order(tx, party.Order{Party: "pty_petr", Document: "doc_x", Keep: []core.KeptDocument{{ID: "doc_y"}}})
		return err
	}), core.KindInvalid)
}

func TestMergedCardsAreErasedTogether(t *testing.T) {
	w := newWorld(t, t.TempDir())
	if err := w.fill(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		_, err := party.Merge(tx, "pty_petr", "pty_anna", 1)
		return err
	})
	act := w.erase(t)
	if len(act.Parties) != 2 || len(act.Documents) != 4 || act.Files != 2 {
		t.Errorf("act %+v", act)
	}
	if all := w.everything(t); strings.Contains(all, "Сидоров") || strings.Contains(all, "petr@") {
		t.Error("the other card is not erased")
	}
	w.sound(t)
}
