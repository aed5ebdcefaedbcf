package boltstore

import (
	"os"

	"go.etcd.io/bbolt"
)

// Waiting counts the updates that wait for the committer.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.urgent) + len(s.queue.later)
}

// Sealed is the newest generation whose base is durable, 0 if there is none.
func Sealed(path string) (newest uint64) {
	for generation := range uint64(2) {
		f, err := os.Open(redoPath(path, generation))
		if err != nil {
			continue
		}
		if b, sealed, ok, _ := readBase(f); ok && sealed {
			newest = max(newest, b.generation)
		}
		_ = f.Close()
	}
	return newest
}

// Apply does the steps of a record.
func Apply(btx *bbolt.Tx, raw []byte) error { return apply(btx, raw) }
