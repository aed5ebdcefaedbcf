// Package search finds documents by words, in Russian, together with the
// filters of the list of documents.
//
// The index follows the events of documents by itself, beside the way of a
// message: nothing waits for it, the hub starts and works without one, and all
// it holds can be made again from the store. What it has indexed, and up to
// which event, is written to disk together; a hub that is killed goes on there.
// An index that proves damaged is thrown away and built anew.
package search

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/uzel-hub/uzel/core"
)

// Names of what the index keeps about itself.
const (
	versionKey  = "mapping"  // mappingVersion it was made with
	positionKey = "position" // of the reader of events
	walkKey     = "walk"     // the oldest document of the walk so far; see walked
)

// walked in place of a document: the walk has ended.
const walked = "-"

// holder keeps the open index. Searches share it; whoever replaces it waits for
// them.
type holder struct {
	dir string

	mu    sync.RWMutex
	index bleve.Index // nil: there is none
}

// open opens the index in the folder, or makes an empty one where there is
// none, or one that cannot be read or is of another version. Why it was thrown
// away is returned beside.
func (h *holder) open() (thrown, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.index, thrown = openIndex(h.dir)
	if thrown == nil {
		return nil, nil
	}
	h.index, err = makeIndex(h.dir)
	if errors.Is(thrown, bleve.ErrorIndexPathDoesNotExist) {
		thrown = nil
	}
	return thrown, err
}

// renew throws the index away and makes an empty one.
func (h *holder) renew() (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.index != nil {
		closeIndex(h.index)
	}
	h.index, err = makeIndex(h.dir)
	return err
}

// close lets the files go.
func (h *holder) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.index != nil {
		closeIndex(h.index)
	}
	h.index = nil
}

// use calls fn with the index. A panic of the library means that the files are
// damaged.
func (h *holder) use(fn func(bleve.Index) error) (err error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.index == nil {
		return core.Unavailable("search.absent", "поиск ещё не готов", nil)
	}
	return guarded(func() error { return fn(h.index) })
}

// errDamaged is what use returns for a panic.
var errDamaged = errors.New("the index is damaged")

func guarded(fn func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %T\n%s", errDamaged, fault, debug.Stack())
		}
	}()
	return fn()
}

func openIndex(dir string) (index bleve.Index, err error) {
	err = guarded(func() error {
		index, err = bleve.Open(dir)
		return err
	})
	if err != nil {
		return nil, err
	}
	version, err := index.GetInternal([]byte(versionKey))
	if err == nil && string(version) != mappingVersion {
		err = fmt.Errorf("the index is of version %q", version)
	}
	if err != nil {
		closeIndex(index)
		return nil, err
	}
	return index, nil
}

func makeIndex(dir string) (bleve.Index, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("throw index away: %w", err)
	}
	m, err := newMapping()
	if err != nil {
		return nil, fmt.Errorf("make mapping: %w", err)
	}
	index, err := bleve.NewUsing(dir, m, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, fmt.Errorf("make index: %w", err)
	}
	if err := index.SetInternal([]byte(versionKey), []byte(mappingVersion)); err != nil {
		return nil, errors.Join(err, index.Close())
	}
	return index, nil
}

// closeIndex closes an index that may be damaged: there is nothing to be done
// about it.
func closeIndex(index bleve.Index) {
	guarded(index.Close) //nolint:errcheck // see above
}

func (h *holder) opened() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.index != nil
}
