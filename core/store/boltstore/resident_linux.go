package boltstore

import (
	"bytes"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// residentFile is how much of mapped files is counted as memory of this process:
// the third field of /proc/self/statm, in pages. 0 if that is not known.
func residentFile() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw)
	if len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// letGo takes the pages of a mapped file out of this process. They stay in the
// cache of the kernel, and come back when they are read. It goes by parts: while
// the kernel is at one, memory can be neither mapped nor given back.
func letGo(data uintptr, size int64) {
	const part = 64 << 20
	for pages := range slices.Chunk(bytesAt(data, size), part) {
		_ = unix.Madvise(pages, unix.MADV_DONTNEED) // only advice
	}
}

// willNeed has the kernel begin to read pages of a mapped file.
func willNeed(pages []byte) { _ = unix.Madvise(pages, unix.MADV_WILLNEED) } // only advice
