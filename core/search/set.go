package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
)

// shardDocuments is the size of a shard unless the configuration says another.
const shardDocuments = 8192

// set is one whole index. Searches share it; whoever changes the row of its
// shards waits for them. One goroutine changes it.
type set struct {
	dir string

	mu     sync.RWMutex
	shards []*shard // newest first
	closed bool

	state  state    // of that goroutine
	filled []*shard // of that goroutine, too: full, and not one segment yet
}

// state is what a set knows about itself, kept in a file beside the shards. It
// is written after what the shards have taken: a set that was killed between
// does the last batch once more, which changes nothing.
type state struct {
	Version  string       `json:"version"`
	Shards   []shardState `json:"shards"` // newest first
	Made     int          `json:"made"`   // how many shards there have been
	High     string       `json:"high"`   // the newest document
	Position string       `json:"position"`
	Walk     string       `json:"walk"`  // cursor of the walk over all documents, newest first
	Low      string       `json:"low"`   // the oldest document it has come by
	Whole    bool         `json:"whole"` // it has ended
	// Stale: events were lost, a new set must be built.
	Stale bool `json:"stale,omitempty"`
	// Doomed are shards with erased documents in their files.
	Doomed []string `json:"doomed,omitempty"`
}

type shardState struct {
	Name string `json:"name"`
	From string `json:"from"`
}

// stateName of the file.
const stateName = "state.json"

// unwalked is behind every id: the walk has come by none.
const unwalked = "~"

func makeSet(dir string) (*set, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make index: %w", err)
	}
	s := &set{dir: dir, state: state{Version: mappingVersion, Low: unwalked}}
	if err := s.grow(0, ""); err != nil {
		return nil, err
	}
	return s, s.save()
}

func openSet(dir string) (*set, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		return nil, err
	}
	s := &set{dir: dir}
	if err := json.Unmarshal(raw, &s.state); err != nil {
		return nil, fmt.Errorf("read state of index: %w", err)
	}
	if s.state.Version != mappingVersion || len(s.state.Shards) == 0 {
		return nil, fmt.Errorf("index of version %q with %d shards", s.state.Version, len(s.state.Shards))
	}
	for _, told := range s.state.Shards {
		one, err := openShard(filepath.Join(dir, told.Name), told.Name, told.From)
		if err != nil {
			s.close()
			return nil, err
		}
		s.shards = append(s.shards, one)
	}
	return s, nil
}

// use calls fn with the shards, newest first. It fails for a set that is closed.
func (s *set) use(fn func([]*shard) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errAbsent()
	}
	return guarded(func() error { return fn(s.shards) })
}

// close waits for those who search.
func (s *set) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, one := range s.shards {
		one.close()
	}
	s.shards = nil
}

func (s *set) remove() error {
	s.close()
	return os.RemoveAll(s.dir)
}

// count is how many documents there are.
func (s *set) count() (n uint64, err error) {
	err = s.use(func(shards []*shard) error {
		for _, one := range shards {
			c, err := one.count()
			if err != nil {
				return err
			}
			n += c
		}
		return nil
	})
	return n, err
}

// of is the shard a document belongs to.
func (s *set) of(id string) *shard {
	i := slices.IndexFunc(s.shards, func(one *shard) bool { return one.from <= id })
	return s.shards[i] // the oldest one takes all
}

// grow adds a shard at a place of the row.
func (s *set) grow(at int, from string) error {
	s.state.Made++
	name := strconv.Itoa(s.state.Made)
	one, err := makeShard(filepath.Join(s.dir, name), name, from)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards = slices.Insert(s.shards, at, one)
	return nil
}

// divide begins new shards where those at the ends are full: before the newest
// one for what is registered from now on, behind the oldest one for what the
// walk has yet to come by. No document changes its shard.
func (s *set) divide(size uint64) error {
	full, err := s.full(0, size)
	if err != nil {
		return err
	}
	if full {
		s.filled = append(s.filled, s.shards[0])
		if err := s.grow(0, s.state.High+"!"); err != nil { // the next id there may be
			return err
		}
	}
	oldest := len(s.shards) - 1
	if full, err = s.full(oldest, size); err != nil || !full || s.state.Whole {
		return err
	}
	s.filled = append(s.filled, s.shards[oldest])
	s.mu.Lock()
	s.shards[oldest].from = s.state.Low
	s.mu.Unlock()
	return s.grow(oldest+1, "")
}

func (s *set) full(i int, size uint64) (bool, error) {
	n, err := s.shards[i].count()
	return n >= size, err
}

// save writes the state.
func (s *set) save() error {
	s.state.Shards = s.state.Shards[:0]
	for _, one := range s.shards {
		s.state.Shards = append(s.state.Shards, shardState{one.name, one.from})
	}
	raw, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(s.dir, stateName), raw); err != nil {
		return fmt.Errorf("write state of index: %w", err)
	}
	return nil
}

// replaceFile leaves the old file or the new one, whatever happens.
func replaceFile(path string, raw []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "state-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it has another name if all went well
	_, err = f.Write(raw)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
