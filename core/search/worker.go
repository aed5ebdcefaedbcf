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
	batchDocuments = 512
	batchBytes     = 2 << 20
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

// worker brings a set up with the store. It is one goroutine.
type worker struct {
	*Service
	set  *set
	tail *bus.Tail

	// Where the set stands when the batch is written.
	walk, low string
	whole     bool

	batches map[*shard]*bleve.Batch
	took    int // documents in them
	bytes   int
	doomed  []string // shards that held what was erased
}

// newWorker begins where the set stands.
func (s *Service) newWorker(ctx context.Context, on *set) (w *worker, err error) {
	w = &worker{Service: s, set: on, batches: map[*shard]*bleve.Batch{}}
	w.walk, w.low, w.whole = on.state.Walk, on.state.Low, on.state.Whole
	if w.tail, err = s.Events.Follow(ctx, followed[:], on.state.Position); err != nil {
		return nil, err
	}
	if !w.whole && w.walk == "" {
		s.done.Store(0)
	}
	return w, nil
}

// round indexes one batch and then rests as long as its share of the processor
// asks for. It waits where there is nothing to do, if it is told to.
func (w *worker) round(ctx context.Context, wait bool) error {
	if wait {
		if err := w.waitForWork(ctx); err != nil {
			return err
		}
	}
	w.giveWay(ctx)
	began := time.Now()
	if err := w.takeEvents(ctx); err != nil {
		return err
	}
	drained := !w.full()
	if !w.whole {
		if err := w.walkOn(ctx); err != nil {
			return err
		}
	}
	if err := w.commit(); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	if drained {
		if err := w.purge(ctx); err != nil {
			return err
		}
	}
	sleep(ctx, w.restAfter(time.Since(began)))
	return ctx.Err()
}

// giveWayFor is how long a batch waits while the hub has much to do: its half a
// second of a core would be felt by all who wait for an acknowledgement.
const giveWayFor = 15 * time.Second

// giveWay waits for a calm moment.
func (w *worker) giveWay(ctx context.Context) {
	for until := time.Now().Add(giveWayFor); w.Busy != nil && w.Busy() && time.Now().Before(until) && ctx.Err() == nil; {
		sleep(ctx, 50*time.Millisecond)
	}
}

// settle makes one segment of all those of a shard that is full: a word is looked
// up in each segment there is, and most queries ask all shards. A hub that ends
// before leaves the segments as they are, which only takes longer to search.
func (w *worker) settle(ctx context.Context) error {
	for _, one := range w.set.filled {
		w.giveWay(ctx)
		if err := guarded(func() error { return one.merge(ctx) }); err != nil {
			return fmt.Errorf("merge shard: %w", err)
		}
	}
	w.set.filled = nil
	return nil
}

// busyPart is what remains of the share while others need the processor.
const busyPart = 8

// restAfter is the pause after some work.
func (w *worker) restAfter(worked time.Duration) time.Duration {
	share := w.Share
	if w.Busy != nil && w.Busy() {
		share /= busyPart
	}
	return min(maxPause, time.Duration(float64(worked)*(1-share)/share))
}

// waitForWork waits for an event and takes it, unless there is a walk to go on
// with.
func (w *worker) waitForWork(ctx context.Context) error {
	if !w.whole {
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

func (w *worker) full() bool { return w.took >= batchDocuments || w.bytes >= batchBytes }

// take works one item of the tail. Where events were lost only a new set has
// all there is, and nothing that was erased.
func (w *worker) take(ctx context.Context, item bus.Item) error {
	if item.Reload {
		return w.lost()
	}
	var about bus.DocumentEvent
	if err := item.Event.Decode(&about); err != nil {
		return nil //nolint:nilerr // an event nobody can read tells of no document
	}
	id := string(about.Document)
	if !w.whole && id < w.low {
		return nil // the walk will come by, and find it as it is then
	}
	d, err := w.read(ctx, id)
	if err != nil {
		return err
	}
	if about.Erased || d == nil {
		w.doom(id)
	}
	return w.put(ctx, id, d)
}

// lost has a new set built. That must be known before the events behind the gap
// are gone, too.
func (w *worker) lost() error {
	if w.set == w.serving.Load() && w.whole {
		w.set.state.Stale = true
		if err := w.set.save(); err != nil {
			return err
		}
		if !w.anew.CompareAndSwap(false, true) {
			return nil
		}
	}
	if !w.whole && w.set == w.serving.Load() {
		return errDamaged
	}
	return errRebuild
}

// read returns nil for a document that is no more.
func (w *worker) read(ctx context.Context, id string) (d *core.Document, err error) {
	err = w.Store.View(ctx, func(tx store.Tx) (err error) {
		d, err = store.Documents.Get(tx, id)
		return err
	})
	if core.KindOf(err) == core.KindNotFound && err != nil {
		return nil, nil
	}
	return d, err
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
		if err := w.put(ctx, string(d.ID), d); err != nil {
			return err
		}
		w.low = string(d.ID)
		w.done.Add(1)
	}
	w.walk, w.whole = page.Next, page.Next == ""
	return nil
}

// put has the document indexed as it is, or not any more if it is nil.
func (w *worker) put(ctx context.Context, id string, d *core.Document) error {
	one := w.set.of(id)
	batch := w.batches[one]
	if batch == nil {
		batch = one.index.NewBatch()
		w.batches[one] = batch
	}
	w.took++
	if d == nil {
		batch.Delete(id)
		return nil
	}
	files, err := w.fileTexts(ctx, d)
	if err != nil {
		return err
	}
	e := entryOf(one.words(), d, files)
	w.bytes += e.size
	w.set.state.High = max(w.set.state.High, id)
	return batch.IndexAdvanced(e.Document)
}

// commit writes the batches, and then how far the set is. What is doomed is
// known before the batch can be seen.
func (w *worker) commit() error {
	st := &w.set.state
	if st.Doomed = union(st.Doomed, w.doomed); len(w.doomed) > 0 {
		if err := w.set.save(); err != nil {
			return err
		}
	}
	for one, batch := range w.batches {
		if err := guarded(func() error { return one.index.Batch(batch) }); err != nil {
			return fmt.Errorf("write index: %w", err)
		}
	}
	clear(w.batches)
	st.Position, st.Walk, st.Low, st.Whole = w.tail.Position(), w.walk, w.low, w.whole
	if err := errors.Join(w.set.divide(w.Shard), w.set.save()); err != nil {
		return err
	}
	w.took, w.bytes, w.doomed = 0, 0, w.doomed[:0]
	if w.set == w.serving.Load() {
		w.Service.whole.Store(st.Whole)
	}
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
