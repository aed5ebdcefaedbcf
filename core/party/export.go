package party

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// Manifest is the last entry of an export: without it the export is not whole.
type Manifest struct {
	Party      core.PartyID `json:"party"`
	At         time.Time    `json:"at"`
	By         core.Actor   `json:"by"`
	Parties    int          `json:"parties"`
	Documents  int          `json:"documents"`
	Messages   int          `json:"messages"`
	Deliveries int          `json:"deliveries"`
	Tasks      int          `json:"tasks"`
	Drafts     int          `json:"drafts"`
	Audit      int          `json:"audit"`
	Files      int          `json:"files"`
	// MissingFiles are hashes of files that are named but not kept any more.
	MissingFiles []string `json:"missing_files,omitempty"`
}

// exportedParty, exportedDocument and exportedMessage are what entries hold.
type exportedParty struct {
	Party   *core.Party        `json:"party"`
	History []store.Entry      `json:"history"`
	Audit   []*core.AuditEntry `json:"audit"`
}

type exportedDocument struct {
	Document   *core.Document     `json:"document"`
	History    []store.Entry      `json:"history"`
	Message    *core.Message      `json:"message,omitempty"`
	Deliveries []exportedDelivery `json:"deliveries"`
	Audit      []*core.AuditEntry `json:"audit"`
}

type exportedDelivery struct {
	Delivery *core.Delivery     `json:"delivery"`
	History  []store.Entry      `json:"history"`
	Audit    []*core.AuditEntry `json:"audit"`
}

type exportedMessage struct {
	Message *core.Message `json:"message"`
}

// Export writes all that is known about the person the party is a card of, as a
// zip: parties/, documents/, messages/, tasks/ and drafts/ with one JSON file for
// each record, files/ under their hashes, and manifest.json at the end. It streams: memory
// does not grow with what there is. KindNotFound, before anything is written,
// if there is no such party.
func (s *Service) Export(ctx context.Context, id core.PartyID, w io.Writer) error {
	x := &export{Service: s, manifest: Manifest{Party: id, By: core.ActorOf(ctx)}, files: map[string]bool{}, written: map[string]bool{}}
	var cards []*core.Party
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		x.manifest.At = tx.Now()
		x.who, cards, err = personOf(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	x.zip = zip.NewWriter(w)
	for _, p := range cards {
		if err := x.party(ctx, p); err != nil {
			return err
		}
	}
	if err := x.documents(ctx); err != nil {
		return err
	}
	if err := x.messages(ctx); err != nil {
		return err
	}
	if err := x.drafts(ctx); err != nil {
		return err
	}
	if err := x.entry("manifest.json", x.manifest); err != nil {
		return err
	}
	if err := x.zip.Close(); err != nil {
		return fmt.Errorf("export party %s: %w", id, err)
	}
	return nil
}

// export is one export under way.
type export struct {
	*Service
	who      *person
	zip      *zip.Writer
	manifest Manifest
	files    map[string]bool // written already, by hash
	written  map[string]bool // tasks and drafts, by the name of the entry
}

func (x *export) entry(name string, v any) error {
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.manifest.At})
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return nil
}

func (x *export) party(ctx context.Context, p *core.Party) error {
	out := exportedParty{Party: p}
	err := x.Store.View(ctx, func(tx store.Tx) (err error) {
		if out.History, err = history(tx, store.Parties, string(p.ID)); err != nil {
			return err
		}
		out.Audit, err = lines(tx, "parties/"+string(p.ID))
		return err
	})
	if err != nil {
		return err
	}
	x.manifest.Parties++
	x.manifest.Audit += len(out.Audit)
	return x.entry("parties/"+string(p.ID)+".json", out)
}

