package boltstore

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// The pages of the file that were read count as memory of the process until the
// kernel wants them back: with a large file all of its memory, which frightens
// people and their monitors. So they are let go when they are many.
const (
	residentMost  = 64 << 20
	residentEvery = time.Second / 4
)

// resident says when somebody last looked how many there are.
type resident struct{ looked atomic.Int64 }

// boundResident looks every so often. It is called after each transaction: a
// store at rest reads nothing. To let many pages go takes the kernel
// milliseconds, for which no request waits.
func (s *Store) boundResident() {
	last, now := s.resident.looked.Load(), time.Now().UnixNano()
	if now-last < int64(residentEvery) || !s.resident.looked.CompareAndSwap(last, now) {
		return
	}
	if residentFile() > residentMost {
		go s.letGo()
	}
}

func (s *Store) letGo() {
	btx, err := s.db.Begin(false) // keeps the mapping where it is, and the store open
	if err != nil {
		return
	}
	defer btx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	letGo(s.db.Info().Data, btx.Size())
}

// bytesAt is bbolt's mapping of the file, which is not the Go heap's.
func bytesAt(data uintptr, size int64) []byte {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&data))
	return unsafe.Slice((*byte)(p), size)
}
