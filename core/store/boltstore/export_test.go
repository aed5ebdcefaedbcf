package boltstore

// Waiting counts the updates that wait for the committer.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.urgent) + len(s.queue.later)
}
