//go:build !linux

package boltstore

// residentFile is not known here.
func residentFile() int64 { return 0 }

func letGo(uintptr, int64) {}

func willNeed([]byte) {}
