package search

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/search/extract"
	"github.com/uzel-hub/uzel/core/store"
)

const (
	// batchDocuments and batchBytes bound what goes into the index at once.
	batchDocuments = 200
	batchBytes     = 4 << 20
	// linger is how long a batch waits for further events.
	linger = 20 * time.Millisecond
	// maxPause bounds the pause after a batch.
	maxPause = 10 * time.Second

	// maxFileBytes is the size of files whose contents are read, maxFileText what
	// is kept of the text of one, maxFilesText of those of a document; bytes.
	maxFileBytes = 32 << 20
	maxFileText  = 256 << 10
	maxFilesText = 1 << 20
)

// followed are the topics that tell of documents.
var followed = [...]bus.Topic{bus.DocumentRegistered, bus.DocumentUpdated}

// worker brings the index up with the store. It is one goroutine.
type worker struct {
	*Service
	tail *bus.Tail
	walk string // cursor of the walk over all documents, newest first, or walked

	batch *bleve.Batch
	bytes int
	took  []core.DocumentID // in the batch
}

// newWorker reads where the index stands.
func (s *Service) newWorker(ctx context.Context) (*worker, error) {
	w := &worker{Service: s}
	var position string
	err := s.index.use(func(index bleve.Index) error {
		w.batch = index.NewBatch()
		raw, err := index.GetInternal([]byte(positionKey))
		if err != nil {
			return err
		}
		position = string(raw)
		raw, err = index.GetInternal([]byte(walkKey))
		w.walk = string(raw)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	if w.tail, err = s.Events.Follow(ctx, followed[:], position); err != nil {
		return nil, err
	}
	if w.walk == "" {
		s.done.Store(0)
	}
	s.building.Store(w.walk != walked)
	return w, nil
}

// round indexes one batch and then rests as long as its share of the processor
// asks for. It waits where there is nothing to do.
func (w *worker) round(ctx context.Context) error {
	if err := w.waitForWork(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := w.takeEvents(ctx); err != nil {
		return err
	}
	if w.walk != walked {
		if err := w.walkOn(ctx); err != nil {
			return err
		}
	}
	if err := w.commit(); err != nil {
		return err
	}
	worked := time.Since(began)
	sleep(ctx, min(maxPause, time.Duration(float64(worked)*(1-w.Share)/w.Share)))
	return ctx.Err()
}

// waitForWork waits for an event and takes it, unless there is a walk to go on
// with.
func (w *worker) waitForWork(ctx context.Context) error {
	if w.walk != walked {
		return nil
	}
	w.rest()
	item, err := w.tail.Next(ctx)
	if err != nil {
		return err
	}
	return w.take(ctx, item)
}

// takeEvents takes what comes within a moment.
func (w *worker) takeEvents(ctx context.Context) error {
	moment, cancel := context.WithTimeout(ctx, linger)
	defer cancel()
	for !w.full() {
		item, err := w.tail.Next(moment)
		if err != nil && moment.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = w.take(ctx, item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) full() bool { return len(w.took) >= batchDocuments || w.bytes >= batchBytes }

// take works one item of the tail. Events that were lost are made up for by a
// walk.
func (w *worker) take(ctx context.Context, item bus.Item) error {
	if item.Reload {
		w.walk = ""
		w.done.Store(0)
		w.building.Store(true)
		return nil
	}
	var about bus.DocumentEvent
	if err := item.Event.Decode(&about); err != nil {
		return nil //nolint:nilerr // an event nobody can read tells of no document
	}
	var d *core.Document
	err := w.Store.View(ctx, func(tx store.Tx) (err error) {
		d, err = store.Documents.Get(tx, string(about.Document))
		return err
	})
	if core.KindOf(err) == core.KindNotFound && err != nil {
		w.batch.Delete(string(about.Document))
		w.took = append(w.took, about.Document)
		return nil
	}
	if err != nil {
		return err
	}
	return w.add(ctx, d)
}

// walkOn takes the next documents of the walk.
func (w *worker) walkOn(ctx context.Context) error {
	var page store.Page[core.Document]
	err := w.Store.View(ctx, func(tx store.Tx) (err error) {
		page, err = store.Documents.List(tx, store.Query[core.Document]{Desc: true, After: w.walk, Limit: batchDocuments})
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range page.Items {
		if err := w.add(ctx, d); err != nil {
			return err
		}
		w.done.Add(1)
	}
	w.walk = page.Next
	if w.walk == "" {
		w.walk = walked
	}
	return nil
}

func (w *worker) add(ctx context.Context, d *core.Document) error {
	files, err := w.fileTexts(ctx, d)
	if err != nil {
		return err
	}
	e := entryOf(d, files)
	w.took = append(w.took, d.ID)
	w.bytes += len(e.Text) + len(e.Requisites)
	for _, f := range files {
		w.bytes += len(f)
	}
	return w.batch.Index(string(d.ID), e)
}

// commit writes the batch, and with it how far the index is.
func (w *worker) commit() error {
	w.batch.SetInternal([]byte(positionKey), []byte(w.tail.Position()))
	w.batch.SetInternal([]byte(walkKey), []byte(w.walk))
	err := w.index.use(func(index bleve.Index) error { return index.Batch(w.batch) })
	if err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	w.batch.Reset()
	w.took, w.bytes = w.took[:0], 0
	w.building.Store(w.walk != walked)
	return nil
}

// fileTexts reads the contents of the document's files. A file that cannot be
// read has no text; the error is that of a store that is not there.
func (w *worker) fileTexts(ctx context.Context, d *core.Document) ([]string, error) {
	if w.Reader == nil {
		return nil, nil
	}
	var out []string
	left := maxFilesText
	for _, f := range d.Files {
		if !readable(f) || left <= 0 {
			continue
		}
		text, err := w.fileText(ctx, f, min(left, maxFileText))
		if err != nil {
			return nil, err
		}
		if text != "" {
			out = append(out, text)
			left -= len(text)
		}
	}
	return out, nil
}

// readable leaves out what says the same as the document (the raw letter, the
// HTML it was made of), signatures, and what has no text for sure.
func readable(f core.Attachment) bool {
	if f.Role != core.FileAttachment || f.Size > maxFileBytes {
		return false
	}
	for _, kind := range []string{"image/", "audio/", "video/"} {
		if strings.HasPrefix(f.MediaType, kind) {
			return false
		}
	}
	return true
}

func (w *worker) fileText(ctx context.Context, f core.Attachment, limit int) (string, error) {
	content, err := w.content(ctx, f.Hash)
	if core.KindOf(err) == core.KindNotFound && err != nil {
		return "", nil // erased meanwhile; the store's check tells of what is lost
	}
	if err != nil {
		return "", err
	}
	text, err := w.Reader.Text(ctx, f.Name, f.MediaType, content, limit)
	switch {
	case err == nil, errors.Is(err, extract.ErrKind):
		return text, nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	w.Log.Info("contents of a file were not read", "file", f.Hash, "kind", core.KindOf(err), "reason", err)
	return text, nil
}

func (w *worker) content(ctx context.Context, hash string) ([]byte, error) {
	body, err := w.Blobs.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, maxFileBytes))
}
