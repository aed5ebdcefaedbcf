//go:build !unix

package boltstore

import (
	"io"
	"os"
)

// lockAlone does nothing: bbolt's own lock must do.
func lockAlone(*os.File) error { return nil }

// mapFile reads the file.
func mapFile(f *os.File) (data []byte, unmap func(), err error) {
	data, err = io.ReadAll(f)
	return data, func() {}, err
}
