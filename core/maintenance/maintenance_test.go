package maintenance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

type hub struct {
	*testing.T
	maintenance.Service
	blobs *fileblob.Store
}

func newHub(t *testing.T, dir string) *hub {
	s, err := boltstore.Open(filepath.Join(dir, "hub.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fileblob.Open(filepath.Join(dir, "blobs"), fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(s.Close(), b.Close()) })
	key := filepath.Join(dir, "secret.key")
	if err := os.WriteFile(key, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	coretest.Update(t, s, registry.Seed)
	return &hub{T: t, blobs: b, Service: maintenance.Service{
		Store: s, Blobs: b, Queues: boltbus.New(s, boltbus.Options{}), Temp: dir, Version: "test", Key: key, Files: map[string]string{"nothing": filepath.Join(dir, "nothing")},
	}}
}

// register adds a message with a file and its document.
func (h *hub) register(n int) {
	ref, err := h.blobs.Put(h.Context(), strings.NewReader(strings.Repeat(fmt.Sprint(n), 3000)))
	if err != nil {
		h.Error(err)
		return
	}
	id := fmt.Sprintf("<%d@mail.test>", n)
	files := []core.Attachment{{Hash: ref.Hash, Size: ref.Size, Name: "a.txt", Role: core.FileAttachment}}
	err = h.Store.Update(h.Context(), func(tx store.Tx) error {
		num, err := registry.Reserve(tx, registry.JournalIncoming, "2026-11-18")
		if err != nil {
			return err
		}
		msg := core.MessageID(core.NewID("msg", tx.Now()))
		return errors.Join(
			store.Messages.Put(tx, &core.Message{ID: msg, Channel: "mail", ExternalID: id, Kind: core.MessageLetter, Change: core.ChangeNew, Files: files}),
			store.Documents.Put(tx, &core.Document{ID: core.DocumentID(core.NewID("doc", tx.Now())), Message: msg, Channel: "mail", ExternalID: id, Number: &num, Direction: core.Incoming, State: core.DocumentRegistered, Files: files}),
		)
	})
	if err != nil {
		h.Error(err)
	}
}

func (h *hub) check() maintenance.Report {
	h.Helper()
	r, err := h.Check(h.Context(), func(string) {})
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func TestBackupOfARunningHubIsSound(t *testing.T) {
	h := newHub(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := i; ctx.Err() == nil && n < 4000; n += 4 {
				h.register(n)
			}
		})
	}
	var tar bytes.Buffer
	if err := h.Backup(t.Context(), &tar, true); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()

	dir := filepath.Join(t.TempDir(), "restored")
	m, err := maintenance.Restore(t.Context(), &tar, dir)
	if err != nil || m.Version != "test" {
		t.Fatalf("%+v %v", m, err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "secret.key")); err != nil || string(raw) != "key" {
		t.Errorf("key %q %v", raw, err)
	}
	r := newHub(t, dir).check()
	if r.All != 0 || r.Unregistered != 0 {
		t.Errorf("problems %v, %d unregistered", r.Problems, r.Unregistered)
	}
	if left, _ := filepath.Glob(filepath.Join(h.Temp, "backup-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCheckCountsAndFindsWhatIsMissing(t *testing.T) {
	h := newHub(t, t.TempDir())
	for n := range 5 {
		h.register(n)
	}
	r := h.check()
	if r.All != 0 || r.Blobs != 5 || len(r.Journals) != 1 || r.Journals[0].Last != 5 {
		t.Fatalf("a sound hub: %+v", r)
	}
	coretest.Update(t, h.Store, func(tx store.Tx) error {
		for d, err := range store.Documents.All(tx) {
			if err != nil {
				return err
			}
			if err := h.blobs.Delete(t.Context(), d.Files[0].Hash); err != nil {
				return err
			}
			return store.Documents.Erase(tx, string(d.ID))
		}
		return nil
	})
	coretest.Update(t, h.Store, func(tx store.Tx) error {
		lost := core.Attachment{Hash: strings.Repeat("0", 64), Size: 1, Name: "устав.pdf"}
		return store.Entries.Put(tx, &core.Entry{ID: "org_1", Directory: core.DirOrganizations, Files: []core.Attachment{lost}})
	})
	r = h.check()
	if r.Unregistered != 1 {
		t.Errorf("%d unregistered", r.Unregistered)
	}
	text := strings.Join(r.Problems, "\n")
	for _, want := range []string{"нет в хранилище", "incoming", "запись справочника org_1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not reported in:\n%s", want, text)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	h := newHub(t, t.TempDir())
	h.register(1)
	var good bytes.Buffer
	if err := h.Backup(t.Context(), &good, false); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		kind core.Kind
	}{
		"empty":   {nil, core.KindInvalid},
		"foreign": {[]byte(strings.Repeat("x", 2000)), core.KindInvalid},
		"cut":     {good.Bytes()[:good.Len()/2], core.KindInvalid},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		if _, err := maintenance.Restore(t.Context(), bytes.NewReader(c.raw), dir); core.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("%s: left %v behind", name, entries)
		}
	}
	if _, err := maintenance.Restore(t.Context(), &good, h.Temp); core.KindOf(err) != core.KindConflict {
		t.Errorf("over a hub: %v", err)
	}
}

func TestCheckKnowsFilesOfTasksAndDraftsAndCountsTheUnused(t *testing.T) {
	h := newHub(t, t.TempDir())
	h.register(1)
	lost := func(n int) core.Attachment {
		return core.Attachment{Hash: fmt.Sprintf("%064d", n), Size: 1, Name: "a.txt"}
	}
	kept := func(text string) core.Attachment {
		ref, err := h.blobs.Put(t.Context(), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "b.txt"}
	}
	unused := kept("nobody refers to it")
	coretest.Update(t, h.Store, func(tx store.Tx) error {
		return errors.Join(
			store.Tasks.Put(tx, &core.Task{ID: "tsk_1", Result: &core.TaskResult{Files: []core.Attachment{lost(1), kept("result")}}}),
			store.Drafts.Put(tx, &core.Draft{ID: "drf_1", Visas: []core.Visa{{Signature: new(lost(2))}, {Signature: new(kept("signature"))}}}),
			store.DraftVersions.Put(tx, &core.DraftVersion{Draft: "drf_1", Number: 1, Files: []core.Attachment{lost(3), kept("version")}}),
			store.Parties.Put(tx, &core.Party{ID: "pty_1", Consents: []core.Consent{{File: kept("consent").Hash}}}),
		)
	})
	r := h.check()
	text := strings.Join(r.Problems, "\n")
	for _, want := range []string{"поручение tsk_1", "проект drf_1", "версия проекта drf_1/000001"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not reported in:\n%s", want, text)
		}
	}
	if r.All != 3 || r.Unused != 1 || r.UnusedBytes != unused.Size || len(r.UnusedFiles) != 1 || r.UnusedFiles[0] != unused.Hash {
		t.Errorf("%d problems, unused %d, %d bytes, %q", r.All, r.Unused, r.UnusedBytes, r.UnusedFiles)
	}
	if _, err := h.blobs.Stat(t.Context(), unused.Hash); err != nil {
		t.Errorf("the check deleted it: %v", err)
	}
}
