package fileblob

// WithFault lets a test make the disk fail: see disk.
func (o Options) WithFault(fault func(op, path string) error) Options {
	o.fault = fault
	return o
}

// Waiting is the number of puts that wait for the committer.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.waiting)
}

// CheckpointEvery is the number of bytes between two checkpoints.
const CheckpointEvery = checkpointEvery

// AwaitCheckpoint waits for the checkpoint that the puts before have begun.
func (s *Store) AwaitCheckpoint() {
	s.marking.Lock()
	defer s.marking.Unlock()
}
