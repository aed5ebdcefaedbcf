package boltstore

import (
	"bytes"
	"os"
	"strconv"
	"unsafe"

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
// cache of the kernel, and come back when they are read.
func letGo(data uintptr, size int64) {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&data))                       // bbolt's mapping, which is not the Go heap's
	_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_DONTNEED) // only advice
}
