package party_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/audit"
	"github.com/uzel-hub/uzel/core/blob"
	"github.com/uzel-hub/uzel/core/blob/fileblob"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/party"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// world is a store with files in a folder, as a hub has them.
type world struct {
	store *boltstore.Store
	blobs *fileblob.Store
	bus   *coretest.Recorder
	clock *coretest.Clock
	files *blob.Keeper // blobs, as the hub's parts have them
}

func openWorld(dir string) (*world, error) {
	w := &world{bus: &coretest.Recorder{}, clock: coretest.NewClock()}
	var err error
	if w.store, err = boltstore.Open(filepath.Join(dir, "hub.db"), boltstore.Options{Now: w.clock.Now}); err != nil {
		return nil, err
	}
	w.blobs, err = fileblob.Open(filepath.Join(dir, "blobs"), fileblob.Options{})
	w.files = blob.NewKeeper(w.blobs)
	return w, err
}

func (w *world) close() error { return errors.Join(w.blobs.Close(), w.store.Close()) }

func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	w, err := openWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// The person's data: none of these words may be left anywhere.
const (
	annaName  = "Анна Забелина"
	annaMail  = "zabelina@mail.test"
	annaPhone = "+79161112233"
	annaText  = "у меня протекает крыша на улице Сиреневой"
	annaFile  = "скан паспорта"
	sharedDoc = "общий бланк заявления"
)

var secrets = []string{annaName, annaMail, "79161112233", annaText, "Сиреневой", "chat-anna"}

func anna() core.Correspondent {
	return core.Correspondent{Name: annaName, Addresses: []core.Address{{Kind: core.AddressEmail, Value: annaMail}, {Kind: core.AddressPhone, Value: annaPhone}}}
}

func petr() core.Correspondent {
	return core.Correspondent{Name: "Пётр Сидоров", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "petr@mail.test"}}}
}

// fill brings the life of a small office: letters of anna and of others, edits,
// answers, news of deliveries.
func (w *world) fill(ctx context.Context, letters int) error {
	own, err := w.file(ctx, annaFile)
	if err != nil {
		return err
	}
	both, err := w.file(ctx, sharedDoc)
	if err != nil {
		return err
	}
	return w.store.Update(ctx, func(tx store.Tx) error {
		p := &core.Party{ID: "pty_anna", Kind: core.PartyPerson, Name: annaName, Notes: annaText, Addresses: []core.Contact{email(annaMail), phone(annaPhone)}}
		err := errors.Join(
			registry.Seed(tx),
			party.Save(tx, p),
			party.Save(tx, &core.Party{ID: "pty_petr", Kind: core.PartyPerson, Name: "Пётр Сидоров", Addresses: []core.Contact{email("petr@mail.test")}}),
			store.SavedAnswers.Put(tx, &core.SavedAnswer{ID: "answer", Status: 201, Body: fmt.Appendf(nil, `{"id":%q,"name":%q}`, core.NewID("pty", tx.Now()), "кто-то")}),
		)
		for i := range letters {
			who, file := anna(), own
			if i%2 == 1 {
				who, file = petr(), both
			}
			err = errors.Join(err, w.letter(tx, i, who, []core.Attachment{file, both}))
		}
		return err
	})
}

func (w *world) file(ctx context.Context, text string) (core.Attachment, error) {
	ref, err := w.blobs.Put(ctx, strings.NewReader(text))
	return core.Attachment{Hash: ref.Hash, Size: ref.Size, Name: "файл.txt", MediaType: "text/plain", Role: core.FileAttachment}, err
}

// letter is a message, its edit, its document, an answer and its delivery with a
// bounce.
func (w *world) letter(tx store.Tx, i int, who core.Correspondent, files []core.Attachment) error {
	external := fmt.Sprintf("<%d@mail.test>", i)
	id := func(prefix string) string { return fmt.Sprintf("%s_%026d", prefix, i) }
	m := &core.Message{
		ID: core.MessageID(id("msg")), Channel: "mail", ExternalID: external, Kind: core.MessageAppeal, Change: core.ChangeNew,
		From: who, Subject: annaText, Text: annaText, Files: files, Fields: map[string]string{"address": annaText},
	}
	edit := &core.Message{
		ID: core.MessageID(fmt.Sprintf("msg_e%025d", i)), Channel: "mail", ExternalID: external + "e", Kind: core.MessageAppeal,
		Change: core.ChangeEdited, About: external, From: who, Text: annaText, Files: files,
	}
	bounce := &core.Message{
		ID: core.MessageID(fmt.Sprintf("msg_f%025d", i)), Channel: "mail", ExternalID: external + "b", Kind: core.MessageStatus,
		From: core.Correspondent{Name: "Mail daemon"}, Text: annaText, Status: &core.OutsideStatus{Delivery: core.DeliveryID(id("dlv")), Text: annaMail},
	}
	d := &core.Document{
		ID: core.DocumentID(id("doc")), Direction: core.Incoming, Kind: core.MessageAppeal, State: core.DocumentRegistered,
		Subject: annaText, Text: "черновик: " + annaText, Sender: who, Files: files, Fields: m.Fields, Thread: core.ThreadID(id("doc")), Channel: "mail",
		Message: m.ID, ExternalID: external, ExternalThread: "chat-anna",
		Appeal: &core.Appeal{State: core.AppealClosed, Applicant: who, Description: annaText, Premises: &core.Premises{Text: annaText}},
	}
	answer := &core.Document{
		ID: core.DocumentID(fmt.Sprintf("doc_z%025d", i)), Direction: core.Outgoing, State: core.DocumentSent, Subject: "Re: " + annaText,
		Text: annaText, Recipients: []core.Correspondent{who}, Thread: d.Thread, InReplyTo: d.ID,
	}
	dlv := &core.Delivery{
		ID: core.DeliveryID(id("dlv")), Document: answer.ID, Channel: "mail", State: core.DeliveryRejected,
		To: answer.Recipients, LastError: annaMail, OutsideText: annaMail,
	}
	for _, doc := range []*core.Document{d, answer} {
		journal, err := registry.Default(tx, doc.Direction)
		if err != nil {
			return err
		}
		n, err := registry.Reserve(tx, journal, "2026-11-18")
		if err != nil {
			return err
		}
		doc.Number = &n
	}
	err := errors.Join(store.Messages.Put(tx, m), store.Messages.Put(tx, edit), store.Messages.Put(tx, bounce),
		store.Documents.Put(tx, d), store.Documents.Put(tx, answer), store.Deliveries.Put(tx, dlv))
	if err != nil {
		return err
	}
	d.Text, dlv.LastError = annaText, "ещё раз: "+annaMail // history
	return errors.Join(store.Documents.Put(tx, d), store.Deliveries.Put(tx, dlv),
		store.Audit.Put(tx, &core.AuditEntry{ID: core.AuditID(id("aud")), Operation: "documents.update", Object: "documents/" + string(d.ID), Outcome: audit.OK}))
}

