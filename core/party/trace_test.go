package party_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// signed puts signatures under a file of her document: of the document, of its
// draft and of one that is still to be verified.
func signed(t *testing.T, w *world) {
	t.Helper()
	file, err := w.file(t.Context(), "подпись под: "+annaText)
	if err != nil {
		t.Fatal(err)
	}
	file.Name = annaName + ".p7s"
	reports := []core.SignatureReport{{
		Status: core.SignatureValid, Signer: core.SignerIdentity{Name: annaName, SNILS: annaSNILS, Email: annaMail},
		Certificate: core.SignatureCertificate{Serial: annaSerial},
	}}
	coretest.Update(t, w.store, func(tx store.Tx) error {
		sign := func(id string, document core.DocumentID, draft core.DraftID, state core.SignatureState) error {
			return store.Signatures.Put(tx, &core.Signature{
				ID: core.SignatureID(id), Document: document, Draft: draft, State: state, File: &file, Signature: &file,
				Reports: reports, Problem: annaMail,
			})
		}
		return errors.Join(
			sign("sig_1", herDocument, "drf_her", core.SignatureVerified), sign("sig_2", herDocument, "", core.SignatureVerifying),
			sign("sig_3", "", "drf_loose", core.SignatureVerified), sign("sig_4", hisDocument, "", core.SignatureVerified),
		)
	})
}

// herFilters are saved filters that name her; the others do not, or only might.
var (
	herFilters = []core.Filter{
		{ID: "flt_title", Title: "Жалобы Анны Забелиной", Values: map[string]string{"state": "new"}},
		{ID: "flt_party", Title: "x", Values: map[string]string{"party": "pty_anna"}},
		{ID: "flt_mail", Title: "x", Values: map[string]string{"sender": "email:" + annaMail}},
		{ID: "flt_phone", Title: "x", Values: map[string]string{"applicant": "phone:8 (916) 111-22-33"}},
		{ID: "flt_text", Title: "x", Values: map[string]string{"q": "крыша " + annaName}},
	}
	otherFilters = []core.Filter{
		{ID: "flt_common", Title: "Анна", Values: map[string]string{"q": "крыша Забелин", "sender": "email:petr@mail.test"}},
		{ID: "flt_plain", Title: "Просроченные", Values: map[string]string{"view": "overdue"}},
	}
)

func filters(tx store.Tx) (err error) {
	for _, f := range slices.Concat(herFilters, otherFilters) {
		f.Owner, f.List = "usr_1", core.FilterAppeals
		err = errors.Join(err, store.Filters.Put(tx, &f))
		f.Shared = true // history
		err = errors.Join(err, store.Filters.Put(tx, &f))
	}
	return errors.Join(err, store.Filters.Delete(tx, "flt_party"))
}

const annaSNILS, annaSerial = "112-233-445 95", "00c0ffee00a11a"

// TestErasureLeavesNoTraceInTheDataFolder looks for her words in the bytes of
// every file, as who takes the disk away would. The free pages of the database,
// which keep what was there until they are used again, are left out by compacting
// it.
func TestErasureLeavesNoTraceInTheDataFolder(t *testing.T) {
	dir := t.TempDir()
	w, err := openWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.fill(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	labour(t, w, herDocument, anna(), "her", annaText)
	labour(t, w, "", anna(), "loose", annaText)
	signed(t, w)
	coretest.Update(t, w.store, func(tx store.Tx) error {
		return errors.Join(
			store.SavedAnswers.Put(tx, &core.SavedAnswer{ID: "hers", Status: 201, Body: []byte(`{"id":"` + herDocument + `","name":"` + annaName + `"}`)}),
			store.Signatures.Erase(tx, "sig_4"),
			filters(tx),
		)
	})
	marks := append([]string{annaSNILS, annaSerial, annaFile}, secrets...)
	if found := w.traces(t, dir, marks); len(found) != len(marks) {
		t.Fatalf("before, only %q are in the folder", found)
	}

	events := bus.New(bus.Options{Store: w.store, Driver: boltbus.New(w.store, boltbus.Options{})})
	s := party.New(party.Config{Store: w.store, Blobs: w.files, Bus: events, Portion: 7})
	act := w.finish(t, s)
	if act.Signatures != 3 || len(act.Kept) != 0 || act.Filters != len(herFilters) {
		t.Errorf("act %+v", act)
	}
	if !slices.ContainsFunc(act.Remains, func(text string) bool { return strings.Contains(text, "uzel compact") }) {
		t.Errorf("the act does not say what is left in the file: %q", act.Remains)
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		sig, err := store.Signatures.Get(tx, "sig_2")
		if err == nil && (sig.Waiting() || sig.File != nil || sig.Signature != nil) {
			t.Errorf("what was to be verified is %+v", sig)
		}
		for _, f := range otherFilters {
			if _, missing := store.Filters.Get(tx, string(f.ID)); missing != nil {
				t.Errorf("%s: %v", f.ID, missing)
			}
		}
		return err
	})
	w.sound(t)
	for mark, file := range w.traces(t, dir, marks) {
		t.Errorf("%q is left in %s", mark, file)
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
}

// traces are the marks that stand in the files of a folder, each with a file.
func (w *world) traces(t *testing.T, dir string, marks []string) map[string]string {
	t.Helper()
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	if err := boltstore.Compact(filepath.Join(dir, "hub.db")); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, mark := range marks {
			if strings.Contains(string(raw), mark) {
				found[mark] = path
			}
		}
		return err
	})
	again, openErr := openWorld(dir)
	if err := errors.Join(err, openErr); err != nil {
		t.Fatal(fmt.Errorf("look through %s: %w", dir, err))
	}
	*w = *again
	return found
}
