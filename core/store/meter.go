package store

import "iter"

// Meter is a transaction that counts the keys read through it: for tests and
// benchmarks that show what a list costs, whatever the machine.
type Meter struct {
	Tx
	Keys int
}

// Get implements Tx.
func (m *Meter) Get(bucket string, key []byte) ([]byte, error) {
	m.Keys++
	return m.Tx.Get(bucket, key)
}

// Scan implements Tx.
func (m *Meter) Scan(bucket string, from, to []byte, desc bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for k, v := range m.Tx.Scan(bucket, from, to, desc) {
			m.Keys++
			if !yield(k, v) {
				return
			}
		}
	}
}