// service erases in small portions.
func (w *world) service() *party.Service {
	return party.New(party.Config{Store: w.store, Blobs: w.files, Bus: w.bus, Portion: 7})
}

// order begins an erasure of anna.
func (w *world) order(t *testing.T, s *party.Service, change ...func(*party.Order)) core.ErasureID {
	t.Helper()
	o := party.Order{Party: "pty_anna", Ground: "заявление субъекта, ст. 21 152-ФЗ"}
	for _, f := range change {
		f(&o)
	}
	var id core.ErasureID
	coretest.Update(t, w.store, func(tx store.Tx) error {
		act, err := s.Order(tx, o)
		if err == nil {
			id = act.ID
		}
		return err
	})
	return id
}

func (w *world) act(t *testing.T, id core.ErasureID) (act *core.Erasure) {
	t.Helper()
	coretest.View(t, w.store, func(tx store.Tx) (err error) {
		act, err = store.Erasures.Get(tx, string(id))
		return err
	})
	return act
}

// erase orders an erasure and waits for its end.
func (w *world) erase(t *testing.T, change ...func(*party.Order)) *core.Erasure {
	t.Helper()
	return w.finish(t, w.service(), change...)
}

// erasePending waits for the end of what was ordered before.
func (w *world) erasePending(t *testing.T) {
	t.Helper()
	var id core.ErasureID
	coretest.View(t, w.store, func(tx store.Tx) error {
		for act, err := range store.Erasures.All(tx) {
			if err != nil {
				return err
			}
			id = act.ID
		}
		return nil
	})
	w.await(t, w.service(), id)
}

func (w *world) finish(t *testing.T, s *party.Service, change ...func(*party.Order)) *core.Erasure {
	t.Helper()
	return w.await(t, s, w.order(t, s, change...))
}

func (w *world) await(t *testing.T, s *party.Service, id core.ErasureID) *core.Erasure {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for until := time.Now().Add(time.Minute); w.act(t, id).State != core.ErasureFinished; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the erasure does not end")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return w.act(t, id)
}

// everything is all that tables and histories hold, as text.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	say := func(v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
		all.WriteByte('\n')
	}
	coretest.View(t, w.store, func(tx store.Tx) error {
		err := errors.Join(
			dump(tx, store.Documents, say), dump(tx, store.Messages, say), dump(tx, store.Deliveries, say),
			dump(tx, store.Parties, say), dump(tx, store.Tasks, say), dump(tx, store.TaskComments, say), dump(tx, store.Drafts, say),
			dump(tx, store.DraftVersions, say), dump(tx, store.Signatures, say), dump(tx, store.MassGroups, say), dump(tx, store.Audit, say), dump(tx, store.SavedAnswers, say), dump(tx, store.Erasures, say),
		)
		for _, bucket := range []string{"i/documents/sender_key", "i/documents/external_thread", "i/parties/key"} {
			for k := range tx.Scan(bucket, nil, nil, false) {
				all.WriteString(string(k) + "\n")
			}
		}
		return err
	})
	return all.String()
}

func dump[T any, P interface {
	*T
	core.Record
}](tx store.Tx, t *store.Table[T], say func(any),
) error {
	for rec, err := range t.All(tx) {
		if err != nil {
			return err
		}
		say(rec)
		for e, err := range t.History(tx, P(rec).RecordKey()) {
			if err != nil {
				return err
			}
			say(e)
		}
	}
	return nil
}

type noQueues struct{}

func (noQueues) Check(context.Context, func(string)) error { return nil }

// sound proves the hub sound, as `uzel check` does.
func (w *world) sound(t *testing.T) {
	t.Helper()
	m := &maintenance.Service{Store: w.store, Blobs: w.blobs, Queues: noQueues{}}
	report, err := m.Check(t.Context(), func(string) {})
	if err != nil || report.All > 0 {
		t.Errorf("check: %v, %q", err, report.Problems)
	}
}