func (x *export) documents(ctx context.Context) error {
	for cursor, more := "", true; more; more = cursor != "" {
		found, next, err := portion(ctx, x.Store, store.Documents, cursor, x.Portion, func(_ store.Tx, d *core.Document) bool {
			return x.who.concerns(d)
		})
		if err != nil {
			return err
		}
		for _, d := range found {
			if err := x.document(ctx, d); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

func (x *export) document(ctx context.Context, d *core.Document) error {
	out := exportedDocument{Document: d, Deliveries: []exportedDelivery{}}
	err := x.Store.View(ctx, func(tx store.Tx) (err error) {
		out.Deliveries = out.Deliveries[:0]
		if out.History, err = history(tx, store.Documents, string(d.ID)); err != nil {
			return err
		}
		if out.Audit, err = lines(tx, "documents/"+string(d.ID)); err != nil {
			return err
		}
		if d.Message != "" {
			if out.Message, err = store.Messages.GetAny(tx, string(d.Message)); unlessMissing(err) != nil {
				return err
			}
		}
		return deliveries(tx, d, &out)
	})
	if err != nil {
		return err
	}
	x.manifest.Documents++
	x.manifest.Deliveries += len(out.Deliveries)
	x.manifest.Audit += len(out.Audit)
	for _, dlv := range out.Deliveries {
		x.manifest.Audit += len(dlv.Audit)
	}
	if out.Message != nil {
		x.manifest.Messages++
		if err := x.bodies(ctx, out.Message.Files); err != nil {
			return err
		}
	}
	if err := x.bodies(ctx, d.Files); err != nil {
		return err
	}
	if err := x.work(ctx, d); err != nil {
		return err
	}
	return x.entry("documents/"+string(d.ID)+".json", out)
}

func deliveries(tx store.Tx, d *core.Document, out *exportedDocument) error {
	for dlv, err := range store.Deliveries.Find(tx, "document", string(d.ID)) {
		if err != nil {
			return err
		}
		one := exportedDelivery{Delivery: dlv}
		if one.History, err = history(tx, store.Deliveries, string(dlv.ID)); err != nil {
			return err
		}
		if one.Audit, err = lines(tx, "deliveries/"+string(dlv.ID)); err != nil {
			return err
		}
		out.Deliveries = append(out.Deliveries, one)
	}
	return nil
}

// messages writes those that are no document's own: edits, news of deliveries,
// and what never became a document.
func (x *export) messages(ctx context.Context) error {
	for cursor, more := "", true; more; more = cursor != "" {
		found, next, err := portion(ctx, x.Store, store.Messages, cursor, x.Portion, x.loose)
		if err != nil {
			return err
		}
		for _, m := range found {
			if err := x.bodies(ctx, m.Files); err != nil {
				return err
			}
			x.manifest.Messages++
			if err := x.entry("messages/"+string(m.ID)+".json", exportedMessage{m}); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

func (x *export) loose(tx store.Tx, m *core.Message) bool {
	if !x.who.is(m.From) && m.About == "" && m.Status == nil {
		return false
	}
	d, err := documentOf(tx, m)
	if err != nil || d == nil {
		return x.who.is(m.From)
	}
	return d.Message != m.ID && x.who.concerns(d)
}

// bodies writes files that are not in the zip yet. Files are compressed mostly,
// so they are stored as they are.
func (x *export) bodies(ctx context.Context, files []core.Attachment) error {
	for _, f := range files {
		if x.files[f.Hash] {
			continue
		}
		x.files[f.Hash] = true
		if err := x.body(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) body(ctx context.Context, f core.Attachment) error {
	r, err := x.Blobs.Open(ctx, f.Hash)
	if core.KindOf(err) == core.KindNotFound {
		x.manifest.MissingFiles = append(x.manifest.MissingFiles, f.Hash)
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: "files/" + f.Hash + path.Ext(f.Name), Method: zip.Store, Modified: x.manifest.At})
	if err != nil {
		return fmt.Errorf("export file %s: %w", f.Hash, err)
	}
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("export file %s: %w", f.Hash, err)
	}
	x.manifest.Files++
	return nil
}

func history[T any](tx store.Tx, t *store.Table[T], key string) ([]store.Entry, error) {
	out := []store.Entry{}
	for e, err := range t.History(tx, key) {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// lines are the audit entries about an object.
func lines(tx store.Tx, object string) ([]*core.AuditEntry, error) {
	out := []*core.AuditEntry{}
	for e, err := range store.Audit.Find(tx, "object", object) {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
