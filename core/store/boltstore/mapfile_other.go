//go:build !unix

package boltstore

import (
	"io"
	"os"
)

// lockShared does nothing: bbolt's own lock must do.
func lockShared(*os.File) error { return nil }

// mapFile reads the file.
func mapFile(f *os.File) (data []byte, unmap func(), err error) {
	data, err = io.ReadAll(f)
	return data, func() {}, err
}
