// Package search finds documents by words, in Russian, together with the
// filters of the list of documents.
//
// The index follows the events of documents by itself, beside the way of a
// message: nothing waits for it, the hub starts and works without one, and all
// it holds can be made again from the store. What it has indexed, and up to
// which event, is written to disk together; a hub that is killed goes on there.
// An index that proves damaged is thrown away and built anew.
//
// An index is a row of shards by age, a few thousand documents each. A search
// goes from the newest shard to older ones and ends where it has found enough,
// so that its cost does not grow with the store; the next page goes on there.
package search

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core"
)

// errDamaged is what the use of an index returns for a panic of the library:
// its files are damaged.
var errDamaged = errors.New("the index is damaged")

func guarded(fn func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %T\n%s", errDamaged, fault, debug.Stack())
		}
	}()
	return fn()
}

func errAbsent() error {
	return core.Unavailable("search.absent", "поиск ещё не готов", nil)
}

// openSets opens the sets of the folder: the one that answers, and the one that
// is being built to take its place, if there is one. They have numbers for
// names; a later one that is whole is what the earlier ones were replaced by.
// What cannot be read is removed.
func openSets(dir string, log hclog.Logger) (serving, building *set, err error) {
	var sets []*set
	for _, n := range numbers(dir) {
		path := filepath.Join(dir, strconv.Itoa(n))
		s, fault := openSet(path)
		if fault != nil {
			log.Warn("a search index could not be read and is thrown away", "reason", fault)
			err = errors.Join(err, os.RemoveAll(path))
			continue
		}
		if s.state.Whole {
			err = errors.Join(err, removeAll(sets))
			sets = nil
		}
		sets = append(sets, s)
	}
	if len(sets) == 0 {
		return nil, nil, err
	}
	last := len(sets) - 1
	if last > 0 {
		building = sets[last]
		err = errors.Join(err, removeAll(sets[1:last]))
	}
	return sets[0], building, err
}

func removeAll(sets []*set) (err error) {
	for _, s := range sets {
		err = errors.Join(err, s.remove())
	}
	return err
}

// numbers are the names of the folder that are numbers, in their order; there is
// nothing else of ours in it.
func numbers(dir string) []int {
	entries, _ := os.ReadDir(dir) // none: there is no index
	var out []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// newSet makes an empty set behind those that are there.
func newSet(dir string) (*set, error) {
	if err := sweep(dir); err != nil {
		return nil, err
	}
	next := 1
	if known := numbers(dir); len(known) > 0 {
		next = known[len(known)-1] + 1
	}
	return makeSet(filepath.Join(dir, strconv.Itoa(next)))
}

// sweep removes what is no set: an index of an older version of the hub.
func sweep(dir string) error {
	entries, _ := os.ReadDir(dir) // none: nothing to remove
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err == nil {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove old index: %w", err)
		}
	}
	return nil
}
